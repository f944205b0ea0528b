//! The cluster database: one state, changed only by the ordered stream of [`Update`]s.
//!
//! Every member applies the same updates in the same order and so holds the same state. An update that no longer
//! fits when its turn comes (its sender lost the group meanwhile, say) changes nothing and is refused: that answer
//! is the same on every member, too.

mod administrate;
mod apply;
mod products;
mod query;
mod rules;
mod servers;
#[cfg(test)]
mod tests;
mod update;
mod witness;

use std::collections::BTreeMap;
use std::sync::Arc;

use quorate_log::NodeSet;
use quorate_model::{
    Checkpoints, ClusterDefinition, Name, NameMap, NodeId, NodeState, PRODUCTS, Product,
    ResourceState,
};
use serde::{Deserialize, Serialize};

use quorate_journal::Cause;

pub(crate) use apply::Effect;
pub(crate) use update::{Proposal, Update};
pub(crate) use witness::{WitnessRecord, WitnessVote};

/// The members of the cluster, agreed through the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct View {
    /// Grows by one with every change.
    pub(crate) number: u64,
    /// Members and which boot of theirs is meant.
    pub(crate) members: BTreeMap<NodeId, u64>,
}

/// A group that is on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Move {
    pub(crate) to: NodeId,
    pub(crate) cause: Cause,
}

/// Why a group is left as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stop {
    /// Nothing is wrong.
    None,
    /// No node can take it now; one that comes up may.
    Stranded,
    /// It failed over too often; only an administrator brings it back.
    GaveUp,
}

/// What the database knows of a group beyond its definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupRecord {
    pub(crate) owner: NodeId,
    /// Grows with every change of owner: updates of an earlier owner do not fit any more.
    pub(crate) epoch: u64,
    /// `PersistentState`: whether it is wanted online.
    pub(crate) wanted: bool,
    pub(crate) moving: Option<Move>,
    pub(crate) stop: Stop,
    /// Civil times (ms) of failovers caused by resources, oldest first.
    pub(crate) failovers: Vec<i64>,
    /// The nodes that a resource's failure took it away from since it was last in service.
    pub(crate) failed_on: NodeSet,
    /// How many failovers those were.
    pub(crate) fruitless: u32,
    /// A preferred owner has come up since the group left it: failback is due, if it is allowed.
    pub(crate) homing: bool,
}

impl GroupRecord {
    /// Whether it has failed somewhere since it was last in service.
    pub(crate) fn remembers_failures(&self) -> bool {
        self.fruitless != 0 || self.failed_on != NodeSet::EMPTY
    }

    /// Where it failed before says nothing any more.
    pub(crate) fn forget_failures(&mut self) {
        self.failed_on = NodeSet::EMPTY;
        self.fruitless = 0;
    }
}

/// What the database knows of a resource beyond its definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResourceRecord {
    pub(crate) group: Name,
    pub(crate) state: ResourceState,
    /// The resource's own `PersistentState`; `None` inherits the group's. Deleted when it goes online, unless the group
    /// is wanted offline: it would go offline again.
    pub(crate) wanted: Option<bool>,
    /// How often an administrator initiated its failure or asked for it anew: the owner acts on each change.
    pub(crate) failures_asked: u64,
    /// How often an administrator brought it (or its group) online: forgives past failures.
    pub(crate) pardons: u64,
    /// What it stored for its next owner.
    pub(crate) checkpoints: Checkpoints,
}

/// What the database knows of a node beyond its definition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NodeRecord {
    pub(crate) paused: bool,
    /// Which copy of the database is this node's: 0 until it has been a member. A node that comes with another has
    /// lost its copy, and with it what it promised.
    pub(crate) identity: u64,
    /// Which boot of it was last in a view: 0 until it has been a member.
    pub(crate) last_member: u64,
    /// The last proposal applied of this node's: which boot and which number.
    pub(crate) last: (u64, u64),
}

/// The state machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Database {
    /// The cluster with every change made since it was installed.
    pub(crate) definition: Arc<ClusterDefinition>,
    pub(crate) view: View,
    pub(crate) nodes: BTreeMap<NodeId, NodeRecord>,
    pub(crate) groups: NameMap<GroupRecord>,
    pub(crate) resources: NameMap<ResourceRecord>,
    pub(crate) witness: WitnessRecord,
    /// Position and digest of everything applied.
    pub(crate) applied: u64,
    pub(crate) digest: u64,
    /// What products declare of their servers. It is every node's program's, and no part of the state.
    #[serde(skip, default = "shipped")]
    products: &'static [Product],
}

fn shipped() -> &'static [Product] {
    PRODUCTS
}

impl Database {
    /// The definition, to be changed. Whoever has it from before keeps it as it was.
    pub(crate) fn definition_mut(&mut self) -> &mut ClusterDefinition {
        Arc::make_mut(&mut self.definition)
    }

    /// The database of a cluster that has just been installed: nobody is a member, and each group belongs to its first
    /// preferred owner.
    pub(crate) fn install(definition: ClusterDefinition) -> Database {
        let mut database = Database {
            view: View::default(),
            nodes: definition
                .nodes
                .iter()
                .map(|node| (node.id, NodeRecord::default()))
                .collect(),
            groups: NameMap::new(),
            resources: NameMap::new(),
            witness: WitnessRecord::install(&definition),
            applied: 0,
            digest: 0xcbf2_9ce4_8422_2325,
            products: shipped(),
            definition: definition.into(),
        };
        for group in &database.definition.clone().groups {
            database.add_group_record(group);
        }
        database
    }

    fn add_group_record(&mut self, group: &quorate_model::GroupDefinition) {
        let first = self.node_list(group).first().copied();
        let Some(owner) = first.or_else(|| self.nodes.keys().next().copied()) else {
            return;
        };
        self.groups.insert(
            group.name.clone(),
            GroupRecord {
                owner,
                epoch: 0,
                wanted: group.persistent_state,
                moving: None,
                stop: Stop::None,
                failovers: Vec::new(),
                failed_on: NodeSet::EMPTY,
                fruitless: 0,
                homing: false,
            },
        );
        for resource in &group.resources {
            self.resources.insert(
                resource.name.clone(),
                ResourceRecord {
                    group: group.name.clone(),
                    state: ResourceState::Offline,
                    wanted: resource.persistent_state,
                    failures_asked: 0,
                    pardons: 0,
                    checkpoints: Checkpoints::default(),
                },
            );
        }
    }

    /// Whether `node` is a member, whichever boot.
    pub(crate) fn is_member(&self, node: NodeId) -> bool {
        self.view.members.contains_key(&node)
    }

    /// What a node is to the cluster.
    pub(crate) fn node_state(&self, node: NodeId) -> NodeState {
        match self.nodes.get(&node) {
            Some(_) if !self.is_member(node) => NodeState::Down,
            Some(record) if record.paused => NodeState::Paused,
            Some(_) => NodeState::Up,
            None => NodeState::Down,
        }
    }

    /// What a node that has left was while it was a member.
    pub(crate) fn state_as_member(&self, node: NodeId) -> NodeState {
        match self.nodes.get(&node) {
            Some(record) if record.paused => NodeState::Paused,
            _ => NodeState::Up,
        }
    }
}
