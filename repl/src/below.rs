//! What a process and its child processes know of each other, and how a child process ends at once.

use std::env;
use std::fs;
use std::path::Path;

use quorate_host::{LastCall, end_at_once, record_calls_in};

use crate::exit::Exit;

/// Set in a child process that runs drills.
pub(crate) const WORKER: &str = "QUORATE_DRILL_WORKER";
/// Set in a child process that runs a session: the file in which it writes how it ended. If `exit` is called earlier,
/// the file stays empty.
pub(crate) const RESULT: &str = "QUORATE_SESSION_RESULT";
/// Why a child process is gone that was stopped by a signal.
pub(crate) const STOPPED: &str = "SIGSTOP stopped it for good";
/// Set in a child process that runs plugins: the file in which it keeps which entry it called last.
pub(crate) const CALLS: &str = "QUORATE_LAST_CALL";

/// In a child process: keeps which entry was called last where the parent process can read it.
pub(crate) fn record_calls() {
    if let Some(file) = env::var_os(CALLS) {
        // Without it the parent process says less.
        let _ = record_calls_in(Path::new(&file));
    }
}

/// How a child process ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gone {
    /// In a few words, such as `SIGSEGV`; `None` if a call has not returned.
    pub(crate) how: Option<String>,
    /// The call of a plugin's that it made last.
    pub(crate) last: Option<LastCall>,
}

impl Gone {
    /// In words; `too_long` is for a call that has not returned.
    pub(crate) fn told(&self, too_long: &str) -> String {
        match (&self.how, &self.last) {
            (Some(how), Some(last)) => last.ended(how),
            (Some(how), None) => how.clone(),
            (None, Some(last)) => format!("{too_long}: {last}"),
            (None, None) => too_long.to_owned(),
        }
    }
}

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
