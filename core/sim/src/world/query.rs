//! Status: as an operator's console shows it, and as it truly is.

use quorate_model::{GroupState, Name, NodeState, ResourceState};

use super::World;
use crate::WorldError;
use crate::env::{Machine, STRANGER};
use crate::status::{
    DiskStatus, GroupStatus, NetworkStatus, NodeStatus, QuorumStatus, ResourceStatus, Source,
};

impl World {
    /// Whose database a console shows: the coordinator's if there is one, else that of any other node of a
    /// cluster with quorum.
    pub(super) fn observer(&self) -> Option<Machine> {
        let mut best: Option<(bool, u64, Machine)> = None;
        for machine in 0..self.stations.len() {
            if !self.env.hosts[machine].runs() {
                continue;
            }
            let local = self.env.local(machine);
            let node = self.stations[machine].node.as_ref();
            let Some(snapshot) = node.and_then(|node| node.snapshot(local)) else {
                continue;
            };
            if !snapshot.coordinates && !snapshot.has_quorum {
                continue;
            }
            // The coordinator first, then the newest term; among equals the lowest id.
            let rank = (snapshot.coordinates, snapshot.term);
            if best.is_none_or(|(coordinates, term, _)| rank > (coordinates, term)) {
                best = Some((rank.0, rank.1, machine));
            }
        }
        best.map(|(_, _, machine)| machine)
    }

    fn observing_node(&self) -> Option<(&quorate_node::Node, Source)> {
        let machine = self.observer()?;
        let node = self.stations[machine].node.as_ref()?;
        Some((node, Source::Database(self.env.hosts[machine].name.clone())))
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
        let resources = self
            .current
            .groups
            .iter()
            .flat_map(|group| &group.resources);
        resources.map(|resource| resource.name.clone()).collect()
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
        let machine = self.machine(name)?;
        let host = &self.env.hosts[machine];
        let observer = self.observing_node().map(|(node, _)| node);
        let groups = observer.map_or_else(Vec::new, |node| {
            let groups = self.current.groups.iter();
            let owned = groups.filter(|group| {
                node.group(&group.name)
                    .is_some_and(|view| view.owner == host.name)
            });
            owned.map(|group| group.name.clone()).collect()
        });
        Ok(NodeStatus {
            name: host.name.clone(),
            state: match self.current.node(name) {
                // It may run, and believe that it belongs to the cluster, which has no node of that name.
                None => NodeState::Evicted,
                Some(_) => observer
                    .and_then(|node| node.node_state(name))
                    .unwrap_or(NodeState::Down),
            },
            powered: host.on,
            frozen: host.frozen.is_some(),
            service_running: self.stations[machine].node.is_some(),
            groups,
        })
    }

    /// A group.
    ///
    /// # Errors
    /// An unknown group.
    pub fn group(&self, name: &str) -> Result<GroupStatus, WorldError> {
        let group = self.known_group(name)?;
        let name = group.name.as_str();
        let resources: Vec<Name> = group.resources.iter().map(|one| one.name.clone()).collect();
        if let Some((node, source)) = self.observing_node()
            && let Some(view) = node.group(name)
        {
            return Ok(GroupStatus {
                name: view.name,
                state: view.state,
                owner: Some(view.owner),
                failovers: view.failovers,
                stopped: view.stopped,
                persistent_state: view.persistent_state,
                resources,
                source,
            });
        }
        Ok(GroupStatus {
            name: group.name.clone(),
            state: GroupState::of(resources.iter().map(|resource| self.true_state(resource))),
            owner: None,
            failovers: 0,
            stopped: None,
            persistent_state: group.persistent_state,
            resources,
            source: Source::Truth,
        })
    }

    /// A resource.
    ///
    /// # Errors
    /// An unknown resource.
    pub fn resource(&self, name: &str) -> Result<ResourceStatus, WorldError> {
        let (group, resource) = self.known_resource(name)?;
        let name = resource.name.as_str();
        let database = self.observing_node().and_then(|(node, source)| {
            let owner = node.group(&group.name).map(|view| view.owner);
            let wanted = node.persistent_state(name);
            Some((node.resource_state(name)?, owner, wanted, source))
        });
        let (state, owner, persistent_state, source) = database.unwrap_or_else(|| {
            let wanted = resource.persistent_state;
            (self.true_state(name), None, wanted, Source::Truth)
        });
        let depends = |other: &&quorate_model::ResourceDefinition| {
            other.depends_on.iter().any(|provider| *provider == *name)
        };
        Ok(ResourceStatus {
            name: resource.name.clone(),
            kind: resource.kind.clone(),
            group: group.name.clone(),
            state,
            owner,
            owners: self.owners(name),
            depends_on: resource.depends_on.clone(),
            dependents: group
                .resources
                .iter()
                .filter(depends)
                .map(|one| one.name.clone())
                .collect(),
            persistent_state,
            restarts: self.restarts.get(name).copied().unwrap_or(0),
            source,
        })
    }

    /// The machines that run and on which a resource is truly online.
    fn owners(&self, resource: &str) -> Vec<Name> {
        let online = self.views.iter().filter(|view| {
            let state = view.resources.get(resource).map(|(_, state)| *state);
            view.runs && state == Some(ResourceState::Online)
        });
        online.map(|view| view.name.clone()).collect()
    }

    /// A resource's state by the monitors that still run: the liveliest of them; Offline if there is none.
    fn true_state(&self, resource: &str) -> ResourceState {
        let states = self
            .views
            .iter()
            .filter(|view| view.runs)
            .filter_map(|view| view.resources.get(resource).map(|(_, state)| *state));
        let life = |state: &ResourceState| match state {
            ResourceState::Online => 5,
            ResourceState::OfflinePending => 4,
            ResourceState::OnlinePending => 3,
            ResourceState::Failed => 2,
            ResourceState::Initializing | ResourceState::Offline => 1,
        };
        // Instances that only wait to be used elsewhere are Offline or still Initializing.
        match states.max_by_key(life) {
            None | Some(ResourceState::Initializing) => ResourceState::Offline,
            Some(state) => state,
        }
    }

    pub(super) fn anything_pending(&self) -> bool {
        self.views
            .iter()
            .any(|view| view.runs && view.resources.values().any(|(_, state)| state.is_pending()))
    }

    /// Whether a process behind a resource runs, on any machine that is on and does not stand still.
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
                .node
                .as_ref()?
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
        }
    }

    /// The node that coordinates and knows that it does.
    pub fn coordinator(&self) -> Option<Name> {
        let machine = self.observer()?;
        let node = self.stations[machine].node.as_ref()?;
        let snapshot = node.snapshot(self.env.local(machine))?;
        snapshot
            .coordinates
            .then(|| self.env.hosts[machine].name.clone())
    }

    /// A shared disk, as it truly is.
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

    /// A network, as it truly is.
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

    /// The part of the time since a group was first in full service in which it was, 0 to 1; 0 if it never
    /// was.
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

    /// The groups that the faults so far disturbed: that left full service after the first fault, although
    /// no fault and no request until then was about them. A fault is about the groups that its machine owned
    /// or ran, that its disk or service belongs to, or, for a network, about all; a request about the group
    /// it names, or about what the node it stops owns.
    pub fn disturbed(&self) -> Vec<Name> {
        self.disturbed.iter().cloned().collect()
    }
}
