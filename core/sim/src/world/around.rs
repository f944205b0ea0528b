//! The virtual world's services for the cluster service of one machine.

use std::sync::Arc;
use std::time::Duration;

use quorate_host::Services;
use quorate_journal::Event;
use quorate_machine::{ClusterService, ResourceMonitor, Stuck, Surroundings};
use quorate_model::{Name, NodeId, Reason, Time};
use quorate_node::{Beat, DiskDone, DiskRequest, Message, WitnessRequest};

use super::World;
use crate::env::{Coming, Happening, Host, Machine, Passage, StreamPassage};
use crate::monitor::Standing;
use crate::services::Local;

/// A heartbeat is looked at as if it arrived that much later, so that most need not be looked at again for another network.
const SPREAD: Duration = Duration::from_millis(5);

/// The world around one machine's cluster service.
pub(super) struct Around<'w> {
    pub(super) world: &'w mut World,
    pub(super) machine: Machine,
}

impl Around<'_> {
    pub(super) fn host(&self) -> &Host {
        &self.world.env.hosts[self.machine]
    }
}

impl Around<'_> {
    fn send_datagram(&mut self, network: usize, to: Machine, message: Message) {
        let passage = self.world.env.networks.send(network, self.machine, to);
        if let Some(passage) = passage {
            self.datagram(network, to, passage, message);
        }
    }

    fn datagram(&mut self, network: usize, to: Machine, passage: Passage, message: Message) {
        let message = self.leaves(message);
        let from = self.host().id;
        let env = &mut self.world.env;
        let arrives = |message: Message| match passage.flipped {
            Some(place) => Happening::Damaged {
                to,
                from,
                network,
                bytes: flipped(message.encode(), place),
            },
            None => Happening::Deliver {
                to,
                from,
                network,
                message,
            },
        };
        if let Some(takes) = passage.again {
            env.queue.push(env.now + takes, arrives(message.clone()));
        }
        env.queue.push(env.now + passage.takes, arrives(message));
    }

    /// A heartbeat is on its way that arrives as it was sent, once. `sure` is of which receiver it was found, for another network, that
    /// until then nothing follows for it.
    fn let_come(
        &mut self,
        (network, to): (usize, Machine),
        takes: Duration,
        beat: Beat,
        sure: &mut Option<(Machine, Time)>,
    ) {
        let from = self.host().id;
        let queue = &mut self.world.env.queue;
        let coming = Coming {
            moment: queue.moment(self.world.env.now + takes),
            from,
            network,
            beat,
            cause: queue.cause,
        };
        let at = coming.moment.0;
        let may_wait = match sure {
            Some((of, until)) if *of == to && at <= *until => self.world.may_wait_too(to, &coming),
            _ => {
                let until = at + SPREAD;
                let longer = self.world.may_wait(to, &coming, until);
                *sure = longer.then_some((to, until));
                longer || self.world.may_wait(to, &coming, at)
            }
        };
        match may_wait {
            true => self.world.env.in_flight.add(to, coming),
            false => self.world.env.becomes_event(to, coming),
        }
    }

    fn send_stream(&mut self, network: usize, to: Machine, bytes: usize, message: Message) {
        let from = self.machine;
        let networks = &mut self.world.env.networks;
        let Some(StreamPassage { sends, takes }) = networks.stream(network, from, to, bytes) else {
            return;
        };
        let message = self.leaves(message);
        let env = &mut self.world.env;
        if sends.is_zero() {
            env.stream_sent((network, from, to), takes, message);
            return;
        }
        let sent = Happening::Streamed {
            to,
            from,
            network,
            takes,
            message,
        };
        env.queue.push(env.now + sends, sent);
    }

    /// A message that is about to reach somebody: one that reaches nobody does not count.
    fn leaves(&mut self, message: Message) -> Message {
        self.world.stations[self.machine].said |= message.says_goodbye();
        match self.world.env.options.through_codec {
            true => self.world.read_back(message),
            false => message,
        }
    }
}

/// The bytes with one bit flipped.
fn flipped(mut bytes: Vec<u8>, place: u64) -> Vec<u8> {
    let bits = (bytes.len() as u64 * 8).max(1);
    let at = place % bits;
    if let Some(byte) = bytes.get_mut((at / 8) as usize) {
        *byte ^= 1 << (at % 8);
    }
    bytes
}

impl Surroundings for Around<'_> {
    type Monitor = Standing;

    fn now(&self) -> Time {
        self.world.env.local(self.machine)
    }

    fn service(&mut self) -> &mut ClusterService<Standing> {
        self.world.calls(self.machine)
    }

    fn with_monitor<R>(
        &mut self,
        call: impl FnOnce(&mut Standing, &mut dyn Services) -> R,
    ) -> Option<R> {
        let machine = self.machine;
        self.world.calls(machine);
        let World { stations, env, .. } = &mut *self.world;
        let monitor = stations[machine].service.monitor_mut()?;
        Some(call(monitor, &mut Local { env, machine }))
    }

    fn another_monitor(&mut self) -> Standing {
        self.world.monitor_ended(self.machine);
        self.world.stations[self.machine].monitor_seen = None;
        Standing::new(self.world.monitors.boot())
    }

    fn send(&mut self, to: NodeId, network: &Name, message: Message) {
        let env = &self.world.env;
        let place = env.networks.find(network).zip(env.machine_of(to));
        let Some((network, to)) = place else { return };
        match message.stream_size() {
            Some(bytes) => self.send_stream(network, to, bytes, message),
            None => self.send_datagram(network, to, message),
        }
    }

    fn send_all(&mut self, ways: &Arc<[(NodeId, Name)]>, message: Message) {
        let places = self.world.places_of(self.machine, ways);
        if let Some(bytes) = message.stream_size() {
            for &(network, to) in places.iter() {
                self.send_stream(network, to, bytes, message.clone());
            }
            return;
        }
        let beat = match self.world.env.in_flight.open {
            true => message.beat(),
            false => None,
        };
        let mut sure = None;
        for &(network, to) in places.iter() {
            let passage = self.world.env.networks.send(network, self.machine, to);
            match (passage, &beat) {
                (Some(passage), Some(beat)) if passage.is_plain() => {
                    let way = (network, to);
                    self.let_come(way, passage.takes, beat.clone(), &mut sure);
                }
                (Some(passage), _) => self.datagram(network, to, passage, message.clone()),
                (None, _) => {}
            }
        }
    }

    fn use_disk(&mut self, request: DiskRequest) -> Result<(), DiskDone> {
        let boot = self.world.stations[self.machine].boot;
        let env = &mut self.world.env;
        match env.disks.submit(self.machine, boot, request, env.now) {
            Ok((disk, request, at)) => {
                env.queue.push(at, Happening::Disk { disk, request });
                Ok(())
            }
            Err(failed) => Err(failed.done),
        }
    }

    fn ask_witness(&mut self, request: WitnessRequest) {
        let (machine, boot) = (self.machine, self.world.stations[self.machine].boot);
        let env = &mut self.world.env;
        let at = env.now + env.shares.way(&request.share);
        let request = Box::new(request);
        let asked = Happening::Asked {
            machine,
            boot,
            request,
        };
        env.queue.push(at, asked);
    }

    fn record(&mut self, event: Event) {
        if let Event::Restart { subject, .. } = &event {
            *self.world.restarts.entry(subject.clone()).or_default() += 1;
            self.world.revisions.restarts += 1;
        }
        if let Event::StartSwitch { .. } = &event {
            self.world.switched(self.machine);
        }
        self.world.env.record(Some(self.machine), event.clone());
        self.world.check_margin(self.machine, &event);
    }

    fn reply(&mut self, request: u64, result: Result<(), Reason>) {
        self.world.replied(self.machine, request, result);
    }

    fn controlled(&mut self, request: u64, result: Result<Vec<u8>, Reason>) {
        self.world.controlled(self.machine, request, result);
    }

    fn ends(&mut self) {
        let station = &mut self.world.stations[self.machine];
        let open = station.service.monitor().into_iter();
        let up = open
            .flat_map(|monitor| monitor.resources())
            .filter(|(.., state)| !state.is_down());
        let up = up.map(|(name, ..)| name.clone()).collect();
        station.ended = Some((self.world.env.now, up));
    }

    fn halted(&mut self, reason: Reason, restart: bool) {
        self.world.service_gone(self.machine, &reason.text, restart);
    }

    fn at_rest(&mut self) {
        self.world.schedule(self.machine);
    }

    fn stuck(&mut self, how: Stuck) {
        self.world.stuck(self.machine, how);
    }
}
