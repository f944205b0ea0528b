//! The progress of operations.

use std::time::Duration;

/// The state of an operation: done, or to be called again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is finished.
    Done,
    /// It goes on: [`work`](crate::Resource::work) is called after `wait`.
    Pending {
        /// How long to wait; the SDK makes it at least 1 ms, so that no operation can spin without time passing.
        wait: Duration,
        /// Whether it made progress since the last call. `PendingTimeout` counts from the last time it did.
        advanced: bool,
    },
}

impl Progress {
    /// Not yet, and without progress: `PendingTimeout` ends the operation if it stays so.
    pub const fn pending(wait: Duration) -> Self {
        Progress::Pending {
            wait,
            advanced: false,
        }
    }

    /// Not yet, but with progress: `PendingTimeout` starts again.
    pub const fn advanced(wait: Duration) -> Self {
        Progress::Pending {
            wait,
            advanced: true,
        }
    }

    /// Whether it is finished.
    pub const fn is_done(&self) -> bool {
        matches!(self, Progress::Done)
    }
}

/// The operations that may be pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Coming into service.
    Online,
    /// Going out of service gracefully.
    Offline,
    /// Gaining the reservation of a quorum resource.
    Arbitrate,
}
