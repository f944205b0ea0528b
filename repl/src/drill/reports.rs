//! The reports on a run of drills.

use std::time::Duration;

use quorate_drill::{Observer, Run};

use super::ending::Ending;
use crate::files::Meant;

/// A report on a run of drills, for people or for a program. All reports get the same values in the order of the
/// scripts, and each decides what to make of them: lines as they come, or a file at the end.
pub(super) trait Report: Observer {
    /// The next part of the journal of the running script.
    fn journal(&mut self, piece: &[u8]) {
        let _ = piece;
    }

    /// A script has ended. Its drills were reported before, one by one.
    fn script_ended(&mut self, script: &Meant, run: &Run) {
        let _ = (script, run);
    }

    /// All scripts have run, in this much real time.
    ///
    /// # Errors
    /// One sentence, if the report cannot be written.
    fn run_ended(&mut self, ending: &Ending, took: Duration) -> Result<(), String>;
}
