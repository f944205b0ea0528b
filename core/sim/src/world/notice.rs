//! Whether anybody in the cluster has noticed a fault.

use std::collections::BTreeSet;

use quorate_journal::{Cause, Event};
use quorate_journal::{Entry, What, WorldEvent};
use quorate_model::{Fault, FaultId, GroupState, Name, NodeState, ProcessFault, ResourceState};

use super::World;

/// A fault, and whom it is about.
#[derive(Clone, Debug)]
pub(super) struct Injected {
    /// How many entries the journal had then.
    from: usize,
    /// What was broken: a node, network, disk or resource; `None` for a cut on every network.
    subject: Option<Name>,
    /// The groups that it is about, and what they consist of.
    touched: BTreeSet<Name>,
    /// Whether it is about starts to come.
    of_starts: bool,
    /// Whether it is about the processes of one resource, of which no node as a whole takes notice.
    of_resource: bool,
    /// Whether it is about a whole machine, which others may miss.
    of_machine: bool,
    /// Whether the last cluster service ended while the machine that it is about was down: nobody was left to miss it.
    outlived_by_none: bool,
}

impl World {
    /// Keeps in mind whom a fault is about. Call it before the fault is made.
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
            outlived_by_none: false,
        });
    }

    /// Keeps in mind which machines went down before the last cluster service did, if that has just ended.
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

    /// Whether anybody in the cluster has noticed a fault up to now: whether a node has had bad news of what it is about
    /// since, or has started on a machine that it is about. Where no cluster service is left to notice anything, now or while
    /// the machine was down, and time has passed, nobody is asked. Faults that are not known were noticed.
    pub fn noticed(&self, fault: FaultId) -> bool {
        // Numbers count up from 1, one for each fault.
        let place = fault
            .0
            .checked_sub(1)
            .and_then(|it| usize::try_from(it).ok());
        let Some(injected) = place.and_then(|place| self.injected.get(place)) else {
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
}

impl Injected {
    fn is(&self, name: &Name) -> bool {
        self.subject.as_ref() == Some(name)
    }

    /// Whether a name is that of the subject, or of something that the fault is about.
    fn about(&self, name: &Name) -> bool {
        self.is(name) || self.touched.contains(name)
    }

    /// Whether an entry is bad news of what was broken. What an administrator asked for is none.
    fn is_told_by(&self, entry: &Entry) -> bool {
        let here = entry.node.as_ref().is_some_and(|node| self.is(node));
        let everywhere = self.subject.is_none();
        let event = match &entry.what {
            What::Node(event) => event,
            // Starts are the world's: what was to befall them has.
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
            } => *to == ResourceState::Failed && (self.about(subject) || self.about(group)),
            // A group is in part online whenever it is moved; where a fault is behind that, a resource failed first.
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
            Event::Health { subject, alive, .. } => !alive && self.about(subject),
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
