//! What is done to a cluster and to its world: orders, faults, repairs.

use std::collections::BTreeMap;
use std::time::Duration;

use quorate_model::{Name, PolicyScript, StartSwitches, Value, VirtualServerRequest};

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
