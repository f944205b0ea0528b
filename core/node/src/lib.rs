//! One cluster node, sans-IO.
#![forbid(unsafe_code)]

mod io;
mod message;

pub use io::*;
pub use message::Message;

use quorate_model::{ClusterDefinition, Name, ResourceState, Time};

/// One cluster node: membership, quorum, cluster database, groups and failover.
#[derive(Debug)]
pub struct Node {}

impl Node {
    /// Starts the cluster service.
    pub fn boot(_config: NodeConfig, _disk: BootImage, _now: Time) -> Node {
        Node {}
    }
    /// Something happened. Poll the outputs afterwards.
    pub fn handle(&mut self, _now: Time, _input: Input) {}
    /// The next thing to do, until there is none.
    pub fn poll_output(&mut self) -> Option<Output> {
        None
    }
    /// When [`Input::Wake`] is due at the latest.
    pub fn next_wakeup(&self) -> Option<Time> {
        None
    }
    /// What can be read from outside.
    pub fn snapshot(&self, _now: Time) -> Option<Snapshot> {
        None
    }
    /// Digest after log position `index`, if this node applied it recently.
    pub fn digest_at(&self, _index: u64) -> Option<u64> {
        None
    }
    /// The cluster's definition with every change made since (properties, groups, nodes), as this node knows it.
    pub fn definition(&self) -> Option<&ClusterDefinition> {
        None
    }
    /// A group as this node's database has it.
    pub fn group(&self, _name: &str) -> Option<GroupView> {
        None
    }
    /// A resource's state as this node's database has it.
    pub fn resource_state(&self, _name: &str) -> Option<ResourceState> {
        None
    }
    /// A node's state as this node's database has it.
    pub fn node_state(&self, _name: &str) -> Option<quorate_model::NodeState> {
        None
    }
}

/// A group as a node's database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupView {
    /// Its name.
    pub name: Name,
    /// Its owner.
    pub owner: Name,
    /// Its state.
    pub state: quorate_model::GroupState,
    /// Whether it is wanted online.
    pub persistent_state: bool,
    /// Failovers inside the current period.
    pub failovers: u32,
}
