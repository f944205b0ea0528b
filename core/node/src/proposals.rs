//! Updates on their way into the log: kept until they come back applied, sent to the coordinator again until then, and
//! taken by that once.

use std::collections::{BTreeMap, VecDeque};

use quorate_model::NodeId;

use crate::database::{Proposal, Update};

/// The outstanding proposals of one boot, and those of everybody that it has put into the log as the coordinator.
#[derive(Clone, Debug)]
pub(crate) struct Proposals {
    me: NodeId,
    incarnation: u64,
    next: u64,
    outstanding: VecDeque<Proposal>,
    /// The newest that was put into the log in this term, by node: its boot and number.
    accepted: BTreeMap<NodeId, (u64, u64)>,
}

impl Proposals {
    pub(crate) fn new(me: NodeId, incarnation: u64) -> Self {
        Proposals {
            me,
            incarnation,
            next: 1,
            outstanding: VecDeque::new(),
            accepted: BTreeMap::new(),
        }
    }

    /// Adds an update and gives its number.
    pub(crate) fn add(&mut self, update: Update) -> u64 {
        let sequence = self.next;
        self.next += 1;
        self.outstanding.push_back(Proposal {
            node: self.me,
            incarnation: self.incarnation,
            sequence,
            update,
        });
        sequence
    }

    /// All that have not come back, oldest first.
    pub(crate) fn outstanding(&self) -> impl ExactSizeIterator<Item = &Proposal> {
        self.outstanding.iter()
    }

    /// One came back: it and all before it are done. Says whether it is of this boot.
    pub(crate) fn applied(&mut self, proposal: &Proposal) -> bool {
        if proposal.node != self.me || proposal.incarnation != self.incarnation {
            return false;
        }
        self.forget(proposal.sequence);
        true
    }

    /// The database is at this number of ours.
    pub(crate) fn forget(&mut self, sequence: u64) {
        while self
            .outstanding
            .front()
            .is_some_and(|first| first.sequence <= sequence)
        {
            self.outstanding.pop_front();
        }
    }

    /// Whether a proposal is not in the log yet, where `applied` is the newest of its node's that has been applied.
    pub(crate) fn is_new(&self, proposal: &Proposal, applied: (u64, u64)) -> bool {
        let accepted = self.accepted.get(&proposal.node).copied();
        mark(proposal) > accepted.unwrap_or_default().max(applied)
    }

    /// A proposal was put into the log.
    pub(crate) fn accepted(&mut self, proposal: &Proposal) {
        self.accepted.insert(proposal.node, mark(proposal));
    }

    /// This node leads in a new term: what an earlier one put into the log may be lost.
    pub(crate) fn begin_term(&mut self) {
        self.accepted.clear();
    }

    /// A node was evicted: added again, it counts its boots anew.
    pub(crate) fn forget_node(&mut self, node: NodeId) {
        self.accepted.remove(&node);
    }
}

/// The boot that made a proposal, and its number there.
fn mark(proposal: &Proposal) -> (u64, u64) {
    (proposal.incarnation, proposal.sequence)
}
