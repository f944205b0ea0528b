//! Commands that show the cluster and its journal.

use super::Command;
use crate::console::{After, Session, view};

/// How many events `:events` shows.
const EVENTS: usize = 20;

/// Its commands.
pub(super) const COMMANDS: &[Command] = &[
    Command {
        name: ":status",
        others: &["s"],
        usage: "",
        text: "the cluster: nodes, groups and resources",
        run: |session, _| session.status(),
    },
    Command {
        name: ":events",
        others: &["e"],
        usage: "[N]",
        text: "the last N lines of the journal (20)",
        run: Session::events,
    },
    Command {
        name: ":properties",
        others: &["property"],
        usage: "[NAME]",
        text: "the properties of a resource or a group, what they are and what they take; without a name, the cluster's",
        run: Session::properties,
    },
];

impl Session {
    fn status(&mut self) -> After {
        let status = self.console.borrow().status();
        let Some(status) = status else {
            return self.refuse("no cluster is open: open one with cluster(\"file.ron\")");
        };
        let text = view::status(&status, self.output.paint());
        self.output.line(&text);
        After::GoOn
    }

    /// The last lines of the journal.
    fn events(&mut self, number: &str) -> After {
        let count = match number {
            "" => EVENTS,
            number => match number.parse() {
                Ok(count) => count,
                Err(_) => return self.refuse(":events takes a number, such as :events 50"),
            },
        };
        let lines = self.console.borrow().events(count);
        for line in lines {
            self.output.line(&line);
        }
        After::GoOn
    }

    /// The properties of the resource or group of this name; without one, the cluster's.
    fn properties(&mut self, name: &str) -> After {
        let found = self.console.borrow().properties(name.trim_matches('"'));
        match found {
            Ok(found) => {
                let text = view::properties(&found, self.output.paint());
                self.output.line(&text);
                After::GoOn
            }
            Err(error) => self.refuse(&error.to_string()),
        }
    }
}
