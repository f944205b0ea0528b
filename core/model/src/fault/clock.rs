//! Faults of clocks.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Name;

/// A machine's clock shows a wrong time, or runs at a wrong rate; or local time changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum ClockFault {
    /// The machine's civil time is stepped. Healing sets it right. No timer runs by it.
    ClockStep {
        /// The machine.
        node: Name,
        /// By so many milliseconds; back, below zero.
        by_ms: i64,
    },
    /// The machine's clocks run fast or slow, and all its timers with them. Healing lets them run as they did; what they
    /// have gained, they keep.
    ClockDrift {
        /// The machine.
        node: Name,
        /// Parts per million that they gain, or lose, below zero.
        ppm: i32,
    },
    /// Local time moves against UTC, which goes on: daylight saving begins, or a machine is in another time zone.
    LocalTime {
        /// The machine; `None` is everywhere.
        node: Option<Name>,
        /// By so many minutes; back, below zero.
        by_minutes: i32,
    },
}

impl ClockFault {
    pub(super) fn subject(&self) -> Option<&Name> {
        match self {
            ClockFault::ClockStep { node, .. } | ClockFault::ClockDrift { node, .. } => Some(node),
            ClockFault::LocalTime { node, .. } => node.as_ref(),
        }
    }
}

/// Which way, and by how much.
fn set(f: &mut fmt::Formatter<'_>, by_ms: i64) -> fmt::Result {
    let way = if by_ms < 0 { "back" } else { "forward" };
    let by = Duration::from_millis(by_ms.unsigned_abs());
    write!(f, "is set {way} by {by:?}")
}

impl fmt::Display for ClockFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClockFault::ClockStep { node, by_ms } => {
                write!(f, "the clock of {node} ")?;
                set(f, *by_ms)
            }
            ClockFault::ClockDrift { node, ppm } => {
                write!(f, "the clock of {node} gains {ppm} microseconds a second")
            }
            ClockFault::LocalTime { node, by_minutes } => {
                match node {
                    Some(node) => write!(f, "local time on {node} ")?,
                    None => write!(f, "local time ")?,
                }
                set(f, i64::from(*by_minutes) * 60_000)
            }
        }
    }
}
