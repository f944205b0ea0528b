//! Appends, snapshots and their answers in detail: what a follower takes and refuses, and how a leader reacts.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

use quorate_log::{
    AppendOutcome, Body, CommitRule, Entry, EntryKind, HardState, Id, Log, Message, NodeSet,
    Output, Snapshot, Stored,
};

const LAST: u64 = u64::MAX / 2;

fn three() -> CommitRule {
    CommitRule::Majority(NodeSet::from([1, 2, 3]))
}

fn entry(index: u64, term: u64) -> Entry {
    Entry {
        index,
        term,
        kind: EntryKind::Noop,
    }
}

fn snapshot(index: u64, term: u64) -> Snapshot {
    Snapshot {
        index,
        term,
        voters: NodeSet::from([1, 2, 3]),
        data: vec![7],
    }
}

fn disk(term: u64, covered: Option<(u64, u64)>, entries: &[(u64, u64)]) -> Stored {
    let entries = entries.iter().map(|(index, term)| entry(*index, *term));
    Stored {
        hard: HardState {
            term,
            voted_for: None,
        },
        snapshot: covered.map(|(index, term)| snapshot(index, term)),
        entries: entries.collect(),
    }
}

fn follower(stored: Stored) -> Log {
    let mut log = Log::new(2, 2, three(), stored).unwrap();
    said(&mut log);
    log
}

fn append(prev: (u64, u64), entries: &[(u64, u64)], commit: u64) -> Body {
    let (prev_index, prev_term) = prev;
    let entries = entries.iter().map(|(index, term)| entry(*index, *term));
    Body::Append {
        prev_index,
        prev_term,
        entries: entries.collect(),
        commit,
        round: None,
    }
}

/// The answers of a log, in short.
#[derive(Debug, PartialEq)]
enum Said {
    Accepted(u64),
    /// The index that was rejected, and the hint.
    Rejected(u64, (u64, u64)),
    /// The receiver, the index before the entries, and their number.
    Append(Id, u64, usize),
    Install(Id, u64),
    Replace(Id, (u64, u64)),
    Refused,
    Began,
}

/// Carries out all outputs.
fn said(log: &mut Log) -> Vec<Said> {
    let mut all = Vec::new();
    while let Some(output) = log.poll_output() {
        match output {
            Output::Persist(persist) => log.persisted(persist.mark),
            Output::Refused { .. } => all.push(Said::Refused),
            Output::Install(_) => all.push(Said::Began),
            Output::Send { to, message, .. } => match message.body {
                Body::AppendReply { outcome, .. } => all.push(match outcome {
                    AppendOutcome::Accepted { matched } => Said::Accepted(matched),
                    AppendOutcome::Rejected {
                        prev_index,
                        hint_index,
                        hint_term,
                    } => Said::Rejected(prev_index, (hint_index, hint_term)),
                }),
                Body::Append {
                    prev_index,
                    entries,
                    ..
                } => all.push(Said::Append(to, prev_index, entries.len())),
                Body::Install { snapshot, .. } => all.push(Said::Install(to, snapshot.index)),
                Body::Replace {
                    over_index,
                    over_term,
                    ..
                } => all.push(Said::Replace(to, (over_index, over_term))),
                _ => {}
            },
            _ => {}
        }
    }
    all
}

fn tell(log: &mut Log, from: Id, term: u64, body: Body) -> Vec<Said> {
    let identity = from.into();
    let message = Message {
        identity,
        term,
        body,
    };
    log.step(from, message, false);
    said(log)
}

fn install(snapshot: Snapshot) -> Body {
    Body::Install {
        snapshot,
        round: None,
    }
}

#[test]
fn a_second_leader_of_a_term_is_heard_by_nobody() {
    let mut log = follower(Stored::default());
    tell(&mut log, 1, 3, append((0, 0), &[(1, 3)], 0));
    assert_eq!(
        tell(&mut log, 3, 3, append((1, 3), &[(2, 3)], 2)),
        [Said::Refused]
    );
    assert_eq!(
        (log.leader(), log.last_index(), log.commit_index()),
        (Some(1), 1, 0)
    );
}

#[test]
fn entries_that_no_leader_can_have_are_refused() {
    let before = follower(disk(3, None, &[(1, 2)]));
    for (prev, entries) in [
        ((1, 4), &[][..]),
        ((LAST + 1, 2), &[]),
        ((u64::MAX, 2), &[]),
        ((1, 2), &[(3, 3)]),
        ((1, 2), &[(2, 1)]),
        ((1, 2), &[(2, 3), (3, 2)]),
        ((1, 2), &[(2, 4)]),
        ((0, 0), &[(1, 0)]),
    ] {
        let mut log = before.clone();
        let answer = tell(&mut log, 1, 3, append(prev, entries, 0));
        assert_eq!(answer, [Said::Refused], "{prev:?} {entries:?}");
        assert_eq!(log.entries(), before.entries());
    }
    let far = tell(&mut before.clone(), 1, 3, append((LAST, 2), &[], 0));
    assert_eq!(far, [Said::Rejected(LAST, (1, 2))]);
}

/// A committed entry cannot be another leader's: a follower that is asked before it answers with its last committed
/// entry.
#[test]
fn what_contradicts_a_committed_entry_is_answered_with_the_last_one() {
    let mut log = follower(disk(2, None, &[(1, 1), (2, 2), (3, 2)]));
    tell(&mut log, 1, 3, append((3, 2), &[], 3));
    assert_eq!(log.commit_index(), 3);
    assert_eq!(
        tell(&mut log, 1, 3, append((2, 1), &[], 0)),
        [Said::Rejected(2, (3, 2))]
    );
    assert_eq!(
        tell(&mut log, 1, 3, append((3, 1), &[], 0)),
        [Said::Rejected(3, (1, 1))]
    );
}

#[test]
fn entries_from_before_the_snapshot_count_if_they_have_its_last() {
    let mut log = follower(disk(5, Some((4, 3)), &[]));
    assert_eq!(
        tell(&mut log, 1, 5, append((2, 3), &[(3, 3), (4, 4), (5, 4)], 0)),
        [Said::Rejected(2, (4, 3))]
    );
    assert_eq!(log.last_index(), 4);
    assert_eq!(
        tell(&mut log, 1, 5, append((2, 3), &[(3, 3), (4, 3), (5, 4)], 0)),
        [Said::Accepted(5)]
    );
}

#[test]
fn an_older_snapshot_takes_nothing_back_and_the_same_is_here_already() {
    let mut log = follower(disk(3, Some((4, 2)), &[(5, 3)]));
    assert_eq!(
        tell(&mut log, 1, 3, install(snapshot(2, 2))),
        [Said::Rejected(2, (4, 2))]
    );
    assert_eq!(
        tell(&mut log, 1, 3, install(snapshot(4, 2))),
        [Said::Accepted(4)]
    );
    assert_eq!(log.last_index(), 5);
}

#[test]
fn a_snapshot_of_what_is_committed_here_changes_nothing() {
    let mut log = follower(disk(3, None, &[(1, 1), (2, 3), (3, 3)]));
    tell(&mut log, 1, 3, append((3, 3), &[], 3));
    assert_eq!(
        tell(&mut log, 1, 3, install(snapshot(2, 3))),
        [Said::Accepted(2)]
    );
    assert_eq!((log.last_index(), log.commit_index()), (3, 3));
}

#[test]
fn nothing_begins_anew_with_a_snapshot_that_cannot_be() {
    let mut log = follower(disk(3, None, &[(1, 1), (2, 3)]));
    tell(&mut log, 1, 3, append((2, 3), &[], 2));
    for (index, term) in [(0, 1), (1, 0), (1, 4), (u64::MAX, 3), (1, u64::MAX)] {
        let replace = Body::Replace {
            over_index: 2,
            over_term: 3,
            snapshot: snapshot(index, term),
            round: None,
        };
        assert_eq!(
            tell(&mut log, 1, 3, replace),
            [Said::Refused],
            "{index} {term}"
        );
        assert_eq!((log.last_index(), log.commit_index()), (2, 2));
    }
}

#[test]
fn snapshots_are_believed_up_to_the_last_entry_and_term() {
    for (index, term, possible) in [
        (LAST, 1, true),
        (LAST + 1, 1, false),
        (1, LAST, true),
        (1, LAST + 1, false),
    ] {
        let stored = disk(LAST, Some((index, term)), &[]);
        assert_eq!(
            Log::new(2, 2, three(), stored).is_ok(),
            possible,
            "{index} {term}"
        );
    }
}

#[test]
fn void_entries_go_from_right_after_the_snapshot() {
    let stored = disk(3, Some((2, 3)), &[(1, 1), (2, 2), (3, 2)]);
    let mut log = Log::new(2, 2, three(), stored).unwrap();
    assert_eq!(log.durable_index(), 2);
    let truncated = std::iter::from_fn(|| log.poll_output()).find_map(|output| match output {
        Output::Persist(persist) => persist.truncate_from,
        _ => None,
    });
    assert_eq!(truncated, Some(3));
}

/// Without the quorum disk there are no votes, and a write to a disk that is lost is never reported done.
#[test]
fn only_where_somebody_votes_an_answer_waits_for_the_term() {
    for (rule, waits) in [(three(), true), (CommitRule::Holder(Some(1)), false)] {
        let mut log = Log::new(2, 2, rule, Stored::default()).unwrap();
        let message = Message {
            identity: 1,
            term: 3,
            body: append((0, 0), &[], 0),
        };
        log.step(1, message, false);
        let after = std::iter::from_fn(|| log.poll_output()).find_map(|output| match output {
            Output::Send { after, .. } => Some(after),
            _ => None,
        });
        assert_eq!(after.map(|mark| mark > 0), Some(waits), "{rule:?}");
    }
}

fn voters(index: u64, ids: &[Id]) -> Entry {
    Entry {
        index,
        term: 1,
        kind: EntryKind::Voters(ids.iter().copied().collect()),
    }
}

#[test]
fn a_change_of_voters_goes_with_its_entry_and_an_earlier_one_stays() {
    let entries = vec![
        voters(1, &[1, 2, 3, 4]),
        voters(2, &[1, 2, 3]),
        voters(3, &[1, 2]),
    ];
    let mut log = follower(Stored {
        entries,
        ..disk(1, None, &[])
    });
    assert_eq!(log.voters(), NodeSet::from([1, 2]));
    tell(&mut log, 1, 2, append((1, 1), &[(2, 2)], 0));
    assert_eq!(log.voters(), NodeSet::from([1, 2, 3, 4]));
}

#[test]
fn a_change_of_voters_after_a_snapshot_stays() {
    let entries = vec![entry(1, 1), voters(2, &[1, 2, 3, 4]), voters(3, &[1, 2, 4])];
    let mut log = follower(Stored {
        entries,
        ..disk(1, None, &[])
    });
    tell(&mut log, 1, 1, append((3, 1), &[], 2));
    log.compact(2, Vec::new()).unwrap();
    assert_eq!(log.snapshot().unwrap().voters, NodeSet::from([1, 2, 3, 4]));
    assert_eq!(log.voters(), NodeSet::from([1, 2, 4]));
}

#[test]
fn a_snapshot_names_the_voters_if_anybody_ever_did() {
    let mut stored = disk(1, Some((2, 1)), &[]);
    let named = NodeSet::from([1, 2]);
    for (of_snapshot, wanted) in [(named, named), (NodeSet::EMPTY, NodeSet::from([1, 2, 3]))] {
        stored.snapshot.as_mut().unwrap().voters = of_snapshot;
        let log = follower(stored.clone());
        assert_eq!(
            (log.voters(), log.names_voters()),
            (wanted, !of_snapshot.is_empty())
        );
    }
}

/// Node 1 leads three nodes in term 3, with the content of its disk and the term's first entry; no peer has answered.
fn leader(stored: Stored) -> Log {
    let mut log = Log::new(1, 1, three(), stored).unwrap();
    log.campaign();
    said(&mut log);
    tell(&mut log, 2, 3, Body::PreVoteReply { granted: true });
    tell(&mut log, 2, 3, Body::VoteReply { granted: true });
    assert!(log.is_leader());
    log
}

fn accepted(log: &mut Log, from: Id, matched: u64) -> Vec<Said> {
    let outcome = AppendOutcome::Accepted { matched };
    tell(
        log,
        from,
        3,
        Body::AppendReply {
            round: None,
            outcome,
        },
    )
}

fn rejected(log: &mut Log, from: Id, prev_index: u64, hint: (u64, u64)) -> Vec<Said> {
    let (hint_index, hint_term) = hint;
    let outcome = AppendOutcome::Rejected {
        prev_index,
        hint_index,
        hint_term,
    };
    tell(
        log,
        from,
        3,
        Body::AppendReply {
            round: None,
            outcome,
        },
    )
}

const FIVE: [(u64, u64); 5] = [(1, 2), (2, 2), (3, 2), (4, 2), (5, 2)];

#[test]
fn who_gets_a_snapshot_is_sent_nothing_until_it_has_it() {
    let mut log = leader(disk(2, Some((5, 2)), &[]));
    assert_eq!(rejected(&mut log, 2, 5, (0, 0)), [Said::Install(2, 5)]);
    assert_eq!(rejected(&mut log, 2, 5, (0, 0)), [], "it is under way");
    assert_eq!(accepted(&mut log, 2, 1), [], "that was said earlier");
    log.propose(vec![1]).unwrap();
    assert!(
        !said(&mut log)
            .iter()
            .any(|said| matches!(said, Said::Append(2, ..)))
    );
    assert_eq!(accepted(&mut log, 2, 5), [Said::Append(2, 5, 2)]);
}

#[test]
fn a_rejection_of_what_is_not_asked_any_more_is_passed_over() {
    let mut log = leader(disk(2, None, &FIVE));
    assert_eq!(rejected(&mut log, 2, 3, (1, 2)), []);
    assert_eq!(rejected(&mut log, 2, 5, (1, 2)), [Said::Append(2, 1, 5)]);
}

#[test]
fn who_lacks_what_only_the_snapshot_has_is_sent_it() {
    let stored = disk(2, Some((5, 2)), &[(6, 2), (7, 2)]);
    let mut log = leader(stored.clone());
    assert_eq!(rejected(&mut log, 2, 7, (1, 1)), [Said::Install(2, 5)]);
    let mut log = leader(stored);
    assert_eq!(rejected(&mut log, 2, 7, (5, 1)), [Said::Append(2, 5, 3)]);
    assert_eq!(rejected(&mut log, 2, 5, (5, 1)), [Said::Install(2, 5)]);
}

/// Peer 2 was asked at entry 1, and since then the leader's log begins after entry 5.
fn asked_before_the_snapshot() -> Log {
    let mut log = leader(disk(2, None, &FIVE));
    assert_eq!(rejected(&mut log, 2, 5, (1, 2)), [Said::Append(2, 1, 5)]);
    accepted(&mut log, 3, 6);
    assert_eq!(log.applied_index(), 6);
    log.compact(5, Vec::new()).unwrap();
    said(&mut log);
    log
}

#[test]
fn a_leader_goes_on_from_what_the_peer_has_committed_or_has_it_begin_anew() {
    let before = asked_before_the_snapshot();
    for (hint, answer) in [
        ((6, 3), Said::Append(2, 6, 0)),
        ((6, 2), Said::Replace(2, (6, 2))),
        ((5, 2), Said::Append(2, 5, 1)),
        ((5, 1), Said::Replace(2, (5, 1))),
        ((3, 2), Said::Install(2, 5)),
        ((7, 3), Said::Refused),
        ((6, 4), Said::Refused),
    ] {
        let said = rejected(&mut before.clone(), 2, 1, hint);
        assert_eq!(said, [answer], "{hint:?}");
    }
}

#[test]
fn only_a_leader_knows_what_itself_has() {
    let log = leader(disk(2, None, &FIVE));
    assert_eq!((log.match_index(1), log.match_index(2)), (Some(6), Some(0)));
    let log = follower(disk(2, None, &FIVE));
    assert_eq!((log.match_index(2), log.match_index(1)), (None, None));
    assert_eq!(log.entry(2), Some(&entry(2, 2)));
    assert_eq!(log.entry(6), None);
}

#[test]
fn a_message_that_says_anything_that_is_not_known_does_more_than_confirm() {
    let leads = |term, body| Message {
        identity: 1,
        term,
        body,
    };
    let mut log = follower(disk(3, None, &[(1, 3), (2, 3)]));
    let word = leads(3, append((2, 3), &[], 2));
    assert!(!log.only_confirms(1, &word), "nobody leads yet");
    tell(&mut log, 1, 3, append((2, 3), &[], 2));
    assert!(log.only_confirms(1, &word));
    assert_eq!(
        tell(&mut log, 1, 3, append((2, 3), &[], 2)),
        [Said::Accepted(2)]
    );
    // One that is behind, or a leader that knows less than the follower, is nothing new.
    assert!(log.only_confirms(1, &leads(3, append((1, 3), &[], 1))));
    for (from, news) in [
        (1, leads(2, append((2, 3), &[], 2))),
        (1, leads(4, append((2, 3), &[], 2))),
        (3, leads(3, append((2, 3), &[], 2))),
        (1, leads(3, append((2, 2), &[], 2))),
        (1, leads(3, append((3, 3), &[], 2))),
        (1, leads(3, append((2, 3), &[(3, 3)], 2))),
        (
            1,
            Message {
                identity: 7,
                ..word.clone()
            },
        ),
        (1, leads(3, Body::VoteReply { granted: true })),
    ] {
        assert!(!log.only_confirms(from, &news), "{news:?}");
    }
    let mut behind = follower(disk(3, None, &[(1, 3), (2, 3)]));
    tell(&mut behind, 1, 3, append((2, 3), &[], 1));
    assert!(
        !behind.only_confirms(1, &word),
        "the second entry is committed"
    );

    let mut forced = log.clone();
    forced.force_voters(NodeSet::from([2]));
    assert!(!forced.only_confirms(1, &word), "whoever leads ends that");
    let mut alone = log.clone();
    alone.set_rule(CommitRule::Solo(2));
    assert!(!alone.only_confirms(1, &word), "it has nobody to hear");

    let answer = |round, matched| Message {
        identity: 1,
        term: log.term(),
        body: Body::AppendReply {
            round,
            outcome: AppendOutcome::Accepted { matched },
        },
    };
    assert!(!log.only_confirms(1, &answer(None, 2)), "it does not lead");
}

#[test]
fn an_answer_confirms_if_everything_is_there_and_told() {
    let rule = three();
    let mut log = Log::new(2, 2, rule, disk(3, None, &[(1, 3)])).unwrap();
    log.set_peers(NodeSet::from([1, 3]));
    log.campaign();
    said(&mut log);
    for body in [
        Body::PreVoteReply { granted: true },
        Body::VoteReply { granted: true },
    ] {
        let term = log.term() + u64::from(matches!(body, Body::PreVoteReply { .. }));
        tell(&mut log, 1, term, body);
    }
    assert!(log.is_leader());
    let last = log.last_index();
    let accepts = |round, matched| Body::AppendReply {
        round,
        outcome: AppendOutcome::Accepted { matched },
    };
    let confirms = |log: &Log, from: Id, round, matched| {
        let message = Message {
            identity: from.into(),
            term: log.term(),
            body: accepts(round, matched),
        };
        log.only_confirms(from, &message)
    };
    assert!(!confirms(&log, 1, None, last), "it was not there");
    let term = log.term();
    tell(&mut log, 1, term, accepts(None, last));
    assert!(confirms(&log, 1, None, last));
    assert!(!confirms(&log, 3, None, last), "that one has not answered");
    assert!(!confirms(&log, 1, None, last - 1));
    assert!(!confirms(&log, 1, Some(5), last), "there was no such round");
    log.resend(5);
    assert!(!confirms(&log, 1, Some(5), last), "it has more to say");
    said(&mut log);
    assert!(confirms(&log, 1, Some(5), last));
    tell(&mut log, 1, term, accepts(Some(5), last));
    assert_eq!(log.acked_round(1), Some(5));
    log.transfer(1).unwrap();
    said(&mut log);
    assert!(!confirms(&log, 1, Some(5), last), "it is to lead");
}
