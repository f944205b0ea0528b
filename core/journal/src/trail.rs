//! What leads from one event to the next.
//!
//! Whoever drives nodes and a world says what begins to happen, and what that came from: a message, a request to a disk
//! or the end of a service's start carries the number of the event in whose course it was sent or begun. The rest is what
//! the events themselves say: a decision names its cause in a word, and a silence, a health check or a timer is about
//! something whose last event is known.

use std::collections::BTreeMap;

use quorate_model::{Name, ResourceState};

use crate::entry::{Entry, HeaderGroup, HeaderResource, What};
use crate::words::Cause;
use crate::{Event, WorldEvent};

/// The events so far, by what they are about, and what happens at present.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    /// The event that led to what happens at present.
    handled: Option<u64>,
    /// The number of the first event of what happens at present.
    first: u64,
    /// The number that the next event has.
    next: u64,
    /// The last event of what happens at present.
    latest: Option<u64>,
    /// The last event that each node told of itself and its membership.
    nodes: BTreeMap<Name, u64>,
    /// The last change of each node's state, as the cluster decided it.
    members: BTreeMap<Name, u64>,
    /// Where each change of the membership was first told.
    views: BTreeMap<u64, u64>,
    /// By observer and peer, the last silence on a network.
    silences: BTreeMap<(Name, Name), u64>,
    /// The last event about each group or something in it.
    groups: BTreeMap<Name, u64>,
    /// The last decision where each group goes.
    decisions: BTreeMap<Name, u64>,
    /// The last failure of something in each group.
    failures: BTreeMap<Name, u64>,
    /// The last event about each resource, and the last change of its state.
    resources: BTreeMap<Name, u64>,
    changes: BTreeMap<Name, u64>,
    /// The last event of the world about each thing: machine, network, disk, resource.
    things: BTreeMap<Name, u64>,
    /// The last event of the world that concerns everything.
    everywhere: Option<u64>,
    /// Where each administrator's request stands.
    requests: BTreeMap<u64, u64>,
    /// The group of each resource.
    group_of: BTreeMap<Name, Name>,
    /// What each resource depends on, and what depends on it.
    neighbours: BTreeMap<Name, Vec<Name>>,
    /// The disks and networks behind each resource.
    rests_on: BTreeMap<Name, Vec<Name>>,
}

impl Trail {
    /// Something begins to happen, led to by the event with this number; `None` where nothing is known to have led to it,
    /// as with a timer.
    pub fn begin(&mut self, cause: Option<u64>) {
        self.handled = cause;
        self.latest = None;
        self.first = self.next;
    }

    /// What anything that is sent or begun now comes from: the last event of what happens at present, or what led to it.
    pub fn present(&self) -> Option<u64> {
        self.latest.or(self.handled)
    }

    /// Learns which resources belong to which groups.
    pub fn knows(&mut self, groups: &[HeaderGroup]) {
        for group in groups {
            for resource in &group.resources {
                self.group_of
                    .insert(resource.name.clone(), group.name.clone());
                let of_it = |other: &&HeaderResource| {
                    resource.depends_on.contains(&other.name)
                        || other.depends_on.contains(&resource.name)
                };
                let neighbours = group.resources.iter().filter(of_it);
                let neighbours = neighbours.map(|it| it.name.clone()).collect();
                self.neighbours.insert(resource.name.clone(), neighbours);
            }
        }
    }

    /// What happens from now on happens on behalf of this resource on this node.
    pub fn turn_to(&mut self, node: &Name, resource: &str) {
        if let Some((resource, _)) = self.group_of.get_key_value(resource) {
            self.latest = self.of_resource(Some(node), resource);
        }
    }

    /// Learns which disks and networks a resource stands on.
    pub fn rests(&mut self, resource: Name, on: Vec<Name>) {
        self.rests_on.insert(resource, on);
    }

    /// Takes in an event that happens now. Returns the number of the one that caused it.
    pub fn follow(&mut self, entry: &Entry) -> Option<u64> {
        let cause = match &entry.what {
            What::Node(event) => self.cause_of_nodes(entry.node.as_ref(), event),
            What::World(event) => self.cause_of_worlds(entry.node.as_ref(), event),
        };
        self.next = entry.n + 1;
        match &entry.what {
            What::Node(event) => self.take_nodes(entry, event),
            What::World(event) => self.take_worlds(entry, event),
        }
        cause
    }

    /// What caused an event of a node's.
    fn cause_of_nodes(&self, node: Option<&Name>, event: &Event) -> Option<u64> {
        let own = || self.handled.or_else(|| last(&self.nodes, node?));
        match event {
            Event::Interface { peer, network, .. } => self
                .of_world([Some(peer), Some(network), node].into_iter().flatten())
                .or(self.handled),
            Event::Regroup { silent } => {
                let silences = silent
                    .iter()
                    .filter_map(|peer| self.silences.get(&(node?.clone(), peer.clone())));
                silences.max().copied().or_else(own)
            }
            Event::GroupOwner {
                subject,
                from,
                to,
                cause,
            }
            | Event::GroupMoving {
                subject,
                from,
                to,
                cause,
            } => self
                .of_decision(subject, from, to, *cause)
                .or_else(|| self.of_group(subject))
                .or_else(own),
            Event::GroupMoveCancelled { subject, .. }
            | Event::GroupStranded { subject, .. }
            | Event::GroupResting { subject, .. } => self.of_group(subject),
            // Computed: of what is in it, or of whether its owner is there.
            Event::GroupState { subject, .. } => {
                let owner = || self.of_present(last(&self.nodes, node?));
                self.of_present(last(&self.groups, subject))
                    .or_else(owner)
                    .or_else(|| self.of_group(subject))
            }
            Event::Policy { subject, .. } | Event::PolicyFailed { subject, .. } => {
                match self.group_of.get(subject) {
                    Some(group) => self.of_group(group),
                    None => self.of_group(subject),
                }
            }
            Event::ResourceState { subject, .. } | Event::Health { subject, .. } => {
                self.of_resource(node, subject)
            }
            // A line of its own accord goes back to nothing that is known.
            Event::Log { subject, .. } => self.of_present(self.before(subject)).or(self.handled),
            Event::View { view, .. } => self.views.get(view).copied().or_else(own),
            Event::Restart { subject, .. } | Event::GivenUp { subject, .. } => self
                .of_present(last(&self.resources, subject))
                .or_else(|| last(&self.resources, subject))
                .or(self.handled),
            Event::Notice { .. } | Event::Property { .. } => self.present().or_else(own),
            Event::ServiceStarted { .. }
            | Event::Forming
            | Event::Coordinator { .. }
            | Event::StartSwitch { .. }
            | Event::CoordinatorLost { .. }
            | Event::NodeState { .. }
            | Event::Quorum { .. }
            | Event::Halted { .. } => own(),
        }
    }

    /// What caused an event of the world.
    fn cause_of_worlds(&self, node: Option<&Name>, event: &WorldEvent) -> Option<u64> {
        match event {
            WorldEvent::FaultInjected { .. }
            | WorldEvent::Asked { .. }
            | WorldEvent::End { .. }
            | WorldEvent::Verdict { .. }
            | WorldEvent::Step { .. }
            | WorldEvent::Note { .. }
            | WorldEvent::Remark { .. } => None,
            WorldEvent::Answered { request, .. } => self.requests.get(request).copied(),
            WorldEvent::Client { subject, .. } => {
                last(&self.groups, subject).or_else(|| self.present())
            }
            WorldEvent::ServiceLevel { subject, .. } | WorldEvent::Disturbed { subject } => self
                .of_present(last(&self.groups, subject))
                .or_else(|| self.present())
                .or_else(|| last(&self.groups, subject)),
            WorldEvent::DatagramRefused { network, .. } => self.of_world([network]),
            WorldEvent::Service { subject, .. } => self.present().or_else(|| self.before(subject)),
            WorldEvent::FaultHealed { .. }
            | WorldEvent::Power { .. }
            | WorldEvent::Frozen { .. }
            | WorldEvent::ClusterService { .. }
            | WorldEvent::CleanedUp {}
            | WorldEvent::Breach { .. } => self.present(),
            WorldEvent::Reservation { .. }
            | WorldEvent::Mount { .. }
            | WorldEvent::Address { .. }
            | WorldEvent::NameResolves { .. } => {
                let own = || last(&self.nodes, node?);
                self.present().or_else(own)
            }
        }
    }

    /// A number, if it is of an event of what happens at present.
    fn of_present(&self, number: Option<u64>) -> Option<u64> {
        number.filter(|number| *number >= self.first)
    }

    /// The last event of the world about any of these, or about everything.
    fn of_world<'n>(&self, things: impl IntoIterator<Item = &'n Name>) -> Option<u64> {
        let known = things.into_iter().filter_map(|it| self.things.get(it));
        known.copied().chain(self.everywhere).max()
    }

    /// What a decision about a group goes back to, by the word it gives for its cause.
    fn of_decision(&self, group: &Name, from: &Name, to: &Name, cause: Cause) -> Option<u64> {
        match cause {
            Cause::NodeFailure => last(&self.members, from),
            Cause::NodeUp | Cause::Failback => last(&self.members, to),
            Cause::ResourceFailure => last(&self.failures, group),
            Cause::Form | Cause::Admin | Cause::NodeShutdown => None,
        }
    }

    fn of_group(&self, group: &Name) -> Option<u64> {
        let about = last(&self.groups, group);
        self.of_present(about).or(self.handled).or(about)
    }

    /// What led to something that happens to a resource now. What has just happened to itself comes first, then what
    /// has to what it depends on or what depends on it, then what was decided about its group, and what has become of its
    /// node. Where a timer has come round, it is whatever happened to it last.
    fn of_resource(&self, node: Option<&Name>, resource: &Name) -> Option<u64> {
        let before = self.before(resource);
        if self.first == self.next {
            // Nothing has happened yet.
            return self.handled.or(before);
        }
        let neighbours = self.neighbours.get(resource).into_iter().flatten();
        let neighbours = neighbours.filter_map(|it| last(&self.changes, it)).max();
        let group = self.group_of.get(resource);
        let decision = group.and_then(|group| last(&self.decisions, group));
        self.of_present(before)
            .or_else(|| self.of_present(neighbours))
            .or_else(|| self.of_present(decision))
            .or_else(|| self.of_present(last(&self.nodes, node?)))
            .or(self.handled)
            .or(before)
    }

    /// The last event about a resource, in the cluster or in the world, or about what it stands on.
    fn before(&self, resource: &Name) -> Option<u64> {
        let behind = self.rests_on.get(resource).into_iter().flatten();
        let world = behind.chain([resource]);
        let world = world.filter_map(|it| self.things.get(it)).copied();
        world.chain(last(&self.resources, resource)).max()
    }

    fn take_nodes(&mut self, entry: &Entry, event: &Event) {
        let n = entry.n;
        let node = entry.node.clone();
        self.latest = Some(n);
        match event {
            Event::ResourceState {
                subject, group, to, ..
            } => {
                self.group_of.insert(subject.clone(), group.clone());
                self.resources.insert(subject.clone(), n);
                self.changes.insert(subject.clone(), n);
                self.groups.insert(group.clone(), n);
                if *to == ResourceState::Failed {
                    self.failures.insert(group.clone(), n);
                }
            }
            Event::GivenUp { subject, .. } => {
                self.about_resource(subject, n);
                if let Some(group) = self.group_of.get(subject) {
                    self.failures.insert(group.clone(), n);
                }
            }
            Event::Health { subject, .. } | Event::Restart { subject, .. } => {
                self.about_resource(subject, n);
            }
            Event::GroupOwner { subject, .. }
            | Event::GroupMoving { subject, .. }
            | Event::GroupMoveCancelled { subject, .. } => {
                self.groups.insert(subject.clone(), n);
                self.decisions.insert(subject.clone(), n);
            }
            Event::GroupState { subject, .. }
            | Event::GroupStranded { subject, .. }
            | Event::GroupResting { subject, .. } => {
                self.groups.insert(subject.clone(), n);
            }
            Event::Policy { subject, .. } | Event::PolicyFailed { subject, .. } => {
                match self.group_of.contains_key(subject) {
                    true => self.about_resource(&subject.clone(), n),
                    false => drop(self.groups.insert(subject.clone(), n)),
                }
            }
            Event::Log { .. } | Event::Property { .. } | Event::Notice { .. } => {}
            Event::Interface { peer, up, .. } => {
                if let Some(node) = node {
                    if !up {
                        self.silences.insert((node.clone(), peer.clone()), n);
                    }
                    self.nodes.insert(node, n);
                }
            }
            Event::View { view, .. } => {
                self.views.entry(*view).or_insert(n);
                self.told(node, n);
            }
            Event::NodeState { subject, .. } => {
                self.members.insert(subject.clone(), n);
                self.told(node, n);
            }
            Event::ServiceStarted { .. }
            | Event::Forming
            | Event::Coordinator { .. }
            | Event::StartSwitch { .. }
            | Event::CoordinatorLost { .. }
            | Event::Regroup { .. }
            | Event::Quorum { .. }
            | Event::Halted { .. } => self.told(node, n),
        }
    }

    fn take_worlds(&mut self, entry: &Entry, event: &WorldEvent) {
        let n = entry.n;
        match event {
            WorldEvent::FaultInjected { subject, .. } => {
                // From outside: what follows goes back to it.
                self.begin(Some(n));
                self.happened(subject.clone(), n);
            }
            WorldEvent::FaultHealed { subject, .. } => {
                self.latest = Some(n);
                self.happened(subject.clone(), n);
            }
            WorldEvent::Asked { request, .. } => {
                self.begin(Some(n));
                self.requests.insert(*request, n);
            }
            WorldEvent::Answered { request, .. } => {
                self.requests.remove(request);
            }
            WorldEvent::Power { .. }
            | WorldEvent::Frozen { .. }
            | WorldEvent::ClusterService { .. }
            | WorldEvent::CleanedUp {} => {
                self.latest = Some(n);
                if let Some(node) = &entry.node {
                    self.things.insert(node.clone(), n);
                    self.nodes.insert(node.clone(), n);
                }
            }
            WorldEvent::Service { subject, .. } => {
                self.latest = Some(n);
                self.things.insert(subject.clone(), n);
                if let Some(group) = self.group_of.get(subject) {
                    self.groups.insert(group.clone(), n);
                }
            }
            WorldEvent::Reservation { subject, .. } | WorldEvent::Mount { subject, .. } => {
                self.latest = Some(n);
                self.things.insert(subject.clone(), n);
            }
            WorldEvent::Address { .. } | WorldEvent::NameResolves { .. } => self.latest = Some(n),
            WorldEvent::ServiceLevel { subject, .. } => {
                self.groups.insert(subject.clone(), n);
            }
            WorldEvent::DatagramRefused { .. }
            | WorldEvent::Client { .. }
            | WorldEvent::Disturbed { .. }
            | WorldEvent::End { .. }
            | WorldEvent::Verdict { .. }
            | WorldEvent::Step { .. }
            | WorldEvent::Note { .. }
            | WorldEvent::Remark { .. }
            | WorldEvent::Breach { .. } => {}
        }
    }

    /// A node has told this of itself.
    fn told(&mut self, node: Option<Name>, n: u64) {
        if let Some(node) = node {
            self.nodes.insert(node, n);
        }
    }

    fn about_resource(&mut self, resource: &Name, n: u64) {
        self.resources.insert(resource.clone(), n);
        if let Some(group) = self.group_of.get(resource) {
            self.groups.insert(group.clone(), n);
        }
    }

    /// Something has happened to a thing of the world, or to all of them.
    fn happened(&mut self, thing: Option<Name>, n: u64) {
        match thing {
            Some(thing) => drop(self.things.insert(thing, n)),
            None => self.everywhere = Some(n),
        }
    }
}

fn last(known: &BTreeMap<Name, u64>, name: &Name) -> Option<u64> {
    known.get(name).copied()
}

#[cfg(test)]
mod tests;
