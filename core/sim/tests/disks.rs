//! The disks of whole clusters: full, slow, hanging, write-protected, and unable to flush.

#![allow(clippy::unwrap_used)]

// Each test file uses a part of it.
#[allow(dead_code)]
mod support;

use std::time::Duration;

use quorate_model::{AdminOp, DiskFault, Drive, Name, NodeState, Object, Repair, Value};
use quorate_sim::{World, WorldError};
use support::{all_online, journal, settled, sound};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn own(node: &Name) -> Drive {
    Drive::System(node.clone())
}

fn group(world: &World) -> Name {
    let mut groups = world.groups().into_iter();
    groups.find(|group| *group != "Cluster Group").unwrap()
}

fn set(world: &World, threshold: u32) -> AdminOp {
    AdminOp::SetProperty {
        object: Object::Group(group(world)),
        property: "FailoverThreshold".into(),
        value: Some(Value::Dword(threshold)),
    }
}

/// The coordinator and another node.
fn two(world: &World) -> (Name, Name) {
    let coordinator = world.coordinator().unwrap();
    let other = world.nodes().into_iter().find(|it| *it != coordinator);
    (coordinator, other.unwrap())
}

/// When and on which node this text first appears in the journal after `from` entries.
fn said(world: &World, from: usize, text: &str) -> Option<(Duration, Name)> {
    let entry = world.events()[from..].iter().find(|entry| {
        let fields = serde_json::to_string(entry.fields()).unwrap();
        fields.contains(text)
    })?;
    let since = entry.at - world.events()[from].at;
    Some((since, entry.node.clone().unwrap_or_else(|| "".into())))
}

fn breaks(world: &mut World, fault: DiskFault) -> usize {
    let from = world.events().len();
    world.inject(fault).unwrap();
    from
}

#[test]
fn a_node_whose_own_disk_hangs_says_so_and_leaves_the_others_alone() {
    for cluster in ["three-node-majority.ron", "four-node.ron"] {
        for coordinates in [true, false] {
            let mut world = settled(cluster, 5);
            let (coordinator, other) = two(&world);
            let node = if coordinates { coordinator } else { other };
            let from = breaks(&mut world, DiskFault::HungDisk { disk: own(&node) });
            // This must be written to the disk.
            let _ = world.admin_wait(set(&world, 3), MINUTE);
            world.run_for(MINUTE);
            sound(&world);
            let (slow, who) = said(&world, from, "the system disk is slow").unwrap();
            assert!(slow < 7 * SECOND, "{slow:?}");
            assert_eq!(who, node);
            let (left, who) = said(&world, from, "has not ended for 15.6s").unwrap();
            assert!(left < 18 * SECOND, "{left:?}");
            assert_eq!(who, node);
            assert!(world.quorum().has_quorum, "{}", journal(&world));
            assert_eq!(world.node(&node).unwrap().state, NodeState::Down);
            world.admin_wait(set(&world, 4), MINUTE).unwrap();
            // It cannot come back until it can read its disk.
            world.run_for(5 * MINUTE);
            assert!(!world.machine_status(&node).unwrap().service_running);
            world.repair(&Repair::Disk(own(&node))).unwrap();
            world.run_for(SECOND);
            assert!(world.machine_status(&node).unwrap().service_running);
            assert!(world.settle(15 * MINUTE), "{}", journal(&world));
            sound(&world);
            all_online(&world);
            assert_eq!(world.node(&node).unwrap().state, NodeState::Up);
        }
    }
}

#[test]
fn a_disk_that_refuses_a_write_stops_its_node_with_the_reason() {
    type Makes = fn(Drive) -> DiskFault;
    let reasons: [(Makes, &str); 4] = [
        (
            |disk| DiskFault::DiskFull { disk },
            "it is full (error 112)",
        ),
        (
            |disk| DiskFault::ReadOnlyDisk { disk },
            "it is write-protected (error 19)",
        ),
        (
            |disk| DiskFault::FlushFails { disk },
            "it could not flush what was written (error 1117)",
        ),
        (
            |disk| DiskFault::Disk { disk },
            "the device does not answer, or reports an error",
        ),
    ];
    for (fault, reason) in reasons {
        let mut world = settled("three-node-majority.ron", 6);
        let (_, node) = two(&world);
        let from = breaks(&mut world, fault(own(&node)));
        world.admin_wait(set(&world, 3), MINUTE).unwrap();
        world.run_for(MINUTE / 2);
        sound(&world);
        let text =
            format!("a write of the cluster database to the system disk was refused: {reason}");
        let (_, who) = said(&world, from, &text).expect(&text);
        assert_eq!(who, node);
        assert!(!world.machine_status(&node).unwrap().service_running);
        world.heal_all();
        assert!(world.settle(15 * MINUTE), "{reason}: {}", journal(&world));
        all_online(&world);
        assert_eq!(world.node(&node).unwrap().state, NodeState::Up);
        sound(&world);
    }
}

/// Data that was written but not flushed can be read after a restart of the service, and is lost with the power. A
/// node that takes it for durable tells others something that it will have forgotten.
#[test]
fn what_could_not_be_flushed_is_not_told_to_others_before_it_is_written_anew() {
    let mut world = settled("three-node-majority.ron", 8);
    let (coordinator, node) = two(&world);
    let third = world.nodes().into_iter();
    let third = third.filter(|it| *it != coordinator && *it != node);
    let third = third.last().unwrap();
    world.crash(&third).unwrap();
    world.run_for(MINUTE);
    let fault = world.inject(DiskFault::FlushFails { disk: own(&node) });
    let asked = world.admin(set(&world, 3)).unwrap();
    world.run_for(SECOND);
    assert!(!world.machine_status(&node).unwrap().service_running);
    world.heal(fault.unwrap()).unwrap();
    // The coordinator has the update, and `node` can read it: once that is back, the two are a majority.
    world.run_for(5 * MINUTE);
    assert!(world.quorum().has_quorum, "{}", journal(&world));
    let _ = world.reply(asked);
    world.admin_wait(set(&world, 5), MINUTE).unwrap();
    // Of the two nodes with the update, one loses power and comes back, and the other does not come back.
    world.crash(&node).unwrap();
    world.crash(&coordinator).unwrap();
    world.start(&node).unwrap();
    world.start(&third).unwrap();
    world.run_for(5 * MINUTE);
    sound(&world);
    assert!(world.quorum().has_quorum, "{}", journal(&world));
    let group = world.definition().group(&group(&world)).unwrap();
    assert_eq!(group.properties.failover_threshold, 5);
}

/// No node waits for its own copy of what is on the quorum disk.
#[test]
fn a_slow_system_disk_does_not_cost_the_quorum_disk() {
    let mut world = settled("four-node.ron", 9);
    let (coordinator, _) = two(&world);
    let delay = 2 * SECOND;
    let from = breaks(
        &mut world,
        DiskFault::SlowDisk {
            disk: own(&coordinator),
            delay,
        },
    );
    for threshold in 1..6 {
        world.admin_wait(set(&world, threshold), SECOND).unwrap();
    }
    world.run_for(5 * MINUTE);
    sound(&world);
    all_online(&world);
    assert_eq!(world.coordinator(), Some(coordinator));
    assert_eq!(said(&world, from, "coordinator-lost"), None);
}

/// A cluster service that starts reads its disk after the disk's earlier requests.
#[test]
fn a_start_waits_for_the_system_disk() {
    let mut world = settled("three-node-majority.ron", 10);
    let (_, node) = two(&world);
    let delay = 5 * SECOND;
    let disk = own(&node);
    world.inject(DiskFault::SlowDisk { disk, delay }).unwrap();
    world.stop_service(&node).unwrap();
    world.start_service(&node).unwrap();
    let running = |world: &World| world.machine_status(&node).unwrap().service_running;
    assert!(!running(&world));
    let again = world.start_service(&node).unwrap_err();
    assert!(again.to_string().contains("is starting"), "{again}");
    world.run_for(4 * SECOND);
    assert!(!running(&world));
    world.run_for(2 * SECOND);
    assert!(running(&world));

    // If the machine stands still meanwhile, the start waits for its thaw.
    world.stop_service(&node).unwrap();
    world.run_for(MINUTE);
    world.start_service(&node).unwrap();
    world.freeze(&node, None).unwrap();
    world.run_for(MINUTE);
    assert!(!running(&world));
    world.thaw(&node).unwrap();
    world.run_for(6 * SECOND);
    assert!(running(&world));

    // A disk that cannot be read is tried again every minute.
    let broken = DiskFault::Disk { disk: own(&node) };
    world.repair(&Repair::Disk(own(&node))).unwrap();
    world.stop_service(&node).unwrap();
    let from = breaks(&mut world, broken);
    world.start_service(&node).unwrap();
    world.run_for(SECOND);
    let why = "the cluster service cannot read its disk: the device does not answer";
    assert!(said(&world, from, why).is_some(), "{}", journal(&world));
    world.repair(&Repair::Disk(own(&node))).unwrap();
    assert!(!running(&world));
    world.run_for(MINUTE);
    assert!(running(&world));
    assert!(world.settle(15 * MINUTE));
    sound(&world);
}

#[test]
fn what_makes_no_sense_is_refused_with_the_reason() {
    let mut world = settled("three-node-majority.ron", 11);
    let mut refused = |fault: DiskFault| world.inject(fault).unwrap_err().to_string();
    let disk = || Drive::System("NODE1".into());
    assert!(
        refused(DiskFault::HungDisk {
            disk: Drive::System("NODE9".into())
        })
        .contains("there is no node called \"NODE9\"; did you mean")
    );
    let none = refused(DiskFault::SlowDisk {
        disk: disk(),
        delay: Duration::ZERO,
    });
    assert!(none.contains("longer than nothing"), "{none}");
    let never = refused(DiskFault::UnsteadyDisk {
        disk: disk(),
        per_million: Default::default(),
        by: SECOND,
    });
    assert!(
        never.starts_with("the system disk of NODE1 takes longer for none of its requests"),
        "{never}"
    );
    world.inject(DiskFault::DiskFull { disk: disk() }).unwrap();
    let twice = world.inject(DiskFault::DiskFull { disk: disk() });
    assert!(
        matches!(twice, Err(WorldError::Nothing { .. })),
        "{twice:?}"
    );
}
