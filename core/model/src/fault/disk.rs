//! Faults of disks and files.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::{Repair, micros};
use crate::Name;

/// A disk fails, or something on it is not what was written.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum DiskFault {
    /// A disk reports errors.
    Disk {
        /// The disk.
        disk: Name,
    },
    /// A disk takes longer.
    SlowDisk {
        /// The disk.
        disk: Name,
        /// What each request takes on top.
        #[serde(serialize_with = "micros")]
        delay: Duration,
    },
    /// Part of a file is not what was written, or gone. There is nothing to heal.
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

/// What may be wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Damage {
    /// A bit of one byte is flipped.
    FlippedBit {
        /// Which byte, from 0; the one in the middle if none is named.
        #[serde(skip_serializing_if = "Option::is_none")]
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

impl DiskFault {
    /// The shared disk, or the machine whose system disk it is.
    pub fn subject(&self) -> &Name {
        match self {
            DiskFault::Disk { disk }
            | DiskFault::SlowDisk { disk, .. }
            | DiskFault::FileDamage { disk, .. } => disk,
            DiskFault::Wipe { node } => node,
        }
    }

    pub(super) fn stands(&self) -> bool {
        match self {
            DiskFault::Disk { .. } | DiskFault::SlowDisk { .. } => true,
            DiskFault::FileDamage { .. } | DiskFault::Wipe { .. } => false,
        }
    }

    pub(super) fn is_mended_by(&self, repair: &Repair) -> bool {
        match self {
            DiskFault::Disk { disk } | DiskFault::SlowDisk { disk, .. } => {
                matches!(repair, Repair::Disk(it) if it == disk)
            }
            DiskFault::FileDamage { .. } | DiskFault::Wipe { .. } => false,
        }
    }
}

impl fmt::Display for DiskFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DiskFault::Disk { disk } => write!(f, "disk {disk} fails"),
            DiskFault::SlowDisk { disk, delay } => {
                write!(f, "disk {disk} slows down by {delay:?}")
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
