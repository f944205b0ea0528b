//! A resource is online on at most one machine that runs.

use std::collections::BTreeMap;

use super::{Findings, Invariant, Observation};

pub(super) struct OneOwner;

impl Invariant for OneOwner {
    fn name(&self) -> &'static str {
        "one_owner"
    }

    fn check(&mut self, world: &Observation<'_>) -> Findings {
        let mut findings = Findings::default();
        let mut owners: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for machine in world.running() {
            for (resource, _) in machine.online() {
                owners.entry(resource).or_default().push(&machine.name);
            }
        }
        for (resource, owners) in owners {
            if owners.len() > 1 {
                findings.broken(format!("{resource} is online on {}", owners.join(" and ")));
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::ResourceState::{Online, OnlinePending};
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
        assert!(check(&mut OneOwner, Time::ZERO, &one).0.is_empty());
        let mut two = [
            with(member(1), &address(Online)),
            with(member(2), &address(Online)),
        ];
        let (broken, _) = check(&mut OneOwner, Time::ZERO, &two);
        assert_eq!(broken, ["address is online on NODE1 and NODE2"]);
        two[1].runs = false;
        assert!(check(&mut OneOwner, Time::ZERO, &two).0.is_empty());
    }
}
