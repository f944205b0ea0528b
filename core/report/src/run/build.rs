//! Makes a run of a journal's events, one after the other.

use std::collections::BTreeMap;

use quorate_journal::{Entry, Event, Header, HeaderGroup, What, WorldEvent};
use quorate_model::{Name, Time};

use super::groups::GroupTrack;
use super::lanes::{ClientState, FaultSpan, Felt, Lane, Mark};
use super::moments::{Moments, subject_of};
use super::nodes::NodeTrack;
use super::{DrillVerdict, Run};
use crate::text::sentence;

/// A run, as far as its journal has been read.
#[derive(Debug)]
pub struct RunBuilder {
    header: Header,
    verdict: Option<DrillVerdict>,
    last: Time,
    ended: Option<Time>,
    steps: Vec<Mark>,
    notes: Vec<Mark>,
    remarks: Vec<Mark>,
    breaches: Vec<Mark>,
    faults: Vec<FaultSpan>,
    quorum: Lane<bool>,
    nodes: Vec<NodeTrack>,
    groups: Vec<GroupTrack>,
    /// The group of each resource.
    homes: BTreeMap<Name, usize>,
    truth: bool,
    moments: Moments,
}

impl RunBuilder {
    /// Begins with a journal's header.
    pub fn new(header: Header) -> Self {
        let mut run = RunBuilder {
            verdict: None,
            last: Time::ZERO,
            ended: None,
            steps: Vec::new(),
            notes: Vec::new(),
            remarks: Vec::new(),
            breaches: Vec::new(),
            faults: Vec::new(),
            quorum: Lane::default(),
            nodes: header.nodes.iter().cloned().map(NodeTrack::new).collect(),
            groups: Vec::new(),
            homes: BTreeMap::new(),
            truth: false,
            moments: Moments::new(),
            header,
        };
        for group in run.header.groups.clone() {
            run.add_group(group);
        }
        run
    }

    /// Adds the next event.
    pub fn tell(&mut self, entry: &Entry) {
        let text = sentence(&entry.what, entry.node.as_deref());
        self.moments.push(entry, subject_of(&entry.what), &text);
        self.last = self.last.max(entry.at);
        match &entry.what {
            What::World(event) => self.world(entry, event, text),
            // What a drill's clearing up does to the cluster is no part of its story.
            What::Node(_) if self.ended.is_some() => {}
            What::Node(event) => self.node_event(entry, event),
        }
    }

    /// The run as far as it was told.
    pub fn finish(self) -> Run {
        let until = self.ended.unwrap_or(self.last);
        let mut faults = self.faults;
        for fault in faults.iter_mut().filter(|it| it.open) {
            fault.to = until;
        }
        let mut coordinators = Vec::new();
        let mut nodes = Vec::new();
        for node in self.nodes {
            let (story, mut office) = node.finish(until);
            nodes.push(story);
            coordinators.append(&mut office);
        }
        coordinators.sort_by_key(|span| (span.from, span.n));
        let truth = self.truth;
        let groups = self.groups.into_iter();
        Run {
            header: self.header,
            verdict: self.verdict,
            cut: None,
            until,
            steps: self.steps,
            notes: self.notes,
            remarks: self.remarks,
            breaches: self.breaches,
            faults,
            coordinators,
            quorum: self.quorum.finish(until),
            nodes,
            groups: groups.map(|it| it.finish(until, truth)).collect(),
            truth,
            live: false,
            moments: self.moments,
        }
    }

    fn add_group(&mut self, group: HeaderGroup) -> usize {
        let place = self.groups.len();
        let track = GroupTrack::new(group);
        for resource in track.names() {
            self.homes.insert(resource.clone(), place);
        }
        self.groups.push(track);
        place
    }

    /// The group of this name, which is new if a journal's header does not name it.
    fn group(&mut self, name: &Name) -> &mut GroupTrack {
        let known = self.groups.iter().position(|it| it.name == *name);
        let place = known.unwrap_or_else(|| self.add_group(HeaderGroup::named(name.clone())));
        &mut self.groups[place]
    }

    /// The group that a resource is in, if that is known.
    fn home(&mut self, resource: &Name) -> Option<&mut GroupTrack> {
        let place = *self.homes.get(resource)?;
        self.groups.get_mut(place)
    }

    fn node(&mut self, name: &Name) -> &mut NodeTrack {
        let known = self.nodes.iter().position(|it| it.name == *name);
        let place = known.unwrap_or(self.nodes.len());
        if known.is_none() {
            self.nodes.push(NodeTrack::new(name.clone()));
        }
        &mut self.nodes[place]
    }

    fn on_node(&mut self, entry: &Entry) -> Option<&mut NodeTrack> {
        let name = entry.node.as_ref()?;
        Some(self.node(name))
    }

    /// Whether a new owner is one of long ago: a node that joins applies the log from where it was, and tells of all that it
    /// finds there. It can own nothing before it is a member.
    fn is_past(&mut self, entry: &Entry, group: &Name) -> bool {
        let joins = self.on_node(entry).is_some_and(|it| it.joins());
        joins && self.group(group).owner().is_some()
    }

    /// Whether any node has quorum may have changed.
    fn count_quorum(&mut self, at: Time, n: u64) {
        let held = self.nodes.iter().any(NodeTrack::holds_quorum);
        if self.quorum.now() == Some(&held) {
            return;
        }
        self.quorum.turn(at, n, held);
        for group in &mut self.groups {
            group.quorum(at, n, held);
        }
    }

    /// The owner of some groups is missed, or knows that it has lost its footing.
    fn troubled(&mut self, at: Time, n: u64, node: &Name) {
        for group in &mut self.groups {
            if group.owner() == Some(node) {
                group.owner_troubled(at, n);
            }
        }
    }

    fn world(&mut self, entry: &Entry, event: &WorldEvent, text: String) {
        let (at, n) = (entry.at, entry.n);
        let mark = |text: &str, about: Option<&str>| Mark {
            at,
            n,
            text: text.to_owned(),
            about: about.map(str::to_owned),
        };
        match event {
            WorldEvent::Verdict {
                drill,
                file,
                verdict,
                text,
                place,
                repeat,
            } => {
                self.verdict = Some(DrillVerdict {
                    n,
                    drill: drill.clone(),
                    file: file.clone(),
                    verdict: *verdict,
                    text: text.clone(),
                    place: place.clone(),
                    repeat: repeat.clone(),
                });
            }
            WorldEvent::Step { title } => self.steps.push(mark(title, None)),
            WorldEvent::Note { text } => self.notes.push(mark(text, None)),
            WorldEvent::Remark { rule, text } => self.remarks.push(mark(text, Some(rule))),
            WorldEvent::Breach {
                invariant, text, ..
            } => self.breaches.push(mark(text, Some(invariant))),
            WorldEvent::End { .. } => {
                self.ended.get_or_insert(at);
            }
            _ if self.ended.is_some() => {}
            WorldEvent::FaultInjected {
                id, subject, fault, ..
            } => self.faults.push(FaultSpan {
                id: id.0,
                subject: subject.clone(),
                open: fault.stands(),
                fault: fault.clone(),
                text,
                from: at,
                to: at,
                n,
                healed: None,
            }),
            WorldEvent::FaultHealed { id, .. } => {
                let mut broken = self.faults.iter_mut().rev();
                if let Some(fault) = broken.find(|it| it.id == id.0 && it.open) {
                    fault.to = at;
                    fault.open = false;
                    fault.healed = Some(n);
                }
            }
            WorldEvent::Client {
                subject,
                users,
                answered,
                slow,
                reason,
            } => {
                let state = ClientState {
                    users: *users,
                    felt: match (answered, slow) {
                        (false, _) => Felt::Failed,
                        (true, true) => Felt::Slow,
                        (true, false) => Felt::Answered,
                    },
                    reason: reason.clone(),
                };
                self.group(subject).client(at, n, state);
            }
            WorldEvent::ServiceLevel {
                subject,
                online,
                planned,
            } => {
                self.truth = true;
                let planned = planned.unwrap_or(false);
                self.group(subject).serve(at, n, *online, planned);
            }
            WorldEvent::Power { on, .. } => {
                if let Some(node) = self.on_node(entry) {
                    node.power(at, n, *on);
                }
                self.count_quorum(at, n);
            }
            WorldEvent::Frozen { frozen } => {
                if let Some(node) = self.on_node(entry) {
                    node.freeze(at, n, *frozen);
                }
            }
            WorldEvent::ClusterService { running, .. } => {
                if let Some(node) = self.on_node(entry) {
                    node.service(at, n, *running);
                }
                self.count_quorum(at, n);
            }
            WorldEvent::DatagramRefused { .. }
            | WorldEvent::CleanedUp {}
            | WorldEvent::Service { .. }
            | WorldEvent::Reservation { .. }
            | WorldEvent::Mount { .. }
            | WorldEvent::Address { .. }
            | WorldEvent::NameResolves { .. }
            | WorldEvent::Asked { .. }
            | WorldEvent::Answered { .. }
            | WorldEvent::Disturbed { .. } => {}
        }
    }

    fn node_event(&mut self, entry: &Entry, event: &Event) {
        let (at, n) = (entry.at, entry.n);
        match event {
            Event::ServiceStarted { .. } => {
                if let Some(node) = self.on_node(entry) {
                    node.service(at, n, true);
                }
                self.count_quorum(at, n);
            }
            Event::Halted { .. } => {
                if let Some(name) = &entry.node {
                    self.troubled(at, n, name);
                    self.node(name).service(at, n, false);
                }
                self.count_quorum(at, n);
            }
            Event::Coordinator { .. } => {
                if let (Some(name), Some(node)) = (entry.node.clone(), self.on_node(entry)) {
                    node.office.turn(at, n, name);
                }
            }
            Event::CoordinatorLost { .. } => {
                if let Some(node) = self.on_node(entry) {
                    node.office.end(at);
                }
            }
            Event::View { members, .. } => {
                let itself = entry.node.as_ref().filter(|it| members.contains(it));
                if let Some(name) = itself {
                    self.node(name).sees_itself(at, n);
                }
            }
            Event::NodeState { subject, to, .. } => {
                self.node(subject).believe(at, n, *to);
                if *to == quorate_model::NodeState::Down {
                    self.troubled(at, n, subject);
                }
            }
            Event::Quorum { held, .. } => {
                if let Some(name) = &entry.node {
                    self.node(name).quorum(at, n, *held);
                    if !held {
                        self.troubled(at, n, name);
                    }
                }
                self.count_quorum(at, n);
            }
            Event::Interface {
                peer, up: false, ..
            } => self.troubled(at, n, peer),
            Event::Regroup { silent } => {
                for node in silent {
                    self.troubled(at, n, node);
                }
            }
            _ => self.group_event(entry, event),
        }
    }

    fn group_event(&mut self, entry: &Entry, event: &Event) {
        let (at, n) = (entry.at, entry.n);
        match event {
            Event::ResourceState {
                subject, group, to, ..
            } => {
                let node = entry.node.as_ref();
                let track = self.group(group);
                let new = !track.has(subject);
                track.resource(at, n, node, subject, *to);
                if new {
                    let place = self.groups.iter().position(|it| it.name == *group);
                    self.homes.extend(place.map(|it| (subject.clone(), it)));
                }
            }
            Event::GroupState { subject, to, .. } => self.group(subject).state(at, n, *to),
            Event::GroupMoving {
                subject,
                from,
                to,
                cause,
            } => self.group(subject).moves(at, n, from, to, *cause),
            Event::GroupMoveCancelled { subject, from, .. } => {
                self.group(subject).stays(at, n, from);
            }
            Event::GroupOwner {
                subject,
                from,
                to,
                cause,
            } => {
                if self.is_past(entry, subject) {
                    return;
                }
                let out = self.group(subject).out_since().unwrap_or(at);
                let lost = self.node(from).lost_since(out).unwrap_or(at);
                self.group(subject).arrives(at, n, to, *cause, lost);
            }
            Event::GroupStranded { subject, .. } | Event::GroupResting { subject, .. } => {
                self.group(subject).waits(at, n);
            }
            Event::Restart { subject, .. } => {
                if let Some(group) = self.home(subject) {
                    group.restarts(at, n);
                }
            }
            Event::GivenUp { subject, .. } => {
                if let Some(group) = self.home(subject) {
                    group.gives_up(at, n);
                }
            }
            Event::Health { subject, alive, .. } => {
                if let Some(group) = self.home(subject) {
                    group.health(at, n, *alive);
                }
            }
            Event::Interface { .. }
            | Event::ServiceStarted { .. }
            | Event::Forming
            | Event::Coordinator { .. }
            | Event::StartSwitch { .. }
            | Event::CoordinatorLost { .. }
            | Event::Regroup { .. }
            | Event::View { .. }
            | Event::NodeState { .. }
            | Event::Quorum { .. }
            | Event::Halted { .. }
            | Event::Policy { .. }
            | Event::PolicyFailed { .. }
            | Event::Property { .. }
            | Event::Log { .. }
            | Event::Notice { .. } => {}
        }
    }
}
