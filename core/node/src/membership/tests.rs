//! What a heartbeat is worth, on a member that hears one.

use std::time::Duration;

use quorate_journal::Event;
use quorate_model::{NodeId, Time};

use crate::bounds;
use crate::candidacy::Arbitration;
use crate::io::{Input, Output};
use crate::message::{Body, Heartbeat, Message, Standing};
use crate::neighbours::{Interface, Peer};
use crate::node::{Node, Phase};
use crate::shipped::{booted, events, halted, leads, outputs};
use crate::timers::{Timer, Timers};

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
        members: members.iter().map(|node| node.0).collect(),
        coordinates: Some((term, 0)),
        quorate: true,
    }
}

/// A message comes in on the private network.
fn hears(node: &mut Node, now: Time, from: NodeId, body: Body) {
    let message = Message {
        incarnation: 1,
        body,
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

const AN_INSTANT: Duration = Duration::from_micros(1);

/// A coordinator that is leaving goes on without this node, and the log has not said so yet. It hears this node all the
/// same; its quorum is not this node's any more.
#[test]
fn a_coordinator_confirms_the_quorum_of_those_alone_that_it_has_for_members() {
    for (view, members, confirmed) in [(1, [ME, OTHER], true), (2, [OTHER, OTHER], false)] {
        let (mut node, now) = silent_member();
        let heartbeat = coordinators_word(now, node.log.term() + 1, view, &members);
        hears(&mut node, now, OTHER, Body::Heartbeat(heartbeat.into()));
        assert_eq!(node.phase, Phase::Member, "view {view}");
        assert_eq!(node.has_quorum_at(now), confirmed, "view {view}");
    }
}

#[test]
fn a_heartbeat_says_whether_its_sender_has_quorum() {
    for quorate in [false, true] {
        let (mut node, now) = silent_member();
        node.now = now;
        if quorate {
            node.office.follow(now);
        }
        outputs(&mut node);
        node.send_heartbeats();
        let said: Vec<(usize, bool)> = outputs(&mut node)
            .into_iter()
            .filter_map(|output| match output {
                Output::SendAll { ways, message } => match message.body {
                    Body::Heartbeat(heartbeat) => Some((ways.len(), heartbeat.quorate)),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        // To two nodes on two networks.
        assert_eq!(said, [(4, quorate)]);
    }
}

#[test]
fn who_was_started_with_fixquorum_stops_where_there_is_a_cluster_to_join_and_nowhere_else() {
    for phase in [Phase::Joining, Phase::Member] {
        for (quorate, fixed) in [(false, false), (false, true), (true, false), (true, true)] {
            let (mut node, now) = silent_member();
            node.phase = phase.clone();
            node.config.switches.fix_quorum = fixed;
            let mut heartbeat = coordinators_word(now, 1, 1, &[ME, OTHER]);
            heartbeat.quorate = quorate;
            hears(&mut node, now, OTHER, Body::Heartbeat(heartbeat.into()));
            let stops = phase == Phase::Joining && quorate && fixed;
            let stopped = halted(&mut node);
            assert_eq!(
                stopped,
                stops.then_some(5890),
                "{phase:?} {quorate} {fixed}"
            );
        }
    }
}

#[test]
fn only_a_member_of_a_later_view_without_this_node_tells_it_that_it_was_expelled() {
    let (with, without) = ([ME, OTHER], [OTHER, OTHER]);
    for (view, members, standing, quorate, expelled) in [
        (2, without, Standing::Member, true, true),
        (1, without, Standing::Member, true, false),
        (0, without, Standing::Member, true, false),
        (2, with, Standing::Member, true, false),
        (2, without, Standing::Member, false, false),
        (2, without, Standing::Joining, true, false),
    ] {
        let (mut node, now) = silent_member();
        let mut heartbeat = coordinators_word(now, 1, view, &members);
        (heartbeat.standing, heartbeat.quorate) = (standing, quorate);
        hears(&mut node, now, OTHER, Body::Heartbeat(heartbeat.into()));
        let stopped = halted(&mut node);
        assert_eq!(
            stopped,
            expelled.then_some(5890),
            "view {view} of {members:?}, {standing:?}, {quorate}"
        );
    }
}

/// NODE1 of four, a member that follows NODE2 at the quorum disk, whose group is `owner`'s.
fn follower_of_two(owner: NodeId) -> Node {
    let mut node = booted("four-node.ron", ME, 1);
    node.phase = Phase::Member;
    node.database.view.members = [1, 2, 3].map(|id| (NodeId(id), 1)).into();
    let quorum = node.database.quorum_group().unwrap().clone();
    node.database.groups.get_mut(&quorum).unwrap().owner = owner;
    leads(&mut node, OTHER.0, Vec::new());
    assert_eq!(node.log.leader(), Some(OTHER.0));
    node.now = Time::from_millis(60_000);
    for id in [2, 3] {
        let peer = Peer {
            incarnation: 1,
            contact: Some(node.now),
            ..Peer::default()
        };
        *node.neighbours.peer(NodeId(id)) = peer;
    }
    node.timers = Timers::default();
    outputs(&mut node);
    node
}

#[test]
fn the_quorum_disk_of_whoever_said_goodbye_is_its_heirs_or_else_each_members_in_turn() {
    let (now, beat) = (Time::from_millis(60_000), bounds::HEARTBEAT);
    for (owner, from, due) in [
        (ME, OTHER, Some(now)),
        (OTHER, OTHER, Some(now + beat)),
        (NodeId(3), OTHER, None),
        (ME, NodeId(3), None),
    ] {
        let mut node = follower_of_two(owner);
        node.goodbye(from);
        let peer = node.neighbours.peer(from);
        assert!(peer.gone && peer.contact.is_none());
        assert_eq!(
            node.timers.next(),
            due,
            "{owner}'s, and {from} says goodbye"
        );
    }
}

#[test]
fn an_office_is_taken_from_its_holder_alone() {
    for (from, due) in [(OTHER, Some(Time::from_millis(60_000))), (NodeId(3), None)] {
        let mut node = follower_of_two(ME);
        node.take_office(from);
        assert_eq!(node.timers.next(), due);
        let heard = node.office.silence(node.now) == Duration::ZERO;
        assert_eq!(heard, due.is_some());
    }
}

/// An owner of the quorum disk that hears nobody any more, has held its office for long, and has no link on the network
/// for clients.
fn cut_off() -> Node {
    let mut node = follower_of_two(ME);
    for id in [2, 3] {
        node.neighbours.peer(NodeId(id)).contact = Some(Time::ZERO);
    }
    node.arbitration = Arbitration::Holding;
    node.office.begin(Time::ZERO, false, node.now);
    node.office.hear_coordinator(node.now);
    node.neighbours.set_card("Public".into(), false);
    node.neighbours.set_card("Private".into(), true);
    node
}

#[test]
fn who_lost_every_member_at_once_and_its_clients_leaves_the_quorum_disk_to_others() {
    let told = |change: &dyn Fn(&mut Node)| {
        let mut node = cut_off();
        change(&mut node);
        node.check_silence();
        halted(&mut node)
    };
    assert_eq!(told(&|_| {}), Some(1006));
    let lately = |node: &mut Node, ago| {
        let since = Time((node.now - (Time::ZERO + ago)).as_micros() as u64);
        node.office.begin(since, false, node.now);
    };
    assert_eq!(told(&|it| lately(it, bounds::MEMBER_SILENCE)), Some(1006));
    let early = bounds::MEMBER_SILENCE - AN_INSTANT;
    assert_eq!(told(&|it| lately(it, early)), None, "not yet");
    assert_eq!(
        told(&|it| {
            it.office.lay_down();
        }),
        None
    );
    assert_eq!(told(&|it| it.arbitration = Arbitration::Idle), None);
    assert_eq!(told(&|it| it.phase = Phase::Leaving), None);
    let reached = |it: &mut Node| it.neighbours.set_card("Public".into(), true);
    assert_eq!(told(&reached), None, "clients reach it");
    let hears = |it: &mut Node| {
        let now = it.now;
        it.neighbours.peer(OTHER).contact = Some(now);
    };
    assert_eq!(told(&hears), None, "a member is heard");
    let one_left = |it: &mut Node| it.neighbours.peer(OTHER).gone = true;
    assert_eq!(told(&one_left), Some(1006), "the other is not heard");
    let all_left = |it: &mut Node| {
        [2, 3]
            .into_iter()
            .for_each(|id| it.neighbours.peer(NodeId(id)).gone = true)
    };
    assert_eq!(told(&all_left), None, "they left in order");
    let alone = |it: &mut Node| it.database.view.members = [(ME, 1)].into();
    assert_eq!(told(&alone), None, "there is nobody to give way to");
}

#[test]
fn a_member_without_a_coordinator_says_so_once_and_campaigns_within_moments() {
    let silent = |phase: Phase| {
        let (mut node, now) = silent_member();
        (node.phase, node.now) = (phase, now);
        node.office.follow(now);
        node.timers = Timers::default();
        outputs(&mut node);
        node.check_silence();
        node
    };
    let regroup = Event::Regroup { silent: Vec::new() };
    let mut node = silent(Phase::Member);
    assert_eq!(events(&mut node), [regroup]);
    assert!(node.office.is_regrouping());
    let due = node.timers.next().unwrap();
    assert!(due >= node.now && due <= node.now + Duration::from_millis(600));
    assert_eq!(node.timers.take_due(due), Some(Timer::Campaign));
    node.check_silence();
    assert_eq!(events(&mut node), []);
    assert!(node.timers.is_set(Timer::Campaign), "it tries again");
    for phase in [Phase::Joining, Phase::Leaving] {
        assert_eq!(events(&mut silent(phase)), []);
    }

    node.office.hear_coordinator(node.now);
    node.timers = Timers::default();
    node.check_silence();
    assert!(!node.office.is_regrouping(), "there is one again");
    let due = node.now + bounds::MEMBER_SILENCE;
    assert_eq!(node.timers.next(), Some(due), "it looks again then");
}

#[test]
fn a_card_that_is_heard_no_more_is_reported_when_two_heartbeats_are_missing() {
    let (mut node, now) = silent_member();
    node.now = now;
    let heard = |ago| Interface {
        heard: Some(Time((now - (Time::ZERO + ago)).as_micros() as u64)),
        up: true,
    };
    let peer = node.neighbours.peer(OTHER);
    let silence = bounds::INTERFACE_SILENCE;
    peer.interfaces = [
        ("Private".into(), heard(silence)),
        ("Public".into(), heard(silence - AN_INSTANT)),
    ]
    .into();
    outputs(&mut node);
    let lost = Event::Interface {
        peer: "NODE2".into(),
        network: "Private".into(),
        up: false,
    };
    node.report_silent_interfaces();
    assert_eq!(events(&mut node), [lost]);
    node.report_silent_interfaces();
    assert_eq!(events(&mut node), [], "it is said once");
}

/// What its lease lets go of may be mounted elsewhere an instant later.
#[test]
fn a_quorum_disk_that_is_not_let_go_in_time_stops_its_holder_in_the_instant_after() {
    let until = Time::from_millis(60_000);
    for (now, stopped) in [(until, None), (until + AN_INSTANT, Some(1038))] {
        let mut node = follower_of_two(OTHER);
        node.arbitration = Arbitration::Releasing;
        let confirmed = until - (Time::ZERO + bounds::COORDINATOR_LEASE);
        node.office.confirm_disk(Time::ZERO + confirmed);
        node.now = now;
        node.office.follow(now);
        assert_eq!(node.disk_is_safe_until(), Some(until));
        node.check_quorum();
        assert_eq!(halted(&mut node), stopped, "{now}");
    }
    let mut node = follower_of_two(OTHER);
    node.office.confirm_disk(until);
    node.arbitration = Arbitration::Holding;
    assert_eq!(node.disk_is_safe_until(), None, "its log is not there yet");
    let disk = crate::io::Device::Shared("Disk Q:".into());
    node.storage.switch(disk, quorate_log::Stored::default(), 0);
    let safe = Some(until + bounds::COORDINATOR_LEASE);
    assert_eq!(node.disk_is_safe_until(), safe);
}

#[test]
fn an_office_without_the_lead_is_none_and_quorum_that_comes_or_goes_is_told_once() {
    let mut node = cut_off();
    assert!(!node.coordinates_at(node.now));
    outputs(&mut node);
    node.report_quorum();
    node.report_quorum();
    let quorum = |held, reason: &str| Event::Quorum {
        held,
        reason: reason.to_owned(),
    };
    let came = quorum(true, "a coordinator with quorum is in reach");
    assert_eq!(events(&mut node), [came]);
    node.now += bounds::MEMBER_SILENCE + AN_INSTANT;
    node.report_quorum();
    node.report_quorum();
    let went = quorum(false, "no coordinator with quorum is in reach");
    assert_eq!(events(&mut node), [went]);
}

#[test]
fn a_node_is_reached_where_both_have_a_card_and_first_where_it_was_just_heard() {
    let (mut node, now) = silent_member();
    node.now = now;
    let both = ["Private", "Public"];
    assert_eq!(node.networks_to(OTHER), both);
    for (who, network) in [(ME, "Private"), (OTHER, "Public")] {
        let (mut node, _) = silent_member();
        for definition in [&mut node.config.definition, node.database.definition_mut()] {
            let one = definition.nodes.iter_mut().find(|node| node.id == who);
            one.unwrap().interfaces.remove(network);
        }
        let rest = both.into_iter().filter(|name| *name != network);
        assert_eq!(node.networks_to(OTHER), rest.collect::<Vec<_>>());
    }

    let silence = bounds::INTERFACE_SILENCE;
    for (ago, on) in [(silence - AN_INSTANT, &both[1..]), (silence, &both[..])] {
        let heard = Interface {
            heard: Some(Time((now - (Time::ZERO + ago)).as_micros() as u64)),
            up: true,
        };
        let peer = node.neighbours.peer(OTHER);
        peer.interfaces = [("Public".into(), heard)].into();
        outputs(&mut node);
        node.send(OTHER, Body::WhoAreYou);
        let sent = outputs(&mut node).into_iter().map(|output| match output {
            Output::Send { network, .. } => network,
            other => panic!("{other:?}"),
        });
        assert_eq!(sent.collect::<Vec<_>>(), on, "heard {ago:?} ago");
    }
}

#[test]
fn where_nodes_elect_each_other_nobody_is_told_to_follow_by_a_goodbye() {
    let mut node = booted("three-node-majority.ron", ME, 1);
    node.database.view.members = [(ME, 1), (OTHER, 1)].into();
    node.neighbours.peer(OTHER);
    leads(&mut node, OTHER.0, Vec::new());
    assert_eq!(node.log.leader(), Some(OTHER.0));
    node.timers = Timers::default();
    node.goodbye(OTHER);
    assert!(node.neighbours.has_left(OTHER));
    assert_eq!(node.timers.next(), None, "who follows has been told");
}
