//! How a cluster is, as one of its nodes sees it.

use std::collections::BTreeMap;

use quorate_model::{
    ClusterDefinition, GroupDefinition, GroupState, GroupStatus, Name, NodeState, NodeStatus,
    QuorumStatus, ResourceDefinition, ResourceState, ResourceStatus, Time,
};
use quorate_node::Node;
use serde::{Deserialize, Serialize};

/// Belief: how the cluster is, as one node sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveStatus {
    /// The node that was asked.
    pub node: Name,
    /// The cluster.
    pub cluster: Name,
    /// Whether the node's cluster service runs.
    pub runs: bool,
    /// Why not, and what comes next, where it does not.
    pub standing: Option<String>,
    /// Which start of the node this is.
    pub incarnation: u64,
    /// How long its process has run, in milliseconds.
    pub up_ms: u64,
    /// The quorum.
    pub quorum: QuorumStatus,
    /// The node that coordinates.
    pub coordinator: Option<Name>,
    /// How many updates of the database the node has applied.
    pub applied: u64,
    /// The digest of all of them, in order: the same on every node that has applied as many.
    pub digest: u64,
    /// The nodes.
    pub nodes: Vec<NodeStatus>,
    /// The groups with their resources.
    pub groups: Vec<(GroupStatus, Vec<ResourceStatus>)>,
    /// The cluster's definition with every change made since it was installed, as the node's database has it.
    pub definition: ClusterDefinition,
    /// The number that a node which is added gets: the first after those of all nodes that this one has heard of.
    pub next_node: u8,
    /// The keys of the node by their fingerprints, as `quorate key show` gives them: the one that it seals messages with, and
    /// then the other that it takes, while keys are replaced.
    pub keys: Vec<String>,
    /// What went over the networks, and what was refused.
    pub counts: Counts,
}

/// What a node has counted since its process was started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// By network.
    pub networks: BTreeMap<Name, NetworkCounts>,
    /// How many messages were delivered and refused, and why, by the names of `quorate_wire::Counts`; what never happened is
    /// left out.
    pub wire: BTreeMap<String, u64>,
}

impl Counts {
    /// How many messages were refused, without those for an earlier start of this node: whoever has not heard of the new one
    /// sends them in good faith.
    pub fn refused(&self) -> u64 {
        let refused = self
            .wire
            .iter()
            .filter(|(name, _)| Counts::is_refusal(name) && *name != "unknown_boot");
        refused.map(|(_, count)| count).sum()
    }

    /// Whether the count of this name is of messages that were refused.
    pub(crate) fn is_refusal(name: &str) -> bool {
        !["delivered", "hellos"].contains(&name)
    }
}

/// What went over one network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkCounts {
    /// Messages sent.
    pub sent: u64,
    /// Messages received, refused ones among them.
    pub received: u64,
    /// Messages dropped because too many waited for the node.
    pub dropped: u64,
}

/// What the driver knows beside its node.
pub(crate) struct Kept<'a> {
    pub(crate) node: &'a Name,
    pub(crate) installed: &'a ClusterDefinition,
    pub(crate) standing: Option<String>,
    pub(crate) incarnation: u64,
    pub(crate) up_ms: u64,
    pub(crate) restarts: &'a BTreeMap<Name, u32>,
    pub(crate) keys: Vec<String>,
    pub(crate) counts: Counts,
}

/// The status at `now`; without a node, what is known all the same.
pub(crate) fn status_of(node: Option<&Node>, now: Time, kept: Kept<'_>) -> LiveStatus {
    let definition = node.and_then(Node::definition).unwrap_or(kept.installed);
    let snapshot = node.and_then(|node| node.snapshot(now));
    let named = |id| {
        let known = definition.node_by_id(id);
        known.map(|node| node.name.clone())
    };
    let has_quorum = snapshot.as_ref().is_some_and(|it| it.has_quorum);
    let members = snapshot.as_ref().map_or(&[][..], |it| &it.members);
    let coordinator = snapshot.as_ref().and_then(|it| match it.coordinates {
        true => Some(kept.node.clone()),
        false if it.has_quorum => it.coordinator.and_then(named),
        false => None,
    });
    // Without quorum nobody knows who owns what.
    let seen = Seen {
        definition,
        node: node.filter(|_| has_quorum),
        here: node,
        restarts: kept.restarts,
    };
    LiveStatus {
        node: kept.node.clone(),
        cluster: definition.name.clone(),
        runs: node.is_some(),
        standing: kept.standing,
        incarnation: kept.incarnation,
        up_ms: kept.up_ms,
        quorum: QuorumStatus {
            kind: definition.quorum.clone(),
            owner: coordinator.clone(),
            has_quorum,
            members: members.iter().filter_map(|id| named(*id)).collect(),
            witness: match node.filter(|_| has_quorum) {
                Some(node) => node.witness_share(),
                None => definition.file_share_witness().map(Name::from),
            },
        },
        coordinator,
        applied: snapshot.as_ref().map_or(0, |it| it.applied.0),
        digest: snapshot.as_ref().map_or(0, |it| it.applied.1),
        nodes: seen.nodes(),
        groups: seen.groups(),
        next_node: next_node(definition, kept.installed),
        definition: definition.clone(),
        keys: kept.keys,
        counts: kept.counts,
    }
}

/// The number of another node. One that was evicted stands in the cluster file still: whoever got its number would be taken for
/// it, or it for that.
fn next_node(now: &ClusterDefinition, installed: &ClusterDefinition) -> u8 {
    let nodes = now.nodes.iter().chain(&installed.nodes);
    let last = nodes.map(|node| node.id.0).max().unwrap_or(0);
    last.saturating_add(1)
}

struct Seen<'a> {
    definition: &'a ClusterDefinition,
    /// The node, where it has quorum.
    node: Option<&'a Node>,
    /// The node, whether it has or not.
    here: Option<&'a Node>,
    restarts: &'a BTreeMap<Name, u32>,
}

impl Seen<'_> {
    fn nodes(&self) -> Vec<NodeStatus> {
        let nodes = self.definition.nodes.iter();
        nodes
            .map(|node| {
                let state = self.node.and_then(|seen| seen.node_state(&node.name));
                let groups = self.definition.groups.iter();
                NodeStatus {
                    name: node.name.clone(),
                    state: state.unwrap_or(NodeState::Down),
                    groups: groups
                        .filter(|group| self.owner(group).as_ref() == Some(&node.name))
                        .map(|group| group.name.clone())
                        .collect(),
                }
            })
            .collect()
    }

    fn owner(&self, group: &GroupDefinition) -> Option<Name> {
        self.node?.group_owner(&group.name)
    }

    fn groups(&self) -> Vec<(GroupStatus, Vec<ResourceStatus>)> {
        let groups = self.definition.groups.iter();
        groups
            .map(|group| {
                let resources = group.resources.iter();
                let resources: Vec<_> = resources.map(|it| self.resource(group, it)).collect();
                (self.group(group, &resources), resources)
            })
            .collect()
    }

    fn group(&self, group: &GroupDefinition, resources: &[ResourceStatus]) -> GroupStatus {
        let view = self.node.and_then(|node| node.group(&group.name));
        let states = resources.iter().map(|it| it.state);
        GroupStatus {
            name: group.name.clone(),
            state: view
                .as_ref()
                .map_or_else(|| GroupState::of(states), |view| view.state),
            owner: view.as_ref().map(|view| view.owner.clone()),
            resources: group.resources.iter().map(|it| it.name.clone()).collect(),
            failovers: view.as_ref().map_or(0, |view| view.failovers),
            stopped: view.as_ref().and_then(|view| view.stopped.clone()),
            persistent_state: view
                .as_ref()
                .map_or(group.persistent_state, |view| view.persistent_state),
            preferred_owners: group.properties.preferred_owners.clone(),
            is_virtual_server: group.is_virtual_server(),
        }
    }

    fn resource(&self, group: &GroupDefinition, resource: &ResourceDefinition) -> ResourceStatus {
        let name = resource.name.as_str();
        let known = self.node.and_then(|node| node.resource_state(name));
        // Without quorum: what this machine runs.
        let here = || match self.here.map(|node| node.local_state(name)) {
            None | Some(ResourceState::Initializing) => ResourceState::Offline,
            Some(state) => state,
        };
        ResourceStatus {
            name: resource.name.clone(),
            kind: resource.kind.clone(),
            group: group.name.clone(),
            state: known.unwrap_or_else(here),
            owner: known.and_then(|_| self.owner(group)),
            restarts: self.restarts.get(name).copied().unwrap_or(0),
            persistent_state: match self.node {
                Some(node) => node.persistent_state(name),
                None => resource.persistent_state,
            },
            depends_on: resource.depends_on.clone(),
            dependents: group.dependents_of(name),
        }
    }
}
