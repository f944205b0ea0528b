//! What becomes of requests, and of an orderly stop.

use quorate_model::monitor::MonitorCommand;
use quorate_model::{Name, NodeId, PolicyScript, Time};

use super::*;
use crate::shipped::{booted, disks_answer, leader, outputs};

/// The answers that were given, as codes; 0 is none to complain of.
fn answers(node: &mut Node) -> Vec<(u64, u32)> {
    let given = outputs(node).into_iter().filter_map(|output| match output {
        Output::Reply { request, result } => {
            Some((request, result.map_or_else(|refusal| refusal.code, |()| 0)))
        }
        _ => None,
    });
    given.collect()
}

#[test]
fn a_policy_that_nobody_can_run_is_refused_at_once() {
    let mut node = leader();
    let policy = PolicyScript {
        file: "night.rhai".to_owned(),
        text: String::new(),
    };
    let (group, policy) = (None, Some(policy));
    node.admin(7, AdminOp::SetPolicy { group, policy });
    assert_eq!(answers(&mut node), [(7, 87)]);
    assert_eq!(node.proposals.outstanding().len(), 0);
}

#[test]
fn a_request_that_waits_for_quorum_too_long_is_answered_and_no_other_is() {
    let mut node = booted("three-node-majority.ron", NodeId(1), 1);
    node.phase = Phase::Member;
    node.now = Time::from_millis(60_000);
    for (sequence, request, asked) in [(1, 11, 40_000), (2, 12, 40_001)] {
        let asked = Time::from_millis(asked);
        node.requests.proposed(sequence, request, asked);
    }
    outputs(&mut node);
    node.office.follow(node.now);
    node.expire_requests();
    assert_eq!(answers(&mut node), [], "there is quorum");
    node.office.set_confirmed(Time::ZERO);
    node.expire_requests();
    assert_eq!(answers(&mut node), [(11, 5925)]);
    node.expire_requests();
    assert_eq!(answers(&mut node), [], "it is answered once");
    assert_eq!(node.requests.take_all(), [12]);
}

/// Whoever holds the quorum disk gives it up in order before it goes.
#[test]
fn the_owner_of_the_quorum_disk_lets_it_go_before_it_says_goodbye() {
    let mut node = leader();
    node.phase = Phase::Leaving;
    for record in node.database.groups.values_mut() {
        record.owner = NodeId(2);
    }
    let offline = |node: &mut Node| -> Vec<Name> {
        let given = outputs(node).into_iter().filter_map(|output| match output {
            Output::Monitor(MonitorCommand::Offline { resource }) => Some(resource),
            _ => None,
        });
        given.collect()
    };
    node.leave();
    assert_eq!(node.arbitration, Arbitration::Releasing);
    assert_eq!(offline(&mut node), ["Disk Q:"]);
    node.leave();
    assert_eq!(offline(&mut node), [""; 0], "it is on its way");
    assert_eq!(node.phase, Phase::Leaving);
    node.released();
    assert_eq!(node.phase, Phase::Halted);
    disks_answer(&mut node);
}
