//! Making faults and healing them: the common part of all kinds. The file of each kind says whether a fault is
//! possible at present, which groups it concerns, and what making and healing it do.

mod clock;
mod disk;
mod files;
mod machine;
mod names;
mod network;
mod process;
mod share;

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_journal::WorldEvent;
use quorate_model::{ClockFault, Fault, FaultId, Name, ProcessFault, Repair};
use quorate_node::Input;

use super::World;
use super::drive::Cause;
use crate::WorldError;
use crate::env::Happening;

/// Refuses a duration of zero.
pub(super) fn some_time(what: &'static str, span: Duration) -> Result<(), WorldError> {
    match span {
        Duration::ZERO => Err(WorldError::Range {
            what,
            wanted: "longer than nothing",
            found: "0s".to_owned(),
        }),
        _ => Ok(()),
    }
}

impl World {
    /// Breaks something, until it is healed.
    ///
    /// An unknown name, a value out of range, or a fault that is impossible at present: a machine that is off cannot
    /// crash, a service that does not run cannot hang. Nothing is changed then.
    pub fn inject(&mut self, fault: impl Into<Fault>) -> Result<FaultId, WorldError> {
        self.inject_for(fault, None)
    }

    /// As [`inject`](Self::inject); with a span the fault heals by itself afterwards.
    ///
    /// # Errors
    /// As [`inject`](Self::inject).
    pub fn inject_for(
        &mut self,
        fault: impl Into<Fault>,
        span: Option<Duration>,
    ) -> Result<FaultId, WorldError> {
        let fault = fault.into();
        self.check_fault(&fault)?;
        // Some faults may be made twice: processes started after a hang do not hang, and failing starts and steps of
        // a clock add up.
        let adds = matches!(
            fault,
            Fault::Process(ProcessFault::Hang { .. } | ProcessFault::FailStarts { .. })
                | Fault::Clock(ClockFault::ClockStep { .. })
        );
        let mut active = self.env.faults.iter();
        if let Some((id, _)) = active.find(|(_, it)| !adds && **it == fault) {
            return Err(WorldError::Nothing {
                why: format!("fault {id} says the same and is not healed"),
            });
        }
        if let Some(span) = span {
            some_time("how long a fault lasts", span)?;
        }
        let id = FaultId(self.next_fault);
        self.next_fault += 1;
        self.faulted = true;
        let text = fault.to_string();
        let touched = self.touched_by(&fault);
        self.remember(&fault, &touched);
        self.touched.extend(touched);
        self.env.record(
            None,
            WorldEvent::FaultInjected {
                id,
                subject: fault.subject().cloned(),
                fault: fault.clone(),
                text: text.clone(),
            },
        );
        self.break_it(id, fault);
        if let Some(span) = span {
            self.schedule_alone(span, Happening::Heal(id));
        }
        self.watch(&Cause::Text(text));
        Ok(id)
    }

    fn check_fault(&self, fault: &Fault) -> Result<(), WorldError> {
        match fault {
            Fault::Machine(fault) => self.check_machine_fault(fault),
            Fault::Clock(fault) => self.check_clock_fault(fault),
            Fault::Network(fault) => self.check_network_fault(fault),
            Fault::Names(fault) => self.check_name_fault(fault),
            Fault::Disk(fault) => self.check_disk_fault(fault),
            Fault::Process(fault) => self.check_process_fault(fault),
            Fault::Share(fault) => self.check_share_fault(fault),
        }
    }

    /// The groups that a fault concerns, and so cannot disturb.
    fn touched_by(&self, fault: &Fault) -> BTreeSet<Name> {
        match fault {
            Fault::Machine(fault) => self.touched_by_machine(fault),
            Fault::Clock(fault) => self.touched_by_clock(fault),
            Fault::Network(fault) => self.touched_by_network(fault),
            Fault::Names(_) => self.groups_with_name(),
            Fault::Disk(fault) => self.touched_by_disk(fault),
            Fault::Process(fault) => self.touched_by_process(fault),
            Fault::Share(fault) => self.touched_by_share(fault),
        }
    }

    fn break_it(&mut self, id: FaultId, fault: Fault) {
        let stands = fault.stands();
        self.env.faults.insert(id, fault.clone());
        match fault {
            Fault::Machine(fault) => self.break_machine(fault),
            Fault::Clock(fault) => self.break_clock(fault),
            Fault::Network(_) | Fault::Names(_) => self.faults_changed(),
            Fault::Disk(fault) => self.break_disk(fault),
            Fault::Process(fault) => self.break_process(fault),
            Fault::Share(fault) => self.break_share(fault),
        }
        if !stands {
            self.env.faults.remove(&id);
        }
    }

    /// Every group.
    fn all_groups(&self) -> BTreeSet<Name> {
        let groups = self.current.groups.iter();
        groups.map(|group| group.name.clone()).collect()
    }

    /// Applies the active faults to networks and disks, and tells nodes about their own cards.
    ///
    /// Whatever waits for something that has become faster arrives earlier.
    fn faults_changed(&mut self) {
        let before = self.env.networks.delays();
        let changed = self.env.apply_faults();
        self.env.hasten_datagrams(&before);
        self.env.hasten_disks();
        for (machine, network, up) in changed {
            let network = self.env.networks.name(network).clone();
            self.input(machine, Input::Link { network, up });
        }
        self.env.changed();
    }

    /// The active faults, oldest first.
    pub fn faults(&self) -> impl Iterator<Item = (FaultId, &Fault)> {
        self.env.faults.iter().map(|(id, fault)| (*id, fault))
    }

    /// Undoes a fault: power comes back, cards and disks work again. The cluster has to repair what has happened
    /// meanwhile.
    ///
    /// # Errors
    /// [`WorldError::NoFault`] if there is no such fault, or it is healed already.
    pub fn heal(&mut self, id: FaultId) -> Result<(), WorldError> {
        self.heal_quietly(id)?;
        self.watch(&Cause::Text(format!("fault {id} is healed")));
        Ok(())
    }

    /// As [`heal`](Self::heal), without a check of the invariants, which the caller does later.
    pub(super) fn heal_quietly(&mut self, id: FaultId) -> Result<(), WorldError> {
        let fault = self
            .env
            .faults
            .remove(&id)
            .ok_or(WorldError::NoFault(id.0))?;
        let subject = fault.subject().cloned();
        self.env.record(
            None,
            WorldEvent::FaultHealed {
                id,
                subject,
                fault: fault.clone(),
            },
        );
        match fault {
            Fault::Machine(fault) => self.heal_machine(fault),
            Fault::Clock(fault) => self.heal_clock(fault),
            Fault::Network(_) | Fault::Names(_) => self.faults_changed(),
            Fault::Disk(fault) => self.heal_disk(fault),
            Fault::Process(fault) => self.heal_process(fault),
            Fault::Share(fault) => self.heal_share(fault),
        }
        Ok(())
    }

    /// Undoes every fault, the newest first.
    pub fn heal_all(&mut self) {
        self.heal_where(|_| true);
    }

    /// Undoes the faults that `which` selects, the newest first. Returns how many there were.
    fn heal_where(&mut self, which: impl Fn(&Fault) -> bool) -> usize {
        let ids: Vec<FaultId> = self
            .env
            .faults
            .iter()
            .rev()
            .filter(|(_, fault)| which(fault))
            .map(|(id, _)| *id)
            .collect();
        // Healing one fault may have undone another, which is then gone as intended.
        ids.into_iter().filter(|id| self.heal(*id).is_ok()).count()
    }

    /// Undoes all faults of one thing.
    ///
    /// # Errors
    /// Unknown names; a thaw of a machine that does not stand still.
    pub fn repair(&mut self, what: &Repair) -> Result<(), WorldError> {
        match what {
            Repair::Thaw(node) => return self.thaw(node),
            Repair::Monitor(node) => drop(self.machine(node)?),
            Repair::Card { node, network } => {
                self.machine(node)?;
                self.network(network)?;
            }
            Repair::Network(network) => drop(self.network(network)?),
            Repair::Disk(disk) => drop(self.drive(disk)?),
            Repair::Path { node, disk } => {
                self.machine(node)?;
                self.known_disk(disk)?;
            }
            Repair::Process(resource) => drop(self.known_resource(resource)?),
            // There is nothing to check: if there is no such fault, nothing changes.
            Repair::Share(_) | Repair::Partitions | Repair::Names => {}
        }
        self.heal_where(|fault| what.mends(fault));
        Ok(())
    }
}
