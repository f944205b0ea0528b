//! Random faults on whole clusters, drawn from a seed: nothing that must hold may break while they last, and
//! once they are healed the cluster must find its way back.

#![allow(clippy::unwrap_used)]

// Each test file uses a part of it.
#[allow(dead_code)]
mod support;

use std::time::Duration;

use quorate_model::{Name, NodeState};
use quorate_sim::World;
use support::{journal, settled};

const CLUSTERS: [&str; 4] = [
    "four-node.ron",
    "five-node-majority.ron",
    "two-node-active-passive.ron",
    "two-node-active-active.ron",
];

/// SplitMix64: the test's own choices, apart from the world's.
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    fn of<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.below(things.len())]
    }

    fn span(&mut self, seconds: usize) -> Duration {
        Duration::from_millis(self.below(seconds * 1_000) as u64)
    }
}

/// Breaks something. What cannot break as it is stays as it is.
fn trouble(world: &mut World, choices: &mut Choices) {
    let nodes = world.nodes();
    let node = choices.of(&nodes).clone();
    let other = choices.of(&nodes).clone();
    let networks = world.networks();
    let network = choices.of(&networks).clone();
    let resources = world.resources();
    let resource = choices.of(&resources).clone();
    let disks = world.disks();
    let disk = choices.of(&disks).clone();
    let span = choices.span(90);
    let _ = match choices.below(14) {
        0 | 1 => world.crash(&node).map(drop),
        2 => world.start(&node),
        3 => world.freeze(&node, Some(span)).map(drop),
        4 => {
            let set: Vec<Name> = nodes
                .iter()
                .filter(|_| choices.below(2) == 0)
                .cloned()
                .collect();
            world.partition(None, &[set]).map(drop)
        }
        5 if node != other => world.cut(None, &node, &other).map(drop),
        6 => world.fail_card(&node, &network).map(drop),
        7 => world.network_loss(&network, 0.2).map(drop),
        8 => world.crash_process(&resource).map(drop),
        9 => world.hang_process(&resource, Some(span)).map(drop),
        10 => world.slow_disk(&disk, Duration::from_millis(50)).map(drop),
        11 => world.fail_disk(&disk).map(drop),
        12 => world.stop_service(&node).map(drop),
        _ => {
            world.heal_all();
            Ok(())
        }
    };
}

/// What went wrong in the run with this seed, if anything did.
fn run(seed: u64) -> Option<String> {
    let mut choices = Choices(seed);
    let cluster = *choices.of(&CLUSTERS);
    let mut world = settled(cluster, seed);
    for _ in 0..12 {
        trouble(&mut world, &mut choices);
        world.run_for(choices.span(120));
    }
    world.heal_all();
    for node in world.nodes() {
        // One that was on already stays as it is.
        let _ = world.start(&node);
        let _ = world.start_service(&node);
    }
    let rested = world.settle(Duration::from_secs(3_600));
    let up = |node: &Name| world.node(node).unwrap().state == NodeState::Up;
    let nodes: Vec<Name> = world.nodes().into_iter().filter(|node| !up(node)).collect();
    if !world.breaches().is_empty() || !rested || !nodes.is_empty() {
        return Some(format!(
            "seed {seed}, {cluster}: rested {rested}, down {nodes:?}, {:#?}\n{}",
            world.breaches(),
            journal(&world)
        ));
    }
    None
}

#[test]
fn random_faults_break_no_invariant_and_leave_no_lasting_harm() {
    let (first, count) = (1, 12);
    for seed in first..first + count {
        if let Some(problem) = run(seed) {
            panic!("{problem}");
        }
    }
}
