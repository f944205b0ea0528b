//! Heartbeats, silence, and whether quorum stands.

use std::time::Duration;

use quorate_journal::Event;
use quorate_model::{Name, NodeId, Reason, Time};

use crate::bounds;
use crate::io::Output;
use crate::message::{Body, Heartbeat, Message, Standing};
use crate::node::{Node, Phase};
use crate::quorum::Candidacy;
use crate::timers::Timer;

impl Node {
    /// Sends heartbeats to every configured node on every network that carries cluster messages.
    pub(crate) fn beat(&mut self) {
        self.timers
            .set(Timer::Heartbeat, self.now + bounds::HEARTBEAT);
        if self.log.is_leader() {
            self.log.resend(self.now.0);
            self.storage.probe();
        }
        self.check_witness();
        self.send_heartbeats();
        self.tell_kept_out();
        self.watch_disks();
        self.watch_monitor();
        self.forget_controls();
        self.check_silence();
    }

    pub(crate) fn send_heartbeats(&mut self) {
        let confirmed = self.confirmed();
        let age = u64::try_from(self.now.since(confirmed).as_micros()).unwrap_or(u64::MAX);
        let view = &self.database.view;
        let heartbeat = Heartbeat {
            sent: self.now.0,
            echoes: self
                .peers
                .iter()
                .filter(|(_, peer)| peer.heard.is_some())
                .map(|(node, peer)| (*node, peer.incarnation, peer.sent))
                .collect(),
            standing: self.standing(),
            view: view.number,
            members: view.members.keys().map(|node| node.0).collect(),
            coordinates: self
                .coordinates_at(self.now)
                .then_some((self.log.term(), age)),
            quorate: self.has_quorum_at(self.now),
        };
        for peer in self.other_nodes().iter().map(NodeId) {
            for network in self.networks_to(peer) {
                let body = Body::Heartbeat(heartbeat.clone());
                self.send_on(peer, network, body);
            }
        }
    }

    /// Takes a heartbeat in.
    pub(crate) fn heartbeat(&mut self, from: NodeId, network: &Name, heartbeat: &Heartbeat) {
        let echo = heartbeat
            .echoes
            .iter()
            .find(|(node, incarnation, _)| {
                *node == self.me && *incarnation == self.config.incarnation
            })
            .map(|(_, _, sent)| *sent);
        let name = self.database.node_name(from);
        let (me, now, term) = (self.me, self.now, self.log.term());
        let Some(peer) = self.peers.get_mut(&from) else {
            return;
        };
        peer.take(heartbeat, now, echo);
        let interface = peer.interfaces.entry(network.clone()).or_default();
        interface.heard = Some(now);
        if !std::mem::replace(&mut interface.up, true) {
            self.event(Event::Interface {
                peer: name.clone(),
                network: network.clone(),
                up: true,
            });
        }
        if self.phase == Phase::Joining && heartbeat.quorate && self.config.switches.fix_quorum {
            let text = format!(
                "{name} is in a cluster with quorum: a node joins it only when it is started without fixquorum"
            );
            self.halt(Reason::new(5890, text), false);
            return;
        }
        let listed = heartbeat.members.contains(me.0);
        let member = matches!(self.phase, Phase::Member | Phase::Leaving);
        if member
            && heartbeat.quorate
            && heartbeat.standing == Standing::Member
            && heartbeat.view > self.database.view.number
            && !listed
        {
            let text = format!(
                "{name} says that view {} goes on without this node: it was expelled",
                heartbeat.view
            );
            self.halt(Reason::new(5890, text), true);
            return;
        }
        if let Some((their_term, age)) = heartbeat.coordinates
            && their_term >= term
        {
            self.coordinator_heard = self.now;
            if let (Some(echo), true) = (echo, listed || self.phase == Phase::Joining) {
                let basis = Time(echo.saturating_sub(age));
                if !self.log.is_leader() {
                    self.basis = self.basis.max(basis);
                }
            }
            if !self.log.is_leader() {
                self.timers.stop(Timer::Campaign);
            }
        }
    }

    /// A member says that it runs nothing any more.
    ///
    /// An elected coordinator has told one voter to follow it in office. The others keep the promise that they gave it:
    /// any other candidate gets their votes only after the bound of silence, and the successor relies on that.
    pub(crate) fn goodbye(&mut self, from: NodeId) {
        if let Some(peer) = self.peers.get_mut(&from) {
            peer.gone = true;
            peer.contact = None;
        }
        let arbitrates = matches!(self.quorum.candidacy(), Candidacy::Arbitrate { .. });
        if arbitrates && self.log.leader() == Some(from.0) {
            match self.quorum_disk_heir(from) {
                Some(heir) if heir == self.me => self.take_office(from),
                // It is at the disk already.
                Some(_) => {}
                None => self.queue_for_quorum_disk(),
            }
        }
    }

    /// A card of this node's own broke or works again.
    pub(crate) fn link(&mut self, network: Name, up: bool) {
        self.links.insert(network, up);
        let carriers = self
            .database
            .definition
            .networks
            .iter()
            .filter(|n| n.role.carries_cluster());
        let mut own = carriers
            .filter(|network| self.has_interface(self.me, &network.name))
            .peekable();
        let cut_off = own.peek().is_some() && own.all(|n| self.links.get(&n.name) == Some(&false));
        let alone = self.database.definition.nodes.len() == 1;
        if cut_off && !alone && self.arbitration.holds() {
            let text = "no network card of this node works: the quorum disk is left to a node that can be reached";
            self.halt(Reason::new(1006, text), true);
        }
    }

    /// Gives the quorum disk up where this node is most likely the one that is cut off: it lost every member at once,
    /// and none of its cards for clients has a link, so that nobody can use what it runs.
    ///
    /// A network may be silent although its links are up. Then not all cards are dead, and [`link`](Self::link) sees
    /// nothing; yet whoever challenges may well be connected, and no client is worse off if none does.
    fn give_way(&mut self) {
        let settled = self
            .coordination
            .as_ref()
            .is_some_and(|office| self.now.since(office.since) >= bounds::MEMBER_SILENCE);
        if !settled || !self.arbitration.holds() {
            return;
        }
        let networks = &self.database.definition.networks;
        let mut public = networks
            .iter()
            .filter(|network| network.role.carries_clients())
            .filter(|network| self.has_interface(self.me, &network.name))
            .peekable();
        let unreachable = public.peek().is_some()
            && public.all(|network| self.links.get(&network.name) == Some(&false));
        let members = self.database.view.members.keys();
        let mut others = members
            .filter(|node| **node != self.me)
            .filter_map(|node| self.peers.get(node))
            .filter(|peer| !peer.gone)
            .peekable();
        let unheard = others.peek().is_some()
            && others.all(|peer| !peer.in_contact(self.now, bounds::MEMBER_SILENCE));
        if unreachable && unheard {
            let text = "no member is heard on any network, and no card for clients has a link: the quorum disk is \
                        left to a node that can be reached";
            self.halt(Reason::new(1006, text), true);
        }
    }

    /// Looks for interfaces, members and a coordinator that have gone silent.
    pub(crate) fn check_silence(&mut self) {
        if self.phase == Phase::Halted {
            return;
        }
        self.report_silent_interfaces();
        self.check_quorum();
        if self.phase == Phase::Member {
            self.give_way();
        }
        if self.phase == Phase::Halted {
            return;
        }
        self.expire_requests();
        let heard = self.now.since(self.coordinator_heard);
        let leaderless = !self.coordinates_at(self.now) && heard >= bounds::MEMBER_SILENCE;
        if leaderless && !self.timers.is_set(Timer::Campaign) && !self.log.is_leader() {
            let jitter = self.random.below(600_000);
            self.timers.set(Timer::Campaign, Time(self.now.0 + jitter));
            if self.phase == Phase::Member && !self.regrouping {
                self.regrouping = true;
                let silent = self
                    .log
                    .leader()
                    .map(|leader| self.database.node_name(NodeId(leader)));
                self.event(Event::Regroup {
                    silent: silent.into_iter().collect(),
                });
            }
        } else if !leaderless {
            self.regrouping = false;
            let due = self.coordinator_heard + bounds::MEMBER_SILENCE;
            if !self.log.is_leader() {
                self.timers.set_earlier(Timer::Silence, due);
            }
        }
    }

    fn report_silent_interfaces(&mut self) {
        let mut lost = Vec::new();
        for (node, peer) in &mut self.peers {
            for (network, interface) in &mut peer.interfaces {
                let silent = interface
                    .heard
                    .is_none_or(|heard| self.now.since(heard) >= bounds::INTERFACE_SILENCE);
                if interface.up && silent {
                    interface.up = false;
                    lost.push((*node, network.clone()));
                }
            }
        }
        for (node, network) in lost {
            let peer = self.database.node_name(node);
            self.event(Event::Interface {
                peer,
                network,
                up: false,
            });
        }
    }

    /// When this node's quorum was last confirmed, if it leads.
    pub(crate) fn confirmed(&self) -> Time {
        self.quorum
            .confirmed(&self.log, self.me, self.now, self.storage.proven())
    }

    /// Whether this node's word as coordinator stands, when its own clock shows `now`.
    pub fn coordinates_at(&self, now: Time) -> bool {
        self.coordination.is_some()
            && self.log.is_leader()
            && now.since(self.confirmed()) <= bounds::COORDINATOR_LEASE
    }

    /// Whether this node is part of a cluster that has quorum, as far as it can know, when its own clock shows `now`.
    pub fn has_quorum_at(&self, now: Time) -> bool {
        match self.phase {
            Phase::Joining | Phase::Halted => false,
            Phase::Member | Phase::Leaving => {
                self.coordinates_at(now)
                    || (!self.log.is_leader() && now.since(self.basis) <= bounds::MEMBER_SILENCE)
            }
        }
    }

    /// Steps down where quorum is no longer confirmed, and halts where it has been gone for too long.
    pub(crate) fn check_quorum(&mut self) {
        if self.log.is_leader() && self.coordination.is_some() {
            let confirmed = self.confirmed();
            if self.now.since(confirmed) <= bounds::COORDINATOR_LEASE {
                self.basis = self.basis.max(confirmed);
                self.coordinator_heard = self.now;
            } else {
                self.basis = self.basis.max(confirmed);
                self.coordinator_heard = self.basis;
                if !self.quorum.survives_lapse() {
                    let text =
                        "the quorum disk has not confirmed for too long that it is this node's";
                    self.halt(Reason::new(1038, text), true);
                    return;
                }
                self.log.step_down();
                self.pump_log();
            }
        }
        if let Some(until) = self.disk_is_safe_until() {
            if self.now > until {
                let text = "the quorum disk may be another node's by now, and has not been taken offline here";
                self.halt(Reason::new(1038, text), true);
                return;
            }
            self.timers
                .set_earlier(Timer::Silence, until + Duration::from_micros(1));
        }
        if !matches!(self.phase, Phase::Member | Phase::Leaving) {
            return;
        }
        let last = self.basis + bounds::MEMBER_SILENCE + bounds::REGROUP_GRACE;
        #[cfg(feature = "planted")]
        if let Some(hits) = &self.stubborn
            && self.now >= last
        {
            hits.set(hits.get() + 1);
            return;
        }
        if self.now >= last {
            let text =
                "quorum was lost and could not be regained in time: everything on this node stops";
            self.halt(Reason::new(1177, text), true);
        } else {
            self.timers.set_earlier(Timer::Silence, last);
        }
    }

    /// Says so when quorum comes or goes.
    pub(crate) fn report_quorum(&mut self) {
        let held = self.has_quorum_at(self.now);
        if held == self.quorate_before {
            return;
        }
        self.quorate_before = held;
        let reason = match (held, self.coordinates_at(self.now)) {
            (true, true) => "this node coordinates",
            (true, false) => "a coordinator with quorum is in reach",
            (false, _) => "no coordinator with quorum is in reach",
        };
        self.event(Event::Quorum {
            held,
            reason: reason.to_owned(),
        });
    }

    fn has_interface(&self, node: NodeId, network: &Name) -> bool {
        // A node that was evicted once and added again reads in the log of its time as none: its cards are what they
        // were.
        let node = match node == self.me {
            true => self.config.definition.node_by_id(node),
            false => self.known_node(node),
        };
        node.is_some_and(|node| node.interfaces.contains_key(network))
    }

    /// The networks on which `peer` may be reached, in the order of their priority.
    pub(crate) fn networks_to(&self, peer: NodeId) -> Vec<Name> {
        let networks = self.database.definition.networks.iter();
        networks
            .filter(|network| network.role.carries_cluster())
            .map(|network| &network.name)
            .filter(|name| self.has_interface(self.me, name) && self.has_interface(peer, name))
            .filter(|name| self.links.get(*name) != Some(&false))
            .cloned()
            .collect()
    }

    /// Sends on the first network on which the peer was just heard; on all of them if it was on none.
    pub(crate) fn send(&mut self, to: NodeId, body: Body) {
        let networks = self.networks_to(to);
        let audible = networks.iter().find(|network| {
            let interface = self
                .peers
                .get(&to)
                .and_then(|peer| peer.interfaces.get(*network));
            let heard = interface.and_then(|interface| interface.heard);
            heard.is_some_and(|heard| self.now.since(heard) < bounds::INTERFACE_SILENCE)
        });
        match audible.cloned() {
            Some(network) => self.send_on(to, network, body),
            None => {
                for network in networks {
                    self.send_on(to, network, body.clone());
                }
            }
        }
    }

    pub(crate) fn send_on(&mut self, to: NodeId, network: Name, body: Body) {
        let message = Message {
            incarnation: self.config.incarnation,
            body,
        };
        self.output(Output::Send {
            to,
            network,
            message,
        });
    }
}

#[cfg(test)]
mod tests;
