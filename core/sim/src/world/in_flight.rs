//! Nodes are given the heartbeats from which nothing follows for them: not when these arrive, but before anything else happens
//! to the node, or anybody looks at it. Nobody can tell the difference, and there are that many events less.

use quorate_model::Time;

use super::World;
use crate::env::{Coming, Happening, Machine};
use crate::queue::Moment;

impl World {
    /// Lets time pass until `until`, or until `ends` says so after an event. Returns whether it did.
    pub(super) fn pass(&mut self, until: Time, ends: impl Fn(&World) -> bool) -> bool {
        self.foresee(None);
        let options = &self.env.options;
        // Who checks twice, or reads back what was sent, sees each as an event.
        let may_wait = !options.checked_twice && !options.through_codec;
        let mut ended = false;
        while !ended && self.env.queue.next_time().is_some_and(|at| at <= until) {
            self.env.in_flight.open = may_wait;
            self.step();
            ended = ends(self);
        }
        if ended {
            self.land(self.env.queue.last());
        } else {
            self.land((until, u64::MAX));
            self.env.now = self.env.now.max(until);
        }
        ended
    }

    /// Nodes are given what has arrived before a moment; the rest of what is on its way becomes events.
    fn land(&mut self, before: Moment) {
        self.env.in_flight.open = false;
        for machine in 0..self.stations.len() {
            self.arrive(machine, before);
            while let Some(coming) = self.env.in_flight.next(machine) {
                self.env.becomes_event(machine, coming);
            }
        }
    }

    /// Before an event that may have to do with more than one machine all land, and none waits while it happens.
    pub(super) fn land_before(&mut self, happening: &Happening) {
        match happening {
            Happening::Deliver { .. }
            | Happening::Streamed { .. }
            | Happening::Asked { .. }
            | Happening::Answered { .. }
            | Happening::Process { .. }
            | Happening::NodeWake(_)
            | Happening::MonitorWake(_) => {}
            Happening::Damaged { .. }
            | Happening::Disk { .. }
            | Happening::PowerOn(_)
            | Happening::Reboot(_)
            | Happening::ServiceRestart { .. }
            | Happening::Heal(_)
            | Happening::Call(_)
            | Happening::Check => self.land(self.env.queue.last()),
        }
    }

    /// All nodes are given what has arrived by now.
    pub(super) fn arrive_everywhere(&mut self) {
        for machine in 0..self.stations.len() {
            self.arrive(machine, self.env.queue.last());
        }
    }

    /// A node is given what has arrived before a moment.
    pub(super) fn arrive(&mut self, machine: Machine, before: Moment) {
        let (env, service) = (&mut self.env, &mut self.stations[machine].service);
        while let Some(coming) = env.in_flight.first_before(machine, before) {
            let local = env.hosts[machine].clock.local(coming.moment.0);
            let network = env.networks.name(coming.network);
            service.take_in(local, coming.from, network, &coming.beat);
            env.in_flight.next(machine);
        }
    }

    /// After something has happened to a node: what is on its way and might bring it something now becomes an event.
    pub(super) fn look_again(&mut self, machine: Machine) {
        for _ in 0..self.env.in_flight.count(machine) {
            let Some(coming) = self.env.in_flight.next(machine) else {
                return;
            };
            match self.may_wait(machine, &coming, coming.moment.0) {
                true => self.env.in_flight.add(machine, coming),
                false => self.env.becomes_event(machine, coming),
            }
        }
    }

    /// Whether nothing follows for a node from a heartbeat, if nothing else happens to it before that arrives, and if it arrives
    /// at `at` at the latest.
    pub(super) fn may_wait(&self, to: Machine, coming: &Coming, at: Time) -> bool {
        let (env, service) = (&self.env, &self.stations[to].service);
        let local = env.hosts[to].clock.local(at);
        let network = env.networks.name(coming.network);
        env.hosts[to].frozen.is_none()
            && service.only_hears(local, coming.from, network, &coming.beat)
    }

    /// The same of a heartbeat that may wait on another network.
    pub(super) fn may_wait_too(&self, to: Machine, coming: &Coming) -> bool {
        let node = self.stations[to].service.node();
        let network = self.env.networks.name(coming.network);
        node.is_some_and(|node| node.only_hears_too(coming.from, network))
    }
}
