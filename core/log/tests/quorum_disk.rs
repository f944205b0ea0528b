//! Standard quorum: the holder of the quorum disk orders the updates.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod harness;

use harness::{Kind, Op, World, shape};
use quorate_log::{
    CommitRule, Entry, EntryKind, HardState, Log, NodeSet, Output, Role, Snapshot, Stored,
    StoredError, TransferError,
};

fn entry(index: u64, term: u64) -> Entry {
    Entry {
        index,
        term,
        kind: EntryKind::Noop,
    }
}

fn disk(term: u64, entries: &[(u64, u64)]) -> Stored {
    let entries = entries
        .iter()
        .map(|(index, term)| entry(*index, *term))
        .collect();
    Stored {
        hard: HardState {
            term,
            voted_for: None,
        },
        snapshot: None,
        entries,
    }
}

fn outputs(log: &mut Log) -> Vec<Output> {
    std::iter::from_fn(|| log.poll_output()).collect()
}

/// Four nodes, of which node 1 holds the disk and leads.
fn held() -> World {
    let mut world = World::booted(Kind::Holder, 4, 4);
    world.run(Op::TakeDisk(1)).unwrap();
    world.settle().unwrap();
    assert_eq!(world.leaders(), [1]);
    world
}

#[test]
fn the_holder_leads_when_its_term_is_on_the_disk() {
    let mut world = World::booted(Kind::Holder, 2, 2);
    world.run(Op::TakeDisk(1)).unwrap();
    assert_eq!(world.log(1).role(), Role::Candidate);
    assert!(
        world.wire.is_empty(),
        "nobody hears of a term that is not durable"
    );
    world.run(Op::Write(1)).unwrap();
    assert_eq!(
        (world.log(1).role(), world.quorum_disk.hard.term),
        (Role::Leader, 1)
    );
}

#[test]
fn the_holders_own_write_commits_and_nobody_elses_does() {
    let mut world = held();
    world.run(Op::Propose(1)).unwrap();
    while !world.wire.is_empty() {
        world.run(Op::Deliver(0, true)).unwrap();
    }
    assert!((2..=4).all(|id| world.log(1).match_index(id) == Some(2)));
    assert_eq!(world.log(1).commit_index(), 1);
    world.run(Op::Write(1)).unwrap();
    assert_eq!(world.log(1).commit_index(), 2);
    world.settle().unwrap();
    assert!(world.hosts.values().all(|host| host.state == [1]));
}

#[test]
fn it_goes_on_alone() {
    let mut world = held();
    for id in 2..=4 {
        world.run(Op::Crash(id, 0)).unwrap();
    }
    world.run(Op::Propose(1)).unwrap();
    world.settle().unwrap();
    assert_eq!(world.acknowledged.len(), 1);
}

#[test]
fn who_takes_the_disk_has_everything_that_was_acknowledged() {
    let mut world = held();
    for _ in 0..3 {
        world.run(Op::Propose(1)).unwrap();
        world.settle().unwrap();
    }
    // The last one reaches the others' memory but not the disk; it was never acknowledged.
    world.run(Op::Propose(1)).unwrap();
    while !world.wire.is_empty() {
        world.run(Op::Deliver(0, true)).unwrap();
    }
    assert_eq!(world.log(2).last_index(), 5);
    world.run(Op::Crash(1, 0)).unwrap();
    world.run(Op::TakeDisk(2)).unwrap();
    world.settle().unwrap();
    assert_eq!((world.leaders(), world.log(2).term()), (vec![2], 2));
    assert_eq!(shape(world.log(2).entries()), "1:1 2:1 3:1 4:1 5:2");
    assert!((2..=4).all(|id| world.hosts[&id].state == [1, 2, 3]));
    // The old holder returns as a follower.
    world.run(Op::Boot(1)).unwrap();
    world.run(Op::Resend(2)).unwrap();
    world.settle().unwrap();
    assert_eq!(world.hosts[&1].state, [1, 2, 3]);
}

#[test]
fn a_holder_that_was_fenced_commits_nothing_more_and_steps_down() {
    let mut world = held();
    world.run(Op::TakeDisk(2)).unwrap();
    world.run(Op::Propose(1)).unwrap();
    assert!(world.log(1).is_leader(), "it does not know yet");
    world.run(Op::Write(1)).unwrap();
    assert_eq!(world.log(1).role(), Role::Follower);
    world.settle().unwrap();
    assert_eq!((world.leaders(), world.acknowledged.len()), (vec![2], 0));
    assert_eq!(world.log(1).entries(), world.log(2).entries());
}

#[test]
fn a_fenced_holder_that_notices_nothing_learns_it_from_the_new_one() {
    let mut world = held();
    world.run(Op::TakeDisk(2)).unwrap();
    world.run(Op::Write(2)).unwrap();
    assert_eq!(world.leaders(), [1, 2]);
    world.run(Op::Resend(1)).unwrap();
    world.settle().unwrap();
    assert_eq!(world.leaders(), [2]);
    world.run(Op::Campaign(1)).unwrap();
    assert_eq!(
        world.log(1).role(),
        Role::Follower,
        "the disk it had adopted is not its own any more"
    );
}

#[test]
fn losing_the_disk_ends_leading_at_once() {
    let mut world = held();
    world
        .with(1, |log| log.set_rule(CommitRule::Holder(Some(2))))
        .unwrap();
    assert_eq!(world.log(1).role(), Role::Follower);
    assert!(!world.log(1).may_campaign());
}

#[test]
fn a_campaign_without_the_disk_or_its_log_is_refused() {
    let refused = |log: &mut Log| {
        log.campaign();
        let said = outputs(log);
        log.role() == Role::Follower && matches!(said[..], [Output::Refused { from: 1, .. }])
    };
    let mut log = Log::new(1, 1, CommitRule::Holder(None), Stored::default()).unwrap();
    assert!(refused(&mut log));
    log.set_rule(CommitRule::Holder(Some(1)));
    assert!(refused(&mut log));
    log.adopt(Stored::default()).unwrap();
    assert!(log.may_campaign());
    // If the disk was lost in between, its content must be read again.
    log.set_rule(CommitRule::Holder(None));
    log.set_rule(CommitRule::Holder(Some(1)));
    assert!(refused(&mut log));
    assert_eq!(
        log.transfer(2),
        Err(TransferError::NotLeader(quorate_log::NotLeader {
            leader: None
        }))
    );
}

#[test]
fn what_was_applied_and_is_on_the_disk_is_not_applied_again() {
    let mut log = Log::new(1, 1, CommitRule::Holder(Some(1)), disk(1, &[(1, 1)])).unwrap();
    log.campaign();
    let mut applied = Vec::new();
    let mut pump = |log: &mut Log| {
        while let Some(output) = log.poll_output() {
            match output {
                Output::Persist(persist) => log.persisted(persist.mark),
                Output::Apply(entry) => applied.push(entry),
                _ => {}
            }
        }
    };
    pump(&mut log);
    log.set_rule(CommitRule::Holder(None));
    log.adopt(disk(5, &[(1, 1), (2, 2), (3, 5)])).unwrap();
    log.set_rule(CommitRule::Holder(Some(1)));
    assert_eq!(log.term(), 5);
    log.campaign();
    pump(&mut log);
    assert_eq!(
        applied,
        [entry(1, 1), entry(2, 2), entry(3, 5), entry(4, 6)]
    );
}

/// A log that has applied two entries of term 1.
fn applied_two() -> Log {
    let mut log = Log::new(2, 2, CommitRule::Holder(Some(2)), disk(0, &[])).unwrap();
    log.campaign();
    let mut proposed = false;
    while let Some(output) = log.poll_output() {
        if let Output::Persist(persist) = output {
            log.persisted(persist.mark);
        }
        if log.is_leader() && !proposed {
            log.propose(vec![1]).unwrap();
            proposed = true;
        }
    }
    assert_eq!(log.applied_index(), 2);
    log
}

#[test]
fn a_disk_that_contradicts_what_was_applied_is_refused() {
    let mut log = applied_two();
    let before = log.clone();
    let error = log.adopt(disk(9, &[(1, 1), (2, 2)])).unwrap_err();
    assert_eq!(
        error,
        StoredError::Applied {
            index: 2,
            term: 1,
            disk: Some(2)
        }
    );
    let error = log.adopt(disk(9, &[(1, 1)])).unwrap_err();
    assert_eq!(
        error,
        StoredError::Applied {
            index: 2,
            term: 1,
            disk: None
        }
    );
    assert_eq!(log, before, "nothing has changed");
}

#[test]
fn a_disk_with_a_snapshot_takes_back_what_contradicts_it() {
    let mut log = applied_two();
    let snapshot = Snapshot {
        index: 1,
        term: 2,
        voters: NodeSet::EMPTY,
        data: vec![9],
    };
    let disk = Stored {
        snapshot: Some(snapshot.clone()),
        ..disk(3, &[(2, 3)])
    };
    log.adopt(disk).unwrap();
    assert!(outputs(&mut log).contains(&Output::Install(snapshot)));
    assert_eq!(
        (log.applied_index(), log.commit_index(), log.last_index()),
        (1, 1, 2)
    );
    log.campaign();
    let mut applied = Vec::new();
    while let Some(output) = log.poll_output() {
        match output {
            Output::Persist(persist) => log.persisted(persist.mark),
            Output::Apply(entry) => applied.push((entry.index, entry.term)),
            _ => {}
        }
    }
    assert_eq!(applied, [(2, 3), (3, 4)]);
}

#[test]
fn writes_from_before_the_take_over_make_nothing_on_the_disk_durable() {
    let mut log = Log::new(2, 2, CommitRule::Holder(Some(1)), Stored::default()).unwrap();
    let body = quorate_log::Body::Append {
        prev_index: 0,
        prev_term: 0,
        entries: vec![entry(1, 1), entry(2, 1), entry(3, 1)],
        commit: 0,
        round: None,
    };
    log.step(
        1,
        quorate_log::Message {
            identity: 1,
            term: 1,
            body,
        },
        true,
    );
    let Some(Output::Persist(old)) = log.poll_output() else {
        panic!("a write was expected")
    };
    log.adopt(disk(1, &[(1, 1)])).unwrap();
    log.set_rule(CommitRule::Holder(Some(2)));
    assert_eq!((log.last_index(), log.durable_index()), (1, 1));
    log.campaign();
    log.persisted(old.mark);
    assert_eq!((log.role(), log.durable_index()), (Role::Candidate, 1));
}

#[test]
fn leadership_cannot_be_handed_over_without_the_disk() {
    let mut world = held();
    world
        .with(1, |log| {
            assert_eq!(log.transfer(2), Err(TransferError::NoElections))
        })
        .unwrap();
}

#[test]
fn messages_about_elections_are_refused() {
    let mut world = held();
    let body = quorate_log::Body::Vote {
        last_index: 9,
        last_term: 9,
        transfer: true,
    };
    let message = quorate_log::Message {
        identity: 0x1d02,
        term: 9,
        body,
    };
    world.with(1, |log| log.step(2, message, false)).unwrap();
    assert_eq!((world.leaders(), world.log(1).term()), (vec![1], 1));
    assert!(world.hosts[&1].refused[0].contains("elections"));
}

/// It kept its log in memory only, lost it, and then received an older holder's last messages.
#[test]
fn a_follower_that_forgot_and_followed_an_older_holder_is_brought_back() {
    let mut world = World::booted(Kind::Holder, 2, 2);
    world.run(Op::TakeDisk(1)).unwrap();
    world.run(Op::Write(1)).unwrap();
    let last_words = std::mem::take(&mut world.wire);
    // The first holder's entry never reached the disk; the second holder's entry takes its place on node 1.
    world.run(Op::TakeDisk(2)).unwrap();
    world.run(Op::Crash(1, 0)).unwrap();
    world.run(Op::Boot(1)).unwrap();
    world.run(Op::Write(2)).unwrap();
    let Some((_, _, noop)) = world.wire.pop() else {
        panic!("the new leader's entry was expected")
    };
    world.with(1, |log| log.step(2, noop, true)).unwrap();
    // Its answer is under way when it crashes and receives the older entry.
    world.run(Op::Crash(1, 0)).unwrap();
    world.run(Op::Boot(1)).unwrap();
    let identity = 0x1d02;
    for (_, _, message) in last_words {
        let message = quorate_log::Message {
            identity,
            ..message
        };
        world.with(1, |log| log.step(2, message, true)).unwrap();
    }
    assert_eq!(shape(world.log(1).entries()), "1:1");
    world.settle().unwrap();
    assert_eq!(shape(world.log(1).entries()), "1:2");
    assert_eq!(world.log(1).applied_index(), 1);
}
