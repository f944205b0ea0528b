//! The readable state of a cluster and of its world. Reading changes nothing.

use std::time::Duration;

use quorate_model::{
    Breach, DiskStatus, GroupState, GroupStatus, Name, NetworkStatus, NodeState, NodeStatus,
    QuorumStatus, ResourceState, ResourceStatus, Value,
};

use super::{NotOffered, PropertyOf, PropertyStatus, StageError};
use crate::suggestion;

/// What is configured: names and properties. Names are matched as the cluster file spells them.
pub trait Configuration {
    /// The cluster's name.
    fn cluster_name(&self) -> Name;
    /// The nodes, by number.
    fn nodes(&self) -> Vec<Name>;
    /// The nodes of the cluster. A machine that was evicted or never added is not among them.
    fn configured(&self) -> Vec<Name>;
    /// The groups, the default Cluster Group first.
    fn groups(&self) -> Vec<Name>;
    /// The resources, group by group.
    fn resources(&self) -> Vec<Name>;
    /// Whether there is a group of this name.
    fn has_group(&self, name: &str) -> bool {
        self.groups().iter().any(|group| **group == *name)
    }

    /// Whether there is a resource of this name.
    fn has_resource(&self, name: &str) -> bool {
        self.resources().iter().any(|resource| **resource == *name)
    }

    /// The networks, by priority.
    fn networks(&self) -> Vec<Name>;
    /// The shared disks.
    fn disks(&self) -> Vec<Name>;
    /// The resource types that there are plugins for.
    ///
    /// # Errors
    ///
    /// If the stage does not know.
    fn resource_types(&self) -> Result<Vec<Name>, NotOffered> {
        Err(NotOffered("knowing the resource types"))
    }

    /// The file of a group's own policy script, or of the cluster's; `None` if there is none.
    fn policy(&self, group: Option<&str>) -> Option<String>;
    /// How long an orderly stop of a node may take, according to the properties.
    fn longest_stop(&self) -> Duration;
    /// The protocols that services of the cluster may use, in small letters, and whether there may be others: third
    /// parties' types may use any protocol, and a stage that does not know says the same.
    fn protocols(&self) -> (Vec<String>, bool) {
        (Vec::new(), true)
    }
}

/// What the cluster believes, as an operator's console shows it.
pub trait Belief: Configuration {
    /// A node.
    fn node(&self, name: &str) -> Option<NodeStatus>;
    /// A group.
    fn group(&self, name: &str) -> Option<GroupStatus>;
    /// A resource.
    fn resource(&self, name: &str) -> Option<ResourceStatus>;
    /// Every node, in the order of [`nodes`](Configuration::nodes).
    fn node_statuses(&self) -> Vec<NodeStatus> {
        let names = self.nodes();
        names.iter().filter_map(|name| self.node(name)).collect()
    }

    /// Every group, in the order of [`groups`](Configuration::groups).
    fn group_statuses(&self) -> Vec<GroupStatus> {
        let names = self.groups();
        names.iter().filter_map(|name| self.group(name)).collect()
    }

    /// Every resource, in the order of [`resources`](Configuration::resources).
    fn resource_statuses(&self) -> Vec<ResourceStatus> {
        let names = self.resources();
        let statuses = names.iter().filter_map(|name| self.resource(name));
        statuses.collect()
    }

    /// The state of every resource, in the order of [`resources`](Configuration::resources).
    fn resource_states(&self) -> Vec<ResourceState> {
        let statuses = self.resource_statuses().into_iter();
        statuses.map(|resource| resource.state).collect()
    }

    /// Whether anything is under way: a resource or group is pending, or a node joins.
    fn is_busy(&self) -> bool {
        let mut states = self.resource_states().into_iter();
        let (nodes, groups) = (self.node_statuses(), self.group_statuses());
        states.any(ResourceState::is_pending)
            || groups.iter().any(|it| it.state == GroupState::Pending)
            || nodes.iter().any(|it| it.state == NodeState::Joining)
    }

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
    /// The value of one property. Case does not matter, as in the original's registry. `None` if a resource has no
    /// value of its own and inherits its group's (`PersistentState`).
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
        Err(StageError::Refused(format!(
            "{what} has no property \"{name}\"{hint} [unknown-property]"
        )))
    }
}

/// The truth about the machines, the network and the clients, whatever the cluster believes.
pub trait Truth {
    /// A network.
    fn network(&self, name: &str) -> Option<NetworkStatus>;
    /// A shared disk.
    fn disk(&self, name: &str) -> Option<DiskStatus>;
    /// How many bytes a file has, on a shared disk or on the system disk of the node with that name.
    ///
    /// # Errors
    ///
    /// One sentence, if there is no such disk or file.
    fn file_size(&self, disk: &str, file: &str) -> Result<u64, StageError> {
        let _ = (disk, file);
        Err(NotOffered("reading the size of a file").into())
    }

    /// Whether clients find a group in full service at this instant.
    ///
    /// # Errors
    ///
    /// Why they do not, in one sentence. An unknown group is not in service.
    fn group_service(&self, group: &str) -> Result<(), String>;
    /// Whether a resource is in service at this instant.
    ///
    /// # Errors
    ///
    /// Why it is not, in one sentence. An unknown resource is not in service.
    fn resource_service(&self, resource: &str) -> Result<(), String>;
    /// Every machine on which a resource is in service at this instant: at most one in a sound cluster. Empty for an
    /// unknown resource.
    fn online_on(&self, resource: &str) -> Vec<Name>;
    /// Whether the processes behind a resource run where it is owned; `None` for an unknown resource.
    fn service_running(&self, resource: &str) -> Option<bool>;
    /// For how long a group was not Online, counted from the first time it was.
    fn outage(&self, group: &str) -> Duration;
    /// How much of [`outage`](Self::outage) was planned.
    fn planned_outage(&self, group: &str) -> Duration;
    /// How much of it was not planned.
    fn unplanned_outage(&self, group: &str) -> Duration {
        let planned = self.planned_outage(group);
        self.outage(group).saturating_sub(planned)
    }

    /// The share of the time, counted from the first time a group was Online, in which it was: 0 to 1.
    fn availability(&self, group: &str) -> f64;
    /// Groups that faults moved or stopped although no fault was about them.
    fn disturbed(&self) -> Vec<Name>;
    /// Every invariant that was broken so far.
    fn breaches(&self) -> Vec<Breach>;
}
