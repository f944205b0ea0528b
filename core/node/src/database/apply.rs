//! How an update changes the database, and what follows from it.

use std::collections::BTreeMap;

use quorate_model::{Name, NodeId, ResourceState};

use super::{Database, GroupRecord, Move, Proposal, Stop, Update};
use crate::io::{AdminOp, Cause, Object, Refusal};

/// What applying an update changed, for the node that applied it to act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The membership is another.
    View {
        left: Vec<NodeId>,
        joined: Vec<NodeId>,
    },
    /// A group is to go offline and move.
    Moving {
        group: Name,
        from: NodeId,
        to: NodeId,
        cause: Cause,
    },
    /// A group has a new owner.
    Owner {
        group: Name,
        from: NodeId,
        to: NodeId,
        cause: Cause,
    },
    /// A group stays where it is for want of a node, or for good.
    Stopped { group: Name, stop: Stop },
    /// Something about a group's resources is to be looked at again.
    Group { group: Name },
    /// A resource's state, as its owner reported it.
    ResourceState { resource: Name },
    /// A property changed.
    Property {
        subject: String,
        property: String,
        resource: Option<Name>,
    },
    /// A node was paused or resumed.
    Node { node: NodeId },
    /// Resources were made or taken away.
    Configured { text: String },
    /// A node was evicted.
    Evicted { node: NodeId, name: Name },
}

pub(super) type Applied = Result<Vec<Effect>, Refusal>;

pub(super) fn refuse(code: u32, text: impl Into<String>) -> Applied {
    Err(Refusal {
        code,
        text: text.into(),
    })
}

impl Database {
    /// Applies one proposal, unless it has been applied already (`None`).
    pub(crate) fn apply(&mut self, proposal: &Proposal) -> Option<Applied> {
        let record = self.nodes.get_mut(&proposal.node)?;
        let mark = (proposal.incarnation, proposal.sequence);
        if mark <= record.last {
            return None;
        }
        record.last = mark;
        Some(self.change(&proposal.update))
    }

    fn change(&mut self, update: &Update) -> Applied {
        match update {
            Update::View { members } => Ok(self.set_view(members)),
            Update::ResourceState {
                resource,
                epoch,
                state,
            } => {
                let Some(record) = self.resources.get_mut(resource) else {
                    return stale();
                };
                let fits = self
                    .groups
                    .get(&record.group)
                    .is_some_and(|group| group.epoch == *epoch);
                if !fits {
                    return stale();
                }
                record.state = *state;
                let group = record.group.clone();
                self.unstrand(&group);
                Ok(vec![Effect::ResourceState {
                    resource: resource.clone(),
                }])
            }
            Update::MoveBegin {
                group,
                epoch,
                to,
                cause,
                at,
            } => self.begin_move(group, *epoch, *to, *cause, *at),
            Update::MoveCommit { group, epoch } => {
                let Some(record) = self.current(group, *epoch) else {
                    return stale();
                };
                let Some(moving) = record.moving.clone() else {
                    return stale();
                };
                Ok(vec![self.give(group, moving.to, moving.cause)])
            }
            Update::MoveCancel { group, epoch } => {
                let Some(record) = self.current(group, *epoch) else {
                    return stale();
                };
                // A failover that did not happen does not count.
                if record
                    .moving
                    .take()
                    .is_some_and(|m| m.cause == Cause::ResourceFailure)
                {
                    record.failovers.pop();
                }
                Ok(vec![Effect::Group {
                    group: group.clone(),
                }])
            }
            Update::Takeover {
                group,
                epoch,
                to,
                cause,
            } => {
                let owner_is_member = match self.current(group, *epoch) {
                    Some(record) => {
                        let owner = record.owner;
                        self.is_member(owner)
                    }
                    None => return stale(),
                };
                // The owner came back meanwhile: it keeps what it had.
                if owner_is_member
                    && self
                        .quorum_group()
                        .is_none_or(|quorum| quorum.name != *group)
                {
                    return stale();
                }
                let Some(definition) = self.group_definition(group) else {
                    return stale();
                };
                if let Err((code, text)) = self.may_take(definition, *to) {
                    return refuse(code, text);
                }
                Ok(vec![self.give(group, *to, *cause)])
            }
            Update::Stranded { group, epoch } => self.stop(group, *epoch, Stop::Stranded),
            Update::GaveUp { group, epoch } => self.stop(group, *epoch, Stop::GaveUp),
            Update::Admin { op } => self.administrate(op),
        }
    }

    fn current(&mut self, group: &str, epoch: u64) -> Option<&mut GroupRecord> {
        self.groups
            .get_mut(group)
            .filter(|record| record.epoch == epoch)
    }

    fn set_view(&mut self, members: &BTreeMap<NodeId, u64>) -> Vec<Effect> {
        let old = std::mem::replace(&mut self.view.members, members.clone());
        self.view.number += 1;
        let left: Vec<NodeId> = old
            .iter()
            .filter(|(node, boot)| members.get(node) != Some(boot))
            .map(|(n, _)| *n)
            .collect();
        let joined: Vec<NodeId> = members
            .iter()
            .filter(|(node, boot)| old.get(node) != Some(boot))
            .map(|(n, _)| *n)
            .collect();
        // What a lost node ran is not in service, and not stopped on purpose either.
        for (group, record) in &mut self.groups {
            if !left.contains(&record.owner) {
                continue;
            }
            record.moving = None;
            record.epoch += 1;
            let resources = self
                .definition
                .group(group)
                .map_or(&[][..], |group| &group.resources);
            for resource in resources {
                if let Some(resource) = self.resources.get_mut(&resource.name)
                    && resource.state != ResourceState::Offline
                {
                    resource.state = ResourceState::Failed;
                }
            }
        }
        for node in &joined {
            self.call_home(*node);
        }
        vec![Effect::View { left, joined }]
    }

    /// `node` has become available: groups that prefer it to their owner may go back to it. A failover or an
    /// administrator that took a group away from a node that stayed up does not make it due.
    fn call_home(&mut self, node: NodeId) {
        let name = self.node_name(node);
        for group in &self.definition.groups {
            let Some(record) = self.groups.get_mut(&group.name) else {
                continue;
            };
            let owner = self.definition.node_by_id(record.owner);
            let mut better = group
                .properties
                .preferred_owners
                .iter()
                .take_while(|preferred| owner.is_none_or(|owner| owner.name != **preferred));
            record.homing |= better.any(|preferred| *preferred == name);
        }
    }

    /// A group whose owner is there and in which nothing is Failed any more is stranded no longer.
    fn unstrand(&mut self, group: &Name) {
        let failed = self.definition.group(group).is_some_and(|group| {
            let mut resources = group.resources.iter();
            resources.any(|resource| self.resource_state(&resource.name) == ResourceState::Failed)
        });
        let members = &self.view.members;
        if let Some(record) = self.groups.get_mut(group)
            && record.stop == Stop::Stranded
            && !failed
            && members.contains_key(&record.owner)
        {
            record.stop = Stop::None;
        }
    }

    fn begin_move(
        &mut self,
        group: &Name,
        epoch: u64,
        to: NodeId,
        cause: Cause,
        at: i64,
    ) -> Applied {
        let Some(record) = self
            .groups
            .get(group)
            .filter(|record| record.epoch == epoch)
        else {
            return stale();
        };
        if let Some(moving) = &record.moving {
            let to = self.node_name(moving.to);
            return refuse(5023, format!("group {group} is already moving to {to}"));
        }
        let Some(definition) = self.group_definition(group) else {
            return stale();
        };
        let from = record.owner;
        if from == to {
            return refuse(
                5023,
                format!("group {group} is already on {}", self.node_name(to)),
            );
        }
        if let Err((code, text)) = self.may_take(definition, to) {
            return refuse(code, text);
        }
        let period = i64::from(definition.properties.failover_period) * 3_600_000;
        if let Some(record) = self.groups.get_mut(group) {
            record.moving = Some(Move { to, cause });
            if cause == Cause::ResourceFailure {
                record.failovers.retain(|time| at - time < period);
                record.failovers.push(at);
            }
        }
        Ok(vec![Effect::Moving {
            group: group.clone(),
            from,
            to,
            cause,
        }])
    }

    /// Hands a group over; everything in it is offline until the new owner says otherwise.
    fn give(&mut self, group: &Name, to: NodeId, cause: Cause) -> Effect {
        let resources = self
            .definition
            .group(group)
            .map_or(&[][..], |group| &group.resources);
        for resource in resources {
            if let Some(record) = self.resources.get_mut(&resource.name) {
                record.state = ResourceState::Offline;
            }
        }
        let mut from = to;
        if let Some(record) = self.groups.get_mut(group) {
            from = std::mem::replace(&mut record.owner, to);
            record.epoch += 1;
            record.moving = None;
            record.stop = Stop::None;
            // Who takes a group away from a node that is up means it to stay away.
            record.homing &= !matches!(
                cause,
                Cause::Admin | Cause::ResourceFailure | Cause::Failback
            );
        }
        Effect::Owner {
            group: group.clone(),
            from,
            to,
            cause,
        }
    }

    fn stop(&mut self, group: &Name, epoch: u64, stop: Stop) -> Applied {
        let Some(record) = self.current(group, epoch) else {
            return stale();
        };
        if record.stop == stop {
            return stale();
        }
        record.stop = stop.clone();
        Ok(vec![Effect::Stopped {
            group: group.clone(),
            stop,
        }])
    }

    fn administrate(&mut self, op: &AdminOp) -> Applied {
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
                if self
                    .quorum_group()
                    .is_some_and(|quorum| quorum.name == *group)
                {
                    return refuse(
                        5020,
                        format!(
                            "group {group} holds the quorum resource and stays with the node that holds the \
                             quorum disk: stop the cluster service there to hand both over"
                        ),
                    );
                }
                let Some(to) = to else {
                    return refuse(5005, format!("no other node can take group {group} now"));
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
                        return refuse(5050, format!("node {} is down", self.node_name(to)));
                    }
                    if let Err((code, text)) = self.may_take(definition, to) {
                        return refuse(code, text);
                    }
                    return refuse(
                        5050,
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
                        5020,
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
                    return refuse(5004, text);
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
            } => self.set_property(object, property, value.as_ref()),
            AdminOp::ResourceControl { resource, .. } => {
                let group = self.known_resource(resource)?;
                Ok(vec![Effect::Group { group }])
            }
            AdminOp::NodePause { node } => self.set_paused(node, true),
            AdminOp::NodeResume { node } => self.set_paused(node, false),
            AdminOp::NodeEvict { node } => {
                let id = self.known_node(node)?;
                if self.is_member(id) {
                    let text = format!(
                        "node {node} is active: stop its cluster service before you evict it"
                    );
                    return refuse(5009, text);
                }
                self.nodes.remove(&id);
                self.definition.nodes.retain(|node| node.id != id);
                for group in &mut self.definition.groups {
                    group
                        .properties
                        .preferred_owners
                        .retain(|owner| owner != node);
                    for resource in &mut group.resources {
                        resource.possible_owners.retain(|owner| owner != node);
                    }
                }
                Ok(vec![Effect::Evicted {
                    node: id,
                    name: node.clone(),
                }])
            }
            AdminOp::VirtualServerCreate { request } => self.create_virtual_server(request),
            AdminOp::ResourceDelete { resource } => self.delete_resource(resource),
            AdminOp::ServiceStop => Ok(Vec::new()),
        }
    }

    fn set_paused(&mut self, node: &Name, paused: bool) -> Applied {
        let id = self.known_node(node)?;
        if !self.is_member(id) {
            return refuse(5050, format!("node {node} is down"));
        }
        if let Some(record) = self.nodes.get_mut(&id) {
            record.paused = paused;
        }
        if !paused {
            self.call_home(id);
        }
        Ok(vec![Effect::Node { node: id }])
    }

    fn set_property(
        &mut self,
        object: &Object,
        property: &str,
        value: Option<&quorate_model::Value>,
    ) -> Applied {
        let (subject, resource) = match object {
            Object::Cluster | Object::Node(_) => {
                return refuse(87, format!("{object:?} has no property {property}"));
            }
            Object::Group(name) => {
                self.known_group(name)?;
                let group = self
                    .definition
                    .groups
                    .iter_mut()
                    .find(|group| group.name == *name);
                let Some(group) = group else { return stale() };
                let result = match value {
                    Some(value) => group.properties.set(property, value.clone()),
                    None => group.properties.reset(property),
                };
                if let Err(error) = result {
                    return refuse(87, error.to_string());
                }
                (name.to_string(), None)
            }
            Object::Resource(name) => {
                self.known_resource(name)?;
                let mut changed = self.definition.clone();
                let resource = changed
                    .groups
                    .iter_mut()
                    .flat_map(|group| &mut group.resources)
                    .find(|resource| resource.name == *name);
                let Some(resource) = resource else {
                    return stale();
                };
                let result = match value {
                    Some(value) => resource.properties.set(property, value.clone()),
                    None => resource.properties.reset(property),
                };
                if let Err(error) = result {
                    return refuse(87, error.to_string());
                }
                self.must_keep_rules(&changed)?;
                self.definition = changed;
                (name.to_string(), Some(name.clone()))
            }
        };
        Ok(vec![Effect::Property {
            subject,
            property: property.to_owned(),
            resource,
        }])
    }

    fn may_start(&self, group: &Name) -> Result<(), Refusal> {
        let Some(record) = self.groups.get(group) else {
            return Ok(());
        };
        let owner = self.node_name(record.owner);
        if self.is_member(record.owner) && self.nodes.get(&record.owner).is_some_and(|n| n.paused) {
            let text = format!("node {owner} is paused: resume it, or move group {group} first");
            return Err(Refusal { code: 5070, text });
        }
        Ok(())
    }

    fn known_group(&self, group: &Name) -> Result<&quorate_model::GroupDefinition, Refusal> {
        self.group_definition(group).ok_or_else(|| Refusal {
            code: 5013,
            text: format!("there is no group {group}"),
        })
    }

    pub(super) fn known_resource(&self, resource: &Name) -> Result<Name, Refusal> {
        match self.resources.get(resource) {
            Some(record) => Ok(record.group.clone()),
            None => Err(Refusal {
                code: 5007,
                text: format!("there is no resource {resource}"),
            }),
        }
    }

    fn known_node(&self, node: &Name) -> Result<NodeId, Refusal> {
        self.node_id(node).ok_or_else(|| Refusal {
            code: 5042,
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

/// The update was overtaken by another: it changes nothing, and nobody need be told.
fn stale() -> Applied {
    Ok(Vec::new())
}
