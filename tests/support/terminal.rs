//! The binary on a terminal: the test presses keys and reads the screen.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::root;
use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};

/// Longer than anything here takes on any machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// A terminal with a program on it.
pub(crate) struct Terminal {
    keys: Pty,
    child: Child,
    drawn: Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    /// Starts a program on a terminal of this size.
    pub(crate) fn open(program: Command, lines: u16, columns: u16) -> Terminal {
        let (keys, screen) = open().expect("a terminal");
        keys.resize(Size::new(lines, columns)).expect("a size");
        let child = program.spawn(screen).expect("the binary starts");
        let (told, drawn) = channel();
        // The same terminal, to be read from another thread.
        let reader = keys.as_fd().try_clone_to_owned().expect("a second handle");
        let mut reader = File::from(reader);
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

    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("keys");
    }

    /// Waits for this text, and drops everything up to it. Returns what was before it, with it.
    pub(crate) fn until(&mut self, text: &str) -> String {
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

    /// Whatever is shown until the end.
    pub(crate) fn rest(&mut self) -> String {
        while let Ok(bytes) = self.drawn.recv_timeout(PATIENCE) {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        std::mem::take(&mut self.seen)
    }

    /// The program's exit status, once it has ended.
    pub(crate) fn ended(mut self) -> i32 {
        let status = self.child.wait().expect("its end");
        status.code().unwrap_or(-1)
    }
}

impl Terminal {
    /// Starts the REPL on a terminal of this size, and waits for its prompt. `home` has its files.
    pub(crate) fn prompted(
        home: &Path,
        columns: u16,
        lines: u16,
        environment: &[(&str, &str)],
    ) -> Terminal {
        Terminal::met(home, columns, lines, environment).0
    }

    /// As [`prompted`](Self::prompted), with the first prompt.
    pub(crate) fn met(
        home: &Path,
        columns: u16,
        lines: u16,
        environment: &[(&str, &str)],
    ) -> (Terminal, String) {
        let command = Command::new(env!("CARGO_BIN_EXE_quorate"))
            .arg("repl")
            .current_dir(root())
            .env("XDG_STATE_HOME", home)
            .env("XDG_CONFIG_HOME", home)
            .env("TERM", "xterm")
            .env("LC_ALL", "C.UTF-8")
            .env("NO_COLOR", "1")
            .env_remove("QUORATE_PLUGIN_PATH")
            .envs(environment.iter().copied());
        let mut terminal = Terminal::open(command, lines, columns);
        let shown = plain(&terminal.until(" > "));
        let prompt = shown.lines().last().unwrap_or_default().to_owned();
        (terminal, prompt)
    }

    /// Types an input, and reads what it prints up to the next prompt.
    pub(crate) fn types(&mut self, input: &str) -> String {
        self.types_on(input).0
    }

    /// As [`types`](Self::types), with the prompt that follows.
    pub(crate) fn types_on(&mut self, input: &str) -> (String, String) {
        self.press(&format!("{input}\r"));
        // What is typed is drawn again with every key; the line ends where it is carried out.
        self.until("\r\n");
        let shown = self.until(" > ");
        let lines = plain(&shown);
        // The last line is the next prompt's beginning.
        let mut lines: Vec<&str> = lines.lines().collect();
        let prompt = lines.pop().unwrap_or_default().to_owned();
        (lines.join("\n"), prompt)
    }

    pub(crate) fn ends(mut self) -> i32 {
        self.press(":quit\r");
        self.ended()
    }
}

/// What is left on the screen: without what moves the cursor, and without lines that were drawn over.
pub(crate) fn plain(drawn: &str) -> String {
    let mut out = String::new();
    let mut letters = drawn.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => {
                if letters.next_if_eq(&'[').is_some() {
                    let mut end = ' ';
                    for it in letters.by_ref() {
                        end = it;
                        if it.is_ascii_alphabetic() {
                            break;
                        }
                    }
                    // The line is cleared.
                    if end == 'K' {
                        let kept = out.rfind('\n').map_or(0, |at| at + 1);
                        out.truncate(kept);
                    }
                }
            }
            '\r' => {}
            letter => out.push(letter),
        }
    }
    let lines: Vec<&str> = out.lines().map(str::trim_end).collect();
    lines.join("\n")
}
