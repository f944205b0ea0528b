//! Answers of a log, a witness and the checks about themselves.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

use quorate_log::check::canonical::{
    Renaming, hash_history, hash_log, hash_message, hash_persist, hash_stored,
};
use quorate_log::check::{Checker, CommittedDurable, LeaderAppendOnly, View};
use quorate_log::{
    AppendOutcome, Body, CommitRule, CompactError, Entry, EntryKind, HardState, Id, Log, Message,
    NodeSet, NotLeader, Output, Persist, Snapshot, Stored, StoredError, TransferError, VotersError,
    Witness,
};

fn entry(index: u64, term: u64) -> Entry {
    Entry {
        index,
        term,
        kind: EntryKind::Noop,
    }
}

fn disk(term: u64, covered: Option<(u64, u64)>, entries: &[(u64, u64)]) -> Stored {
    let snapshot = covered.map(|(index, term)| Snapshot {
        index,
        term,
        voters: NodeSet::EMPTY,
        data: Vec::new(),
    });
    let entries = entries.iter().map(|(index, term)| entry(*index, *term));
    Stored {
        hard: HardState {
            term,
            voted_for: None,
        },
        snapshot,
        entries: entries.collect(),
    }
}

#[test]
fn every_error_says_what_is_the_matter() {
    let not_leader = NotLeader { leader: Some(2) };
    let (added, removed) = (NodeSet::from([4]), NodeSet::from([2, 3]));
    let texts = [
        (StoredError::NodeId(66).to_string(), "node id 66"),
        (
            StoredError::Gap {
                expected: 3,
                found: 5,
            }
            .to_string(),
            "entry 3 is missing: 5",
        ),
        (not_leader.to_string(), "node 2 does"),
        (
            NotLeader { leader: None }.to_string(),
            "knows of nobody who does",
        ),
        (VotersError::from(not_leader).to_string(), "node 2 does"),
        (
            VotersError::Pending { index: 7 }.to_string(),
            "entry 7 is not committed",
        ),
        (
            VotersError::TooMany { added, removed }.to_string(),
            "adds {4} and removes {2,3}",
        ),
        (
            CompactError::NotApplied {
                index: 9,
                applied: 4,
            }
            .to_string(),
            "only 4 are applied",
        ),
        (
            CompactError::Already {
                index: 3,
                snapshot: 4,
            }
            .to_string(),
            "there is one up to 4",
        ),
        (TransferError::from(not_leader).to_string(), "node 2 does"),
        (
            TransferError::NotVoter(5).to_string(),
            "node 5 cannot take over the log",
        ),
    ];
    for (text, part) in texts {
        assert!(text.contains(part), "{text:?} does not say {part:?}");
    }
    assert_eq!(format!("{removed:?}"), "{2,3}");
}

#[test]
fn a_node_named_twice_is_in_a_set_once() {
    let mut set = NodeSet::from([1, 2, 1]);
    assert_eq!(set, NodeSet::from([1, 2]));
    set.extend([2, 5]);
    assert_eq!(set, NodeSet::from([1, 2, 5]));
}

#[test]
fn the_last_entry_of_a_disk_is_the_snapshots_where_there_is_none_after_it() {
    assert_eq!(Stored::default().last_index(), 0);
    assert_eq!(disk(1, None, &[(1, 1), (2, 1)]).last_index(), 2);
    assert_eq!(disk(1, Some((4, 1)), &[]).last_index(), 4);
    assert_eq!(disk(1, Some((4, 1)), &[(3, 1)]).last_index(), 4);
    assert_eq!(disk(1, Some((4, 1)), &[(5, 1)]).last_index(), 5);
}

fn ask(term: u64, body: Body) -> Message {
    Message {
        identity: 1,
        term,
        body,
    }
}

fn granted(answer: Option<Message>) -> bool {
    match answer.unwrap().body {
        Body::VoteReply { granted } | Body::PreVoteReply { granted } => granted,
        other => panic!("{other:?} is no answer to a candidate"),
    }
}

#[test]
fn a_witness_gives_nothing_in_a_past_term_nor_beside_a_living_leader() {
    let mut witness = Witness::new(9);
    witness.hard.term = 3;
    let quiet = Some(witness.beats);
    let pre_vote = Body::PreVote {
        last_index: 5,
        last_term: 3,
    };
    let vote = Body::Vote {
        last_index: 5,
        last_term: 3,
        transfer: false,
    };
    for (term, body, quiet, wanted) in [
        (3, &pre_vote, quiet, false),
        (4, &pre_vote, None, false),
        (4, &pre_vote, quiet, true),
        (2, &vote, quiet, false),
        (3, &vote, None, false),
        (4, &vote, quiet, true),
    ] {
        let answer = witness.clone().answer(1, &ask(term, body.clone()), quiet);
        assert_eq!(granted(answer), wanted, "{term} {body:?} {quiet:?}");
    }
}

/// A single node that leads in the term after the one on its disk.
fn alone(me: Id, stored: Stored) -> Log {
    let mut log = Log::new(me, me.into(), CommitRule::Solo(me), stored).unwrap();
    log.campaign();
    while let Some(output) = log.poll_output() {
        if let Output::Persist(persist) = output {
            log.persisted(persist.mark);
        }
    }
    log
}

#[test]
fn the_whole_checker_hears_of_messages_and_of_what_is_applied() {
    let mut checker = Checker::new();
    assert!(checker.applied(1, &entry(2, 1)).is_err());
    let yes = ask(1, Body::VoteReply { granted: true });
    assert!(checker.sent(1, 2, &yes).is_ok());
    assert!(checker.sent(1, 3, &yes).is_err());
}

#[test]
fn a_snapshot_holds_a_committed_entry_only_if_it_goes_past_it_or_ends_with_it() {
    let log = alone(1, disk(1, None, &[(1, 1), (2, 1)]));
    for (covered, entries, held) in [
        ((4, 9), &[][..], true),
        ((3, 2), &[], true),
        ((3, 1), &[], false),
        ((2, 1), &[], false),
        ((2, 1), &[(3, 2)], true),
    ] {
        let stored = disk(2, Some(covered), entries);
        let view = View {
            logs: BTreeMap::from([(1, &log)]),
            disks: BTreeMap::from([(1, &stored)]),
            ..View::default()
        };
        let looked = CommittedDurable::default().look(&view, 1);
        assert_eq!(looked.is_ok(), held, "{covered:?} {entries:?}");
    }
}

#[test]
fn a_leader_may_compact_and_not_replace_what_it_has() {
    let first = alone(1, disk(1, None, &[(1, 1)]));
    for (covered, entries, kept) in [
        (None, &[(1, 1)][..], true),
        (Some((3, 1)), &[], true),
        (None, &[(1, 1), (2, 1)], false),
        (Some((1, 1)), &[(2, 1)], false),
    ] {
        let mut check = LeaderAppendOnly::default();
        assert_eq!(check.look(&first), Ok(()));
        let looked = check.look(&alone(1, disk(1, covered, entries)));
        assert_eq!(looked.is_ok(), kept, "{covered:?} {entries:?}");
    }
}

fn print(hash: impl Fn(&mut DefaultHasher)) -> u64 {
    let mut hasher = DefaultHasher::new();
    hash(&mut hasher);
    hasher.finish()
}

/// States that differ must not have the same hash.
#[test]
fn disks_writes_and_messages_that_differ_are_told_apart() {
    let names = &Renaming::all(2)[0];
    let swapped = &Renaming::all(2)[1];
    let voted = |id| Stored {
        hard: HardState {
            term: 1,
            voted_for: Some(id),
        },
        ..Stored::default()
    };
    let disks = [
        Stored::default(),
        disk(1, None, &[]),
        disk(1, None, &[(1, 1)]),
        disk(1, Some((1, 1)), &[]),
        voted(1),
        voted(2),
    ];
    let of_disk =
        |stored: &Stored, names: &Renaming| print(|hasher| hash_stored(stored, names, hasher));
    for (n, one) in disks.iter().enumerate() {
        for other in &disks[..n] {
            assert_ne!(
                of_disk(one, names),
                of_disk(other, names),
                "{one:?} {other:?}"
            );
        }
    }
    assert_eq!(of_disk(&voted(1), swapped), of_disk(&voted(2), names));
    let of_voters = |ids: &[Id], names| {
        let mut stored = disk(1, Some((1, 1)), &[]);
        stored.snapshot.as_mut().unwrap().voters = ids.iter().copied().collect();
        of_disk(&stored, names)
    };
    assert_ne!(of_voters(&[1], names), of_voters(&[2], names));
    assert_eq!(of_voters(&[1], swapped), of_voters(&[2], names));
    let of_persist = |truncate_from| {
        let persist = Persist {
            truncate_from,
            ..Persist::default()
        };
        print(|hasher| hash_persist(&persist, names, hasher))
    };
    assert_ne!(of_persist(Some(1)), of_persist(None));
    let of_message = |term, granted| {
        let message = ask(term, Body::VoteReply { granted });
        print(|hasher| hash_message(&message, names, hasher))
    };
    assert_ne!(of_message(1, true), of_message(2, true));
    assert_ne!(of_message(1, true), of_message(1, false));
}

#[test]
fn what_a_leader_knows_of_its_peers_and_what_was_seen_are_told_apart() {
    let names = &Renaming::all(5)[0];
    let of_log = |log: &Log| print(|hasher| hash_log(log, names, hasher));
    let voters: NodeSet = (1..=5).collect();
    let mut log = Log::new(1, 1, CommitRule::Majority(voters), Stored::default()).unwrap();
    let step = |log: &mut Log, from: Id, body| {
        let identity = from.into();
        log.step(
            from,
            Message {
                identity,
                ..ask(1, body)
            },
            false,
        );
        while let Some(output) = log.poll_output() {
            if let Output::Persist(persist) = output {
                log.persisted(persist.mark);
            }
        }
    };
    for id in 2..=5 {
        log.set_identity(id, id.into());
    }
    log.campaign();
    for from in [2, 3] {
        step(&mut log, from, Body::PreVoteReply { granted: true });
    }
    for from in [2, 3] {
        step(&mut log, from, Body::VoteReply { granted: true });
    }
    assert!(log.is_leader());
    let mut answered = log.clone();
    let outcome = AppendOutcome::Accepted { matched: 1 };
    let round = None;
    step(&mut log, 4, Body::AppendReply { round, outcome });
    assert_ne!(of_log(&log), of_log(&answered));
    step(&mut answered, 5, Body::AppendReply { round, outcome });
    assert_ne!(of_log(&log), of_log(&answered), "another peer has it");

    let of_history = |checker: &Checker| print(|hasher| hash_history(checker, names, hasher));
    let mut seen = Checker::new();
    let view = View {
        logs: BTreeMap::from([(1, &log)]),
        ..View::default()
    };
    seen.look(&view, 1).unwrap();
    assert_ne!(of_history(&seen), of_history(&Checker::new()));
}
