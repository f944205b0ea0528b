//! Machines that become nodes of a running cluster.

use std::collections::BTreeMap;

use quorate_journal::WorldEvent;
use quorate_model::errors::{ERROR_CLUSTER_EVICT_WITHOUT_CLEANUP, ERROR_INVALID_PARAMETER};
use quorate_model::{AdminOp, ClusterDefinition, Name, NodeDefinition, NodeId, Reason};

use super::World;
use super::drive::Cause;
use super::watch::blank_view;
use crate::env::Machine;
use crate::{RequestId, WorldError};

/// The folder in which a cluster service keeps its files.
const CLUSTER_FILES: &str = "MSCS/";

impl World {
    /// Orders the cluster to take a new node in: a new machine with the next id, or the machine of an evicted node
    /// with its old id and cards. Afterwards [`install`](Self::install) it.
    ///
    /// `interfaces` may be empty for a machine that exists already.
    ///
    /// # Errors
    /// The name of a present node; an unknown network; other cards than the machine has; a machine that still has
    /// files of a cluster; nobody to ask.
    pub fn add_node(
        &mut self,
        name: &str,
        interfaces: BTreeMap<Name, String>,
    ) -> Result<RequestId, WorldError> {
        for network in interfaces.keys() {
            self.network(network)?;
        }
        let node = match self.machine(name) {
            Ok(machine) => self.again(machine, &interfaces)?,
            Err(_) if interfaces.is_empty() => {
                return Err(WorldError::Range {
                    what: "\"interfaces\"",
                    wanted: "the address of each of its cards, since no machine has this name",
                    found: "left out".to_owned(),
                });
            }
            Err(_) => {
                let ids = self.env.hosts.iter().map(|host| host.id.0);
                // Another node may have been ordered that has no machine yet.
                let newest = ids.max().max(Some(self.newest)).unwrap_or(0);
                self.newest = newest.saturating_add(1);
                NodeDefinition {
                    id: NodeId(self.newest),
                    name: name.into(),
                    interfaces,
                    attributes: BTreeMap::new(),
                }
            }
        };
        let node = Box::new(node);
        self.admin(AdminOp::NodeAdd { node })
    }

    /// The definition for the machine of an evicted node. Nothing from its time as a node may be left on it.
    fn again(
        &self,
        machine: Machine,
        interfaces: &BTreeMap<Name, String>,
    ) -> Result<NodeDefinition, WorldError> {
        let host = &self.env.hosts[machine];
        if self.current.node(&host.name).is_some() {
            return Err(WorldError::Range {
                what: "the name of a new node",
                wanted: "one that no node of the cluster has",
                found: host.name.to_string(),
            });
        }
        if self.stations[machine].service.runs() {
            let problem = "was evicted, and its cluster service still runs: stop it, and clean the node up \
                           (forcecleanup), before you add it again";
            return Err(self.machine_error(machine, problem));
        }
        let mut files = self.env.disks.system(machine).files.keys();
        if files.any(|file| file.starts_with(CLUSTER_FILES)) {
            let text = format!(
                "{} was evicted, but not cleaned up: its system disk still has files of the cluster. Clean it up with \
                 forcecleanup before you add it again",
                host.name
            );
            return Err(WorldError::Refused(Reason {
                code: ERROR_CLUSTER_EVICT_WITHOUT_CLEANUP,
                text,
            }));
        }
        if !interfaces.is_empty() && *interfaces != host.interfaces {
            let cards: Vec<String> = host
                .interfaces
                .iter()
                .map(|(network, address)| format!("{network}: {address}"))
                .collect();
            let text = format!(
                "{} is a machine that is there, with the cards {}: leave \"interfaces\" out, or name these",
                host.name,
                cards.join(", ")
            );
            return Err(WorldError::Refused(Reason {
                code: ERROR_INVALID_PARAMETER,
                text,
            }));
        }
        let mut before = self.installed.nodes.iter().chain(&self.added);
        let attributes = before.find(|node| node.name == host.name);
        Ok(NodeDefinition {
            id: host.id,
            name: host.name.clone(),
            interfaces: host.interfaces.clone(),
            attributes: attributes
                .map(|node| node.attributes.clone())
                .unwrap_or_default(),
        })
    }

    /// Sets up the machine of a node that the cluster has taken in and switches it on, or starts its cluster service.
    /// It gets the definition that the cluster was installed with, plus itself, and receives all later changes from
    /// the member that sponsors it.
    ///
    /// # Errors
    /// A node that the cluster does not know; one whose cluster service runs, or whose machine stands still.
    pub fn install(&mut self, name: &str) -> Result<(), WorldError> {
        let Some(node) = self.current.node(name).cloned() else {
            let known = self.current.nodes.iter().map(|node| &node.name);
            return Err(crate::error::unknown("node", name, known));
        };
        if let Ok(machine) = self.machine(name) {
            return self.install_again(machine);
        }
        self.env.add_host(&node);
        self.views.push(blank_view(&node));
        self.revisions.defined += 1;
        self.added.push(node);
        let mut station = super::Station::default();
        // A new node knows the nodes that were added before it.
        station
            .known
            .extend(self.added.iter().map(|node| node.name.clone()));
        station.joins = true;
        self.stations.push(station);
        let machine = self.env.hosts.len() - 1;
        self.power_on(machine);
        self.watch(&Cause::Machine("a new node", machine));
        Ok(())
    }

    fn install_again(&mut self, machine: Machine) -> Result<(), WorldError> {
        if self.stations[machine].service.runs() {
            return Err(self.machine_error(machine, "runs the cluster service already"));
        }
        let on = self.env.hosts[machine].on;
        if on {
            self.must_run(machine)?;
        }
        let known = self.added.iter().map(|node| node.name.clone());
        self.stations[machine].known.extend(known);
        self.stations[machine].cleaned = false;
        self.stations[machine].joins = true;
        match on {
            true => self.service_start(machine, "added to the cluster again"),
            false => self.power_on(machine),
        }
        self.watch(&Cause::Machine("a node that is added again", machine));
        Ok(())
    }

    /// Removes everything that belongs to the cluster from a machine: its copy of the database and the identity of
    /// that copy. Its cluster service does not start until the machine is [added](Self::add_node) to the cluster
    /// again. This is meant for evicted nodes; any other node becomes a stranger to its cluster.
    ///
    /// # Errors
    /// An unknown node; a machine that is off or stands still, or whose cluster service runs.
    pub fn force_cleanup(&mut self, node: &str) -> Result<(), WorldError> {
        let machine = self.machine(node)?;
        self.must_run(machine)?;
        if self.stations[machine].service.runs() {
            let problem = "runs the cluster service: stop it before the node is cleaned up";
            return Err(self.machine_error(machine, problem));
        }
        let station = &mut self.stations[machine];
        station.cleaned = true;
        station.restarting = false;
        station.starting = None;
        station.restart_due = false;
        let files = &mut self.env.disks.system_mut(machine).files;
        files.retain(|file, _| !file.starts_with(CLUSTER_FILES));
        self.env.record(Some(machine), WorldEvent::CleanedUp {});
        self.env.changed();
        self.watch(&Cause::Machine("cleaning up", machine));
        Ok(())
    }

    /// The definition of the cluster on a machine's disk: as installed, plus the nodes added since that its cluster
    /// service has learned of.
    pub(super) fn installed_on(&self, machine: Machine) -> ClusterDefinition {
        let mut definition = self.installed.clone();
        let known = &self.stations[machine].known;
        let added = self.added.iter().filter(|node| known.contains(&node.name));
        definition.nodes.extend(added.cloned());
        definition
    }
}
