//! The state of the world: as an operator's console shows it, and as it really is.

use quorate_model::{
    DiskStatus, GroupDefinition, GroupState, GroupStatus, Name, NameMap, NetworkStatus, NodeState,
    NodeStatus, QuorumStatus, ResourceDefinition, ResourceState, ResourceStatus,
};
use quorate_node::Node;

use super::World;
use crate::WorldError;
use crate::env::{Machine, STRANGER};
use crate::invariants::MachineView;
use crate::status::MachineStatus;

impl World {
    /// The machine whose database a console shows: that of the coordinator if there is one, else of any other node of
    /// a cluster with quorum.
    pub(super) fn observer(&self) -> Option<Machine> {
        let mut best: Option<(bool, u64, Machine)> = None;
        for machine in 0..self.stations.len() {
            if !self.env.hosts[machine].runs() {
                continue;
            }
            let local = self.env.local(machine);
            let Some(node) = self.stations[machine].service.node() else {
                continue;
            };
            let coordinates = node.coordinates_at(local);
            if !coordinates && !node.has_quorum_at(local) {
                continue;
            }
            // The coordinator first, then the newest term, then the lowest id.
            let rank = (coordinates, node.term());
            if best.is_none_or(|(coordinates, term, _)| rank > (coordinates, term)) {
                best = Some((rank.0, rank.1, machine));
            }
        }
        best.map(|(_, _, machine)| machine)
    }

    /// The node whose database a console shows. It is found once for everything that is read at one instant.
    fn observing_node(&self) -> Option<&Node> {
        self.stations[self.observer()?].service.node()
    }

    /// The nodes, in the order of their ids.
    pub fn nodes(&self) -> Vec<Name> {
        self.env
            .hosts
            .iter()
            .map(|host| host.name.clone())
            .collect()
    }

    /// The groups, the default Cluster Group first.
    pub fn groups(&self) -> Vec<Name> {
        self.current
            .groups
            .iter()
            .map(|group| group.name.clone())
            .collect()
    }

    /// The resources, group by group.
    pub fn resources(&self) -> Vec<Name> {
        self.each_resource()
            .map(|(_, resource)| resource.name.clone())
            .collect()
    }

    /// The networks, in the order of their priority.
    pub fn networks(&self) -> Vec<Name> {
        self.env.networks.names().cloned().collect()
    }

    /// The shared disks.
    pub fn disks(&self) -> Vec<Name> {
        self.env
            .disks
            .shared()
            .iter()
            .map(|disk| disk.name.clone())
            .collect()
    }

    /// A node.
    ///
    /// # Errors
    /// An unknown node.
    pub fn node(&self, name: &str) -> Result<NodeStatus, WorldError> {
        Ok(self.node_shown(self.machine(name)?, self.observing_node()))
    }

    /// Every node, in the order of [`nodes`](Self::nodes).
    pub fn node_statuses(&self) -> Vec<NodeStatus> {
        let observing = self.observing_node();
        (0..self.env.hosts.len())
            .map(|machine| self.node_shown(machine, observing))
            .collect()
    }

    fn node_shown(&self, machine: Machine, observing: Option<&Node>) -> NodeStatus {
        let host = &self.env.hosts[machine];
        let groups = observing.map_or_else(Vec::new, |node| {
            let groups = self.current.groups.iter();
            let owned = groups.filter(|group| {
                node.group_owner(&group.name)
                    .is_some_and(|owner| owner == host.name)
            });
            owned.map(|group| group.name.clone()).collect()
        });
        NodeStatus {
            name: host.name.clone(),
            state: self.node_state_shown(machine, observing),
            groups,
        }
    }

    /// The real state of a machine.
    ///
    /// # Errors
    /// An unknown node.
    pub fn machine_status(&self, node: &str) -> Result<MachineStatus, WorldError> {
        let machine = self.machine(node)?;
        let host = &self.env.hosts[machine];
        Ok(MachineStatus {
            powered: host.on,
            frozen: host.frozen.is_some(),
            service_running: self.stations[machine].service.runs(),
        })
    }

    fn node_state_shown(&self, machine: Machine, observing: Option<&Node>) -> NodeState {
        let name = &self.env.hosts[machine].name;
        match self.current.node(name) {
            // Its service may run and believe that it belongs to the cluster, which has no node of that name.
            None => NodeState::Evicted,
            Some(_) => observing
                .and_then(|node| node.node_state(name))
                .unwrap_or(NodeState::Down),
        }
    }

    /// A group.
    ///
    /// # Errors
    /// An unknown group.
    pub fn group(&self, name: &str) -> Result<GroupStatus, WorldError> {
        Ok(self.group_shown(self.known_group(name)?, self.observing_node()))
    }

    /// Every group, in the order of [`groups`](Self::groups).
    pub fn group_statuses(&self) -> Vec<GroupStatus> {
        let observing = self.observing_node();
        let groups = self.current.groups.iter();
        groups
            .map(|group| self.group_shown(group, observing))
            .collect()
    }

    fn group_shown(&self, group: &GroupDefinition, observing: Option<&Node>) -> GroupStatus {
        let view = observing.and_then(|node| node.group(&group.name));
        GroupStatus {
            name: group.name.clone(),
            state: view
                .as_ref()
                .map_or_else(|| self.true_group_state(group), |view| view.state),
            persistent_state: view
                .as_ref()
                .map_or(group.persistent_state, |view| view.persistent_state),
            failovers: view.as_ref().map_or(0, |view| view.failovers),
            resources: group.resources.iter().map(|one| one.name.clone()).collect(),
            preferred_owners: group.properties.preferred_owners.clone(),
            is_virtual_server: group.is_virtual_server(),
            stopped: view.as_ref().and_then(|view| view.stopped.clone()),
            owner: view.map(|view| view.owner),
        }
    }

    /// A resource.
    ///
    /// # Errors
    /// An unknown resource.
    pub fn resource(&self, name: &str) -> Result<ResourceStatus, WorldError> {
        let (group, resource) = self.known_resource(name)?;
        Ok(self.resource_shown(group, resource, self.observing_node()))
    }

    /// Every resource, in the order of [`resources`](Self::resources).
    pub fn resource_statuses(&self) -> Vec<ResourceStatus> {
        let observing = self.observing_node();
        let shown = |(group, resource)| self.resource_shown(group, resource, observing);
        self.each_resource().map(shown).collect()
    }

    /// The state of every resource, in the order of [`resources`](Self::resources).
    pub fn resource_states(&self) -> Vec<ResourceState> {
        let observing = self.observing_node();
        let shown = |(_, resource)| self.resource_state_shown(resource, observing);
        self.each_resource().map(shown).collect()
    }

    fn each_resource(&self) -> impl Iterator<Item = (&GroupDefinition, &ResourceDefinition)> {
        let groups = self.current.groups.iter();
        groups.flat_map(|group| group.resources.iter().map(move |one| (group, one)))
    }

    fn resource_shown(
        &self,
        group: &GroupDefinition,
        resource: &ResourceDefinition,
        observing: Option<&Node>,
    ) -> ResourceStatus {
        let name = resource.name.as_str();
        let known = observing.filter(|node| node.resource_state(name).is_some());
        ResourceStatus {
            name: resource.name.clone(),
            kind: resource.kind.clone(),
            group: group.name.clone(),
            state: self.resource_state_shown(resource, observing),
            owner: known.and_then(|node| node.group_owner(&group.name)),
            depends_on: resource.depends_on.clone(),
            dependents: group.dependents_of(name),
            persistent_state: match known {
                Some(node) => node.persistent_state(name),
                None => resource.persistent_state,
            },
            restarts: self.restarts.get(name).copied().unwrap_or(0),
        }
    }

    fn resource_state_shown(
        &self,
        resource: &ResourceDefinition,
        observing: Option<&Node>,
    ) -> ResourceState {
        observing
            .and_then(|node| node.resource_state(&resource.name))
            .unwrap_or_else(|| self.true_state(&resource.name))
    }

    /// Whether anything is under way, as a console shows it: a resource or group is pending, or a node joins.
    pub fn is_busy(&self) -> bool {
        let observing = self.observing_node();
        // Most often something is pending as long as anything is: that is seen without a search for each resource.
        let known = observing.and_then(Node::pending_resource);
        if known.is_some_and(|name| self.each_resource().any(|(_, one)| one.name == *name)) {
            return true;
        }
        // If no node reports it, a group is pending when one of its resources is.
        let pending = |group: &GroupDefinition| {
            let state = observing.and_then(|node| node.group_state(&group.name));
            state == Some(GroupState::Pending)
        };
        self.current.groups.iter().any(pending)
            || (0..self.env.hosts.len())
                .any(|machine| self.node_state_shown(machine, observing) == NodeState::Joining)
            || self
                .each_resource()
                .any(|(_, one)| self.resource_state_shown(one, observing).is_pending())
    }

    /// A group's state according to the monitors that still run.
    fn true_group_state(&self, group: &GroupDefinition) -> GroupState {
        let resources = group.resources.iter();
        GroupState::of(resources.map(|resource| self.true_state(&resource.name)))
    }

    /// The machines that run, without frozen ones, and on which a resource really is Online: at most one, or an
    /// invariant is broken. Empty for an unknown resource.
    pub fn online_on(&self, resource: &str) -> Vec<Name> {
        let online = self.views.iter().filter(|view| {
            let state = view.resources.get(resource).map(|(_, state)| *state);
            view.runs && state == Some(ResourceState::Online)
        });
        online.map(|view| view.name.clone()).collect()
    }

    /// A resource's state according to the monitors that still run: the most active one; Offline if there is none.
    fn true_state(&self, resource: &str) -> ResourceState {
        let truth = self.truth.get_or_init(|| truth(&self.views));
        // Instances on nodes that do not own the resource are Offline or still Initializing.
        match truth.get(resource) {
            None | Some(ResourceState::Initializing) => ResourceState::Offline,
            Some(state) => *state,
        }
    }

    pub(super) fn anything_pending(&self) -> bool {
        self.views
            .iter()
            .any(|view| view.runs && view.resources.values().any(|(_, state)| state.is_pending()))
    }

    /// Whether a process behind a resource runs on any machine that is on and does not stand still.
    ///
    /// # Errors
    /// An unknown resource.
    pub fn process_running(&self, resource: &str) -> Result<bool, WorldError> {
        let (_, resource) = self.known_resource(resource)?;
        let resource = resource.name.as_str();
        Ok((0..self.env.hosts.len()).any(|machine| {
            self.env.hosts[machine].runs()
                && self
                    .env
                    .processes
                    .of(machine, resource)
                    .any(|(_, process)| process.state == quorate_host::ServiceState::Running)
        }))
    }

    /// The quorum.
    pub fn quorum(&self) -> QuorumStatus {
        let observer = self.observer();
        let snapshot = observer.and_then(|machine| {
            self.stations[machine]
                .service
                .node()?
                .snapshot(self.env.local(machine))
        });
        let members = snapshot
            .as_ref()
            .map_or(&[][..], |snapshot| &snapshot.members);
        let named = |id: &quorate_model::NodeId| {
            self.env
                .hosts
                .iter()
                .find(|host| host.id == *id)
                .map(|host| host.name.clone())
        };
        QuorumStatus {
            kind: self.current.quorum.clone(),
            owner: self.coordinator(),
            has_quorum: snapshot
                .as_ref()
                .is_some_and(|snapshot| snapshot.has_quorum),
            members: members.iter().filter_map(named).collect(),
            witness: match observer.and_then(|machine| self.stations[machine].service.node()) {
                Some(node) => node.witness_share(),
                None => self.current.file_share_witness().map(Name::from),
            },
        }
    }

    /// The node that coordinates and knows that it does.
    pub fn coordinator(&self) -> Option<Name> {
        let machine = self.observer()?;
        let node = self.stations[machine].service.node()?;
        let snapshot = node.snapshot(self.env.local(machine))?;
        snapshot
            .coordinates
            .then(|| self.env.hosts[machine].name.clone())
    }

    /// The real state of a shared disk.
    ///
    /// # Errors
    /// An unknown disk.
    pub fn disk(&self, name: &str) -> Result<DiskStatus, WorldError> {
        let disk = self.known_disk(name)?;
        let hosts = &self.env.hosts;
        let mounted = disk.mounted.iter().map(|machine| &hosts[*machine]);
        Ok(DiskStatus {
            name: disk.name.clone(),
            holder: disk
                .holder
                .and_then(|holder| hosts.get(holder))
                .map(|host| host.name.clone()),
            stolen: disk.holder == Some(STRANGER),
            mounted_on: mounted
                .filter(|host| host.runs())
                .map(|host| host.name.clone())
                .collect(),
            works: !disk.wrong.failed && !disk.wrong.hung,
        })
    }

    /// The real state of a network.
    ///
    /// # Errors
    /// An unknown network.
    pub fn network_status(&self, name: &str) -> Result<NetworkStatus, WorldError> {
        let network = self.network(name)?;
        let networks = &self.env.networks;
        let broken = (0..self.env.hosts.len())
            .filter(|machine| networks.card(network, *machine) == Some(false));
        Ok(NetworkStatus {
            name: networks.name(network).clone(),
            role: networks.role(network),
            works: networks.is_up(network),
            refused: networks.refused(network),
            broken_cards: broken
                .map(|machine| self.env.hosts[machine].name.clone())
                .collect(),
        })
    }

    /// The share of the time, counted from the first time a group was in full service, in which it was: 0 to 1; 0 if
    /// it never was.
    ///
    /// # Errors
    /// An unknown group.
    pub fn availability(&self, group: &str) -> Result<f64, WorldError> {
        let outage = self.outage(group)?;
        let Some(first) = outage.first_online else {
            return Ok(0.0);
        };
        let all = self.env.now - first;
        if all.is_zero() {
            return Ok(1.0);
        }
        Ok(1.0 - outage.total.as_secs_f64() / all.as_secs_f64())
    }

    /// The groups that the faults so far have disturbed: they left full service after the first fault, although no
    /// fault or request until then concerned them. A fault concerns the groups that its machine owned or ran, or to
    /// which its disk or service belongs; a fault of a network concerns all groups. A request concerns the group that
    /// it names, or the groups of the node that it stops.
    pub fn disturbed(&self) -> Vec<Name> {
        self.disturbed.iter().cloned().collect()
    }
}

/// The state of each resource where most of it is left, on machines that run.
fn truth(views: &[MachineView]) -> NameMap<ResourceState> {
    let life = |state: ResourceState| match state {
        ResourceState::Online => 5,
        ResourceState::OfflinePending => 4,
        ResourceState::OnlinePending => 3,
        ResourceState::Failed => 2,
        ResourceState::Initializing | ResourceState::Offline => 1,
    };
    let running = views.iter().filter(|view| view.runs);
    let mut truth = NameMap::new();
    for (name, (_, state)) in running.flat_map(|view| &view.resources) {
        let known = truth.get_or_insert_with(name, || *state);
        if life(*state) >= life(*known) {
            *known = *state;
        }
    }
    truth
}
