//! Commands that let virtual time pass.

use super::Command;
use crate::console::{After, Session};

/// Its commands.
pub(super) const COMMANDS: &[Command] = &[Command {
    name: ":run",
    others: &["r"],
    usage: "DURATION",
    text: "let virtual time pass, such as :run 30s",
    run: Session::pass,
}];

impl Session {
    /// Lets virtual time pass.
    fn pass(&mut self, span: &str) -> After {
        match span.parse::<quorate_drill::Span>() {
            Ok(span) => self.aside(&format!("run(\"{span}\")")),
            Err(error) => self.refuse(&error.to_string()),
        }
    }
}
