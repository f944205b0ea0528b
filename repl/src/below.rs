//! What a process and its child processes know of each other, and how a child process ends at once.

use std::env;
use std::fs;

use quorate_host::end_at_once;

use crate::exit::Exit;

/// Set in a child process that runs drills.
pub(crate) const WORKER: &str = "QUORATE_DRILL_WORKER";
/// Set in a child process that runs a session: the file in which it writes how it ended. If `exit` is called earlier,
/// the file stays empty.
pub(crate) const RESULT: &str = "QUORATE_SESSION_RESULT";
/// Why a child process is gone that was stopped by a signal.
pub(crate) const STOPPED: &str = "SIGSTOP stopped it, and it did not go on";

/// Ends this process at once if it is a child process, and reports that as Ctrl-C. What its plugins do at the end of
/// a process may hang, as they do now.
pub(crate) fn end_if_below() {
    if env::var_os(WORKER).is_some() {
        // The parent process knows of every Ctrl-C itself.
        end_at_once();
    }
    if let Some(result) = env::var_os(RESULT) {
        // If this fails, the parent sees that the process ended without a result.
        let _ = fs::write(result, Exit::Interrupted.code().to_string());
        end_at_once();
    }
}
