//! What a drill needs of a cluster, in the words of the drill language.
//!
//! The virtual world satisfies it (see [`crate::SimSource`]); a live cluster can do so later. Nothing in this
//! module knows of Rhai, and nothing in the vocabulary knows of the virtual world.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quorate_host::Reloaded;
use quorate_model::{
    GroupState, Name, NetworkRole, NodeState, PolicyScript, ResourceState, StartSwitches, Time,
    Value, VirtualServerRequest,
};

use crate::PluginReport;

/// A line of the journal: one JSON object.
pub type Line = serde_json::Map<String, serde_json::Value>;

/// A fault that was made and can be healed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FaultHandle(pub u64);

/// A fault of the world. Never one of the verdict: a resource is found dead by its own type's code.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// A node loses its power. Healed by switching it on.
    NodeCrash {
        /// Which node.
        node: Name,
    },
    /// A node stands still. Healed by letting it go on.
    NodeFreeze {
        /// Which node.
        node: Name,
        /// For how long; until thawed if not given.
        lasting: Option<Duration>,
    },
    /// The process of a node's cluster service is killed; the machine stays on. Healed by starting it.
    ServiceProcessKill {
        /// Which node.
        node: Name,
    },
    /// A node's card in one network breaks.
    NicFail {
        /// Which node.
        node: Name,
        /// The card's network.
        network: Name,
    },
    /// A network carries nothing.
    NetworkFail {
        /// Which network.
        network: Name,
    },
    /// A network loses datagrams at random.
    NetworkLoss {
        /// Which network.
        network: Name,
        /// How likely it is that one is lost, 0 to 1.
        probability: f64,
    },
    /// A network is slower than its definition says.
    NetworkLatency {
        /// Which network.
        network: Name,
        /// One way.
        latency: Duration,
    },
    /// Nodes on different sides do not hear each other. Nodes named on no side are on a side of their own,
    /// together.
    Partition {
        /// On one network, or on all.
        network: Option<Name>,
        /// The sides.
        sides: Vec<Vec<Name>>,
    },
    /// What one node sends does not reach another; the other direction works.
    Cut {
        /// On one network, or on all.
        network: Option<Name>,
        /// Who sends.
        from: Name,
        /// Whom it does not reach.
        to: Name,
    },
    /// A network's DHCP server gives and renews no lease.
    DhcpFail {
        /// Which network.
        network: Name,
    },
    /// A shared disk answers nobody.
    DiskFail {
        /// Which disk.
        disk: Name,
    },
    /// A node is going to lose its power in the middle of its next write to a file.
    CrashWriting {
        /// Which node.
        node: Name,
        /// Which file, on whichever disk.
        file: String,
        /// How many bytes of the write get to the disk.
        kept: u64,
    },
    /// Everything on the system disk of a node that is off is gone.
    Wipe {
        /// Which node.
        node: Name,
    },
    /// A file is damaged. There is nothing to heal.
    FileDamage {
        /// On which shared disk, or on the system disk of the node of this name.
        disk: Name,
        /// Which file.
        file: String,
        /// What is wrong with it.
        damage: Damage,
    },
    /// Every request to a shared disk takes this much longer.
    DiskSlow {
        /// Which disk.
        disk: Name,
        /// How much longer.
        delay: Duration,
    },
    /// The process behind a resource dies, where it runs.
    ServiceCrash {
        /// Which resource's process.
        resource: Name,
    },
    /// The process behind a resource runs and does not answer.
    ServiceHang {
        /// Which resource's process.
        resource: Name,
        /// For how long; until repaired if not given.
        lasting: Option<Duration>,
    },
    /// The next starts of the process behind a resource fail, on any node.
    ServiceFailStarts {
        /// Which resource's process.
        resource: Name,
        /// How many starts.
        count: u32,
    },
    /// A node's copy of a resource's script is gone.
    ScriptLost {
        /// Which node's.
        node: Name,
        /// The script's path, as resources name it.
        path: String,
    },
    /// The process behind a resource takes this much longer to start, on any node.
    ServiceSlowStart {
        /// Which resource's process.
        resource: Name,
        /// How much longer.
        delay: Duration,
    },
}

/// What may be wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// A bit of one byte is flipped: of the one in the middle if none is named.
    FlippedBit {
        /// Which byte, from 0.
        byte: Option<u64>,
    },
    /// The last bytes never got to the disk.
    LostTail {
        /// How many.
        bytes: u64,
    },
    /// There is no such file any more.
    Lost,
}

/// A thing whose faults can be repaired all at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// A frozen node goes on.
    NodeThaw(Name),
    /// A node's card in a network works again.
    Nic {
        /// Which node.
        node: Name,
        /// The card's network.
        network: Name,
    },
    /// A network works as its definition says.
    Network(Name),
    /// A shared disk works.
    Disk(Name),
    /// The process behind a resource can start and answer.
    Service(Name),
    /// Every partition and cut is gone, on all networks.
    Partitions,
}

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
    /// Send a control code to a resource on its owner.
    ResourceControl {
        /// Which resource.
        resource: Name,
        /// CLUSCTL code.
        code: u32,
    },
}

/// An order that was given; its answer may take time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrderHandle(pub u64);

/// The answer to an order: accepted, or refused with the original's error code and one sentence.
pub type Answer = Result<(), (u32, String)>;

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

/// A group, as an operator's console shows it.
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
    /// Its preferred owners, best first.
    pub preferred_owners: Vec<Name>,
    /// Whether clients know it by a network name of its own: a virtual server, unlike the Cluster Group.
    pub is_virtual_server: bool,
}

/// A resource, as an operator's console shows it; `owners` is the truth of the machines.
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
    /// How often it was restarted on the same node.
    pub restarts: u32,
    /// Its providers.
    pub depends_on: Vec<Name>,
    /// The resources that depend on it.
    pub dependents: Vec<Name>,
}

/// A network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkStatus {
    /// Its name.
    pub name: Name,
    /// What it carries.
    pub role: NetworkRole,
}

/// A shared disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskStatus {
    /// Its name.
    pub name: Name,
    /// Who holds its reservation.
    pub owner: Option<Name>,
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
}

/// How clients call a group.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientReport {
    /// Requests made.
    pub requests: u64,
    /// Requests that failed.
    pub failures: u64,
    /// The longest unbroken time in which every request failed.
    pub longest_outage: Duration,
    /// The longest mean time that an answer took.
    pub longest_response: Duration,
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

/// A cluster in a world. Names are matched as the cluster file spells them.
///
/// Reading changes nothing. Only [`Stage::advance`] lets time pass.
pub trait Stage {
    /// Time since the world began.
    fn now(&self) -> Time;
    /// The cluster's local civil time, in milliseconds since 1970.
    fn civil_ms(&self) -> i64;
    /// A number that changes whenever something that can be read changes.
    fn revision(&self) -> u64;
    /// Lets the world go on until something that can be read changes, and at most until `limit`.
    fn advance(&mut self, limit: Time);

    /// The cluster's name.
    fn cluster_name(&self) -> Name;
    /// The nodes, by number.
    fn nodes(&self) -> Vec<Name>;
    /// The groups, the default Cluster Group first.
    fn groups(&self) -> Vec<Name>;
    /// The resources, group by group.
    fn resources(&self) -> Vec<Name>;
    /// The networks, by priority.
    fn networks(&self) -> Vec<Name>;
    /// The shared disks.
    fn disks(&self) -> Vec<Name>;

    /// A node.
    fn node(&self, name: &str) -> Option<NodeStatus>;
    /// A group.
    fn group(&self, name: &str) -> Option<GroupStatus>;
    /// A resource.
    fn resource(&self, name: &str) -> Option<ResourceStatus>;
    /// A network.
    fn network(&self, name: &str) -> Option<NetworkStatus>;
    /// A shared disk.
    fn disk(&self, name: &str) -> Option<DiskStatus>;
    /// Whether the processes behind a resource run where it is owned; `None` for an unknown resource.
    fn service_running(&self, resource: &str) -> Option<bool>;
    /// The quorum.
    fn quorum(&self) -> QuorumStatus;
    /// The node that coordinates, if one does.
    fn coordinator(&self) -> Option<Name>;
    /// A group's property.
    ///
    /// # Errors
    ///
    /// One sentence, if there is no such property.
    fn group_property(&self, group: &str, property: &str) -> Result<Value, StageError>;
    /// A resource's property, common or private; `None` where it has none of its own and inherits its group's
    /// (`PersistentState`).
    ///
    /// # Errors
    ///
    /// One sentence, if there is no such property.
    fn resource_property(
        &self,
        resource: &str,
        property: &str,
    ) -> Result<Option<Value>, StageError>;

    /// The file of a group's own policy script, or of the cluster's; `None` if there is none.
    fn policy(&self, group: Option<&str>) -> Option<String>;

    /// For how long a group was not Online since it first was.
    fn outage(&self, group: &str) -> Duration;
    /// The part of the time since it first was Online in which a group was Online, 0 to 1.
    fn availability(&self, group: &str) -> f64;
    /// Groups that faults moved or stopped without having touched them.
    fn disturbed(&self) -> Vec<Name>;
    /// The plugins in use that run threads of their own: where there are any, the run does not repeat.
    fn unrepeatable(&self) -> Vec<String> {
        Vec::new()
    }

    /// Gives an order. Its answer comes as time passes.
    ///
    /// # Errors
    ///
    /// If it cannot be given at all: nobody there to take it.
    fn order(&mut self, order: Order) -> Result<OrderHandle, StageError>;
    /// The answer to an order, once there is one.
    fn answer(&self, order: OrderHandle) -> Option<Answer>;
    /// Makes a fault.
    ///
    /// # Errors
    ///
    /// If there is nothing to break: a process that does not run, a node that is off.
    fn inject(&mut self, fault: Fault) -> Result<FaultHandle, StageError>;
    /// Undoes one fault. Nothing happens if it is healed already.
    fn heal(&mut self, fault: FaultHandle);
    /// Undoes every fault, the last one first.
    fn heal_all(&mut self);
    /// Undoes what is broken about one thing.
    ///
    /// # Errors
    ///
    /// If the thing does not exist.
    fn repair(&mut self, what: Repair) -> Result<(), StageError>;
    /// Puts a file on a shared disk, or takes it away, as an administrator does by hand.
    ///
    /// # Errors
    ///
    /// If there is no such disk, or nobody has it mounted.
    fn disk_file(&mut self, disk: &str, file: &str, text: Option<&str>) -> Result<(), StageError> {
        let _ = (file, text);
        Err(StageError(format!("nobody can write to {disk} here")))
    }
    /// Sends clients to a group, by its network name.
    ///
    /// # Errors
    ///
    /// If clients cannot know the group: it has no network name.
    fn clients(&mut self, group: &str, calls: &ClientCalls) -> Result<usize, StageError>;
    /// What the clients of this number, counted from 0 in the order they were sent, saw: their group, how they call,
    /// and what came of it. `None` if there are none.
    fn client_report(&self, number: usize) -> Option<(Name, ClientCalls, ClientReport)>;
    /// Sets up the machine of a node that the cluster has taken in, and switches it on.
    ///
    /// # Errors
    ///
    /// If the cluster does not know the node, or its machine is there already.
    fn install_node(&mut self, name: &str) -> Result<(), StageError> {
        Err(StageError(format!(
            "no machine can be set up for {name} here"
        )))
    }
    /// Declares the load of a virtual server: users, and per cent of a node.
    ///
    /// # Errors
    ///
    /// If there is no such group, or it is more than a node has.
    fn set_load(&mut self, group: &str, users: u32, cpu_percent: u32) -> Result<(), StageError> {
        let _ = (users, cpu_percent);
        Err(StageError(format!(
            "the load of {group} is what it is here"
        )))
    }

    /// Writes a drill's step into the journal.
    fn mark_step(&mut self, title: &str);
    /// Writes a drill's note into the journal.
    fn mark_note(&mut self, text: &str);
    /// Writes the end of a drill into the journal, and how many groups its faults disturbed.
    fn mark_end(&mut self);
    /// The journal's lines from number `from` on.
    fn lines(&self, from: usize) -> Vec<Line>;
    /// Writes the whole journal, one JSON object per line, header first.
    ///
    /// # Errors
    ///
    /// Whatever the writer says.
    fn write_journal(&self, out: &mut dyn io::Write) -> io::Result<()>;
    /// Every invariant that was broken so far.
    fn breaches(&self) -> Vec<Breach>;

    /// The plugins, in the order they were found. A stage without any has nothing to say.
    fn plugins(&self) -> Vec<PluginReport> {
        Vec::new()
    }
    /// Takes the plugin `name` anew from its file, or each whose file has changed: for each resource when it is next
    /// offline. Nothing is stopped.
    ///
    /// # Errors
    ///
    /// If there is no such plugin, or its file cannot be loaded: the image that was loaded before stays in place.
    fn reload_plugins(&mut self, name: Option<&str>) -> Result<Vec<Reloaded>, StageError> {
        let _ = name;
        Err(StageError("this cluster has no plugins".to_owned()))
    }
    /// Ends the quarantine of the plugin `name`, and gives the nodes on which it was in any.
    ///
    /// # Errors
    ///
    /// If there is no such plugin.
    fn release_plugin(&mut self, name: &str) -> Result<Vec<Name>, StageError> {
        let _ = name;
        Err(StageError("this cluster has no plugins".to_owned()))
    }
}

/// Why a stage refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StageError(pub String);

/// How a stage is to be set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageRequest {
    /// The cluster file.
    pub cluster: PathBuf,
    /// Its contents, where they do not come from the file: of a cluster that is built in.
    pub text: Option<String>,
    /// The seed of everything random.
    pub seed: u64,
}

/// Where stages come from.
pub trait StageSource {
    /// Sets a cluster up with all nodes switched on at time zero.
    ///
    /// # Errors
    ///
    /// A cluster file that cannot be read or is not sound, or plugins that cannot be loaded.
    fn open(&self, request: &StageRequest) -> Result<Box<dyn Stage>, OpenError>;

    /// Whether the plugin of this name is there. Where plugins cannot be loaded at all, opening a cluster says why.
    fn has_plugin(&self, name: &str) -> bool {
        let _ = name;
        true
    }
}

/// Why no stage could be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The cluster file has mistakes.
    #[error("the cluster file {} has mistakes", path.display())]
    Cluster {
        /// The file.
        path: PathBuf,
        /// What is wrong, with places.
        findings: Vec<crate::Finding>,
    },
    /// The plugins cannot be loaded.
    #[error("{0}")]
    Plugins(String),
    /// Something else, in one sentence.
    #[error("{0}")]
    Other(String),
}

impl OpenError {
    /// The cluster file the error is about, if it is about one.
    pub fn cluster(&self) -> Option<&Path> {
        match self {
            Self::Cluster { path, .. } => Some(path),
            Self::Plugins(_) | Self::Other(_) => None,
        }
    }
}
