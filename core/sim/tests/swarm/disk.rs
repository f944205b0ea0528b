//! Faults of disks, shared or a machine's own.

use std::fmt;
use std::time::Duration;

use quorate_model::{Chance, DiskFault, Drive};

/// A fault of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    Fails,
    /// Each request takes this many milliseconds longer.
    Slows(u64),
    /// This many per cent of its requests take up to this many milliseconds longer.
    Unsteady(u64, u64),
    Hangs,
    Full,
    ReadOnly,
    FlushFails,
}

impl Trouble {
    pub fn fault(self, disk: Drive) -> Option<DiskFault> {
        Some(match self {
            Trouble::Fails => DiskFault::Disk { disk },
            Trouble::Slows(ms) => DiskFault::SlowDisk {
                disk,
                delay: Duration::from_millis(ms),
            },
            Trouble::Unsteady(percent, ms) => DiskFault::UnsteadyDisk {
                disk,
                per_million: Chance::of(percent as f64 / 100.0)?,
                by: Duration::from_millis(ms),
            },
            Trouble::Hangs => DiskFault::HungDisk { disk },
            Trouble::Full => DiskFault::DiskFull { disk },
            Trouble::ReadOnly => DiskFault::ReadOnlyDisk { disk },
            Trouble::FlushFails => DiskFault::FlushFails { disk },
        })
    }

    /// Writes the fault with the disk's number and its duration.
    pub fn write(
        self,
        f: &mut fmt::Formatter<'_>,
        whose: &str,
        disk: usize,
        ms: u64,
    ) -> fmt::Result {
        match self {
            Trouble::Fails => write!(f, "{whose}disk-fails {disk}"),
            Trouble::Slows(by) => write!(f, "{whose}disk-slows {disk} {by}"),
            Trouble::Unsteady(percent, by) => {
                write!(f, "{whose}disk-unsteady {disk} {percent} {by}")
            }
            Trouble::Hangs => write!(f, "{whose}disk-hangs {disk}"),
            Trouble::Full => write!(f, "{whose}disk-full {disk}"),
            Trouble::ReadOnly => write!(f, "{whose}disk-read-only {disk}"),
            Trouble::FlushFails => write!(f, "{whose}disk-flush-fails {disk}"),
        }?;
        match ms {
            0 => Ok(()),
            _ => write!(f, " {ms}"),
        }
    }

    /// Reads the output of [`write`](Self::write): the fault, the disk's number, and its duration.
    pub fn read(word: &str, numbers: &[u64]) -> Option<(Trouble, usize, u64)> {
        let (disk, rest) = numbers.split_first()?;
        let (trouble, rest) = match (word, rest) {
            ("disk-fails", rest) => (Trouble::Fails, rest),
            ("disk-slows", [by, rest @ ..]) => (Trouble::Slows(*by), rest),
            ("disk-unsteady", [percent, by, rest @ ..]) => (Trouble::Unsteady(*percent, *by), rest),
            ("disk-hangs", rest) => (Trouble::Hangs, rest),
            ("disk-full", rest) => (Trouble::Full, rest),
            ("disk-read-only", rest) => (Trouble::ReadOnly, rest),
            ("disk-flush-fails", rest) => (Trouble::FlushFails, rest),
            _ => return None,
        };
        let ms = match rest {
            [] => 0,
            [ms] => *ms,
            _ => return None,
        };
        Some((trouble, *disk as usize, ms))
    }
}
