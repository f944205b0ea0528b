//! A headless Chromium, driven as a person does: by its mouse and its keys, over the DevTools protocol.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// How long the browser may take for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one page.
pub(crate) struct Browser {
    child: Child,
    input: ChildStdin,
    output: Receiver<Value>,
    /// Messages that nobody waited for.
    kept: Vec<Value>,
    session: Option<String>,
    number: u64,
    _profile: tempfile::TempDir,
}

/// Width, height and theme of a window.
pub(crate) struct Window {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) dark: bool,
}

/// A desktop's window.
pub(crate) const DESKTOP: Window = Window {
    width: 1280,
    height: 900,
    dark: false,
};

/// A rectangle of the window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Place {
    pub(crate) fn middle(self) -> (f64, f64) {
        (self.left + self.width / 2.0, self.top + self.height / 2.0)
    }
}

impl Browser {
    /// Starts Chromium. `None` where there is none, which is said on standard error.
    #[expect(clippy::print_stderr, reason = "what is left out is said")]
    pub(crate) fn start() -> Option<Browser> {
        let names = ["chromium", "chromium-browser", "google-chrome"];
        let Some(program) = names.into_iter().find(|it| installed(it)) else {
            eprintln!("SKIPPED: there is no Chromium here; no page was opened");
            return None;
        };
        let profile = tempfile::tempdir().expect("a folder");
        // The browser speaks on files 3 and 4.
        let mut child = Command::new("sh")
            .arg("-c")
            .arg("exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null")
            .arg(program)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
            ])
            .arg("--remote-debugging-pipe")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let input = child.stdin.take().expect("a pipe");
        let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut message = Vec::new();
            while reader
                .read_until(0, &mut message)
                .is_ok_and(|read| read > 0)
            {
                message.pop();
                let Ok(value) = serde_json::from_slice(&message) else {
                    break;
                };
                if sender.send(value).is_err() {
                    break;
                }
                message.clear();
            }
        });
        let mut browser = Browser {
            child,
            input,
            output,
            kept: Vec::new(),
            session: None,
            number: 0,
            _profile: profile,
        };
        let targets = browser.call("Target.getTargets", &json!({}));
        let targets = targets["targetInfos"].as_array().expect("targets");
        let page = targets
            .iter()
            .find(|it| it["type"] == "page")
            .expect("a page");
        let asked = json!({ "targetId": page["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", &asked);
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            browser.call(domain, &json!({}));
        }
        Some(browser)
    }

    /// Opens a file in a window.
    pub(crate) fn open(&mut self, file: &Path, window: &Window) {
        let Window {
            width,
            height,
            dark,
        } = *window;
        let mobile = width < 600;
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        self.call("Emulation.setDeviceMetricsOverride", &size);
        let theme = if dark { "dark" } else { "light" };
        let theme = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }] });
        self.call("Emulation.setEmulatedMedia", &theme);
        let file = file.canonicalize().expect("a page");
        self.call(
            "Page.navigate",
            &json!({ "url": format!("file://{}", file.display()) }),
        );
        self.loaded();
    }

    /// Waits for a page to be there and drawn.
    pub(crate) fn loaded(&mut self) {
        while !self
            .kept
            .iter()
            .any(|it| it["method"] == "Page.loadEventFired")
        {
            let message = self.receive();
            self.kept.push(message);
        }
        self.kept.retain(|it| it["method"] != "Page.loadEventFired");
        self.drawn();
    }

    /// Waits until what was done is to be seen. If it leads to another page, [`loaded`](Self::loaded) waits for that.
    pub(crate) fn drawn(&mut self) {
        const FRAMES: &str = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))";
        let asked = json!({ "expression": FRAMES, "returnByValue": true, "awaitPromise": true });
        if let Err(error) = self.ask("Runtime.evaluate", &asked) {
            let text = error["message"].as_str().unwrap_or_default();
            assert!(text.contains("navigated"), "{error}");
        }
    }

    /// The value of an expression of the page.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let asked =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut answer = self.call("Runtime.evaluate", &asked);
        assert!(
            answer["exceptionDetails"].is_null(),
            "{expression}: {answer}"
        );
        answer["result"]["value"].take()
    }

    /// Waits until an expression of the page is true.
    pub(crate) fn until(&mut self, expression: &str) {
        self.value(&format!(
            "new Promise((done) => {{ const look = () => ({expression}) ? done(true) : requestAnimationFrame(look); look(); }})"
        ));
    }

    /// The text of the first element that a selector finds.
    pub(crate) fn text(&mut self, selector: &str) -> String {
        let text = self.value(&format!(
            "document.querySelector({selector:?})?.textContent ?? null"
        ));
        text.as_str()
            .unwrap_or_else(|| panic!("there is no {selector}"))
            .trim()
            .to_owned()
    }

    /// Where the first element that a selector finds is, once it has been scrolled to.
    pub(crate) fn place(&mut self, selector: &str) -> Place {
        let found = self.value(&format!(
            "(() => {{ const it = document.querySelector({selector:?}); it.scrollIntoView({{ block: 'center' }}); \
             const {{ left, top, width, height }} = it.getBoundingClientRect(); return {{ left, top, width, height }}; }})()"
        ));
        let number = |name: &str| {
            found[name]
                .as_f64()
                .unwrap_or_else(|| panic!("no {selector}: {found}"))
        };
        Place {
            left: number("left"),
            top: number("top"),
            width: number("width"),
            height: number("height"),
        }
    }

    pub(crate) fn move_to(&mut self, (x, y): (f64, f64)) {
        self.mouse("mouseMoved", (x, y), &json!({}));
        self.drawn();
    }

    pub(crate) fn click(&mut self, at: (f64, f64)) {
        let button = json!({ "button": "left", "clickCount": 1 });
        for kind in ["mousePressed", "mouseReleased"] {
            self.mouse(kind, at, &button);
        }
        self.drawn();
    }

    /// Presses on one place, moves to another, and lets go.
    pub(crate) fn drag(&mut self, from: (f64, f64), to: (f64, f64)) {
        let button = json!({ "button": "left", "buttons": 1, "clickCount": 1 });
        self.mouse("mousePressed", from, &button);
        for share in [0.3, 0.6, 1.0] {
            let at = (
                from.0 + (to.0 - from.0) * share,
                from.1 + (to.1 - from.1) * share,
            );
            self.mouse("mouseMoved", at, &button);
        }
        self.mouse("mouseReleased", to, &button);
        self.drawn();
    }

    /// Turns the wheel up by a notch, with Ctrl held.
    pub(crate) fn wheel_up(&mut self, at: (f64, f64)) {
        self.mouse(
            "mouseWheel",
            at,
            &json!({ "deltaX": 0, "deltaY": -120, "modifiers": 2 }),
        );
        self.drawn();
    }

    pub(crate) fn click_on(&mut self, selector: &str) {
        let middle = self.place(selector).middle();
        self.click(middle);
    }

    pub(crate) fn key(&mut self, key: &str) {
        for kind in ["keyDown", "keyUp"] {
            let text = if key.chars().count() == 1 && kind == "keyDown" {
                key
            } else {
                ""
            };
            self.call(
                "Input.dispatchKeyEvent",
                &json!({ "type": kind, "key": key, "text": text }),
            );
        }
        self.drawn();
    }

    /// What the page has complained of so far, and what it has asked of a network.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        self.drawn();
        let told = [
            "Runtime.exceptionThrown",
            "Runtime.consoleAPICalled",
            "Log.entryAdded",
        ];
        let found = self
            .kept
            .iter()
            .filter(|it| told.iter().any(|kind| it["method"] == *kind));
        let mut found: Vec<String> = found.map(ToString::to_string).collect();
        let fetched = self.value("performance.getEntriesByType('resource').map((it) => it.name)");
        found.extend(
            fetched
                .as_array()
                .into_iter()
                .flatten()
                .map(ToString::to_string),
        );
        found
    }

    fn mouse(&mut self, kind: &str, (x, y): (f64, f64), more: &Value) {
        let mut event = json!({ "type": kind, "x": x, "y": y });
        let fields = more.as_object().into_iter().flatten();
        fields.for_each(|(name, value)| event[name] = value.clone());
        self.call("Input.dispatchMouseEvent", &event);
    }

    fn call(&mut self, method: &str, params: &Value) -> Value {
        let answer = self.ask(method, params);
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The result of a method, or the browser's error.
    fn ask(&mut self, method: &str, params: &Value) -> Result<Value, Value> {
        self.number += 1;
        let mut message = json!({ "id": self.number, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.input.write_all(&bytes).expect("the browser listens");
        loop {
            let mut answer = self.receive();
            if answer["id"] == self.number {
                return match answer["error"].take() {
                    Value::Null => Ok(answer["result"].take()),
                    error => Err(error),
                };
            }
            self.kept.push(answer);
        }
    }

    fn receive(&mut self) -> Value {
        self.output
            .recv_timeout(PATIENCE)
            .expect("the browser answers")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn installed(program: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    found.is_ok_and(|status| status.success())
}
