//! Faults that once seemed to keep a cluster from coming to rest. They last for a while, then everything is healed,
//! and within an hour all must be in service and quiet.

#![allow(clippy::unwrap_used)]

// Each test file uses a part of it.
#[allow(dead_code)]
mod support;
mod swarm;

use std::time::Duration;

use swarm::{Act, By, Cluster, Datagrams, Kind, Scenario, Step, Trouble};

const MINUTE: Duration = Duration::from_secs(60);

/// Runs of every kind of quorum under `trouble`, while nodes are lost and come back.
fn comes_to_rest(seeds: std::ops::Range<u64>, drift: Option<u32>, trouble: &[Act]) {
    for seed in seeds {
        let kind = [Kind::Standard, Kind::Majority, Kind::Witness][(seed % 3) as usize];
        let nodes = 2 + (seed / 3 % 3) as usize;
        let lost = (seed % nodes as u64) as usize;
        let broken = trouble.iter().map(|act| (*act, Duration::ZERO));
        let story = [
            (Act::ServiceCrashes(seed as usize), 10 * MINUTE),
            (Act::Crash(lost), 5 * MINUTE),
            (Act::Start(lost), 15 * MINUTE),
            (Act::Move(1, lost), 10 * MINUTE),
        ];
        let steps = broken.chain(story);
        let scenario = Scenario {
            seed,
            cluster: Cluster {
                kind,
                nodes,
                servers: nodes - 1,
                plain: 1,
                log: Some(8 * 1_024),
                drift,
                codec: true,
                ..Cluster::default()
            },
            haste: false,
            steps: steps.map(|(act, wait)| Step { act, wait }).collect(),
        };
        let (world, result) = scenario.run_by(By::Shipped);
        let broken = world
            .events()
            .iter()
            .filter(|event| event.kind() == "fault-injected");
        // More than the two faults that each run has anyway.
        assert!(broken.count() > 2, "seed {seed}: the trouble was refused");
        if let Err(failure) = result {
            let journal = support::journal(&world);
            panic!("{failure:?}\n{journal}\nas a file for `--replay`:\n{scenario}");
        }
    }
}

/// On every network, one datagram in ten arrives twice and one in ten up to three seconds late.
fn doubled_and_late() -> Vec<Act> {
    let both = |network| {
        [Datagrams::Doubled, Datagrams::Late(3_000)].map(|what| Act::Datagrams(network, what, 10))
    };
    [both(0), both(1)].concat()
}

#[test]
fn after_datagrams_that_came_twice_and_late() {
    comes_to_rest(0..36, None, &doubled_and_late());
}

#[test]
fn after_the_same_with_clocks_that_are_off() {
    comes_to_rest(36..72, Some(10_000), &doubled_and_late());
}

/// One write in twenty on a system disk is up to nine seconds late, and clocks are one per cent off.
#[test]
fn after_system_disks_that_were_late_with_clocks_that_are_off() {
    let late: Vec<Act> = (0..4)
        .map(|node| Act::SystemDisk(node, Trouble::Unsteady(5, 9_000), 0))
        .collect();
    comes_to_rest(72..120, Some(10_000), &late);
}

/// The system disks of two nodes break in every possible way.
#[test]
fn after_system_disks_that_were_broken_in_every_way() {
    let ways = [
        Trouble::Fails,
        Trouble::Slows(4_000),
        Trouble::Hangs,
        Trouble::Full,
        Trouble::ReadOnly,
        Trouble::FlushFails,
    ];
    for (way, first) in ways.into_iter().zip((120..).step_by(6)) {
        let broken = [0, 1].map(|node| Act::SystemDisk(node, way, 0));
        comes_to_rest(first..first + 6, None, &broken);
    }
}

/// Monitors that stand still until they are replaced or healed, and disks that a host outside has stolen.
#[test]
fn after_monitors_that_stood_still_and_disks_that_were_stolen() {
    let hung = [Act::MonitorHangs(0, 0), Act::MonitorHangs(1, 200_000)];
    comes_to_rest(156..168, None, &hung);
    let taken = [0, 1].map(|disk| Act::Stolen(disk, 0));
    comes_to_rest(168..180, None, &taken);
}
