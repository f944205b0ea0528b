//! What may break in the world around a cluster, and how it is repaired. A fault changes the world; it never dictates
//! the answers of a plugin or a node.
//!
//! The drill language creates these, worlds carry them out, journals record them. Each kind has a file: to add a
//! fault, add it to its kind here, implement its effect in the world's file of that kind, and give it a word on the
//! noun it is about.

mod chance;
mod clock;
mod disk;
mod machine;
mod names;
mod network;
mod process;
mod repair;
mod share;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Name;

pub use chance::Chance;
pub use clock::ClockFault;
pub use disk::{Damage, DiskFault, DiskPlace, Drive};
pub use machine::MachineFault;
pub use names::NameFault;
pub use network::NetworkFault;
pub use process::ProcessFault;
pub use repair::Repair;
pub use share::ShareFault;

/// The number of an injected fault, with which it is healed. Numbers count up from 1 and are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultId(pub u64);

impl fmt::Display for FaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Something broken. Faults overlap freely: a card works when no active fault says otherwise.
///
/// As text it is one sentence without a full stop, such as `NODE3 loses power`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fault {
    /// Of a machine and the cluster service on it.
    Machine(MachineFault),
    /// Of clocks.
    Clock(ClockFault),
    /// Of a network, or of cards in it.
    Network(NetworkFault),
    /// Of the name server.
    Names(NameFault),
    /// Of a disk, shared or a machine's own, and of the files on it.
    Disk(DiskFault),
    /// Of the processes behind a resource, and of what they are started from.
    Process(ProcessFault),
    /// Of the file share witness.
    Share(ShareFault),
}

impl Fault {
    /// The network or card fault in this, if it is one.
    pub fn of_network(&self) -> Option<&NetworkFault> {
        match self {
            Fault::Network(fault) => Some(fault),
            Fault::Machine(_)
            | Fault::Clock(_)
            | Fault::Names(_)
            | Fault::Disk(_)
            | Fault::Process(_)
            | Fault::Share(_) => None,
        }
    }

    /// The disk or file fault in this, if it is one.
    pub fn of_disk(&self) -> Option<&DiskFault> {
        match self {
            Fault::Disk(fault) => Some(fault),
            Fault::Machine(_)
            | Fault::Clock(_)
            | Fault::Network(_)
            | Fault::Names(_)
            | Fault::Process(_)
            | Fault::Share(_) => None,
        }
    }

    /// The witness fault in this, if it is one.
    pub fn of_share(&self) -> Option<&ShareFault> {
        match self {
            Fault::Share(fault) => Some(fault),
            Fault::Machine(_)
            | Fault::Clock(_)
            | Fault::Network(_)
            | Fault::Names(_)
            | Fault::Disk(_)
            | Fault::Process(_) => None,
        }
    }

    /// The name of what is broken: a node, network, disk or resource. `None` for a fault that is everywhere: a cut on
    /// every network, the name server, local time.
    pub fn subject(&self) -> Option<&Name> {
        match self {
            Fault::Machine(fault) => Some(fault.subject()),
            Fault::Clock(fault) => fault.subject(),
            Fault::Network(fault) => fault.subject(),
            Fault::Names(_) => None,
            Fault::Disk(fault) => Some(fault.subject()),
            Fault::Process(fault) => Some(fault.subject()),
            Fault::Share(fault) => Some(fault.subject()),
        }
    }

    /// Whether the fault lasts until it is healed. Otherwise it is over as soon as it has happened.
    pub fn stands(&self) -> bool {
        match self {
            Fault::Machine(fault) => fault.stands(),
            Fault::Clock(_) | Fault::Network(_) | Fault::Names(_) => true,
            Fault::Disk(fault) => fault.stands(),
            Fault::Process(fault) => fault.stands(),
            Fault::Share(fault) => fault.stands(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Machine(fault) => fault.fmt(f),
            Fault::Clock(fault) => fault.fmt(f),
            Fault::Network(fault) => fault.fmt(f),
            Fault::Names(fault) => fault.fmt(f),
            Fault::Disk(fault) => fault.fmt(f),
            Fault::Process(fault) => fault.fmt(f),
            Fault::Share(fault) => fault.fmt(f),
        }
    }
}

impl From<MachineFault> for Fault {
    fn from(fault: MachineFault) -> Self {
        Fault::Machine(fault)
    }
}

impl From<ClockFault> for Fault {
    fn from(fault: ClockFault) -> Self {
        Fault::Clock(fault)
    }
}

impl From<NetworkFault> for Fault {
    fn from(fault: NetworkFault) -> Self {
        Fault::Network(fault)
    }
}

impl From<NameFault> for Fault {
    fn from(fault: NameFault) -> Self {
        Fault::Names(fault)
    }
}

impl From<DiskFault> for Fault {
    fn from(fault: DiskFault) -> Self {
        Fault::Disk(fault)
    }
}

impl From<ProcessFault> for Fault {
    fn from(fault: ProcessFault) -> Self {
        Fault::Process(fault)
    }
}

impl From<ShareFault> for Fault {
    fn from(fault: ShareFault) -> Self {
        Fault::Share(fault)
    }
}

/// Durations as whole microseconds.
mod micros {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(span.as_micros()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        Ok(Duration::from_micros(u64::deserialize(from)?))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_fault_of_any_kind_is_written_flat_under_its_own_word() {
        let written = |fault: Fault| serde_json::to_string(&fault).expect("a fault is plain data");
        let node = Name::from("NODE1");
        let loss = NetworkFault::Loss {
            network: "Private".into(),
            node: None,
            per_million: Chance::of(0.2).expect("in range"),
        };
        assert_eq!(
            written(loss.into()),
            r#"{"what":"loss","network":"Private","per_million":200000}"#
        );
        assert_eq!(
            written(MachineFault::Freeze { node }.into()),
            r#"{"what":"freeze","node":"NODE1"}"#
        );
        let slow = DiskFault::SlowDisk {
            disk: Drive::Shared("Disk Q:".into()),
            delay: Duration::from_millis(2),
        };
        assert_eq!(
            written(slow.into()),
            r#"{"what":"slow-disk","disk":"Disk Q:","delay":2000}"#
        );
        let full = DiskFault::DiskFull {
            disk: Drive::System("NODE1".into()),
        };
        assert_eq!(
            written(full.into()),
            r#"{"what":"disk-full","node":"NODE1"}"#
        );
    }
}
