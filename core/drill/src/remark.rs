//! Remarks: parts of a successful drill that show nothing.

use quorate_model::Time;
use serde::{Deserialize, Serialize};

use crate::Place;

/// The kinds of remarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RemarkKind {
    /// An `eventually` held before any time passed, or a `sometimes` at the instant it was stated: nothing was waited
    /// for.
    HeldAtOnce,
    /// The drill ended before anybody in the cluster noticed one of its faults, or that fault had no effect.
    Unnoticed,
    /// The drill expects nothing at all.
    NothingExpected,
    /// Nothing is expected after the drill's last fault.
    NothingAfterFault,
    /// A condition read nothing of the cluster, so its result is always the same.
    ReadNothing,
    /// A condition held only because a list was empty: `all` over no items.
    OverNothing,
    /// No time passed after a watched condition was stated.
    NeverLookedAt,
    /// An expectation was not met, and the script caught the error.
    Caught,
    /// The run never reached an expectation in the drill's text: it is in a loop over nothing, in a branch that was
    /// not taken, or after an error that did not come.
    NotReached,
}

impl RemarkKind {
    /// Every kind.
    pub const ALL: [RemarkKind; 9] = [
        Self::HeldAtOnce,
        Self::Unnoticed,
        Self::NothingExpected,
        Self::NothingAfterFault,
        Self::ReadNothing,
        Self::OverNothing,
        Self::NeverLookedAt,
        Self::Caught,
        Self::NotReached,
    ];

    /// Its name, as output and journal have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HeldAtOnce => "held-at-once",
            Self::Unnoticed => "unnoticed",
            Self::NothingExpected => "nothing-expected",
            Self::NothingAfterFault => "nothing-after-fault",
            Self::ReadNothing => "read-nothing",
            Self::OverNothing => "over-nothing",
            Self::NeverLookedAt => "never-looked-at",
            Self::Caught => "caught",
            Self::NotReached => "not-reached",
        }
    }
}

/// A part of a drill that shows nothing. A remark does not change the verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// What it is about.
    pub kind: RemarkKind,
    /// When it was made.
    pub at: Time,
    /// The place in the script it is about.
    pub place: Option<Place>,
    /// One sentence.
    pub text: String,
}
