//! The reports of a plugin's own threads, which come between calls of its entries.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use quorate_abi::ERROR_IO_PENDING;
use serde::{Deserialize, Serialize};

use super::frame::Handle;

/// The most log lines that are kept between two looks. More are dropped.
const LOG_MAX: usize = 1_000;

/// The reports about one instance. Only instances of libraries with `PLUGIN_THREADS` have a mailbox.
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

/// The reports about the pending operation since the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The highest checkpoint that was reported.
    pub checkpoint: u32,
    /// The code with which the operation ended, if it did.
    pub ended: Option<u32>,
}

static BOXES: Mutex<BTreeMap<Handle, Arc<Mutex<Shared>>>> = Mutex::new(BTreeMap::new());

impl Mailbox {
    /// A mailbox for the instance `handle`.
    pub fn new(handle: Handle) -> Mailbox {
        let shared = Arc::default();
        BOXES.lock().insert(handle, Arc::clone(&shared));
        Mailbox { handle, shared }
    }

    /// Sets whether reports are accepted. In either case earlier ones are forgotten.
    pub fn set_pending(&self, pending: bool) {
        let mut shared = self.shared.lock();
        shared.pending = pending;
        shared.report = Report::default();
    }

    /// Takes out the report and the log lines (level and text) since the last look.
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

/// A status report from any thread. Returns 0 if the thread should go on, and 1 if it should stop because no operation
/// is pending.
pub(super) fn report(handle: Handle, status: u32, checkpoint: u32) -> u32 {
    let Some(shared) = find(handle) else { return 1 };
    let mut shared = shared.lock();
    // Only the first end counts; a second one is a mistake of the plugin.
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
