//! Whole clusters under random faults: drawn from a seed, run, shrunk, kept as text, run again.
//!
//! A run is a cluster and a list of [`Step`]s: a fault or the work of an administrator, after which time passes. At
//! the end all faults are healed, every machine is switched on and resumed, and everything that can be in service
//! must be.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "shared by tests and an example"
)]

mod act;
mod admin;
mod cluster;
mod dice;
mod disk;
mod draw;
mod heal;
pub mod kinds;
mod text;

use std::sync::Arc;
use std::time::Duration;

use quorate_host::{PluginSet, search_folders};
use quorate_machine::Monitors;
use quorate_sim::World;

pub use act::{Act, Datagrams, Switch};
pub use cluster::{Cluster, Failback, Kind};
pub use disk::Trouble;
pub use heal::heal;

use crate::support::PlainMonitors;

thread_local! {
    static SHIPPED: Arc<PluginSet> = {
        let set = PluginSet::load(&search_folders(&[])).unwrap_or_else(|errors| panic!("{errors}"));
        Arc::new(set)
    };
}

/// The resource monitor of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The shipped monitor, with the shipped plugins.
    Shipped,
    /// The tests' own plain monitor.
    Plain,
}

impl By {
    fn monitors(self) -> Box<dyn Monitors> {
        match self {
            By::Shipped => Box::new(SHIPPED.with(Arc::clone)),
            By::Plain => Box::new(PlainMonitors),
        }
    }
}

/// An act, after which time passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub act: Act,
    pub wait: Duration,
}

/// A cluster and what happens to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Seed of the world.
    pub seed: u64,
    pub cluster: Cluster,
    /// Planted: nodes take over without waiting.
    pub haste: bool,
    pub steps: Vec<Step>,
}

/// A failure: a word, by which failures are compared, and a full description.
#[derive(Clone, Debug)]
pub struct Failure {
    pub what: String,
    pub detail: String,
}

impl Scenario {
    /// Runs it with the shipped monitor. Also returns the world at its end.
    pub fn run(&self) -> (World, Result<(), Failure>) {
        self.run_by(By::Shipped)
    }

    /// Runs it. Also returns the world at its end.
    pub fn run_by(&self, by: By) -> (World, Result<(), Failure>) {
        self.run_in(self.cluster.world(self.seed, by.monitors(), true))
    }

    /// As [`run_by`](Self::run_by), with nothing checked twice: in the way that drills go.
    pub fn run_as_drills(&self, by: By) -> (World, Result<(), Failure>) {
        self.run_in(self.cluster.world(self.seed, by.monitors(), false))
    }

    /// Carries its steps out, and calls `look` whenever anything has changed.
    pub fn followed(&self, by: By, mut look: impl FnMut(&World)) {
        let mut world = self.cluster.world(self.seed, by.monitors(), false);
        world.start_all();
        for (act, wait) in [(None, Duration::from_secs(300))]
            .into_iter()
            .chain(self.steps.iter().map(|step| (Some(&step.act), step.wait)))
        {
            if let Some(act) = act {
                act.carry_out(&mut world);
            }
            let until = world.now() + wait;
            while world.run_until_change(until) {
                look(&world);
            }
        }
    }

    fn run_in(&self, mut world: World) -> (World, Result<(), Failure>) {
        if self.haste {
            world.plant_haste();
        }
        world.start_all();
        world.settle(Duration::from_secs(600));
        let mut result = sound(&world);
        for step in &self.steps {
            if result.is_err() {
                return (world, result);
            }
            step.act.carry_out(&mut world);
            world.run_for(step.wait);
            result = sound(&world);
        }
        if result.is_ok() {
            result = heal(&mut world);
        }
        (world, result)
    }

    /// The same failure with fewer steps: removes smaller and smaller pieces as long as the run fails in the same
    /// way. Stops after `runs` runs.
    pub fn shrink(mut self, by: By, failure: &Failure, mut runs: u32) -> Scenario {
        let mut piece = self.steps.len().div_ceil(2);
        while piece > 0 {
            let mut at = 0;
            while at < self.steps.len() && runs > 0 {
                let mut fewer = self.clone();
                fewer.steps.drain(at..(at + piece).min(self.steps.len()));
                runs -= 1;
                match fewer.run_by(by).1 {
                    Err(other) if other.what == failure.what => self = fewer,
                    _ => at += piece,
                }
            }
            piece /= 2;
        }
        self
    }
}

/// Checks that no invariant was broken.
fn sound(world: &World) -> Result<(), Failure> {
    match world.breaches().first() {
        None => Ok(()),
        Some(breach) => Err(Failure {
            what: format!("breach of {}", breach.invariant),
            detail: format!("{breach:?}"),
        }),
    }
}
