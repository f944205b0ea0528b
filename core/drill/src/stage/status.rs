//! What can be read of a cluster and of its world.

use std::time::Duration;

use quorate_model::{GroupState, Name, NetworkRole, NodeState, ResourceState, Time, Value};
use serde::{Deserialize, Serialize};

/// A node, as an operator's console shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeStatus {
    /// Its name.
    pub name: Name,
    /// What it is to its cluster.
    pub state: NodeState,
    /// The groups it owns.
    pub groups: Vec<Name>,
}

/// A group, as an operator's console shows it; `out_of_service` is the truth of the machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupStatus {
    /// Its name.
    pub name: Name,
    /// Its state.
    pub state: GroupState,
    /// The node that owns it, if the cluster knows one.
    pub owner: Option<Name>,
    /// Its resources, providers before dependents.
    pub resources: Vec<Name>,
    /// Failovers inside the current period.
    pub failovers: u32,
    /// Why it stays as it is, and what changes that; `None` where nothing is wrong.
    pub stopped: Option<String>,
    /// Its preferred owners, best first.
    pub preferred_owners: Vec<Name>,
    /// Why clients do not find it in full service at this instant, whatever the cluster believes; `None` if they do.
    pub out_of_service: Option<String>,
    /// Whether clients know it by a network name of its own: a virtual server, unlike the Cluster Group.
    pub is_virtual_server: bool,
}

/// A resource, as an operator's console shows it; `owners` and `out_of_service` are the truth
/// of the machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceStatus {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub kind: Name,
    /// Its group.
    pub group: Name,
    /// Its state.
    pub state: ResourceState,
    /// The node that owns its group.
    pub owner: Option<Name>,
    /// Every machine on which it is in service at this instant: never more than one in a sound cluster.
    pub owners: Vec<Name>,
    /// Why it is of no use at this instant, whatever the cluster believes; `None` if it is in service.
    pub out_of_service: Option<String>,
    /// How often it was restarted on the same node.
    pub restarts: u32,
    /// Its providers.
    pub depends_on: Vec<Name>,
    /// The resources that depend on it.
    pub dependents: Vec<Name>,
}

/// What has properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertyOf<'a> {
    /// The cluster itself.
    Cluster,
    /// The group of this name.
    Group(&'a str),
    /// The resource of this name.
    Resource(&'a str),
}

/// A property: its value, and what it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyStatus {
    /// The original's name.
    pub name: String,
    /// Its value; a resource without a `PersistentState` of its own has its group's.
    pub value: Option<Value>,
    /// What it is where nobody set it; `None` if it must be set, or is inherited.
    pub default: Option<Value>,
    /// What values it takes, in words, with the unit.
    pub takes: String,
    /// One sentence.
    pub doc: String,
    /// Whether it belongs to the resource's type, rather than to every resource.
    pub private: bool,
}

/// A network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkStatus {
    /// Its name.
    pub name: Name,
    /// What it carries.
    pub role: NetworkRole,
    /// How many damaged datagrams receivers have refused on it.
    pub refused: u64,
}

/// A shared disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskStatus {
    /// Its name.
    pub name: Name,
    /// Who holds its reservation.
    pub owner: Option<Name>,
    /// Whether a host outside the cluster holds it.
    pub stolen: bool,
    /// Where its file system is mounted.
    pub mounted_on: Vec<Name>,
}

/// The quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuorumStatus {
    /// `Standard`, `MajorityNodeSet` or `Local`.
    pub kind: &'static str,
    /// The node that holds it: the owner of the quorum disk, or the coordinator.
    pub owner: Option<Name>,
    /// Whether there is a quorate cluster at this instant.
    pub has_quorum: bool,
    /// The file share whose vote counts beside the nodes'.
    pub witness: Option<Name>,
}

/// How clients call a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCalls {
    /// How many users there are.
    pub users: u32,
    /// How often each of them calls.
    pub every: Duration,
    /// The port; any that is answered on if none is named.
    pub port: Option<u16>,
    /// The protocol; whichever is answered in if none is named.
    pub protocol: Option<String>,
}

/// What a group's clients saw so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientReport {
    /// Requests made.
    pub requests: u64,
    /// Requests that failed.
    pub failures: u64,
    /// The longest unbroken time in which every request failed.
    pub longest_outage: Duration,
    /// The longest mean time that an answer took.
    pub longest_response: Duration,
    /// From when to when they were counted, where that was a part of the time: to now, if it goes on.
    pub part: Option<(Time, Option<Time>)>,
}

impl ClientReport {
    /// The share of requests that were answered, 0 to 1; 1 before the first.
    pub fn availability(&self) -> f64 {
        if self.requests == 0 {
            return 1.0;
        }
        (self.requests - self.failures.min(self.requests)) as f64 / self.requests as f64
    }
}

/// An invariant that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// When.
    pub time: Time,
    /// Which invariant.
    pub invariant: String,
    /// One sentence that names what was seen.
    pub text: String,
    /// The event after which it was seen.
    pub event: String,
}
