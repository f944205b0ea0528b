//! Outages, and what they were spent on.

use std::time::Duration;

use quorate_model::{Name, Time};

/// What a part of an outage was spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PhaseKind {
    /// Something failed, and the cluster does not know it yet.
    Detect,
    /// The cluster knows, and has not decided what to do: it makes sure, or waits until it may.
    Decide,
    /// Nothing is to be done for now: no node can take the group, it rests between two rounds, there is no quorum, or it is
    /// offline on purpose.
    Wait,
    /// What still ran goes offline.
    Offline,
    /// The group is at its new owner, which arbitrates for its disks.
    Move,
    /// Its resources come online.
    Online,
}

impl PhaseKind {
    /// Every one, in the order in which they usually come.
    pub const ALL: [PhaseKind; 6] = [
        PhaseKind::Detect,
        PhaseKind::Decide,
        PhaseKind::Wait,
        PhaseKind::Offline,
        PhaseKind::Move,
        PhaseKind::Online,
    ];

    /// In one word, as reports spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            PhaseKind::Detect => "detect",
            PhaseKind::Decide => "decide",
            PhaseKind::Wait => "wait",
            PhaseKind::Offline => "offline",
            PhaseKind::Move => "move",
            PhaseKind::Online => "online",
        }
    }

    /// One sentence that says what it is.
    pub const fn text(self) -> &'static str {
        match self {
            PhaseKind::Detect => "from the failure until the cluster knew of it",
            PhaseKind::Decide => "until the cluster had decided what to do",
            PhaseKind::Wait => "nothing could or should be done",
            PhaseKind::Offline => "until what still ran was offline",
            PhaseKind::Move => "until the new owner had the group's disks",
            PhaseKind::Online => "until everything was online again",
        }
    }
}

/// A part of an outage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// What it was spent on.
    pub kind: PhaseKind,
    /// From when.
    pub from: Time,
    /// Until when.
    pub to: Time,
    /// The number of the event that began it.
    pub n: u64,
}

impl Phase {
    /// How long it took.
    pub fn lasted(&self) -> Duration {
        self.to - self.from
    }
}

/// The resource that took longest to come online.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slowest {
    /// Its name.
    pub resource: Name,
    /// When it began to come online.
    pub from: Time,
    /// When it was.
    pub to: Time,
    /// The number of the event by which it was.
    pub n: u64,
}

/// A time in which a group was out of service, having been in service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// When it began.
    pub from: Time,
    /// When it ended, or the run did.
    pub to: Time,
    /// Whether it still lasted when the run ended.
    pub open: bool,
    /// The number of the event that tells of its begin.
    pub began: u64,
    /// The number of the event that tells of its end.
    pub ended: Option<u64>,
    /// Whether it began because somebody wanted it: a move, an offline, an ordered stop, a failback.
    pub planned: bool,
    /// When something failed in an outage that was planned: unplanned from then on.
    pub spoilt: Option<Time>,
    /// The owner as it began.
    pub from_node: Option<Name>,
    /// The owner as it ended.
    pub to_node: Option<Name>,
    /// What it was spent on, in order and without gaps. A kind comes again where something failed again.
    pub phases: Vec<Phase>,
    /// The number of the first event by which the cluster knew of it.
    pub detected: Option<u64>,
    /// The number of the first event that is a decision about it.
    pub decided: Option<u64>,
    /// The resource that took longest to come online.
    pub slowest: Option<Slowest>,
}

impl Outage {
    /// How long it lasted.
    pub fn lasted(&self) -> Duration {
        self.to - self.from
    }

    /// The planned part of it.
    pub fn planned(&self) -> Duration {
        match (self.planned, self.spoilt) {
            (false, _) => Duration::ZERO,
            (true, None) => self.lasted(),
            (true, Some(spoilt)) => spoilt - self.from,
        }
    }

    /// The time spent in phases of this kind.
    pub fn spent(&self, kind: PhaseKind) -> Duration {
        let of_kind = self.phases.iter().filter(|it| it.kind == kind);
        of_kind.map(Phase::lasted).sum()
    }

    /// The kind of phase that most of the time went to.
    pub fn longest(&self) -> Option<PhaseKind> {
        // Of two equal ones the first.
        PhaseKind::ALL
            .into_iter()
            .filter(|kind| self.phases.iter().any(|it| it.kind == *kind))
            .rev()
            .max_by_key(|kind| self.spent(*kind))
    }
}
