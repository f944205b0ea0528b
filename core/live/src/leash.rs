//! What keeps whoever was given up from reaching anything any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// On which those are who may be given up together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leash(Arc<AtomicBool>);

impl Leash {
    /// Whoever is on it is given up. What they are at is not waited for.
    pub(crate) fn cut(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether they were given up.
    pub(crate) fn is_cut(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// For whoever is on it: goes no further once it was cut. A thread that hung for so long is of no use to anybody.
    pub(crate) fn stop_here_if_cut(&self) {
        while self.is_cut() {
            thread::park();
        }
    }
}
