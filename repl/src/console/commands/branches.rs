//! Commands that go back, and that keep what was done.

use quorate_report::{Diff, Runs};
use quorate_script::{Input, InputKind};

use super::Command;
use crate::console::branch::{LAST, same_so_far};
use crate::console::{After, Session};
use crate::output::Tone;
use crate::report::{self, Table};

/// Its commands.
pub(super) const COMMANDS: &[Command] = &[
    Command {
        name: ":undo",
        others: &["u"],
        usage: "[N]",
        text: "go back to before the last input that changed anything, or the last N",
        run: Session::undo,
    },
    Command {
        name: ":redo",
        others: &[],
        usage: "",
        text: "do again what was undone",
        run: |session, _| session.redo(),
    },
    Command {
        name: ":snapshot",
        others: &["snap"],
        usage: "NAME",
        text: "keep where the session is, to come back to it",
        run: Session::snapshot,
    },
    Command {
        name: ":restore",
        others: &[],
        usage: "NAME",
        text: "go to where a snapshot was; where the session was before is kept as \"last\"",
        run: Session::restore,
    },
    Command {
        name: ":branches",
        others: &["b"],
        usage: "",
        text: "the snapshots: when they are, and what led there",
        run: |session, _| session.branches(),
    },
    Command {
        name: ":diff",
        others: &[],
        usage: "NAME",
        text: "what differs between a snapshot and here: decisions, and outages",
        run: Session::diff,
    },
];

impl Session {
    /// Goes back by some inputs.
    fn undo(&mut self, number: &str) -> After {
        let count = match number {
            "" => 1,
            number => match number.parse::<usize>() {
                Ok(count @ 1..) => count,
                _ => return self.refuse(":undo takes a number of inputs, such as :undo 2"),
            },
        };
        let past = self.past();
        // First come the cluster's start, and what the session began with.
        let changes: Vec<usize> = (self.begun..past.len())
            .filter(|&it| past[it].changed)
            .collect();
        let Some(place) = changes.len().checked_sub(count) else {
            let text = match changes.len() {
                0 => "nothing was done that could be undone".to_owned(),
                known => format!(
                    "there {} to undo",
                    match known {
                        1 => "is one input".to_owned(),
                        known => format!("are {known} inputs"),
                    }
                ),
            };
            return self.refuse(&text);
        };
        let cut = changes[place];
        let gone: Vec<String> = changes[place..]
            .iter()
            .map(|&it| first_line(&past[it]))
            .collect();
        if let Err(after) = self.travel(&past[..cut], self.asked_seed()) {
            return after;
        }
        self.undone.push(past);
        self.arrived("undone", &gone)
    }

    /// Does again what was undone last.
    fn redo(&mut self) -> After {
        let here = self.past();
        let Some(there) = self.undone.last().cloned() else {
            return self.refuse("nothing was undone");
        };
        if !same_so_far(&here, &there) {
            self.undone.clear();
            return self.refuse(
                "other things were done since, so what was undone is gone; :snapshot keeps what is to be come back to",
            );
        }
        if let Err(after) = self.travel(&there, self.asked_seed()) {
            return after;
        }
        self.undone.pop();
        let known = here.iter().filter(|it| it.changed).count();
        let again = there.iter().filter(|it| it.changed).skip(known);
        let again: Vec<String> = again.map(first_line).collect();
        self.arrived("done again", &again)
    }

    /// Keeps where the session is.
    fn snapshot(&mut self, name: &str) -> After {
        let name = name.trim_matches('"');
        if name.is_empty() || name.contains(char::is_whitespace) {
            return self.refuse(":snapshot takes a name in one word, such as :snapshot before");
        }
        self.keep(name);
        let now = report::clock(self.console.borrow().now());
        self.output
            .line(&format!("{name} is {now}; :restore {name} comes back"));
        After::GoOn
    }

    /// Goes to where a snapshot was.
    fn restore(&mut self, name: &str) -> After {
        let (branch, seed) = match self.branch(":restore", name) {
            Ok(branch) => (branch.inputs.clone(), branch.seed),
            Err(text) => return self.refuse(&text),
        };
        let (here, before) = (self.past(), self.asked_seed());
        if let Err(after) = self.travel(&branch, seed) {
            return after;
        }
        if before != seed || !same_so_far(&here, &branch) {
            self.keep_as(LAST, here, before);
        }
        self.undone.clear();
        self.arrived("restored", &[name.trim_matches('"').to_owned()])
    }

    /// The snapshots.
    fn branches(&mut self) -> After {
        let (here, seed) = (self.past(), self.asked_seed());
        let mut table = Table::new(&["name", "virtual time", "inputs", "the last"]);
        for (name, branch) in &self.kept {
            let is_here = seed == branch.seed
                && same_so_far(&here, &branch.inputs)
                && same_so_far(&branch.inputs, &here);
            let mark = if is_here { " (here)" } else { "" };
            let changes: Vec<&Input> = branch
                .inputs
                .iter()
                .skip(self.begun)
                .filter(|it| it.changed)
                .collect();
            table.row(vec![
                (Tone::Strong, format!("{name}{mark}")),
                (Tone::Plain, report::clock(branch.at)),
                (Tone::Plain, changes.len().to_string()),
                (
                    Tone::Faint,
                    changes.last().map(|it| first_line(it)).unwrap_or_default(),
                ),
            ]);
        }
        let text = match table.is_empty() {
            true => "there are no snapshots; :snapshot NAME makes one".to_owned(),
            false => {
                let width = self.story.borrow().screen().width;
                table.lines(0, width, self.output.paint()).join("\n")
            }
        };
        self.output.line(&text);
        After::GoOn
    }

    /// What differs between a snapshot and here.
    fn diff(&mut self, name: &str) -> After {
        let (inputs, seed) = match self.branch(":diff", name) {
            Ok(branch) => (branch.inputs.clone(), branch.seed),
            Err(text) => return self.refuse(&text),
        };
        let here = match self.run() {
            Ok(run) => run,
            Err(text) => return self.refuse(&text),
        };
        let there = match self.elsewhere(&inputs, seed) {
            Ok((console, _)) => console.journal(),
            Err(after) => return after,
        };
        let Some(Ok(there)) = Runs::new(&there[..]).next() else {
            return self.refuse("the snapshot has no journal");
        };
        let name = name.trim_matches('"');
        self.output
            .line(&format!("before is {name}, after is here"));
        self.output.line(Diff::of(&there, &here).tell().trim_end());
        After::GoOn
    }

    /// What was done, without what changes nothing at the end.
    fn past(&self) -> Vec<Input> {
        let mut past = self.console.borrow().past().to_vec();
        while past.last().is_some_and(|it| it.kind == InputKind::Skipped) {
            past.pop();
        }
        past
    }

    fn keep(&mut self, name: &str) {
        let past = self.past();
        self.keep_as(name, past, self.asked_seed());
    }

    /// Says where the session is now.
    fn arrived(&mut self, how: &str, what: &[String]) -> After {
        let text = format!("{how}: {}", what.join("; "));
        let paint = self.output.paint();
        self.output.line(&paint.tone(Tone::Faint, &text));
        let status = self.console.borrow().status();
        if let Some(status) = status {
            self.output.line(&status.headline());
        }
        After::GoOn
    }
}

/// The first line of an input.
fn first_line(input: &Input) -> String {
    let mut lines = input.text.trim().lines();
    let first = lines.next().unwrap_or_default();
    match lines.next() {
        Some(_) => format!("{first} .."),
        None => first.to_owned(),
    }
}
