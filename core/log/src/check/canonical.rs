//! The canonical state of a log, which an exhaustive search hashes instead of the log.
//!
//! Two logs behave alike if they differ only in the names of the nodes, in the values of marks, in rounds (which the
//! log does not interpret), or in data that their role does not use. A search that treats them as one state has a
//! small fraction of the work.

use std::hash::{Hash, Hasher};

use super::Checker;
use crate::log::Unconfirmed;
use crate::progress::Progress;
use crate::{
    AppendOutcome, Body, Entry, EntryKind, HardState, Id, Log, Message, NodeSet, Persist, Role,
    Snapshot, Stored,
};

/// Other names for the nodes: a permutation of their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renaming(Vec<Id>);

impl Renaming {
    /// All ways to rename nodes 1 to `nodes`; the first keeps all names.
    pub fn all(nodes: Id) -> Vec<Renaming> {
        let mut ways = vec![Vec::new()];
        for _ in 0..nodes {
            ways = ways
                .into_iter()
                .flat_map(|way| {
                    let free = (1..=nodes)
                        .filter(|id| !way.contains(id))
                        .collect::<Vec<Id>>();
                    free.into_iter()
                        .map(move |id| [way.clone(), vec![id]].concat())
                })
                .collect();
        }
        ways.into_iter().map(Renaming).collect()
    }

    /// The other name of a node; a node outside the permutation keeps its own.
    pub fn of(&self, id: Id) -> Id {
        let at = usize::from(id).checked_sub(1);
        at.and_then(|at| self.0.get(at)).copied().unwrap_or(id)
    }

    fn maybe(&self, id: Option<Id>) -> Option<Id> {
        id.map(|id| self.of(id))
    }

    fn set(&self, set: NodeSet) -> NodeSet {
        set.iter().map(|id| self.of(id)).collect()
    }
}

/// Hashes everything that decides how a log behaves from now on.
pub fn hash_log(log: &Log, names: &Renaming, hasher: &mut impl Hasher) {
    // Destructured completely, so that a new field cannot be forgotten here.
    let Log {
        me,
        identity,
        identities,
        rule,
        forced,
        adopted,
        peers,
        witness,
        hard,
        store,
        commit,
        applied,
        role,
        leader,
        granted,
        refused,
        ballot,
        progress,
        round: _,
        transfer,
        wants_snapshot,
        last_mark,
        polled_mark,
        done_mark,
        hard_mark,
        pending,
        durable,
        outputs,
        batch,
        planted: _,
    } = log;
    let mark = |mark: u64| mark.saturating_sub(*done_mark);
    let forced = forced.map(|voters| names.set(voters));
    (
        names.of(*me),
        identity,
        forced,
        adopted,
        wants_snapshot,
        batch,
        names.set(*peers),
        names.maybe(*witness),
    )
        .hash(hasher);
    let mut peers_known: Vec<(Id, u64)> = identities
        .iter()
        .map(|(id, identity)| (names.of(*id), *identity))
        .collect();
    peers_known.sort_unstable();
    peers_known.hash(hasher);
    match rule {
        crate::CommitRule::Majority(voters) => (0u8, names.set(*voters)).hash(hasher),
        crate::CommitRule::Holder(holder) => (1u8, names.maybe(*holder)).hash(hasher),
        crate::CommitRule::Solo(node) => (2u8, names.of(*node)).hash(hasher),
    }
    hash_hard(hard, names, hasher);
    hash_snapshot(store.snapshot(), names, hasher);
    hash_entries(store.entries(), names, hasher);
    (commit, applied, durable, role, names.maybe(*leader)).hash(hasher);
    if matches!(role, Role::PreCandidate | Role::Candidate) {
        (names.set(*granted), names.set(*refused)).hash(hasher);
    }
    if *role == Role::Candidate {
        mark(*ballot).hash(hasher);
    }
    if *role == Role::Leader {
        let mut known: Vec<_> = progress
            .iter()
            .map(|(id, progress)| {
                let Progress {
                    next,
                    matched,
                    inflight,
                    installing,
                    told,
                    acked_round: _,
                } = progress;
                (
                    names.of(*id),
                    *next,
                    *matched,
                    *inflight,
                    *installing,
                    *told,
                )
            })
            .collect();
        known.sort_unstable();
        known.hash(hasher);
        transfer
            .map(|transfer| (names.of(transfer.to), transfer.rounds))
            .hash(hasher);
    }
    (mark(*last_mark), mark(*polled_mark), mark(*hard_mark)).hash(hasher);
    for Unconfirmed { mark: at, durable } in pending {
        (mark(*at), durable).hash(hasher);
    }
    debug_assert!(
        outputs.is_empty(),
        "outputs are polled before a state is looked at"
    );
}

/// Hashes what a disk holds.
pub fn hash_stored(stored: &Stored, names: &Renaming, hasher: &mut impl Hasher) {
    let Stored {
        hard,
        snapshot,
        entries,
    } = stored;
    hash_hard(hard, names, hasher);
    hash_snapshot(snapshot.as_ref(), names, hasher);
    hash_entries(entries, names, hasher);
}

/// Hashes a write under way without its mark, which is only a counter.
pub fn hash_persist(persist: &Persist, names: &Renaming, hasher: &mut impl Hasher) {
    let Persist {
        mark: _,
        hard,
        truncate_from,
        entries,
        snapshot,
    } = persist;
    hard.is_some().hash(hasher);
    if let Some(hard) = hard {
        hash_hard(hard, names, hasher);
    }
    truncate_from.hash(hasher);
    hash_entries(entries, names, hasher);
    hash_snapshot(snapshot.as_ref(), names, hasher);
}

/// Hashes a message without its round.
pub fn hash_message(message: &Message, names: &Renaming, hasher: &mut impl Hasher) {
    let Message {
        identity,
        term,
        body,
    } = message;
    (identity, term, std::mem::discriminant(body)).hash(hasher);
    match body {
        Body::PreVote {
            last_index,
            last_term,
        } => (last_index, last_term).hash(hasher),
        Body::PreVoteReply { granted } | Body::VoteReply { granted } => granted.hash(hasher),
        Body::Vote {
            last_index,
            last_term,
            transfer,
        } => (last_index, last_term, transfer).hash(hasher),
        Body::Append {
            prev_index,
            prev_term,
            entries,
            commit,
            round: _,
        } => {
            (prev_index, prev_term, commit).hash(hasher);
            hash_entries(entries, names, hasher);
        }
        Body::AppendReply { round: _, outcome } => match outcome {
            AppendOutcome::Accepted { matched } => (0u8, matched).hash(hasher),
            AppendOutcome::Rejected {
                prev_index,
                hint_index,
                hint_term,
            } => (1u8, prev_index, hint_index, hint_term).hash(hasher),
        },
        Body::Install { snapshot, round: _ } => hash_snapshot(Some(snapshot), names, hasher),
        Body::TimeoutNow => {}
        Body::Replace {
            over_index,
            over_term,
            snapshot,
            round: _,
        } => {
            (over_index, over_term).hash(hasher);
            hash_snapshot(Some(snapshot), names, hasher);
        }
    }
}

/// Hashes the part of a checker's memory that can still be contradicted: the leader of each term, and what is
/// committed.
pub fn hash_history(checker: &Checker, names: &Renaming, hasher: &mut impl Hasher) {
    for (term, leader) in checker.election_safety.leaders() {
        (term, names.of(leader)).hash(hasher);
    }
    for committed in checker.leader_completeness.committed() {
        committed.hash(hasher);
    }
}

fn hash_hard(hard: &HardState, names: &Renaming, hasher: &mut impl Hasher) {
    let HardState { term, voted_for } = hard;
    (term, names.maybe(*voted_for)).hash(hasher);
}

fn hash_entries(entries: &[Entry], names: &Renaming, hasher: &mut impl Hasher) {
    entries.len().hash(hasher);
    for Entry { index, term, kind } in entries {
        (index, term, std::mem::discriminant(kind)).hash(hasher);
        match kind {
            EntryKind::Noop => {}
            EntryKind::Update(data) => data.hash(hasher),
            EntryKind::Voters(voters) => names.set(*voters).hash(hasher),
        }
    }
}

fn hash_snapshot(snapshot: Option<&Snapshot>, names: &Renaming, hasher: &mut impl Hasher) {
    snapshot.is_some().hash(hasher);
    if let Some(Snapshot {
        index,
        term,
        voters,
        data,
    }) = snapshot
    {
        (index, term, names.set(*voters), data).hash(hasher);
    }
}

#[cfg(test)]
mod tests {
    use std::hash::DefaultHasher;

    use super::*;
    use crate::CommitRule;

    fn print(log: &Log, names: &Renaming) -> u64 {
        let mut hasher = DefaultHasher::new();
        hash_log(log, names, &mut hasher);
        hasher.finish()
    }

    fn candidate(me: Id, voters: [Id; 3]) -> Log {
        let rule = CommitRule::Majority(NodeSet::from(voters));
        let mut log = Log::new(me, 0, rule, Stored::default()).unwrap();
        log.campaign();
        super::super::tests::settle(&mut log);
        log
    }

    #[test]
    fn there_are_as_many_renamings_as_orders() {
        let all = Renaming::all(3);
        assert_eq!(all.len(), 6);
        assert!((1..=3).all(|id| all[0].of(id) == id));
        assert_eq!(all[0].of(9), 9);
    }

    #[test]
    fn renamed_logs_are_the_same_and_others_are_not() {
        let (one, two) = (candidate(1, [1, 2, 3]), candidate(2, [1, 2, 3]));
        let all = Renaming::all(3);
        assert_ne!(print(&one, &all[0]), print(&two, &all[0]));
        let swap = all
            .iter()
            .find(|names| names.of(1) == 2 && names.of(3) == 3)
            .unwrap();
        assert_eq!(print(&one, swap), print(&two, &all[0]));
        let follower = Log::new(1, 0, one.rule(), Stored::default()).unwrap();
        assert_ne!(print(&one, &all[0]), print(&follower, &all[0]));
    }

    #[test]
    fn how_many_marks_were_given_does_not_matter() {
        let stored = Stored {
            hard: HardState {
                term: 1,
                voted_for: Some(1),
            },
            ..Stored::default()
        };
        let rule = CommitRule::Solo(1);
        let mut led = Log::new(1, 0, rule, Stored::default()).unwrap();
        led.campaign();
        super::super::tests::settle(&mut led);
        led.step_down();
        super::super::tests::settle(&mut led);
        let mut again = Log::new(
            1,
            0,
            rule,
            Stored {
                entries: led.entries().to_vec(),
                ..stored
            },
        )
        .unwrap();
        again.commit = 1;
        super::super::tests::settle(&mut again);
        let names = &Renaming::all(1)[0];
        assert_eq!(print(&led, names), print(&again, names));
        again.commit = 0;
        assert_ne!(print(&led, names), print(&again, names));
    }
}
