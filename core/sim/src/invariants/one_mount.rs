//! A shared disk is mounted on at most one machine that runs.

use super::{Findings, Invariant, Observation};

pub(super) struct OneMount;

impl Invariant for OneMount {
    fn name(&self) -> &'static str {
        "one_mount"
    }

    fn check(&mut self, world: &Observation<'_>) -> Findings {
        let mut findings = Findings::default();
        for (disk, mounted) in world.mounts {
            let machines = mounted.iter().map(|machine| &world.machines[*machine]);
            let on = machines.filter(|machine| machine.runs);
            if on.clone().count() > 1 {
                let on: Vec<&str> = on.map(|machine| machine.name.as_str()).collect();
                findings.broken(format!("{disk} is mounted on {}", on.join(" and ")));
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::Time;

    use super::super::tests::{check_with, member};
    use super::*;

    #[test]
    fn a_second_mount_is_seen_unless_one_machine_stands_still() {
        let mut machines = [member(1), member(2)];
        let one = [("Disk L:".into(), vec![1])];
        let two = [("Disk L:".into(), vec![0, 1])];
        assert!(
            check_with(&mut OneMount, Time::ZERO, &machines, &one, 0)
                .0
                .is_empty()
        );
        let (broken, _) = check_with(&mut OneMount, Time::ZERO, &machines, &two, 0);
        assert_eq!(broken, ["Disk L: is mounted on NODE1 and NODE2"]);
        machines[0].runs = false;
        assert!(
            check_with(&mut OneMount, Time::ZERO, &machines, &two, 0)
                .0
                .is_empty()
        );
    }
}
