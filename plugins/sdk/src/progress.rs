//! How far an operation got.

use std::time::Duration;

/// What an operation says of itself: done, or to be called again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is finished.
    Done,
    /// It goes on: [`work`](crate::Resource::work) is called after `wait`.
    Pending {
        /// How long to wait; the SDK makes it at least 1 ms, so that no operation can spin without time passing.
        wait: Duration,
        /// Whether it got on since the last call. `PendingTimeout` counts from the last time it did.
        advanced: bool,
    },
}

impl Progress {
    /// Not yet, and nothing to show for it: ends by `PendingTimeout` if it stays so.
    pub const fn pending(wait: Duration) -> Self {
        Progress::Pending {
            wait,
            advanced: false,
        }
    }

    /// Not yet, but it got on: `PendingTimeout` counts anew from here.
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
