//! A history that an administrator gives up: a leader goes on without entries that others know, and they begin again.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

use std::collections::VecDeque;

use quorate_log::{
    AppendOutcome, Body, CommitRule, Entry, EntryKind, HardState, Id, Log, Message, NodeSet,
    Output, Snapshot, Stored,
};

/// Index and term of all applied entries: the state is the history itself.
type State = Vec<(u64, u64)>;

fn bytes(state: &State) -> Vec<u8> {
    let pairs = state.iter().flat_map(|(index, term)| [*index, *term]);
    pairs.map(|number| u8::try_from(number).unwrap()).collect()
}

fn state(bytes: &[u8]) -> State {
    let pairs = bytes.chunks(2);
    pairs.map(|pair| (pair[0].into(), pair[1].into())).collect()
}

/// A disk with five entries of term 1, then entries of `term` up to `last`, and a snapshot up to `covered`.
fn disk(last: u64, term: u64, covered: u64) -> Stored {
    let term_of = |index| if index <= 5 { 1 } else { term };
    let snapshot = (covered > 0).then(|| Snapshot {
        index: covered,
        term: term_of(covered),
        voters: NodeSet::from([1, 2, 3]),
        data: bytes(&(1..=covered).map(|index| (index, term_of(index))).collect()),
    });
    let entries = covered + 1..=last;
    Stored {
        hard: HardState {
            term,
            voted_for: None,
        },
        snapshot,
        entries: entries
            .map(|index| Entry {
                index,
                term: term_of(index),
                kind: EntryKind::Update(vec![1]),
            })
            .collect(),
    }
}

struct Node {
    log: Log,
    disk: Stored,
    state: State,
}

impl Node {
    fn boot(me: Id, rule: CommitRule, disk: Stored) -> Node {
        let log = Log::new(me, me.into(), rule, disk.clone()).unwrap();
        let mut node = Node {
            log,
            disk,
            state: State::new(),
        };
        assert!(node.pump().is_empty());
        node
    }

    /// Carries out all outputs and returns the messages. The node could boot from every state of the disk in between.
    fn pump(&mut self) -> Vec<(Id, Message)> {
        let mut sent = Vec::new();
        while let Some(output) = self.log.poll_output() {
            match output {
                Output::Persist(persist) => {
                    self.disk.write(&persist);
                    let rule = self.log.rule();
                    Log::new(self.log.me(), 9, rule, self.disk.clone()).unwrap();
                    self.log.persisted(persist.mark);
                }
                Output::Send { to, message, .. } => sent.push((to, message)),
                Output::Apply(entry) => self.state.push((entry.index, entry.term)),
                Output::Install(snapshot) => self.state = state(&snapshot.data),
                Output::Role { .. } => {}
                Output::Refused { reason, .. } => panic!("{reason}"),
            }
            if self.log.wants_snapshot() {
                let applied = self.log.applied_index();
                self.log.compact(applied, bytes(&self.state)).unwrap();
            }
        }
        sent
    }
}

/// An administrator makes node 1 lead without the entries of node 2; then node 2 hears from it.
fn meet(rule: CommitRule, leader: Stored, more: usize, mut two: Node, batch: u64) -> (Node, Node) {
    let mut one = Node::boot(1, rule, leader.clone());
    if rule == CommitRule::Holder(Some(1)) {
        one.log.adopt(leader).unwrap();
    } else {
        one.log.force_voters(NodeSet::from([1]));
    }
    one.log.set_batch(batch);
    one.log.skip_terms(20);
    one.log.campaign();
    assert!(one.pump().is_empty(), "it is alone");
    for _ in 0..more {
        one.log.propose(vec![2]).unwrap();
        one.pump();
    }
    one.log.set_peers(NodeSet::from([2]));
    let mut wire = VecDeque::new();
    for round in 1..20 {
        one.log.resend(round);
        wire.extend(one.pump());
        // Some messages arrive a second time, and late.
        let mut late = VecDeque::new();
        let mut steps = 0;
        while let Some((to, message)) = wire.pop_front().or_else(|| late.pop_front()) {
            steps += 1;
            assert!(steps < 500, "they never come to rest");
            if round % 2 == 0 && steps % 2 == 1 && steps < 40 {
                late.push_back((to, message.clone()));
            }
            if let Body::AppendReply {
                outcome: AppendOutcome::Accepted { matched },
                ..
            } = message.body
            {
                let ours = one.log.term_at(matched);
                assert_eq!(
                    two.log.term_at(matched).or(ours),
                    ours,
                    "{matched} is not the same"
                );
            }
            let (from, node) = match to {
                1 => (2, &mut one),
                _ => (1, &mut two),
            };
            node.log.step(from, message, false);
            wire.extend(node.pump());
        }
    }
    (one, two)
}

fn rules() -> [CommitRule; 2] {
    [
        CommitRule::Majority(NodeSet::from([1, 2, 3])),
        CommitRule::Holder(Some(1)),
    ]
}

/// Whatever snapshots the two have, and however far each has got.
#[test]
fn a_follower_with_a_snapshot_of_another_past_begins_anew() {
    for rule in rules() {
        for (last, covered, more, batch) in combined(&[3, 5, 8], &[0, 3], &[0, 1, 3, 30], &[1, 64])
        {
            for theirs in [6, 10, 12] {
                let two = Node::boot(2, rule, disk(12, 2, theirs));
                let (one, two) = meet(rule, disk(last.max(covered), 1, covered), more, two, batch);
                let case = format!("{rule:?}, {last}, {covered}, {more}, {batch}, {theirs}");
                assert_eq!(one.state.len() as u64, one.log.last_index(), "{case}");
                assert_eq!(two.state, one.state, "{case}");
                let again = Node::boot(2, rule, two.disk);
                let commit = again.log.commit_index() as usize;
                assert_eq!(again.state, one.state[..commit], "{case}");
            }
        }
    }
}

/// It need not boot for that: what it has applied is taken back.
#[test]
fn a_follower_that_applied_what_was_given_up_begins_anew() {
    for rule in rules() {
        for (last, covered, more, batch) in combined(&[3, 5, 8], &[0, 3], &[0, 1, 3, 30], &[1, 64])
        {
            for theirs in [0, 3, 10] {
                let mut two = Node::boot(2, rule, disk(12, 2, theirs));
                let body = Body::Append {
                    prev_index: 12,
                    prev_term: 2,
                    entries: Vec::new(),
                    commit: 12,
                    round: None,
                };
                let (identity, term) = (3, 2);
                two.log.step(
                    3,
                    Message {
                        identity,
                        term,
                        body,
                    },
                    false,
                );
                two.pump();
                assert_eq!(two.state.len(), 12);
                let (one, two) = meet(rule, disk(last.max(covered), 1, covered), more, two, batch);
                let case = format!("{rule:?}, {last}, {covered}, {more}, {batch}, {theirs}");
                assert_eq!(two.state, one.state, "{case}");
            }
        }
    }
}

/// Within one history no node begins again.
#[test]
fn a_follower_of_the_same_past_keeps_what_it_has() {
    for rule in rules() {
        for theirs in [0, 3, 5] {
            let two = Node::boot(2, rule, disk(5, 1, theirs));
            let (one, two) = meet(rule, disk(5, 1, 0), 10, two, 1);
            assert_eq!(two.state, one.state);
            assert_eq!(
                two.log.snapshot().map_or(0, |snapshot| snapshot.index),
                theirs
            );
            assert!(one.log.snapshot().is_none());
        }
    }
}

fn combined(
    lasts: &[u64],
    covered: &[u64],
    more: &[usize],
    batches: &[u64],
) -> Vec<(u64, u64, usize, u64)> {
    let mut all = Vec::new();
    for last in lasts {
        for covered in covered {
            for more in more {
                all.extend(batches.iter().map(|batch| (*last, *covered, *more, *batch)));
            }
        }
    }
    all
}
