//! Whole clusters in the world: real nodes, plain monitors, faults, and the checks of the invariants.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use quorate_journal::{What, WorldEvent};
use quorate_model::{
    AdminOp, ClientCalls, Damage, DiskFault, GroupState, Name, NodeState, Object, Repair,
    ResourceState, StartSwitches, Value,
};
use quorate_sim::{Reply, World, WorldError};
use support::{all_online, journal, owner, settled, sound};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_four_node_cluster_comes_up_and_serves() {
    let world = settled("four-node.ron", 7);
    sound(&world);
    all_online(&world);
    for (group, home) in [("EVS1", "NODE1"), ("EVS2", "NODE2"), ("EVS3", "NODE3")] {
        assert_eq!(owner(&world, group), home);
        assert_eq!(world.outage(group).unwrap().total, Duration::ZERO);
    }
    assert!(world.quorum().has_quorum);
    assert!(
        world
            .nodes()
            .iter()
            .all(|node| world.node(node).unwrap().state == NodeState::Up)
    );
    let store = world.resource("EVS3 Information Store").unwrap();
    assert_eq!(world.online_on(&store.name), [Name::from("NODE3")]);
    assert_eq!(store.depends_on, [Name::from("EVS3 System Attendant")]);
    let quorum = world.quorum();
    let disk = world.disk("Disk Q:").unwrap();
    assert_eq!(disk.holder, quorum.owner);
    assert_eq!(disk.mounted_on.first(), quorum.owner.as_ref());
}

#[test]
fn a_lost_node_hands_its_virtual_server_to_the_standby_and_the_next_one_does_not() {
    let mut world = settled("four-node.ron", 7);
    world.crash("NODE3").unwrap();
    world.run_for(5 * MINUTE);
    sound(&world);
    assert_eq!(
        world.group("EVS3").unwrap().state,
        GroupState::Online,
        "{}",
        journal(&world)
    );
    assert_eq!(owner(&world, "EVS3"), "NODE4");
    let outage = world.outage("EVS3").unwrap();
    assert!(
        outage.total > 20 * SECOND && outage.total < 3 * MINUTE,
        "{outage:?}"
    );
    assert_eq!(outage.count, 1);
    assert!(world.availability("EVS3").unwrap() < 1.0);
    assert!(world.disturbed().is_empty(), "{:?}", world.disturbed());
    world.crash("NODE2").unwrap();
    world.run_for(10 * MINUTE);
    sound(&world);
    assert_eq!(
        world.group("EVS2").unwrap().state,
        GroupState::Failed,
        "{}",
        journal(&world)
    );
    assert!(world.disturbed().is_empty(), "{:?}", world.disturbed());
}

/// The statuses of all things at one instant are the same as those read one by one.
fn shown_as_one_by_one(world: &World) {
    let (names, nodes) = (world.nodes(), world.node_statuses());
    let asked: Vec<_> = names.iter().map(|it| world.node(it).unwrap()).collect();
    assert_eq!(nodes, asked);
    let (names, groups) = (world.groups(), world.group_statuses());
    let asked: Vec<_> = names.iter().map(|it| world.group(it).unwrap()).collect();
    assert_eq!(groups, asked);
    let (names, resources) = (world.resources(), world.resource_statuses());
    let asked = names.iter().map(|it| world.resource(it).unwrap());
    assert_eq!(resources, asked.collect::<Vec<_>>());
    let states: Vec<_> = resources.iter().map(|it| it.state).collect();
    assert_eq!(world.resource_states(), states);
    let busy = states.iter().any(|state| state.is_pending())
        || groups.iter().any(|it| it.state == GroupState::Pending)
        || nodes.iter().any(|it| it.state == NodeState::Joining);
    assert_eq!(world.is_busy(), busy, "{groups:?} {resources:?}");
}

#[test]
fn what_is_read_of_everything_is_what_is_read_of_each() {
    let mut world = support::installed("four-node.ron", 7);
    shown_as_one_by_one(&world);
    world.start_all();
    let mut busy = 0;
    let mut pass = |world: &mut World, span: Duration| {
        let until = world.now() + span;
        while world.now() < until {
            world.run_until_change(until.min(world.now() + SECOND));
            shown_as_one_by_one(world);
            busy += u32::from(world.is_busy());
        }
    };
    pass(&mut world, 3 * MINUTE);
    world.crash("NODE3").unwrap();
    pass(&mut world, 3 * MINUTE);
    for node in ["NODE1", "NODE2", "NODE4"] {
        world.crash(node).unwrap();
    }
    pass(&mut world, MINUTE);
    assert!(busy > 100, "busy {busy} times");
    sound(&world);
}

#[test]
fn the_same_seed_gives_the_same_journal_and_another_one_another() {
    let run = |seed| {
        let mut world = settled("four-node.ron", seed);
        world.crash("NODE1").unwrap();
        world.run_for(3 * MINUTE);
        journal(&world)
    };
    let first = run(3);
    assert_eq!(first, run(3));
    assert_ne!(first.lines().nth(1), run(4).lines().nth(1));
}

#[test]
fn the_coordinator_is_no_safer_and_no_worse_a_loss_than_another_node() {
    for cluster in ["four-node.ron", "five-node-majority.ron"] {
        let mut world = settled(cluster, 11);
        let first = world.coordinator().expect("somebody coordinates");
        world.crash(&first).unwrap();
        assert!(world.settle(15 * MINUTE), "{}", journal(&world));
        sound(&world);
        assert_ne!(world.coordinator().expect("somebody else does"), first);
        all_online(&world);
        world.heal_all();
        assert!(world.settle(15 * MINUTE));
        sound(&world);
        assert_eq!(world.node(&first).unwrap().state, NodeState::Up);
    }
}

#[test]
fn the_two_sides_of_a_partition_never_both_run_a_group() {
    for (cluster, side) in [
        ("four-node.ron", vec!["NODE1"]),
        ("four-node.ron", vec!["NODE1", "NODE2"]),
        ("four-node.ron", vec!["NODE3", "NODE4"]),
        ("five-node-majority.ron", vec!["NODE1", "NODE2"]),
        ("five-node-majority.ron", vec!["NODE5"]),
        ("two-node-active-passive.ron", vec!["NODE1"]),
        ("two-node-active-active.ron", vec!["NODE1"]),
    ] {
        let mut world = settled(cluster, 5);
        let set: Vec<Name> = side.iter().map(|name| Name::from(*name)).collect();
        let cut = world.partition(None, &[set]).unwrap();
        world.run_for(10 * MINUTE);
        sound(&world);
        assert!(
            world.quorum().has_quorum,
            "{cluster} {side:?}\n{}",
            journal(&world)
        );
        world.heal(cut).unwrap();
        assert!(world.settle(20 * MINUTE), "{cluster} {side:?}");
        sound(&world);
        let up = |node: &Name| world.node(node).unwrap().state == NodeState::Up;
        assert!(
            world.nodes().iter().all(up),
            "{cluster} {side:?}\n{}",
            journal(&world)
        );
    }
}

#[test]
fn a_node_that_stood_still_finds_out_and_lets_go_before_it_touches_anything() {
    for (cluster, coordinates) in [
        ("four-node.ron", true),
        ("four-node.ron", false),
        ("five-node-majority.ron", true),
    ] {
        let mut world = settled(cluster, 9);
        let coordinator = world.coordinator().unwrap();
        let other = world
            .nodes()
            .into_iter()
            .find(|node| *node != coordinator && !world.node(node).unwrap().groups.is_empty());
        let node = if coordinates {
            coordinator
        } else {
            other.unwrap()
        };
        world.freeze(&node, Some(5 * MINUTE)).unwrap();
        world.run_for(4 * MINUTE);
        sound(&world);
        assert_eq!(
            world.node(&node).unwrap().state,
            NodeState::Down,
            "{}",
            journal(&world)
        );
        assert!(world.settle(20 * MINUTE));
        sound(&world);
        assert_eq!(
            world.node(&node).unwrap().state,
            NodeState::Up,
            "{}",
            journal(&world)
        );
        all_online(&world);
    }
}

#[test]
fn a_short_freeze_is_not_noticed() {
    let mut world = settled("four-node.ron", 9);
    let owners: Vec<String> = world
        .groups()
        .iter()
        .map(|group| owner(&world, group))
        .collect();
    world.freeze("NODE2", Some(2 * SECOND)).unwrap();
    world.run_for(2 * MINUTE);
    sound(&world);
    let after: Vec<String> = world
        .groups()
        .iter()
        .map(|group| owner(&world, group))
        .collect();
    assert_eq!(owners, after);
    all_online(&world);
}

#[test]
fn a_machine_that_is_shut_down_hands_its_groups_over_first() {
    let mut world = settled("four-node.ron", 2);
    let request = world.shutdown("NODE2").unwrap();
    world.run_for(5 * MINUTE);
    sound(&world);
    assert_eq!(world.reply(request), Reply::Done);
    let machine = world.machine_status("NODE2").unwrap();
    assert!(!machine.powered, "{}", journal(&world));
    assert_eq!(owner(&world, "EVS2"), "NODE4");
    assert!(world.disturbed().is_empty());
    // The node said good-bye, so nobody waits for its silence.
    assert!(world.outage("EVS2").unwrap().total < MINUTE);
    world.start("NODE2").unwrap();
    assert!(world.settle(10 * MINUTE));
    assert_eq!(world.node("NODE2").unwrap().state, NodeState::Up);
}

#[test]
fn the_death_of_the_cluster_service_alone_frees_what_it_held() {
    let mut world = settled("four-node.ron", 2);
    let killed = world.stop_service("NODE1").unwrap();
    assert!(world.online_on("EVS1 Information Store").is_empty());
    assert!(world.disk("EVS1 Disk E:").unwrap().mounted_on.is_empty());
    world.run_for(5 * MINUTE);
    sound(&world);
    assert_eq!(owner(&world, "EVS1"), "NODE4", "{}", journal(&world));
    assert!(
        !world.machine_status("NODE1").unwrap().service_running,
        "nobody started it"
    );
    world.heal(killed).unwrap();
    assert!(world.settle(10 * MINUTE));
    assert_eq!(world.node("NODE1").unwrap().state, NodeState::Up);
    assert_eq!(world.heal(killed), Err(WorldError::NoFault(killed.0)));
}

#[test]
fn a_crashed_service_is_restarted_where_it_is_and_clients_feel_it() {
    let mut world = settled("four-node.ron", 2);
    let calls = ClientCalls {
        users: 100,
        every: SECOND,
        port: None,
        protocol: None,
    };
    world.clients("EVS1", calls).unwrap();
    world.run_for(10 * SECOND);
    let felt = world.client_status(0).unwrap().report;
    assert_eq!((felt.requests, felt.failures), (1_100, 0));
    world.crash_process("EVS1 System Attendant").unwrap();
    world.run_for(5 * MINUTE);
    sound(&world);
    all_online(&world);
    assert_eq!(owner(&world, "EVS1"), "NODE1");
    assert_eq!(world.resource("EVS1 System Attendant").unwrap().restarts, 1);
    assert!(world.disturbed().is_empty());
    let felt = world.client_status(0).unwrap().report;
    assert!(
        felt.failures > 0 && felt.failures < felt.requests / 2,
        "{felt:?}"
    );
    assert!(
        felt.longest_outage > SECOND && felt.longest_outage < MINUTE,
        "{felt:?}"
    );
    // Clients are answered, not answered, and answered again.
    let told = |entry: &&quorate_journal::Entry| {
        matches!(entry.what, What::World(WorldEvent::Client { .. }))
    };
    assert_eq!(world.events().iter().filter(told).count(), 3);
}

#[test]
fn a_service_that_hangs_past_its_restarts_moves_its_group() {
    let mut world = settled("four-node.ron", 2);
    world.fail_starts("EVS2 Information Store", 10).unwrap();
    world.hang_process("EVS2 Information Store", None).unwrap();
    world.run_for(20 * MINUTE);
    sound(&world);
    assert!(
        world.group("EVS2").unwrap().failovers > 0,
        "{}",
        journal(&world)
    );
    let mended = Repair::Process("EVS2 Information Store".into());
    world.repair(&mended).unwrap();
    assert_eq!(world.faults().count(), 0);
}

#[test]
fn a_broken_public_card_moves_the_group_and_keeps_the_node() {
    let mut world = settled("four-node.ron", 2);
    world.fail_card("NODE3", "Public").unwrap();
    world.run_for(10 * MINUTE);
    sound(&world);
    assert_eq!(world.node("NODE3").unwrap().state, NodeState::Up);
    assert_eq!(owner(&world, "EVS3"), "NODE4", "{}", journal(&world));
    all_online(&world);
    let card = Repair::Card {
        node: "NODE3".into(),
        network: "Public".into(),
    };
    world.repair(&card).unwrap();
    assert!(
        world
            .network_status("Public")
            .unwrap()
            .broken_cards
            .is_empty()
    );
}

#[test]
fn without_a_majority_everything_stops_and_with_one_again_nothing_is_lost() {
    let mut world = settled("five-node-majority.ron", 3);
    let op = AdminOp::GroupOffline {
        group: "EVS1".into(),
    };
    world.admin_wait(op, MINUTE).unwrap();
    world.run_for(MINUTE);
    for node in ["NODE1", "NODE2", "NODE3"] {
        world.crash(node).unwrap();
    }
    world.run_for(30 * SECOND);
    sound(&world);
    assert!(!world.quorum().has_quorum);
    for resource in world.resources() {
        let status = world.resource(&resource).unwrap();
        assert!(world.online_on(&resource).is_empty(), "{resource}");
        assert_eq!(status.owner, None);
        assert_eq!(status.state, ResourceState::Offline);
    }
    world.run_for(10 * MINUTE);
    assert!(!world.quorum().has_quorum);
    world.start("NODE2").unwrap();
    assert!(world.settle(20 * MINUTE), "{}", journal(&world));
    sound(&world);
    assert!(world.quorum().has_quorum, "{}", journal(&world));
    let evs1 = world.group("EVS1").unwrap();
    assert_eq!(
        (evs1.state, evs1.persistent_state),
        (GroupState::Offline, false)
    );
}

#[test]
fn a_failed_quorum_disk_stops_the_cluster_until_it_is_back() {
    let mut world = settled("four-node.ron", 3);
    let broken = world.fail_disk("Disk Q:").unwrap();
    world.run_for(5 * MINUTE);
    sound(&world);
    assert!(!world.quorum().has_quorum, "{}", journal(&world));
    assert!(!world.disk("Disk Q:").unwrap().works);
    world.heal(broken).unwrap();
    assert!(world.settle(20 * MINUTE), "{}", journal(&world));
    sound(&world);
    assert!(world.quorum().has_quorum, "{}", journal(&world));
    all_online(&world);
}

#[test]
fn a_planned_move_is_answered_and_a_senseless_one_refused() {
    let mut world = settled("four-node.ron", 3);
    let to = |node: &str| AdminOp::GroupMove {
        group: "EVS1".into(),
        to: Some(node.into()),
    };
    world.admin_wait(to("NODE4"), MINUTE).unwrap();
    assert!(world.settle(10 * MINUTE));
    sound(&world);
    assert_eq!(owner(&world, "EVS1"), "NODE4");
    all_online(&world);
    // NODE2 runs EVS2.
    let refused = world.admin_wait(to("NODE2"), MINUTE);
    assert!(
        matches!(refused, Err(WorldError::Refused(_))),
        "{refused:?}"
    );
    let unknown = world.admin(to("NODE9")).unwrap_err();
    assert!(unknown.to_string().contains("did you mean"), "{unknown}");
}

#[test]
fn a_world_without_power_answers_and_does_nothing() {
    let mut world = settled("four-node.ron", 3);
    for node in world.nodes() {
        world.crash(&node).unwrap();
    }
    assert_eq!(
        world.crash("NODE1"),
        Err(WorldError::Machine {
            node: "NODE1".into(),
            problem: "is off"
        })
    );
    let op = AdminOp::GroupOnline {
        group: "EVS1".into(),
    };
    assert_eq!(world.admin(op), Err(WorldError::NobodyToAsk));
    assert_eq!(world.group("EVS1").unwrap().state, GroupState::Offline);
    assert_eq!(world.node("NODE1").unwrap().state, NodeState::Down);
    let before = world.revision();
    world.run_for(60 * MINUTE);
    assert_eq!(world.revision(), before);
    sound(&world);
}

/// Changes that one node made alone under a start switch are promised to nobody; earlier promises stay.
#[test]
fn after_a_start_without_the_quorum_disk_the_past_counts_again() {
    let set = |threshold| AdminOp::SetProperty {
        object: Object::Group("EVS1".into()),
        property: "FailoverThreshold".into(),
        value: Some(Value::Dword(threshold)),
    };
    for lost in [false, true] {
        let mut world = settled("three-node.ron", 5);
        world.admin_wait(set(7), MINUTE).unwrap();
        for node in world.nodes() {
            world.crash(&node).unwrap();
        }
        let alone = StartSwitches {
            fix_quorum: true,
            ..StartSwitches::default()
        };
        world.start_with("NODE1", alone).unwrap();
        world.run_for(2 * MINUTE);
        world.admin_wait(set(8), MINUTE).unwrap();
        world.crash("NODE1").unwrap();
        sound(&world);
        if lost {
            // The end of the quorum log is lost, and with it the first acknowledged updates.
            let damage = Damage::LostTail { bytes: 400 };
            world.damage_file("Disk Q:", "quolog.log", damage).unwrap();
        }
        let node = "NODE1".into();
        world.inject(DiskFault::Wipe { node }).unwrap();
        world.start("NODE1").unwrap();
        world.run_for(10 * MINUTE);
        assert!(world.quorum().has_quorum, "{}", journal(&world));
        assert_eq!(!world.breaches().is_empty(), lost, "{}", journal(&world));
        let found = |breach: &quorate_model::Breach| {
            ["replicas_agree", "acknowledged"].contains(&breach.invariant)
        };
        assert!(world.breaches().iter().all(found), "{:?}", world.breaches());
    }
}
