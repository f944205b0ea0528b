//! Messages that are too long for a datagram: a node that missed much of the log, or all of it.

#![allow(clippy::unwrap_used)]

// Each test file uses a part of it.
#[allow(dead_code)]
mod support;

use std::sync::Arc;
use std::time::Duration;

use quorate_model::{AdminOp, Chance, Name, NetworkFault, NodeState, Object, PolicyScript, Value};
use quorate_node::{
    Choice, Policies, Policy, PolicyError, PolicyFailure, PolicyGroup, PolicyNode, PolicyResource,
    Reaction,
};
use quorate_sim::World;
use support::{installed, journal, sound};

const MINUTE: Duration = Duration::from_secs(60);

/// Policies that leave everything to the built-in rules: what counts here is how long their scripts are.
#[derive(Debug)]
struct NoOpinion;

impl Policies for NoOpinion {
    fn compile(&self, _: &PolicyScript) -> Result<Box<dyn Policy>, PolicyError> {
        Ok(Box::new(NoOpinion))
    }
}

impl Policy for NoOpinion {
    fn choose_owner(&mut self, _: &PolicyGroup, _: &[PolicyNode]) -> Result<Choice, PolicyError> {
        Ok(Choice::BuiltIn)
    }

    fn on_resource_failed(
        &mut self,
        _: &PolicyResource,
        _: &PolicyFailure,
    ) -> Result<Reaction, PolicyError> {
        Ok(Reaction::BuiltIn)
    }
}

/// Three nodes, of which two are a majority.
fn settled() -> World {
    let mut world = installed("three-node-majority.ron", 5);
    world.set_policies(Arc::new(NoOpinion));
    world.start_all();
    world.settle(10 * MINUTE);
    world
}

/// A change of some more than `bytes` bytes.
fn change(world: &mut World, of: Option<Name>, bytes: usize) {
    let policy = PolicyScript {
        file: "long.rhai".into(),
        text: format!("// {}", "x".repeat(bytes)),
    };
    let op = AdminOp::SetPolicy {
        group: of,
        policy: Some(policy),
    };
    world.admin_wait(op, MINUTE).unwrap();
}

/// A node other than the coordinator.
fn follower(world: &World) -> Name {
    let coordinator = world.coordinator().unwrap();
    let mut nodes = world.nodes().into_iter();
    nodes.find(|node| *node != coordinator).unwrap()
}

/// How many bytes of the log a node's own disk has, and of the checkpoint before it.
fn kept(world: &World, node: &Name) -> (u64, u64) {
    let size = |file| world.file_size(node, file).unwrap_or_default();
    (size("MSCS/quolog.log"), size("MSCS/chk001.tmp"))
}

/// A node is away for some changes, comes back to networks that lose a share of all packets, and has a minute. What it
/// has then of log and checkpoint, and what the coordinator has.
fn back_after(change: impl Fn(&mut World), limit: u32, lost: f64) -> [(u64, u64); 2] {
    let mut world = settled();
    let limit = AdminOp::SetProperty {
        object: Object::Cluster,
        property: "MaxQuorumLogSize".into(),
        value: Some(Value::Dword(limit)),
    };
    world.admin_wait(limit, MINUTE).unwrap();
    let node = follower(&world);
    world.crash(&node).unwrap();
    world.run_for(MINUTE);
    change(&mut world);
    for network in world.networks().into_iter().filter(|_| lost > 0.0) {
        let loss = NetworkFault::Loss {
            network,
            node: None,
            per_million: Chance::of(lost).unwrap(),
        };
        world.inject(loss).unwrap();
    }
    world.start(&node).unwrap();
    world.run_for(MINUTE);
    sound(&world);
    [node, world.coordinator().unwrap()].map(|node| kept(&world, &node))
}

#[test]
fn a_node_that_missed_160_kilobytes_of_log_catches_up() {
    for lost in [0.0, 0.05] {
        for (changes, bytes) in [(40, 4_000), (5, 32_000)] {
            let changes = |world: &mut World| (0..changes).for_each(|_| change(world, None, bytes));
            let [node, coordinator] = back_after(changes, 4_194_304, lost);
            assert_eq!(node, coordinator, "{bytes} bytes at once, {lost} lost");
            assert!(node.0 > 160_000, "{node:?}");
        }
    }
}

#[test]
fn a_node_that_missed_what_is_a_checkpoint_by_now_gets_that() {
    for lost in [0.0, 0.05] {
        let changes = |world: &mut World| {
            let groups = world.groups();
            for of in groups.into_iter().map(Some).chain([None]) {
                change(world, of, 32_000);
            }
        };
        let [node, coordinator] = back_after(changes, 32_768, lost);
        assert_eq!(node, coordinator, "{lost} lost");
        assert!(node.1 > 64_000, "{node:?}");
    }
}

/// A slow network lets heartbeats through long before it has carried what the node missed.
#[test]
fn a_node_is_up_when_it_lacks_no_more_than_a_message_holds() {
    let mut world = settled();
    let node = follower(&world);
    world.crash(&node).unwrap();
    world.run_for(MINUTE);
    for _ in 0..40 {
        change(&mut world, None, 8_000);
    }
    for network in world.networks() {
        let latency = Duration::from_millis(400);
        let node = None;
        let slow = NetworkFault::Latency {
            network,
            node,
            latency,
        };
        world.inject(slow).unwrap();
    }
    let before = kept(&world, &node).0;
    world.start(&node).unwrap();
    let mut waited = 0;
    while world.node(&node).unwrap().state != NodeState::Up {
        waited += 1;
        assert!(
            waited < 600,
            "{before} {:?}\n{}",
            kept(&world, &node),
            journal(&world)
        );
        world.run_for(Duration::from_millis(100));
    }
    let has = kept(&world, &node).0;
    assert!(before < 10_000 && has > 320_000 - 65_536, "{before} {has}");
    world.run_for(MINUTE);
    sound(&world);
}
