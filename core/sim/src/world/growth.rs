//! Machines that become nodes of a cluster that runs.

use std::collections::BTreeMap;

use quorate_model::{ClusterDefinition, Name, NodeDefinition, NodeId};
use quorate_node::AdminOp;

use super::World;
use super::drive::Cause;
use super::watch::blank_view;
use crate::env::Machine;
use crate::{RequestId, WorldError};

impl World {
    /// Asks the cluster to take a new node in, under the next id. Once that is done, [`install`](Self::install) it.
    ///
    /// # Errors
    /// A name that a machine has already; an unknown network; nobody to ask.
    pub fn add_node(
        &mut self,
        name: &str,
        interfaces: BTreeMap<Name, String>,
    ) -> Result<RequestId, WorldError> {
        if self.env.hosts.iter().any(|host| host.name == *name) {
            return Err(WorldError::Range {
                what: "the name of a new node",
                wanted: "one that no machine has",
                found: name.to_owned(),
            });
        }
        for network in interfaces.keys() {
            self.network(network)?;
        }
        let ids = self.env.hosts.iter().map(|host| host.id.0);
        let id = NodeId(ids.max().map_or(1, |id| id.saturating_add(1)));
        let node = Box::new(NodeDefinition {
            id,
            name: name.into(),
            interfaces,
            attributes: BTreeMap::new(),
        });
        self.admin(AdminOp::NodeAdd { node })
    }

    /// Sets up the machine of a node that the cluster has taken in and switches it on: it has the definition that the
    /// cluster was installed with, itself added, and catches up from whichever member sponsors it.
    ///
    /// # Errors
    /// A node that the cluster does not know; one whose machine is there already.
    pub fn install(&mut self, name: &str) -> Result<(), WorldError> {
        let Some(node) = self.current.node(name).cloned() else {
            let known = self.current.nodes.iter().map(|node| &node.name);
            return Err(crate::error::unknown("node", name, known));
        };
        if let Ok(machine) = self.machine(name) {
            return Err(self.machine_error(machine, "is there already"));
        }
        self.env.add_host(&node);
        self.views.push(blank_view(&node));
        self.added.push(node);
        let mut station = super::Station::default();
        // Each new one is told of those before it.
        station
            .known
            .extend(self.added.iter().map(|node| node.name.clone()));
        self.stations.push(station);
        let machine = self.env.hosts.len() - 1;
        self.power_on(machine);
        self.watch(&Cause::Machine("a new node", machine));
        Ok(())
    }

    /// What a machine has on its disk of the cluster it is part of: as it was installed, with the nodes added since that
    /// its cluster service has learned of.
    pub(super) fn installed_on(&self, machine: Machine) -> ClusterDefinition {
        let mut definition = self.installed.clone();
        let known = &self.stations[machine].known;
        let added = self.added.iter().filter(|node| known.contains(&node.name));
        definition.nodes.extend(added.cloned());
        definition
    }
}
