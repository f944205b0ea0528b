//! How an update changes the database, and what follows from it.

use std::collections::BTreeMap;

use quorate_journal::Cause;
use quorate_model::errors::ERROR_INVALID_STATE;
use quorate_model::{Name, NodeId, NodeState, Reason, ResourceState};

use super::{Database, GroupRecord, Move, Proposal, ResourceRecord, Stop, Update};
use crate::ladder;
use crate::witness_file::WITNESS;

/// What applying an update changed, for the node that applied it to act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The membership is another.
    View {
        left: Vec<NodeId>,
        joined: Vec<NodeId>,
    },
    /// It is known which copy of the database a node has.
    Identity { node: NodeId, identity: u64 },
    /// A group is to go offline and move.
    Moving {
        group: Name,
        from: NodeId,
        to: NodeId,
        cause: Cause,
    },
    /// A group stays after all: the node it was to move to cannot take it any more.
    CalledOff {
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
    Node { node: NodeId, from: NodeState },
    /// Resources were made or taken away.
    Configured { text: String },
    /// Something was done that is recommended against.
    Warned { text: String },
    /// A node was evicted.
    Evicted { node: NodeId, name: Name },
    /// A node was added.
    Added { name: Name },
}

pub(super) type Applied = Result<Vec<Effect>, Reason>;

pub(super) fn refuse(code: u32, text: impl Into<String>) -> Applied {
    Err(Reason {
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
                let Some(record) = self.owned_resource(resource, *epoch) else {
                    return stale();
                };
                record.state = *state;
                let group = record.group.clone();
                self.inherit_if_online(resource);
                self.unstrand(&group);
                let record = self.groups.get(&group);
                if record.is_some_and(GroupRecord::remembers_failures)
                    && self.in_service(&group)
                    && let Some(record) = self.groups.get_mut(&group)
                {
                    record.forget_failures();
                }
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
                let Some(moving) = record.moving.take() else {
                    return stale();
                };
                // A failover that did not happen does not count.
                if moving.cause == Cause::ResourceFailure {
                    record.failovers.pop();
                    record.fruitless = record.fruitless.saturating_sub(1);
                }
                let from = record.owner;
                Ok(vec![Effect::CalledOff {
                    group: group.clone(),
                    from,
                    to: moving.to,
                    cause: moving.cause,
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
                // It goes where the quorum disk is: that has been decided.
                let follows = self.quorum_group() == Some(group);
                if follows && self.is_member(*to) {
                    return Ok(vec![self.give(group, *to, *cause)]);
                }
                // The owner came back meanwhile: it keeps what it had.
                if owner_is_member && !follows {
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
            Update::Identity { node, identity } => Ok(self.identify(*node, *identity)),
            Update::Checkpoint {
                resource,
                epoch,
                key,
                bytes,
            } => {
                let Some(record) = self.owned_resource(resource, *epoch) else {
                    return stale();
                };
                match record.checkpoints.set(key, bytes) {
                    Ok(()) => Ok(Vec::new()),
                    Err(error) => refuse(87, error.to_string()),
                }
            }
        }
    }

    /// A resource whose group has not changed owners since `epoch`.
    fn owned_resource(&mut self, resource: &str, epoch: u64) -> Option<&mut ResourceRecord> {
        let record = self.resources.get_mut(resource)?;
        let group = self.groups.get(&record.group)?;
        (group.epoch == epoch).then_some(record)
    }

    /// The first identity a node is given stays until it is evicted.
    fn identify(&mut self, node: NodeId, identity: u64) -> Vec<Effect> {
        if node == WITNESS {
            let known = &mut self.witness.identity;
            return match *known {
                0 => {
                    *known = identity;
                    vec![Effect::Identity { node, identity }]
                }
                _ => Vec::new(),
            };
        }
        match self.nodes.get_mut(&node) {
            Some(record) if record.identity == 0 => {
                record.identity = identity;
                vec![Effect::Identity { node, identity }]
            }
            _ => Vec::new(),
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
        self.groups.change_each(|group, record| {
            if !left.contains(&record.owner) {
                return;
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
        });
        for (node, boot) in members {
            if let Some(record) = self.nodes.get_mut(node) {
                record.last_member = *boot;
            }
        }
        for node in &joined {
            self.call_home(*node);
        }
        vec![Effect::View { left, joined }]
    }

    /// `node` has become available: groups that prefer it to their owner may go back to it. A failover or an
    /// administrator that took a group away from a node that stayed up does not make it due.
    pub(super) fn call_home(&mut self, node: NodeId) {
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
        let record = self.groups.get(group);
        if record.is_none_or(|record| record.stop != Stop::Stranded) {
            return;
        }
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

    pub(super) fn begin_move(
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
            return refuse(
                ERROR_INVALID_STATE,
                format!("group {group} is already moving to {to}"),
            );
        }
        let Some(definition) = self.group_definition(group) else {
            return stale();
        };
        let from = record.owner;
        if from == to {
            return refuse(
                ERROR_INVALID_STATE,
                format!("group {group} is already on {}", self.node_name(to)),
            );
        }
        if let Err((code, text)) = self.may_take(definition, to) {
            return refuse(code, text);
        }
        let period = definition.properties.failover_period;
        if let Some(record) = self.groups.get_mut(group) {
            record.moving = Some(Move { to, cause });
            if cause == Cause::ResourceFailure {
                record
                    .failovers
                    .retain(|time| ladder::is_recent(period, *time, at));
                record.failovers.push(at);
                record.failed_on.insert(from.0);
                record.fruitless = record.fruitless.saturating_add(1);
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
}

/// The update was overtaken by another: it changes nothing, and nobody need be told.
pub(super) fn stale() -> Applied {
    Ok(Vec::new())
}
