//! Whether anybody in the cluster has noticed a fault.

#![allow(clippy::unwrap_used)]

// Each test file uses a part of it.
#[allow(dead_code)]
mod support;

use std::time::Duration;

use quorate_model::{AdminOp, Chance, MachineFault, Name, NetworkFault};
use support::{owner, settled};

const MINUTE: Duration = Duration::from_secs(60);

fn crash(node: &str) -> MachineFault {
    MachineFault::Crash {
        node: Name::from(node),
    }
}

#[test]
fn a_power_cut_is_noticed_once_the_others_miss_the_node() {
    let mut world = settled("four-node.ron", 7);
    let lost = world.inject(crash("NODE3")).unwrap();
    assert!(!world.noticed(lost));
    world.run_for(Duration::from_secs(1));
    assert!(!world.noticed(lost));
    world.run_for(MINUTE);
    assert!(world.noticed(lost));
}

#[test]
fn of_machines_that_die_with_the_last_service_nobody_is_left_to_notice_anything() {
    let mut world = settled("four-node.ron", 7);
    let lost = ["NODE1", "NODE2", "NODE3", "NODE4"].map(|node| world.inject(crash(node)).unwrap());
    assert!(lost.iter().all(|fault| !world.noticed(*fault)));
    world.start("NODE4").unwrap();
    world.run_for(Duration::from_secs(1));
    assert!(lost.iter().all(|fault| world.noticed(*fault)));
}

#[test]
fn an_order_is_no_news_of_a_fault() {
    let mut world = settled("four-node.ron", 7);
    let twice = NetworkFault::Duplicate {
        network: Name::from("Private"),
        node: None,
        per_million: Chance::of(0.5).unwrap(),
    };
    let twice = world.inject(twice).unwrap();
    let to = AdminOp::GroupMove {
        group: "EVS1".into(),
        to: Some("NODE4".into()),
    };
    world.admin_wait(to, MINUTE).unwrap();
    world.run_for(5 * MINUTE);
    assert_eq!(owner(&world, "EVS1"), "NODE4");
    assert!(!world.noticed(twice));
}
