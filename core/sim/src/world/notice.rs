//! Whether anybody in the cluster has noticed a fault.

use std::collections::BTreeSet;

use quorate_journal::{Cause, Event};
use quorate_journal::{Entry, What, WorldEvent};
use quorate_model::{
    Fault, FaultId, GroupState, MachineFault, Name, NodeState, ProcessFault, ResourceState,
};

use super::World;

/// A fault, and what it concerns.
#[derive(Clone, Debug)]
pub(super) struct Injected {
    /// The number of journal entries before it.
    from: usize,
    /// The name of what is broken: a node, network, disk or resource; `None` for a cut on every network.
    subject: Option<Name>,
    /// The groups that it concerns, and their resources.
    touched: BTreeSet<Name>,
    /// Whether it concerns future starts.
    of_starts: bool,
    /// Whether it concerns the processes of one resource, which no node as a whole notices.
    of_resource: bool,
    /// Whether it concerns a whole machine, whose absence others may notice.
    of_machine: bool,
    /// Whether it is about the speed of a machine, which also affects what comes to run there later.
    of_speed: bool,
    /// Whether it is only what a process says when it is asked.
    of_words: bool,
    /// Whether the last cluster service ended while this machine was down, so that nobody was left to notice its
    /// absence.
    outlived_by_none: bool,
}

impl World {
    /// Records what a fault concerns. Call it before the fault is made.
    pub(super) fn remember(&mut self, fault: &Fault, groups: &BTreeSet<Name>) {
        let known = self.current.groups.iter();
        let hit = known.filter(|group| groups.contains(&group.name));
        let resources = hit.flat_map(|group| &group.resources);
        let mut touched: BTreeSet<Name> = resources.map(|one| one.name.clone()).collect();
        touched.extend(groups.iter().cloned());
        self.injected.push(Injected {
            from: self.events().len(),
            subject: fault.subject().cloned(),
            touched,
            of_starts: matches!(
                fault,
                Fault::Process(ProcessFault::FailStarts { .. } | ProcessFault::SlowStart { .. })
            ),
            of_resource: matches!(fault, Fault::Process(_)),
            of_machine: matches!(fault, Fault::Machine(_)),
            of_speed: matches!(fault, Fault::Machine(MachineFault::FanFailure { .. })),
            of_words: matches!(fault, Fault::Process(ProcessFault::Answers { .. })),
            outlived_by_none: false,
        });
    }

    /// Records which machines were down already when the last cluster service ended, if that has just happened.
    pub(super) fn remember_the_last(&mut self) {
        if self.stations.iter().any(|station| station.service.runs()) {
            return;
        }
        let down = |name: &Name| {
            let mut hosts = self.env.hosts.iter().zip(&self.stations);
            hosts.any(|(host, station)| host.name == *name && !station.service.runs())
        };
        for injected in self.injected.iter_mut().filter(|it| it.of_machine) {
            injected.outlived_by_none |= injected.subject.as_ref().is_some_and(down);
        }
    }

    /// Whether anybody in the cluster has noticed a fault so far: a node has since reported something bad about what
    /// it concerns, or has started on a machine that it concerns. If no cluster service is left to notice anything,
    /// now or while the machine was down, and time has passed, the answer is true. It is true for unknown faults,
    /// too.
    pub fn noticed(&self, fault: FaultId) -> bool {
        let Some(injected) = self.injected(fault) else {
            return true;
        };
        let events = self.events();
        let since = events.get(injected.from..).unwrap_or_default();
        let made = since.first().map_or(self.env.now, |entry| entry.at);
        if since.iter().any(|entry| injected.is_told_by(entry)) {
            return true;
        }
        let mut machines = 0..self.stations.len();
        let somebody =
            machines.any(|it| self.env.hosts[it].runs() && self.stations[it].service.runs());
        (injected.outlived_by_none || !somebody) && self.env.now > made
    }

    /// Whether anybody has asked for what a service says by this fault; `None` for faults of another kind, which have
    /// their effect whether anybody asks or not.
    pub fn was_asked(&self, fault: FaultId) -> Option<bool> {
        let of_words = self.injected(fault)?.of_words;
        of_words.then(|| self.env.asked_of.contains(&fault))
    }

    fn injected(&self, fault: FaultId) -> Option<&Injected> {
        // Faults are numbered from 1 on, without gaps.
        let place = usize::try_from(fault.0.checked_sub(1)?).ok()?;
        self.injected.get(place)
    }
}

impl Injected {
    fn is(&self, name: &Name) -> bool {
        self.subject.as_ref() == Some(name)
    }

    /// Whether a name is the subject or something else that the fault concerns.
    fn about(&self, name: &Name) -> bool {
        self.is(name) || self.touched.contains(name)
    }

    /// Whether an entry reports something bad about what was broken. What an administrator ordered does not count.
    fn is_told_by(&self, entry: &Entry) -> bool {
        let here = entry.node.as_ref().is_some_and(|node| self.is(node));
        let everywhere = self.subject.is_none();
        let there = here && self.of_speed;
        let event = match &entry.what {
            What::Node(event) => event,
            // Starts are reported by the world, and a fault of starts has had its effect then.
            What::World(WorldEvent::Service { subject, .. }) => {
                return self.of_starts && self.is(subject);
            }
            What::World(_) => return false,
        };
        match event {
            Event::Interface { peer, network, .. } => {
                everywhere || here || self.is(peer) || self.is(network)
            }
            Event::Regroup { .. } => !self.of_resource,
            Event::View { members, .. } => self.of_machine && !members.iter().any(|it| self.is(it)),
            Event::NodeState { subject, to, .. } => {
                *to == NodeState::Down && (everywhere || self.is(subject))
            }
            Event::ServiceStarted { .. } | Event::Halted { .. } => everywhere || here,
            Event::Quorum { held, .. } => !held && !self.of_resource,
            Event::CoordinatorLost { .. } | Event::StartSwitch { .. } => !self.of_resource,
            Event::ResourceState {
                subject, group, to, ..
            } => {
                let hit = there || self.about(subject) || self.about(group);
                *to == ResourceState::Failed && hit
            }
            // Every move makes a group partly online. If a fault is the cause, a resource has failed before.
            Event::GroupState { subject, to, .. } => {
                *to == GroupState::Failed && self.about(subject)
            }
            Event::GroupMoving { subject, cause, .. }
            | Event::GroupOwner { subject, cause, .. } => {
                let fault = matches!(cause, Cause::ResourceFailure | Cause::NodeFailure);
                fault && self.about(subject)
            }
            Event::GroupStranded { subject, .. }
            | Event::GroupResting { subject, .. }
            | Event::Restart { subject, .. }
            | Event::GivenUp { subject, .. } => self.about(subject),
            Event::Health { subject, alive, .. } => !alive && (there || self.about(subject)),
            Event::Notice { text, .. } => {
                let mut names = self.subject.iter().chain(&self.touched);
                here || everywhere || names.any(|name| text.contains(name.as_str()))
            }
            Event::Forming
            | Event::Coordinator { .. }
            | Event::GroupMoveCancelled { .. }
            | Event::Policy { .. }
            | Event::PolicyFailed { .. }
            | Event::Property { .. }
            | Event::Log { .. } => false,
        }
    }
}
