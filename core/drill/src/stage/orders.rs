//! What administrators order of a cluster, and its answers.

use std::collections::BTreeMap;
use std::time::Duration;

use quorate_model::control::ControlRequest;
use quorate_model::{Name, PolicyScript, StartSwitches, Value, VirtualServerRequest};

/// What an operator orders of a node's machine or of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Switch a node on.
    NodeStart(Name),
    /// Switch a node on, and start its cluster service with a start switch.
    NodeStartWith(Name, StartSwitches),
    /// Start the cluster service of a node with a start switch.
    ServiceStartWith(Name, StartSwitches),
    /// Shut a node down: its groups move away first, then it goes off.
    NodeShutdown(Name),
    /// Shut a node down, and have it come up again by itself after so long.
    NodeReboot(Name, Duration),
    /// Stop the cluster service of a node; the machine stays on.
    ServiceStop(Name),
    /// Start the cluster service of a node.
    ServiceStart(Name),
    /// Pause a node.
    NodePause(Name),
    /// Resume a paused node.
    NodeResume(Name),
    /// Take a node out of the cluster for good.
    NodeEvict(Name),
    /// Take everything that belongs to the cluster off a node that was evicted.
    NodeForceCleanup(Name),
    /// Take a new node into the cluster: its name, and its address in each network. None for an evicted node that is
    /// added again.
    NodeAdd(Name, BTreeMap<Name, String>),
    /// Bring a group online and remember it.
    GroupOnline(Name),
    /// Take a group offline and remember it.
    GroupOffline(Name),
    /// Move a group, to the best possible node if none is named.
    GroupMove {
        /// Which group.
        group: Name,
        /// Where to.
        to: Option<Name>,
    },
    /// Bring a resource, and what it depends on, online.
    ResourceOnline(Name),
    /// Take a resource, and what depends on it, offline.
    ResourceOffline(Name),
    /// The administrator's "initiate failure".
    ResourceFail(Name),
    /// Set a property of the cluster itself; `None` resets it to its default.
    ClusterSet {
        /// The original's name.
        property: String,
        /// The new value.
        value: Option<Value>,
    },
    /// Set a property of a group; `None` resets it to its default.
    GroupSet {
        /// Which group.
        group: Name,
        /// The original's name.
        property: String,
        /// The new value.
        value: Option<Value>,
    },
    /// Set a property of a resource; `None` resets it to its default.
    ResourceSet {
        /// Which resource.
        resource: Name,
        /// The original's name.
        property: String,
        /// The new value.
        value: Option<Value>,
    },
    /// Make an Exchange virtual server. What the request leaves empty is filled in.
    VirtualServerCreate(Box<VirtualServerRequest>),
    /// Take a resource that is offline out of the cluster.
    ResourceDelete(Name),
    /// Give the cluster, or a group of it, a policy script.
    PolicySet {
        /// Which group; `None` for the cluster.
        group: Option<Name>,
        /// The script; `None` takes away the one there is.
        policy: Option<PolicyScript>,
    },
    /// Ask a resource, or a resource type, by a control code.
    Control {
        /// What is asked.
        control: ControlRequest,
        /// The node that the administrator asks; whichever will do if none is named.
        through: Option<Name>,
    },
}

/// An order that was given; its answer may take time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrderHandle(pub u64);

/// The answer to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done, or accepted; with what a control code gave.
    Done(Vec<u8>),
    /// Refused.
    Refused {
        /// The original's error code; 0 where none fits.
        code: u32,
        /// One sentence.
        text: String,
    },
    /// There will never be one: whoever was asked is gone. One sentence.
    Lost(String),
}

impl Answer {
    /// Done, with nothing to say.
    pub const DONE: Answer = Answer::Done(Vec::new());
}
