//! Commands that let virtual time pass, and say what is told of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use quorate_script::Outcome;

use super::Command;
use crate::console::story::Watch;
use crate::console::{After, Session};
use crate::report;

/// How long `:step` waits for something to happen.
const STEP: &str = "1h";

/// Its commands.
pub(super) const COMMANDS: &[Command] = &[
    Command {
        name: ":run",
        others: &["r"],
        usage: "DURATION",
        text: "let virtual time pass, such as :run 30s; Ctrl-C stops it there",
        run: Session::pass,
    },
    Command {
        name: ":step",
        others: &["n"],
        usage: "",
        text: "let virtual time pass until something happens",
        run: |session, _| session.step(),
    },
    Command {
        name: ":watch",
        others: &["w"],
        usage: "[off | events | all]",
        text: "how much is told while time passes",
        run: Session::watch,
    },
];

impl Session {
    /// Lets virtual time pass.
    fn pass(&mut self, span: &str) -> After {
        if span.is_empty() {
            return self.refuse(":run takes a duration, such as :run 30s");
        }
        match span.parse::<quorate_drill::Span>() {
            Ok(span) => self.aside(&format!("run(\"{span}\")")),
            Err(error) => self.refuse(&error.to_string()),
        }
    }

    /// Lets virtual time pass until a line is told.
    fn step(&mut self) -> After {
        let mut story = self.story.borrow_mut();
        story.begin();
        story.stop_at_next(Some(Arc::clone(&self.cancel)));
        drop(story);
        let began = self.console.borrow().now();
        let outcome = self
            .console
            .borrow_mut()
            .eval_aside(&format!("run(\"{STEP}\")"));
        // Whoever pressed Ctrl-C did not wait for a line.
        let stepped = !self.story.borrow().is_stepping();
        self.story.borrow_mut().stop_at_next(None);
        if stepped {
            // The line may fall at the very end: it stopped nothing then, and the next input is not to be stopped.
            self.cancel.store(false, Ordering::SeqCst);
        }
        if stepped && !matches!(outcome, Outcome::Failed(..)) {
            return self.told(Outcome::Done);
        }
        let after = self.told(outcome);
        if matches!(after, After::GoOn) {
            let passed = report::span(self.console.borrow().now() - began);
            self.output.line(&format!("nothing happened for {passed}"));
        }
        after
    }

    /// How much is told while time passes.
    pub(super) fn watch(&mut self, text: &str) -> After {
        let found = Watch::ALL.iter().find(|(name, _)| *name == text);
        match (text, found) {
            ("", _) => {
                let now = self.story.borrow().watch.as_str();
                let text = format!(":watch {now}; there are off, events and all");
                self.output.line(&text);
                After::GoOn
            }
            (_, Some((_, watch))) => {
                self.story.borrow_mut().watch = *watch;
                After::GoOn
            }
            (other, None) => {
                let names = Watch::ALL.iter().map(|(name, _)| *name);
                let near = quorate_model::nearest(other, names)
                    .map(|near| format!("; did you mean \":watch {near}\"?"))
                    .unwrap_or_default();
                self.refuse(&format!(
                    ":watch takes off, events or all, and \"{other}\" is none{near}"
                ))
            }
        }
    }
}
