//! The node itself: its state, its boot, and the loop from an input to its outputs.
//!
//! What it knows is in structs with rules of their own: `office` (who coordinates, and for how long there is quorum),
//! `neighbours` (who is heard, who has ended), `storage` (writes, and what waits for them), `groups` (what runs here) and a
//! few small ones. What it does with that is spread over the files beside this one by duty: `membership` (heartbeats,
//! silence, quorum), `candidacy` (arbitration and elections), `coordinator` (views, takeover, failback), `replication`
//! (log, storage, applying), `admin` and `control` (control codes).

use std::collections::VecDeque;
use std::sync::Arc;

use quorate_journal::Event;
use quorate_log::{Log, NodeSet};
use quorate_model::errors::{ERROR_CLUSTER_NODE_DOWN, ERROR_CLUSTER_NODE_NOT_FOUND};
use quorate_model::events::EVENT_LOG_DAMAGED;
use quorate_model::monitor::{MonitorCommand, MonitorEvent};
use quorate_model::{Name, NodeId, Reason, ResourceState, Time};

use crate::bounds;
use crate::candidacy::Arbitration;
use crate::control::Controls;
use crate::database::Database;
use crate::digests::Digests;
use crate::groups::{Action, Groups, Licence};
use crate::io::{BootImage, DiskOp, Input, NodeConfig, Output, Snapshot};
use crate::kept_out::KeptOut;
use crate::message::{Body, Heartbeat, Message, Standing};
use crate::monitoring::MonitorWatch;
use crate::neighbours::Neighbours;
use crate::office::Office;
#[cfg(feature = "planted")]
use crate::planted::Planted;
use crate::policy::Policies;
use crate::policy_engine::PolicyEngine;
use crate::proposals::Proposals;
use crate::quorum::{self, Quorum};
use crate::random::Random;
use crate::requests::Requests;
use crate::rest::{Fits, Rest};
use crate::storage::Storage;
use crate::store::{self, Recovered};
use crate::timers::{Timer, Timers};
use crate::ways::Ways;
use crate::witness::WitnessContact;
use crate::witness_file::WITNESS;

/// File that holds the identity of this node's copy of the database.
const IDENTITY_FILE: &str = "MSCS/identity";

/// What this node is at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not a member yet.
    Joining,
    /// A member.
    Member,
    /// A member that stops in order.
    Leaving,
    /// Stopped: handles nothing any more.
    Halted,
}

/// One cluster node: membership, quorum, cluster database, groups and failover, sans-IO.
///
/// - *Making*: [`boot`](Node::boot), [`set_policies`](Node::set_policies).
/// - *Inputs*: [`handle`](Node::handle), for everything that happens.
/// - *Outputs*: [`poll_output`](Node::poll_output), until it gives `None`, after every `handle`;
///   [`next_wakeup`](Node::next_wakeup) after that.
/// - Everything else only reads.
///
/// It reads no clock, draws no randomness but from its seed, and does no input or output. A panic is a bug here,
/// never a reaction to input.
#[derive(Debug)]
pub struct Node {
    #[cfg(feature = "planted")]
    pub(crate) planted: Planted,
    pub(crate) me: NodeId,
    pub(crate) config: NodeConfig,
    pub(crate) phase: Phase,
    /// The kind of quorum, and how far this node is with the quorum disk.
    pub(crate) quorum: Box<dyn Quorum + Send>,
    pub(crate) arbitration: Arbitration,
    /// The replicated log, the writes beneath it, and what the committed part of it comes to.
    pub(crate) log: Log,
    pub(crate) storage: Storage,
    pub(crate) database: Database,
    pub(crate) digests: Digests,
    pub(crate) proposals: Proposals,
    /// Who coordinates, who else is there, and whether this node may be part of it.
    pub(crate) office: Office,
    pub(crate) neighbours: Neighbours,
    pub(crate) witness: WitnessContact,
    pub(crate) kept_out: KeptOut,
    /// What this node runs.
    pub(crate) groups: Groups,
    pub(crate) policies: PolicyEngine,
    pub(crate) monitor_watch: MonitorWatch,
    /// Who waits for an answer.
    pub(crate) requests: Requests,
    pub(crate) controls: Controls,
    /// It halted as a member, and the others have not been told that nothing runs here any more.
    pub(crate) owes_word: bool,
    pub(crate) timers: Timers,
    pub(crate) random: Random,
    pub(crate) now: Time,
    /// What need not be done again, and whether that is made sure of.
    pub(crate) rest: Rest,
    pub(crate) fits: Fits,
    pub(crate) doubts: bool,
    /// The last two heartbeats, since not everybody has heard the last one when the next is due; where they went, and a list
    /// that is empty between uses: kept, so that none of them need be made anew.
    pub(crate) said: [Option<Arc<Heartbeat>>; 2],
    pub(crate) ways: Ways,
    pub(crate) desired: Vec<(NodeId, u64)>,
    outputs: VecDeque<Output>,
}

impl Node {
    /// Starts the cluster service: reads what the system disk holds and begins to look for a cluster.
    ///
    /// A disk that cannot be trusted, or a definition without this node, starts a node that halts at once and says
    /// why.
    pub fn boot(config: NodeConfig, disk: BootImage, now: Time) -> Node {
        let mut random = Random::new(config.seed);
        let quorum = quorum::of(&config.definition, &config.switches, config.joins);
        let (recovered, damage) = match store::recover(&disk.files) {
            Ok(recovered) => (recovered, None),
            Err(error) => {
                let text = format!("on the system disk, {error}. {}", quorum.mends_own_copy());
                (Recovered::default(), Some(text))
            }
        };
        // A damaged copy can be thrown away if the quorum disk has everything.
        let discarded = config.switches.reset_quorum_log && damage.is_some();
        let damage = damage.filter(|_| !discarded);
        let known_identity = disk
            .files
            .get(IDENTITY_FILE)
            .and_then(|bytes| <[u8; 8]>::try_from(bytes.as_slice()).ok())
            .map(u64::from_le_bytes);
        // Odd, since 0 means that no identity is known.
        let identity = known_identity.unwrap_or_else(|| random.next() | 1);
        let me = config.id;
        let rule = quorum.rule(me, false);
        let (log, damage) = match Log::new(me.0, identity, rule, recovered.stored.clone()) {
            Ok(log) => (log, damage),
            Err(error) => {
                let empty = Log::new(1, identity, rule, quorate_log::Stored::default());
                let Ok(log) = empty else {
                    unreachable!("an empty log is sound")
                };
                (log, damage.or(Some(error.to_string())))
            }
        };
        let configured = config.definition.node_by_id(me).is_some();
        let renews = !recovered.is_blank();
        let mut node = Node {
            #[cfg(feature = "planted")]
            planted: Planted::default(),
            me,
            phase: Phase::Joining,
            quorum,
            arbitration: Arbitration::Idle,
            storage: Storage::new(recovered.stored, recovered.log_length),
            log,
            database: Database::install(config.definition.clone()),
            digests: Digests::default(),
            proposals: Proposals::new(me, config.incarnation),
            groups: Groups::new(me, random.next()),
            kept_out: KeptOut::default(),
            policies: PolicyEngine::default(),
            neighbours: Neighbours::default(),
            witness: WitnessContact::default(),
            office: Office::new(now),
            requests: Requests::default(),
            controls: Controls::default(),
            owes_word: false,
            monitor_watch: MonitorWatch::default(),
            timers: Timers::default(),
            random,
            now,
            rest: Rest::default(),
            fits: Fits::default(),
            doubts: false,
            said: [None, None],
            ways: Ways::default(),
            desired: Vec::new(),
            outputs: VecDeque::new(),
            config,
        };
        node.event(Event::ServiceStarted {
            incarnation: node.config.incarnation,
        });
        if let Some(damage) = damage {
            node.halt(Reason::new(EVENT_LOG_DAMAGED, damage), false);
            return node;
        }
        if !configured {
            node.halt(
                Reason::new(
                    ERROR_CLUSTER_NODE_NOT_FOUND,
                    format!("node {me} is not configured in this cluster"),
                ),
                false,
            );
            return node;
        }
        if node.refuse_switches() {
            return node;
        }
        if discarded {
            node.storage.discard();
            node.event(Event::Notice {
                id: EVENT_LOG_DAMAGED,
                text: "this node's own copy of the database is damaged and was thrown away".into(),
            });
        }
        if known_identity.is_none() {
            let bytes = identity.to_le_bytes().to_vec();
            node.storage.write_identity(DiskOp::Replace {
                file: IDENTITY_FILE.into(),
                bytes,
            });
        }
        if renews {
            node.storage.renew();
        } else if recovered.torn {
            let file = store::LOG_FILE.to_owned();
            node.storage.write(DiskOp::Truncate {
                file,
                len: recovered.log_length,
            });
        }
        node.log.set_witness(Some(WITNESS.0));
        node.recall_outside(&disk.files);
        node.leave_others_terms();
        // The checkpoint first, then what the log says beyond it.
        node.pump_log();
        node.recall();
        node.groups.open_all(&node.database);
        node.timers.set(Timer::Heartbeat, now);
        let stagger = bounds::HEARTBEAT * u32::from(node.rank());
        node.timers
            .set(Timer::Campaign, now + node.quorum.discovery() + stagger);
        node.follow_up();
        node
    }

    /// Has policy scripts run by `policies`. Call it before the first [`handle`](Node::handle); a node without
    /// them decides as built in, and says so.
    pub fn set_policies(&mut self, policies: Arc<dyn Policies>) {
        self.policies.set_policies(policies);
    }

    /// Takes an input in. Poll the outputs afterwards.
    ///
    /// `now` never goes back. Deadlines that have passed are dealt with before the input is: a node that wakes after
    /// a long sleep finds out first what it has missed.
    pub fn handle(&mut self, now: Time, input: Input) {
        self.now = self.now.max(now);
        if self.phase == Phase::Halted {
            if input == Input::Ended {
                self.all_ended();
            }
            return;
        }
        let sure = self.sure_of(&input);
        self.tell_time();
        self.check_quorum();
        let mut quiet = matches!(input, Input::Message { .. });
        while self.phase != Phase::Halted
            && let Some(timer) = self.timers.take_due(self.now)
        {
            quiet = false;
            self.timer(timer);
        }
        if self.phase == Phase::Halted {
            return;
        }
        match input {
            Input::Message {
                from,
                network,
                message,
            } => quiet &= self.message(from, &network, message),
            Input::Monitor(event) => self.monitor(event),
            Input::MonitorAnswers => self.monitor_answers(),
            Input::Disk(done) => self.disk_done(done),
            Input::Witness(reply) => self.witness_replied(reply),
            Input::Link { network, up } => self.link(network, up),
            Input::ClockStep { by_ms } => self.clock_step(by_ms),
            Input::LocalTime { shift_minutes } => self.local_time(shift_minutes),
            Input::Admin { request, op } => self.admin(request, op),
            Input::Control { request, control } => self.control(request, control),
            Input::Ended | Input::Wake => {}
        }
        let ends = quiet && self.rests();
        self.was_sure(sure, ends);
        match ends {
            false => self.follow_up(),
            true if self.doubts => self.make_sure(),
            true => {}
        }
    }

    /// How many outputs wait to be polled.
    pub(crate) fn outputs_waiting(&self) -> usize {
        self.outputs.len()
    }

    /// The next thing to do, or `None` until the next [`handle`](Node::handle).
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Wake`] is due at the latest; `None` only for a halted node.
    pub fn next_wakeup(&self) -> Option<Time> {
        if self.phase == Phase::Halted {
            None
        } else {
            self.timers.next()
        }
    }

    /// What can be read of the node from outside, by its own clock.
    pub fn snapshot(&self, now: Time) -> Option<Snapshot> {
        let has_quorum = self.has_quorum_at(now);
        Some(Snapshot {
            has_quorum,
            coordinates: self.coordinates_at(now),
            coordinator: self.log.leader().map(NodeId),
            term: self.log.term(),
            view: self.database.view.number,
            members: self.database.view.members.keys().copied().collect(),
            applied: (self.database.applied, self.database.digest),
            committed: self.log.commit_index(),
            without_quorum_since: (!has_quorum).then(|| {
                let is_member = matches!(self.phase, Phase::Member | Phase::Leaving);
                self.office.without_quorum_since(is_member)
            }),
        })
    }

    /// Whether a [`snapshot`](Node::snapshot) taken now would be this one.
    pub fn looks_like(&self, now: Time, known: &Snapshot) -> bool {
        // Who is a member follows from what is applied.
        let applied = (self.database.applied, self.database.digest);
        let has_quorum = self.has_quorum_at(now);
        let without_quorum_since = || {
            let is_member = matches!(self.phase, Phase::Member | Phase::Leaving);
            (!has_quorum).then(|| self.office.without_quorum_since(is_member))
        };
        known.has_quorum == has_quorum
            && known.coordinates == self.coordinates_at(now)
            && known.coordinator == self.log.leader().map(NodeId)
            && known.term == self.log.term()
            && known.view == self.database.view.number
            && known.applied == applied
            && known.committed == self.log.commit_index()
            && known.without_quorum_since == without_quorum_since()
    }

    /// Does whatever follows from what has just happened, until nothing more does.
    pub(crate) fn follow_up(&mut self) {
        loop {
            if self.phase == Phase::Halted {
                return;
            }
            self.pump_log();
            self.pump_storage();
            self.coordinate();
            self.report_quorum();
            self.pump_controls();
            let licence = self.groups_licence();
            if self.groups.are_due(licence)
                && (self.phase != Phase::Joining || licence.holds_quorum_resource)
            {
                let (database, policies) = (&self.database, &mut self.policies);
                self.groups.drive(database, self.now, licence, policies);
                if self.doubts {
                    self.groups.make_sure(database, self.now, licence, policies);
                }
            }
            if !self.pump_groups() {
                break;
            }
        }
        self.leave();
        if let Some(deadline) = self.groups.deadline() {
            self.timers.set(Timer::Groups, deadline);
        }
        self.pump_storage();
        self.rest = Rest::Done;
    }

    fn groups_licence(&self) -> Licence {
        Licence {
            quorate: self.has_quorum_at(self.now),
            holds_quorum_resource: self.arbitration.holds(),
            releases_quorum_resource: self.arbitration == Arbitration::Releasing,
            bare: self.config.switches.fix_quorum,
            leaving: self.phase == Phase::Leaving,
            leavers: self.neighbours.leaving(),
            civil_ms: self.civil_ms(),
        }
    }

    fn pump_groups(&mut self) -> bool {
        let mut any = false;
        while let Some(action) = self.groups.poll_action() {
            any = true;
            match action {
                Action::Monitor(command) => self.outputs.push_back(Output::Monitor(command)),
                Action::Propose(update) => {
                    self.propose(update);
                }
                Action::Event(event) => self.event(event),
            }
        }
        any
    }

    fn timer(&mut self, timer: Timer) {
        match timer {
            Timer::Heartbeat => self.beat(),
            Timer::Silence => self.check_silence(),
            Timer::Campaign => self.campaign(),
            Timer::Resend => self.send_proposals(),
            Timer::Disk => self.storage.retry(),
            Timer::Leave => self.leave_by_force(),
            Timer::Groups => self.groups.look_again_in_time(),
            // Takeovers are looked at after every input.
            Timer::Takeover => {}
            Timer::Failback => self.check_failback(),
            // So are control codes.
            Timer::Control => {}
        }
    }

    /// Whether this boot of a node is a member.
    pub(crate) fn is_member(&self, node: NodeId, boot: u64) -> bool {
        self.database.view.members.get(&node) == Some(&boot)
    }

    /// Takes a message in. Returns whether it is a member's, a heartbeat or of the log, and brings nothing but that it has come.
    fn message(&mut self, from: NodeId, network: &Name, message: Message) -> bool {
        if from == self.me {
            return false;
        }
        if self.known_node(from).is_none() {
            self.unknown_sender(from, network, message);
            return false;
        }
        if !self.neighbours.listen_to(from, message.incarnation) {
            return false;
        }
        match message.body {
            Body::Heartbeat(heartbeat) => {
                return self.heartbeat(from, network, &heartbeat)
                    && self.is_member(from, message.incarnation);
            }
            Body::Log(of_log) => {
                return self.log_message(from, of_log) && self.is_member(from, message.incarnation);
            }
            Body::Propose(proposals) => self.accept_proposals(proposals),
            Body::Goodbye => self.goodbye(from),
            Body::HandOver => self.take_office(from),
            Body::Stranger { incarnation } => self.told_stranger(from, incarnation),
            Body::WhoAreYou => self.introduce(from, network),
            Body::Nodes(nodes) => self.introduced(nodes),
            Body::KeptOut {
                incarnation,
                forced,
            } => self.told_kept_out(from, incarnation, forced),
            Body::Control(question) => self.take_question(from, message.incarnation, question),
            Body::ControlOutcome {
                incarnation,
                ticket,
                outcome,
            } => self.take_outcome(from, incarnation, ticket, outcome),
        }
        false
    }

    pub(crate) fn monitor(&mut self, event: MonitorEvent) {
        if let MonitorEvent::Controlled { request, result } = event {
            self.control_answered(request, result);
            return;
        }
        match &event {
            MonitorEvent::Arbitrated { resource, result } => {
                self.arbitrated(&resource.clone(), result.clone());
            }
            MonitorEvent::QuorumLost { reason, .. } => self.quorum_resource_lost(reason.clone()),
            MonitorEvent::State {
                resource,
                state,
                reason,
            } if self.database.is_quorum_resource(resource) => {
                self.quorum_resource_state(*state, reason.clone());
            }
            MonitorEvent::State { .. }
            | MonitorEvent::Controlled { .. }
            | MonitorEvent::Checkpoint { .. }
            | MonitorEvent::Log { .. }
            | MonitorEvent::Notice { .. }
            | MonitorEvent::Health { .. } => {}
        }
        if self.phase != Phase::Halted {
            self.groups
                .monitor(&self.database, self.now, event, &mut self.policies);
        }
    }

    /// Stops the service, at once and for whatever reason.
    pub(crate) fn halt(&mut self, reason: Reason, restart: bool) {
        if self.phase == Phase::Halted {
            return;
        }
        self.owes_word = matches!(self.phase, Phase::Member | Phase::Leaving);
        self.phase = Phase::Halted;
        self.office.idle(self.now);
        self.office.lay_down();
        if self.office.quorum_news(false) {
            self.event(Event::Quorum {
                held: false,
                reason: reason.text.clone(),
            });
        }
        if let Some(request) = self.requests.take_stop() {
            self.output(Output::Reply {
                request,
                result: Ok(()),
            });
        }
        for request in self.requests.take_all() {
            let text = format!(
                "the cluster service stopped before it was done: {}",
                reason.text
            );
            self.refuse(request, ERROR_CLUSTER_NODE_DOWN, text);
        }
        for request in self.controls.take_requests() {
            let text = format!(
                "the cluster service stopped before there was an answer: {}",
                reason.text
            );
            self.controlled(
                request,
                Err(Reason {
                    code: ERROR_CLUSTER_NODE_DOWN,
                    text,
                }),
            );
        }
        self.event(Event::Halted {
            reason: reason.text.clone(),
        });
        self.output(Output::Halt { reason, restart });
    }

    pub(crate) fn output(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    pub(crate) fn command(&mut self, command: MonitorCommand) {
        self.outputs.push_back(Output::Monitor(command));
    }

    /// This node's place among the configured nodes, from 0.
    pub(crate) fn rank(&self) -> u8 {
        let nodes = &self.database.definition.nodes;
        let rank = nodes.iter().filter(|node| node.id < self.me).count();
        u8::try_from(rank).unwrap_or(u8::MAX)
    }

    pub(crate) fn standing(&self) -> Standing {
        match self.phase {
            Phase::Joining | Phase::Halted => Standing::Joining,
            Phase::Member => Standing::Member,
            Phase::Leaving => Standing::Leaving,
        }
    }

    pub(crate) fn other_nodes(&self) -> NodeSet {
        let mut nodes = self.database.configured();
        nodes.extend(self.recalled().map(|node| node.id.0));
        nodes.remove(self.me.0);
        nodes
    }

    /// A resource's state on this node, as its own monitor reported it.
    pub fn local_state(&self, resource: &str) -> ResourceState {
        self.groups.state(resource)
    }
}

#[cfg(test)]
mod tests;
