//! Clocks that jump or drift, and a cluster service that is killed and started again over its old boot.

#![allow(clippy::unwrap_used)]

// Each test file uses a part of it.
#[allow(dead_code)]
mod support;

use std::time::Duration;

use quorate_model::{ClockFault, MachineFault, Name};
use quorate_sim::{World, WorldError};
use support::{all_online, owner, settled, sound};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR_MS: i64 = 3_600_000;
/// The most that a clock gains or loses by itself in a few minutes, after its machine was switched on with the right
/// time.
const OWN_DRIFT_MS: i64 = 10;

fn step(node: &str, by_ms: i64) -> ClockFault {
    let node = Name::from(node);
    ClockFault::ClockStep { node, by_ms }
}

fn drift(node: &str, ppm: i32) -> ClockFault {
    let node = Name::from(node);
    ClockFault::ClockDrift { node, ppm }
}

fn restart(node: &str) -> MachineFault {
    MachineFault::ServiceRestart { node: node.into() }
}

/// The kinds of the journal's entries from number `from` on, with their nodes.
fn kinds(world: &World, from: usize) -> Vec<(String, String)> {
    let entries = world.events()[from..].iter().map(|entry| {
        let value = serde_json::to_value(entry).unwrap();
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        (text("kind"), text("node"))
    });
    entries.collect()
}

fn count(world: &World, from: usize, kind: &str) -> usize {
    let kinds = kinds(world, from);
    kinds.iter().filter(|(it, _)| it == kind).count()
}

#[test]
fn a_step_is_told_once_and_moves_nothing() {
    let mut world = settled("four-node.ron", 7);
    let from = world.events().len();
    let steps = [25 * HOUR_MS, -25 * HOUR_MS, 500];
    let made: Vec<_> = steps
        .iter()
        .map(|by| world.inject(step("NODE2", *by)).unwrap())
        .collect();
    world.run_for(5 * MINUTE);
    assert_eq!(count(&world, from, "notice"), 2, "not for half a second");
    for fault in made {
        world.heal(fault).unwrap();
    }
    world.run_for(5 * MINUTE);
    for kind in ["regroup", "view", "resource-state", "halted"] {
        assert_eq!(count(&world, from, kind), 0, "{kind}");
    }
    all_online(&world);
    sound(&world);
}

#[test]
fn steps_add_up_and_a_machine_that_is_switched_off_wakes_with_them() {
    let mut world = settled("four-node.ron", 7);
    let before = world.clock_of("NODE2").unwrap();
    let first = world.inject(step("NODE2", HOUR_MS)).unwrap();
    world.inject(step("NODE2", HOUR_MS)).unwrap();
    assert_eq!(world.clock_of("NODE2").unwrap(), before + 2 * HOUR_MS);
    world.crash("NODE2").unwrap();
    world.heal(first).unwrap();
    world.start("NODE2").unwrap();
    let off = world.clock_of("NODE2").unwrap() - before - HOUR_MS;
    assert!(off.abs() <= OWN_DRIFT_MS, "{off}");
}

#[test]
fn what_leaves_a_clock_as_it_is_or_is_no_clocks_fault_is_refused() {
    let mut world = settled("four-node.ron", 7);
    let nothing = |found: Result<_, WorldError>| matches!(found, Err(WorldError::Nothing { .. }));
    let range = |found: Result<_, WorldError>| matches!(found, Err(WorldError::Range { .. }));
    assert!(nothing(world.inject(step("NODE1", 0))));
    assert!(range(world.inject(step("NODE1", 366 * 24 * HOUR_MS))));
    assert!(range(world.inject(step("NODE1", i64::MIN))));
    assert!(range(world.inject(drift("NODE1", 10_001))));
    assert!(range(world.inject(drift("NODE1", i32::MIN))));
    world.inject(drift("NODE1", -10_000)).unwrap();
    assert!(nothing(world.inject(drift("NODE1", -10_000))));
    world.crash("NODE3").unwrap();
    let off = world.inject(restart("NODE3"));
    assert!(matches!(off, Err(WorldError::Machine { .. })), "{off:?}");
}

#[test]
fn daylight_saving_moves_every_local_clock_and_a_time_zone_only_one() {
    let mut world = settled("four-node.ron", 7);
    let from = world.events().len();
    let clocks = |world: &World| {
        let nodes = ["NODE1", "NODE2"].map(|node| world.clock_of(node).unwrap());
        [world.civil_ms(), nodes[0], nodes[1]]
    };
    let before = clocks(&world);
    let zone = ClockFault::LocalTime {
        node: Some("NODE2".into()),
        by_minutes: -90,
    };
    let summer = ClockFault::LocalTime {
        node: None,
        by_minutes: 60,
    };
    let zone = world.inject(zone).unwrap();
    let summer = world.inject(summer).unwrap();
    let moved = [60, 60, -30].map(|minutes| minutes * 60_000);
    let after = clocks(&world);
    assert_eq!([0, 1, 2].map(|at| after[at] - before[at]), moved);
    world.crash("NODE2").unwrap();
    world.start("NODE2").unwrap();
    let off = world.clock_of("NODE2").unwrap() - after[2];
    assert!(
        off.abs() <= OWN_DRIFT_MS,
        "a machine wakes in its time zone: {off}"
    );
    world.heal(zone).unwrap();
    world.heal(summer).unwrap();
    let healed = clocks(&world);
    assert!((0..3).all(|at| (healed[at] - before[at]).abs() <= OWN_DRIFT_MS));
    assert_eq!(count(&world, from, "notice"), 1 + 4 + 1 + 4);
}

#[test]
fn a_clock_that_drifts_shows_it_and_runs_true_again_when_it_is_healed() {
    let mut world = settled("four-node.ron", 7);
    let before = world.clock_of("NODE1").unwrap();
    let fast = world.inject(drift("NODE1", 10_000)).unwrap();
    world.run_for(100 * MINUTE);
    let gained = world.clock_of("NODE1").unwrap() - before - 100 * 60_000;
    assert!((gained - 60_000).abs() <= 1, "{gained}");
    world.heal(fast).unwrap();
    world.run_for(10 * MINUTE);
    let kept = world.clock_of("NODE1").unwrap() - before - 110 * 60_000;
    assert!((kept - 60_000).abs() <= 30 + 1, "{kept}");
    sound(&world);
}

#[test]
fn two_clocks_two_per_cent_apart_are_no_reason_for_anything_and_a_takeover_stays_in_time() {
    let mut world = settled("two-node-active-passive.ron", 7);
    let from = world.events().len();
    world.inject(drift("NODE1", 10_000)).unwrap();
    world.inject(drift("NODE2", -10_000)).unwrap();
    world.run_for(60 * MINUTE);
    for kind in ["regroup", "view", "halted"] {
        assert_eq!(count(&world, from, kind), 0, "{kind}");
    }
    let lost = owner(&world, "EVS1");
    world.crash(&lost).unwrap();
    world.run_for(5 * MINUTE);
    assert_ne!(owner(&world, "EVS1"), lost);
    sound(&world);
}

#[test]
fn a_node_that_is_cut_off_with_a_slow_clock_has_stopped_when_those_with_fast_ones_take_over() {
    let mut world = settled("four-node.ron", 7);
    let quorum = world.quorum().owner.unwrap();
    let group = ["EVS1", "EVS2", "EVS3"]
        .into_iter()
        .find(|group| owner(&world, group) != quorum.as_str())
        .unwrap();
    let slow = owner(&world, group);
    for node in world.nodes() {
        let ppm = if node == *slow { -10_000 } else { 10_000 };
        world.inject(drift(&node, ppm)).unwrap();
    }
    world
        .partition(None, &[vec![slow.as_str().into()]])
        .unwrap();
    let from = world.events().len();
    world.run_for(2 * MINUTE);
    assert!(count(&world, from, "halted") > 0);
    assert_ne!(owner(&world, group), slow);
    sound(&world);
}

#[test]
fn a_service_that_is_started_over_its_old_boot_ends_what_that_ran_first() {
    for (file, seed) in [("two-node-active-passive.ron", 7), ("four-node.ron", 8)] {
        let mut world = settled(file, seed);
        let owner = owner(&world, "EVS1");
        let from = world.events().len();
        world.inject(restart(&owner)).unwrap();
        let found = kinds(&world, from);
        let place = |kind: &str| found.iter().position(|(it, _)| it == kind).unwrap();
        let last = |kind: &str| found.iter().rposition(|(it, _)| it == kind).unwrap();
        assert!(place("cluster-service") < place("mount"), "{found:?}");
        assert!(last("mount") < last("cluster-service"), "{found:?}");
        assert!(last("address") < place("service-started"), "{found:?}");
        assert!(world.group_service("EVS1").is_err());
        world.run_for(5 * MINUTE);
        all_online(&world);
        sound(&world);
    }
}
