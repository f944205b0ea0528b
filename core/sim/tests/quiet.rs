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

#[test]
fn a_heartbeat_that_changes_nothing_allocates_nothing() {
    let definition = support::cluster("eight-node.ron");
    let options = WorldOptions::with_seed(3);
    let mut world = World::with_monitors(definition, Box::new(PlainMonitors), options);
    world.start_all();
    assert!(world.settle(Duration::from_secs(600)), "it does not settle");
    world.run_for(Duration::from_secs(600));

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
