//! Bounds on what may happen at one instant.

use std::fmt;

/// How often node and monitor may answer each other at one instant before that counts as a bug: well above the
/// longest chain of dependencies, and low enough for all that they pile up meanwhile.
pub const EXCHANGES_MAX: u32 = 500;
/// How often a timer may be due at one instant before that counts as a bug.
pub const WAKES_MAX: u32 = 1_000;

/// How node or monitor keeps time from going on, or the service from working. As text it is the rest of a sentence that begins with the machine's
/// name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stuck {
    /// They answer each other again and again.
    Exchange,
    /// A timer is due again and again.
    Timer,
    /// A resource monitor has panicked.
    Monitor,
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stuck::Exchange => {
                "node and resource monitor go on answering each other at one instant"
            }
            Stuck::Timer => "a timer is due again and again at one instant",
            Stuck::Monitor => "a resource monitor has ended by a mistake of its own",
        })
    }
}
