//! What a cluster costs in which nothing happens: heartbeats, which are nearly all of its events, allocate nothing.

#![allow(clippy::unwrap_used)]

// Each test file uses a part of it.
#[allow(dead_code)]
mod support;

use std::time::Duration;

use quorate_model::Time;
use quorate_sim::{World, WorldOptions};
use support::PlainMonitors;

const NODES: usize = 8;
const NETWORKS: usize = 2;
/// So many heartbeats' time is looked at.
const BEATS: usize = 50;

/// A cluster of eight nodes to which nothing happens.
fn quiet_world() -> World {
    let definition = support::cluster("eight-node.ron");
    let options = WorldOptions::with_seed(3);
    let mut world = World::with_monitors(definition, Box::new(PlainMonitors), options);
    world.start_all();
    assert!(world.settle(Duration::from_secs(600)), "it does not settle");
    world.run_for(Duration::from_secs(600));
    world
}

/// While time passes, heartbeats wait beside the queue until something else happens: that must not cost more than if each
/// were an event.
#[test]
fn heartbeats_that_wait_allocate_no_more_than_if_each_is_an_event() {
    let (mut by_event, mut at_once) = (quiet_world(), quiet_world());
    let until = by_event.now() + quorate_node::bounds::HEARTBEAT * BEATS as u32;
    let stepped = allocation_counter::measure(|| {
        while by_event.now() < until {
            by_event.step();
        }
    });
    let passed = allocation_counter::measure(|| at_once.run_until(until));
    assert!(
        passed.count_total <= stepped.count_total,
        "{} allocations, and {} if each heartbeat is an event",
        passed.count_total,
        stepped.count_total
    );
    let journal = support::journal(&by_event);
    assert_eq!(support::journal(&at_once), journal);
}

#[test]
fn a_heartbeat_that_changes_nothing_allocates_nothing() {
    let mut world = quiet_world();
    let until = world.now() + quorate_node::bounds::HEARTBEAT * BEATS as u32;
    let (mut events, mut free) = (0, 0);
    while world.now() < until {
        let allocated = allocation_counter::measure(|| {
            assert!(world.step().is_some_and(|at| at > Time::ZERO));
        });
        events += 1;
        free += usize::from(allocated.count_total == 0);
    }
    // Every node hears each of the others on each network. What is left are the log's messages, writes, health checks.
    let heartbeats = NODES * (NODES - 1) * NETWORKS * BEATS;
    assert!(
        events > heartbeats,
        "{events} events, {heartbeats} heartbeats"
    );
    assert!(
        free >= heartbeats,
        "{free} of {events} events allocate nothing, and {heartbeats} are heartbeats"
    );
}
