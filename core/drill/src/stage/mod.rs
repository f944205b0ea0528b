//! What a drill needs of a cluster, in the words of the drill language.
//!
//! The virtual world satisfies it (`core/rehearse`); a live cluster can do so later.

mod orders;
mod status;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quorate_host::Reloaded;
use quorate_model::{
    Fault, FaultId, GroupState, Name, NodeState, Repair, ResourceState, Time, Value,
};

pub use orders::{Answer, Order, OrderHandle};
pub use status::{
    Breach, ClientCalls, ClientReport, DiskStatus, GroupStatus, NetworkStatus, NodeStatus,
    PropertyOf, PropertyStatus, QuorumStatus, ResourceStatus,
};

use crate::{CivilTime, Finding, PluginReport, suggestion};

/// The property of a group that names its policy script.
pub const POLICY: &str = "Policy";

/// A line of the journal: one JSON object.
pub type Line = serde_json::Map<String, serde_json::Value>;

/// A cluster in a world. Names are matched as the cluster file spells them.
///
/// Reading changes nothing. Only [`Stage::advance`] lets time pass.
pub trait Stage {
    /// Time since the world began.
    fn now(&self) -> Time;
    /// The cluster's local civil time, in milliseconds since 1970.
    fn civil_ms(&self) -> i64;
    /// What a node's own clock shows, in its local time, in milliseconds since 1970.
    ///
    /// # Errors
    /// A node that is off.
    fn clock_of(&self, node: &str) -> Result<i64, StageError>;
    /// The seed of everything random.
    fn seed(&self) -> u64;
    /// A number from 0 to `max`, both included, from a seeded generator that nothing else draws from.
    fn draw(&mut self, max: u64) -> u64;
    /// A number that changes whenever something that can be read changes.
    fn revision(&self) -> u64;
    /// Lets the world go on until something that can be read changes, and at most until `limit`.
    fn advance(&mut self, limit: Time);

    /// Until it is called with `None`, everything that can be read is as it will be at that instant to come if nothing
    /// happens until then. Only reading is allowed meanwhile. A stage that cannot do it reads the present, and conditions
    /// that read time are then looked at once a second.
    fn foresee(&mut self, at: Option<Time>) {
        let _ = at;
    }
    /// The next instant at which clients call.
    fn next_call(&self) -> Option<Time> {
        None
    }

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
    /// The resource types that there are plugins for.
    fn resource_types(&self) -> Vec<Name> {
        Vec::new()
    }

    /// A node.
    fn node(&self, name: &str) -> Option<NodeStatus>;
    /// A group.
    fn group(&self, name: &str) -> Option<GroupStatus>;
    /// A resource.
    fn resource(&self, name: &str) -> Option<ResourceStatus>;
    /// Every node, in the order of [`nodes`](Self::nodes).
    fn node_statuses(&self) -> Vec<NodeStatus> {
        let names = self.nodes();
        names.iter().filter_map(|name| self.node(name)).collect()
    }
    /// Every group, in the order of [`groups`](Self::groups).
    fn group_statuses(&self) -> Vec<GroupStatus> {
        let names = self.groups();
        names.iter().filter_map(|name| self.group(name)).collect()
    }
    /// Every resource, in the order of [`resources`](Self::resources).
    fn resource_statuses(&self) -> Vec<ResourceStatus> {
        let names = self.resources();
        let statuses = names.iter().filter_map(|name| self.resource(name));
        statuses.collect()
    }
    /// The state of every resource, in the order of [`resources`](Self::resources).
    fn resource_states(&self) -> Vec<ResourceState> {
        let statuses = self.resource_statuses().into_iter();
        statuses.map(|resource| resource.state).collect()
    }
    /// Whether anything is under way: a resource or a group that is pending, or a node that joins.
    fn is_busy(&self) -> bool {
        let mut states = self.resource_states().into_iter();
        let (nodes, groups) = (self.node_statuses(), self.group_statuses());
        states.any(ResourceState::is_pending)
            || groups.iter().any(|it| it.state == GroupState::Pending)
            || nodes.iter().any(|it| it.state == NodeState::Joining)
    }
    /// A network.
    fn network(&self, name: &str) -> Option<NetworkStatus>;
    /// A shared disk.
    fn disk(&self, name: &str) -> Option<DiskStatus>;
    /// How many bytes a file has, on a shared disk or on the system disk of the node of that name.
    ///
    /// # Errors
    ///
    /// One sentence, if there is no such disk or file.
    fn file_size(&self, disk: &str, file: &str) -> Result<u64, StageError>;
    /// Whether the processes behind a resource run where it is owned; `None` for an unknown resource.
    fn service_running(&self, resource: &str) -> Option<bool>;
    /// The quorum.
    fn quorum(&self) -> QuorumStatus;
    /// The node that coordinates, if one does.
    fn coordinator(&self) -> Option<Name>;
    /// Every property of the cluster, of a group or of a resource, those of its type first.
    ///
    /// # Errors
    ///
    /// One sentence, if there is no such group or resource.
    fn properties(&self, of: PropertyOf<'_>) -> Result<Vec<PropertyStatus>, StageError>;
    /// The value of one of them. Case does not matter, as in the original's registry. `None` where a resource has none
    /// of its own and inherits its group's (`PersistentState`).
    ///
    /// # Errors
    ///
    /// One sentence, if there is no such property, group or resource.
    fn property(&self, of: PropertyOf<'_>, name: &str) -> Result<Option<Value>, StageError> {
        let all = self.properties(of)?;
        if let Some(found) = all.iter().find(|it| it.name.eq_ignore_ascii_case(name)) {
            return Ok(found.value.clone());
        }
        let what = match of {
            PropertyOf::Cluster => "cluster".to_owned(),
            PropertyOf::Group(_) => "group".to_owned(),
            PropertyOf::Resource(name) => self
                .resource(name)
                .map_or_else(|| "resource".to_owned(), |it| it.kind.to_string()),
        };
        let hint = suggestion(name, all.iter().map(|it| it.name.as_str()))
            .map(|hint| format!(": {hint}"))
            .unwrap_or_default();
        Err(StageError(format!(
            "{what} has no property \"{name}\"{hint} [unknown-property]"
        )))
    }

    /// How long an orderly stop of a node may take, by what the properties allow.
    fn longest_stop(&self) -> Duration {
        Duration::ZERO
    }

    /// The nodes of the cluster: a machine that was evicted, or was never added, is none.
    fn configured(&self) -> Vec<Name> {
        self.nodes()
    }

    /// The protocols that services of the cluster may answer in, in small letters, and whether there may be others: types
    /// of third parties answer in whatever they like.
    fn protocols(&self) -> (Vec<String>, bool) {
        (Vec::new(), true)
    }

    /// The file of a group's own policy script, or of the cluster's; `None` if there is none.
    fn policy(&self, group: Option<&str>) -> Option<String>;

    /// For how long a group was not Online since it first was.
    fn outage(&self, group: &str) -> Duration;
    /// How much of [`outage`](Self::outage) somebody wanted.
    fn planned_outage(&self, group: &str) -> Duration;
    /// How much of it nobody wanted.
    fn unplanned_outage(&self, group: &str) -> Duration {
        let planned = self.planned_outage(group);
        self.outage(group).saturating_sub(planned)
    }
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
    /// Makes a fault of the world, until it is healed or for a while. Never one of the verdict: a resource is found
    /// dead by its own type's code.
    ///
    /// # Errors
    ///
    /// If there is nothing to break: a process that does not run, a node that is off.
    fn inject(&mut self, fault: Fault, lasting: Option<Duration>) -> Result<FaultId, StageError>;
    /// Whether anybody in the cluster has noticed a fault up to now, or nobody is left who could.
    fn noticed(&self, fault: FaultId) -> bool {
        let _ = fault;
        true
    }
    /// Undoes one fault. Nothing happens if it is healed already.
    fn heal(&mut self, fault: FaultId);
    /// Undoes every fault, the last one first.
    fn heal_all(&mut self);
    /// Undoes what is broken about one thing.
    ///
    /// # Errors
    ///
    /// If the thing does not exist.
    fn repair(&mut self, what: &Repair) -> Result<(), StageError>;
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
    /// Counts the calls of the clients of this number once more, from now on: the number of what they feel from now on.
    ///
    /// # Errors
    ///
    /// If they have ended.
    fn part_of_clients(&mut self, number: usize) -> Result<usize, StageError>;
    /// The clients of this number call no more, or are no longer counted over this part of the time.
    ///
    /// # Errors
    ///
    /// If they have ended.
    fn end_clients(&mut self, number: usize) -> Result<(), StageError>;
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
    /// Writes into the journal that something in a drill showed nothing: the name of the remark's kind, and a sentence.
    fn mark_remark(&mut self, rule: &'static str, text: &str);
    /// Writes the end of a drill into the journal, and how many groups its faults disturbed.
    fn mark_end(&mut self);
    /// The journal's lines from number `from` on.
    fn lines(&self, from: usize) -> Vec<Line>;
    /// The journal's lines with a notice of this id.
    fn notices(&self, id: u32) -> Vec<Line> {
        let mut lines = self.lines(0);
        lines.retain(|line| line.get("id") == Some(&id.into()));
        lines
    }
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
    /// What the cluster's local clock shows at time zero, in place of what the cluster file says.
    pub start: Option<CivilTime>,
}

/// Where stages come from.
pub trait StageSource {
    /// Sets a cluster up with all nodes switched on at time zero.
    ///
    /// # Errors
    ///
    /// A cluster file that cannot be read or is not sound, or plugins that cannot be loaded.
    fn open(&self, request: &StageRequest) -> Result<Box<dyn Stage>, OpenError>;

    /// A plugin of nearly this name.
    fn nearest_plugin(&self, name: &str) -> Option<String> {
        let _ = name;
        None
    }

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
        findings: Vec<Finding>,
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
