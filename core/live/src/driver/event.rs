//! What the node's thread waits for: everything that happens comes to it on one channel.

use quorate_node::{DiskDone, WitnessReply};

use crate::control::Asked;
use crate::monitors::Reported;
use crate::net::Arrival;

/// Something that happened.
#[derive(Debug)]
pub(super) enum Happened {
    /// Bytes came in on a network.
    Arrived(Arrival),
    /// A disk request of this boot ended.
    Disk {
        /// The boot that had asked.
        boot: u64,
        /// What came of it.
        done: DiskDone,
    },
    /// A file share witness has answered a question of this boot.
    Witness {
        /// The boot that had asked.
        boot: u64,
        /// The answer.
        reply: WitnessReply,
    },
    /// A resource monitor has something to report.
    Reported(Reported),
    /// Somebody asks by the control socket.
    Asked(Asked),
    /// The node is to stop in order; at once, if it is told so again.
    Stop,
    /// The node file is to be read again.
    Reload,
}
