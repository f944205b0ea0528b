//! Faults of machines.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Repair;
use crate::Name;

/// A machine, or the cluster service on it, fails.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum MachineFault {
    /// A machine loses power. Healing switches it on.
    Crash {
        /// The machine.
        node: Name,
    },
    /// A machine is going to lose power in the middle of its next write to a file. Healing before that takes it
    /// back; afterwards it switches the machine on.
    CrashWriting {
        /// The machine.
        node: Name,
        /// The file, on whichever disk.
        file: String,
        /// How many bytes of that write reach the disk.
        kept: u64,
    },
    /// A machine stands still. Healing thaws it.
    Freeze {
        /// The machine.
        node: Name,
    },
    /// The resource monitor of a machine stands still: it carries out no command and checks no resource. The cluster
    /// service and the processes that the monitor started go on. Healing lets it go on, unless it has been replaced.
    MonitorHang {
        /// The machine.
        node: Name,
    },
    /// A machine's fan stands still, and the machine runs at a third of its speed so as not to burn: whatever its processors
    /// do takes three times as long. Healing puts in another fan. Switching the machine off and on does not.
    FanFailure {
        /// The machine.
        node: Name,
    },
    /// The cluster service's process was killed. Healing starts the service.
    ServiceStop {
        /// The machine.
        node: Name,
    },
    /// The cluster service's process is killed and started again at once. The resource monitor of its old boot, with
    /// everything that it runs, goes on. There is nothing to heal.
    ServiceRestart {
        /// The machine.
        node: Name,
    },
}

impl MachineFault {
    /// The machine.
    pub fn subject(&self) -> &Name {
        match self {
            MachineFault::Crash { node }
            | MachineFault::CrashWriting { node, .. }
            | MachineFault::Freeze { node }
            | MachineFault::MonitorHang { node }
            | MachineFault::FanFailure { node }
            | MachineFault::ServiceStop { node }
            | MachineFault::ServiceRestart { node } => node,
        }
    }

    pub(super) fn stands(&self) -> bool {
        match self {
            MachineFault::Crash { .. }
            | MachineFault::CrashWriting { .. }
            | MachineFault::Freeze { .. }
            | MachineFault::MonitorHang { .. }
            | MachineFault::FanFailure { .. }
            | MachineFault::ServiceStop { .. } => true,
            MachineFault::ServiceRestart { .. } => false,
        }
    }

    pub(super) fn is_mended_by(&self, repair: &Repair) -> bool {
        match self {
            MachineFault::Freeze { node } => matches!(repair, Repair::Thaw(it) if it == node),
            MachineFault::MonitorHang { node } => {
                matches!(repair, Repair::Monitor(it) if it == node)
            }
            MachineFault::Crash { .. }
            | MachineFault::CrashWriting { .. }
            | MachineFault::FanFailure { .. }
            | MachineFault::ServiceStop { .. }
            | MachineFault::ServiceRestart { .. } => false,
        }
    }
}

impl fmt::Display for MachineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MachineFault::Crash { node } => write!(f, "{node} loses power"),
            MachineFault::CrashWriting { node, file, kept } => write!(
                f,
                "{node} loses power after {kept} bytes of its next write to {file}"
            ),
            MachineFault::Freeze { node } => write!(f, "{node} freezes"),
            MachineFault::MonitorHang { node } => {
                write!(f, "the resource monitor of {node} stands still")
            }
            MachineFault::FanFailure { node } => {
                write!(
                    f,
                    "the fan of {node} fails, and {node} runs at a third of its speed"
                )
            }
            MachineFault::ServiceStop { node } => {
                write!(f, "the cluster service of {node} is killed")
            }
            MachineFault::ServiceRestart { node } => write!(
                f,
                "the cluster service of {node} is killed and started again while its services run"
            ),
        }
    }
}
