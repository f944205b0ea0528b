//! Commands about files and settings: saving, loading, editing, setting, timing.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::time::Instant;

use quorate_drill::{MAX_BYTES, read_text};
use quorate_script::{InputKind, Outcome};
use tempfile::NamedTempFile;

use super::Command;
use super::look::NOTHING_OPEN;
use crate::console::{After, Session, pieces, save};
use crate::exit::Exit;
use crate::files;
use crate::report;

/// Its commands.
pub(super) const COMMANDS: &[Command] = &[
    Command {
        name: ":save",
        others: &[],
        usage: "FILE",
        text: "write the session as a drill that expects what was seen; quorate drill FILE runs it",
        run: Session::save,
    },
    Command {
        name: ":load",
        others: &[],
        usage: "FILE",
        text: "do what a saved session did, and go on from there; another script is run as one input",
        run: Session::load,
    },
    Command {
        name: ":edit",
        others: &[],
        usage: "[FILE]",
        text: "the last input, or a file, in $EDITOR; what is left there runs",
        run: Session::edit,
    },
    Command {
        name: ":set",
        others: &[],
        usage: "[seed N | width N | watch WHAT]",
        text: "settings; another seed does everything again with other luck",
        run: Session::set,
    },
    Command {
        name: ":time",
        others: &[],
        usage: "INPUT",
        text: "how long an input takes, in virtual and in real time",
        run: Session::time,
    },
];

impl Session {
    /// Writes the session as a drill.
    fn save(&mut self, file: &str) -> After {
        let file = file.trim_matches('"');
        if file.is_empty() {
            return self.refuse(":save takes a file, such as :save session.rhai");
        }
        let path = Path::new(file);
        match path.extension().and_then(|it| it.to_str()) {
            Some("rhai") => {}
            _ => return self.refuse(&format!("a drill's file ends in .rhai: :save {file}.rhai")),
        }
        let console = self.console.borrow();
        let (Some(status), Some(first), Some(seed)) =
            (console.status(), console.first(), console.seed())
        else {
            drop(console);
            return self.refuse(NOTHING_OPEN);
        };
        let (cluster, text) = save::cluster_of(first, path);
        let named = save::seen_from(path, &cluster).display().to_string();
        let drill = save::Session {
            past: console.past(),
            cluster: named,
            seed,
            status: &status,
            outages: console.outages(),
            file,
        }
        .drill();
        drop(console);
        let mut written = vec![file.to_owned()];
        if let Some(text) = text {
            written.push(cluster.display().to_string());
            if let Err(why) = files::write(&cluster, text.as_bytes()) {
                return self.refuse_as(
                    &format!("cannot write {}: {why}", cluster.display()),
                    Exit::Usage,
                );
            }
        }
        match files::write(path, drill.as_bytes()) {
            Ok(()) => {
                let written = written.join(" and ");
                self.output
                    .line(&format!("written: {written}; quorate drill {file} runs it"));
                After::GoOn
            }
            Err(why) => self.refuse_as(&format!("cannot write {file}: {why}"), Exit::Usage),
        }
    }

    /// Does what a saved session did.
    fn load(&mut self, file: &str) -> After {
        let file = file.trim_matches('"');
        if file.is_empty() {
            return self.refuse(":load takes a file, such as :load session.rhai");
        }
        let path = Path::new(file);
        let text = match read_text(path, Some(MAX_BYTES)) {
            Ok(text) => text,
            Err(why) => return self.refuse_as(&format!("cannot read {file}: {why}"), Exit::Usage),
        };
        let saved = save::options(&text).zip(save::inputs(&text));
        let Some(((cluster, options), inputs)) = saved else {
            return self.script(&text);
        };
        let cluster = path.parent().unwrap_or(Path::new("")).join(cluster);
        let cluster = cluster.display();
        let open = format!("cluster(\"{cluster}\", #{{ {options} }})");
        let opened = self.aside(&open);
        if !matches!(opened, After::GoOn) {
            return opened;
        }
        let seed = self.console.borrow().seed();
        if let Some(seed) = seed
            && self.asked_seed().is_some()
            && saved_seed(&options) != Some(seed)
        {
            self.output.warn(&format!(
                "{file} was saved with another seed; seed {seed}, which this session was given, counts"
            ));
        }
        for input in &inputs {
            self.story.borrow_mut().begin();
            let outcome = self.console.borrow_mut().eval(input);
            // What did not work in the session does not work now.
            let went_on = matches!(outcome, Outcome::Failed(..));
            let after = self.told(outcome);
            if matches!(after, After::WentWrong(_)) && !went_on {
                return after;
            }
        }
        let text = format!(
            "{} of {file} are done",
            report::count(inputs.len(), "input", "inputs")
        );
        self.output.line(&text);
        After::GoOn
    }

    /// Runs a text as if it had been typed.
    fn script(&mut self, text: &str) -> After {
        self.story.borrow_mut().begin();
        let outcome = self.console.borrow_mut().eval(text);
        self.told(outcome)
    }

    /// Opens an editor, and runs what it leaves.
    fn edit(&mut self, file: &str) -> After {
        let file = file.trim_matches('"');
        // It is removed where it goes out of scope.
        let mut own: Option<NamedTempFile> = None;
        let path = match file {
            "" => {
                let console = self.console.borrow();
                let mut typed = console.past().iter().rev();
                let last = typed.find(|it| it.kind == InputKind::Typed);
                let text = last.map(|it| it.text.clone()).unwrap_or_default();
                drop(console);
                match edited(&text) {
                    Ok(made) => own.insert(made).path().to_path_buf(),
                    Err(why) => {
                        return self.refuse_as(
                            &format!("cannot write a file to edit: {why}"),
                            Exit::Usage,
                        );
                    }
                }
            }
            file => PathBuf::from(file),
        };
        let set = |name: &str| std::env::var(name).ok().filter(|it| !it.trim().is_empty());
        let editor = set("VISUAL").or_else(|| set("EDITOR"));
        let editor = editor.unwrap_or_else(|| "vi".to_owned());
        let mut words = editor.split_whitespace();
        let status = Process::new(words.next().unwrap_or("vi"))
            .args(words)
            .arg(&path)
            .status();
        let text = match status {
            Ok(status) if status.success() => read_text(&path, Some(MAX_BYTES)),
            Ok(_) => {
                return self.refuse(&format!(
                    "\"{editor}\" ended with an error, so nothing runs"
                ));
            }
            Err(why) => {
                return self.refuse(&format!(
                    "cannot start \"{editor}\": {why}; EDITOR names the editor to use"
                ));
            }
        };
        drop(own);
        match text {
            Ok(text) => {
                for input in pieces::of(&text, |text| self.is_incomplete(text)) {
                    let after = self.input(&input);
                    if !matches!(after, After::GoOn) {
                        return after;
                    }
                }
                After::GoOn
            }
            Err(why) => self.refuse_as(
                &format!("cannot read {}: {why}", path.display()),
                Exit::Usage,
            ),
        }
    }

    /// Shows or changes settings.
    fn set(&mut self, text: &str) -> After {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words[..] {
            [] => {
                let seed = self.console.borrow().seed();
                let story = self.story.borrow();
                let width = story.screen().width;
                let watch = story.watch.as_str();
                drop(story);
                let seed = seed.map_or_else(|| "none".to_owned(), |it| it.to_string());
                self.output
                    .line(&format!("seed {seed}\nwidth {width}\nwatch {watch}"));
                After::GoOn
            }
            ["seed", seed] => match seed.parse() {
                Ok(seed) => match self.reseed(seed) {
                    Ok(()) => {
                        let text = format!(
                            "everything was done again with seed {seed}; :restore last goes back"
                        );
                        self.output.line(&text);
                        After::GoOn
                    }
                    Err(after) => after,
                },
                Err(_) => self.refuse("a seed is a whole number, such as :set seed 7"),
            },
            ["width", "auto"] => {
                self.story.borrow_mut().width = None;
                After::GoOn
            }
            ["width", width] => match width.parse() {
                Ok(width @ 40..=1000) => {
                    self.story.borrow_mut().width = Some(width);
                    After::GoOn
                }
                _ => self.refuse(
                    "a width lies between 40 and 1000 columns, or is auto: that of the terminal",
                ),
            },
            ["watch", watch] => self.watch(watch),
            [name, ..] => {
                let near = quorate_model::nearest(name, ["seed", "width", "watch"]);
                let near =
                    near.map_or_else(String::new, |it| format!("; did you mean \":set {it}\"?"));
                self.refuse(&format!(
                    ":set takes seed N, width N or watch off, events or all{near}"
                ))
            }
        }
    }

    /// How long an input takes.
    fn time(&mut self, text: &str) -> After {
        if text.is_empty() {
            return self.refuse(":time takes an input, such as :time run(\"1h\")");
        }
        let (began, real) = (self.console.borrow().now(), Instant::now());
        let after = self.input(text);
        let passed = self.console.borrow().now() - began;
        let real = report::real(real.elapsed());
        let text = match self.live {
            Some(_) => real.clone(),
            None => format!("{} of virtual time in {real}", report::span(passed)),
        };
        self.output.line(&text);
        after
    }
}

/// A file with an input that is to be edited.
fn edited(text: &str) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .prefix("quorate-")
        .suffix(".rhai")
        .tempfile()?;
    writeln!(file, "{text}")?;
    Ok(file)
}

/// The seed among the options of a saved session.
fn saved_seed(options: &str) -> Option<u64> {
    let seed = |it: &str| it.trim().strip_prefix("seed:")?.trim().parse().ok();
    options.split(',').find_map(seed)
}

#[cfg(test)]
mod tests {
    use super::saved_seed;

    #[test]
    fn a_saved_session_says_its_seed() {
        assert_eq!(saved_seed("cold: true, seed: 12"), Some(12));
        assert_eq!(saved_seed("cold: true"), None);
    }
}
