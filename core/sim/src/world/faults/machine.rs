//! Machines that fail, and the cluster service on them.

use std::collections::BTreeSet;

use quorate_model::{GroupDefinition, MachineFault, Name};

use super::super::World;
use crate::WorldError;
use crate::env::Machine;

impl World {
    pub(super) fn check_machine_fault(&self, fault: &MachineFault) -> Result<(), WorldError> {
        let machine = self.machine(fault.subject())?;
        match fault {
            MachineFault::Crash { .. } => match self.env.hosts[machine].on {
                true => Ok(()),
                false => Err(self.machine_error(machine, "is off")),
            },
            // A machine that is off comes up with it.
            MachineFault::FanFailure { .. } => Ok(()),
            MachineFault::CrashWriting { .. } | MachineFault::Freeze { .. } => {
                self.must_run(machine)
            }
            MachineFault::MonitorHang { .. } => {
                self.must_run(machine)?;
                match self.stations[machine].service.monitor() {
                    Some(_) => Ok(()),
                    None => Err(self.machine_error(machine, "runs no resource monitor")),
                }
            }
            MachineFault::ServiceStop { .. } | MachineFault::ServiceRestart { .. } => {
                self.must_run(machine)?;
                let over = matches!(fault, MachineFault::ServiceRestart { .. });
                match self.stations[machine].service.node() {
                    Some(_) if over && self.stations[machine].shutting_down => {
                        Err(self.machine_error(machine, "is being shut down"))
                    }
                    Some(_) => Ok(()),
                    None => Err(self.machine_error(machine, "does not run the cluster service")),
                }
            }
        }
    }

    pub(super) fn touched_by_machine(&self, fault: &MachineFault) -> BTreeSet<Name> {
        self.groups_of_node(fault.subject())
    }

    pub(super) fn break_machine(&mut self, fault: MachineFault) {
        let Ok(machine) = self.machine(fault.subject()) else {
            return;
        };
        match fault {
            MachineFault::Crash { .. } => self.power_cut(machine, "power lost"),
            MachineFault::Freeze { .. } => self.frozen(machine),
            MachineFault::MonitorHang { .. } => self.monitor_stands_still(machine, true),
            MachineFault::ServiceStop { .. } => self.service_ended(machine, "killed", false),
            MachineFault::ServiceRestart { .. } => self.service_restarted_over(machine),
            // Disks look for the one when they finish a write; the other makes everything on the machine slower.
            MachineFault::CrashWriting { .. } | MachineFault::FanFailure { .. } => {
                self.faults_changed();
            }
        }
    }

    pub(super) fn heal_machine(&mut self, fault: MachineFault) {
        let Ok(machine) = self.machine(fault.subject()) else {
            return;
        };
        match fault {
            MachineFault::Crash { .. } => self.power_on(machine),
            MachineFault::Freeze { .. } => self.thawed(machine),
            MachineFault::MonitorHang { .. } => {
                self.monitor_stands_still(machine, false);
                self.monitor_catches_up(machine);
            }
            MachineFault::ServiceStop { .. } => {
                let station = &self.stations[machine];
                let comes = station.service.runs() || station.starting.is_some();
                let may = self.must_run(machine).is_ok() && !station.cleaned;
                if may && !comes {
                    self.service_start(machine, "started by hand");
                }
            }
            MachineFault::ServiceRestart { .. } => {}
            MachineFault::CrashWriting { .. } | MachineFault::FanFailure { .. } => {
                self.faults_changed();
            }
        }
    }

    /// The groups that a node owns, by the cluster's database or in reality.
    pub(super) fn groups_of_node(&self, node: &str) -> BTreeSet<Name> {
        self.machine(node)
            .map(|machine| self.groups_on(machine))
            .unwrap_or_default()
    }

    /// The groups that a machine owns by the cluster's database, or of which it really runs a part.
    pub(in crate::world) fn groups_on(&self, machine: Machine) -> BTreeSet<Name> {
        let name = &self.env.hosts[machine].name;
        let observer = self
            .observer()
            .and_then(|observer| self.stations[observer].service.node());
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
