//! At most one quorate cluster: at any instant at most one running node knows that it coordinates.

use super::{Findings, Invariant, Observation};

pub(super) struct OneCluster;

impl Invariant for OneCluster {
    fn name(&self) -> &'static str {
        "one_cluster"
    }

    fn check(&mut self, world: &Observation<'_>) -> Findings {
        let mut findings = Findings::default();
        let coordinators: Vec<&str> = world
            .running()
            .filter(|machine| {
                machine
                    .snapshot
                    .as_ref()
                    .is_some_and(|node| node.coordinates)
            })
            .map(|machine| machine.name.as_str())
            .collect();
        if coordinators.len() > 1 {
            findings.broken(format!(
                "{} each coordinate a cluster",
                coordinators.join(" and ")
            ));
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::Time;

    use super::super::tests::{check, member, snapshot};
    use super::*;

    #[test]
    fn two_coordinators_are_seen_unless_one_stands_still() {
        let mut machines = [member(1), member(2), member(3)];
        snapshot(&mut machines[0]).coordinates = true;
        assert!(check(&mut OneCluster, Time::ZERO, &machines).0.is_empty());
        snapshot(&mut machines[2]).coordinates = true;
        let (broken, _) = check(&mut OneCluster, Time::ZERO, &machines);
        assert_eq!(broken, ["NODE1 and NODE3 each coordinate a cluster"]);
        machines[0].runs = false;
        assert!(check(&mut OneCluster, Time::ZERO, &machines).0.is_empty());
    }
}
