//! What a node's database says, for status displays and for the world's checks.

use std::sync::Arc;

use quorate_journal::Cause;
use quorate_model::{ClusterDefinition, GroupState, Name, NodeState, ResourceState, Sought};

use crate::node::Node;

/// A group as a node's database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupView {
    /// Its name.
    pub name: Name,
    /// Its owner, or the one it last had.
    pub owner: Name,
    /// Its state.
    pub state: GroupState,
    /// Whether it is wanted online (`PersistentState`).
    pub persistent_state: bool,
    /// How many failovers caused by resources are remembered.
    pub failovers: u32,
    /// Why it stays as it is, and what changes that; `None` where nothing is wrong.
    pub stopped: Option<String>,
    /// The node it is moving to, if it is.
    pub moving_to: Option<Name>,
    /// Why it is moving, if it is.
    pub moving_for: Option<Cause>,
}

impl Node {
    /// The newest term it knows of.
    pub fn term(&self) -> u64 {
        self.log.term()
    }

    /// The digest of everything applied up to position `index`, if this node applied it not too long ago.
    pub fn digest_at(&self, index: u64) -> Option<u64> {
        self.digests.at(index)
    }

    /// The cluster's definition with every change made since it was installed (properties, groups, nodes), as this
    /// node's database has it.
    pub fn definition(&self) -> Option<&ClusterDefinition> {
        self.shared_definition().map(Arc::as_ref)
    }

    /// As [`definition`](Self::definition): the same one as long as nobody has changed it.
    pub fn shared_definition(&self) -> Option<&Arc<ClusterDefinition>> {
        Some(&self.database.definition)
    }

    /// A group as this node's database has it.
    pub fn group(&self, name: &str) -> Option<GroupView> {
        let record = self.database.groups.get(name)?;
        Some(GroupView {
            name: name.into(),
            owner: self.database.node_name(record.owner),
            state: self.group_state(name)?,
            persistent_state: record.wanted,
            failovers: u32::try_from(record.failovers.len()).unwrap_or(u32::MAX),
            stopped: self.database.stopped(name),
            moving_to: record
                .moving
                .as_ref()
                .map(|moving| self.database.node_name(moving.to)),
            moving_for: record.moving.as_ref().map(|moving| moving.cause),
        })
    }

    /// A group's owner, or the one it last had, as this node's database has it.
    pub fn group_owner(&self, name: &str) -> Option<Name> {
        let record = self.database.groups.get(name)?;
        Some(self.database.node_name(record.owner))
    }

    /// A group's state as this node's database has it. The state of a group that the node owns is known here before the
    /// database has it.
    pub fn group_state(&self, name: &str) -> Option<GroupState> {
        self.database.groups.get(name)?;
        let owned = self.groups.owned_state(name);
        Some(owned.unwrap_or_else(|| self.database.group_state(name)))
    }

    /// A resource's state on its group's owner, as this node's database has it.
    pub fn resource_state<Q: Sought + ?Sized>(&self, name: &Q) -> Option<ResourceState> {
        self.database.resources.get(name).map(|record| record.state)
    }

    /// A resource that is pending, as this node's database has it, if one is.
    pub fn pending_resource(&self) -> Option<&Name> {
        let mut all = self.database.resources.iter();
        let pending = all.find(|(_, record)| record.state.is_pending());
        pending.map(|(name, _)| name)
    }

    /// A resource's own `PersistentState`, as this node's database has it; `None` where it inherits its group's.
    pub fn persistent_state<Q: Sought + ?Sized>(&self, resource: &Q) -> Option<bool> {
        self.database.resources.get(resource)?.wanted
    }

    /// What a node is to the cluster, as this node's database has it.
    pub fn node_state(&self, name: &str) -> Option<NodeState> {
        let id = self.database.node_id(name)?;
        Some(self.database.node_state(id))
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::NodeId;

    use crate::shipped::leader;

    #[test]
    fn what_is_read_of_a_node_is_what_its_database_and_log_have() {
        let mut node = leader();
        let terms = [node.term(), {
            node.log.step_down();
            node.log.skip_terms(5);
            node.term()
        }];
        assert_eq!(terms, [1, 6]);
        let record = node.database.groups.get_mut("EVS1").unwrap();
        record.owner = NodeId(4);
        assert_eq!(node.group_owner("EVS1"), Some("NODE4".into()));
        assert_eq!(node.group_owner("EVS9"), None);
        let resource = "EVS1 Network Name";
        for wanted in [None, Some(false), Some(true)] {
            let records = &mut node.database.resources;
            records.get_mut(resource).unwrap().wanted = wanted;
            assert_eq!(node.persistent_state(resource), wanted);
        }
    }
}
