//! What can be read of a cluster: its beliefs, which an operator's console shows, and the truth about its machines,
//! disks, networks and clients. The doc comment of each type says which of the two it holds.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{GroupState, Name, NetworkRole, NodeState, QuorumKind, ResourceState, Time};

/// Belief: a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStatus {
    /// Its name.
    pub name: Name,
    /// What it is to its cluster; Down where no cluster has quorum.
    pub state: NodeState,
    /// The groups it owns.
    pub groups: Vec<Name>,
}

/// Belief: a group. While no cluster has quorum, it shows what the group's machines run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupStatus {
    /// Its name.
    pub name: Name,
    /// Its state.
    pub state: GroupState,
    /// The node that owns it; `None` where no cluster has quorum.
    pub owner: Option<Name>,
    /// Its resources, in the order of the definition.
    pub resources: Vec<Name>,
    /// Failovers inside the current period.
    pub failovers: u32,
    /// Why it stays as it is, and what changes that; `None` where nothing is wrong.
    pub stopped: Option<String>,
    /// Whether it is wanted online.
    pub persistent_state: bool,
    /// Its preferred owners, best first.
    pub preferred_owners: Vec<Name>,
    /// Whether clients know it by a network name of its own: a virtual server, unlike the Cluster Group.
    pub is_virtual_server: bool,
}

/// Belief: a resource. While no cluster has quorum, it shows what the resource's machines run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceStatus {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub kind: Name,
    /// Its group.
    pub group: Name,
    /// Its state.
    pub state: ResourceState,
    /// The node that owns its group; `None` where no cluster has quorum.
    pub owner: Option<Name>,
    /// How often it was restarted on the same node.
    pub restarts: u32,
    /// Its own `PersistentState`; `None` inherits the group's.
    pub persistent_state: Option<bool>,
    /// Its providers.
    pub depends_on: Vec<Name>,
    /// The resources that depend on it.
    pub dependents: Vec<Name>,
}

/// Belief: the quorum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuorumStatus {
    /// Its kind.
    pub kind: QuorumKind,
    /// The node that holds it: the owner of the quorum disk, or the coordinator.
    pub owner: Option<Name>,
    /// Whether some running node is a member of a cluster with quorum.
    pub has_quorum: bool,
    /// The members of its view.
    pub members: Vec<Name>,
    /// The file share whose vote counts beside the nodes'.
    pub witness: Option<Name>,
}

/// Truth: a shared disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskStatus {
    /// Its name.
    pub name: Name,
    /// The holder of its reservation, which may be a machine that is off.
    pub holder: Option<Name>,
    /// Whether a host outside the cluster holds it.
    pub stolen: bool,
    /// The running nodes, frozen ones left out, that have its file system mounted.
    pub mounted_on: Vec<Name>,
    /// Whether it answers.
    pub works: bool,
}

/// Truth: a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkStatus {
    /// Its name.
    pub name: Name,
    /// What it carries.
    pub role: NetworkRole,
    /// Whether it carries anything now.
    pub works: bool,
    /// The nodes whose card in it is broken.
    pub broken_cards: Vec<Name>,
    /// How many damaged datagrams receivers have refused on it.
    pub refused: u64,
}

/// How clients call a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCalls {
    /// How many users there are.
    pub users: u32,
    /// How often each of them calls.
    pub every: Duration,
    /// The port; `None` accepts an answer on any port.
    pub port: Option<u16>,
    /// The protocol, such as `smtp`; `None` accepts an answer in any protocol.
    pub protocol: Option<String>,
}

/// Truth: what a group's clients saw so far, all users together.
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
    /// The first and last instant of the count, if it does not cover the whole run. Without an end it still goes on.
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

/// Truth: a population of clients, and what it saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientStatus {
    /// The group they call.
    pub group: Name,
    /// How they call it.
    pub calls: ClientCalls,
    /// What they saw.
    pub report: ClientReport,
}

/// Truth: an invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// When it was seen, on the world's clock.
    pub at: Time,
    /// Which invariant: the name of the file that checks it.
    pub invariant: &'static str,
    /// What was seen, as a sentence.
    pub text: String,
    /// The event after which it was seen.
    pub cause: String,
}
