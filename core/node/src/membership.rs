//! Heartbeats, silence, and whether quorum stands.

use std::sync::Arc;
use std::time::Duration;

use quorate_journal::Event;
use quorate_model::errors::ERROR_CLUSTER_MEMBERSHIP_INVALID_STATE;
use quorate_model::events::{EVENT_CUT_OFF, EVENT_QUORUM_DISK_LOST, EVENT_QUORUM_LOST};
use quorate_model::{Name, NodeDefinition, NodeId, Reason, Time};

use crate::bounds;
use crate::io::Output;
use crate::message::{Body, Heartbeat, Message, Standing};
use crate::node::{Node, Phase};
use crate::office::Office;
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
        // What was said the time before the last is written over, once everybody has heard it.
        self.said.swap(0, 1);
        let said = self.said[0].as_mut().and_then(Arc::get_mut);
        let mut echoes = said.map_or_else(Vec::new, |said| std::mem::take(&mut said.echoes));
        echoes.clear();
        echoes.extend(self.neighbours.echoes());
        let view = &self.database.view;
        let heartbeat = Heartbeat {
            sent: self.now.0,
            echoes,
            standing: self.standing(),
            view: view.number,
            members: view.members.keys().map(|node| node.0).collect(),
            coordinates: self
                .coordinates_at(self.now)
                .then_some((self.log.term(), age)),
            quorate: self.has_quorum_at(self.now),
        };
        let said = match self.said[0].take() {
            Some(mut said) => {
                match Arc::get_mut(&mut said) {
                    Some(said) => *said = heartbeat,
                    None => said = Arc::new(heartbeat),
                }
                said
            }
            None => Arc::new(heartbeat),
        };
        let message = self.says(Body::Heartbeat(Arc::clone(&said)));
        let ways = self.ways();
        self.output(Output::SendAll { ways, message });
        self.said[0] = Some(said);
    }

    /// Takes a heartbeat in. Returns whether it brings nothing but that it has come.
    pub(crate) fn heartbeat(
        &mut self,
        from: NodeId,
        network: &Name,
        heartbeat: &Heartbeat,
    ) -> bool {
        let echo = heartbeat.echo(self.me, self.config.incarnation);
        let (me, now, term) = (self.me, self.now, self.log.term());
        let heard = self
            .neighbours
            .heartbeat(from, network, heartbeat, now, echo);
        if heard.card_is_up {
            self.event(Event::Interface {
                peer: self.database.node_name(from),
                network: network.clone(),
                up: true,
            });
        }
        if self.phase == Phase::Joining && heartbeat.quorate && self.config.switches.fix_quorum {
            let name = self.database.node_name(from);
            let text = format!(
                "{name} is in a cluster with quorum: a node joins it only when it is started without fixquorum"
            );
            self.halt(
                Reason::new(ERROR_CLUSTER_MEMBERSHIP_INVALID_STATE, text),
                false,
            );
            return false;
        }
        let listed = heartbeat.members.contains(me.0);
        let member = matches!(self.phase, Phase::Member | Phase::Leaving);
        if member
            && heartbeat.quorate
            && heartbeat.standing == Standing::Member
            && heartbeat.view > self.database.view.number
            && !listed
        {
            let name = self.database.node_name(from);
            let text = format!(
                "{name} says that view {} goes on without this node: it was expelled",
                heartbeat.view
            );
            self.halt(
                Reason::new(ERROR_CLUSTER_MEMBERSHIP_INVALID_STATE, text),
                true,
            );
            return false;
        }
        if let Some((their_term, age)) = heartbeat.coordinates
            && their_term >= term
        {
            self.office.hear_coordinator(self.now);
            if self.log.is_leader() {
                return false;
            }
            if let (Some(echo), true) = (echo, listed || self.phase == Phase::Joining) {
                self.office.follow(Time(echo.saturating_sub(age)));
            }
            self.timers.stop(Timer::Campaign);
        }
        heard.nothing_new && heartbeat.standing == Standing::Member
    }

    /// A member says that it runs nothing any more.
    ///
    /// An elected coordinator that leaves has told one voter to follow it in office. The other voters keep the promise
    /// that they gave it: any other candidate gets their votes only after [`bounds::MEMBER_SILENCE`]. The successor
    /// relies on that.
    pub(crate) fn goodbye(&mut self, from: NodeId) {
        self.neighbours.said_goodbye(from);
        let arbitrates = matches!(self.quorum.candidacy(), Candidacy::Arbitrate { .. });
        if arbitrates && self.log.leader() == Some(from.0) {
            match self.quorum_disk_heir(from) {
                Some(heir) if heir == self.me => self.take_office(from),
                // The heir tries for the disk by itself.
                Some(_) => {}
                None => self.queue_for_quorum_disk(),
            }
        }
    }

    /// A card of this node's own broke or works again.
    pub(crate) fn link(&mut self, network: Name, up: bool) {
        self.neighbours.set_card(network, up);
        let carriers = self
            .database
            .definition
            .networks
            .iter()
            .filter(|n| n.role.carries_cluster());
        let mut own = carriers
            .filter(|network| self.has_interface(self.me, &network.name))
            .peekable();
        let cut_off = own.peek().is_some() && own.all(|n| !self.neighbours.card_works(&n.name));
        let alone = self.database.definition.nodes.len() == 1;
        if cut_off && !alone && self.arbitration.holds() {
            let text = "no network card of this node works: the quorum disk is left to a node that can be reached";
            self.halt(Reason::new(EVENT_CUT_OFF, text), true);
        }
    }

    /// Gives the quorum disk up if this node is most likely the one that is cut off: it hears no member any more, and
    /// none of its cards for clients has a link, so that nobody can use what it runs.
    ///
    /// This goes beyond [`link`](Self::link), which only looks for dead cards: a network may be silent although its
    /// links are up. A node that challenges for the disk may well be connected; if none does, no client is worse off.
    fn give_way(&mut self) {
        if !self.office.is_settled(self.now) || !self.arbitration.holds() {
            return;
        }
        let networks = &self.database.definition.networks;
        let mut public = networks
            .iter()
            .filter(|network| network.role.carries_clients())
            .filter(|network| self.has_interface(self.me, &network.name))
            .peekable();
        let unreachable = public.peek().is_some()
            && public.all(|network| !self.neighbours.card_works(&network.name));
        let members = self.database.view.members.keys();
        if unreachable && self.neighbours.are_all_silent(members.copied(), self.now) {
            let text = "no member is heard on any network, and no card for clients has a link: the quorum disk is \
                        left to a node that can be reached";
            self.halt(Reason::new(EVENT_CUT_OFF, text), true);
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
        let leaderless = !self.coordinates_at(self.now) && self.office.is_vacant(self.now);
        if leaderless && !self.timers.is_set(Timer::Campaign) && !self.log.is_leader() {
            let jitter = self.random.below(600_000);
            self.timers.set(Timer::Campaign, Time(self.now.0 + jitter));
            if self.phase == Phase::Member && self.office.begin_regroup() {
                let silent = self
                    .log
                    .leader()
                    .map(|leader| self.database.node_name(NodeId(leader)));
                self.event(Event::Regroup {
                    silent: silent.into_iter().collect(),
                });
            }
        } else if !leaderless {
            self.office.end_regroup();
            if !self.log.is_leader() {
                self.timers
                    .set_earlier(Timer::Silence, self.office.vacant_at());
            }
        }
    }

    fn report_silent_interfaces(&mut self) {
        for (node, network) in self.neighbours.take_silent_cards(self.now) {
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
        let (me, proven) = (self.me, self.storage.proven());
        let since = Office::lease_since(now);
        self.office.is_held()
            && self.log.is_leader()
            && self
                .quorum
                .is_confirmed(&self.log, me, self.now, proven, since)
    }

    /// Whether this node is part of a cluster that has quorum, as far as it can know, when its own clock shows `now`.
    pub fn has_quorum_at(&self, now: Time) -> bool {
        match self.phase {
            Phase::Joining | Phase::Halted => false,
            Phase::Member | Phase::Leaving => {
                self.coordinates_at(now) || (!self.log.is_leader() && self.office.has_quorum(now))
            }
        }
    }

    /// Until when on its own clock what this node runs may go on if the node is not called again: whoever drives it ends
    /// everything by then if the node stands still. Others take over at least
    /// [`TAKEOVER_MARGIN`](bounds::TAKEOVER_MARGIN) later, less the drift of clocks.
    ///
    /// `None` while it is no member of a cluster: then it runs at most what is on the quorum disk, and that obeys whoever
    /// reserves it.
    pub fn licence(&self) -> Option<Time> {
        if !matches!(self.phase, Phase::Member | Phase::Leaving) {
            return None;
        }
        let coordinates = self.log.is_leader() && self.office.is_held();
        let confirmed = coordinates.then(|| self.confirmed());
        let lapses = confirmed
            .filter(|_| !self.quorum.survives_lapse())
            .map(Office::lease_ends);
        let stops = confirmed.map(Office::stops_after);
        let stops = self.office.stops_at().max(stops.unwrap_or(Time::ZERO));
        let others = lapses.into_iter().chain(self.disk_is_safe_until());
        Some(others.fold(stops, Time::min))
    }

    /// Steps down if quorum is no longer confirmed, and halts if it has been gone for too long.
    pub(crate) fn check_quorum(&mut self) {
        if self.log.is_leader()
            && self.office.is_held()
            && !self.office.renew(self.confirmed(), self.now)
        {
            if !self.quorum.survives_lapse() {
                let text = "the quorum disk has not confirmed for too long that it is this node's";
                self.halt(Reason::new(EVENT_QUORUM_DISK_LOST, text), true);
                return;
            }
            self.log.step_down();
            self.pump_log();
        }
        if let Some(until) = self.disk_is_safe_until() {
            if self.now > until {
                let text = "the quorum disk may be another node's by now, and has not been taken offline here";
                self.halt(Reason::new(EVENT_QUORUM_DISK_LOST, text), true);
                return;
            }
            self.timers
                .set_earlier(Timer::Silence, until + Duration::from_micros(1));
        }
        if !matches!(self.phase, Phase::Member | Phase::Leaving) {
            return;
        }
        let last = self.office.stops_at();
        #[cfg(feature = "planted")]
        if self.now >= last && self.planted.goes_on() {
            return;
        }
        if self.now >= last {
            let text =
                "quorum was lost and could not be regained in time: everything on this node stops";
            self.halt(Reason::new(EVENT_QUORUM_LOST, text), true);
        } else {
            self.timers.set_earlier(Timer::Silence, last);
        }
    }

    /// Says so when quorum comes or goes.
    pub(crate) fn report_quorum(&mut self) {
        let held = self.has_quorum_at(self.now);
        if !self.office.quorum_news(held) {
            return;
        }
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
        let node = self.cards_of(node);
        node.is_some_and(|node| node.interfaces.contains_key(network))
    }

    /// The definition that says which cards a node has.
    fn cards_of(&self, node: NodeId) -> Option<&NodeDefinition> {
        // A node that was evicted and added again reads in the older part of the log that it does not exist. Its own
        // cards are always those that it was configured with.
        match node == self.me {
            true => self.config.definition.node_by_id(node),
            false => self.known_node(node),
        }
    }

    /// The networks on which `peer` may be reached, in the order of their priority.
    pub(crate) fn networks_to(&self, peer: NodeId) -> Vec<Name> {
        self.ways_to(peer).cloned().collect()
    }

    pub(crate) fn ways_to(&self, peer: NodeId) -> impl Iterator<Item = &Name> {
        let both = self.cards_of(self.me).zip(self.cards_of(peer));
        let networks = self.database.definition.networks.iter();
        networks
            .filter(|network| network.role.carries_cluster())
            .map(|network| &network.name)
            .filter(move |name| {
                both.is_some_and(|(own, theirs)| {
                    own.interfaces.contains_key(*name) && theirs.interfaces.contains_key(*name)
                })
            })
            .filter(|name| self.neighbours.card_works(name))
    }

    /// Sends on the first network on which the peer was just heard; on all of them if it was on none.
    pub(crate) fn send(&mut self, to: NodeId, body: Body) {
        let alone = |node: &Node| node.ways_to(to).map(|name| (to, name.clone())).collect();
        let ways: Arc<[(NodeId, Name)]> = match self.phase == Phase::Joining {
            true => alone(self),
            false => {
                let all = self.ways();
                // One that is no node of the cluster may be answered all the same.
                match all.iter().any(|(peer, _)| *peer == to) {
                    true => all,
                    false => alone(self),
                }
            }
        };
        let networks = || {
            let to_it = ways.iter().filter(|(peer, _)| *peer == to);
            to_it.map(|(_, network)| network)
        };
        match self.neighbours.heard_on(to, networks(), self.now) {
            Some(network) => self.send_on(to, network.clone(), body),
            None => {
                for network in networks() {
                    self.send_on(to, network.clone(), body.clone());
                }
            }
        }
    }

    pub(crate) fn send_on(&mut self, to: NodeId, network: Name, body: Body) {
        let message = self.says(body);
        self.output(Output::Send {
            to,
            network,
            message,
        });
    }

    fn says(&self, body: Body) -> Message {
        Message {
            incarnation: self.config.incarnation,
            body,
        }
    }
}

#[cfg(test)]
mod tests;
