//! Replicas are equal up to their position, and committed updates never change: the digest after a log position is
//! the same on every node and at every time (Ongaro's dissertation, section 3.6.3, State Machine Safety).

use std::collections::{BTreeMap, BTreeSet};

use quorate_model::Name;

use super::{Findings, Invariant, Observation};

#[derive(Default)]
pub(super) struct ReplicasAgree {
    /// By position: the digest, and the node that applied it first.
    digests: BTreeMap<u64, (u64, Name)>,
    /// The digests from before a start switch that keeps changes to one node.
    aside: BTreeMap<u64, (u64, Name)>,
    /// Positions and digests that an administrator has given up. A node that the others went on without still has
    /// them when it boots. What it applies later differs from them, since a digest covers everything before it.
    given_up: BTreeSet<(u64, u64)>,
    told: Vec<String>,
}

impl Invariant for ReplicasAgree {
    fn name(&self) -> &'static str {
        "replicas_agree"
    }

    fn promise_void(&mut self) {
        let given_up = std::mem::take(&mut self.digests);
        let given_up = given_up.into_iter().map(|(at, (digest, _))| (at, digest));
        self.given_up.extend(given_up);
    }

    fn past_set_aside(&mut self) {
        self.aside = std::mem::take(&mut self.digests);
    }

    fn past_taken_up(&mut self) {
        self.digests = std::mem::take(&mut self.aside);
    }

    fn check(&mut self, world: &Observation<'_>) -> Findings {
        for machine in world.machines {
            for (position, digest) in &machine.applied {
                // A node that is kept out during that time boots with the digests from before.
                let before = self.aside.get(position);
                let as_before = before.is_some_and(|(past, _)| past == digest);
                if as_before || self.given_up.contains(&(*position, *digest)) {
                    continue;
                }
                let (first, by) = self
                    .digests
                    .entry(*position)
                    .or_insert_with(|| (*digest, machine.name.clone()));
                if first != digest {
                    self.told.push(format!(
                        "after position {position} the database of {} differs from what {by} had there",
                        machine.name
                    ));
                }
            }
        }
        // Replicas that differ never agree again, so the finding stays.
        Findings {
            broken: self.told.clone(),
            again: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::Time;

    use super::super::tests::{check, member};
    use super::*;

    #[test]
    fn a_replica_that_differs_is_seen_even_if_the_first_is_gone() {
        let mut checker = ReplicasAgree::default();
        let mut machines = [member(1), member(2)];
        machines[0].applied = vec![(1, 11), (2, 22)];
        machines[1].applied = vec![(1, 11)];
        assert!(check(&mut checker, Time::ZERO, &machines).0.is_empty());
        machines[0] = member(1);
        machines[0].snapshot = None;
        machines[1].applied = vec![(2, 33)];
        let (broken, _) = check(&mut checker, Time::ZERO, &machines);
        assert_eq!(
            broken,
            ["after position 2 the database of NODE2 differs from what NODE1 had there"]
        );
    }

    #[test]
    fn what_was_given_up_may_still_be_somewhere_but_nothing_may_be_made_of_it() {
        let mut checker = ReplicasAgree::default();
        let mut machines = [member(1), member(2)];
        let mut apply = |checker: &mut ReplicasAgree, applied| {
            machines[0].applied = vec![applied];
            check(checker, Time::ZERO, &machines).0.len()
        };
        assert_eq!(apply(&mut checker, (7, 11)), 0);
        checker.promise_void();
        assert_eq!(apply(&mut checker, (7, 99)), 0, "without it");
        assert_eq!(apply(&mut checker, (8, 98)), 0);
        assert_eq!(
            apply(&mut checker, (7, 11)),
            0,
            "a boot with what was known"
        );
        assert_eq!(apply(&mut checker, (8, 12)), 1, "and an entry on top of it");
    }

    #[test]
    fn what_was_set_aside_counts_again() {
        let mut checker = ReplicasAgree::default();
        let mut machines = [member(1), member(2)];
        let mut apply = |checker: &mut ReplicasAgree, applied| {
            machines[0].applied = vec![applied];
            check(checker, Time::ZERO, &machines).0.len()
        };
        assert_eq!(apply(&mut checker, (1, 11)), 0);
        checker.past_set_aside();
        assert_eq!(apply(&mut checker, (1, 99)), 0, "by itself");
        assert_eq!(apply(&mut checker, (1, 11)), 0, "a boot with the past");
        checker.past_taken_up();
        assert_eq!(apply(&mut checker, (1, 11)), 0);
        assert_eq!(apply(&mut checker, (1, 99)), 1);
    }

    #[test]
    fn what_a_node_had_before_the_past_was_set_aside_is_no_difference_and_anything_else_is() {
        let mut checker = ReplicasAgree::default();
        let mut machines = [member(1), member(2)];
        let mut apply = |checker: &mut ReplicasAgree, machine: usize, applied| {
            machines[machine].applied = vec![applied];
            let found = check(checker, Time::ZERO, &machines).0.len();
            machines[machine].applied.clear();
            found
        };
        assert_eq!(apply(&mut checker, 0, (7, 11)), 0);
        checker.past_set_aside();
        assert_eq!(apply(&mut checker, 0, (7, 22)), 0, "by itself");
        assert_eq!(apply(&mut checker, 1, (7, 11)), 0, "as before");
        assert_eq!(apply(&mut checker, 1, (7, 33)), 1);
    }
}
