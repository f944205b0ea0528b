//! A node that halts says that nothing of it runs any more, so that nobody waits for its silence; but only if its
//! monitor is certain.
#![allow(clippy::unwrap_used)]

#[allow(dead_code)]
mod support;

use std::time::Duration;

use quorate_host::Services;
use quorate_machine::{Monitors, ResourceMonitor, Resources};
use quorate_model::Time;
use quorate_model::monitor::{MonitorCommand, MonitorEvent};
use quorate_sim::{World, WorldOptions};

use support::{PlainMonitors, cluster, owner, sound};

/// Monitors that end everything and cannot say whether each resource has confirmed it.
struct Unsure;

struct UnsureMonitor(Box<dyn ResourceMonitor>);

impl Monitors for Unsure {
    fn boot(&self) -> Box<dyn ResourceMonitor> {
        Box::new(UnsureMonitor(PlainMonitors.boot()))
    }
}

impl ResourceMonitor for UnsureMonitor {
    fn command(&mut self, services: &mut dyn Services, command: MonitorCommand) {
        self.0.command(services, command);
    }

    fn wake(&mut self, services: &mut dyn Services) {
        self.0.wake(services);
    }

    fn next_wakeup(&self) -> Option<Time> {
        self.0.next_wakeup()
    }

    fn poll_event(&mut self) -> Option<MonitorEvent> {
        self.0.poll_event()
    }

    fn resources(&self) -> Resources<'_> {
        self.0.resources()
    }

    fn terminate_all(&mut self, services: &mut dyn Services) -> bool {
        self.0.terminate_all(services);
        false
    }

    fn power_off(self: Box<Self>) {
        self.0.power_off();
    }
}

/// Whether a virtual server has another owner two seconds after its owner goes on, which had stood still for twenty.
fn is_taken_over_at_once(monitors: Box<dyn Monitors>) -> bool {
    let options = WorldOptions::with_seed(5);
    let mut world = World::with_monitors(cluster("four-node.ron"), monitors, options);
    world.start_all();
    world.settle(Duration::from_secs(600));
    let before = owner(&world, "EVS3");
    let stood_still = Duration::from_secs(20);
    world.freeze(&before, Some(stood_still)).unwrap();
    world.run_for(stood_still + Duration::from_secs(2));
    let at_once = owner(&world, "EVS3") != before;
    world.run_for(Duration::from_secs(60));
    assert_ne!(owner(&world, "EVS3"), before, "in the end it is");
    sound(&world);
    at_once
}

#[test]
fn who_knows_that_everything_has_ended_is_not_waited_for() {
    assert!(is_taken_over_at_once(Box::new(PlainMonitors)));
}

#[test]
fn who_does_not_know_says_nothing_and_is_waited_for() {
    assert!(!is_taken_over_at_once(Box::new(Unsure)));
}
