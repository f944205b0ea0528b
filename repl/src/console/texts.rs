//! Inputs that nobody types: those of `-e` and `--file`, and the file that a session begins with.

use std::io::{self, Read};
use std::sync::atomic::Ordering;

use quorate_drill::{MAX_BYTES, read_text};

use super::{After, Session, pieces};
use crate::cli::ReplArgs;
use crate::exit::Exit;
use crate::state;

/// The name of the file that a session begins with.
const INIT: &str = "init.rhai";

impl Session {
    /// Runs what the command line names, until it ends or something goes wrong.
    pub(super) fn batch(&mut self, args: &ReplArgs) -> Exit {
        let text = match &args.file {
            None => {
                self.reading = Some("-e".to_owned());
                args.eval.join("\n")
            }
            Some(path) => {
                let name = path.display().to_string();
                let read = match path.as_os_str() == "-" {
                    true => standard_input(),
                    false => read_text(path, Some(MAX_BYTES)),
                };
                match read {
                    Ok(text) => {
                        self.reading = (name != "-").then_some(name);
                        text
                    }
                    Err(why) => {
                        self.output.error(&format!("{name} cannot be read: {why}"));
                        return Exit::Usage;
                    }
                }
            }
        };
        let inputs = pieces::of(&text, |text| self.is_incomplete(text));
        self.reads = true;
        for input in inputs {
            match self.input(&input) {
                After::GoOn => {}
                After::Quit => break,
                After::WentWrong(_) if self.cancel.load(Ordering::Relaxed) => {
                    return Exit::Interrupted;
                }
                After::WentWrong(exit) => return exit,
            }
        }
        Exit::Pass
    }

    /// Runs the file that each session on a terminal begins with, if there is one. A mistake in it ends it, and not the
    /// session.
    pub(super) fn begin_with_file(&mut self) {
        let Some(path) = state::settings().map(|folder| folder.join(INIT)) else {
            return;
        };
        if !path.is_file() {
            return;
        }
        let name = path.display().to_string();
        match read_text(&path, Some(MAX_BYTES)) {
            Ok(text) => {
                self.reading = Some(name.clone());
                self.reads = true;
                let inputs = pieces::of(&text, |text| self.is_incomplete(text));
                let all = inputs.len();
                for (number, input) in inputs.into_iter().enumerate() {
                    if !matches!(self.input(&input), After::GoOn) {
                        let left = all - number - 1;
                        let text =
                            format!("{name} ends there: {left} more of its inputs did not run");
                        self.output.warn(&text);
                        break;
                    }
                }
                self.reading = None;
                self.reads = false;
                self.begun = self.console.borrow().past().len().max(1);
            }
            Err(why) => self.output.warn(&format!("{name} cannot be read: {why}")),
        }
    }

    /// A place in what is read, and not typed, has its file.
    pub(super) fn name_file(&self, place: &mut quorate_drill::Place) {
        if let Some(file) = &self.reading
            && place.file.is_empty()
        {
            place.file.clone_from(file);
        }
    }
}

fn standard_input() -> Result<String, String> {
    let mut text = String::new();
    let read = io::stdin().lock().read_to_string(&mut text);
    read.map(|_| text).map_err(|error| error.to_string())
}
