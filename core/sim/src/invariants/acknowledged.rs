//! No acknowledged update is lost: a coordinator with quorum reaches the highest position whose effect was ever
//! acknowledged.
//!
//! A new coordinator learns what is committed with the first entry of its own term, so it has as much time for that
//! as a lost member may be silent. If another entry replaces a lost one, `replicas_agree` reports it at once.

use quorate_model::{Name, Time};
use quorate_node::bounds;

use super::{Findings, Invariant, Observation};

#[derive(Default)]
pub(super) struct Acknowledged {
    /// The coordinator that is still below that position, its term, and since when it has been so.
    behind: Option<(Name, u64, Time)>,
}

impl Invariant for Acknowledged {
    fn name(&self) -> &'static str {
        "acknowledged"
    }

    fn promise_void(&mut self) {
        self.behind = None;
    }

    fn check(&mut self, world: &Observation<'_>) -> Findings {
        let mut findings = Findings::default();
        let coordinator = world.running().find_map(|machine| {
            let node = machine.snapshot.as_ref()?;
            (node.coordinates && node.has_quorum).then_some((&machine.name, node))
        });
        let behind = coordinator.filter(|(_, node)| node.committed < world.acknowledged);
        let since = match (behind, &self.behind) {
            (None, _) => {
                self.behind = None;
                return findings;
            }
            (Some((name, node)), Some((who, term, since))) if who == name && *term == node.term => {
                *since
            }
            (Some((name, node)), _) => {
                self.behind = Some((name.clone(), node.term, world.now));
                world.now
            }
        };
        if let Some((name, node)) = behind {
            findings.bounded(world.now, since, bounds::MEMBER_SILENCE, || {
                format!(
                    "{name} coordinates and knows of {} committed positions, but {} was acknowledged",
                    node.committed, world.acknowledged
                )
            });
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_with, member, snapshot};
    use super::*;

    #[test]
    fn a_coordinator_that_stays_behind_an_acknowledged_position_is_seen() {
        let mut checker = Acknowledged::default();
        let mut machines = [member(1)];
        snapshot(&mut machines[0]).coordinates = true;
        snapshot(&mut machines[0]).committed = 6;
        let mut at = |secs: u64, machines: &_| {
            check_with(
                &mut checker,
                Time::from_millis(secs * 1_000),
                machines,
                &[],
                7,
            )
            .0
            .len()
        };
        assert_eq!(at(0, &machines), 0, "it may still be finding out");
        assert_eq!(at(8, &machines), 1);
        snapshot(&mut machines[0]).committed = 7;
        assert_eq!(at(9, &machines), 0);
    }

    /// The time starts again for each new coordinator and term, and when earlier promises become void.
    #[test]
    fn the_time_to_find_out_begins_with_each_coordinator_each_term_and_each_promise() {
        let behind = |id: u8, term: u64| {
            let mut machine = member(id);
            let node = snapshot(&mut machine);
            (node.coordinates, node.committed, node.term) = (true, 6, term);
            [machine]
        };
        let look = |checker: &mut Acknowledged, secs: u64, machines: &[_]| {
            let now = Time::from_millis(secs * 1_000);
            check_with(checker, now, machines, &[], 7).0.len()
        };
        let mut checker = Acknowledged::default();
        assert_eq!(look(&mut checker, 0, &behind(1, 1)), 0);
        assert_eq!(look(&mut checker, 8, &behind(2, 1)), 0, "another node");
        assert_eq!(look(&mut checker, 16, &behind(2, 2)), 0, "another term");
        checker.promise_void();
        assert_eq!(look(&mut checker, 24, &behind(2, 2)), 0, "a new promise");
        assert_eq!(look(&mut checker, 32, &behind(2, 2)), 1);
        let mut follows = behind(2, 2);
        snapshot(&mut follows[0]).coordinates = false;
        assert_eq!(look(&mut checker, 33, &follows), 0, "it leads nobody");
        let mut alone = behind(2, 2);
        snapshot(&mut alone[0]).has_quorum = false;
        assert_eq!(look(&mut checker, 34, &alone), 0, "nor without quorum");
    }
}
