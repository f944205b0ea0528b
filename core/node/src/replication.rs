//! The log's outputs carried out, and committed updates applied.

use quorate_journal::{Cause, Event};
use quorate_log::{
    Body as LogBody, Entry, EntryKind, NodeSet, Output as LogOutput, Role, Snapshot,
};
use quorate_model::errors::ERROR_CLUSTER_MEMBERSHIP_INVALID_STATE;
use quorate_model::events::EVENT_DATABASE_UNUSABLE;
use quorate_model::{NodeId, NodeState, Reason};

use crate::bounds;
use crate::database::{Database, Effect, Proposal, Stop, Update, WitnessVote};
use crate::io::Output;
use crate::message::Body;
use crate::node::{Node, Phase};
use crate::rest::Rest;
use crate::timers::Timer;
use crate::witness_file::WITNESS;

impl Node {
    /// Carries out everything the log wants.
    pub(crate) fn pump_log(&mut self) {
        self.rest = Rest::Unknown;
        self.review_recalled();
        let mut peers = match self.config.switches.keeps_to_itself() {
            true => NodeSet::EMPTY,
            false => self.other_nodes(),
        };
        let listed = self.listed();
        if !listed.is_empty() {
            peers = peers.intersection(listed);
        }
        peers.extend(self.witness_share().map(|_| WITNESS.0));
        self.log.set_peers(peers);
        loop {
            if self.phase == Phase::Halted {
                return;
            }
            self.log.persisted(self.storage.durable());
            self.send_released();
            let Some(output) = self.log.poll_output() else {
                if self.log.wants_snapshot() && self.make_checkpoint() {
                    continue;
                }
                break;
            };
            match output {
                LogOutput::Persist(persist) => {
                    self.storage.persist(&persist);
                    self.pump_storage();
                }
                LogOutput::Send { to, message, after } => {
                    self.storage.hold_back(after, NodeId(to), message);
                }
                LogOutput::Apply(entry) => self.apply(&entry),
                LogOutput::Install(snapshot) => self.install(&snapshot),
                LogOutput::Role { role, term } => self.role_changed(role, term),
                LogOutput::Refused { from, reason } => {
                    let from = self.database.node_name(NodeId(from));
                    self.event(Event::Notice {
                        id: 0,
                        text: format!("{from}: {reason}"),
                    });
                }
            }
        }
    }

    /// Sends what was waiting for a write that is durable now.
    fn send_released(&mut self) {
        while let Some((to, message)) = self.storage.next_released() {
            match to {
                WITNESS => self.ask_witness(message),
                to => self.send(to, Body::Log(message)),
            }
        }
    }

    /// A message of another node's log. Returns whether it only confirms what is known.
    pub(crate) fn log_message(&mut self, from: NodeId, message: quorate_log::Message) -> bool {
        let heard = !self.office.is_vacant(self.now);
        if self.is_stranger(from, &message) {
            return false;
        }
        let (confirms, rest) = (self.log.only_confirms(from.0, &message), self.rest);
        let asks = matches!(
            message.body,
            LogBody::PreVote { .. } | LogBody::Vote { .. } | LogBody::TimeoutNow
        );
        if asks && self.kept_out.has_no_say() {
            return false;
        }
        if matches!(message.body, LogBody::TimeoutNow) {
            self.office.appointed(self.now);
        }
        // A former leader that asks for votes does not lead any more: that is no sign of life of the coordinator.
        let leads = matches!(
            message.body,
            LogBody::Append { .. }
                | LogBody::Install { .. }
                | LogBody::Replace { .. }
                | LogBody::TimeoutNow
        );
        let alive = self.coordinates_at(self.now) || heard;
        self.log.step(from.0, message, alive);
        self.pump_log();
        if leads && self.log.leader() == Some(from.0) && self.phase != Phase::Halted {
            self.office.hear_coordinator(self.now);
        }
        if confirms {
            self.rest = rest;
        }
        confirms
    }

    fn role_changed(&mut self, role: Role, term: u64) {
        let was_in_office = self.office.lead_changed();
        if role == Role::Leader {
            self.proposals.begin_term();
            self.log.resend(self.now.0);
            return;
        }
        if role == Role::Follower && self.arbitration.holds() {
            self.timers.set(Timer::Campaign, self.now);
        }
        if was_in_office {
            let reason = format!("{role:?} in term {term}");
            self.event(Event::CoordinatorLost { reason });
            self.timers.stop(Timer::Takeover);
            self.timers.stop(Timer::Failback);
        }
    }

    pub(crate) fn install(&mut self, snapshot: &Snapshot) {
        self.groups.look_again_now();
        match postcard::from_bytes::<Database>(&snapshot.data) {
            Ok(database) => {
                let before = std::mem::replace(&mut self.database, database);
                if before.applied > snapshot.index {
                    let text = format!(
                        "the cluster went on without what this node knew: it was at position {}, and begins anew from \
                         the checkpoint at position {}",
                        before.applied, snapshot.index
                    );
                    self.event(Event::Notice { id: 0, text });
                }
                let (applied, digest) = (self.database.applied, self.database.digest);
                self.digests.remember(applied, digest);
                self.expect_identities(self.database.identities());
                if let Some(record) = self.database.nodes.get(&self.me)
                    && record.last.0 == self.config.incarnation
                {
                    self.proposals.forget(record.last.1);
                }
                // Nobody will say what became of the decisions that the checkpoint covers.
                let open = self.proposals.outstanding();
                let open = open.filter_map(|proposal| proposal.update.decides());
                self.groups.deciding_only(&open.collect());
                if before.view != self.database.view {
                    self.view_changed();
                }
                if self.phase != Phase::Halted {
                    self.groups.open_all(&self.database);
                }
            }
            Err(error) => {
                let text = format!(
                    "the checkpoint at position {} cannot be read: {error}",
                    snapshot.index
                );
                self.halt(Reason::new(EVENT_DATABASE_UNUSABLE, text), false);
            }
        }
    }

    fn apply(&mut self, entry: &Entry) {
        self.database.applied = entry.index;
        let (digest, proposal) = match &entry.kind {
            EntryKind::Noop => (fold(self.database.digest, entry, &[]), None),
            EntryKind::Voters(voters) => {
                self.database.voters_changed(*voters);
                (fold(self.database.digest, entry, b"voters"), None)
            }
            EntryKind::Update(bytes) => (
                fold(self.database.digest, entry, bytes),
                postcard::from_bytes::<Proposal>(bytes).ok(),
            ),
        };
        self.database.digest = digest;
        let (applied, digest) = (self.database.applied, self.database.digest);
        self.digests.remember(applied, digest);
        match proposal {
            Some(proposal) => {
                let update = &proposal.update;
                self.groups.look_again_after(&self.database, update);
                self.apply_proposal(&proposal);
            }
            // Who votes, or that there is a new term, is nothing to any group.
            None => self.groups.look_again_in_time(),
        }
        if self.phase == Phase::Halted {
            return;
        }
        if self.log.is_leader() && entry.term == self.log.term() {
            self.office.has_committed(entry.term);
        }
        let limit = u64::from(self.database.definition.properties.max_quorum_log_size);
        // The limit need not be kept to the byte.
        if self.storage.log_length() > limit {
            self.make_checkpoint();
        }
    }

    /// Puts a checkpoint in the place of what is applied of the log. Whether there is a new one.
    fn make_checkpoint(&mut self) -> bool {
        // What a node does on its own may have to be taken back, and a checkpoint cannot be.
        let by_itself = self.config.switches.keeps_to_itself();
        if by_itself || self.log.applied_index() != self.database.applied {
            return false;
        }
        // Refused only where there is nothing to compact.
        postcard::to_allocvec(&self.database)
            .is_ok_and(|data| self.log.compact(self.database.applied, data).is_ok())
    }

    fn apply_proposal(&mut self, proposal: &Proposal) {
        let applied = self.database.apply(proposal);
        let own = self.proposals.applied(proposal);
        if own && self.proposals.outstanding().len() == 0 {
            self.timers.stop(Timer::Resend);
        } else if own && !self.log.is_leader() && self.proposals.more() {
            self.send_proposals();
        }
        let Some(applied) = applied else { return };
        if own {
            self.own_proposal_applied(proposal, applied.as_ref().err());
        }
        for effect in applied.unwrap_or_default() {
            self.effect(effect);
            if self.phase == Phase::Halted {
                return;
            }
        }
    }

    fn own_proposal_applied(&mut self, proposal: &Proposal, refusal: Option<&Reason>) {
        match &proposal.update {
            Update::View { .. } => {
                self.office.view_done();
            }
            Update::Takeover { .. } => {
                self.office.takeover_done(refusal.is_some(), self.now);
            }
            Update::Stranded { group, .. } => {
                self.office.takeover_done(false, self.now);
                self.groups.decided(group);
            }
            Update::MoveBegin { group, .. }
            | Update::MoveCommit { group, .. }
            | Update::MoveCancel { group, .. }
            | Update::GaveUp { group, .. } => self.groups.decided(group),
            Update::ResourceState { .. }
            | Update::Admin { .. }
            | Update::Identity { .. }
            | Update::Checkpoint { .. } => {}
        }
        if let Some(request) = self.requests.take(proposal.sequence) {
            let result = refusal.map_or(Ok(()), |refusal| Err(refusal.clone()));
            self.output(Output::Reply { request, result });
        }
    }

    fn effect(&mut self, effect: Effect) {
        let coordinates = self.office.is_held();
        match effect {
            Effect::View { left, joined } => {
                self.view_changed();
                if coordinates {
                    self.report_membership(&left, &joined);
                    // A preferred owner may have come: groups go home at once.
                    self.timers.set_earlier(Timer::Failback, self.now);
                }
            }
            Effect::Moving {
                group,
                from,
                to,
                cause,
            } => {
                if from == self.me {
                    let (from, to) = (self.database.node_name(from), self.database.node_name(to));
                    self.event(Event::GroupMoving {
                        subject: group,
                        from,
                        to,
                        cause,
                    });
                }
            }
            Effect::CalledOff {
                group,
                from,
                to,
                cause,
            } => {
                if from == self.me {
                    let (owner, target) =
                        (self.database.node_name(from), self.database.node_name(to));
                    let what = match self.database.is_member(to) {
                        true => "was paused",
                        false => "was lost",
                    };
                    let reason = format!(
                        "{target} {what} before everything was offline: the group stays on {owner} and comes \
                         online again"
                    );
                    self.event(Event::GroupMoveCancelled {
                        subject: group,
                        from: owner,
                        to: target,
                        cause,
                        reason,
                    });
                }
            }
            Effect::Owner {
                group,
                from,
                to,
                cause,
            } => {
                self.group_given(&group, to);
                if to == self.me {
                    let (from, to) = (self.database.node_name(from), self.database.node_name(to));
                    self.event(Event::GroupOwner {
                        subject: group,
                        from,
                        to,
                        cause,
                    });
                }
            }
            Effect::Stopped { group, stop } => {
                let owner = self.database.groups.get(&group).map(|record| record.owner);
                if stop == Stop::GaveUp && owner == Some(self.me) {
                    let reason = self.database.stopped(&group).unwrap_or_default();
                    self.event(Event::GroupStranded {
                        subject: group,
                        reason,
                    });
                }
            }
            Effect::Property {
                subject,
                property,
                resource,
            } => {
                if let Some(resource) = resource {
                    self.groups.update(&self.database, &resource);
                }
                let witness = &self.database.witness;
                let unknown = witness.identity == 0 && witness.vote == WitnessVote::None;
                if unknown && !self.recalls_witness() {
                    self.forget_witness();
                }
                if coordinates {
                    self.event(Event::Property { subject, property });
                }
            }
            Effect::Node { node, from } => {
                if coordinates {
                    self.timers.set_earlier(Timer::Failback, self.now);
                    let to = self.database.node_state(node);
                    let subject = self.database.node_name(node);
                    self.event(Event::NodeState { subject, from, to });
                }
            }
            Effect::Identity { node, identity } => {
                if node != WITNESS || !self.recalls_witness() {
                    self.expect_identity(node, identity);
                }
            }
            Effect::Evicted { node, name } => {
                self.neighbours.evict(node);
                // Added again, it counts its boots anew.
                self.proposals.forget_node(node);
                self.forget_identity(node);
                if coordinates {
                    let text = format!("node {name} was evicted");
                    self.event(Event::NodeState {
                        subject: name,
                        // An active node is not evicted.
                        from: NodeState::Down,
                        to: NodeState::Evicted,
                    });
                    self.event(Event::Notice { id: 0, text });
                }
            }
            Effect::Added { name } => {
                if coordinates {
                    let text = format!("node {name} was added");
                    self.event(Event::Notice { id: 0, text });
                }
            }
            Effect::Configured { text } => {
                if matches!(self.phase, Phase::Member | Phase::Leaving) {
                    self.groups.open_all(&self.database);
                }
                if coordinates {
                    self.event(Event::Notice { id: 0, text });
                }
            }
            Effect::Warned { text } => {
                if coordinates {
                    self.event(Event::Notice { id: 0, text });
                }
            }
            Effect::Group { .. } | Effect::ResourceState { .. } => {}
        }
    }

    /// There is a new view: this node is in it, is no longer in it, or is in it with others.
    fn view_changed(&mut self) {
        let boot = self.database.view.members.get(&self.me).copied();
        let member = boot == Some(self.config.incarnation);
        match (&self.phase, member) {
            (Phase::Joining, true) => {
                self.phase = Phase::Member;
                self.office.end_regroup();
                self.let_in_again();
                self.groups.open_all(&self.database);
            }
            (Phase::Member | Phase::Leaving, false) => {
                if self.phase == Phase::Leaving {
                    self.halt(
                        Reason::new(0, "this node has left the cluster in order"),
                        false,
                    );
                } else {
                    let number = self.database.view.number;
                    let text = format!("this node is not in view {number}: it was expelled");
                    self.halt(
                        Reason::new(ERROR_CLUSTER_MEMBERSHIP_INVALID_STATE, text),
                        true,
                    );
                }
                return;
            }
            _ => {}
        }
        if self.phase == Phase::Member || self.phase == Phase::Leaving {
            let members = self.database.view.members.keys();
            let members = members.map(|node| self.database.node_name(*node)).collect();
            self.event(Event::View {
                view: self.database.view.number,
                members,
            });
        }
    }

    /// Proposes an update, and gives the proposal's number.
    pub(crate) fn propose(&mut self, update: Update) -> u64 {
        let sequence = self.proposals.add(update);
        self.send_proposals();
        sequence
    }

    /// Tells whoever leads the oldest proposals that have not come back.
    pub(crate) fn send_proposals(&mut self) {
        if self.proposals.outstanding().len() == 0 {
            return;
        }
        self.timers.set(Timer::Resend, self.now + bounds::RESEND);
        if self.log.is_leader() {
            let all = self.proposals.outstanding().cloned().collect();
            self.accept_proposals(all);
        } else if let Some(leader) = self.log.leader() {
            let told = self.proposals.tell();
            self.send(NodeId(leader), Body::Propose(told));
        }
    }

    /// Puts proposals of a member into the log, each once.
    pub(crate) fn accept_proposals(&mut self, proposals: Vec<Proposal>) {
        if !self.log.is_leader() {
            return;
        }
        for proposal in proposals {
            let node = proposal.node;
            let member = self.is_member(node, proposal.incarnation);
            let record = self.database.nodes.get(&node);
            let applied = record.map_or((0, 0), |record| record.last);
            if !self.proposals.is_new(&proposal, applied) || !(member || node == self.me) {
                continue;
            }
            let Ok(bytes) = postcard::to_allocvec(&proposal) else {
                continue;
            };
            if self.log.propose(bytes).is_ok() {
                self.proposals.accepted(&proposal);
            }
        }
    }

    /// Says what a new view means for nodes and for the groups of those that left.
    fn report_membership(&mut self, left: &[NodeId], joined: &[NodeId]) {
        for node in left
            .iter()
            .chain(joined.iter().filter(|node| !left.contains(node)))
        {
            let from = if left.contains(node) {
                self.database.state_as_member(*node)
            } else {
                NodeState::Down
            };
            let to = self.database.node_state(*node);
            let subject = self.database.node_name(*node);
            self.event(Event::NodeState { subject, from, to });
        }
        for group in &self.database.definition.groups.clone() {
            let owner = self
                .database
                .groups
                .get(&group.name)
                .map(|record| record.owner);
            let state = self.database.group_state(&group.name);
            if owner.is_some_and(|owner| left.contains(&owner))
                && state == quorate_model::GroupState::Failed
            {
                self.event(Event::GroupState {
                    subject: group.name.clone(),
                    from: quorate_model::GroupState::Online,
                    to: state,
                });
            }
        }
    }

    /// The cause that fits a takeover now.
    pub(crate) fn takeover_cause(&self, stranded: bool) -> Cause {
        match (stranded, self.office.is_forming(self.now)) {
            (true, _) => Cause::NodeUp,
            (false, true) => Cause::Form,
            (false, false) => Cause::NodeFailure,
        }
    }
}

/// One more entry in the digest of everything applied (FNV-1a).
fn fold(digest: u64, entry: &Entry, bytes: &[u8]) -> u64 {
    let head = entry
        .index
        .to_le_bytes()
        .into_iter()
        .chain(entry.term.to_le_bytes());
    head.chain(bytes.iter().copied())
        .fold(digest, |digest, byte| {
            (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

#[cfg(test)]
mod tests;
