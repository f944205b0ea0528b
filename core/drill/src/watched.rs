//! Data about a drill's conditions and planned acts.

use std::rc::Rc;
use std::time::Duration;

use quorate_model::Time;

use crate::Spot;
use crate::stage::{Mark, Parts};

/// What a condition read that can change although nothing happens, and whether it did more than read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reads {
    /// A clock, or a running duration.
    pub(crate) time: bool,
    /// Counts of clients, which change with every call.
    pub(crate) calls: bool,
    /// It has said something to whoever follows the drill.
    pub(crate) says: bool,
}

impl Reads {
    /// Whether the condition may change although nothing happens.
    pub(crate) fn any(self) -> bool {
        self.time || self.calls
    }
}

/// The result of evaluating a condition, and what it rests on.
#[derive(Debug)]
pub(crate) struct Known<C> {
    /// The condition, with the captured variables as they were; `None` if they cannot be compared, or it changes them.
    pub(crate) captured: Option<C>,
    /// What it read, and numbers for that.
    pub(crate) parts: Parts,
    pub(crate) mark: Mark,
    /// When it was evaluated.
    pub(crate) at: Time,
    pub(crate) holds: bool,
    /// What it read that can change although nothing happens.
    pub(crate) reads: Reads,
    /// Where it went through an empty list.
    pub(crate) over_nothing: Option<Spot>,
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

/// The results of evaluating a watched condition so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Looked {
    /// For [`Promise::Sometimes`]: whether it has held.
    pub(crate) was_seen: bool,
    /// For [`Promise::Sometimes`]: whether it held at the instant it was stated.
    pub(crate) seen_at_once: bool,
    /// Whether it has ever read anything of the cluster.
    pub(crate) read: bool,
    /// Whether it was ever evaluated without going through an empty list.
    pub(crate) over_something: bool,
    /// Where it went through an empty list, as long as every evaluation has done so.
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
    /// The results so far.
    pub(crate) looked: Looked,
    /// The last evaluation.
    pub(crate) known: Option<Rc<Known<C>>>,
}

impl<C> Watch<C> {
    /// What the last evaluation read that can change although nothing happens.
    pub(crate) fn reads(&self) -> Reads {
        let known = self.known.as_ref();
        known.map(|known| known.reads).unwrap_or_default()
    }
}

/// When an act is due.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Due {
    /// On the world's clock.
    At(Time),
    /// When the cluster's local clock shows it, in milliseconds since 1970.
    Shown(i64),
}

/// An act that is planned for later.
#[derive(Clone, Debug)]
pub(crate) struct Act<C> {
    pub(crate) due: Due,
    /// How the script states it: `at("9:00")`.
    pub(crate) said: String,
    pub(crate) body: C,
    pub(crate) position: Spot,
}

/// The instant at which the local clock shows `shown`, at its present rate; now if it is past.
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
