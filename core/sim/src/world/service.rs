//! What a client would find. Outages, service levels and calls are all based on this.

use std::time::Duration;

use quorate_model::{GroupDefinition, Name, ResourceDefinition, ResourceState, Slot, Value, types};

use super::World;
use crate::env::{Machine, PATIENCE};
use crate::invariants::MachineView;

impl World {
    /// Whether a client would find a group in full service at this instant, whatever the cluster believes: every
    /// resource of it is online on one running machine, and in reach there. Returns that machine, or why not.
    ///
    /// # Errors
    /// One sentence: what a client would miss.
    pub fn group_service(&self, group: &str) -> Result<Name, String> {
        let definition = self.known_group(group).map_err(|error| error.to_string())?;
        let machine = self.full_service(definition)?;
        Ok(self.env.hosts[machine].name.clone())
    }

    /// As [`group_service`](Self::group_service), of one resource.
    ///
    /// # Errors
    /// One sentence: what is missing.
    pub fn resource_service(&self, resource: &str) -> Result<Name, String> {
        let known = self.known_resource(resource);
        let (_, definition) = known.map_err(|error| error.to_string())?;
        let mut why = None;
        for (machine, view) in self.views.iter().enumerate() {
            if runs_it(view, definition) {
                match self.in_reach(machine, definition) {
                    Ok(()) => return Ok(view.name.clone()),
                    Err(found) => why = Some(found),
                }
            }
        }
        Err(why.unwrap_or_else(|| self.nowhere(definition)))
    }

    /// The machine on which a group is in full service.
    pub(super) fn full_service(&self, group: &GroupDefinition) -> Result<Machine, String> {
        if group.resources.is_empty() {
            return Err("it has no resources".to_owned());
        }
        let Some(machine) = self.runs_all(group) else {
            let mut resources = self.slotted(group);
            let nowhere = resources.find(|(resource, slot)| {
                let mut views = self.views.iter();
                !views.any(|view| runs_at(view, resource, *slot))
            });
            return Err(match nowhere {
                Some((missing, _)) => self.nowhere(missing),
                None => "no machine has all of it online".to_owned(),
            });
        };
        for resource in &group.resources {
            self.in_reach(machine, resource)?;
        }
        Ok(machine)
    }

    /// As [`full_service`](Self::full_service), without a word on what is missing.
    pub(super) fn serving(&self, group: &GroupDefinition) -> Option<Machine> {
        let machine = self.runs_all(group)?;
        let mut resources = group.resources.iter();
        let reached = resources.all(|one| self.in_reach(machine, one).is_ok());
        reached.then_some(machine)
    }

    /// The machine on which every resource of a group is online; none where it has no resources.
    fn runs_all(&self, group: &GroupDefinition) -> Option<Machine> {
        let count = group.resources.len();
        if count == 0 {
            return None;
        }
        self.views.iter().position(|view| {
            // Nearly all machines have too few online, and none of these need be sought.
            let all = || {
                self.slotted(group)
                    .all(|(it, slot)| runs_at(view, it, slot))
            };
            view.online >= count && all()
        })
    }

    /// The resources of a group, each with where machines most likely have its state.
    fn slotted<'a>(
        &'a self,
        group: &'a GroupDefinition,
    ) -> impl Iterator<Item = (&'a ResourceDefinition, Slot)> {
        let slots = self.groups.get(&group.name).and_then(|track| {
            let known = self.views.iter().map(|view| &view.resources);
            let known = known.max_by_key(|resources| resources.len())?;
            let slot = |it: &ResourceDefinition| known.slot(&it.name).unwrap_or_default();
            let slots = || group.resources.iter().map(slot).collect();
            (!known.is_empty()).then(|| track.slots.get_or_init(slots))
        });
        let slots = slots.into_iter().flatten().copied();
        group
            .resources
            .iter()
            .zip(slots.chain(std::iter::repeat(0)))
    }

    /// Why a resource is not online anywhere.
    fn nowhere(&self, resource: &ResourceDefinition) -> String {
        let name = &resource.name;
        let stopped = self.views.iter().find(|view| {
            let state = view.resources.get(name).map(|(_, state)| *state);
            !view.runs && state == Some(ResourceState::Online)
        });
        match stopped {
            Some(view) => format!("{name} was online on {}, which does not run", view.name),
            None => format!("{name} is online nowhere"),
        }
    }

    /// Checks that a resource that is online on a machine can be used.
    fn in_reach(&self, machine: Machine, resource: &ResourceDefinition) -> Result<(), String> {
        let env = &self.env;
        let (name, node) = (&resource.name, &env.hosts[machine].name);
        if env.processes.died(machine, name) {
            return Err(format!("the process behind {name} has ended"));
        }
        if env.processes.of(machine, name).any(|(_, it)| !it.answers()) {
            return Err(format!("the process behind {name} does not answer"));
        }
        if resource.kind == types::NETWORK_NAME {
            let called = network_name(resource);
            let (address, asking) = env.found_by_clients(&called)?;
            if asking > PATIENCE {
                return Err(format!("{called} takes {asking:?} to resolve"));
            }
            return self.leads_to(machine, address).map_err(|why| match why {
                true => format!("{address} does not answer"),
                false => format!("{called} leads to {address}, which is not on {node}"),
            });
        }
        if let Some(address) = env.addresses.of(machine, name)
            && self.leads_to(machine, address) == Err(true)
        {
            return Err(format!("{address} does not answer"));
        }
        if let Some(disk) = self.current.shared_disk(resource)
            && let Some(disk) = env.disks.find(&disk)
            && !disk.answers(machine)
        {
            return Err(format!("disk {} does not answer", disk.name));
        }
        for (_, process) in env.processes.of(machine, name) {
            if process.wrong {
                return Err(format!("the process behind {name} answers with an error"));
            }
            env.answer_takes(machine, name, process.late)?;
        }
        env.answer_takes(machine, name, Duration::ZERO).map(drop)
    }

    /// Checks that a call to an address reaches this machine. The error says whether the machine has the address at
    /// all.
    fn leads_to(&self, machine: Machine, address: &str) -> Result<(), bool> {
        let network = self.env.addresses.network_of(machine, address);
        let network = network.ok_or(false)?;
        let taken = self.env.networks.has_stranger(network, address);
        match self.env.networks.usable(network, machine) && !taken {
            true => Ok(()),
            false => Err(true),
        }
    }
}

/// The name that clients use for a Network Name resource.
pub(super) fn network_name(resource: &ResourceDefinition) -> String {
    match resource.properties.private.get("Name") {
        Some(Value::Text(name)) => name.clone(),
        _ => resource.name.to_string(),
    }
}

fn runs_it(view: &MachineView, resource: &ResourceDefinition) -> bool {
    runs_at(view, resource, 0)
}

/// As [`runs_it`], where the state most likely lies in this slot.
fn runs_at(view: &MachineView, resource: &ResourceDefinition, slot: Slot) -> bool {
    let state = || view.resources.near(slot, &resource.name);
    let online = || state().is_some_and(|(_, state)| *state == ResourceState::Online);
    view.runs && view.online > 0 && online()
}
