//! What a process and those that it starts below itself know of each other, and how one below ends at once.

use std::env;
use std::fs;

use quorate_host::end_at_once;

use crate::exit::Exit;

/// Tells a process that it is one below.
pub(crate) const WORKER: &str = "QUORATE_DRILL_WORKER";
/// Tells a process below where to write how it ended. Whoever calls `exit` on the way there has not come to that.
pub(crate) const RESULT: &str = "QUORATE_SESSION_RESULT";
/// Why a process below is gone that was stopped.
pub(crate) const STOPPED: &str = "SIGSTOP stopped it, and it did not go on";

/// Ends this process at once if it is one below, and has its end told as that of a Ctrl-C. What its plugins do at the end
/// of a process may hang, as they do now.
pub(crate) fn end_if_below() {
    if env::var_os(WORKER).is_some() {
        // The one above knows of every Ctrl-C.
        end_at_once();
    }
    if let Some(result) = env::var_os(RESULT) {
        // If it cannot be written the end of the process tells that there was none.
        let _ = fs::write(result, Exit::Interrupted.code().to_string());
        end_at_once();
    }
}
