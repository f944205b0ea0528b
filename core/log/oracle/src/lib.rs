//! A differential oracle: this project's log and `raft` 0.7 run through the same schedules.
//!
//! A [`Schedule`] is drawn from a seed and knows neither implementation: it says when nodes crash, freeze and are cut
//! off, how lossy and slow the network is, how slow the disks are, and how long a follower waits before it campaigns.
//! Each implementation runs it in a [`World`](world::World) of its own and is judged by the same
//! [`Judge`](judge::Judge). They may elect and commit differently, since their messages differ, but both must be
//! *safe*.

pub mod judge;
pub mod ours;
pub mod replica;
pub mod schedule;
pub mod theirs;
pub mod weather;
pub mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use cpu_time::ThreadTime;
pub use quorate_log::Bug;

use crate::ours::Ours;
use crate::replica::Replica;
pub use crate::schedule::Schedule;
use crate::theirs::Theirs;
use crate::world::World;

/// The result of one implementation's run.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// How many leaders there were.
    pub elections: u64,
    /// Updates that were seen committed on the node they were proposed to.
    pub acknowledged: u64,
    /// The first broken rule, if any.
    pub broken: Option<String>,
    /// Processor time it took.
    pub cpu: Duration,
}

/// The results of one schedule.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// This project's log.
    pub ours: Run,
    /// `raft` 0.7.
    pub theirs: Run,
}

impl Comparison {
    /// One sentence if the verdicts differ, or either is bad.
    pub fn complaint(&self) -> Option<String> {
        match (&self.ours.broken, &self.theirs.broken) {
            (None, None) => None,
            (Some(ours), None) => Some(format!(
                "verdicts differ: ours breaks ({ours}), raft does not"
            )),
            (None, Some(theirs)) => Some(format!(
                "verdicts differ: raft breaks ({theirs}), ours does not"
            )),
            (Some(ours), Some(theirs)) => {
                Some(format!("both break: ours ({ours}), raft ({theirs})"))
            }
        }
    }
}

/// Runs one implementation through a schedule. A panic counts as a broken rule.
pub fn run<R: Replica>(schedule: &Schedule, bug: Option<Bug>) -> Run {
    let begun = ThreadTime::now();
    let mut world = World::<R>::new(schedule, bug);
    let broken = match catch_unwind(AssertUnwindSafe(|| world.run())) {
        Ok(Ok(())) => None,
        Ok(Err(broken)) => Some(broken),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Some(format!("a panic: {}", text.unwrap_or_default()))
        }
    };
    Run {
        elections: world.judge.elections(),
        acknowledged: world.judge.acknowledged(),
        broken,
        cpu: begun.elapsed(),
    }
}

/// Runs both implementations through a schedule; `bug` is planted in ours.
pub fn compare(schedule: &Schedule, bug: Option<Bug>) -> Comparison {
    Comparison {
        ours: run::<Ours>(schedule, bug),
        theirs: run::<Theirs>(schedule, None),
    }
}
