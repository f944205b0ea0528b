//! The readable state of the world: as an operator's console shows it, and as it really is.

use std::time::Duration;

use quorate_model::{Name, Reason, Time};

/// The real state of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MachineStatus {
    /// Whether it has power.
    pub powered: bool,
    /// Whether it stands still.
    pub frozen: bool,
    /// Whether its cluster service runs.
    pub service_running: bool,
}

/// The number of an administrator's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// The result of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// No answer yet.
    Pending,
    /// Done, or accepted.
    Done,
    /// A control code was answered with these bytes.
    Answered(Vec<u8>),
    /// Refused, and why.
    Refused(Reason),
    /// The node that was asked stopped before it answered.
    Lost {
        /// Who was asked.
        node: Name,
    },
}

/// How long a group was out of service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outage {
    /// The total, counted from the first time the group was in full service.
    pub total: Duration,
    /// How much of that was planned: the outage began with an administrator's move or offline, an ordered stop of the
    /// node's service, or a failback, and nothing has failed since.
    pub planned: Duration,
    /// The longest one.
    pub longest: Duration,
    /// How many there were, including the present one.
    pub count: u32,
    /// When it was in full service for the first time; `None` if it never was.
    pub first_online: Option<Time>,
}
