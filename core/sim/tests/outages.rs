//! Planned and other outages, counts of clients for a part of the time, and machines that restart.

#![allow(clippy::unwrap_used)]

// Each test file uses a part of it.
#[allow(dead_code)]
mod support;

use std::time::Duration;

use quorate_model::{AdminOp, ClientCalls, MachineFault, Name, NetworkFault, ProcessFault};
use quorate_sim::{Outage, World, WorldError};
use support::{all_online, owner, settled, sound};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const NONE: Duration = Duration::ZERO;

fn moved(group: &str, to: &str) -> AdminOp {
    AdminOp::GroupMove {
        group: group.into(),
        to: Some(to.into()),
    }
}

fn outage(world: &World, group: &str) -> Outage {
    world.outage(group).unwrap()
}

#[test]
fn what_an_administrator_asks_for_is_planned_and_what_fails_is_not() {
    let mut world = settled("four-node.ron", 7);
    world.admin_wait(moved("EVS1", "NODE4"), MINUTE).unwrap();
    world.run_for(5 * MINUTE);
    let seen = outage(&world, "EVS1");
    assert!(
        seen.total > SECOND && seen.planned == seen.total,
        "{seen:?}"
    );

    let group = "EVS2".into();
    world
        .admin_wait(AdminOp::GroupOffline { group }, MINUTE)
        .unwrap();
    world.run_for(10 * MINUTE);
    let seen = outage(&world, "EVS2");
    assert!(seen.total > 9 * MINUTE, "a present one counts up to now");
    assert_eq!(seen.planned, seen.total);

    world.crash("NODE3").unwrap();
    world.run_for(5 * MINUTE);
    let seen = outage(&world, "EVS3");
    assert!(seen.total > 20 * SECOND, "{seen:?}");
    assert_eq!(seen.planned, NONE);
    sound(&world);
}

#[test]
fn wrong_answers_are_an_outage_from_the_instant_they_begin_until_the_instant_they_end() {
    let mut world = settled("four-node.ron", 7);
    let resource = Name::from("EVS1 SMTP");
    let wrong = ProcessFault::WrongAnswers {
        resource: resource.clone(),
    };
    let late = ProcessFault::SlowAnswers {
        resource,
        delay: MINUTE,
    };
    for (number, fault) in [wrong, late].into_iter().enumerate() {
        let fault = world.inject(fault).unwrap();
        assert!(world.group_service("EVS1").is_err());
        assert_eq!(outage(&world, "EVS1").count, number as u32 + 1);
        // Before anybody in the cluster reports anything.
        world.run_for(Duration::from_micros(10));
        world.heal(fault).unwrap();
        world.run_for(Duration::from_micros(10));
        let total = Duration::from_micros(10) * (number as u32 + 1);
        assert_eq!(outage(&world, "EVS1").total, total);
    }
    sound(&world);
}

#[test]
fn a_planned_outage_is_none_from_the_nodes_end_on_and_not_only_when_that_is_noticed() {
    let mut world = settled("four-node.ron", 8);
    world.admin_wait(moved("EVS1", "NODE4"), MINUTE).unwrap();
    let began = world.now();
    while owner(&world, "EVS1") != "NODE4" {
        world.run_for(SECOND);
    }
    world.crash("NODE4").unwrap();
    let lost = world.now();
    world.run_for(5 * MINUTE);
    let seen = outage(&world, "EVS1");
    assert!(seen.planned <= lost - began + SECOND, "{seen:?}");
    assert!(seen.planned > NONE);
    assert!(seen.total > seen.planned + 20 * SECOND, "{seen:?}");
    assert_eq!(seen.count, 1);
}

#[test]
fn what_keeps_clients_away_from_a_group_that_is_online_again_was_not_planned() {
    let mut world = settled("four-node.ron", 9);
    world.admin_wait(moved("EVS1", "NODE4"), MINUTE).unwrap();
    // Its name is registered there within a second, but its store takes fifteen to start.
    while owner(&world, "EVS1") != "NODE4" {
        world.run_for(SECOND);
    }
    world.run_for(SECOND);
    let hole = NetworkFault::BlackHole {
        network: "Public".into(),
    };
    let hole = world.inject(hole).unwrap();
    world.run_for(30 * MINUTE);
    world.heal(hole).unwrap();
    let seen = outage(&world, "EVS1");
    assert!(seen.total > 29 * MINUTE, "{seen:?}");
    assert!(seen.planned > NONE && seen.planned < 2 * MINUTE, "{seen:?}");
    all_online(&world);
}

#[test]
fn a_reboot_is_an_ordered_shutdown_and_a_power_on() {
    let mut world = settled("four-node.ron", 7);
    let off = |world: &World| world.clock_of("NODE1").is_err();
    let none = world.reboot("NODE1", NONE);
    assert!(matches!(none, Err(WorldError::Range { .. })), "{none:?}");
    world.reboot("NODE1", 3 * MINUTE).unwrap();
    while !off(&world) {
        world.run_for(SECOND);
    }
    world.run_for(3 * MINUTE - 2 * SECOND);
    assert!(off(&world));
    world.run_for(3 * SECOND);
    assert!(!off(&world));
    world.run_for(5 * MINUTE);
    all_online(&world);
    let seen = outage(&world, "EVS1");
    assert_eq!(seen.planned, seen.total);

    // Nothing has to be stopped first.
    world.stop_service("NODE1").unwrap();
    let nobody = world.reboot("NODE1", MINUTE);
    assert!(matches!(nobody, Err(WorldError::NobodyToAsk)), "{nobody:?}");
    assert!(off(&world));
    // Switched on by hand, and then off for good.
    world.start("NODE1").unwrap();
    world.run_for(SECOND);
    world.crash("NODE1").unwrap();
    world.run_for(5 * MINUTE);
    assert!(off(&world));
    sound(&world);
}

#[test]
fn a_service_is_not_started_over_its_old_boot_while_its_machine_is_shut_down() {
    let mut world = settled("four-node.ron", 7);
    world.shutdown("NODE1").unwrap();
    let node = "NODE1".into();
    let late = world.inject(MachineFault::ServiceRestart { node });
    assert!(matches!(late, Err(WorldError::Machine { .. })), "{late:?}");
}

#[test]
fn calls_of_a_part_of_the_time_are_counted_apart() {
    let mut world = settled("two-node-active-passive.ron", 7);
    let calls = ClientCalls {
        users: 10,
        every: SECOND,
        port: None,
        protocol: None,
    };
    let all = world.clients("EVS1", calls).unwrap();
    world.run_for(10 * SECOND);
    let part = world.part_of_clients(all).unwrap();
    let owner = owner(&world, "EVS1");
    world.crash(&owner).unwrap();
    world.run_for(20 * SECOND);
    // The part begins during an outage: clients without an answer are still waiting.
    let late = world.part_of_clients(part).unwrap();
    world.run_for(10 * SECOND);
    let report = |world: &World, number| world.client_status(number).unwrap().report;
    let seen = report(&world, late);
    assert_eq!(seen.longest_outage, 10 * SECOND);
    assert_eq!((seen.failures, seen.requests), (100, 100));
    world.end_clients(part).unwrap();
    assert!(matches!(
        world.end_clients(part),
        Err(WorldError::Nothing { .. })
    ));
    world.run_for(2 * MINUTE);
    let counted = report(&world, part);
    assert_eq!(counted.requests, 300);
    let (from, to) = counted.part.unwrap();
    assert_eq!(to, Some(from + 30 * SECOND));
    let seen = (report(&world, all), report(&world, late));
    assert!(seen.0.requests > 1_500 && seen.1.requests > 1_200);
    // All parts end with the clients.
    world.end_clients(all).unwrap();
    world.run_for(MINUTE);
    let after = (report(&world, all), report(&world, late));
    assert_eq!(after.0.requests, seen.0.requests);
    assert_eq!(after.1.requests, seen.1.requests);
    assert!(world.part_of_clients(all).is_err());
    assert_eq!(world.next_call(), None);
}
