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
            let (_, state) = machine.resources.near(slot, name)?;
            active(*state).then_some(*state)
        };
        let running = || world.machines.iter().enumerate().filter(|(_, it)| it.runs);
        // Where nothing was in service twice, only what is on a machine that has changed may be.
        let may = |number: usize| !before.broken.is_empty() || world.changes.on(number);
        let mut twice = BTreeMap::new();
        for (number, machine) in running().filter(|(number, _)| may(*number)) {
            for (slot, resource, (_, state)) in machine.resources.iter_slots() {
                let elsewhere = |(other, machine): (usize, _)| {
                    other != number && state_there(machine, (slot, resource)).is_some()
                };
                if active(*state) && running().any(elsewhere) {
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

    use super::super::tests::{check, member, told, with};
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

    #[test]
    fn a_second_owner_is_seen_wherever_it_came_last_and_until_one_of_them_has_gone() {
        let mut checker = OneOwner::default();
        let mut look = |changed: &[usize], states: [ResourceState; 3]| {
            let machines: [_; 3] = std::array::from_fn(|number| {
                let machine = member(number as u8 + 1);
                with(machine, &[("address", "IP Address", states[number])])
            });
            told(&mut checker, changed, &machines)
        };
        let breach = ["address is online on NODE1 and NODE3"];
        assert!(look(&[0], [Online, Offline, Offline]).is_empty());
        assert_eq!(look(&[2], [Online, Offline, Online]), breach);
        assert_eq!(look(&[], [Online, Offline, Online]), breach);
        // Elsewhere something happens, and it lasts.
        assert_eq!(look(&[1], [Online, OnlinePending, Online]), breach);
        assert!(look(&[0], [Offline, OnlinePending, Online]).is_empty());
        assert!(look(&[1], [Offline, Offline, Online]).is_empty());
        assert_eq!(look(&[0], [Online, Offline, Online]), breach);
    }
}
