//! The binary on a terminal: the test presses keys and reads the screen.

mod support;

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use pty_process::blocking::{Command, Pty, open};
use support::{quorate, root};

/// Longer than anything here takes on any machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// A terminal with the binary on it.
struct Terminal {
    keys: Pty,
    child: Child,
    drawn: Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    fn begin(home: &Path, args: &[&str]) -> Terminal {
        let (keys, screen) = open().expect("a terminal");
        keys.resize(pty_process::Size::new(40, 200))
            .expect("a size");
        let child = Command::new(env!("CARGO_BIN_EXE_quorate"))
            .args(args)
            .current_dir(root())
            .env("XDG_STATE_HOME", home)
            .env("TERM", "xterm")
            .env("NO_COLOR", "1")
            .env_remove("QUORATE_PLUGIN_PATH")
            .spawn(screen)
            .expect("the binary starts");
        let (told, drawn) = channel();
        let mut reader = std::fs::File::from(rustix_dup(&keys));
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // On this side, the end of the terminal is an error.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if told.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Terminal {
            keys,
            child,
            drawn,
            seen: String::new(),
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("keys");
    }

    /// Waits for this text, and drops everything up to it.
    fn until(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.seen.find(text) {
                let rest = self.seen.split_off(at + text.len());
                return std::mem::replace(&mut self.seen, rest);
            }
            match self.drawn.recv_timeout(PATIENCE) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("no {text:?} in {:?}", self.seen),
            }
        }
    }

    fn ends(mut self) -> i32 {
        let status = self.child.wait().expect("its end");
        status.code().unwrap_or(-1)
    }
}

/// The same terminal, to be read from another thread.
fn rustix_dup(keys: &Pty) -> std::os::fd::OwnedFd {
    use std::os::fd::AsFd;
    keys.as_fd().try_clone_to_owned().expect("a second handle")
}

#[test]
fn lines_that_are_pasted_at_once_are_all_carried_out() {
    let home = tempfile::tempdir().expect("a folder");
    let mut session = Terminal::begin(home.path(), &["repl"]);
    session.until(" > ");
    session.press("1 + 10\r2 + 20\r3 + 30\r");
    for wanted in ["11\r\n", "22\r\n", "33\r\n"] {
        session.until(wanted);
    }
    session.press(":quit\r");
    assert_eq!(session.ends(), 0);
}

#[test]
fn two_sessions_keep_the_history_of_both() {
    let home = tempfile::tempdir().expect("a folder");
    let mut first = Terminal::begin(home.path(), &["repl"]);
    let mut second = Terminal::begin(home.path(), &["repl"]);
    first.until(" > ");
    second.until(" > ");
    // A key that is pressed before the next prompt may be lost, above all Ctrl-D, which then would not end the
    // session.
    first.press("100 + 1\r");
    first.until("101\r\n");
    first.until(" > ");
    second.press("200 + 2\r");
    second.until("202\r\n");
    second.until(" > ");
    first.press("300 + 3\r");
    first.until("303\r\n");
    first.until(" > ");
    // It is written at once, since a session may end without order.
    let kept = fs::read_to_string(home.path().join("quorate/history")).expect("a history");
    for line in ["100 + 1", "200 + 2", "300 + 3"] {
        assert_eq!(kept.matches(line).count(), 1, "{line}: {kept}");
    }
    for mut session in [first, second] {
        session.press("\u{4}");
        assert_eq!(session.ends(), 0);
    }
}

#[test]
fn a_new_disk_is_asked_about() {
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("cluster.ron");
    fs::copy(root().join("scripts/clusters/two-node-empty.ron"), &path).expect("a copy");
    let file = path.display().to_string();
    let storage = "First Storage Group|EVS1 Disk E:|EVS1 Disk X:";
    let words = ["cluster", "add-virtual-server", &file, "--name", "EVS1"];
    let words = [
        &words[..],
        &["--address", "10.0.0.21", "--storage-group", storage],
    ]
    .concat();
    for (answer, code, added) in [("n\r", 64, false), ("y\r", 0, true)] {
        let mut terminal = Terminal::begin(home.path(), &words);
        terminal.until("Add \"EVS1 Disk X:\" to its disks? [y/N] ");
        terminal.press(answer);
        assert_eq!(terminal.ends(), code);
        let text = fs::read_to_string(&path).expect("the file");
        assert_eq!(text.contains("EVS1 Disk X:"), added, "{text}");
    }
}

#[test]
fn the_number_of_the_drill_is_shown_while_it_runs() {
    let home = tempfile::tempdir().expect("a folder");
    let file = support::script(
        home.path(),
        "two.rhai",
        "for number in 0..2 { drill(`drill ${number}`, #{ cluster: \"CLUSTERS/four-node.ron\" }, || { run(\"2h\"); expect(now() > \"2h\"); }); }",
    );
    let mut terminal = Terminal::begin(home.path(), &["drill", &file]);
    terminal.until("1 of 2 done");
    terminal.until("2 drills: 2 pass");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn the_first_interrupt_ends_a_session_in_a_pipe_that_waits() {
    let mut command = quorate();
    let mut session = command
        .arg("repl")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut input = session.stdin.take().expect("a pipe");
    input.write_all(b"1 + 1\n").expect("an input");
    let mut answer = [0; 2];
    let mut output = session.stdout.take().expect("a pipe");
    output.read_exact(&mut answer).expect("an answer");
    let id = session.id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(killed.expect("kill").success());
    assert_eq!(session.wait().expect("its end").code(), Some(130));
    drop(input);
}
