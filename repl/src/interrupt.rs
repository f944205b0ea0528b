//! What Ctrl-C does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::exit::Exit;
use crate::supervise;

/// Whether a process below this one, on the same terminal, gets every Ctrl-C and does what there is to do.
static LEFT_BELOW: AtomicBool = AtomicBool::new(false);

/// The first Ctrl-C asks what runs to end, by `cancel`; the second ends the process.
pub(crate) fn watch(cancel: &Arc<AtomicBool>) {
    let cancel = cancel.clone();
    // Without a handler Ctrl-C ends the process at once, which is no reason not to run.
    let _ = ctrlc::set_handler(move || {
        let again = cancel.swap(true, Ordering::Relaxed);
        if again && !LEFT_BELOW.load(Ordering::Relaxed) {
            supervise::end_if_below();
            std::process::exit(Exit::Interrupted.code().into());
        }
    });
}

/// Has this process outlast every Ctrl-C, as one has to that only waits for a session below it.
pub(crate) fn leave_below() {
    LEFT_BELOW.store(true, Ordering::Relaxed);
}
