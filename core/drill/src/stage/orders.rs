//! Orders of administrators, and the answers of a cluster.

use std::collections::BTreeMap;
use std::time::Duration;

use quorate_model::control::ControlRequest;
use quorate_model::{AdminOp, Name, Reason, StartSwitches};

/// An order to the cluster or to the machine of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// An order that any node of the cluster takes. [`AdminOp::NodeAdd`] and [`AdminOp::ServiceStop`] concern a
    /// machine as well and have variants of their own here.
    Cluster(AdminOp),
    /// Ask a resource, or a resource type, by a control code.
    Control {
        /// What is asked.
        control: ControlRequest,
        /// The node that the administrator asks; any node if it is `None`.
        through: Option<Name>,
    },
    /// Switch a node on, and start its cluster service with these start switches.
    NodeStart(Name, StartSwitches),
    /// Shut a node down: its groups move away first, then it goes off.
    NodeShutdown(Name),
    /// Shut a node down, and have it start again by itself after this time.
    NodeReboot(Name, Duration),
    /// Start the cluster service of a node with these start switches.
    ServiceStart(Name, StartSwitches),
    /// Stop the cluster service of a node; the machine stays on.
    ServiceStop(Name),
    /// Take a new node into the cluster: its name, and its address in each network. No addresses for an evicted node
    /// that is added again.
    NodeAdd(Name, BTreeMap<Name, String>),
    /// Take everything that belongs to the cluster off a node that was evicted.
    NodeForceCleanup(Name),
}

impl From<AdminOp> for Order {
    fn from(op: AdminOp) -> Self {
        Order::Cluster(op)
    }
}

/// An order that was given; its answer may take time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrderHandle(pub u64);

/// The answer to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done, or accepted; with the bytes that a control code returned.
    Done(Vec<u8>),
    /// Refused, and why.
    Refused(Reason),
    /// There will never be an answer, since the node that was asked is gone. One sentence.
    Lost(String),
}

impl Answer {
    /// Done, without any bytes.
    pub const DONE: Answer = Answer::Done(Vec::new());
}
