//! A session that gets its inputs one after the other.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::{Run, told};

/// The session's output at the end of an answer.
const END: &str = "\"the end of it\"";

/// A session with pipes instead of a terminal.
pub(crate) struct Session {
    host: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Session {
    pub(crate) fn begin(command: &mut Command) -> Session {
        let mut host = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        Session {
            input: host.stdin.take().expect("a pipe"),
            output: BufReader::new(host.stdout.take().expect("a pipe")),
            host,
        }
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.host.id()
    }

    /// Sends lines without waiting for an answer.
    pub(crate) fn send(&mut self, lines: &str) {
        writeln!(self.input, "{lines}").expect("a pipe");
    }

    /// Sends lines. Returns the whole output for them.
    pub(crate) fn ask(&mut self, lines: &str) -> String {
        self.send(lines);
        self.send(END);
        let mut text = String::new();
        loop {
            let before = text.len();
            let read = self.output.read_line(&mut text).expect("an answer");
            assert!(read > 0, "the session ended after:\n{text}");
            if text[before..].trim_end() == END {
                return text[..before].trim_end().to_owned();
            }
        }
    }

    /// Ends the input. Returns how the session ended, and its errors.
    pub(crate) fn end(self) -> Run {
        drop(self.input);
        let run = told(self.host.wait_with_output().expect("the binary ends"));
        // It could write until here.
        drop(self.output);
        run
    }
}
