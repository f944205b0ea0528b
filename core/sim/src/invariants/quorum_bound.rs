//! A node without quorum has nothing online after its bound: the survivors wait that long before they take over. The
//! quorum resource is excepted, since a node brings it online to gain quorum.

use quorate_model::QuorumKind;
use quorate_node::bounds;

use super::{Findings, Invariant, Observation};

pub(super) struct QuorumBound;

impl Invariant for QuorumBound {
    fn name(&self) -> &'static str {
        "quorum_bound"
    }

    fn check(&mut self, world: &Observation<'_>) -> Findings {
        let mut findings = Findings::default();
        let quorum_resource = match &world.definition.quorum {
            QuorumKind::Standard { resource } => Some(resource),
            QuorumKind::MajorityNodeSet | QuorumKind::Local => None,
        };
        for machine in world.running() {
            let Some(since) = machine.without_quorum_since else {
                continue;
            };
            let held: Vec<&str> = machine
                .online()
                .map(|(resource, _)| resource)
                .filter(|resource| Some(*resource) != quorum_resource)
                .map(|resource| resource.as_str())
                .collect();
            if held.is_empty() {
                continue;
            }
            findings.bounded(world.now, since, bounds::TAKEOVER_WAIT, || {
                format!(
                    "{} has had no quorum for more than {:?} and still holds {} online",
                    machine.name,
                    bounds::TAKEOVER_WAIT,
                    held.join(", ")
                )
            });
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::ResourceState::Online;
    use quorate_model::Time;

    use super::super::tests::{check, member, with};
    use super::*;

    #[test]
    fn what_is_held_past_the_bound_is_seen() {
        let mut machine = with(
            member(1),
            &[
                ("address", "IP Address", Online),
                ("Disk Q:", "Physical Disk", Online),
            ],
        );
        machine.without_quorum_since = Some(Time::from_millis(5_000));
        let at = |millis, machine: &_| {
            check(
                &mut QuorumBound,
                Time::from_millis(millis),
                std::slice::from_ref(machine),
            )
        };
        let (broken, again) = at(31_000, &machine);
        assert!(broken.is_empty());
        assert_eq!(again, Some(Time(31_000_001)));
        let (broken, _) = at(31_001, &machine);
        assert_eq!(
            broken,
            ["NODE1 has had no quorum for more than 26s and still holds address online"]
        );
        machine.resources.remove("address");
        assert!(at(60_000, &machine).0.is_empty());
    }
}
