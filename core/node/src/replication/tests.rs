//! What other nodes' logs say to a node, and what becomes of that which is committed.

use std::time::Duration;

use quorate_log::NodeSet;
use quorate_model::Time;

use super::*;
use crate::candidacy::Arbitration;
use crate::database::{GroupRecord, WitnessVote};
use crate::shipped::{booted, disks_answer, events, halted, outputs};

const ME: NodeId = NodeId(1);
const TWO: NodeId = NodeId(2);
const THREE: NodeId = NodeId(3);
const INSTANT: Duration = Duration::from_micros(1);

/// NODE1 of three, a member with NODE2, at one minute, with nothing on its way.
fn member() -> Node {
    let mut node = booted("three-node-majority.ron", ME, 3);
    node.phase = Phase::Member;
    node.now = Time::from_millis(60_000);
    node.database.view.number = 1;
    node.database.view.members = [(ME, 3), (TWO, 1)].into();
    for id in [TWO, THREE] {
        node.neighbours.peer(id).incarnation = 1;
    }
    disks_answer(&mut node);
    node
}

/// As if it coordinated since then.
fn coordinates(node: &mut Node, since: Time, formed: bool) {
    node.office.begin(since, formed, since);
}

fn message(term: u64, body: LogBody) -> quorate_log::Message {
    quorate_log::Message {
        term,
        identity: 22,
        body,
    }
}

/// A leader's word that there is nothing new.
fn leads(term: u64) -> quorate_log::Message {
    let body = LogBody::Append {
        prev_index: 0,
        prev_term: 0,
        entries: Vec::new(),
        commit: 0,
        round: None,
    };
    message(term, body)
}

fn would_you_vote(term: u64) -> quorate_log::Message {
    let body = LogBody::PreVote {
        last_index: 0,
        last_term: 0,
    };
    message(term, body)
}

/// Whether it was answered that a vote would be given.
fn would(node: &mut Node) -> Option<bool> {
    outputs(node).into_iter().find_map(|output| match output {
        Output::Send { message, .. } => match message.body {
            Body::Log(message) => match message.body {
                LogBody::PreVoteReply { granted } => Some(granted),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    })
}

/// Whoever has heard a coordinator keeps the promise that others count on, to the instant.
#[test]
fn nobody_has_a_vote_within_the_bound_of_silence() {
    for (ago, granted) in [
        (Duration::ZERO, false),
        (bounds::MEMBER_SILENCE - INSTANT, false),
        (bounds::MEMBER_SILENCE, true),
    ] {
        let mut node = member();
        node.office
            .set_heard(Time((node.now - (Time::ZERO + ago)).as_micros() as u64));
        node.log_message(TWO, would_you_vote(5));
        let would = would(&mut node) == Some(true);
        assert_eq!(would, granted, "heard {ago:?} ago");
    }
}

#[test]
fn only_what_a_leader_says_as_such_is_a_sign_of_life_of_the_coordinator() {
    let mut node = member();
    let before = node.office.vacant_at();
    node.log_message(THREE, would_you_vote(5));
    assert_eq!(node.office.vacant_at(), before, "it would lead");
    node.log_message(TWO, leads(1));
    assert_eq!(node.log.leader(), Some(TWO.0));
    assert_eq!(node.office.silence(node.now), Duration::ZERO);

    node.now += Duration::from_secs(1);
    let before = node.office.vacant_at();
    node.log_message(TWO, would_you_vote(2));
    assert_eq!(node.office.vacant_at(), before, "it does not lead any more");
    node.log_message(THREE, leads(0));
    assert_eq!(node.office.vacant_at(), before, "it led long ago");
}

#[test]
fn who_has_the_quorum_disk_and_follows_campaigns_at_once() {
    for (role, arbitration, campaigns) in [
        (Role::Follower, Arbitration::Holding, true),
        (Role::Follower, Arbitration::Idle, false),
        (Role::Candidate, Arbitration::Holding, false),
    ] {
        let mut node = booted("four-node.ron", ME, 1);
        node.now = Time::from_millis(60_000);
        node.timers.stop(Timer::Campaign);
        node.arbitration = arbitration;
        node.role_changed(role, 1);
        assert_eq!(node.timers.is_set(Timer::Campaign), campaigns, "{role:?}");
    }
}

fn checkpoint(node: &Node, index: u64, change: impl FnOnce(&mut Database)) -> Snapshot {
    let mut database = node.database.clone();
    database.applied = index;
    change(&mut database);
    Snapshot {
        index,
        term: 1,
        voters: NodeSet::EMPTY,
        data: postcard::to_allocvec(&database).unwrap(),
    }
}

#[test]
fn a_checkpoint_of_an_earlier_position_is_told_and_a_view_that_is_the_same_is_not() {
    for (before, told) in [(4, false), (5, false), (6, true)] {
        let mut node = member();
        let snapshot = checkpoint(&node, 5, |_| {});
        node.database.applied = before;
        node.install(&snapshot);
        let events = events(&mut node);
        let notices = events
            .iter()
            .filter(|it| matches!(it, Event::Notice { .. }));
        assert_eq!(notices.count(), usize::from(told), "{before}: {events:?}");
        assert!(!events.iter().any(|it| matches!(it, Event::View { .. })));
    }
    let mut node = member();
    let snapshot = checkpoint(&node, 5, |database| {
        database.view.number = 2;
        database.view.members.remove(&TWO);
    });
    node.install(&snapshot);
    let view = Event::View {
        view: 2,
        members: vec!["NODE1".into()],
    };
    assert_eq!(events(&mut node), [view]);
    let without = checkpoint(&node, 6, |database| {
        database.view.number = 3;
        database.view.members = [(TWO, 1)].into();
    });
    node.install(&without);
    assert_eq!(halted(&mut node), Some(5890));
}

#[test]
fn a_checkpoint_opens_what_is_new_in_it_and_covers_what_this_boot_had_proposed() {
    let stranded = |node: &Node| {
        let record: &GroupRecord = &node.database.groups["PRINT1"];
        Update::Stranded {
            group: "PRINT1".into(),
            epoch: record.epoch,
        }
    };
    for (boot, left) in [(3, 0), (2, 1)] {
        let mut node = member();
        let update = stranded(&node);
        let sequence = node.proposals.add(update);
        let snapshot = checkpoint(&node, 5, |database| {
            database.nodes.get_mut(&ME).unwrap().last = (boot, sequence);
            let mut groups = database.definition_mut().groups.iter_mut();
            let group = groups.find(|group| group.name == "PRINT1").unwrap();
            let mut new = group.resources[0].clone();
            new.name = "Another IP Address".into();
            group.resources.push(new);
        });
        while node.groups.poll_action().is_some() {}
        node.install(&snapshot);
        assert_eq!(node.proposals.outstanding().len(), left, "boot {boot}");
        let action = node.groups.poll_action();
        let opens = format!("{action:?}").contains("Another IP Address");
        assert!(opens, "{action:?}");
    }
}

fn applied(node: &mut Node, term: u64, update: Option<Proposal>) {
    let bytes = update.map(|it| postcard::to_allocvec(&it).unwrap());
    let entry = Entry {
        index: node.database.applied + 1,
        term,
        kind: bytes.map_or(EntryKind::Noop, EntryKind::Update),
    };
    node.apply(&entry);
}

#[test]
fn what_is_committed_of_another_leaders_term_makes_nobody_lead() {
    let mut node = member();
    let term = node.log.term();
    applied(&mut node, term, None);
    assert_eq!(node.office.to_begin(), None);
}

#[test]
fn what_was_proposed_is_sent_again_until_all_of_it_came_back() {
    let mut node = member();
    let stranded = Update::Stranded {
        group: "PRINT1".into(),
        epoch: 99,
    };
    node.propose(stranded.clone());
    node.propose(stranded.clone());
    let mine: Vec<Proposal> = node.proposals.outstanding().cloned().collect();
    let others = Proposal {
        node: TWO,
        incarnation: 1,
        ..mine[1].clone()
    };
    applied(&mut node, 1, Some(others));
    assert!(node.timers.is_set(Timer::Resend), "that was another's");
    applied(&mut node, 1, Some(mine[0].clone()));
    assert!(node.timers.is_set(Timer::Resend), "one is left");
    applied(&mut node, 1, Some(mine[1].clone()));
    assert!(!node.timers.is_set(Timer::Resend));
    // Another boot's last word, with nothing of this one's on its way.
    node.timers.set(Timer::Resend, node.now);
    let others = Proposal {
        node: TWO,
        sequence: 2,
        ..mine[1].clone()
    };
    applied(&mut node, 1, Some(others));
    assert!(node.timers.is_set(Timer::Resend));
}

#[test]
fn a_group_is_said_to_move_and_to_be_stranded_by_its_owner_alone() {
    for (owner, tells) in [(ME, true), (TWO, false)] {
        let mut node = member();
        let moving = Event::GroupMoving {
            subject: "PRINT1".into(),
            from: "NODE1".into(),
            to: "NODE3".into(),
            cause: Cause::Admin,
        };
        node.effect(Effect::Moving {
            group: "PRINT1".into(),
            from: owner,
            to: THREE,
            cause: Cause::Admin,
        });
        let expected = if tells { vec![moving] } else { Vec::new() };
        assert_eq!(events(&mut node), expected);

        node.database.groups.get_mut("PRINT1").unwrap().owner = owner;
        for (stop, told) in [(Stop::GaveUp, tells), (Stop::Stranded, false)] {
            node.effect(Effect::Stopped {
                group: "PRINT1".into(),
                stop: stop.clone(),
            });
            let told_of = events(&mut node).len();
            assert_eq!(told_of, usize::from(told), "{owner}'s, {stop:?}");
        }
    }
}

#[test]
fn a_witness_is_held_to_its_identity_until_it_stands_for_nothing_any_more() {
    let named = Effect::Identity {
        node: WITNESS,
        identity: 7,
    };
    let property = Effect::Property {
        subject: "Majority Node Set".into(),
        property: "MNSFileShare".into(),
        resource: None,
    };
    for (identity, vote, held) in [
        (0, WitnessVote::None, false),
        (7, WitnessVote::None, true),
        (0, WitnessVote::Counts, true),
        (7, WitnessVote::Counts, true),
    ] {
        let mut node = booted("two-node-witness.ron", ME, 1);
        node.effect(named.clone());
        assert_eq!(node.log.identity_of(WITNESS.0), Some(7));
        node.database.witness.identity = identity;
        node.database.witness.vote = vote;
        node.effect(property.clone());
        assert_eq!(node.log.identity_of(WITNESS.0).is_some(), held);
    }
    // What the log on the own disk says beyond what is applied counts for more.
    let mut node = booted("two-node-witness.ron", ME, 1);
    node.effect(named.clone());
    let LogBody::Append {
        prev_index,
        prev_term,
        commit,
        round,
        ..
    } = leads(1).body
    else {
        unreachable!()
    };
    let ahead = Entry {
        index: 1,
        term: 1,
        kind: EntryKind::Noop,
    };
    let body = LogBody::Append {
        entries: vec![ahead],
        prev_index,
        prev_term,
        commit,
        round,
    };
    node.log.step(TWO.0, message(1, body), false);
    let mut then = node.database.clone();
    then.witness.identity = 7;
    node.recall_witness(&then);
    assert!(node.recalls_witness());
    node.effect(property);
    assert_eq!(node.log.identity_of(WITNESS.0), Some(7), "still");
    let older = Effect::Identity {
        node: WITNESS,
        identity: 6,
    };
    node.effect(older);
    assert_eq!(node.log.identity_of(WITNESS.0), Some(7), "still");
    let nodes = Effect::Identity {
        node: TWO,
        identity: 8,
    };
    node.effect(nodes);
    assert_eq!(node.log.identity_of(TWO.0), Some(8));
}

#[test]
fn a_view_makes_members_and_ends_them() {
    let seen = |phase: Phase, boot: Option<u64>| {
        let mut node = member();
        node.phase = phase;
        node.database.view.members.remove(&ME);
        let me = boot.map(|boot| (ME, boot));
        node.database.view.members.extend(me);
        node.view_changed();
        let given = outputs(&mut node);
        let told = given
            .iter()
            .any(|it| matches!(it, Output::Event(Event::View { .. })));
        let code = given.iter().find_map(|it| match it {
            Output::Halt { reason, .. } => Some(reason.code),
            _ => None,
        });
        (node.phase, told, code)
    };
    assert_eq!(seen(Phase::Joining, Some(3)), (Phase::Member, true, None));
    assert_eq!(seen(Phase::Joining, Some(2)), (Phase::Joining, false, None));
    assert_eq!(seen(Phase::Joining, None), (Phase::Joining, false, None));
    assert_eq!(seen(Phase::Member, Some(3)), (Phase::Member, true, None));
    assert_eq!(seen(Phase::Leaving, Some(3)), (Phase::Leaving, true, None));
    let expelled = (Phase::Halted, false, Some(5890));
    assert_eq!(seen(Phase::Member, None), expelled);
    assert_eq!(seen(Phase::Member, Some(2)), expelled);
    assert_eq!(seen(Phase::Leaving, None), (Phase::Halted, false, Some(0)));
}

#[test]
fn who_came_and_who_went_is_told_once_with_what_becomes_of_its_groups() {
    let mut node = member();
    node.database.groups.change_each(|name, record| {
        record.owner = if *name == "PRINT1" { TWO } else { ME };
    });
    node.database.view.members = [(ME, 3), (THREE, 1)].into();
    let state = |subject: &str, from, to| Event::NodeState {
        subject: subject.into(),
        from,
        to,
    };
    let expected = vec![
        state("NODE2", NodeState::Up, NodeState::Down),
        state("NODE3", NodeState::Down, NodeState::Up),
    ];
    node.report_membership(&[TWO], &[THREE]);
    assert_eq!(events(&mut node), expected, "nothing ran on it");
    for record in node.database.resources.values_mut() {
        record.state = quorate_model::ResourceState::Failed;
    }
    let lost = Event::GroupState {
        subject: "PRINT1".into(),
        from: quorate_model::GroupState::Online,
        to: quorate_model::GroupState::Failed,
    };
    node.report_membership(&[TWO], &[THREE]);
    assert_eq!(events(&mut node), [expected, vec![lost]].concat());
    for record in node.database.resources.values_mut() {
        record.state = quorate_model::ResourceState::Offline;
    }
    // Another boot of it is there at once.
    node.database.view.members = [(ME, 3), (TWO, 2)].into();
    node.report_membership(&[TWO], &[TWO]);
    assert_eq!(
        events(&mut node),
        [state("NODE2", NodeState::Up, NodeState::Up)]
    );
}

#[test]
fn what_a_coordinator_takes_over_within_a_minute_of_forming_it_takes_in_forming() {
    let mut node = member();
    let since = node.now;
    for (formed, after, cause) in [
        (true, Duration::ZERO, Cause::Form),
        (true, Duration::from_secs(60) - INSTANT, Cause::Form),
        (true, Duration::from_secs(60), Cause::NodeFailure),
        (false, Duration::ZERO, Cause::NodeFailure),
    ] {
        coordinates(&mut node, since, formed);
        node.now = since + after;
        assert_eq!(node.takeover_cause(false), cause, "{after:?}");
        assert_eq!(node.takeover_cause(true), Cause::NodeUp);
    }
}

/// Two databases that differ are told apart by their digests, whatever came before.
#[test]
fn every_bit_of_an_entry_counts_in_the_digest() {
    let entry = |index, term| Entry {
        index,
        term,
        kind: EntryKind::Noop,
    };
    for before in [0, 0xcbf2_9ce4_8422_2325, u64::MAX] {
        let one = fold(before, &entry(1, 1), &[]);
        assert_ne!(one, fold(before, &entry(1, 2), &[]));
        assert_ne!(one, fold(before, &entry(2, 1), &[]));
        assert_ne!(one, fold(before, &entry(1, 1), &[0]));
        let bytes = |byte| fold(before, &entry(1, 1), &[byte]);
        for bit in 0..8 {
            assert_ne!(bytes(0), bytes(1 << bit), "bit {bit} after {before:x}");
        }
    }
}

#[test]
fn proposals_are_taken_of_members_alone_and_each_once() {
    let mut node = crate::shipped::leader();
    let proposal = |node: NodeId, incarnation, sequence| Proposal {
        node,
        incarnation,
        sequence,
        update: Update::Stranded {
            group: "EVS1".into(),
            epoch: 99,
        },
    };
    let mut taken = |proposal: Proposal| {
        let before = node.log.last_index();
        node.accept_proposals(vec![proposal]);
        node.log.last_index() - before
    };
    assert_eq!(taken(proposal(TWO, 1, 1)), 1);
    assert_eq!(taken(proposal(TWO, 1, 1)), 0, "it comes again");
    assert_eq!(taken(proposal(TWO, 1, 2)), 1);
    assert_eq!(taken(proposal(TWO, 2, 1)), 0, "that boot is no member");
    assert_eq!(taken(proposal(THREE, 1, 1)), 0, "nor is that node");
    assert_eq!(taken(proposal(ME, 3, 1)), 1);
    node.database.nodes.get_mut(&TWO).unwrap().last = (1, 9);
    let before = node.log.last_index();
    node.accept_proposals(vec![proposal(TWO, 1, 9)]);
    assert_eq!(node.log.last_index(), before, "it is applied already");
}

#[test]
fn a_checkpoint_is_made_of_all_that_is_applied_and_never_by_a_node_that_keeps_to_itself() {
    let made = |change: &dyn Fn(&mut Node)| {
        let mut node = crate::shipped::leader();
        assert!(node.log.applied_index() > 0);
        change(&mut node);
        node.make_checkpoint()
    };
    assert!(made(&|_| {}));
    assert!(!made(&|node| node.config.switches.no_quorum_logging = true));
    assert!(!made(&|node| node.database.applied -= 1));
}
