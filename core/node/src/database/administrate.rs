//! Administrators' requests, as every member applies them.

use quorate_journal::Cause;
use quorate_model::errors::{
    ERROR_CANT_EVICT_ACTIVE_NODE, ERROR_CLUSTER_NODE_DOWN, ERROR_CLUSTER_NODE_NOT_FOUND,
    ERROR_CLUSTER_NODE_PAUSED, ERROR_DEPENDENCY_NOT_ALLOWED, ERROR_GROUP_NOT_FOUND,
    ERROR_HOST_NODE_NOT_AVAILABLE, ERROR_INVALID_PARAMETER, ERROR_QUORUM_RESOURCE,
    ERROR_RESOURCE_NOT_FOUND, ERROR_RESOURCE_NOT_ONLINE,
};
use quorate_model::{
    AdminOp, ClusterDefinition, Name, NodeDefinition, NodeId, Object, PERSISTENT_STATE,
    POLICY_MAX_BYTES, PolicyScript, Reason, ResourceState, same_name,
};

use super::apply::{Applied, Effect, refuse, stale};
use super::rules::refused_value;
use super::{Database, NodeRecord, Stop};

impl Database {
    #[allow(clippy::too_many_lines, reason = "one arm for each order there is")]
    pub(super) fn administrate(&mut self, op: &AdminOp) -> Applied {
        let op = &op.clone().spelled(&self.definition);
        match op {
            AdminOp::GroupOnline { group } => {
                let definition = self.known_group(group)?;
                let members: Vec<Name> = definition
                    .resources
                    .iter()
                    .map(|r| r.name.clone())
                    .collect();
                self.may_start(group)?;
                for resource in &members {
                    if let Some(record) = self.resources.get_mut(resource) {
                        record.wanted = None;
                        record.pardons += 1;
                    }
                }
                if let Some(record) = self.groups.get_mut(group) {
                    record.wanted = true;
                    record.stop = Stop::None;
                    record.failovers.clear();
                    record.forget_failures();
                }
                Ok(vec![Effect::Group {
                    group: group.clone(),
                }])
            }
            AdminOp::GroupOffline { group } => {
                self.known_group(group)?;
                if let Some(record) = self.groups.get_mut(group) {
                    record.wanted = false;
                    record.stop = Stop::None;
                }
                let resources = self
                    .definition
                    .group(group)
                    .map_or(&[][..], |group| &group.resources);
                let owner_gone = self
                    .groups
                    .get(group)
                    .is_some_and(|record| !self.is_member(record.owner));
                for resource in resources {
                    if let Some(record) = self.resources.get_mut(&resource.name) {
                        record.wanted = None;
                        if owner_gone {
                            record.state = ResourceState::Offline;
                        }
                    }
                }
                Ok(vec![Effect::Group {
                    group: group.clone(),
                }])
            }
            AdminOp::GroupMove { group, to } => {
                self.known_group(group)?;
                let Some(to) = to else {
                    return refuse(
                        ERROR_HOST_NODE_NOT_AVAILABLE,
                        format!("no other node can take group {group} now"),
                    );
                };
                let to = self.known_node(to)?;
                let Some(record) = self.groups.get(group) else {
                    return stale();
                };
                let epoch = record.epoch;
                if !self.is_member(record.owner) {
                    // Nothing runs that would have to be stopped first.
                    let (definition, owner) = (self.known_group(group)?, record.owner);
                    if owner == to {
                        return refuse(
                            ERROR_CLUSTER_NODE_DOWN,
                            format!("node {} is down", self.node_name(to)),
                        );
                    }
                    if let Err((code, text)) = self.may_take(definition, to) {
                        return refuse(code, text);
                    }
                    return refuse(
                        ERROR_CLUSTER_NODE_DOWN,
                        format!(
                            "the owner of group {group}, {}, was just lost: the cluster is about to place it",
                            self.node_name(owner)
                        ),
                    );
                }
                self.begin_move(group, epoch, to, Cause::Admin, 0)
            }
            AdminOp::ResourceOnline { resource } => {
                let group = self.known_resource(resource)?;
                self.may_start(&group)?;
                for name in self.with_providers(resource) {
                    if let Some(record) = self.resources.get_mut(&name) {
                        record.wanted = Some(true);
                        record.pardons += 1;
                    }
                    self.inherit_if_online(&name);
                }
                if let Some(record) = self.groups.get_mut(&group) {
                    record.stop = Stop::None;
                }
                Ok(vec![Effect::Group { group }])
            }
            AdminOp::ResourceOffline { resource } => {
                let group = self.known_resource(resource)?;
                if self.is_quorum_resource(resource) {
                    return refuse(
                        ERROR_QUORUM_RESOURCE,
                        format!("{resource} is the quorum resource and stays online"),
                    );
                }
                if let Some(record) = self.resources.get_mut(resource) {
                    record.wanted = Some(false);
                }
                Ok(vec![Effect::Group { group }])
            }
            AdminOp::ResourceFail { resource } => {
                let group = self.known_resource(resource)?;
                let state = self.resource_state(resource);
                if state != ResourceState::Online {
                    let text = format!(
                        "resource {resource} is {state}: only a resource that is Online can be made to fail"
                    );
                    return refuse(ERROR_RESOURCE_NOT_ONLINE, text);
                }
                if let Some(record) = self.resources.get_mut(resource) {
                    record.failures_asked += 1;
                }
                Ok(vec![Effect::Group { group }])
            }
            AdminOp::SetProperty {
                object,
                property,
                value,
            } if property.eq_ignore_ascii_case(PERSISTENT_STATE.name) => {
                self.set_persistent_state(object, value.as_ref())
            }
            AdminOp::SetProperty {
                object,
                property,
                value,
            } => self.set_property(object, property, value.as_ref()),
            AdminOp::NodePause { node } => self.set_paused(node, true),
            AdminOp::NodeResume { node } => self.set_paused(node, false),
            AdminOp::NodeEvict { node } => {
                let id = self.known_node(node)?;
                if self.is_member(id) {
                    let text = format!(
                        "node {node} is active: stop its cluster service before you evict it"
                    );
                    return refuse(ERROR_CANT_EVICT_ACTIVE_NODE, text);
                }
                // An empty list would say the opposite: every node.
                let mut resources = self
                    .definition
                    .groups
                    .iter()
                    .flat_map(|group| &group.resources);
                if let Some(tied) = resources
                    .find(|resource| resource.possible_owners == std::slice::from_ref(node))
                {
                    let text = format!(
                        "node {node} is the only possible owner of {}: give it others (PossibleOwners), or delete it, \
                         before you evict the node",
                        tied.name
                    );
                    return refuse(ERROR_HOST_NODE_NOT_AVAILABLE, text);
                }
                self.nodes.remove(&id);
                let mut changed = (*self.definition).clone();
                changed.nodes.retain(|node| node.id != id);
                for group in &mut changed.groups {
                    group
                        .properties
                        .preferred_owners
                        .retain(|owner| owner != node);
                    for resource in &mut group.resources {
                        resource.possible_owners.retain(|owner| owner != node);
                    }
                }
                self.keep_servers_apart(&mut changed);
                let mut effects = self.broken_by(&changed);
                self.definition = changed.into();
                effects.push(Effect::Evicted {
                    node: id,
                    name: node.clone(),
                });
                Ok(effects)
            }
            AdminOp::NodeAdd { node } => self.add_node(node),
            AdminOp::VirtualServerCreate { request } => self.create_virtual_server(request),
            AdminOp::ResourceDelete { resource } => self.delete_resource(resource),
            AdminOp::ServiceStop => Ok(Vec::new()),
            AdminOp::SetPolicy { group, policy } => self.set_policy(group.as_ref(), policy.clone()),
        }
    }

    /// Adds a node. What each node may run is the rules' affair; the one that no rule of a cluster file sees is that a node
    /// runs several servers of a product which in a cluster as large as that may run one.
    fn add_node(&mut self, node: &NodeDefinition) -> Applied {
        let mut known = self.definition.nodes.iter();
        if let Some(known) =
            known.find(|known| known.id == node.id || same_name(&known.name, &node.name))
        {
            // A node that was installed with itself in the definition finds itself there when it catches up.
            return match *known == *node {
                true => Ok(Vec::new()),
                false => refuse(
                    5010,
                    format!("there is a node {} already [duplicate-name]", known.name),
                ),
            };
        }
        if node.id > NodeId::MAX_NODE {
            return refuse(
                ERROR_DEPENDENCY_NOT_ALLOWED,
                format!(
                    "no number is left for {}: nodes are numbered 1 to {}, and an evicted one keeps its own [too-many-nodes]",
                    node.name,
                    NodeId::MAX_NODE
                ),
            );
        }
        let mut changed = (*self.definition).clone();
        changed.nodes.push(node.clone());
        let mut effects = self.must_keep_rules(&changed)?;
        if let Some(text) = self.together_too_many(&changed, &node.name) {
            return refuse(ERROR_DEPENDENCY_NOT_ALLOWED, text);
        }
        self.keep_servers_apart(&mut changed);
        self.definition = changed.into();
        self.nodes.insert(node.id, NodeRecord::default());
        effects.push(Effect::Added {
            name: node.name.clone(),
        });
        Ok(effects)
    }

    fn set_paused(&mut self, node: &Name, paused: bool) -> Applied {
        let id = self.known_node(node)?;
        if !self.is_member(id) {
            return refuse(ERROR_CLUSTER_NODE_DOWN, format!("node {node} is down"));
        }
        let from = self.node_state(id);
        if let Some(record) = self.nodes.get_mut(&id) {
            record.paused = paused;
        }
        if !paused {
            self.call_home(id);
        }
        Ok(vec![Effect::Node { node: id, from }])
    }

    fn set_policy(&mut self, group: Option<&Name>, policy: Option<PolicyScript>) -> Applied {
        if let Some(policy) = &policy
            && policy.text.len() > POLICY_MAX_BYTES
        {
            let text = format!(
                "the policy {} has {} bytes: it may have {POLICY_MAX_BYTES}",
                policy.file,
                policy.text.len()
            );
            return refuse(87, text);
        }
        let subject = match group {
            None => {
                self.definition_mut().policy = policy;
                self.definition.name.to_string()
            }
            Some(name) => {
                self.known_group(name)?;
                let mut groups = self.definition_mut().groups.iter_mut();
                if let Some(group) = groups.find(|group| group.name == *name) {
                    group.policy = policy;
                }
                name.to_string()
            }
        };
        Ok(vec![Effect::Property {
            subject,
            property: "Policy".to_owned(),
            resource: None,
        }])
    }

    fn set_property(
        &mut self,
        object: &Object,
        property: &str,
        value: Option<&quorate_model::Value>,
    ) -> Applied {
        let mut changed = (*self.definition).clone();
        let (subject, resource) = match object {
            Object::Node(_) => {
                return refuse(87, format!("{object:?} has no property {property}"));
            }
            Object::Cluster => {
                let properties = &mut changed.properties;
                let result = match value {
                    Some(value) => properties.set(property, value.clone()),
                    None => properties.reset(property),
                };
                if let Err(error) = result {
                    return refuse(87, error.to_string());
                }
                (self.definition.name.to_string(), None)
            }
            Object::Group(name) => {
                self.known_group(name)?;
                if property.eq_ignore_ascii_case("PreferredOwners") {
                    self.known_nodes(property, value)?;
                }
                let mut groups = changed.groups.iter_mut();
                let Some(group) = groups.find(|group| group.name == *name) else {
                    return stale();
                };
                let result = match value {
                    Some(value) => group.properties.set(property, value.clone()),
                    None => group.properties.reset(property),
                };
                result.map_err(|error| refused_value(&error))?;
                (name.to_string(), None)
            }
            Object::Resource(name) if property.eq_ignore_ascii_case("PossibleOwners") => {
                self.set_possible_owners(&mut changed, name, value)?;
                (name.to_string(), Some(name.clone()))
            }
            Object::Resource(name) => {
                self.known_resource(name)?;
                let resource = changed
                    .groups
                    .iter_mut()
                    .flat_map(|group| &mut group.resources)
                    .find(|resource| resource.name == *name);
                let Some(resource) = resource else {
                    return stale();
                };
                let result = match value {
                    Some(value) => {
                        let kind = resource.kind.clone();
                        resource.properties.set_of(&kind, property, value.clone())
                    }
                    None => resource.properties.reset(property),
                };
                result.map_err(|error| refused_value(&error))?;
                (name.to_string(), Some(name.clone()))
            }
        };
        let warnings = self.must_keep_rules(&changed)?;
        self.change_witness(&changed)?;
        self.definition = changed.into();
        let done = Effect::Property {
            subject,
            property: property.to_owned(),
            resource,
        };
        Ok([done].into_iter().chain(warnings).collect())
    }

    /// What is wanted of a group or resource is what it becomes: as if an administrator had brought it online, or taken
    /// it offline. Without a value of its own a resource inherits its group's, and a group is wanted online.
    fn set_persistent_state(
        &mut self,
        object: &Object,
        value: Option<&quorate_model::Value>,
    ) -> Applied {
        let property = PERSISTENT_STATE.name;
        let value = match (value, object) {
            (None, Object::Resource(_)) => None,
            (None, _) => Some(&PERSISTENT_STATE.default),
            (Some(value), _) => Some(value),
        };
        if let Some(value) = value
            && let Err(error) = PERSISTENT_STATE.check(value)
        {
            return Err(refused_value(&error));
        }
        let online = value == Some(&quorate_model::Value::Dword(1));
        let (subject, op) = match object {
            Object::Cluster | Object::Node(_) => {
                return refuse(87, format!("{object:?} has no property {property}"));
            }
            Object::Group(group) if online => (
                group,
                AdminOp::GroupOnline {
                    group: group.clone(),
                },
            ),
            Object::Group(group) => (
                group,
                AdminOp::GroupOffline {
                    group: group.clone(),
                },
            ),
            Object::Resource(resource) if value.is_none() => {
                let group = self.known_resource(resource)?;
                if let Some(record) = self.resources.get_mut(resource) {
                    record.wanted = None;
                }
                return Ok(vec![
                    Effect::Group { group },
                    Effect::Property {
                        subject: resource.to_string(),
                        property: property.to_owned(),
                        resource: None,
                    },
                ]);
            }
            Object::Resource(resource) if online => (
                resource,
                AdminOp::ResourceOnline {
                    resource: resource.clone(),
                },
            ),
            Object::Resource(resource) => (
                resource,
                AdminOp::ResourceOffline {
                    resource: resource.clone(),
                },
            ),
        };
        let mut effects = self.administrate(&op)?;
        effects.push(Effect::Property {
            subject: subject.to_string(),
            property: property.to_owned(),
            resource: None,
        });
        Ok(effects)
    }

    /// A resource that is online needs no PersistentState of its own, as long as its group is wanted online: it is
    /// deleted (docs/semantics.md, 3.1).
    pub(super) fn inherit_if_online(&mut self, resource: &Name) {
        let Some(record) = self.resources.get_mut(resource) else {
            return;
        };
        let inherits = self
            .groups
            .get(&record.group)
            .is_some_and(|group| group.wanted);
        if inherits && record.state == ResourceState::Online && record.wanted == Some(true) {
            record.wanted = None;
        }
    }

    /// A resource's possible owners; all nodes without a list. Its group's owner must be one of them.
    fn set_possible_owners(
        &self,
        changed: &mut ClusterDefinition,
        name: &Name,
        value: Option<&quorate_model::Value>,
    ) -> Result<(), Reason> {
        let group = self.known_resource(name)?;
        let property = "PossibleOwners";
        self.known_nodes(property, value)?;
        let refuse = |text: String| {
            Err(Reason {
                code: ERROR_INVALID_PARAMETER,
                text,
            })
        };
        let owners: Vec<Name> = match value {
            None => Vec::new(),
            Some(quorate_model::Value::List(names)) => {
                names.iter().map(|name| name.as_str().into()).collect()
            }
            Some(other) => {
                return refuse(format!(
                    "{property} is {other}, but takes a list of texts [wrong-type]"
                ));
            }
        };
        let owner = self.groups.get(&group).map(|record| record.owner);
        if let Some(owner) = owner.filter(|owner| self.is_member(*owner)) {
            let owner = self.node_name(owner);
            if !owners.is_empty() && !owners.contains(&owner) {
                return refuse(format!(
                    "group {group} is on {owner}, which would be no possible owner of {name}: move it first"
                ));
            }
        }
        let mut resources = changed
            .groups
            .iter_mut()
            .flat_map(|group| &mut group.resources);
        if let Some(resource) = resources.find(|resource| resource.name == *name) {
            resource.possible_owners = owners;
        }
        Ok(())
    }

    /// Names in a list of owners must be those of nodes.
    fn known_nodes(
        &self,
        property: &str,
        value: Option<&quorate_model::Value>,
    ) -> Result<(), Reason> {
        let Some(quorate_model::Value::List(names)) = value else {
            return Ok(());
        };
        let unknown = names.iter().find(|name| self.node_id(name).is_none());
        let Some(unknown) = unknown else {
            return Ok(());
        };
        let nodes = self.definition.nodes.iter();
        let nodes: Vec<&str> = nodes.map(|node| node.name.as_str()).collect();
        let text = format!(
            "{property} names {unknown:?}, and the cluster has no node of that name: there is {} [unknown-node]",
            nodes.join(", ")
        );
        Err(Reason {
            code: ERROR_INVALID_PARAMETER,
            text,
        })
    }

    fn may_start(&self, group: &Name) -> Result<(), Reason> {
        let Some(record) = self.groups.get(group) else {
            return Ok(());
        };
        let owner = self.node_name(record.owner);
        if self.is_member(record.owner) && self.nodes.get(&record.owner).is_some_and(|n| n.paused) {
            let text = format!("node {owner} is paused: resume it, or move group {group} first");
            return Err(Reason {
                code: ERROR_CLUSTER_NODE_PAUSED,
                text,
            });
        }
        Ok(())
    }

    fn known_group(&self, group: &Name) -> Result<&quorate_model::GroupDefinition, Reason> {
        self.group_definition(group).ok_or_else(|| Reason {
            code: ERROR_GROUP_NOT_FOUND,
            text: format!("there is no group {group}"),
        })
    }

    pub(super) fn known_resource(&self, resource: &Name) -> Result<Name, Reason> {
        match self.resources.get(resource) {
            Some(record) => Ok(record.group.clone()),
            None => Err(Reason {
                code: ERROR_RESOURCE_NOT_FOUND,
                text: format!("there is no resource {resource}"),
            }),
        }
    }

    fn known_node(&self, node: &Name) -> Result<NodeId, Reason> {
        self.node_id(node).ok_or_else(|| Reason {
            code: ERROR_CLUSTER_NODE_NOT_FOUND,
            text: format!("there is no node {node}"),
        })
    }

    /// A resource and everything it depends on.
    fn with_providers(&self, resource: &Name) -> Vec<Name> {
        let mut all = vec![resource.clone()];
        let mut next = 0;
        while let Some(name) = all.get(next) {
            let providers = self
                .resource_definition(name)
                .map_or(&[][..], |r| &r.depends_on)
                .to_vec();
            for provider in providers {
                if !all.contains(&provider) {
                    all.push(provider);
                }
            }
            next += 1;
        }
        all
    }
}

#[cfg(test)]
mod tests;
