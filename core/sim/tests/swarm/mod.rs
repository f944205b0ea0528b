//! Whole clusters under random faults: drawn from a seed, run, shrunk, kept as text, run again.
//!
//! A run is a cluster and a list of [`Step`]s: something breaks or an administrator does something, then time passes. At
//! the end all faults are healed, every machine is switched on and resumed, and everything that can be in service must
//! be.
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

/// What calls the resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The resource monitor that ships, with the plugins that ship.
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

/// Something happens, then time passes.
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

/// What went wrong: in a word, by which failures are compared, and in full.
#[derive(Clone, Debug)]
pub struct Failure {
    pub what: String,
    pub detail: String,
}

impl Scenario {
    /// Runs it with what ships. The world is given back as it ended.
    pub fn run(&self) -> (World, Result<(), Failure>) {
        self.run_by(By::Shipped)
    }

    /// Runs it. The world is given back as it ended.
    pub fn run_by(&self, by: By) -> (World, Result<(), Failure>) {
        let mut world = self.cluster.world(self.seed, by.monitors());
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

    /// The same failure with fewer steps: takes out ever smaller pieces while it still fails alike. Gives
    /// up shrinking after so many runs.
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

/// Whether everything held that must hold.
fn sound(world: &World) -> Result<(), Failure> {
    match world.breaches().first() {
        None => Ok(()),
        Some(breach) => Err(Failure {
            what: format!("breach of {}", breach.invariant),
            detail: format!("{breach:?}"),
        }),
    }
}
