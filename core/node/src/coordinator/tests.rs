//! Who is a member, whom nobody need wait for, and when groups go home.

use quorate_log::Snapshot;
use quorate_model::GroupProperties;

use super::*;
use crate::database::Move;
use crate::message::Standing;
use crate::neighbours::Peer;

/// A node that knows no earlier view but by a snapshot: NODE2's fifth boot was a member, and is none now.
#[test]
fn who_learnt_by_snapshot_knows_which_boots_were_members() {
    let definition = crate::shipped::cluster("eight-node.ron");
    let mut database = Database::install(definition);
    let (one, two) = (NodeId(1), NodeId(2));
    for (sequence, members) in [(1, vec![(one, 1), (two, 5)]), (2, vec![(one, 1)])] {
        let members = members.into_iter().collect();
        database.apply(&crate::database::Proposal {
            node: one,
            incarnation: 1,
            sequence,
            update: Update::View { members },
        });
    }
    assert!(!database.is_member(two));
    let mut node = crate::shipped::booted("eight-node.ron", one, 1);
    node.install(&Snapshot {
        index: 2,
        term: 1,
        voters: NodeSet::EMPTY,
        data: postcard::to_allocvec(&database).unwrap(),
    });
    assert_eq!(node.last_member(two), Some(5));
    let mut heard = |incarnation, gone| {
        *node.neighbours.peer(two) = Peer {
            incarnation,
            gone,
            heard: Some(Time::ZERO),
            ..Peer::default()
        };
        node.neighbours.has_ended(two, node.last_member(two))
    };
    assert!(!heard(5, false), "an old word");
    assert!(heard(6, false), "it has started anew");
    assert!(!heard(4, true), "its next boot was a member");
    assert!(heard(5, true));
}

#[test]
fn the_hours_of_failback_are_the_clusters_own() {
    let mut definition = crate::shipped::cluster("four-node.ron");
    let group = definition
        .groups
        .iter_mut()
        .find(|group| group.name == "EVS1");
    let properties = &mut group.unwrap().properties;
    properties.auto_failback_type = AutoFailback::Allow;
    (
        properties.failback_window_start,
        properties.failback_window_end,
    ) = (Some(1), Some(2));
    let target = |offset: i32, utc_hour: i64, change: &dyn Fn(&mut Database)| {
        let mut database = Database::install(definition.clone());
        database.definition_mut().utc_offset_minutes = offset;
        database.view.members = (1..=4).map(|id| (NodeId(id), 1)).collect();
        for record in database.resources.values_mut() {
            record.state = quorate_model::ResourceState::Online;
        }
        let record = database.groups.get_mut("EVS1").unwrap();
        (record.owner, record.homing) = (NodeId(4), true);
        change(&mut database);
        let group = database.group_definition("EVS1").unwrap();
        failback_target(
            &database,
            group,
            1_000 * 86_400_000 + utc_hour * 3_600_000,
            0,
        )
    };
    let home = Some(NodeId(1));
    for (offset, open) in [(0, 1), (60, 0), (-300, 6), (330, 19)] {
        for hour in 0..24 {
            // Half an hour into an hour of theirs that begins at half past ours.
            let at_half = offset % 60 != 0 && hour == open + 1;
            let wanted = if hour == open && offset % 60 == 0 {
                home
            } else {
                None
            };
            let found = target(offset, hour, &|_| {});
            if offset % 60 == 0 {
                assert_eq!(found, wanted, "UTC {hour} h, offset {offset} min");
            } else {
                assert_eq!(
                    found.is_some(),
                    at_half,
                    "UTC {hour} h, offset {offset} min"
                );
            }
        }
    }
    assert_eq!(
        target(0, 1, &|database| database.view.members =
            [(NodeId(2), 1), (NodeId(4), 1)].into()),
        None
    );
    let paused = |database: &mut Database| {
        database.nodes.get_mut(&NodeId(1)).unwrap().paused = true;
    };
    assert_ne!(target(0, 1, &paused), home);
    let stays = |database: &mut Database| database.groups.get_mut("EVS1").unwrap().homing = false;
    assert_eq!(target(0, 1, &stays), None);
    let moving = |database: &mut Database| {
        let (to, cause) = (NodeId(3), Cause::Admin);
        database.groups.get_mut("EVS1").unwrap().moving = Some(Move { to, cause });
    };
    assert_eq!(
        target(0, 1, &moving),
        None,
        "what is on its way does not go home"
    );
    let failed = |database: &mut Database| {
        let record = database.resources.get_mut("EVS1 SMTP").unwrap();
        record.state = quorate_model::ResourceState::Failed;
    };
    assert_eq!(
        target(0, 1, &failed),
        None,
        "what is not in service does not go home"
    );
}

fn in_window(window: Option<(u8, u8)>, hour: u8) -> bool {
    let properties = GroupProperties {
        failback_window_start: window.map(|window| window.0),
        failback_window_end: window.map(|window| window.1),
        ..GroupProperties::default()
    };
    properties.failback_open_at(hour)
}

#[test]
fn a_failback_window_may_wrap_midnight() {
    assert!(in_window(None, 12));
    assert!(in_window(Some((1, 5)), 1) && in_window(Some((1, 5)), 4));
    assert!(!in_window(Some((1, 5)), 5) && !in_window(Some((1, 5)), 0));
    for (hour, inside) in [
        (21, false),
        (22, true),
        (23, true),
        (0, true),
        (5, true),
        (6, false),
    ] {
        assert_eq!(in_window(Some((22, 6)), hour), inside, "{hour} h");
    }
}

const SILENCE: Duration = bounds::MEMBER_SILENCE;
const INSTANT: Duration = Duration::from_micros(1);

/// NODE1 of five, a member with NODE2's fifth boot and NODE3's first, at ten minutes.
fn member() -> Node {
    let mut node = crate::shipped::booted("five-node-majority.ron", NodeId(1), 1);
    node.database.view.members = [(NodeId(1), 1), (NodeId(2), 5), (NodeId(3), 1)].into();
    node.now = Time::from_millis(600_000);
    node
}

/// NODE2 as it was heard last: which boot, and how long ago there was contact both ways.
fn heard(node: &mut Node, incarnation: u64, ago: Duration) -> &mut Peer {
    let contact = Time((node.now - (Time::ZERO + ago)).as_micros() as u64);
    let peer = node.neighbours.peer(NodeId(2));
    *peer = Peer {
        incarnation,
        standing: Standing::Member,
        heard: Some(contact),
        contact: Some(contact),
        ..Peer::default()
    };
    peer
}

#[test]
fn a_node_is_here_while_there_was_contact_within_half_the_silence() {
    let mut node = member();
    assert!(node.is_here(NodeId(1)), "this one is");
    assert!(!node.is_here(NodeId(2)), "it was never heard");
    for (ago, here) in [
        (Duration::ZERO, true),
        (SILENCE / 2 - INSTANT, true),
        (SILENCE / 2, false),
        (SILENCE, false),
    ] {
        heard(&mut node, 5, ago);
        assert_eq!(node.is_here(NodeId(2)), here, "{ago:?}");
        heard(&mut node, 5, ago).gone = true;
        assert!(!node.is_here(NodeId(2)), "it said goodbye");
    }
}

/// Who should be a member, and which boot of it.
fn desired(node: &mut Node, since: Time) -> BTreeMap<NodeId, u64> {
    let mut members = Vec::new();
    node.desired_members(since, &mut members);
    members.into_iter().collect()
}

#[test]
fn a_member_stays_one_until_it_was_silent_for_as_long_as_is_allowed() {
    let remains = |node: &mut Node| {
        let since = node.now;
        desired(node, since).get(&NodeId(2)).copied()
    };
    let mut node = member();
    for (boot, ago, stays) in [
        (5, SILENCE - INSTANT, Some(5)),
        (5, SILENCE, None),
        // Another boot of it is no member, and has not asked to be one.
        (6, Duration::ZERO, None),
    ] {
        heard(&mut node, boot, ago);
        assert_eq!(remains(&mut node), stays, "boot {boot}, {ago:?} ago");
        heard(&mut node, boot, ago).gone = true;
        assert_eq!(remains(&mut node), None, "it said goodbye");
    }
}

/// Who begins to coordinate has perhaps not heard a member yet: each gets as long as one that fell silent then.
#[test]
fn a_member_that_was_not_heard_in_its_own_boot_has_the_same_time() {
    let mut node = member();
    let began = node.now;
    for (boot, after, stays) in [
        (None, Duration::ZERO, true),
        (None, SILENCE - INSTANT, true),
        (None, SILENCE, false),
        // What was heard is from before the boot that is a member.
        (Some(4), SILENCE - INSTANT, true),
        (Some(4), SILENCE, false),
    ] {
        node.now = began + after;
        match boot {
            Some(boot) => drop(heard(&mut node, boot, Duration::ZERO).clone()),
            None => node.neighbours.forget_all(),
        }
        let members = desired(&mut node, began);
        let expected = stays.then_some(5);
        assert_eq!(
            members.get(&NodeId(2)).copied(),
            expected,
            "{boot:?}, {after:?}"
        );
        assert_eq!(members.get(&NodeId(1)), Some(&1), "this one always is");
        assert!(
            !members.contains_key(&NodeId(4)),
            "who is none does not become one"
        );
    }
}

/// Whoever has not the log would have to be waited for.
#[test]
fn only_a_member_that_has_the_log_may_vote() {
    let mut node = member();
    heard(&mut node, 5, Duration::ZERO);
    assert!(node.is_here(NodeId(2)) && node.database.is_member(NodeId(2)));
    assert_eq!(node.log.match_index(2), None);
    assert!(!node.may_vote(NodeId(2)));
    assert!(!node.may_vote(WITNESS));
}

#[test]
fn who_is_kept_out_is_told_of_when_it_asks_to_come_in_and_is_heard() {
    for (standing, ago, told) in [
        (Standing::Joining, Duration::ZERO, true),
        (Standing::Joining, bounds::INTERFACE_SILENCE, false),
        (Standing::Member, Duration::ZERO, false),
    ] {
        let mut node = member();
        node.config.switches.force_quorum = vec!["NODE1".into(), "NODE3".into()];
        heard(&mut node, 6, ago).standing = standing;
        let now = node.now;
        let members = desired(&mut node, now);
        assert!(!members.contains_key(&NodeId(2)));
        assert_eq!(
            node.neighbours.keeps_out(NodeId(2)),
            told,
            "{standing:?} {ago:?}"
        );
    }
}

/// An evicted node may still run, unless it has said that it does not.
#[test]
fn an_evicted_node_is_waited_for_like_any_other() {
    let mut node = crate::shipped::leader();
    let began = node.now;
    let evicted = |gone| Peer {
        heard: Some(began),
        gone,
        ..Peer::default()
    };
    for (gone, due) in [(true, Time::ZERO), (false, began + bounds::TAKEOVER_WAIT)] {
        *node.neighbours.evicted(NodeId(2)) = evicted(gone);
        assert_eq!(node.takeover_due(NodeId(2)), due);
    }
    node.neighbours.forget_all();
    for (held_before, led) in [
        (None, false),
        (Some(NodeId(3)), false),
        (Some(NodeId(2)), true),
    ] {
        node.office.take_disk_from(held_before);
        let unheard = began + node.quorum.takeover_wait(led);
        assert_eq!(node.takeover_due(NodeId(2)), unheard);
    }
}

#[test]
fn who_does_not_coordinate_sends_no_group_home() {
    for (coordinates, looks) in [(true, true), (false, false)] {
        let mut node = crate::shipped::leader();
        if !coordinates {
            node.office.lay_down();
        }
        node.check_failback();
        assert_eq!(node.timers.is_set(Timer::Failback), looks);
    }
}

#[test]
fn a_witness_that_is_there_and_has_not_the_log_does_not_vote_yet() {
    let mut node = crate::shipped::booted("two-node-witness.ron", NodeId(1), 1);
    node.now = Time::from_millis(600_000);
    let message = quorate_log::Message {
        term: 2,
        identity: 7,
        body: quorate_log::Body::Append {
            prev_index: 4,
            prev_term: 2,
            entries: Vec::new(),
            commit: 0,
            round: Some(1),
        },
    };
    crate::shipped::outputs(&mut node);
    node.ask_witness(message);
    let mut asked = crate::shipped::outputs(&mut node).into_iter();
    let reply = asked.find_map(|output| match output {
        crate::io::Output::Witness(request) => Some(request.answer(None).1),
        _ => None,
    });
    node.witness_replied(reply.unwrap());
    assert!(node.is_here(WITNESS));
    assert!(!node.may_vote(WITNESS));
}

/// What it would need to know comes with the log.
#[test]
fn who_would_join_is_no_member_before_it_has_answered_the_leader() {
    let mut node = member();
    heard(&mut node, 6, Duration::ZERO).standing = Standing::Joining;
    let now = node.now;
    assert_eq!(node.log.acked_round(2), None);
    assert!(!desired(&mut node, now).contains_key(&NodeId(2)));
}

/// Whoever plants a bug wants to know whether it made a difference.
#[cfg(feature = "planted")]
#[test]
fn a_planted_bug_counts_where_it_made_a_difference() {
    let counted = |plant: fn(&mut Node), before: Duration| {
        let mut node = crate::shipped::leader();
        let due = node.takeover_due(NodeId(2));
        plant(&mut node);
        node.now = Time((due - (Time::ZERO + before)).as_micros() as u64);
        node.takeover_due(NodeId(2));
        node.planted_hits()
    };
    let margin = bounds::TAKEOVER_MARGIN;
    assert_eq!(counted(Node::plant_haste, INSTANT), 1);
    assert_eq!(counted(Node::plant_haste, Duration::ZERO), 0);
    assert_eq!(counted(Node::plant_eagerness, margin + INSTANT), 0);
    assert_eq!(counted(Node::plant_eagerness, margin), 1);
    assert_eq!(counted(Node::plant_eagerness, INSTANT), 1);
    assert_eq!(counted(Node::plant_eagerness, Duration::ZERO), 0);
}
