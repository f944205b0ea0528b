//! The invariants of a cluster of logs, for tests and fuzzers.
//!
//! One file per invariant, each with the section that states it. A harness tells a [`Checker`] of every boot, every
//! message that is sent and every entry that is applied, and lets it check the cluster after every step. The checks
//! are outside the log and use only its public questions.

pub mod canonical;
mod committed_durable;
mod election_safety;
mod leader_append_only;
mod leader_completeness;
mod log_matching;
mod monotonic;
mod state_machine_safety;
mod vote_once;

use std::collections::BTreeMap;
use std::fmt;

use crate::{Entry, Id, Log, Message, Snapshot, Stored, Witness};

pub use committed_durable::CommittedDurable;
pub use election_safety::ElectionSafety;
pub use leader_append_only::LeaderAppendOnly;
pub use leader_completeness::LeaderCompleteness;
pub use log_matching::LogMatching;
pub use monotonic::Monotonic;
pub use state_machine_safety::StateMachineSafety;
pub use vote_once::VoteOnce;

/// A broken invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one, in the paper's words.
    pub invariant: &'static str,
    /// What was seen.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is broken: {}", self.invariant, self.detail)
    }
}

impl std::error::Error for Violation {}

/// The cluster as it stands.
#[derive(Clone, Debug, Default)]
pub struct View<'a> {
    /// The logs of the nodes that are up.
    pub logs: BTreeMap<Id, &'a Log>,
    /// What each node's own disk holds durably, whether the node is up or not.
    pub disks: BTreeMap<Id, &'a Stored>,
    /// What the quorum disk holds durably, where there is one.
    pub quorum_disk: Option<&'a Stored>,
    /// The witness, where there is one.
    pub witness: Option<&'a Witness>,
}

/// All invariants together.
#[derive(Clone, Debug, Default)]
pub struct Checker {
    /// See [`ElectionSafety`].
    pub election_safety: ElectionSafety,
    /// See [`LeaderAppendOnly`].
    pub leader_append_only: LeaderAppendOnly,
    /// See [`LogMatching`].
    pub log_matching: LogMatching,
    /// See [`LeaderCompleteness`].
    pub leader_completeness: LeaderCompleteness,
    /// See [`StateMachineSafety`].
    pub state_machine_safety: StateMachineSafety,
    /// See [`CommittedDurable`].
    pub committed_durable: CommittedDurable,
    /// See [`Monotonic`].
    pub monotonic: Monotonic,
    /// See [`VoteOnce`].
    pub vote_once: VoteOnce,
}

impl Checker {
    /// A checker that has seen nothing.
    pub fn new() -> Checker {
        Checker::default()
    }

    /// A node has booted with what its disk held: it begins a new life with nothing applied.
    pub fn booted(&mut self, node: Id) {
        self.state_machine_safety.booted(node);
        self.monotonic.booted(node);
        self.leader_append_only.booted(node);
    }

    /// A node has applied an entry.
    ///
    /// # Errors
    /// The [`Violation`] seen.
    pub fn applied(&mut self, node: Id, entry: &Entry) -> Result<(), Violation> {
        self.state_machine_safety.applied(node, entry)
    }

    /// A node has replaced its applied state.
    ///
    /// # Errors
    /// The [`Violation`] seen.
    pub fn installed(&mut self, node: Id, snapshot: &Snapshot) -> Result<(), Violation> {
        self.state_machine_safety.installed(node, snapshot)
    }

    /// A message has left a node: what it waited for is durable.
    ///
    /// # Errors
    /// The [`Violation`] seen.
    pub fn sent(&mut self, from: Id, to: Id, message: &Message) -> Result<(), Violation> {
        self.vote_once.sent(from, to, message)
    }

    /// Looks at the cluster after something happened to `node` (its log, or its disk).
    ///
    /// # Errors
    /// The first [`Violation`] seen.
    pub fn look(&mut self, view: &View<'_>, node: Id) -> Result<(), Violation> {
        if let Some(log) = view.logs.get(&node) {
            self.election_safety.look(log)?;
            self.leader_append_only.look(log)?;
            self.log_matching.look(log)?;
            self.monotonic.look(log)?;
        }
        self.leader_completeness.look(view, node)?;
        self.committed_durable.look(view, node)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{CommitRule, Output};

    /// Reports every write as durable until nothing more happens.
    pub(crate) fn settle(log: &mut Log) {
        while let Some(output) = log.poll_output() {
            if let Output::Persist(persist) = output {
                log.persisted(persist.mark);
            }
        }
    }

    /// A single node that leads in the term after `stored`'s and has applied its proposals. Two of them together form
    /// a broken cluster.
    pub(crate) fn alone(me: Id, stored: Stored, proposals: &[&[u8]]) -> Log {
        let mut log = Log::new(me, me.into(), CommitRule::Solo(me), stored).unwrap();
        log.campaign();
        settle(&mut log);
        for data in proposals {
            log.propose(data.to_vec()).unwrap();
            settle(&mut log);
        }
        log
    }

    #[test]
    fn one_node_alone_breaks_nothing() {
        let mut checker = Checker::new();
        let log = alone(1, Stored::default(), &[b"a", b"b"]);
        let stored = log.to_stored();
        let view = View {
            logs: BTreeMap::from([(1, &log)]),
            disks: BTreeMap::from([(1, &stored)]),
            ..View::default()
        };
        assert_eq!(log.commit_index(), 3);
        assert_eq!(checker.look(&view, 1), Ok(()));
        assert_eq!(checker.look(&view, 1), Ok(()));
    }

    #[test]
    fn two_leaders_of_one_term_are_seen_by_the_whole_checker() {
        let mut checker = Checker::new();
        let (a, b) = (
            alone(1, Stored::default(), &[]),
            alone(2, Stored::default(), &[]),
        );
        let (x, y) = (a.to_stored(), b.to_stored());
        let view = View {
            logs: BTreeMap::from([(1, &a), (2, &b)]),
            disks: BTreeMap::from([(1, &x), (2, &y)]),
            ..View::default()
        };
        assert_eq!(checker.look(&view, 1), Ok(()));
        let violation = checker.look(&view, 2).unwrap_err();
        assert_eq!(
            violation.to_string(),
            "election safety is broken: nodes 1 and 2 both lead in term 1"
        );
    }
}
