//! Updates on their way to the coordinator: kept until they come back applied, sent again until then.

use std::collections::VecDeque;

use quorate_model::NodeId;

use crate::database::{Proposal, Update};

/// The outstanding proposals of one boot.
#[derive(Clone, Debug)]
pub(crate) struct Proposals {
    me: NodeId,
    incarnation: u64,
    next: u64,
    outstanding: VecDeque<Proposal>,
}

impl Proposals {
    pub(crate) fn new(me: NodeId, incarnation: u64) -> Self {
        Proposals {
            me,
            incarnation,
            next: 1,
            outstanding: VecDeque::new(),
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
}
