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
mod draw;
mod text;

use std::sync::Arc;
use std::time::Duration;

use quorate_host::{PluginSet, search_folders};
use quorate_model::{ClusterDefinition, GroupState, Name, NodeState};
use quorate_node::AdminOp;
use quorate_sim::{Monitors, World, WorldOptions};

pub use act::Act;

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

/// What holds a cluster together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Standard,
    Majority,
    Local,
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
    pub kind: Kind,
    pub nodes: usize,
    pub servers: usize,
    /// Planted: nodes take over without waiting.
    pub haste: bool,
    /// `MaxQuorumLogSize` in bytes: small, so that checkpoints are made; `None` is the default.
    pub log: Option<u32>,
    pub steps: Vec<Step>,
}

/// What went wrong: in a word, by which failures are compared, and in full.
#[derive(Clone, Debug)]
pub struct Failure {
    pub what: String,
    pub detail: String,
}

impl Scenario {
    /// The cluster as a file would say it.
    fn definition(&self) -> ClusterDefinition {
        let mut text = String::from("(name: \"CLUSTER1\", address: \"10.0.0.20\",");
        text += match self.kind {
            Kind::Standard => "quorum: Standard(resource: \"Disk Q:\"),",
            Kind::Majority => "quorum: MajorityNodeSet,",
            Kind::Local => "quorum: Local,",
        };
        text += "start: \"2003-06-12 08:00:00\", networks: [
            (name: \"Private\", role: Internal, subnet: \"192.168.0.0/24\"),
            (name: \"Public\", role: Mixed, subnet: \"10.0.0.0/24\")], nodes: [";
        for node in 1..=self.nodes {
            text += &format!(
                "(name: \"NODE{node}\", interfaces: {{ \"Public\": \"10.0.0.{}\", \"Private\": \"192.168.0.{}\" }}),",
                10 + node,
                10 + node
            );
        }
        text += "], disks: [";
        if self.kind == Kind::Standard {
            text += "(name: \"Disk Q:\", raid: true),";
        }
        let letters = ["E:", "F:", "G:", "H:", "I:", "J:", "K:"];
        for server in 1..=self.servers {
            let letter = letters[server - 1];
            text += &format!("(name: \"EVS{server} Disk {letter}\", raid: true),");
        }
        text += "], virtual_servers: [";
        for server in 1..=self.servers {
            let disk = format!("EVS{server} Disk {}", letters[server - 1]);
            let owners: Vec<String> = (0..self.nodes)
                .map(|at| format!("\"NODE{}\"", 1 + (server - 1 + at) % self.nodes))
                .collect();
            text += &format!(
                "(name: \"EVS{server}\", network_name: \"MAIL{server}\", address: \"10.0.0.{}\", network: \"Public\",
                  disks: [\"{disk}\"], storage_groups: [(name: \"First Storage Group\", log_disk: \"{disk}\", database_disk: \"{disk}\")],
                  preferred_owners: [{}]),",
                20 + server,
                owners.join(", ")
            );
        }
        text += "])";
        let loaded = quorate_model::parse("drawn", &text);
        let loaded = loaded.unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
        let mut definition = loaded.definition;
        if let Some(bytes) = self.log {
            // Less than a cluster file may say.
            definition.properties.max_quorum_log_size = bytes;
        }
        definition
    }

    /// Runs it with what ships. The world is given back as it ended.
    pub fn run(&self) -> (World, Result<(), Failure>) {
        self.run_by(By::Shipped)
    }

    /// Runs it. The world is given back as it ended.
    pub fn run_by(&self, by: By) -> (World, Result<(), Failure>) {
        let options = WorldOptions::with_seed(self.seed);
        let mut world = World::with_monitors(self.definition(), by.monitors(), options);
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

/// Everything is repaired and switched on; then all must be in service that can be.
fn heal(world: &mut World) -> Result<(), Failure> {
    let fail = |world: &World, what: &str, detail: String| {
        sound(world)?;
        Err(Failure {
            what: what.to_owned(),
            detail,
        })
    };
    world.heal_all();
    // Whoever is shutting down gets there first.
    world.settle(Duration::from_secs(1_800));
    for node in world.nodes() {
        // One that is on already stays as it is.
        let _ = world.start(&node);
        let _ = world.start_service(&node);
    }
    if !world.settle(Duration::from_secs(3_600)) {
        return fail(world, "no rest after an hour", String::new());
    }
    let nodes: Vec<Name> = world
        .definition()
        .nodes
        .iter()
        .map(|node| node.name.clone())
        .collect();
    // One that was added again though nobody was told so has not been set up.
    let bare: Vec<&Name> = nodes.iter().filter(|node| is_bare(world, node)).collect();
    for node in &bare {
        let _ = world.install(node);
    }
    if !bare.is_empty() && !world.settle(Duration::from_secs(3_600)) {
        return fail(world, "no rest after an hour", String::new());
    }
    for node in nodes.iter().cloned() {
        let _ = world.admin_wait(AdminOp::NodeResume { node }, Duration::from_secs(60));
    }
    // An evicted node is told so, and stays out.
    let mut down = nodes;
    down.retain(|node| world.node(node).unwrap().state != NodeState::Up);
    if !down.is_empty() {
        return fail(world, "a node did not come back", format!("{down:?}"));
    }
    // What failed over too often, or had nowhere to go, waits for an administrator: here is one.
    for group in offline(world) {
        let _ = world.admin_wait(AdminOp::GroupOnline { group }, Duration::from_secs(60));
    }
    world.settle(Duration::from_secs(1_800));
    let offline = offline(world);
    if !offline.is_empty() {
        return fail(world, "a group did not come back", format!("{offline:?}"));
    }
    sound(world)
}

/// Whether a machine was cleaned up, and its cluster service not started since.
fn is_bare(world: &World, node: &Name) -> bool {
    let mut events = world.events().iter().rev();
    let last = events.find(|event| {
        event.node.as_ref() == Some(node)
            && ["cleaned-up", "cluster-service"].contains(&event.kind())
    });
    last.is_some_and(|event| event.kind() == "cleaned-up")
}

fn offline(world: &World) -> Vec<Name> {
    let in_service = |group: &Name| world.group(group).unwrap().state == GroupState::Online;
    world
        .groups()
        .into_iter()
        .filter(|group| !in_service(group))
        .collect()
}
