//! What a heartbeat is worth, on a member that hears one.

use std::time::Duration;

use quorate_model::{NodeId, Time};

use crate::io::{Input, bounds};
use crate::message::{Body, Heartbeat, Message, Standing};
use crate::node::{Node, Phase};
use crate::shipped::booted;

const ME: NodeId = NodeId(1);
const OTHER: NodeId = NodeId(2);

/// A member that has heard of no coordinator for so long that it has no quorum any more, and will stop soon.
fn silent_member() -> (Node, Time) {
    let mut node = booted("three-node-majority.ron", ME, 1);
    node.phase = Phase::Member;
    node.database.view.number = 1;
    node.database.view.members = [(ME, 1), (OTHER, 1)].into();
    let now = Time::ZERO + bounds::MEMBER_SILENCE + Duration::from_secs(4);
    assert!(!node.has_quorum_at(now));
    (node, now)
}

/// What a coordinator says that has just heard this node, and whom it has for members.
fn coordinators_word(now: Time, term: u64, view: u64, members: &[NodeId]) -> Heartbeat {
    Heartbeat {
        sent: now.0,
        echoes: vec![(ME, 1, now.0)],
        standing: Standing::Leaving,
        view,
        members: members.iter().fold(0, |mask, node| mask | 1 << node.0),
        coordinates: Some((term, 0)),
        quorate: true,
    }
}

/// A coordinator that is leaving goes on without this node, and the log has not said so yet. It hears this node all the
/// same; its quorum is not this node's any more.
#[test]
fn a_coordinator_confirms_the_quorum_of_those_alone_that_it_has_for_members() {
    for (view, members, confirmed) in [(1, [ME, OTHER], true), (2, [OTHER, OTHER], false)] {
        let (mut node, now) = silent_member();
        let heartbeat = coordinators_word(now, node.log.term() + 1, view, &members);
        node.handle(
            now,
            Input::Message {
                from: OTHER,
                network: "Private".into(),
                message: Message {
                    incarnation: 1,
                    body: Body::Heartbeat(heartbeat),
                },
            },
        );
        assert_eq!(node.phase, Phase::Member, "view {view}");
        assert_eq!(node.has_quorum_at(now), confirmed, "view {view}");
    }
}
