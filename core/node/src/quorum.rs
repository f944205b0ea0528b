//! The three kinds of quorum: what each needs in order to lead, and for how long its word stands.

use std::fmt;
use std::time::Duration;

use quorate_log::{CommitRule, Log, NodeSet, Witness};
use quorate_model::{ClusterDefinition, Name, NodeId, QuorumKind, StartSwitches, Time};

use crate::bounds;

/// How a node without a coordinator sets about to become one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Candidacy {
    /// By arbitration for the quorum resource, and then with the log that is on its disk.
    Arbitrate { resource: Name, disk: Name },
    /// By the votes of a majority.
    Elect,
    /// By itself.
    Alone,
}

/// A kind of quorum.
pub(crate) trait Quorum: fmt::Debug {
    /// What makes an update durable, if this node holds the quorum resource or does not.
    fn rule(&self, me: NodeId, holds: bool) -> CommitRule;

    /// How to become coordinator.
    fn candidacy(&self) -> Candidacy;

    /// When the coordinator's quorum was last confirmed. `proven` is when the newest write to the log's device that
    /// succeeded was asked for.
    fn confirmed(&self, log: &Log, me: NodeId, now: Time, proven: Time) -> Time;

    /// Whether that was at `since` or later.
    fn is_confirmed(&self, log: &Log, me: NodeId, now: Time, proven: Time, since: Time) -> bool {
        self.confirmed(log, me, now, proven) >= since
    }

    /// Whether a coordinator whose quorum is no longer confirmed may go on as a member; otherwise it halts.
    fn survives_lapse(&self) -> bool;

    /// How long after it began to coordinate a node waits before it takes over from one it has not heard of: by
    /// then whoever followed an earlier coordinator has stopped, or where it has `led`, that coordinator itself.
    fn takeover_wait(&self, led: bool) -> Duration;

    /// How long a starting node looks for a cluster before it tries to form one.
    fn discovery(&self) -> Duration;

    /// What to do where a node's own copy of the database is damaged.
    fn mends_own_copy(&self) -> &'static str;
}

/// The quorum kind that the definition and the switches ask for. A node that `joins` an existing cluster does not know
/// who votes there: it learns that with the log.
pub(crate) fn of(
    definition: &ClusterDefinition,
    switches: &StartSwitches,
    joins: bool,
) -> Box<dyn Quorum + Send> {
    match &definition.quorum {
        _ if switches.fix_quorum => Box::new(Local {
            discovery: bounds::DISCOVERY,
        }),
        QuorumKind::Standard { resource } => {
            let disk = definition
                .resource(resource)
                .map_or_else(|| resource.clone(), |(_, resource)| resource.disk());
            Box::new(Standard {
                resource: resource.clone(),
                disk,
            })
        }
        QuorumKind::MajorityNodeSet => {
            let founders = definition.nodes.iter().map(|node| node.id.0);
            let witness = definition.file_share_witness().map(|_| Witness::ID);
            let voters = founders.chain(witness).filter(|_| !joins).collect();
            Box::new(MajorityNodeSet { voters })
        }
        QuorumKind::Local => Box::new(Local {
            discovery: Duration::ZERO,
        }),
    }
}

/// One shared disk: its holder leads, and what it has written there is durable.
#[derive(Debug)]
struct Standard {
    resource: Name,
    disk: Name,
}

impl Quorum for Standard {
    fn rule(&self, me: NodeId, holds: bool) -> CommitRule {
        CommitRule::Holder(holds.then_some(me.0))
    }

    fn candidacy(&self) -> Candidacy {
        Candidacy::Arbitrate {
            resource: self.resource.clone(),
            disk: self.disk.clone(),
        }
    }

    /// When the last write was let through: the disk lets only its holder write.
    fn confirmed(&self, _log: &Log, _me: NodeId, _now: Time, proven: Time) -> Time {
        proven
    }

    /// Another node may have held the disk meanwhile and written to it, so what this node has in memory cannot be
    /// trusted.
    fn survives_lapse(&self) -> bool {
        false
    }

    fn takeover_wait(&self, led: bool) -> Duration {
        match led {
            // It gave the reservation up when it had stopped, or lost it at least 4 s before this one gained it: a challenge takes
            // 7 s, a renewal 3 s.
            true => bounds::TAKEOVER_WAIT - Duration::from_secs(4),
            // It may have given the reservation up only now, and its word have stood until then.
            false => bounds::TAKEOVER_WAIT,
        }
    }

    fn discovery(&self) -> Duration {
        bounds::DISCOVERY
    }

    fn mends_own_copy(&self) -> &'static str {
        "Start the service with the log reset (resetquorumlog): the quorum disk has it all"
    }
}

/// A majority of the nodes that vote, each with its own copy.
#[derive(Debug)]
struct MajorityNodeSet {
    /// Who votes until the log says so.
    voters: NodeSet,
}

impl Quorum for MajorityNodeSet {
    fn rule(&self, _me: NodeId, _holds: bool) -> CommitRule {
        CommitRule::Majority(self.voters)
    }

    fn candidacy(&self) -> Candidacy {
        Candidacy::Elect
    }

    /// The newest round that a majority has answered.
    fn confirmed(&self, log: &Log, me: NodeId, now: Time, _proven: Time) -> Time {
        Time(answered(log.voters(), (me.0, now.0), log.acked_rounds()))
    }

    fn is_confirmed(&self, log: &Log, me: NodeId, now: Time, _proven: Time, since: Time) -> bool {
        have_answered(log.voters(), (me.0, now.0), log.acked_rounds(), since.0)
    }

    fn survives_lapse(&self) -> bool {
        true
    }

    fn takeover_wait(&self, _led: bool) -> Duration {
        // Voters refuse their vote for as long after the earlier coordinator's last word.
        bounds::TAKEOVER_WAIT - bounds::MEMBER_SILENCE
    }

    /// A voter that has restarted does not know what it promised before, so it waits for as long as a promise holds.
    fn discovery(&self) -> Duration {
        bounds::MEMBER_SILENCE
    }

    fn mends_own_copy(&self) -> &'static str {
        "Restore the file, or evict this node, clean it up (forcecleanup), and add it again: the others have it all"
    }
}

/// The newest round that a majority of the voters has answered: one that votes itself has answered `own.1`, and the others
/// what they acknowledged. 0 if there is none.
fn answered(voters: NodeSet, own: (u8, u64), acked: impl Iterator<Item = (u8, u64)>) -> u64 {
    if voters.is_empty() {
        return 0;
    }
    // It is asked for several times in every event, so nothing is allocated, and nothing sought for each voter.
    let mut rounds = [0; NodeSet::MAX_ID as usize];
    let others = acked.filter(|(peer, _)| voters.contains(*peer) && *peer != own.0);
    let votes = voters.contains(own.0).then_some(own);
    for (place, (_, round)) in rounds.iter_mut().zip(others.chain(votes)) {
        *place = round;
    }
    let rounds = &mut rounds[..voters.len()];
    let (_, middle, _) = rounds.select_nth_unstable_by(voters.len() / 2, |a, b| b.cmp(a));
    *middle
}

/// Whether that is `round` or a newer one. This is asked for several times in every event.
fn have_answered(
    voters: NodeSet,
    own: (u8, u64),
    acked: impl Iterator<Item = (u8, u64)>,
    round: u64,
) -> bool {
    let others = acked.filter(|(peer, _)| voters.contains(*peer) && *peer != own.0);
    let votes = voters.contains(own.0).then_some(own);
    let newer = others
        .chain(votes)
        .filter(|(_, answered)| *answered >= round);
    round == 0 || newer.count() > voters.len() / 2
}

/// One node alone.
#[derive(Debug)]
struct Local {
    discovery: Duration,
}

impl Quorum for Local {
    fn rule(&self, me: NodeId, _holds: bool) -> CommitRule {
        CommitRule::Solo(me.0)
    }

    fn candidacy(&self) -> Candidacy {
        Candidacy::Alone
    }

    fn confirmed(&self, _log: &Log, _me: NodeId, now: Time, _proven: Time) -> Time {
        now
    }

    fn survives_lapse(&self) -> bool {
        true
    }

    fn takeover_wait(&self, _led: bool) -> Duration {
        Duration::ZERO
    }

    /// If the quorum disk is left out there may be other nodes to look for.
    fn discovery(&self) -> Duration {
        self.discovery
    }

    fn mends_own_copy(&self) -> &'static str {
        "Restore the file: there is no other copy"
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_majority_has_answered_the_round_that_is_in_the_middle(
            voters in prop::collection::btree_set(1_u8..=65, 0..12),
            me in 1_u8..=12,
            now in 0_u64..20,
            round in 0_u64..20,
            acked in prop::collection::btree_map(1_u8..=65, 0_u64..20, 0..12),
        ) {
            let of = |voter: &u8| match *voter == me {
                true => now,
                false => acked.get(voter).copied().unwrap_or(0),
            };
            let mut rounds: Vec<u64> = voters.iter().map(of).collect();
            rounds.sort_unstable();
            rounds.reverse();
            let middle = rounds.get(rounds.len() / 2).copied().unwrap_or(0);
            let peers: BTreeMap<u8, u64> = acked.clone();
            let voters: NodeSet = voters.into_iter().collect();
            let found = answered(voters, (me, now), peers.clone().into_iter());
            prop_assert_eq!(found, middle);
            let newer = have_answered(voters, (me, now), peers.into_iter(), round);
            prop_assert_eq!(newer, middle >= round);
        }
    }

    #[test]
    fn whoever_begins_waits_out_what_an_earlier_coordinator_may_still_believe() {
        let voters = [1, 2, 3].into_iter().collect();
        let majority = MajorityNodeSet { voters };
        let standard = Standard {
            resource: "Disk Q:".into(),
            disk: "Disk Q:".into(),
        };
        // Since the earlier one was last confirmed: until somebody can be elected or has won the disk, and from then on.
        let elected = bounds::MEMBER_SILENCE;
        for led in [true, false] {
            let wait = elected + majority.takeover_wait(led);
            assert_eq!(wait, bounds::TAKEOVER_WAIT);
        }
        assert!(majority.discovery() >= elected, "a vote is promised");
        let (challenge, renewal) = (Duration::from_secs(7), Duration::from_secs(3));
        assert_eq!(
            challenge - renewal + standard.takeover_wait(true),
            bounds::TAKEOVER_WAIT
        );
        let given_up = standard.takeover_wait(false);
        assert_eq!(given_up, bounds::TAKEOVER_WAIT);
        assert!(!standard.survives_lapse() && majority.survives_lapse());
    }

    #[test]
    fn a_node_of_its_own_waits_for_nobody_unless_its_quorum_disk_is_left_out() {
        let alone = crate::shipped::cluster("one-node-local.ron");
        let mut switches = StartSwitches::default();
        let quorum = of(&alone, &switches, false);
        assert!(quorum.survives_lapse());
        assert_eq!(quorum.takeover_wait(false), Duration::ZERO);
        assert_eq!(quorum.discovery(), Duration::ZERO);
        assert!(quorum.mends_own_copy().contains("no other copy"));
        switches.fix_quorum = true;
        let shared = crate::shipped::cluster("three-node.ron");
        let quorum = of(&shared, &switches, false);
        assert_eq!(quorum.discovery(), bounds::DISCOVERY);
        assert_eq!(quorum.candidacy(), Candidacy::Alone);
    }
}
