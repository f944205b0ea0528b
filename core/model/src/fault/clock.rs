//! Faults of clocks.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Name;

/// A machine's clock shows a wrong time, or runs at a wrong rate; or local time changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum ClockFault {
    /// The machine's civil time jumps. Healing sets it right. No timer depends on it.
    ClockStep {
        /// The machine.
        node: Name,
        /// The jump in milliseconds; below zero it goes back.
        by_ms: i64,
    },
    /// The machine's clocks, and with them all its timers, run fast or slow. Healing gives them their old rate back;
    /// they keep the time they have gained or lost.
    ClockDrift {
        /// The machine.
        node: Name,
        /// Gain in parts per million; below zero it is a loss.
        ppm: i32,
    },
    /// Local time moves against UTC, which does not change: daylight saving begins, or a machine is in another time
    /// zone.
    LocalTime {
        /// The machine; `None` is everywhere.
        node: Option<Name>,
        /// The move in minutes; below zero it goes back.
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

/// The direction and the length of a change.
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
