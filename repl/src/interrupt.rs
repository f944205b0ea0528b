//! What Ctrl-C does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use quorate_host::end_soon;

use crate::below;
use crate::exit::Exit;

/// Whether a process below this one, on the same terminal, gets every Ctrl-C and does what there is to do.
static LEFT_BELOW: AtomicBool = AtomicBool::new(false);

/// Whether this process waits for somebody to say something, so that there is nothing that could be asked to end.
static WAITS: AtomicBool = AtomicBool::new(false);

/// The first Ctrl-C asks what runs to end, by `cancel`; the second ends the process, and so does the first where nothing
/// runs ([`end_at_next`]).
pub(crate) fn watch(cancel: &Arc<AtomicBool>) {
    let cancel = cancel.clone();
    // Without a handler Ctrl-C ends the process at once, which is no reason not to run.
    let _ = ctrlc::set_handler(move || {
        let again = cancel.swap(true, Ordering::SeqCst) || WAITS.load(Ordering::SeqCst);
        if again && !LEFT_BELOW.load(Ordering::Relaxed) {
            below::end_if_below();
            end_soon(Exit::Interrupted.code());
        }
    });
}

/// Has this process outlast every Ctrl-C, as one has to that only waits for a session below it.
pub(crate) fn leave_below() {
    LEFT_BELOW.store(true, Ordering::Relaxed);
}

/// Has the next Ctrl-C end the process, which now waits for input; false if there was one already.
pub(crate) fn end_at_next(cancel: &AtomicBool) -> bool {
    WAITS.store(true, Ordering::SeqCst);
    !cancel.load(Ordering::SeqCst)
}

/// Has the next Ctrl-C ask what runs to end, again.
pub(crate) fn ask_at_next() {
    WAITS.store(false, Ordering::SeqCst);
}
