//! Questions to the database that decisions rest on.

use quorate_log::NodeSet;
use quorate_model::errors::{
    ERROR_CLUSTER_NODE_DOWN, ERROR_CLUSTER_NODE_PAUSED, ERROR_HOST_NODE_NOT_AVAILABLE,
};
use quorate_model::{
    GroupDefinition, GroupState, Name, NodeId, QuorumKind, ResourceDefinition, ResourceState,
    Sought,
};

use super::{Database, GroupRecord, Stop};
use crate::witness_file::WITNESS;

impl Database {
    /// A group's definition.
    pub(crate) fn group_definition(&self, group: &str) -> Option<&GroupDefinition> {
        self.definition.group(group)
    }

    /// A resource's definition.
    pub(crate) fn resource_definition(&self, resource: &str) -> Option<&ResourceDefinition> {
        self.definition
            .resource(resource)
            .map(|(_, resource)| resource)
    }

    /// A group's computed state.
    pub(crate) fn group_state(&self, group: &str) -> GroupState {
        let resources = self
            .definition
            .group(group)
            .map_or(&[][..], |group| &group.resources);
        GroupState::of(
            resources
                .iter()
                .map(|resource| self.resource_state(&resource.name)),
        )
    }

    /// Whether everything that is wanted of a group is Online; what an administrator took offline is not.
    pub(crate) fn in_service(&self, group: &str) -> bool {
        let (Some(definition), Some(record)) =
            (self.definition.group(group), self.groups.get(group))
        else {
            return false;
        };
        let mut resources = definition.resources.iter();
        resources.all(|resource| {
            let own = self.resources.get(&resource.name);
            let wanted = own.and_then(|own| own.wanted).unwrap_or(record.wanted);
            !wanted || self.resource_state(&resource.name) == ResourceState::Online
        })
    }

    /// Why a group stays as it is until somebody does something, and what that is.
    pub(crate) fn stopped(&self, group: &str) -> Option<String> {
        let (definition, record) = (self.definition.group(group)?, self.groups.get(group)?);
        match record.stop {
            Stop::None => None,
            Stop::Stranded => Some("no node can take it: it stays Failed until one can".to_owned()),
            Stop::GaveUp => {
                let properties = &definition.properties;
                Some(format!(
                    "it has failed over {} times within {}h, and FailoverThreshold allows {}: it stays Failed until \
                     it is brought online; do that when what made it fail is mended",
                    record.failovers.len(),
                    properties.failover_period,
                    properties.failover_threshold
                ))
            }
        }
    }

    /// A resource's state on its group's owner.
    pub(crate) fn resource_state<Q: Sought + ?Sized>(&self, resource: &Q) -> ResourceState {
        self.resources
            .get(resource)
            .map_or(ResourceState::Offline, |record| record.state)
    }

    /// The name of a node; its number where it has been evicted.
    pub(crate) fn node_name(&self, node: NodeId) -> Name {
        match self.definition.node_by_id(node) {
            Some(node) => node.name.clone(),
            None => format!("node {node}").into(),
        }
    }

    /// The number of a node by its name.
    pub(crate) fn node_id(&self, name: &str) -> Option<NodeId> {
        self.definition.node(name).map(|node| node.id)
    }

    /// A group's node list: its preferred owners in order, then the other nodes by number
    /// (docs/semantics.md, 3.4).
    pub(crate) fn node_list(&self, group: &GroupDefinition) -> Vec<NodeId> {
        let mut list: Vec<NodeId> = Vec::new();
        let preferred = group
            .properties
            .preferred_owners
            .iter()
            .filter_map(|name| self.node_id(name));
        for node in preferred.chain(self.definition.nodes.iter().map(|node| node.id)) {
            if !list.contains(&node) {
                list.push(node);
            }
        }
        list
    }

    /// Whether `node` is a possible owner of every resource of `group`.
    pub(crate) fn is_possible_owner(&self, group: &GroupDefinition, node: NodeId) -> bool {
        let mut resources = group.resources.iter();
        resources.all(|resource| self.is_possible_for(resource, node))
    }

    /// Whether `node` is a possible owner of `resource`.
    pub(crate) fn is_possible_for(&self, resource: &ResourceDefinition, node: NodeId) -> bool {
        let owners = &resource.possible_owners;
        owners.is_empty() || owners.contains(&self.node_name(node))
    }

    /// Another group on (or on its way to) `node` that shares an exclusive class with `group`.
    pub(crate) fn exclusive_conflict(
        &self,
        group: &GroupDefinition,
        node: NodeId,
    ) -> Option<&Name> {
        self.groups_bound_for(node).find(|other| {
            **other != group.name
                && self.definition.group(other).is_some_and(|other| {
                    shares(
                        &other.properties.exclusive_class_names,
                        &group.properties.exclusive_class_names,
                    )
                })
        })
    }

    /// Whether `node` hosts a group that shares an anti-affinity class with `group`.
    pub(crate) fn anti_affine(&self, group: &GroupDefinition, node: NodeId) -> bool {
        self.groups_bound_for(node).any(|other| {
            *other != group.name
                && self.definition.group(other).is_some_and(|other| {
                    shares(
                        &other.properties.anti_affinity_class_names,
                        &group.properties.anti_affinity_class_names,
                    )
                })
        })
    }

    /// Which copy of the database each node has, and the witness; 0 where that is not known.
    pub(crate) fn identities(&self) -> Vec<(NodeId, u64)> {
        let nodes = self.nodes.iter();
        let nodes = nodes.map(|(node, record)| (*node, record.identity));
        nodes.chain([(WITNESS, self.witness.identity)]).collect()
    }

    /// The groups that `node` owns or is about to own.
    pub(crate) fn groups_bound_for(&self, node: NodeId) -> impl Iterator<Item = &Name> {
        self.groups.iter().filter_map(move |(name, record)| {
            let bound = match &record.moving {
                Some(moving) => moving.to == node || record.owner == node,
                None => record.owner == node,
            };
            bound.then_some(name)
        })
    }

    /// Whether a node may be given `group` now: a member, not paused, a possible owner of every resource, and not
    /// hosting a group of the same exclusive class. The sentence says why not.
    pub(crate) fn may_take(
        &self,
        group: &GroupDefinition,
        node: NodeId,
    ) -> Result<(), (u32, String)> {
        let name = self.node_name(node);
        if !self.is_member(node) {
            return Err((ERROR_CLUSTER_NODE_DOWN, format!("node {name} is down")));
        }
        if self.nodes.get(&node).is_some_and(|record| record.paused) {
            return Err((ERROR_CLUSTER_NODE_PAUSED, format!("node {name} is paused")));
        }
        if !self.is_possible_owner(group, node) {
            let text = format!(
                "node {name} is not a possible owner of every resource in group {}",
                group.name
            );
            return Err((ERROR_HOST_NODE_NOT_AVAILABLE, text));
        }
        if let Some(other) = self.exclusive_conflict(group, node) {
            let classes = &group.properties.exclusive_class_names;
            let mut products = self.products.iter();
            let product = products.find(|it| classes.iter().any(|class| class == it.class));
            let rule = product.map(|it| format!(" [{}]", it.apart_rule));
            let rule = rule.unwrap_or_default();
            let text = format!(
                "node {name} already hosts {other}, and a node may host only one group of class \"{}\"{rule}",
                classes.join("\", \"")
            );
            return Err((ERROR_HOST_NODE_NOT_AVAILABLE, text));
        }
        Ok(())
    }

    /// Whether the group's resources should be running at all.
    pub(crate) fn runs(record: &GroupRecord) -> bool {
        record.moving.is_none() && record.stop != Stop::GaveUp
    }

    /// The group that holds the quorum resource, in a cluster with Standard quorum.
    pub(crate) fn quorum_group(&self) -> Option<&Name> {
        let QuorumKind::Standard { resource } = &self.definition.quorum else {
            return None;
        };
        // It is asked for at every event, so it is looked up and not sought.
        match self.resources.get(resource) {
            Some(record) => Some(&record.group),
            None => self.definition.resource(resource).map(|(it, _)| &it.name),
        }
    }

    /// The numbers of the configured nodes.
    pub(crate) fn configured(&self) -> NodeSet {
        self.definition.nodes.iter().map(|node| node.id.0).collect()
    }

    /// Whether `resource` is the quorum resource.
    pub(crate) fn is_quorum_resource(&self, resource: &str) -> bool {
        matches!(&self.definition.quorum, QuorumKind::Standard { resource: quorum } if *quorum == *resource)
    }
}

fn shares(one: &[String], other: &[String]) -> bool {
    one.iter().any(|class| other.contains(class))
}
