//! Faults of disks and of files on them.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Chance, Repair, micros};
use crate::Name;

/// One of the disks there are. As text, `disk Disk Q:` or `the system disk of NODE1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Drive {
    /// A shared disk, by its name.
    #[serde(rename = "disk")]
    Shared(Name),
    /// A machine's own disk, by the machine's name. The cluster service's files are there, and the programs that
    /// resources start.
    #[serde(rename = "node")]
    System(Name),
}

impl Drive {
    /// The shared disk, or the machine whose system disk it is.
    pub fn name(&self) -> &Name {
        match self {
            Drive::Shared(name) | Drive::System(name) => name,
        }
    }
}

impl fmt::Display for Drive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Drive::Shared(disk) => write!(f, "disk {disk}"),
            Drive::System(node) => write!(f, "the system disk of {node}"),
        }
    }
}

/// A disk fails, or something on it is not what was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum DiskFault {
    /// A disk reports errors.
    Disk {
        /// The disk.
        #[serde(flatten)]
        disk: Drive,
    },
    /// A disk takes longer.
    SlowDisk {
        /// The disk.
        #[serde(flatten)]
        disk: Drive,
        /// Extra time for each request.
        #[serde(with = "micros")]
        delay: Duration,
    },
    /// A disk takes longer for some requests.
    UnsteadyDisk {
        /// The disk.
        #[serde(flatten)]
        disk: Drive,
        /// How many requests are late, of a million.
        per_million: Chance,
        /// The longest delay of one request.
        #[serde(with = "micros")]
        by: Duration,
    },
    /// A disk neither carries requests out nor reports errors. Healing lets it do everything that waits.
    HungDisk {
        /// The disk.
        #[serde(flatten)]
        disk: Drive,
    },
    /// A disk has no room left: what would make a file longer is refused.
    DiskFull {
        /// The disk.
        #[serde(flatten)]
        disk: Drive,
    },
    /// A disk can be read, and refuses every write.
    ReadOnlyDisk {
        /// The disk.
        #[serde(flatten)]
        disk: Drive,
    },
    /// A disk takes writes and cannot flush them: whoever waits for the flush gets an error. The data can be read
    /// until the machine loses power or the disk is dismounted; then it is lost, even if a later flush succeeded.
    FlushFails {
        /// The disk.
        #[serde(flatten)]
        disk: Drive,
    },
    /// A machine gets no answer from a shared disk that others reach.
    Path {
        /// The machine.
        node: Name,
        /// The disk.
        disk: Name,
    },
    /// A host outside the cluster has reset the bus and holds a shared disk's reservation against everybody. Healing
    /// makes it give the reservation up.
    Stolen {
        /// The disk.
        disk: Name,
    },
    /// Part of a file is damaged or gone. There is nothing to heal.
    FileDamage {
        /// The shared disk, or the machine whose system disk it is.
        disk: Name,
        /// The file.
        file: String,
        /// What is wrong with it.
        damage: Damage,
    },
    /// Everything on a machine's system disk is gone. There is nothing to heal.
    Wipe {
        /// The machine.
        node: Name,
    },
}

/// How a file may be damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Damage {
    /// A bit of one byte is flipped.
    FlippedBit {
        /// Which byte, from 0; the one in the middle if none is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        byte: Option<u64>,
    },
    /// The last bytes never got to the disk.
    LostTail {
        /// How many.
        bytes: u64,
    },
    /// There is no such file any more.
    Lost,
}

/// The place of a disk fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskPlace<'a> {
    /// A disk, which works wrongly for everybody until it is healed.
    Drive(&'a Drive),
    /// Something that concerns a shared disk although the disk itself works: a host outside holds it, or one of its
    /// files is damaged. For a file on a system disk this is the machine's name.
    Shared(&'a Name),
    /// The path between a machine and a shared disk.
    Path {
        /// The machine.
        node: &'a Name,
        /// The disk.
        disk: &'a Name,
    },
    /// A machine's system disk as a whole.
    Machine(&'a Name),
}

impl DiskFault {
    /// Where it is.
    pub fn place(&self) -> DiskPlace<'_> {
        match self {
            DiskFault::Disk { disk }
            | DiskFault::SlowDisk { disk, .. }
            | DiskFault::UnsteadyDisk { disk, .. }
            | DiskFault::HungDisk { disk }
            | DiskFault::DiskFull { disk }
            | DiskFault::ReadOnlyDisk { disk }
            | DiskFault::FlushFails { disk } => DiskPlace::Drive(disk),
            DiskFault::Stolen { disk } | DiskFault::FileDamage { disk, .. } => {
                DiskPlace::Shared(disk)
            }
            DiskFault::Path { node, disk } => DiskPlace::Path { node, disk },
            DiskFault::Wipe { node } => DiskPlace::Machine(node),
        }
    }

    /// The disk that works wrongly for everybody until it is healed.
    pub fn drive(&self) -> Option<&Drive> {
        match self.place() {
            DiskPlace::Drive(disk) => Some(disk),
            DiskPlace::Shared(_) | DiskPlace::Path { .. } | DiskPlace::Machine(_) => None,
        }
    }

    /// The shared disk, or the machine whose system disk or path it is.
    pub fn subject(&self) -> &Name {
        match self.place() {
            DiskPlace::Drive(disk) => disk.name(),
            DiskPlace::Shared(name)
            | DiskPlace::Path { node: name, .. }
            | DiskPlace::Machine(name) => name,
        }
    }

    pub(super) fn stands(&self) -> bool {
        match self {
            DiskFault::FileDamage { .. } | DiskFault::Wipe { .. } => false,
            DiskFault::Path { .. } | DiskFault::Stolen { .. } => true,
            DiskFault::Disk { .. }
            | DiskFault::SlowDisk { .. }
            | DiskFault::UnsteadyDisk { .. }
            | DiskFault::HungDisk { .. }
            | DiskFault::DiskFull { .. }
            | DiskFault::ReadOnlyDisk { .. }
            | DiskFault::FlushFails { .. } => true,
        }
    }

    pub(super) fn is_mended_by(&self, repair: &Repair) -> bool {
        match (self, repair) {
            (DiskFault::Path { node, disk }, Repair::Path { node: n, disk: d }) => {
                n == node && d == disk
            }
            (DiskFault::Stolen { disk }, Repair::Disk(Drive::Shared(it))) => it == disk,
            (_, Repair::Disk(it)) => self.drive() == Some(it),
            _ => false,
        }
    }
}

impl fmt::Display for DiskFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DiskFault::Disk { disk } => write!(f, "{disk} fails"),
            DiskFault::SlowDisk { disk, delay } => write!(f, "{disk} slows down by {delay:?}"),
            DiskFault::UnsteadyDisk {
                disk,
                per_million,
                by,
            } => write!(
                f,
                "{disk} takes up to {by:?} longer for {per_million} of requests"
            ),
            DiskFault::HungDisk { disk } => write!(f, "{disk} hangs"),
            DiskFault::DiskFull { disk } => write!(f, "{disk} is full"),
            DiskFault::ReadOnlyDisk { disk } => write!(f, "{disk} is write-protected"),
            DiskFault::FlushFails { disk } => write!(f, "{disk} cannot flush what is written"),
            DiskFault::Path { node, disk } => write!(f, "{node} loses its path to disk {disk}"),
            DiskFault::Stolen { disk } => {
                write!(
                    f,
                    "a host outside the cluster takes the reservation of disk {disk}"
                )
            }
            DiskFault::FileDamage { disk, file, damage } => match damage {
                Damage::FlippedBit { byte: Some(byte) } => {
                    write!(f, "a bit of byte {byte} of {file} on {disk} is flipped")
                }
                Damage::FlippedBit { byte: None } => {
                    write!(f, "a bit in the middle of {file} on {disk} is flipped")
                }
                Damage::LostTail { bytes } => {
                    write!(f, "the last {bytes} bytes of {file} on {disk} are lost")
                }
                Damage::Lost => write!(f, "{file} on {disk} is lost"),
            },
            DiskFault::Wipe { node } => write!(f, "the system disk of {node} is wiped"),
        }
    }
}
