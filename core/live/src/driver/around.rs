//! The machine around its cluster service.

use std::net::{IpAddr, SocketAddr};

use quorate_host::Services;
use quorate_journal::Event;
use quorate_machine::{ClusterService, Stuck, Surroundings};
use quorate_model::{Name, NodeId, Reason, Time, called};
use quorate_node::{Device, DiskDone, DiskError, DiskRequest, Message, Node, WitnessRequest};

use super::Driver;
use crate::clock;
use crate::monitors::GroupMonitors;

impl Driver {
    /// Where a node receives on a network: what the database says, or said as long as the node ran.
    pub(super) fn place_of(&mut self, to: NodeId, network: &Name) -> Option<SocketAddr> {
        let key = (to, network.clone());
        let known = self.service.node().and_then(Node::definition);
        let place = known.and_then(|definition| {
            let address = definition.node_by_id(to)?.interfaces.get(network)?;
            let address: IpAddr = address.parse().ok()?;
            Some(SocketAddr::new(address, self.plan.settings.file.port))
        });
        match place {
            Some(place) => {
                self.peers.insert(key, place);
                Some(place)
            }
            None => self.peers.get(&key).copied(),
        }
    }
}

impl Surroundings for Driver {
    type Monitor = GroupMonitors;

    fn now(&self) -> Time {
        clock::now()
    }

    fn service(&mut self) -> &mut ClusterService<GroupMonitors> {
        &mut self.service
    }

    fn with_monitor<R>(
        &mut self,
        call: impl FnOnce(&mut GroupMonitors, &mut dyn Services) -> R,
    ) -> Option<R> {
        let (mut machine, cause) = (self.machine.clone(), self.trail.present());
        let monitors = self.service.monitor_mut()?;
        monitors.because(cause);
        let result = call(monitors, &mut machine);
        self.tell_of_machine();
        Some(result)
    }

    fn another_monitor(&mut self) -> GroupMonitors {
        self.generation += 1;
        let (plugins, report) = (self.plan.plugins.clone(), self.report.clone());
        GroupMonitors::new(self.generation, plugins, &self.machine, report)
    }

    fn send(&mut self, to: NodeId, network: &Name, message: Message) {
        if let Some(place) = self.place_of(to, network) {
            self.networks.send(network, (to, place), message.encode());
        }
    }

    fn use_disk(&mut self, request: DiskRequest) -> Result<(), DiskDone> {
        match &request.device {
            Device::System => {
                self.disk.submit(self.incarnation, request);
                Ok(())
            }
            Device::Shared(name) => match self.shared.iter().find(|(it, _)| it == name) {
                Some((_, disk)) => {
                    disk.submit(self.incarnation, request);
                    Ok(())
                }
                None => Err(DiskDone {
                    ticket: request.ticket,
                    result: Err(DiskError::Device),
                }),
            },
        }
    }

    /// One that this machine has not mounted is out of reach, and does not answer.
    fn ask_witness(&mut self, request: WitnessRequest) {
        if let Some((_, share)) = called(&self.shares, &request.share, |(it, _)| it) {
            share.ask(self.incarnation, request);
        }
    }

    fn record(&mut self, event: Event) {
        if let Event::Restart { subject, .. } = &event {
            *self.restarts.entry(subject.clone()).or_default() += 1;
        }
        self.tell(event);
    }

    fn reply(&mut self, request: u64, result: Result<(), Reason>) {
        self.replied(request, result);
    }

    fn controlled(&mut self, request: u64, result: Result<Vec<u8>, Reason>) {
        self.said(request, result);
    }

    fn ends(&mut self) {}

    fn halted(&mut self, reason: Reason, restart: bool) {
        self.service_gone(reason, restart);
    }

    fn at_rest(&mut self) {
        let known = self.service.node().and_then(Node::definition);
        if let Some(definition) = known {
            let nodes = u32::try_from(definition.nodes.len()).unwrap_or(u32::MAX);
            self.machine.set_configured_nodes(nodes);
        }
    }

    fn stuck(&mut self, how: Stuck) {
        let text = format!("{}: {how}", self.name());
        self.plan.observer.remark(&text);
        self.service.kill();
        quorate_machine::end(self);
        self.service_gone(Reason::new(0, text), true);
    }
}
