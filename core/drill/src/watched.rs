//! What is kept of a drill's conditions and of what is to come: no more than data.

use std::time::Duration;

use quorate_model::Time;

use crate::Spot;

/// What a condition read that changes without anything happening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reads {
    /// A clock, or a duration that runs.
    pub(crate) time: bool,
    /// What clients count: it changes with every call.
    pub(crate) calls: bool,
}

impl Reads {
    /// Whether the condition may turn although nothing happens.
    pub(crate) fn any(self) -> bool {
        self.time || self.calls
    }
}

/// What a watched condition promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// It holds at every instant from now on.
    Always,
    /// It holds at none.
    Never,
    /// It holds before and after the body.
    Steady,
    /// It holds at some instant.
    Sometimes,
}

impl Promise {
    /// The word that makes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Never => "never",
            Self::Steady => "steady",
            Self::Sometimes => "sometimes",
        }
    }
}

/// What the looks at a watched condition have shown so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Looked {
    /// For [`Promise::Sometimes`]: whether it was seen.
    pub(crate) was_seen: bool,
    /// The same, at the instant it was stated.
    pub(crate) seen_at_once: bool,
    /// Whether it has read anything of the cluster.
    pub(crate) read: bool,
    /// Whether it has ever held, or not held, for anything.
    pub(crate) over_something: bool,
    /// Where it went through an empty list, as long as it has never gone through any other.
    pub(crate) over_nothing: Option<Spot>,
}

/// A watched condition.
#[derive(Clone, Debug)]
pub(crate) struct Watch<C> {
    /// Its name in reports.
    pub(crate) name: String,
    /// What it promises.
    pub(crate) promise: Promise,
    /// The condition.
    pub(crate) condition: C,
    /// Where the script states it.
    pub(crate) position: Spot,
    /// When it was stated.
    pub(crate) since: Time,
    /// What was seen of it.
    pub(crate) looked: Looked,
    /// Whether it held when it was last looked at.
    pub(crate) holds: bool,
    /// What it read then that changes without anything happening.
    pub(crate) reads: Reads,
}

/// When an act is due.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Due {
    /// On the world's clock.
    At(Time),
    /// When the cluster's local clock shows it, in milliseconds since 1970.
    Shown(i64),
}

/// Something that is to happen while the drill waits.
#[derive(Clone, Debug)]
pub(crate) struct Act<C> {
    pub(crate) due: Due,
    /// As the script says it: `at("9:00")`.
    pub(crate) said: String,
    pub(crate) body: C,
    pub(crate) position: Spot,
}

/// When the local clock shows `shown`, as it goes now; at once if it shows more already.
pub(crate) fn instant_of(shown: i64, (now, civil): (Time, i64)) -> Time {
    let ahead = u64::try_from(shown.saturating_sub(civil)).unwrap_or(0);
    // The clock shows whole milliseconds.
    let since = if ahead == 0 { 0 } else { now.0 % 1_000 };
    Time(now.0 - since) + Duration::from_millis(ahead)
}

impl Due {
    pub(crate) fn instant(self, clocks: (Time, i64)) -> Time {
        match self {
            Due::At(time) => time,
            Due::Shown(shown) => instant_of(shown, clocks),
        }
    }
}
