//! What administrators order of a cluster.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Name, NodeDefinition, PolicyScript, Value, VirtualServerRequest};

/// What an administrator may order of a cluster, through any of its nodes. Each order changes the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdminOp {
    /// Bring a group online and remember it (PersistentState).
    GroupOnline {
        /// Which group.
        group: Name,
    },
    /// Take a group offline and remember it.
    GroupOffline {
        /// Which group.
        group: Name,
    },
    /// Move a group. Accepted when the move has begun.
    GroupMove {
        /// Which group.
        group: Name,
        /// Where to; the best possible node if none is named.
        to: Option<Name>,
    },
    /// Bring a resource, and what it depends on, online.
    ResourceOnline {
        /// Which resource.
        resource: Name,
    },
    /// Take a resource, and what depends on it, offline.
    ResourceOffline {
        /// Which resource.
        resource: Name,
    },
    /// Make a resource fail: the original's "initiate failure".
    ResourceFail {
        /// Which resource.
        resource: Name,
    },
    /// Set a property.
    SetProperty {
        /// Of what.
        object: Object,
        /// The original's name.
        property: String,
        /// The new value; `None` resets to the default.
        value: Option<Value>,
    },
    /// Make an Exchange virtual server: its group, System Attendant, and all that System Attendant makes.
    VirtualServerCreate {
        /// What an administrator says about it. What it leaves empty is filled in.
        request: Box<VirtualServerRequest>,
    },
    /// Take a resource that is offline out of the cluster; System Attendant takes with it what it has made.
    ResourceDelete {
        /// Which resource.
        resource: Name,
    },
    /// Pause a node.
    NodePause {
        /// Which node.
        node: Name,
    },
    /// Resume a paused node.
    NodeResume {
        /// Which node.
        node: Name,
    },
    /// Take a node that is down out of the cluster for good.
    NodeEvict {
        /// Which node.
        node: Name,
    },
    /// Stop the cluster service of the node that is asked: groups move away first.
    ServiceStop,
    /// Give the cluster, or a group of it, a policy script.
    SetPolicy {
        /// Which group; `None` for the cluster.
        group: Option<Name>,
        /// The script; `None` takes away the one there is.
        policy: Option<PolicyScript>,
    },
    /// Make a machine a node of the cluster. It joins when its cluster service starts.
    NodeAdd {
        /// What is to be known of it.
        node: Box<NodeDefinition>,
    },
}

impl fmt::Display for AdminOp {
    /// The order in words, as a journal has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AdminOp::GroupOnline { group } => write!(f, "bring group {group} online"),
            AdminOp::GroupOffline { group } => write!(f, "take group {group} offline"),
            AdminOp::GroupMove {
                group,
                to: Some(to),
            } => write!(f, "move group {group} to {to}"),
            AdminOp::GroupMove { group, to: None } => write!(f, "move group {group}"),
            AdminOp::ResourceOnline { resource } => write!(f, "bring resource {resource} online"),
            AdminOp::ResourceOffline { resource } => write!(f, "take resource {resource} offline"),
            AdminOp::ResourceFail { resource } => write!(f, "fail resource {resource}"),
            AdminOp::SetProperty {
                object,
                property,
                value,
            } => {
                let of = match object {
                    Object::Cluster => "the cluster",
                    Object::Node(name) | Object::Group(name) | Object::Resource(name) => {
                        name.as_str()
                    }
                };
                match value {
                    Some(_) => write!(f, "set {property} of {of}"),
                    None => write!(f, "reset {property} of {of}"),
                }
            }
            AdminOp::VirtualServerCreate { request } => {
                write!(f, "create virtual server {}", request.name)
            }
            AdminOp::ResourceDelete { resource } => write!(f, "delete resource {resource}"),
            AdminOp::NodePause { node } => write!(f, "pause {node}"),
            AdminOp::NodeResume { node } => write!(f, "resume {node}"),
            AdminOp::NodeEvict { node } => write!(f, "evict {node}"),
            AdminOp::NodeAdd { node } => write!(f, "add node {}", node.name),
            AdminOp::ServiceStop => write!(f, "stop the cluster service"),
            AdminOp::SetPolicy { group, policy } => {
                let of = group.as_ref().map_or_else(
                    || "the cluster".to_owned(),
                    |group| format!("group {group}"),
                );
                match policy {
                    Some(policy) => write!(f, "give {of} the policy {}", policy.file),
                    None => write!(f, "take the policy of {of} away"),
                }
            }
        }
    }
}

/// Something that has properties.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Object {
    /// The cluster itself.
    Cluster,
    /// A node.
    Node(Name),
    /// A group.
    Group(Name),
    /// A resource.
    Resource(Name),
}
