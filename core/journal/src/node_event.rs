//! What nodes tell.

use quorate_model::monitor::HealthCheck;
use quorate_model::{GroupState, Name, NodeState, ResourceState};
use serde::{Deserialize, Serialize};

use crate::words::{Cause, PolicyFunction};

crate::described::described! {
/// What a node tells of itself and its cluster. Whoever drives it adds time and node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Event {
    /// The service started and looks for a cluster.
    ServiceStarted {
        /// Of this boot.
        incarnation: u64,
    },
    /// No cluster answered; the node tries to form one.
    Forming,
    /// This node coordinates from now on: it formed the cluster or took it over.
    Coordinator {
        /// The log's term.
        term: u64,
    },
    /// A start switch took effect: what the quorum kind promises no longer covers what was done before.
    StartSwitch {
        /// The original's name of the switch.
        name: String,
        /// What was done.
        text: String,
    },
    /// This node stopped coordinating.
    CoordinatorLost {
        /// Why.
        reason: String,
    },
    /// An interface's heartbeats are missing (original's event 1123) or back (1122).
    Interface {
        /// The peer.
        peer: Name,
        /// The network.
        network: Name,
        /// Whether it is reachable.
        up: bool,
    },
    /// A member is silent on every network: regroup.
    Regroup {
        /// Who is silent.
        silent: Vec<Name>,
    },
    /// The membership changed, as this node applied it.
    View {
        /// The view's number, the same on every member.
        view: u64,
        /// The members.
        members: Vec<Name>,
    },
    /// A node's state changed, as the coordinator applied it.
    NodeState {
        /// Which node.
        subject: Name,
        /// The state before.
        from: NodeState,
        /// The state now.
        to: NodeState,
    },
    /// Quorum was gained or lost by this node.
    Quorum {
        /// Whether it has quorum now.
        held: bool,
        /// Why.
        reason: String,
    },
    /// The service ends.
    Halted {
        /// Why.
        reason: String,
    },
    /// A resource changed state on its owner.
    ResourceState {
        /// Which resource.
        subject: Name,
        /// Its group.
        group: Name,
        /// The state before.
        from: ResourceState,
        /// The state now.
        to: ResourceState,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A group's computed state changed, as its owner sees it.
    GroupState {
        /// Which group.
        subject: Name,
        /// The state before.
        from: GroupState,
        /// The state now.
        to: GroupState,
    },
    /// A group begins to move: everything in it goes offline first.
    GroupMoving {
        /// Which group.
        subject: Name,
        /// From where.
        from: Name,
        /// To where.
        to: Name,
        /// Why.
        cause: Cause,
    },
    /// A move was called off: the node that the group was to move to cannot take it any more.
    GroupMoveCancelled {
        /// Which group.
        subject: Name,
        /// Where it stays.
        from: Name,
        /// Where it was to go.
        to: Name,
        /// Why it was to move.
        cause: Cause,
        /// Why it does not.
        reason: String,
    },
    /// A group has a new owner, as the new owner applied it.
    GroupOwner {
        /// Which group.
        subject: Name,
        /// The owner before.
        from: Name,
        /// The owner now.
        to: Name,
        /// Why.
        cause: Cause,
    },
    /// A group cannot go anywhere and stays as it is.
    GroupStranded {
        /// Which group.
        subject: Name,
        /// Why.
        reason: String,
    },
    /// A group would fail over to a node that it has failed on since it was last in service: it rests first.
    GroupResting {
        /// Which group.
        subject: Name,
        /// Where it failed, and for how long it rests.
        reason: String,
    },
    /// A resource failed and is restarted on the same node, after its `RestartDelay`.
    Restart {
        /// Which resource.
        subject: Name,
        /// Failures inside the period so far, this one included.
        failures: u32,
        /// The threshold.
        threshold: u32,
    },
    /// A resource failed past its threshold, or is not to be restarted.
    GivenUp {
        /// Which resource.
        subject: Name,
        /// What follows.
        reason: String,
    },
    /// A policy script decided.
    Policy {
        /// The group or resource it decided about.
        subject: Name,
        /// The script's file.
        policy: String,
        /// Which of its functions.
        function: PolicyFunction,
        /// Why the group needed a node.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<Cause>,
        /// What it decided: a node, `stay`, `restart`, `move`, `give up` or a wait.
        decision: String,
        /// What the built-in rules would have done.
        built_in: String,
    },
    /// A policy script gave no answer that will do: the built-in decision stands.
    PolicyFailed {
        /// The group or resource it was asked about.
        subject: Name,
        /// The script's file.
        policy: String,
        /// Which of its functions.
        function: PolicyFunction,
        /// Why the group needed a node.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<Cause>,
        /// What was wrong, with the place in the script where there is one.
        reason: String,
        /// The built-in decision.
        built_in: String,
    },
    /// A health check failed, or answered for the first time since Online.
    Health {
        /// Which resource.
        subject: Name,
        /// `LooksAlive` or `IsAlive`.
        check: HealthCheck,
        /// The answer.
        alive: bool,
        /// Why not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A property was changed.
    Property {
        /// Of what.
        subject: String,
        /// Which.
        property: String,
    },
    /// A resource type's own line for the cluster log.
    Log {
        /// Which resource.
        subject: Name,
        /// 0 information to 3 severe.
        level: u32,
        /// The line.
        text: String,
    },
    /// Something the administrator should see, with the original's event id where it has one.
    Notice {
        /// The original's system event id, or 0.
        id: u32,
        /// The text.
        text: String,
    },
}
}
