//! What follows from an input, whatever it is.

use quorate_model::ResourceState;

use super::*;
use crate::shipped::{booted, disks_answer, outputs};

const ME: NodeId = NodeId(1);

/// NODE1 of three, which owns a group that is to run, and when it has heard of no quorum for a minute.
fn owner(phase: Phase) -> Node {
    let mut node = booted("three-node-majority.ron", ME, 3);
    disks_answer(&mut node);
    node.now = Time::from_millis(60_000);
    node.phase = phase;
    node.database.view.number = 1;
    node.database.view.members = [(ME, 3), (NodeId(2), 1)].into();
    for record in node.database.groups.values_mut() {
        record.owner = ME;
    }
    node.follow_up();
    outputs(&mut node);
    node
}

fn starts(node: &mut Node) -> bool {
    let online = |it| matches!(it, Output::Monitor(MonitorCommand::Online { .. }));
    outputs(node).into_iter().any(online)
}

#[test]
fn groups_are_looked_at_when_what_is_allowed_has_changed() {
    let mut node = owner(Phase::Member);
    node.follow_up();
    assert!(!starts(&mut node), "without quorum nothing starts");
    node.office.follow(node.now);
    node.follow_up();
    assert!(starts(&mut node), "with quorum everything does");
    node.follow_up();
    assert!(!starts(&mut node), "once");
}

/// What its checkpoint says of it is of an earlier boot.
#[test]
fn who_is_no_member_yet_tells_nobody_of_its_groups() {
    let mut node = owner(Phase::Joining);
    for record in node.database.resources.values_mut() {
        record.state = ResourceState::Online;
    }
    node.groups.look_again_now();
    node.follow_up();
    assert_eq!(node.proposals.outstanding().len(), 0);
    node.phase = Phase::Member;
    node.groups.look_again_now();
    node.follow_up();
    assert!(node.proposals.outstanding().len() > 0, "nothing of it runs");
}

#[test]
fn a_halted_node_says_once_that_everything_has_ended_when_it_has() {
    let mut node = owner(Phase::Member);
    node.halt(Reason::new(1177, "enough"), true);
    outputs(&mut node);
    let mut says = |input: Input| {
        let now = node.now;
        node.handle(now, input);
        let goodbye = |it: &Output| matches!(it, Output::Send { message, .. } if message.body == Body::Goodbye);
        outputs(&mut node).iter().filter(|it| goodbye(it)).count()
    };
    assert_eq!(says(Input::Wake), 0);
    // To two nodes on two networks.
    assert_eq!(says(Input::Ended), 4);
    assert_eq!(says(Input::Ended), 0);
}

#[test]
fn who_was_no_member_owes_nobody_a_word() {
    let mut node = owner(Phase::Joining);
    node.halt(Reason::new(1092, "alone"), true);
    outputs(&mut node);
    let now = node.now;
    node.handle(now, Input::Ended);
    assert_eq!(outputs(&mut node), []);
}
