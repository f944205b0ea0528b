//! When a heartbeat ends where it came in.

use quorate_log::NodeSet;
use quorate_model::{NodeId, Time};

use super::*;
use crate::io::{Input, Output};
use crate::message::{Body, Heartbeat, Message, Standing};
use crate::shipped::{booted, disks_answer, leader, leaders_word, leads, outputs};

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

fn message(incarnation: u64, word: Heartbeat) -> Message {
    Message {
        incarnation,
        body: Body::Heartbeat(word.into()),
    }
}

/// A message comes in on a network, by the short way if it does nothing but that it comes. Returns whether it did.
fn short_way(node: &mut Node, now: Time, from: NodeId, network: &str, message: &Message) -> bool {
    let network = network.into();
    let beat = message.beat();
    let comes = beat.filter(|beat| node.only_hears(now, from, &network, beat));
    if let Some(beat) = &comes {
        node.take_in(now, from, &network, beat);
    }
    comes.is_some()
}

/// Everything that a heartbeat can change.
fn seen(node: &Node) -> String {
    let Node {
        neighbours,
        office,
        timers,
        phase,
        rest,
        now,
        ..
    } = node;
    format!("{neighbours:?} {office:?} {timers:?} {phase:?} {rest:?} {now:?}")
}

/// A member that follows another node and has done all that there is to do.
fn follows() -> Node {
    let mut node = at_rest();
    node.log.step_down();
    node.office.lay_down();
    node.rest = Rest::Yes;
    node
}

#[test]
fn a_heartbeat_that_only_comes_does_what_it_does_in_the_ordinary_way() {
    for make in [at_rest, follows] {
        let (mut short, mut ordinary) = (make(), make());
        let now = Time(short.now.0 + 1_000);
        let mut said = word(short.now);
        if !short.log.is_leader() {
            said.coordinates = Some((short.log.term(), 5));
        }
        assert!(short_way(
            &mut short,
            now,
            TWO,
            "Private",
            &message(1, said.clone())
        ));
        hears(&mut ordinary, TWO, 1, said);
        // A coordinator confirms its quorum at each input; what was confirmed before is enough for this one.
        ordinary.office = match ordinary.log.is_leader() {
            true => short.office.clone(),
            false => ordinary.office,
        };
        assert_eq!(seen(&short), seen(&ordinary));
        assert_eq!(short.neighbours.last_heard(TWO), Some(now));
        assert_eq!(outputs(&mut short), []);
        assert_eq!(short.rest, Rest::Yes);
    }
}

#[test]
fn a_heartbeat_from_which_anything_may_follow_is_not_taken_in_by_the_short_way() {
    type Change = fn(&mut Node, &mut Heartbeat);
    let all: [Change; 15] = [
        |node, _| node.rest = Rest::Unknown,
        |node, _| node.rest = Rest::No,
        |node, _| {
            node.rest = Rest::Done;
            node.fits.view = false;
        },
        |node, _| node.doubt(),
        |node, _| node.timers.set(Timer::Heartbeat, node.now),
        |node, _| node.timers.set(Timer::Campaign, Time(u64::MAX)),
        |node, _| node.timers.stop(Timer::Silence),
        |node, _| {
            node.office.quorum_news(false);
        },
        |node, _| {
            node.database.view.members.remove(&TWO);
        },
        |node, _| node.neighbours.said_goodbye(TWO),
        |_, said| said.standing = Standing::Leaving,
        |_, said| said.quorate = false,
        |_, said| said.view = 2,
        |node, said| said.coordinates = Some((node.log.term(), 0)),
        |node, _| node.now = Time(node.now.0 + 60_000_000),
    ];
    for (number, change) in all.into_iter().enumerate() {
        let mut node = at_rest();
        let mut said = word(node.now);
        change(&mut node, &mut said);
        let (before, now) = (seen(&node), node.now);
        let taken = short_way(&mut node, now, TWO, "Private", &message(1, said));
        assert!(!taken, "{number}");
        assert_eq!(seen(&node), before, "{number}");
    }
    let said = word(at_rest().now);
    for (from, network, boot) in [
        (THREE, "Private", 1),
        (TWO, "Public", 1),
        (TWO, "Private", 2),
    ] {
        let mut node = at_rest();
        let now = node.now;
        assert!(!short_way(
            &mut node,
            now,
            from,
            network,
            &message(boot, said.clone())
        ));
    }
    let mut node = at_rest();
    let goodbye = Message {
        incarnation: 1,
        body: Body::Goodbye,
    };
    let now = node.now;
    assert!(!short_way(&mut node, now, TWO, "Private", &goodbye));
}

#[test]
fn a_member_that_has_done_everything_takes_a_heartbeat_in_and_rests() {
    let mut node = at_rest();
    node.rest = Rest::Done;
    let now = node.now;
    assert!(short_way(
        &mut node,
        now,
        TWO,
        "Private",
        &message(1, word(now))
    ));
    assert_eq!(node.rest, Rest::Yes);
}

#[test]
#[should_panic(expected = "does more than that it comes")]
fn a_node_that_doubts_and_finds_that_more_was_done_says_so() {
    let mut node = at_rest();
    node.doubt();
    let timers = Timers::default();
    node.was_sure(Some(timers), true);
}

#[test]
fn a_heartbeat_that_will_only_come_is_taken_in_later_as_if_it_had_been_heard_when_it_came() {
    let network = "Private".into();
    for make in [at_rest, follows] {
        let (mut heard, mut later) = (make(), make());
        let said = message(1, word(heard.now));
        let beat = said.beat().unwrap();
        let (first, second) = (Time(heard.now.0 + 1_000), Time(heard.now.0 + 2_000));
        for now in [first, second] {
            assert!(later.only_hears(now, TWO, &network, &beat));
        }
        for now in [first, second] {
            assert!(short_way(&mut heard, now, TWO, "Private", &said));
            later.take_in(now, TWO, &network, &beat);
        }
        assert_eq!(seen(&heard), seen(&later));
        later.doubt();
        assert!(!later.only_hears(second, TWO, &network, &beat));
    }
    let goodbye = Message {
        incarnation: 1,
        body: Body::Goodbye,
    };
    assert!(goodbye.beat().is_none());
}

#[test]
#[should_panic(expected = "something follows from a heartbeat")]
fn a_heartbeat_from_which_something_follows_is_not_to_be_taken_in_later() {
    let mut node = at_rest();
    let beat = message(1, word(node.now)).beat().unwrap();
    node.neighbours.said_goodbye(TWO);
    let now = node.now;
    node.take_in(now, TWO, &"Private".into(), &beat);
}

/// A member of two that follows node 2, which elected each other, and has done all that there is to do.
fn elected_another() -> Node {
    let mut node = booted("three-node-majority.ron", NodeId(1), 3);
    node.phase = Phase::Member;
    node.now = Time::from_millis(60_000);
    node.database.view.number = 1;
    node.database.view.members = [(NodeId(1), 3), (TWO, 1)].into();
    node.timers = Timers::default();
    node.office.follow(node.now);
    leads(&mut node, TWO.0, Vec::new());
    for _ in 0..3 {
        node.pump_log();
        disks_answer(&mut node);
    }
    for _ in 0..2 {
        let now = node.now;
        hears(&mut node, TWO, 1, word(now));
        outputs(&mut node);
    }
    node
}

/// A node that leads says that there is nothing new in the log.
fn leads_on(node: &mut Node, from: NodeId, incarnation: u64) {
    let input = Input::Message {
        from,
        network: "Private".into(),
        message: Message {
            incarnation,
            body: Body::Log(leaders_word(Vec::new())),
        },
    };
    node.handle(Time(node.now.0 + 1_000), input);
}

#[test]
fn a_members_word_about_the_log_that_only_confirms_ends_where_it_came_in_and_any_other_does_not() {
    let mut node = elected_another();
    assert!(ended(&node));
    leads_on(&mut node, TWO, 1);
    assert!(ended(&node));
    let answers = |output: &Output| matches!(output, Output::Send { to: TWO, message, .. } if message.kind() == "log");
    assert!(outputs(&mut node).iter().all(answers));
    assert!(!node.office.is_vacant(node.now));

    let mut node = elected_another();
    node.database.view.members.remove(&TWO);
    leads_on(&mut node, TWO, 1);
    assert!(!ended(&node), "no member");
    let mut node = elected_another();
    leads_on(&mut node, TWO, 2);
    assert!(!ended(&node), "another boot");
    let mut node = elected_another();
    leads_on(&mut node, THREE, 1);
    assert!(!ended(&node), "another leads");
    let mut node = elected_another();
    node.rest = Rest::Unknown;
    leads_on(&mut node, TWO, 1);
    assert!(!ended(&node), "something was left to do");
    let mut node = elected_another();
    node.doubt();
    leads_on(&mut node, TWO, 1);
    assert_eq!(node.rest, Rest::Done, "it makes sure");
}
