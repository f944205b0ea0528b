//! Elections, votes, transfers and changes of voters.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod harness;

use harness::{Kind, Op, World};
use quorate_log::{
    AppendOutcome, Body, CommitRule, Entry, EntryKind, HardState, Log, Message, NodeSet, NotLeader,
    Output, Role, Stored, TRANSFER_ROUNDS_MAX, TransferError, VotersError,
};

fn outputs(log: &mut Log) -> Vec<Output> {
    std::iter::from_fn(|| log.poll_output()).collect()
}

fn message(from: u8, term: u64, body: Body) -> (u8, Message) {
    (
        from,
        Message {
            identity: 0x1d00 + u64::from(from),
            term,
            body,
        },
    )
}

fn three(me: u8, stored: Stored) -> Log {
    Log::new(
        me,
        1,
        CommitRule::Majority(NodeSet::from([1, 2, 3])),
        stored,
    )
    .unwrap()
}

/// Three nodes with node 1 as leader; all messages are delivered.
fn led() -> World {
    let mut world = World::booted(Kind::Majority, 3, 3);
    world.run(Op::Campaign(1)).unwrap();
    world.settle().unwrap();
    assert_eq!(world.leaders(), [1]);
    world
}

fn is_vote_reply(output: &Output, wanted: bool) -> bool {
    matches!(output, Output::Send { message: Message { body: Body::VoteReply { granted }, .. }, .. }
        if *granted == wanted)
}

#[test]
fn a_majority_elects_and_its_noop_commits() {
    let world = led();
    assert_eq!((world.log(1).term(), world.log(1).commit_index()), (1, 1));
    assert_eq!(world.log(2).leader(), Some(1));
    assert_eq!(world.log(3).applied_index(), 1);
}

#[test]
fn a_pre_vote_begins_no_term() {
    let mut log = three(1, Stored::default());
    log.campaign();
    assert_eq!((log.role(), log.term()), (Role::PreCandidate, 0));
    let (from, refusal) = message(2, 0, Body::PreVoteReply { granted: false });
    log.step(from, refusal, false);
    let (from, refusal) = message(3, 0, Body::PreVoteReply { granted: false });
    log.step(from, refusal, false);
    assert_eq!((log.role(), log.term()), (Role::Follower, 0));
}

#[test]
fn only_more_than_half_of_the_configured_voters_elect() {
    let mut world = World::booted(Kind::Majority, 5, 5);
    for id in [3, 4, 5] {
        world.run(Op::Crash(id, 0)).unwrap();
    }
    world.run(Op::Campaign(1)).unwrap();
    world.settle().unwrap();
    assert!(world.leaders().is_empty());
    world.run(Op::Boot(4)).unwrap();
    world.run(Op::Campaign(1)).unwrap();
    world.settle().unwrap();
    assert_eq!(world.leaders(), [1]);
}

#[test]
fn a_node_that_returns_does_not_disturb_a_living_leader() {
    let mut world = led();
    world.run(Op::Campaign(3)).unwrap();
    while !world.wire.is_empty() {
        world.run(Op::Deliver(0, true)).unwrap();
    }
    assert_eq!(world.leaders(), [1]);
    assert!(
        world
            .hosts
            .values()
            .all(|host| host.log.as_ref().is_some_and(|log| log.term() == 1))
    );
    world.run(Op::Resend(1)).unwrap();
    world.settle().unwrap();
    assert_eq!(
        (world.log(3).role(), world.log(3).leader()),
        (Role::Follower, Some(1))
    );
}

#[test]
fn a_living_leader_is_a_reason_to_refuse_even_a_newer_term() {
    let mut log = three(2, Stored::default());
    let vote = |transfer| {
        message(
            1,
            9,
            Body::Vote {
                last_index: 5,
                last_term: 5,
                transfer,
            },
        )
    };
    let (from, plain) = vote(false);
    log.step(from, plain, true);
    assert_eq!(log.term(), 0);
    assert!(
        outputs(&mut log)
            .iter()
            .any(|output| is_vote_reply(output, false))
    );
    let (from, transfer) = vote(true);
    log.step(from, transfer, true);
    assert_eq!(
        log.hard_state(),
        HardState {
            term: 9,
            voted_for: Some(1)
        }
    );
}

#[test]
fn a_vote_waits_until_it_is_durable() {
    let mut log = three(2, Stored::default());
    let (from, vote) = message(
        1,
        1,
        Body::Vote {
            last_index: 0,
            last_term: 0,
            transfer: false,
        },
    );
    log.step(from, vote, false);
    let outputs = outputs(&mut log);
    let [Output::Persist(persist), reply] = &outputs[..] else {
        panic!("{outputs:?}")
    };
    assert_eq!(
        persist.hard,
        Some(HardState {
            term: 1,
            voted_for: Some(1)
        })
    );
    assert!(matches!(reply, Output::Send { after, .. } if *after == persist.mark));
    assert!(is_vote_reply(reply, true));
}

#[test]
fn a_vote_is_not_given_twice_through_a_restart() {
    let hard = HardState {
        term: 4,
        voted_for: Some(1),
    };
    let mut log = three(
        2,
        Stored {
            hard,
            ..Stored::default()
        },
    );
    let (from, vote) = message(
        3,
        4,
        Body::Vote {
            last_index: 9,
            last_term: 3,
            transfer: false,
        },
    );
    log.step(from, vote, false);
    assert!(
        outputs(&mut log)
            .iter()
            .any(|output| is_vote_reply(output, false))
    );
    let (from, again) = message(
        1,
        4,
        Body::Vote {
            last_index: 9,
            last_term: 3,
            transfer: false,
        },
    );
    log.step(from, again, false);
    assert!(
        outputs(&mut log)
            .iter()
            .any(|output| is_vote_reply(output, true))
    );
}

#[test]
fn an_older_log_gets_no_vote() {
    let entries = vec![
        Entry {
            index: 1,
            term: 1,
            kind: EntryKind::Noop,
        },
        Entry {
            index: 2,
            term: 3,
            kind: EntryKind::Noop,
        },
    ];
    let stored = Stored {
        hard: HardState {
            term: 3,
            voted_for: None,
        },
        snapshot: None,
        entries,
    };
    for (last, granted) in [
        ((9, 2), false),
        ((1, 3), false),
        ((2, 3), true),
        ((1, 4), true),
    ] {
        let mut log = three(2, stored.clone());
        let (last_index, last_term) = last;
        let (from, vote) = message(
            1,
            7,
            Body::Vote {
                last_index,
                last_term,
                transfer: false,
            },
        );
        log.step(from, vote, false);
        assert!(
            outputs(&mut log)
                .iter()
                .any(|output| is_vote_reply(output, granted)),
            "{last:?}"
        );
        let mut log = three(2, stored.clone());
        let (from, pre) = message(
            1,
            7,
            Body::PreVote {
                last_index,
                last_term,
            },
        );
        log.step(from, pre, false);
        let reply = Body::PreVoteReply { granted };
        let said = outputs(&mut log);
        assert!(
            said.iter()
                .any(|o| matches!(o, Output::Send { message, .. } if message.body == reply))
        );
        assert_eq!(log.term(), 3, "a pre-vote binds nobody");
    }
}

#[test]
fn a_lone_voter_leads_once_its_term_is_durable() {
    let mut log = Log::new(
        1,
        1,
        CommitRule::Majority(NodeSet::from([1])),
        Stored::default(),
    )
    .unwrap();
    log.campaign();
    let persists: Vec<_> = outputs(&mut log)
        .into_iter()
        .filter_map(|output| match output {
            Output::Persist(persist) => Some(persist),
            _ => None,
        })
        .collect();
    assert_eq!(log.role(), Role::Candidate);
    log.persisted(persists.last().unwrap().mark);
    assert_eq!(log.role(), Role::Leader);
}

#[test]
fn a_mark_that_was_never_handed_out_makes_nothing_durable() {
    let mut log = Log::new(1, 1, CommitRule::Solo(1), Stored::default()).unwrap();
    log.campaign();
    log.persisted(u64::MAX);
    log.persisted(1);
    assert_eq!(log.role(), Role::Candidate);
}

/// A short form of figure 8: a majority has the entry of term 1, which is not enough in term 2.
#[test]
fn an_older_terms_entry_is_not_committed_by_counting() {
    let entries = vec![Entry {
        index: 1,
        term: 1,
        kind: EntryKind::Update(vec![1]),
    }];
    let stored = Stored {
        hard: HardState {
            term: 1,
            voted_for: None,
        },
        snapshot: None,
        entries,
    };
    let mut log = three(1, stored);
    log.campaign();
    let (from, yes) = message(2, 2, Body::PreVoteReply { granted: true });
    log.step(from, yes, false);
    for output in outputs(&mut log) {
        if let Output::Persist(persist) = output {
            log.persisted(persist.mark);
        }
    }
    let (from, yes) = message(2, 2, Body::VoteReply { granted: true });
    log.step(from, yes, false);
    assert_eq!((log.role(), log.last_index()), (Role::Leader, 2));
    let accepted = |from, matched| {
        message(
            from,
            2,
            Body::AppendReply {
                round: None,
                outcome: AppendOutcome::Accepted { matched },
            },
        )
    };
    for from in [2, 3] {
        let (from, reply) = accepted(from, 1);
        log.step(from, reply, false);
    }
    assert_eq!(log.commit_index(), 0);
    for output in outputs(&mut log) {
        if let Output::Persist(persist) = output {
            log.persisted(persist.mark);
        }
    }
    assert_eq!(log.commit_index(), 0);
    let (from, reply) = accepted(2, 2);
    log.step(from, reply, false);
    assert_eq!(log.commit_index(), 2);
}

#[test]
fn a_leader_hands_over_when_the_other_has_caught_up() {
    let mut world = led();
    world.run(Op::Propose(1)).unwrap();
    world.run(Op::Transfer(1, 3)).unwrap();
    let refused = world
        .hosts
        .get_mut(&1)
        .unwrap()
        .log
        .as_mut()
        .unwrap()
        .propose(vec![1]);
    assert_eq!(refused, Err(NotLeader { leader: None }));
    // Everybody hears the leader, and grants the vote nevertheless.
    for _ in 0..200 {
        world.run(Op::Deliver(0, true)).unwrap();
        for id in 1..=3 {
            world.run(Op::Write(id)).unwrap();
        }
    }
    assert_eq!(world.leaders(), [3]);
    assert_eq!(world.log(3).term(), 2);
    assert_eq!(world.acknowledged.len(), 1);
}

#[test]
fn a_transfer_that_does_not_succeed_is_given_up() {
    let mut world = led();
    world.run(Op::Crash(3, 0)).unwrap();
    world.run(Op::Transfer(1, 3)).unwrap();
    for _ in 0..TRANSFER_ROUNDS_MAX {
        assert_eq!(world.log(1).transfer_target(), Some(3));
        world.run(Op::Resend(1)).unwrap();
    }
    assert_eq!(world.log(1).transfer_target(), None);
    world.run(Op::Propose(1)).unwrap();
    world.settle().unwrap();
    assert_eq!(world.acknowledged.len(), 1);
}

#[test]
fn leadership_goes_to_other_voters_only() {
    let mut world = led();
    world
        .with(1, |log| {
            assert_eq!(log.transfer(9), Err(TransferError::NotVoter(9)))
        })
        .unwrap();
    world
        .with(2, |log| {
            let error = TransferError::NotLeader(NotLeader { leader: Some(1) });
            assert_eq!(log.transfer(3), Err(error));
        })
        .unwrap();
}

#[test]
fn a_wiped_node_under_its_old_id_is_a_stranger() {
    let mut world = led();
    world.run(Op::Propose(1)).unwrap();
    world.settle().unwrap();
    world.run(Op::Crash(3, 0)).unwrap();
    let host = world.hosts.get_mut(&3).unwrap();
    (host.disk, host.identity) = (Stored::default(), 0xbeef);
    world.run(Op::Boot(3)).unwrap();
    let matched = world.log(1).match_index(3);
    world.run(Op::Resend(1)).unwrap();
    world.run(Op::Campaign(3)).unwrap();
    world.settle().unwrap();
    assert_eq!(
        world.log(1).match_index(3),
        matched,
        "what it forgot is not taken back by a stranger"
    );
    assert!(
        world.hosts[&1]
            .refused
            .iter()
            .any(|reason| reason.contains("come back as another"))
    );
    // Its vote does not count either.
    world.run(Op::Crash(1, 0)).unwrap();
    world.run(Op::Campaign(2)).unwrap();
    world.settle().unwrap();
    assert!(world.leaders().is_empty());
    // Once admitted under its new identity, it is a node like any other.
    world.with(2, |log| log.set_identity(3, 0xbeef)).unwrap();
    world.run(Op::Campaign(2)).unwrap();
    world.settle().unwrap();
    assert_eq!(world.leaders(), [2]);
    world.run(Op::Resend(2)).unwrap();
    world.settle().unwrap();
    assert_eq!(world.hosts[&3].state, world.hosts[&2].state);
}

#[test]
fn a_new_identity_makes_a_leader_forget_what_the_old_one_had() {
    let mut world = led();
    assert_eq!(world.log(1).match_index(3), Some(1));
    world.with(1, |log| log.set_identity(3, 0x1d03)).unwrap();
    assert_eq!(world.log(1).match_index(3), Some(1));
    world.with(1, |log| log.set_identity(3, 0xbeef)).unwrap();
    assert_eq!(world.log(1).match_index(3), Some(0));
}

#[test]
fn voters_change_one_at_a_time() {
    let mut world = World::booted(Kind::Majority, 5, 3);
    world
        .with(1, |log| {
            let error = VotersError::NotLeader(NotLeader { leader: None });
            assert_eq!(log.propose_voters(NodeSet::from([1, 2])), Err(error));
        })
        .unwrap();
    world.run(Op::Campaign(1)).unwrap();
    while !world.log(1).is_leader() {
        world.run(Op::Write(1)).unwrap();
        world.run(Op::Write(2)).unwrap();
        world.run(Op::Deliver(0, false)).unwrap();
    }
    let four = NodeSet::from([1, 2, 3, 4]);
    world
        .with(1, |log| {
            let error = VotersError::TermUncommitted { term: 1 };
            assert_eq!(log.propose_voters(four), Err(error));
        })
        .unwrap();
    world.settle().unwrap();
    world
        .with(1, |log| {
            assert_eq!(log.propose_voters(NodeSet::EMPTY), Err(VotersError::Empty));
            let (added, removed) = (NodeSet::from([4]), NodeSet::from([3]));
            let both = NodeSet::from([1, 2, 4]);
            assert_eq!(
                log.propose_voters(both),
                Err(VotersError::TooMany { added, removed })
            );
            assert_eq!(log.propose_voters(four), Ok(2));
            assert_eq!(log.voters(), four, "in force from the moment of appending");
            let five = NodeSet::from([1, 2, 3, 4, 5]);
            assert_eq!(
                log.propose_voters(five),
                Err(VotersError::Pending { index: 2 })
            );
        })
        .unwrap();
    world.settle().unwrap();
    assert_eq!(world.log(4).voters(), four);
    assert_eq!(world.log(1).rule(), CommitRule::Majority(four));
}

#[test]
fn a_leader_that_is_removed_leads_until_that_is_committed() {
    let mut world = led();
    world.run(Op::Voters(1, 1)).unwrap();
    assert!(world.log(1).is_leader());
    world.settle().unwrap();
    assert_eq!(world.log(1).role(), Role::Follower);
    world.run(Op::Campaign(2)).unwrap();
    world.settle().unwrap();
    assert_eq!(
        (world.leaders(), world.log(2).voters()),
        (vec![2], NodeSet::from([2, 3]))
    );
}

/// Only the removed node has the change, so only it can bring the others there (dissertation, 4.2.2).
#[test]
fn an_uncertain_removal_can_still_be_finished_by_the_removed_node() {
    let mut world = World::booted(Kind::Majority, 2, 2);
    world.run(Op::Campaign(1)).unwrap();
    world.settle().unwrap();
    world.run(Op::Voters(1, 1)).unwrap();
    world.run(Op::Write(1)).unwrap();
    world.run(Op::Crash(1, 0)).unwrap();
    world.wire.clear();
    world.run(Op::Boot(1)).unwrap();
    world.run(Op::Campaign(2)).unwrap();
    world.settle().unwrap();
    assert!(
        world.leaders().is_empty(),
        "node 2 lacks an entry that node 1 has"
    );
    world.run(Op::Campaign(1)).unwrap();
    world.settle().unwrap();
    assert_eq!(world.log(2).voters(), NodeSet::from([2]));
    assert!(!world.log(1).is_leader());
    world.run(Op::Campaign(2)).unwrap();
    world.settle().unwrap();
    assert_eq!(world.leaders(), [2]);
    world.run(Op::Campaign(1)).unwrap();
    assert_eq!(world.log(1).role(), Role::Follower, "now it is certain");
}

#[test]
fn a_leader_of_an_older_term_steps_down_when_it_hears_so() {
    let mut world = led();
    for other in [2, 3] {
        world.run(Op::Cut(1, other)).unwrap();
        world.run(Op::Cut(other, 1)).unwrap();
    }
    world.run(Op::Campaign(2)).unwrap();
    world.settle().unwrap();
    world.run(Op::Propose(1)).unwrap();
    world.settle().unwrap();
    assert_eq!(world.leaders(), [1, 2]);
    assert!(world.acknowledged.is_empty());
    world.run(Op::Heal).unwrap();
    world.run(Op::Resend(1)).unwrap();
    world.settle().unwrap();
    assert_eq!(world.leaders(), [2]);
    world.run(Op::Resend(2)).unwrap();
    world.settle().unwrap();
    assert_eq!(world.log(1).entries(), world.log(2).entries());
}

#[test]
fn only_the_leader_can_tell_a_node_to_campaign() {
    let mut world = led();
    let (from, now) = message(3, 1, Body::TimeoutNow);
    world.with(2, |log| log.step(from, now, true)).unwrap();
    assert_eq!(
        (world.log(2).role(), world.log(2).term()),
        (Role::Follower, 1)
    );
    let (from, now) = message(1, 1, Body::TimeoutNow);
    world.with(2, |log| log.step(from, now, true)).unwrap();
    assert_eq!(
        (world.log(2).role(), world.log(2).term()),
        (Role::Candidate, 2)
    );
}
