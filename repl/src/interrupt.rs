//! The handling of Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use quorate_host::end_soon;

use crate::below;
use crate::exit::Exit;

/// Whether a child process on the same terminal handles every Ctrl-C, so that this process ignores it.
static LEFT_BELOW: AtomicBool = AtomicBool::new(false);

/// Whether this process waits for input, so that nothing is running that could be asked to end.
static WAITS: AtomicBool = AtomicBool::new(false);

/// Whether it was a Ctrl-C that asked what runs to end, and not somebody else who may.
static ASKED: AtomicBool = AtomicBool::new(false);

/// The first Ctrl-C asks what runs to end, through `cancel`. The second ends the process, and so does the first if
/// nothing runs ([`end_at_next`]).
pub(crate) fn watch(cancel: &Arc<AtomicBool>) {
    let cancel = cancel.clone();
    // Without a handler Ctrl-C ends the process at once, which is acceptable.
    let _ = ctrlc::set_handler(move || {
        let ending = cancel.swap(true, Ordering::SeqCst);
        let asked = ASKED.swap(true, Ordering::SeqCst);
        let again = ending && asked || WAITS.load(Ordering::SeqCst);
        if again && !LEFT_BELOW.load(Ordering::Relaxed) {
            below::end_if_below();
            end_soon(Exit::Interrupted.code());
        }
    });
}

/// Lets this process ignore every Ctrl-C, as it must while it only waits for a session in a child process.
pub(crate) fn leave_below() {
    LEFT_BELOW.store(true, Ordering::Relaxed);
}

/// Makes the next Ctrl-C end the process, which waits for input now. False if a Ctrl-C has come already.
pub(crate) fn end_at_next(cancel: &AtomicBool) -> bool {
    WAITS.store(true, Ordering::SeqCst);
    !cancel.load(Ordering::SeqCst)
}

/// Makes the next Ctrl-C ask what runs to end, as at first.
pub(crate) fn ask_at_next() {
    WAITS.store(false, Ordering::SeqCst);
}
