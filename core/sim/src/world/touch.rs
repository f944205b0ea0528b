//! Which groups a fault is about: those it cannot disturb, since it is meant for them.

use std::collections::BTreeSet;

use quorate_model::{GroupDefinition, Name, QuorumKind, ResourceDefinition, Value};

use super::World;
use crate::env::Machine;
use crate::fault::Fault;

impl World {
    /// The groups that a fault is about, and that it therefore cannot disturb:
    /// - of a machine, its card or its cluster service: what the machine owns, by the cluster's database or
    ///   in truth;
    /// - of a network: every group; of a cut: what is owned by the nodes that a cut end belongs to, those in
    ///   the largest set that is still whole left out;
    /// - of a disk: the group with its Physical Disk resource, and every group if it is the quorum's;
    /// - of a service: its resource's group;
    /// - of a DHCP server: the groups with an address from it;
    /// - of a script: the groups with a resource written in it.
    pub(super) fn touched_by(&self, fault: &Fault) -> BTreeSet<Name> {
        match fault {
            Fault::Crash { node }
            | Fault::Freeze { node }
            | Fault::ServiceStop { node }
            | Fault::Wipe { node }
            | Fault::CrashWriting { node, .. }
            | Fault::Card { node, .. } => self
                .machine(node)
                .map(|machine| self.groups_on(machine))
                .unwrap_or_default(),
            Fault::Network { .. } | Fault::Loss { .. } | Fault::Latency { .. } => self
                .current
                .groups
                .iter()
                .map(|group| group.name.clone())
                .collect(),
            Fault::Cut { links, .. } => self
                .cut_off(links)
                .into_iter()
                .flat_map(|machine| self.groups_on(machine))
                .collect(),
            Fault::Disk { disk }
            | Fault::SlowDisk { disk, .. }
            | Fault::FileDamage { disk, .. } => self.groups_with_disk(disk),
            Fault::Dhcp { network } => self.groups_with_lease(network),
            Fault::ServiceCrash { resource }
            | Fault::Hang { resource }
            | Fault::FailStarts { resource, .. }
            | Fault::SlowStart { resource, .. } => self
                .current
                .resource(resource)
                .map(|(group, _)| group.name.clone())
                .into_iter()
                .collect(),
            Fault::ScriptLost { path, .. } => self.groups_with_script(path),
        }
    }

    /// The groups with a resource that is written in the script at `path`.
    fn groups_with_script(&self, path: &str) -> BTreeSet<Name> {
        let runs = |resource: &ResourceDefinition| {
            resource.properties.private.get("ScriptFilepath") == Some(&Value::Text(path.to_owned()))
        };
        let groups = self.current.groups.iter();
        groups
            .filter(|group| group.resources.iter().any(runs))
            .map(|group| group.name.clone())
            .collect()
    }

    /// The machines at the ends of a cut, without those of the largest set that still hear each other; all
    /// of them if two sets are equally large.
    fn cut_off(&self, links: &[(Name, Name)]) -> Vec<Machine> {
        let hosts = &self.env.hosts;
        let apart = |a: Machine, b: Machine| {
            let is = |name: &Name, machine: Machine| *name == hosts[machine].name;
            links
                .iter()
                .any(|(from, to)| (is(from, a) && is(to, b)) || (is(from, b) && is(to, a)))
        };
        let mut sets: Vec<Vec<Machine>> = Vec::new();
        for machine in 0..hosts.len() {
            match sets
                .iter_mut()
                .find(|set| set.iter().all(|other| !apart(machine, *other)))
            {
                Some(set) => set.push(machine),
                None => sets.push(vec![machine]),
            }
        }
        let most = sets.iter().map(Vec::len).max().unwrap_or(0);
        let alone = sets.iter().filter(|set| set.len() == most).count() == 1;
        sets.into_iter()
            .filter(|set| !alone || set.len() < most)
            .flatten()
            .collect()
    }

    fn groups_with_disk(&self, disk: &str) -> BTreeSet<Name> {
        let mut touched = BTreeSet::new();
        for group in &self.current.groups {
            for resource in &group.resources {
                if resource.kind != *"Physical Disk" || resource.disk() != *disk {
                    continue;
                }
                touched.insert(group.name.clone());
                let quorum = QuorumKind::Standard {
                    resource: resource.name.clone(),
                };
                if self.current.quorum == quorum {
                    return self
                        .current
                        .groups
                        .iter()
                        .map(|group| group.name.clone())
                        .collect();
                }
            }
        }
        touched
    }

    fn groups_with_lease(&self, network: &str) -> BTreeSet<Name> {
        let leased = |resource: &ResourceDefinition| {
            let private = &resource.properties.private;
            private.get("Network") == Some(&Value::Text(network.to_owned()))
                && private
                    .get("EnableDhcp")
                    .is_some_and(|value| *value != Value::Dword(0))
        };
        let groups = self.current.groups.iter();
        groups
            .filter(|group| group.resources.iter().any(leased))
            .map(|group| group.name.clone())
            .collect()
    }

    /// The groups that a machine owns by the cluster's database, or of which it truly runs something.
    pub(super) fn groups_on(&self, machine: Machine) -> BTreeSet<Name> {
        let name = &self.env.hosts[machine].name;
        let observer = self
            .observer()
            .and_then(|observer| self.stations[observer].node.as_ref());
        let view = &self.views[machine];
        let runs = |group: &GroupDefinition| {
            group.resources.iter().any(|resource| {
                view.resources
                    .get(&resource.name)
                    .is_some_and(|(_, state)| !state.is_down())
            })
        };
        let owns = |group: &GroupDefinition| {
            observer
                .and_then(|node| node.group(&group.name))
                .is_some_and(|group| group.owner == *name)
        };
        let groups = self.current.groups.iter();
        groups
            .filter(|group| owns(group) || runs(group))
            .map(|group| group.name.clone())
            .collect()
    }
}
