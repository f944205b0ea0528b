//! A resource is in service on at most one running machine: it is not Online or OfflinePending there while it is
//! either of them somewhere else.

use std::collections::BTreeMap;

use quorate_model::{Name, ResourceState, Slot};

use super::{Findings, Invariant, MachineView, Observation};

#[derive(Default)]
pub(super) struct OneOwner {
    /// The findings of the last check.
    found: Findings,
}

impl Invariant for OneOwner {
    fn name(&self) -> &'static str {
        "one_owner"
    }

    fn check(&mut self, world: &Observation<'_>) -> Findings {
        if !world.changes.any() {
            return self.found.clone();
        }
        let before = std::mem::take(&mut self.found);
        let active = |state| matches!(state, ResourceState::Online | ResourceState::OfflinePending);
        let state_there = |machine: &MachineView, (slot, name): (Slot, &Name)| {
            let slot = machine.resources.slot_near(slot, name)?;
            let (_, state) = machine.resources.at(slot)?;
            active(*state).then_some(*state)
        };
        let also = |number: usize, (slot, name): (Slot, &Name)| {
            let others = world.machines.iter().zip(0..);
            let mut others = others.filter(|(it, other)| it.runs && *other != number);
            others.any(|(other, _)| state_there(other, (slot, name)).is_some())
        };
        // Where nothing was in service twice, only what is on a machine that has changed may be.
        if !world.changes.everything && before == Findings::default() {
            let changed = world.changes.machines.iter();
            let changed =
                changed.filter_map(|number| Some((*number, world.machines.get(*number)?)));
            let mut running = changed.filter(|(_, machine)| machine.runs);
            let twice = running.any(|(number, machine)| {
                let mut resources = machine.resources.iter_slots();
                resources.any(|(slot, resource, (_, state))| {
                    active(*state) && also(number, (slot, resource))
                })
            });
            if !twice {
                return before;
            }
        }
        let mut twice = BTreeMap::new();
        let mut running = world.running();
        while let Some(machine) = running.next() {
            for (slot, resource, (_, state)) in machine.resources.iter_slots() {
                let elsewhere = |other| state_there(other, (slot, resource)).is_some();
                if active(*state) && running.clone().any(elsewhere) {
                    twice.entry(resource).or_insert(slot);
                }
            }
        }
        for (resource, slot) in twice {
            let owners = world.running().filter_map(|machine| {
                let name = &machine.name;
                match state_there(machine, (slot, resource))? {
                    ResourceState::OfflinePending => Some(format!("{name} (where it is stopping)")),
                    _ => Some(name.to_string()),
                }
            });
            let owners = owners.collect::<Vec<_>>().join(" and ");
            self.found
                .broken(format!("{resource} is online on {owners}"));
        }
        self.found.clone()
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::ResourceState::{Offline, OfflinePending, Online, OnlinePending};
    use quorate_model::Time;

    use super::super::tests::{check, member, with};
    use super::*;

    #[test]
    fn a_second_owner_is_seen_unless_one_stands_still() {
        let address = |state| [("address", "IP Address", state)];
        let one = [
            with(member(1), &address(Online)),
            with(member(2), &address(OnlinePending)),
        ];
        assert!(
            check(&mut OneOwner::default(), Time::ZERO, &one)
                .0
                .is_empty()
        );
        let mut two = [
            with(member(1), &address(Online)),
            with(member(2), &address(Online)),
        ];
        let (broken, _) = check(&mut OneOwner::default(), Time::ZERO, &two);
        assert_eq!(broken, ["address is online on NODE1 and NODE2"]);
        // A resource that is stopping still runs.
        for (first, second) in [(OfflinePending, Online), (Online, OfflinePending)] {
            let two = [
                with(member(1), &address(first)),
                with(member(2), &address(second)),
            ];
            let (broken, _) = check(&mut OneOwner::default(), Time::ZERO, &two);
            let stopping = if first == OfflinePending {
                "NODE1"
            } else {
                "NODE2"
            };
            assert_eq!(broken.len(), 1);
            assert!(broken[0].contains(&format!("{stopping} (where it is stopping)")));
        }
        let handed_on = [
            with(member(1), &address(OfflinePending)),
            with(member(2), &address(Offline)),
        ];
        assert!(
            check(&mut OneOwner::default(), Time::ZERO, &handed_on)
                .0
                .is_empty()
        );
        two[1].runs = false;
        assert!(
            check(&mut OneOwner::default(), Time::ZERO, &two)
                .0
                .is_empty()
        );
    }
}
