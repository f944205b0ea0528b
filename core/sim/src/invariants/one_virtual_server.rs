//! In a cluster of more than two nodes no machine runs two Exchange virtual servers: two groups, each with its System
//! Attendant online.

use std::collections::{BTreeMap, BTreeSet};

use super::{Findings, Invariant, MachineView, Observation};

/// The type whose resource makes a group an Exchange virtual server.
const SYSTEM_ATTENDANT: &str = "Microsoft Exchange System Attendant";

#[derive(Default)]
pub(super) struct OneVirtualServer {
    /// The finding of the last check of each machine that has one.
    found: BTreeMap<usize, String>,
}

impl Invariant for OneVirtualServer {
    fn name(&self) -> &'static str {
        "one_virtual_server"
    }

    fn check(&mut self, world: &Observation<'_>) -> Findings {
        let may = world.definition.nodes.len() > 2;
        for (number, machine) in world.machines.iter().enumerate() {
            if !world.changes.on(number) {
                continue;
            }
            let looked_at = may && machine.runs;
            match looked_at.then(|| several(world, machine)).flatten() {
                Some(several) => self.found.insert(number, several),
                None => self.found.remove(&number),
            };
        }
        let mut findings = Findings::default();
        let found = self.found.values();
        found.for_each(|text| findings.broken(text.clone()));
        findings
    }
}

/// The virtual servers of a machine, if there are several.
fn several(world: &Observation<'_>, machine: &MachineView) -> Option<String> {
    let attendants = machine
        .online()
        .filter(|(_, kind)| **kind == SYSTEM_ATTENDANT);
    let groups: BTreeSet<&str> = attendants
        .map(|(resource, _)| {
            let group = world
                .definition
                .resource(resource)
                .map(|(group, _)| &group.name);
            group.unwrap_or(resource).as_str()
        })
        .collect();
    let several = || {
        let groups: Vec<&str> = groups.iter().copied().collect();
        let groups = groups.join(" and ");
        format!("{} runs the virtual servers {groups}", machine.name)
    };
    (groups.len() > 1).then(several)
}

#[cfg(test)]
mod tests {
    use quorate_model::ResourceState::{self, Online};
    use quorate_model::Time;

    use super::super::tests::{check, member, told, with};
    use super::*;

    #[test]
    fn two_virtual_servers_on_a_node_are_seen_in_three_nodes_but_not_in_two() {
        let both = [
            ("EVS1 SA", SYSTEM_ATTENDANT, Online),
            ("EVS2 SA", SYSTEM_ATTENDANT, Online),
        ];
        let three = [with(member(1), &both), member(2), member(3)];
        let (broken, _) = check(&mut OneVirtualServer::default(), Time::ZERO, &three);
        assert_eq!(
            broken,
            ["NODE1 runs the virtual servers EVS1 SA and EVS2 SA"]
        );
        let two = [with(member(1), &both), member(2)];
        assert!(
            check(&mut OneVirtualServer::default(), Time::ZERO, &two)
                .0
                .is_empty()
        );
        let apart = [
            with(member(1), &both[..1]),
            with(member(2), &both[1..]),
            member(3),
        ];
        assert!(
            check(&mut OneVirtualServer::default(), Time::ZERO, &apart)
                .0
                .is_empty()
        );
    }

    #[test]
    fn two_virtual_servers_on_a_node_are_seen_until_one_has_gone_from_there() {
        let mut checker = OneVirtualServer::default();
        let mut look = |changed: &[usize], first: &[(&str, &str, ResourceState)], runs| {
            let mut machines = [with(member(1), first), member(2), member(3)];
            machines[0].runs = runs;
            told(&mut checker, changed, &machines)
        };
        let both = [
            ("EVS1 SA", SYSTEM_ATTENDANT, Online),
            ("EVS2 SA", SYSTEM_ATTENDANT, Online),
        ];
        let breach = ["NODE1 runs the virtual servers EVS1 SA and EVS2 SA"];
        assert!(look(&[0], &both[..1], true).is_empty());
        assert_eq!(look(&[0], &both, true), breach);
        assert_eq!(look(&[], &both, true), breach);
        assert_eq!(look(&[1], &both, true), breach, "it lasts");
        assert!(look(&[0], &both, false).is_empty(), "it stands still");
        assert_eq!(look(&[0], &both, true), breach);
        assert!(look(&[0], &both[1..], true).is_empty());
    }
}
