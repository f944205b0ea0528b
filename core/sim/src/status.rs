//! What can be read of the world: as an operator's console would show it, and as it truly is.

use std::time::Duration;

use quorate_model::{GroupState, Name, NodeState, QuorumKind, Reason, ResourceState, Time};

/// Where a status comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The cluster database of this member: the coordinator's if there is one, else that of any other node
    /// of a cluster with quorum.
    Database(Name),
    /// No cluster has quorum: the states of the resource monitors that still run.
    Truth,
}

/// A node, as status shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeStatus {
    /// Its name.
    pub name: Name,
    /// Its state in the cluster's database; Down where no cluster has quorum.
    pub state: NodeState,
    /// Whether the machine has power.
    pub powered: bool,
    /// Whether it stands still.
    pub frozen: bool,
    /// Whether its cluster service runs.
    pub service_running: bool,
    /// The groups it owns by the cluster's database.
    pub groups: Vec<Name>,
}

/// A group, as status shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupStatus {
    /// Its name.
    pub name: Name,
    /// Its state.
    pub state: GroupState,
    /// Its owner; `None` where no cluster has quorum.
    pub owner: Option<Name>,
    /// Failovers inside the current period.
    pub failovers: u32,
    /// Why it stays as it is, and what changes that; `None` where nothing is wrong.
    pub stopped: Option<String>,
    /// Whether it is wanted online.
    pub persistent_state: bool,
    /// Its resources, in the order of the definition.
    pub resources: Vec<Name>,
    /// Where this was read.
    pub source: Source,
}

/// A resource, as status shows it.
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
    /// The owner of its group; `None` where no cluster has quorum.
    pub owner: Option<Name>,
    /// The running nodes, frozen ones left out, on which it truly is Online: at most one, or an invariant
    /// is broken.
    pub owners: Vec<Name>,
    /// What it depends on.
    pub depends_on: Vec<Name>,
    /// What depends on it.
    pub dependents: Vec<Name>,
    /// Its own `PersistentState`; `None` inherits the group's.
    pub persistent_state: Option<bool>,
    /// How often it was restarted on its node since the world began.
    pub restarts: u32,
    /// Where this was read.
    pub source: Source,
}

/// The quorum, as status shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuorumStatus {
    /// Its kind.
    pub kind: QuorumKind,
    /// The node that coordinates: the owner of the quorum disk, or the leader of the majority.
    pub owner: Option<Name>,
    /// Whether some running node is a member of a cluster with quorum.
    pub has_quorum: bool,
    /// The members of its view.
    pub members: Vec<Name>,
}

/// A shared disk, as it truly is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskStatus {
    /// Its name.
    pub name: Name,
    /// The holder of its reservation, which may be a machine that is off.
    pub holder: Option<Name>,
    /// Whether a host outside the cluster holds it.
    pub stolen: bool,
    /// The running nodes, frozen ones left out, that have it mounted.
    pub mounted_on: Vec<Name>,
    /// Whether it answers.
    pub works: bool,
}

/// A network, as it truly is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkStatus {
    /// Its name.
    pub name: Name,
    /// What it carries.
    pub role: quorate_model::NetworkRole,
    /// Whether it carries anything now.
    pub works: bool,
    /// The nodes whose card in it is broken.
    pub broken_cards: Vec<Name>,
    /// How many damaged datagrams receivers have refused on it.
    pub refused: u64,
}

/// The number of an administrator's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// No answer yet.
    Pending,
    /// Done, or accepted.
    Done,
    /// A control code was answered, with these bytes.
    Answered(Vec<u8>),
    /// Refused, and why.
    Refused(Reason),
    /// The node that was asked stopped before it answered.
    Lost {
        /// Who was asked.
        node: Name,
    },
}

/// How long a group was out of service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outage {
    /// In all, since the group was in full service for the first time.
    pub total: Duration,
    /// How much of that somebody wanted: it began with an administrator's move or offline, an ordered stop of the node's
    /// service, or a failback, and nothing has failed since.
    pub planned: Duration,
    /// The longest one.
    pub longest: Duration,
    /// How many there were, the present one included.
    pub count: u32,
    /// When it was in full service for the first time; `None` if it never was.
    pub first_online: Option<Time>,
}

/// What a population of clients felt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientStatus {
    /// The group they call.
    pub group: Name,
    /// How many they are.
    pub users: u32,
    /// How often each of them calls.
    pub every: Duration,
    /// The port they call; any that a service answers on if none was named.
    pub port: Option<u16>,
    /// The protocol they speak; whichever is answered in if none was named.
    pub protocol: Option<String>,
    /// Calls made, all users together.
    pub requests: u64,
    /// Calls not answered.
    pub failures: u64,
    /// The longest mean time that an answer took.
    pub longest_response: Duration,
    /// The longest run of failed calls, from its first to the next answered one (or to now).
    pub longest_outage: Duration,
    /// Runs of equal answers, oldest first: from when, until when, answered or not.
    pub spans: Vec<ClientSpan>,
    /// Since when their calls are counted.
    pub from: Time,
    /// Until when; `None` as long as they go on.
    pub to: Option<Time>,
    /// Whether these are the calls of others, counted over a part of the time.
    pub part: bool,
}

/// A run of equal answers to a population of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientSpan {
    /// The first call of the run.
    pub from: Time,
    /// The last call of it so far.
    pub to: Time,
    /// Whether the calls were answered.
    pub answered: bool,
}

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// When it was seen, on the world's clock.
    pub at: Time,
    /// Which invariant: the name of its file in `invariants`.
    pub invariant: &'static str,
    /// What was seen, as a sentence.
    pub text: String,
    /// The event after which it was seen.
    pub cause: String,
}
