//! The updates: everything that can ever change a cluster database.

use std::collections::BTreeMap;

use quorate_journal::Cause;
use quorate_model::{AdminOp, Name, NodeId, ResourceState};
use serde::{Deserialize, Serialize};

/// An update with its sender, so that each is applied once and in its sender's order however often it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proposal {
    pub(crate) node: NodeId,
    pub(crate) incarnation: u64,
    /// 1, 2, 3 … within the boot.
    pub(crate) sequence: u64,
    pub(crate) update: Update,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Update {
    /// New members. Only ever proposed by the coordinator.
    View { members: BTreeMap<NodeId, u64> },
    /// A resource's state on its group's owner.
    ResourceState {
        resource: Name,
        epoch: u64,
        state: ResourceState,
    },
    /// The owner takes the group offline in order to hand it over. `at` is civil time in ms.
    MoveBegin {
        group: Name,
        epoch: u64,
        to: NodeId,
        cause: Cause,
        at: i64,
    },
    /// The group is offline: it belongs to the node it was to move to.
    MoveCommit { group: Name, epoch: u64 },
    /// The node it was to move to cannot take it any more: it stays.
    MoveCancel { group: Name, epoch: u64 },
    /// The owner is gone: the coordinator gives the group to another node.
    Takeover {
        group: Name,
        epoch: u64,
        to: NodeId,
        cause: Cause,
    },
    /// The group has nowhere to go.
    Stranded { group: Name, epoch: u64 },
    /// The group failed over too often.
    GaveUp { group: Name, epoch: u64 },
    /// An administrator's request.
    Admin { op: AdminOp },
    /// Which copy of the database a node has. Only ever proposed by the coordinator.
    Identity { node: NodeId, identity: u64 },
    /// The owner stored a checkpoint of a resource's; without bytes it took one away.
    Checkpoint {
        resource: Name,
        epoch: u64,
        key: String,
        bytes: Vec<u8>,
    },
}

impl Update {
    /// The group that its owner, or the coordinator in its place, decides about with this.
    pub(crate) fn decides(&self) -> Option<&Name> {
        match self {
            Update::MoveBegin { group, .. }
            | Update::MoveCommit { group, .. }
            | Update::MoveCancel { group, .. }
            | Update::Stranded { group, .. }
            | Update::GaveUp { group, .. } => Some(group),
            _ => None,
        }
    }
}
