//! Replication, snapshots and recovery.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod harness;

use harness::{Kind, Op, World, shape};
use quorate_log::{
    AppendOutcome, BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, Body, CommitRule, CompactError, Entry,
    EntryKind, HardState, Log, Message, NodeSet, Output, Snapshot, Stored, StoredError,
};

fn entry(index: u64, term: u64) -> Entry {
    Entry {
        index,
        term,
        kind: EntryKind::Noop,
    }
}

fn stored(term: u64, entries: &[(u64, u64)]) -> Stored {
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

fn snapshot(index: u64, term: u64) -> Snapshot {
    Snapshot {
        index,
        term,
        voters: NodeSet::from([1, 2, 3]),
        data: vec![7],
    }
}

fn follower(stored: Stored) -> Log {
    Log::new(2, 2, CommitRule::Majority(NodeSet::from([1, 2, 3])), stored).unwrap()
}

fn append(term: u64, prev: (u64, u64), entries: &[(u64, u64)], commit: u64) -> Message {
    let (prev_index, prev_term) = prev;
    let entries = entries
        .iter()
        .map(|(index, term)| entry(*index, *term))
        .collect();
    let body = Body::Append {
        prev_index,
        prev_term,
        entries,
        commit,
        round: Some(5),
    };
    Message {
        identity: 1,
        term,
        body,
    }
}

fn outputs(log: &mut Log) -> Vec<Output> {
    std::iter::from_fn(|| log.poll_output()).collect()
}

/// The answers among outputs, each with the mark it waits for.
fn answers(outputs: &[Output]) -> Vec<(AppendOutcome, u64)> {
    let answer = |output: &Output| match output {
        Output::Send {
            message:
                Message {
                    body: Body::AppendReply { outcome, .. },
                    ..
                },
            after,
            ..
        } => Some((*outcome, *after)),
        _ => None,
    };
    outputs.iter().filter_map(answer).collect()
}

fn led(nodes: u8) -> World {
    let mut world = World::booted(Kind::Majority, nodes, nodes);
    world.run(Op::Campaign(1)).unwrap();
    world.settle().unwrap();
    world
}

#[test]
fn a_proposal_reaches_everybody_without_waiting_for_a_heartbeat() {
    let mut world = led(3);
    world.run(Op::Propose(1)).unwrap();
    world.settle().unwrap();
    assert!(world.hosts.values().all(|host| host.state == [1]));
    assert_eq!(world.acknowledged.len(), 1);
}

#[test]
fn a_peer_far_behind_catches_up_in_batches() {
    let mut world = led(3);
    world.run(Op::Crash(3, 0)).unwrap();
    for _ in 0..200 {
        world.run(Op::Propose(1)).unwrap();
        world.settle().unwrap();
    }
    world.run(Op::Boot(3)).unwrap();
    world.run(Op::Resend(1)).unwrap();
    let mut batches = 0;
    while !world.wire.is_empty() {
        if let (
            1,
            3,
            Message {
                body: Body::Append { entries, .. },
                ..
            },
        ) = &world.wire[0]
        {
            assert!(entries.len() as u64 <= BATCH_ENTRIES_MAX);
            batches += usize::from(!entries.is_empty());
        }
        world.run(Op::Deliver(0, false)).unwrap();
        world.run(Op::Write(3)).unwrap();
    }
    assert_eq!(world.hosts[&3].state.len(), 200);
    assert_eq!(
        batches, 4,
        "200 entries in batches of 64, one after the other"
    );
}

/// One update of 70,000 bytes is more than a message should carry and goes alone; of 30,000 bytes, two go together.
#[test]
fn a_message_carries_no_more_bytes_than_its_bound_unless_it_is_one_update() {
    let sizes = [70_000, 30_000, 30_000, 30_000, BATCH_BYTES_MAX, 1];
    let entries = sizes.iter().zip(1..).map(|(bytes, index)| Entry {
        index,
        term: 1,
        kind: EntryKind::Update(vec![0; *bytes]),
    });
    let mut log = follower(Stored {
        entries: entries.collect(),
        ..stored(1, &[])
    });
    /// The appends that the log sends its first peer; whatever it writes is durable at once.
    fn appends(log: &mut Log) -> Vec<(u64, Vec<Entry>)> {
        let mut sent = Vec::new();
        while let Some(output) = log.poll_output() {
            match output {
                Output::Persist(persist) => log.persisted(persist.mark),
                Output::Send { to: 1, message, .. } => {
                    if let Body::Append {
                        prev_index,
                        entries,
                        ..
                    } = message.body
                    {
                        sent.push((prev_index, entries));
                    }
                }
                _ => {}
            }
        }
        sent
    }
    let tell = |log: &mut Log, body| {
        let message = Message {
            identity: 1,
            term: 2,
            body,
        };
        log.step(1, message, false);
        appends(log)
    };
    log.campaign();
    assert_eq!(appends(&mut log), []);
    assert_eq!(tell(&mut log, Body::PreVoteReply { granted: true }), []);
    let mut sent = tell(&mut log, Body::VoteReply { granted: true });
    let mut carried: Vec<Vec<usize>> = Vec::new();
    while let Some((prev_index, entries)) = sent.pop() {
        let sizes = entries.iter().filter_map(|entry| match &entry.kind {
            EntryKind::Update(bytes) => Some(bytes.len()),
            EntryKind::Noop | EntryKind::Voters(_) => None,
        });
        let sizes: Vec<usize> = sizes.collect();
        let outcome = match carried.is_empty() && sizes.is_empty() {
            true => AppendOutcome::Rejected {
                prev_index,
                hint_index: 0,
                hint_term: 0,
            },
            false => AppendOutcome::Accepted {
                matched: prev_index + entries.len() as u64,
            },
        };
        if !sizes.is_empty() {
            carried.push(sizes);
        }
        let round = None;
        sent = tell(&mut log, Body::AppendReply { round, outcome });
        sent.retain(|(_, entries)| !entries.is_empty());
    }
    let together = [
        vec![70_000],
        vec![30_000, 30_000],
        vec![30_000],
        vec![BATCH_BYTES_MAX],
        vec![1],
    ];
    assert_eq!(carried, together);
}

/// The follower's hint skips a whole term at a time (5.3, end).
#[test]
fn a_long_conflict_is_found_in_a_few_messages() {
    let mut log = follower(stored(2, &[(1, 1), (2, 2), (3, 2), (4, 2), (5, 2), (6, 2)]));
    log.step(1, append(3, (8, 3), &[], 0), false);
    let hint = AppendOutcome::Rejected {
        prev_index: 8,
        hint_index: 6,
        hint_term: 2,
    };
    assert_eq!(answers(&outputs(&mut log))[0].0, hint);
    log.step(1, append(3, (6, 1), &[], 0), false);
    let hint = AppendOutcome::Rejected {
        prev_index: 6,
        hint_index: 1,
        hint_term: 1,
    };
    assert_eq!(answers(&outputs(&mut log))[0].0, hint);
    log.step(1, append(3, (1, 1), &[(2, 1), (3, 3)], 0), false);
    assert_eq!(shape(log.entries()), "1:1 2:1 3:3");
    let persist = outputs(&mut log)
        .into_iter()
        .find_map(|output| match output {
            Output::Persist(persist) => Some(persist),
            _ => None,
        });
    assert_eq!(persist.unwrap().truncate_from, Some(2));
}

#[test]
fn term_and_entries_of_one_append_go_to_the_disk_together() {
    let mut log = follower(Stored::default());
    log.step(1, append(3, (0, 0), &[(1, 3)], 0), false);
    let outputs = outputs(&mut log);
    let [Output::Persist(persist), Output::Send { after, .. }] = &outputs[..] else {
        panic!("{outputs:?}")
    };
    assert_eq!(
        persist.hard,
        Some(HardState {
            term: 3,
            voted_for: None
        })
    );
    assert_eq!((persist.entries.len(), *after), (1, persist.mark));
}

#[test]
fn a_repeated_append_is_answered_at_once_with_what_is_durable() {
    let mut log = follower(stored(3, &[(1, 3)]));
    log.step(1, append(3, (1, 3), &[(2, 3)], 0), false);
    let first = outputs(&mut log);
    let [(AppendOutcome::Accepted { matched: 2 }, mark)] = answers(&first)[..] else {
        panic!("{first:?}")
    };
    assert_ne!(mark, 0);
    log.step(1, append(3, (1, 3), &[(2, 3)], 0), false);
    assert_eq!(
        answers(&outputs(&mut log)),
        [(AppendOutcome::Accepted { matched: 1 }, 0)]
    );
    log.persisted(mark);
    log.step(1, append(3, (1, 3), &[(2, 3)], 0), false);
    assert_eq!(
        answers(&outputs(&mut log)),
        [(AppendOutcome::Accepted { matched: 2 }, 0)]
    );
}

#[test]
fn commitment_reaches_no_further_than_the_logs_agree() {
    let mut log = follower(stored(2, &[(1, 1), (2, 2), (3, 2)]));
    log.step(1, append(3, (1, 1), &[], 3), false);
    assert_eq!(
        log.commit_index(),
        1,
        "entries 2 and 3 are nobody's any more"
    );
    log.step(1, append(3, (1, 1), &[(2, 3)], 3), false);
    assert_eq!((log.commit_index(), log.last_index()), (2, 2));
}

#[test]
fn what_was_rewritten_is_durable_only_when_the_new_write_is() {
    let mut log = follower(stored(1, &[(1, 1)]));
    log.step(1, append(2, (1, 1), &[(2, 2), (3, 2)], 0), false);
    let old = answers(&outputs(&mut log))[0].1;
    log.step(3, append_from(3, 3, (1, 1), &[(2, 3)]), false);
    let new = answers(&outputs(&mut log))[0].1;
    log.persisted(old);
    assert_eq!(log.durable_index(), 1);
    log.persisted(new);
    assert_eq!(log.durable_index(), 2);
}

fn append_from(identity: u64, term: u64, prev: (u64, u64), entries: &[(u64, u64)]) -> Message {
    Message {
        identity,
        ..append(term, prev, entries, 0)
    }
}

#[test]
fn a_peers_echo_is_the_round_it_heard() {
    let mut world = led(3);
    assert_eq!(world.log(1).acked_round(2), None);
    world.run(Op::Cut(3, 1)).unwrap();
    world.run(Op::Resend(1)).unwrap();
    world.settle().unwrap();
    assert_eq!(world.log(1).acked_round(2), Some(1));
    assert_eq!(world.log(1).acked_round(3), None);
    world.run(Op::Resend(1)).unwrap();
    world.run(Op::Resend(1)).unwrap();
    // The newest echo counts, in whatever order the echoes come.
    while !world.wire.is_empty() {
        let last = world.wire.len() as u32 - 1;
        world.run(Op::Deliver(last, false)).unwrap();
    }
    assert_eq!(world.log(1).acked_round(2), Some(3));
    world.run(Op::StepDown(1)).unwrap();
    assert_eq!(world.log(1).acked_round(2), None);
}

#[test]
fn an_answer_to_an_older_round_confirms_no_newer_one() {
    let mut world = led(3);
    world.run(Op::Resend(1)).unwrap();
    let old = world.wire.clone();
    world.wire.clear();
    world.run(Op::Resend(1)).unwrap();
    world.wire = old;
    world.settle().unwrap();
    assert_eq!(world.log(1).acked_round(2), Some(1));
}

#[test]
fn a_peer_that_lacks_too_much_gets_the_snapshot_once_it_answers() {
    let mut world = led(3);
    world.run(Op::Crash(3, 0)).unwrap();
    for _ in 0..5 {
        world.run(Op::Propose(1)).unwrap();
        world.settle().unwrap();
    }
    world.run(Op::Compact(1)).unwrap();
    assert_eq!(
        (world.log(1).first_index(), world.log(1).last_index()),
        (7, 6)
    );
    for _ in 0..3 {
        world.run(Op::Resend(1)).unwrap();
    }
    let install =
        |(_, _, message): &(u8, u8, Message)| matches!(message.body, Body::Install { .. });
    assert!(
        !world.wire.iter().any(install),
        "a node that is down is sent no snapshot"
    );
    world.settle().unwrap();
    world.run(Op::Boot(3)).unwrap();
    world.run(Op::Resend(1)).unwrap();
    world.settle().unwrap();
    assert_eq!(
        (world.installs, &world.hosts[&3].state),
        (1, &world.hosts[&1].state)
    );
    assert_eq!(world.log(3).snapshot(), world.log(1).snapshot());
    // It boots from it.
    world.run(Op::Crash(3, 0)).unwrap();
    world.run(Op::Boot(3)).unwrap();
    assert_eq!(world.hosts[&3].state, [1, 2, 3, 4, 5]);
}

#[test]
fn a_snapshot_of_what_is_here_only_commits_it() {
    let mut log = follower(stored(3, &[(1, 1), (2, 3), (3, 3)]));
    let body = Body::Install {
        snapshot: snapshot(2, 3),
        round: None,
    };
    log.step(
        1,
        Message {
            identity: 1,
            term: 3,
            body,
        },
        false,
    );
    let outputs = outputs(&mut log);
    assert!(
        !outputs
            .iter()
            .any(|output| matches!(output, Output::Install(_)))
    );
    assert_eq!(
        (log.applied_index(), shape(log.entries()).as_str()),
        (2, "1:1 2:3 3:3")
    );
}

#[test]
fn a_snapshot_voids_what_disagrees_with_it() {
    let mut log = follower(stored(3, &[(1, 1), (2, 2), (3, 2)]));
    let body = Body::Install {
        snapshot: snapshot(2, 3),
        round: None,
    };
    log.step(
        1,
        Message {
            identity: 1,
            term: 3,
            body,
        },
        false,
    );
    assert_eq!(
        (log.first_index(), log.last_index(), log.durable_index()),
        (3, 2, 0)
    );
    let outputs = outputs(&mut log);
    let mark = outputs.iter().find_map(|output| match output {
        Output::Persist(persist) => {
            assert_eq!(
                (persist.truncate_from, &persist.snapshot),
                (Some(3), &Some(snapshot(2, 3)))
            );
            Some(persist.mark)
        }
        _ => None,
    });
    assert!(outputs.contains(&Output::Install(snapshot(2, 3))));
    assert_eq!(
        answers(&outputs),
        [(AppendOutcome::Accepted { matched: 2 }, mark.unwrap())]
    );
}

#[test]
fn only_applied_entries_can_be_compacted_and_only_once() {
    let mut world = led(1);
    world.run(Op::Propose(1)).unwrap();
    world.settle().unwrap();
    world.run(Op::Propose(1)).unwrap();
    world
        .with(1, |log| {
            let error = CompactError::NotApplied {
                index: 3,
                applied: 2,
            };
            assert_eq!(log.compact(3, Vec::new()), Err(error));
            assert_eq!(
                log.compact(0, Vec::new()),
                Err(CompactError::Already {
                    index: 0,
                    snapshot: 0
                })
            );
            assert_eq!(log.compact(1, Vec::new()), Ok(()));
            assert_eq!(shape(log.entries()), "2:1 3:1");
            assert_eq!(
                log.compact(1, Vec::new()),
                Err(CompactError::Already {
                    index: 1,
                    snapshot: 1
                })
            );
            assert_eq!(log.snapshot().unwrap().voters, NodeSet::from([1]));
        })
        .unwrap();
}

#[test]
fn a_log_comes_back_with_its_snapshot_first_and_commits_nothing_by_itself() {
    let disk = Stored {
        snapshot: Some(snapshot(4, 2)),
        ..stored(3, &[(5, 2), (6, 3)])
    };
    let mut log = follower(disk);
    assert_eq!(outputs(&mut log), [Output::Install(snapshot(4, 2))]);
    assert_eq!(
        (log.commit_index(), log.applied_index(), log.last_index()),
        (4, 4, 6)
    );
    log.step(1, append(4, (6, 3), &[], 6), false);
    let applied: Vec<Output> = outputs(&mut log)
        .into_iter()
        .filter(|output| matches!(output, Output::Apply(_)))
        .collect();
    assert_eq!(
        applied,
        [Output::Apply(entry(5, 2)), Output::Apply(entry(6, 3))]
    );
}

#[test]
fn a_disk_that_makes_no_sense_is_refused() {
    let open = |stored| {
        Log::new(1, 1, CommitRule::Holder(None), stored)
            .map(|_| ())
            .unwrap_err()
    };
    let with = |snapshot, stored| Stored {
        snapshot: Some(snapshot),
        ..stored
    };
    assert_eq!(
        open(stored(1, &[(2, 1)])),
        StoredError::Gap {
            expected: 1,
            found: 2
        }
    );
    assert_eq!(
        open(stored(1, &[(1, 1), (3, 1)])),
        StoredError::Gap {
            expected: 2,
            found: 3
        }
    );
    assert_eq!(
        open(stored(1, &[(1, 1), (1, 1)])),
        StoredError::Gap {
            expected: 2,
            found: 1
        }
    );
    assert_eq!(
        open(with(snapshot(4, 1), stored(1, &[(6, 1)]))),
        StoredError::Gap {
            expected: 5,
            found: 6
        }
    );
    assert_eq!(
        open(stored(2, &[(1, 2), (2, 1)])),
        StoredError::TermRegression {
            index: 2,
            before: 2,
            found: 1
        }
    );
    assert_eq!(
        open(with(snapshot(4, 3), stored(3, &[(5, 2)]))),
        StoredError::TermRegression {
            index: 5,
            before: 3,
            found: 2
        }
    );
    assert_eq!(
        open(stored(0, &[(1, 0)])),
        StoredError::Range { index: 1, term: 0 }
    );
    assert_eq!(
        open(with(snapshot(0, 1), stored(1, &[]))),
        StoredError::Range { index: 0, term: 1 }
    );
    let voted = Stored {
        hard: HardState {
            term: 1,
            voted_for: Some(66),
        },
        ..Stored::default()
    };
    assert_eq!(open(voted), StoredError::NodeId(66));
    assert_eq!(
        Log::new(0, 1, CommitRule::Solo(0), Stored::default()).map(|_| ()),
        Err(StoredError::NodeId(0))
    );
}

#[test]
fn entries_that_a_snapshot_had_replaced_are_dropped_after_a_crash_between() {
    // The snapshot is there, but the entries before it are not removed yet and disagree with it.
    let disk = Stored {
        snapshot: Some(snapshot(2, 3)),
        ..stored(3, &[(1, 1), (2, 2), (3, 2)])
    };
    let mut log = follower(disk.clone());
    assert_eq!((log.first_index(), log.last_index()), (3, 2));
    let mut disk = disk;
    for output in outputs(&mut log) {
        if let Output::Persist(persist) = output {
            disk.write(&persist);
        }
    }
    assert!(disk.entries.iter().all(|entry| entry.index <= 2));
    // If they agree, the entries after them stay.
    let disk = Stored {
        snapshot: Some(snapshot(2, 3)),
        ..stored(3, &[(1, 1), (2, 3), (3, 3)])
    };
    assert_eq!(shape(follower(disk).entries()), "3:3");
}

#[test]
fn a_term_is_never_older_than_the_entries() {
    let log = follower(stored(1, &[(1, 1), (2, 4)]));
    assert_eq!(
        log.hard_state(),
        HardState {
            term: 4,
            voted_for: None
        }
    );
}
