//! Whom a run of drills is told to.

use std::time::Duration;

use quorate_drill::{Observer, Run};

use super::ending::Ending;
use crate::files::Meant;

/// A form in which a run of drills is read: for people, or for a program. Each is told the same, as values and in the
/// order of the scripts, and makes of it what it likes: lines as they come, or a file at the end.
pub(super) trait Report: Observer {
    /// The next piece of the journal of the script that runs.
    fn journal(&mut self, piece: &[u8]) {
        let _ = piece;
    }

    /// A script has come to its end. Its drills were told before, each by itself.
    fn script_ended(&mut self, script: &Meant, run: &Run) {
        let _ = (script, run);
    }

    /// All have run, in this much real time.
    ///
    /// # Errors
    /// One sentence, if what was made of it cannot be written.
    fn run_ended(&mut self, ending: &Ending, took: Duration) -> Result<(), String>;
}
