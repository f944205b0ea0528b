//! Which events a person wants to be told, and which only repeat what is known.

use std::collections::{BTreeMap, BTreeSet};

use quorate_journal::{Entry, Event, What, WorldEvent};
use quorate_model::{GroupState, Name, NodeState, ResourceState};

use crate::output::Tone;

/// What has been said already, so that of what every node tells one line is enough.
#[derive(Debug, Default)]
pub(in crate::console) struct Worth {
    /// The nodes that have quorum.
    quorate: BTreeSet<Name>,
    /// The nodes whose service runs and has not been a member yet.
    joining: BTreeSet<Name>,
    /// The cards whose silence was told: of a peer, in a network.
    silent: BTreeSet<(Name, Name)>,
    /// What each group came to last.
    states: BTreeMap<Name, GroupState>,
    /// Whose loss the last regroup was about.
    regroup: Vec<Name>,
    /// The events that tell of faults, and of what is only their other side.
    faults: BTreeSet<u64>,
}

impl Worth {
    /// Whether a person wants to be told of an event. Every event must be shown, in order.
    pub(in crate::console) fn weigh(&mut self, event: &Entry) -> bool {
        match &event.what {
            What::World(what) => self.world(event, what),
            What::Node(what) => match &event.node {
                Some(node) => self.node(&node.clone(), what),
                None => false,
            },
        }
    }

    /// Whether this node's service runs and has not been a member yet: it tells of what was long ago.
    pub(super) fn joins(&self, node: Option<&str>) -> bool {
        node.is_some_and(|node| self.joining.iter().any(|it| **it == *node))
    }

    fn world(&mut self, event: &Entry, what: &WorldEvent) -> bool {
        let follows = event.because.is_some_and(|it| self.faults.contains(&it));
        match what {
            WorldEvent::FaultInjected { .. } | WorldEvent::FaultHealed { .. } => {
                self.faults.insert(event.n);
                true
            }
            // What the fault itself says.
            WorldEvent::Power { .. } | WorldEvent::Frozen { .. } => !follows,
            WorldEvent::ClusterService { running, .. } => {
                if !running && let Some(node) = &event.node {
                    self.quorate.remove(node);
                    self.joining.remove(node);
                }
                // That it starts shows in what it becomes, and why it ended itself it has said.
                false
            }
            WorldEvent::CleanedUp {}
            | WorldEvent::Client { .. }
            | WorldEvent::ServiceLevel { .. }
            | WorldEvent::Disturbed { .. }
            | WorldEvent::Breach { .. } => true,
            WorldEvent::Answered { code, .. } => *code != 0,
            // Steps, notes and remarks are told as they are made.
            _ => false,
        }
    }

    fn node(&mut self, node: &Name, event: &Event) -> bool {
        match event {
            Event::ServiceStarted { .. } => {
                self.joining.insert(node.clone());
                false
            }
            Event::View { members, .. } => {
                if members.contains(node) {
                    self.joining.remove(node);
                }
                self.regroup.clear();
                false
            }
            Event::Quorum { held: true, .. } => {
                self.joining.remove(node);
                // Every member says so; the first one says that there is a cluster again.
                let first = self.quorate.is_empty();
                self.quorate.insert(node.clone());
                first
            }
            Event::Quorum { .. } => self.quorate.remove(node),
            Event::Interface {
                peer,
                network,
                up: false,
            } => self.silent.insert((peer.clone(), network.clone())),
            Event::Interface { peer, network, .. } => {
                self.silent.remove(&(peer.clone(), network.clone()))
            }
            Event::Regroup { silent } => {
                let told = *silent == self.regroup;
                self.regroup.clone_from(silent);
                !told
            }
            Event::GroupOwner { from, to, .. } => from != to && !self.joining.contains(node),
            Event::NodeState { to, .. } => *to != NodeState::Joining,
            Event::ResourceState { to, .. } => *to == ResourceState::Failed,
            // On its way a group may be Pending again and again; only what it comes to is new.
            Event::GroupState { subject, to, .. } => {
                *to != GroupState::Pending && self.states.insert(subject.clone(), *to) != Some(*to)
            }
            Event::Coordinator { .. }
            | Event::CoordinatorLost { .. }
            | Event::StartSwitch { .. }
            | Event::Halted { .. }
            | Event::GroupMoving { .. }
            | Event::GroupMoveCancelled { .. }
            | Event::GroupStranded { .. }
            | Event::GroupResting { .. }
            | Event::Restart { .. }
            | Event::GivenUp { .. }
            | Event::Policy { .. }
            | Event::PolicyFailed { .. } => true,
            Event::Forming
            | Event::Health { .. }
            | Event::Property { .. }
            | Event::Log { .. }
            | Event::Notice { .. } => false,
        }
    }
}

/// The colour of an event.
pub(crate) fn tone(what: &What) -> Tone {
    match what {
        What::World(event) => match event {
            WorldEvent::FaultInjected { .. } | WorldEvent::Breach { .. } => Tone::Bad,
            WorldEvent::FaultHealed { .. }
            | WorldEvent::Client { answered: true, .. }
            | WorldEvent::ServiceLevel { online: true, .. }
            | WorldEvent::Power { on: true, .. } => Tone::Good,
            WorldEvent::Client { .. } | WorldEvent::Answered { .. } => Tone::Bad,
            WorldEvent::ServiceLevel {
                planned: Some(true),
                ..
            } => Tone::Care,
            WorldEvent::ServiceLevel { .. } => Tone::Bad,
            WorldEvent::Power { .. }
            | WorldEvent::Frozen { .. }
            | WorldEvent::Disturbed { .. }
            | WorldEvent::CleanedUp {} => Tone::Care,
            _ => Tone::Plain,
        },
        What::Node(event) => match event {
            Event::NodeState {
                to: NodeState::Up, ..
            }
            | Event::Quorum { held: true, .. }
            | Event::Interface { up: true, .. }
            | Event::ResourceState {
                to: ResourceState::Online,
                ..
            }
            | Event::GroupState {
                to: GroupState::Online,
                ..
            } => Tone::Good,
            Event::NodeState { .. }
            | Event::Quorum { .. }
            | Event::Halted { .. }
            | Event::ResourceState {
                to: ResourceState::Failed,
                ..
            }
            | Event::GroupState {
                to: GroupState::Failed,
                ..
            }
            | Event::GroupStranded { .. }
            | Event::GivenUp { .. }
            | Event::PolicyFailed { .. } => Tone::Bad,
            Event::Coordinator { .. } | Event::Policy { .. } => Tone::Guide,
            Event::Interface { .. }
            | Event::Regroup { .. }
            | Event::CoordinatorLost { .. }
            | Event::StartSwitch { .. }
            | Event::GroupState { .. }
            | Event::GroupMoving { .. }
            | Event::GroupMoveCancelled { .. }
            | Event::GroupOwner { .. }
            | Event::GroupResting { .. }
            | Event::Restart { .. } => Tone::Care,
            _ => Tone::Plain,
        },
    }
}
