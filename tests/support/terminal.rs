//! The binary on a terminal: the test presses keys and reads the screen.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

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
