//! What a plugin's own threads report between two calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use quorate_abi::ERROR_IO_PENDING;
use serde::{Deserialize, Serialize};

use super::frame::Handle;

/// More log lines than this between two looks are dropped.
const LOG_MAX: usize = 1_000;

/// The reports on one instance. Only instances of libraries with `PLUGIN_THREADS` have one.
#[derive(Debug)]
pub struct Mailbox {
    handle: Handle,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Whether an operation is pending.
    pending: bool,
    report: Report,
    log: Vec<(u32, String)>,
}

/// What was reported since the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The highest checkpoint.
    pub checkpoint: u32,
    /// How the operation ended, if it did.
    pub ended: Option<u32>,
}

static BOXES: Mutex<BTreeMap<Handle, Arc<Mutex<Shared>>>> = Mutex::new(BTreeMap::new());

impl Mailbox {
    /// For the reports on the instance `handle`.
    pub fn new(handle: Handle) -> Mailbox {
        let shared = Arc::default();
        BOXES.lock().insert(handle, Arc::clone(&shared));
        Mailbox { handle, shared }
    }

    /// Takes reports from now on, and forgets earlier ones; or refuses them.
    pub fn set_pending(&self, pending: bool) {
        let mut shared = self.shared.lock();
        shared.pending = pending;
        shared.report = Report::default();
    }

    /// What came in since the last look, and the lines for the log: level and text.
    pub fn take(&self) -> (Report, Vec<(u32, String)>) {
        let mut shared = self.shared.lock();
        (
            std::mem::take(&mut shared.report),
            std::mem::take(&mut shared.log),
        )
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        BOXES.lock().remove(&self.handle);
    }
}

fn find(handle: Handle) -> Option<Arc<Mutex<Shared>>> {
    BOXES.lock().get(&handle).cloned()
}

/// A status from any thread: 0 to go on, 1 to stop since nothing is pending (any more).
pub(super) fn report(handle: Handle, status: u32, checkpoint: u32) -> u32 {
    let Some(shared) = find(handle) else { return 1 };
    let mut shared = shared.lock();
    // The first end counts: a second one is the plugin's mistake.
    if !shared.pending || shared.report.ended.is_some() {
        return 1;
    }
    shared.report.checkpoint = shared.report.checkpoint.max(checkpoint);
    if status != ERROR_IO_PENDING {
        shared.report.ended = Some(status);
    }
    0
}

/// A log line from any thread.
pub(super) fn log(handle: Handle, level: u32, text: String) {
    if let Some(shared) = find(handle) {
        let mut shared = shared.lock();
        if shared.log.len() < LOG_MAX {
            shared.log.push((level, text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_count_while_something_is_pending_and_end_once() {
        let handle = Handle::new();
        assert_eq!(report(handle, ERROR_IO_PENDING, 1), 1, "no such instance");
        let mailbox = Mailbox::new(handle);
        assert_eq!(report(handle, ERROR_IO_PENDING, 1), 1, "nothing is pending");
        mailbox.set_pending(true);
        assert_eq!(report(handle, ERROR_IO_PENDING, 5), 0);
        assert_eq!(report(handle, ERROR_IO_PENDING, 3), 0);
        assert_eq!(report(handle, 0, 6), 0);
        assert_eq!(report(handle, 31, 7), 1, "ended already");
        log(handle, 1, "line".to_owned());
        let wanted = Report {
            checkpoint: 6,
            ended: Some(0),
        };
        assert_eq!(mailbox.take(), (wanted, vec![(1, "line".to_owned())]));
        drop(mailbox);
        assert_eq!(report(handle, ERROR_IO_PENDING, 1), 1, "closed");
    }
}
