//! The commands of the REPL, which begin with a colon: a module for each family.

mod branches;
mod keep;
mod look;
mod plugins;
mod tell;
mod time;
mod words;

use super::live::is_offered;
use super::{After, Session};
use crate::exit::Exit;
use crate::report;
use quorate_drill::Failure;

/// A command that begins with a colon.
pub(super) struct Command {
    /// What it is called, with its colon.
    pub(super) name: &'static str,
    /// What it is called, too, without.
    others: &'static [&'static str],
    /// What may follow.
    pub(super) usage: &'static str,
    /// What it does, for `:help`.
    pub(super) text: &'static str,
    run: fn(&mut Session, &str) -> After,
}

/// The families of commands, in the order in which `:help` shows them.
const FAMILIES: &[&[Command]] = &[
    look::COMMANDS,
    tell::COMMANDS,
    time::COMMANDS,
    branches::COMMANDS,
    keep::COMMANDS,
    plugins::COMMANDS,
    words::COMMANDS,
];

/// All commands, as `:help` shows them.
pub(super) fn all() -> impl Iterator<Item = &'static Command> {
    FAMILIES.iter().copied().flatten()
}

impl Command {
    /// Its name without the colon.
    pub(super) fn bare(&self) -> &'static str {
        self.name.trim_start_matches(':')
    }
}

impl Session {
    /// Carries out a command; `text` is what follows the colon.
    pub(super) fn command(&mut self, text: &str) -> After {
        let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let known = all().find(|it| it.bare() == name || it.others.contains(&name));
        if let Some(command) = known {
            if let Some(live) = self.live.clone()
                && let Some(after) = self.live_command(&live, command.bare(), rest.trim())
            {
                return after;
            }
            return (command.run)(self, rest.trim());
        }
        let is_live = self.live.is_some();
        let names = all().map(Command::bare);
        let near = quorate_model::nearest(name, names.filter(|it| !is_live || is_offered(it)))
            .map(|near| format!("; did you mean \":{near}\"?"))
            .unwrap_or_default();
        self.refuse(&format!(
            "there is no command \":{name}\"{near}; :help shows them all"
        ))
    }

    /// Says why an input is not carried out; of one that is read and not typed, with its place.
    pub(super) fn refuse(&mut self, text: &str) -> After {
        self.refuse_as(text, Exit::Wrong)
    }

    /// As [`refuse`](Self::refuse), with a status of its own.
    pub(super) fn refuse_as(&mut self, text: &str, exit: Exit) -> After {
        let mut place = self.at.clone();
        if let Some(place) = &mut place {
            self.name_file(place);
        }
        let failure = Failure {
            message: self.fitted(text),
            place,
            ..Failure::default()
        };
        let paint = self.output.paint_err();
        let text = report::failure(&failure, "error", paint);
        self.output.err_line(text.trim_end());
        After::WentWrong(exit)
    }
}
