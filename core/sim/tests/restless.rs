//! A resource monitor that keeps time from going on is found, and ends its node instead of the run.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use quorate_host::Services;
use quorate_machine::{Monitors, ResourceMonitor, Resources};
use quorate_model::monitor::{MonitorCommand, MonitorEvent};
use quorate_model::{ResourceState, Time};
use quorate_sim::{World, WorldOptions};

/// How it does that.
#[derive(Clone, Copy)]
enum Restless {
    /// It has one more thing to report whenever it is asked again.
    Reports,
    /// Its timer is due again as soon as it was handled.
    Timer,
}

struct Monitor {
    how: Restless,
    reported: bool,
    /// The time of the last wake-up.
    woken: Time,
}

impl ResourceMonitor for Monitor {
    fn command(&mut self, _: &mut dyn Services, _: MonitorCommand) {}

    fn wake(&mut self, services: &mut dyn Services) {
        self.woken = services.now();
    }

    fn next_wakeup(&self) -> Option<Time> {
        match self.how {
            Restless::Reports => None,
            Restless::Timer => Some(self.woken),
        }
    }

    fn poll_event(&mut self) -> Option<MonitorEvent> {
        self.reported = !self.reported;
        (matches!(self.how, Restless::Reports) && self.reported).then(|| MonitorEvent::State {
            resource: "nothing's".into(),
            state: ResourceState::Offline,
            reason: None,
        })
    }

    fn resources(&self) -> Resources<'_> {
        Box::new(std::iter::empty())
    }

    fn terminate_all(&mut self, _: &mut dyn Services) -> bool {
        true
    }

    fn power_off(self: Box<Self>) {}
}

impl Monitors for Restless {
    fn boot(&self) -> Box<dyn ResourceMonitor> {
        Box::new(Monitor {
            how: *self,
            reported: false,
            woken: Time::ZERO,
        })
    }
}

/// The breaches of a world with such a monitor on each node.
fn said(how: Restless) -> Vec<String> {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../scripts/clusters/one-node-local.ron"
    );
    let cluster = quorate_model::load(file.as_ref()).unwrap().definition;
    let mut world = World::with_monitors(cluster, Box::new(how), WorldOptions::default());
    world.start_all();
    world.run_for(Duration::from_secs(60));
    let breaches = world.breaches().iter();
    breaches
        .map(|it| format!("{}: {}", it.invariant, it.text))
        .collect()
}

#[test]
fn node_and_monitor_that_go_on_answering_each_other_are_ended() {
    assert_eq!(
        said(Restless::Reports),
        [
            "time_goes_on: NODE1: node and resource monitor go on answering each other at one instant"
        ]
    );
}

#[test]
fn a_timer_that_is_due_again_and_again_is_ended() {
    assert_eq!(
        said(Restless::Timer),
        ["time_goes_on: NODE1: a timer is due again and again at one instant"]
    );
}
