//! Whatever a peer sends and however the node calls it, the log does not panic and stays consistent.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

use proptest::collection::vec;
use proptest::prelude::*;
use quorate_log::check::Checker;
use quorate_log::{
    AppendOutcome, Body, CommitRule, Entry, EntryKind, HardState, Log, Message, NodeSet, Output,
    Snapshot, Stored,
};

/// Mostly small numbers, so that they collide, and the ends of the range.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0..6u64, 1 => Just(u64::MAX), 1 => Just(u64::MAX - 1)]
}

fn nodes() -> impl Strategy<Value = NodeSet> {
    (0..32u128).prop_map(NodeSet::from)
}

fn kind() -> impl Strategy<Value = EntryKind> {
    prop_oneof![
        Just(EntryKind::Noop),
        vec(any::<u8>(), 0..3).prop_map(EntryKind::Update),
        nodes().prop_map(EntryKind::Voters),
    ]
}

fn entry() -> impl Strategy<Value = Entry> {
    (number(), number(), kind()).prop_map(|(index, term, kind)| Entry { index, term, kind })
}

/// Entries that follow on each other, as a leader would send them.
fn run() -> impl Strategy<Value = (u64, u64, Vec<Entry>)> {
    (0..5u64, 0..3u64, vec((0..2u64, kind()), 0..5)).prop_map(|(prev_index, prev_term, steps)| {
        let (mut index, mut term) = (prev_index, prev_term);
        let entries = steps.into_iter().map(|(step, kind)| {
            index += 1;
            term = (term + step).max(1);
            Entry { index, term, kind }
        });
        (prev_index, prev_term, entries.collect())
    })
}

fn snapshot() -> impl Strategy<Value = Snapshot> {
    (number(), number(), nodes(), vec(any::<u8>(), 0..3)).prop_map(|(index, term, voters, data)| {
        Snapshot {
            index,
            term,
            voters,
            data,
        }
    })
}

fn round() -> impl Strategy<Value = Option<u64>> {
    proptest::option::of(number())
}

fn body() -> impl Strategy<Value = Body> {
    let outcome = prop_oneof![
        number().prop_map(|matched| AppendOutcome::Accepted { matched }),
        (number(), number(), number()).prop_map(|(prev_index, hint_index, hint_term)| {
            AppendOutcome::Rejected {
                prev_index,
                hint_index,
                hint_term,
            }
        }),
    ];
    prop_oneof![
        (number(), number()).prop_map(|(last_index, last_term)| Body::PreVote {
            last_index,
            last_term
        }),
        any::<bool>().prop_map(|granted| Body::PreVoteReply { granted }),
        (number(), number(), any::<bool>()).prop_map(|(last_index, last_term, transfer)| {
            Body::Vote {
                last_index,
                last_term,
                transfer,
            }
        }),
        any::<bool>().prop_map(|granted| Body::VoteReply { granted }),
        (number(), number(), vec(entry(), 0..4), number(), round()).prop_map(
            |(prev_index, prev_term, entries, commit, round)| Body::Append {
                prev_index,
                prev_term,
                entries,
                commit,
                round
            }
        ),
        (run(), number(), round()).prop_map(|((prev_index, prev_term, entries), commit, round)| {
            Body::Append {
                prev_index,
                prev_term,
                entries,
                commit,
                round,
            }
        }),
        (round(), outcome).prop_map(|(round, outcome)| Body::AppendReply { round, outcome }),
        (snapshot(), round()).prop_map(|(snapshot, round)| Body::Install { snapshot, round }),
        (number(), number(), snapshot(), round()).prop_map(
            |(over_index, over_term, snapshot, round)| Body::Replace {
                over_index,
                over_term,
                snapshot,
                round
            }
        ),
        Just(Body::TimeoutNow),
    ]
}

fn rule() -> impl Strategy<Value = CommitRule> {
    prop_oneof![
        3 => nodes().prop_map(CommitRule::Majority),
        2 => proptest::option::of(1..4u8).prop_map(CommitRule::Holder),
        1 => (1..3u8).prop_map(CommitRule::Solo),
    ]
}

fn stored() -> impl Strategy<Value = Stored> {
    let hard = (0..4u64, proptest::option::of(1..4u8))
        .prop_map(|(term, voted_for)| HardState { term, voted_for });
    prop_oneof![
        2 => (hard.clone(), proptest::option::of(snapshot()), vec(entry(), 0..5))
            .prop_map(|(hard, snapshot, entries)| Stored { hard, snapshot, entries }),
        3 => (hard, proptest::option::of((1..4u64, 1..3u64)), run()).prop_map(|(hard, at, (_, _, run))| {
            let snapshot = at.map(|(index, term)| Snapshot {
                index,
                term,
                voters: NodeSet::EMPTY,
                data: Vec::new(),
            });
            let base = snapshot.as_ref().map_or((0, 1), |s| (s.index, s.term));
            let shift = |(n, entry): (u64, Entry)| Entry {
                index: base.0 + 1 + n,
                term: base.1 + entry.term,
                ..entry
            };
            Stored { hard, snapshot, entries: (0..).zip(run).map(shift).collect() }
        }),
    ]
}

#[derive(Clone, Debug)]
enum Call {
    Step(u8, u64, u64, Body, bool),
    Campaign,
    Propose,
    Voters(NodeSet),
    Peers(NodeSet),
    Resend(u64),
    Persisted(u64),
    Drain(bool),
    Compact(u64),
    StepDown,
    Transfer(u8),
    Rule(CommitRule),
    Adopt(Stored),
    Identity(u8, u64),
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        12 => (0..5u8, 0..2u64, number(), body(), any::<bool>())
            .prop_map(|(from, identity, term, body, alive)| Call::Step(from, identity, term, body, alive)),
        3 => Just(Call::Campaign),
        3 => Just(Call::Propose),
        1 => nodes().prop_map(Call::Voters),
        1 => nodes().prop_map(Call::Peers),
        2 => number().prop_map(Call::Resend),
        1 => number().prop_map(Call::Persisted),
        6 => any::<bool>().prop_map(Call::Drain),
        2 => number().prop_map(Call::Compact),
        1 => Just(Call::StepDown),
        1 => (0..5u8).prop_map(Call::Transfer),
        1 => rule().prop_map(Call::Rule),
        1 => stored().prop_map(Call::Adopt),
        1 => (0..5u8, 0..2u64).prop_map(|(peer, identity)| Call::Identity(peer, identity)),
    ]
}

fn make(log: &mut Log, call: Call) {
    match call {
        Call::Step(from, identity, term, body, alive) => {
            log.step(
                from,
                Message {
                    identity,
                    term,
                    body,
                },
                alive,
            );
        }
        Call::Campaign => log.campaign(),
        Call::Propose => drop(log.propose(vec![1])),
        Call::Voters(voters) => drop(log.propose_voters(voters)),
        Call::Peers(peers) => log.set_peers(peers),
        Call::Resend(round) => log.resend(round),
        Call::Persisted(mark) => log.persisted(mark),
        Call::Drain(durable) => {
            while let Some(output) = log.poll_output() {
                if let Output::Persist(persist) = output
                    && durable
                {
                    log.persisted(persist.mark);
                }
            }
        }
        Call::Compact(index) => drop(log.compact(index, vec![2])),
        Call::StepDown => log.step_down(),
        Call::Transfer(to) => drop(log.transfer(to)),
        Call::Rule(rule) => log.set_rule(rule),
        Call::Adopt(stored) => drop(log.adopt(stored)),
        Call::Identity(peer, identity) => log.set_identity(peer, identity),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_said_or_called_makes_it_panic(
        rule in rule(), stored in stored(), calls in vec(call(), 1..40)
    ) {
        let Ok(mut log) = Log::new(1, 1, rule, stored) else { return Ok(()) };
        log.set_peers(NodeSet::from([2, 3]));
        let mut checker = Checker::new();
        for call in calls {
            let adopts = matches!(call, Call::Adopt(_));
            let installs = matches!(
                call,
                Call::Step(_, _, _, Body::Install { .. } | Body::Replace { .. }, _)
            );
            let before = log.snapshot().cloned();
            make(&mut log, call);
            if adopts || (installs && log.snapshot() != before.as_ref()) {
                // Another disk may hold another history, and so may a leader after one was given up.
                checker = Checker::new();
            }
            let looked = checker.monotonic.look(&log);
            prop_assert!(looked.is_ok(), "{:?}", looked);
            prop_assert!(log.last_term() <= log.term());
            let mut before = (log.first_index() - 1, 0);
            for entry in log.entries() {
                prop_assert_eq!(entry.index, before.0 + 1);
                prop_assert!(entry.term >= before.1);
                before = (entry.index, entry.term);
            }
        }
    }

    /// A log can be stored and read again.
    #[test]
    fn what_it_holds_can_be_read_again(rule in rule(), stored in stored(), calls in vec(call(), 1..30)) {
        let Ok(mut log) = Log::new(1, 1, rule, stored) else { return Ok(()) };
        for call in calls {
            make(&mut log, call);
        }
        let again = Log::new(1, 1, rule, log.to_stored());
        prop_assert!(again.is_ok(), "{:?}", again);
        prop_assert_eq!(again.unwrap().to_stored(), log.to_stored());
    }
}
