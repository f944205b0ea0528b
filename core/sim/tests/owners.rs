//! The owners after every single and double node failure of the 3+1 and the 7+1 cluster are exactly those that the
//! rules name, and no healthy group is moved or stopped.

#![allow(clippy::unwrap_used, dead_code)]

mod support;

use std::time::Duration;

use quorate_model::GroupState;
use quorate_sim::World;
use support::{journal, owner, settled, sound};

const MINUTE: Duration = Duration::from_secs(60);

/// A cluster of `active` nodes with a virtual server each, and one standby.
struct Cluster {
    file: &'static str,
    active: usize,
}

const CLUSTERS: [Cluster; 2] = [
    Cluster {
        file: "four-node.ron",
        active: 3,
    },
    Cluster {
        file: "eight-node.ron",
        active: 7,
    },
];

/// Each virtual server's owner and state when the nodes in `lost` have failed one after the other.
fn expected(cluster: &Cluster, lost: &[usize]) -> Vec<(String, GroupState)> {
    let standby = cluster.active + 1;
    let mut owners: Vec<usize> = (1..=cluster.active).collect();
    let mut dead = Vec::new();
    for node in lost {
        dead.push(*node);
        let free = !dead.contains(&standby) && !owners.contains(&standby);
        if let Some(server) = owners.iter().position(|owner| owner == node)
            && free
        {
            owners[server] = standby;
        }
    }
    let state = |owner: &usize| match dead.contains(owner) {
        true => GroupState::Failed,
        false => GroupState::Online,
    };
    let found = owners.iter();
    found
        .map(|owner| (format!("NODE{owner}"), state(owner)))
        .collect()
}

fn check(world: &World, cluster: &Cluster, lost: &[usize]) {
    sound(world);
    let found: Vec<(String, GroupState)> = (1..=cluster.active)
        .map(|server| {
            let group = format!("EVS{server}");
            let state = world.group(&group).unwrap().state;
            (owner(world, &group).to_string(), state)
        })
        .collect();
    assert_eq!(
        found,
        expected(cluster, lost),
        "{} without {lost:?}\n{}",
        cluster.file,
        journal(world)
    );
    assert!(
        world.disturbed().is_empty(),
        "{lost:?}: {:?}",
        world.disturbed()
    );
    assert_eq!(
        owner(world, "Cluster Group"),
        world.coordinator().unwrap().as_ref()
    );
}

/// Loses the nodes in `lost`, each after the loss before has been dealt with, and checks the owners after each.
fn lose(cluster: &Cluster, lost: &[usize]) {
    let mut world = settled(cluster.file, 40 + lost[0] as u64);
    for (count, node) in lost.iter().enumerate() {
        world.crash(&format!("NODE{node}")).unwrap();
        world.run_for(2 * MINUTE);
        check(&world, cluster, &lost[..=count]);
    }
}

fn singles(cluster: &Cluster) {
    for node in 1..=cluster.active + 1 {
        lose(cluster, &[node]);
    }
}

fn doubles(cluster: &Cluster) {
    for first in 1..=cluster.active + 1 {
        // Both orders if the standby is one of the two; otherwise the other order would only exchange the numbers.
        for second in first + 1..=cluster.active + 1 {
            lose(cluster, &[first, second]);
        }
    }
    for second in 1..=cluster.active {
        lose(cluster, &[cluster.active + 1, second]);
    }
}

#[test]
fn three_and_one_after_every_single_failure() {
    singles(&CLUSTERS[0]);
}

#[test]
fn three_and_one_after_every_double_failure() {
    doubles(&CLUSTERS[0]);
}

#[test]
fn seven_and_one_after_every_single_failure() {
    singles(&CLUSTERS[1]);
}

#[test]
fn seven_and_one_after_every_double_failure() {
    doubles(&CLUSTERS[1]);
}

/// Two nodes that are shut down together do not hand groups to each other: the receiver would only hand them back.
#[test]
fn nodes_that_stop_together_hand_each_other_nothing() {
    for wait_ms in [0, 300, 1_000] {
        let mut world = settled("two-node-office.ron", 7);
        let began = world.events().len();
        world.shutdown("NODE1").unwrap();
        world.run_for(Duration::from_millis(wait_ms));
        let first = world.events()[began..].len();
        world.shutdown("NODE2").unwrap();
        world.run_for(MINUTE);
        let later = &world.events()[began + first..];
        let moves = later.iter().filter(|event| event.kind() == "group-moving");
        // A group that was moving already may move back once both nodes know.
        assert!(moves.count() <= 4, "{wait_ms}\n{}", journal(&world));
        let off = later.iter().filter(|event| event.kind() == "power");
        assert_eq!(off.count(), 2, "{wait_ms}\n{}", journal(&world));
        world.start_all();
        world.settle(10 * MINUTE);
        support::all_online(&world);
        sound(&world);
    }
}
