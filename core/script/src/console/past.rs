//! What a console has done, and doing it again: virtual time lets a person go back and try the other thing.

use std::fmt;

use quorate_drill::stage::{OpenError, StageRequest};
use quorate_drill::{DEFAULT_SEED, Observer};
use quorate_model::Time;

use super::{Console, ConsoleOptions, Outcome};

/// What kind of input it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// It was typed.
    Typed,
    /// It was run without being typed, as a command does.
    Aside,
    /// Lines that are no input, such as a command or a blank line: they are counted.
    Skipped,
    /// The quarantine of the plugin with this name was ended.
    Released,
}

/// Something that a console did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// What kind it was.
    pub kind: InputKind,
    /// The input; of what is released, the plugin's name.
    pub text: String,
    /// Virtual time before it.
    pub began: Time,
    /// Virtual time after it.
    pub ended: Time,
    /// Whether it changed anything of the cluster, its world or the session.
    pub changed: bool,
    /// Its value in script notation, and how a script writes one that equals it.
    pub value: Option<(String, Option<String>)>,
    /// Why it did not work, in one sentence.
    pub failed: Option<String>,
    /// Whether it was stopped from outside before its end.
    pub interrupted: bool,
    /// At which question whether to stop that was.
    stopped: Option<u64>,
}

impl Input {
    pub(super) fn new(kind: InputKind, text: &str) -> Input {
        Input {
            kind,
            text: text.trim_end_matches('\n').to_owned(),
            began: Time::ZERO,
            ended: Time::ZERO,
            changed: kind == InputKind::Released,
            value: None,
            failed: None,
            interrupted: false,
            stopped: None,
        }
    }

    /// Whether it is the same input, whatever came of it.
    pub fn is_same(&self, other: &Input) -> bool {
        (self.kind, &self.text, self.stopped) == (other.kind, &other.text, other.stopped)
    }
}

/// Why inputs could not be done again.
#[derive(Debug)]
pub enum Replay {
    /// The cluster that they begin with cannot be opened.
    Open(OpenError),
    /// It was stopped from outside.
    Interrupted,
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Replay::Open(why) => write!(f, "{why}"),
            Replay::Interrupted => f.write_str("stopped"),
        }
    }
}

impl std::error::Error for Replay {}

impl From<OpenError> for Replay {
    fn from(why: OpenError) -> Self {
        Replay::Open(why)
    }
}

impl Console {
    /// What was done since the first cluster was opened, in order.
    pub fn past(&self) -> &[Input] {
        &self.past
    }

    /// Another console, in which these inputs were done again from the start: the same cluster, with
    /// the seed that is asked for, as in [`ConsoleOptions`]. This one stays as it is.
    ///
    /// # Errors
    ///
    /// If the first cluster cannot be opened any more, or the work is stopped.
    pub fn again(
        &self,
        inputs: &[Input],
        seed: Option<u64>,
        observer: Box<dyn Observer>,
    ) -> Result<Console, Replay> {
        let (source, stops) = (
            self.session.with(|play| play.source()),
            self.session.stops(),
        );
        let options = ConsoleOptions {
            seed,
            ..self.options.clone()
        };
        let mut other = Console::new(source, options, observer, stops.cancel.clone());
        if let Some(first) = &self.first {
            let seed = match seed == self.options.seed {
                true => first.seed,
                false => seed.unwrap_or(DEFAULT_SEED),
            };
            other.open(&StageRequest {
                seed,
                ..first.clone()
            })?;
        }
        for input in inputs {
            match input.kind {
                InputKind::Typed | InputKind::Aside => {
                    let outcome = other.eval_as(input.clone());
                    other.tell();
                    if outcome == Outcome::Interrupted && !input.interrupted {
                        return Err(Replay::Interrupted);
                    }
                }
                InputKind::Skipped => other.skip(&input.text),
                InputKind::Released => {
                    // It was released before, from the same state.
                    let _ = other.release_plugin(&input.text);
                }
            }
            if stops.cancel.load(std::sync::atomic::Ordering::Relaxed) {
                return Err(Replay::Interrupted);
            }
        }
        // What died before was told before.
        let _ = other.deaths();
        Ok(other)
    }

    /// Runs an input and keeps it.
    pub(super) fn eval_as(&mut self, mut input: Input) -> Outcome {
        let before = self.typed.len();
        self.count(&input.text);
        let stops = self.session.stops();
        stops.begin(input.stopped);
        input.began = self.now();
        let state = self.state();
        let outcome = self.run_from(before);
        if input.kind == InputKind::Aside {
            self.typed.truncate(before);
        }
        input.ended = self.now();
        input.interrupted = outcome == Outcome::Interrupted;
        input.stopped = input.interrupted.then(|| stops.stopped()).flatten();
        input.failed = match &outcome {
            Outcome::Failed(failure, _) => Some(failure.message.clone()),
            _ => None,
        };
        // What could not even be read gave no name to anything.
        let ran = input.failed.is_none() || self.parses(&input.text);
        input.changed = state != self.state() || ran && defines(&input.text);
        if let Outcome::Value(shown) = &outcome {
            input.value = Some((shown.text.clone(), shown.literal.clone()));
        }
        stops.begin(None);
        self.past.push(input);
        outcome
    }

    /// What tells whether an input changed anything of the cluster and its world.
    fn state(&self) -> (Time, u64, usize) {
        self.session.with(|play| {
            let stage = play.stage();
            let state = stage.map(|stage| (stage.now(), stage.revision()));
            let (now, revision) = state.unwrap_or_default();
            (now, revision, play.plans())
        })
    }
}

/// Words that give names to things, or change the list or the map that they are called on.
const DEFINES: [&str; 14] = [
    "let", "const", "fn", "import", "push", "append", "insert", "pop", "shift", "remove", "clear",
    "truncate", "retain", "sort",
];

/// Whether an input may give names to things, or values to variables: `let`, `fn`, a word that changes a list, or an
/// equals sign that compares nothing. To be taken for one is harmless.
fn defines(text: &str) -> bool {
    let mut words = text.split(|it: char| !it.is_alphanumeric() && it != '_');
    if words.any(|it| DEFINES.contains(&it)) {
        return true;
    }
    let letters: Vec<char> = text.chars().collect();
    (0..letters.len()).any(|at| {
        let before = at.checked_sub(1).map_or(' ', |it| letters[it]);
        let after = letters.get(at + 1).copied().unwrap_or(' ');
        letters[at] == '=' && !"=!<>".contains(before) && !"=>".contains(after)
    })
}

#[cfg(test)]
mod tests {
    use super::defines;

    #[test]
    fn what_gives_a_name_is_told_from_what_compares() {
        for text in [
            "let a = 1",
            "a = 2",
            "a += 1",
            "fn f() { 1 }",
            "if b { c = 1 }",
            "list.push(1)",
        ] {
            assert!(defines(text), "{text}");
        }
        for text in [
            "a == 1",
            "a != 1 && b <= 2",
            "outage(\"X\") >= 3.minutes",
            "letter",
        ] {
            assert!(!defines(text), "{text}");
        }
    }
}
