//! When a heartbeat ends where it came in.

use quorate_model::{NodeId, Time};

use super::*;
use crate::io::Input;
use crate::message::{Body, Heartbeat, Message, Standing};
use crate::shipped::{leader, outputs};

const TWO: NodeId = NodeId(2);
const THREE: NodeId = NodeId(3);

/// What node 2, a member, says at each heartbeat.
fn word(sent: Time) -> Heartbeat {
    Heartbeat {
        sent: sent.0,
        echoes: vec![(NodeId(1), 3, sent.0)],
        standing: Standing::Member,
        view: 1,
        members: NodeSet::from([1, 2]),
        coordinates: None,
        quorate: true,
    }
}

/// A heartbeat comes in, one millisecond after the last input.
fn hears(node: &mut Node, from: NodeId, incarnation: u64, word: Heartbeat) {
    let now = Time(node.now.0 + 1_000);
    let message = Message {
        incarnation,
        body: Body::Heartbeat(word.into()),
    };
    let network = "Private".into();
    node.handle(
        now,
        Input::Message {
            from,
            network,
            message,
        },
    );
}

/// A coordinator of two members that has done all that there is to do.
fn at_rest() -> Node {
    let mut node = leader();
    for record in node.database.groups.values_mut() {
        record.owner = NodeId(1);
    }
    let now = node.now;
    hears(&mut node, TWO, 1, word(now));
    outputs(&mut node);
    hears(&mut node, TWO, 1, word(now));
    node
}

/// Whether a heartbeat ended where it came in.
fn ended(node: &Node) -> bool {
    node.rest == Rest::Yes
}

#[test]
fn a_members_heartbeat_ends_where_it_came_in_and_one_with_news_does_not() {
    let mut node = at_rest();
    assert!(ended(&node), "{:?}", node.fits);
    let now = node.now;
    hears(&mut node, TWO, 1, word(now));
    assert!(ended(&node));
    type Change = fn(&mut Heartbeat);
    let news: [Change; 3] = [
        |it| it.standing = Standing::Leaving,
        |it| it.standing = Standing::Joining,
        |it| it.quorate = false,
    ];
    for change in news {
        let mut node = at_rest();
        let mut word = word(node.now);
        change(&mut word);
        hears(&mut node, TWO, 1, word);
        assert!(!ended(&node));
    }
    let mut node = at_rest();
    hears(&mut node, TWO, 2, word(now));
    assert!(!ended(&node), "another boot");
    let mut node = at_rest();
    hears(&mut node, THREE, 1, word(now));
    assert!(!ended(&node), "no member");
}

#[test]
fn a_coordinator_that_waits_for_more_than_timers_does_not_rest() {
    type Change = fn(&mut Node);
    let waits: [Change; 5] = [
        |node| node.fits.view = false,
        |node| node.fits.owners = false,
        |node| node.office.name_heir(TWO),
        |node| node.groups.look_again_now(),
        |node| node.phase = Phase::Leaving,
    ];
    for change in waits {
        let mut node = at_rest();
        change(&mut node);
        node.rest = Rest::Done;
        assert!(!node.rests());
    }
}

#[test]
fn a_node_that_doubts_does_everything_and_finds_nothing() {
    let mut node = at_rest();
    node.doubt();
    let now = node.now;
    hears(&mut node, TWO, 1, word(now));
    assert_eq!(node.rest, Rest::Done);
    assert_eq!(outputs(&mut node), []);
}

#[test]
#[should_panic(expected = "something follows")]
fn a_node_that_doubts_and_finds_something_says_so() {
    let mut node = at_rest();
    node.doubt();
    // It has told that there is none.
    node.office.quorum_news(false);
    node.make_sure();
}
