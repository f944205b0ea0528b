//! Updates on their way into the log: kept until they come back applied, sent to the coordinator again until then, and
//! taken by that once.

use std::collections::{BTreeMap, VecDeque};

use quorate_log::one_message;
use quorate_model::NodeId;

use crate::database::{Proposal, Update};

/// The outstanding proposals of one boot, and those of everybody that it has put into the log as the coordinator.
#[derive(Clone, Debug)]
pub(crate) struct Proposals {
    me: NodeId,
    incarnation: u64,
    next: u64,
    outstanding: VecDeque<Proposal>,
    /// The newest that the coordinator was told.
    told: u64,
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
            told: 0,
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

    /// Those of them that the coordinator is told next: the oldest, as many as [`one_message`] carries.
    pub(crate) fn tell(&mut self) -> Vec<Proposal> {
        let bytes =
            |it: &Proposal| postcard::experimental::serialized_size(it).unwrap_or(usize::MAX);
        let told: Vec<Proposal> = one_message(self.outstanding.iter(), bytes)
            .cloned()
            .collect();
        if let Some(last) = told.last() {
            self.told = self.told.max(last.sequence);
        }
        told
    }

    /// Whether all that the coordinator was told has come back, and there is more.
    pub(crate) fn more(&self) -> bool {
        self.outstanding
            .front()
            .is_some_and(|first| first.sequence > self.told)
    }

    /// A proposal was applied. Whether it is of this boot; if so, it and all before it are done.
    pub(crate) fn applied(&mut self, proposal: &Proposal) -> bool {
        if proposal.node != self.me || proposal.incarnation != self.incarnation {
            return false;
        }
        self.forget(proposal.sequence);
        true
    }

    /// The database has applied this boot's proposals up to this number.
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

#[cfg(test)]
mod tests {
    use super::*;
    use quorate_log::BATCH_BYTES_MAX;

    #[test]
    fn a_proposal_is_put_into_the_log_once_a_term_and_never_after_a_later_one_is_applied() {
        let of = |incarnation, sequence| Proposal {
            node: NodeId(2),
            incarnation,
            sequence,
            update: Update::Stranded {
                group: "EVS1".into(),
                epoch: 1,
            },
        };
        let mut proposals = Proposals::new(NodeId(1), 3);
        assert!(proposals.is_new(&of(1, 1), (0, 0)));
        assert!(!proposals.is_new(&of(1, 1), (1, 1)), "it is applied");
        proposals.accepted(&of(1, 2));
        assert!(!proposals.is_new(&of(1, 2), (0, 0)));
        assert!(proposals.is_new(&of(1, 3), (0, 0)));
        assert!(
            proposals.is_new(&of(2, 1), (0, 0)),
            "a later boot counts anew"
        );
        proposals.begin_term();
        assert!(proposals.is_new(&of(1, 2), (1, 1)), "it may be lost");
        proposals.accepted(&of(5, 9));
        proposals.forget_node(NodeId(2));
        assert!(proposals.is_new(&of(1, 1), (0, 0)), "it was added again");
    }

    /// A message between nodes has a bound: what is proposed meanwhile waits until the first has come back.
    #[test]
    fn the_coordinator_is_told_as_much_as_one_message_holds_and_the_rest_after_it() {
        let mut proposals = Proposals::new(NodeId(1), 3);
        let mut add = |bytes: usize| {
            proposals.add(Update::Stranded {
                group: "x".repeat(bytes).as_str().into(),
                epoch: 1,
            })
        };
        let sizes = [
            BATCH_BYTES_MAX,
            10,
            BATCH_BYTES_MAX / 2,
            BATCH_BYTES_MAX / 2,
        ];
        assert_eq!(sizes.map(&mut add), [1, 2, 3, 4]);
        let numbers = |told: Vec<Proposal>| told.iter().map(|it| it.sequence).collect::<Vec<_>>();
        assert!(proposals.more(), "nothing was told");
        assert_eq!(numbers(proposals.tell()), [1], "too long, so alone");
        assert!(!proposals.more(), "the first has not come back");
        assert_eq!(numbers(proposals.tell()), [1], "again");
        proposals.forget(1);
        assert!(proposals.more());
        assert_eq!(numbers(proposals.tell()), [2, 3]);
        proposals.forget(2);
        assert!(!proposals.more());
        proposals.forget(3);
        assert!(proposals.more());
        proposals.forget(4);
        assert!(!proposals.more(), "nothing is left");
        assert_eq!(proposals.tell(), Vec::new());
    }

    #[test]
    fn what_comes_back_is_done_with_all_before_it_if_this_boot_proposed_it() {
        let mut proposals = Proposals::new(NodeId(1), 3);
        let update = || Update::Stranded {
            group: "EVS1".into(),
            epoch: 1,
        };
        let numbers = [(); 3].map(|()| proposals.add(update()));
        assert_eq!(numbers, [1, 2, 3]);
        let second = proposals.outstanding().nth(1).cloned().unwrap();
        let earlier = Proposal {
            incarnation: 2,
            ..second.clone()
        };
        assert!(!proposals.applied(&earlier));
        assert_eq!(proposals.outstanding().len(), 3);
        assert!(proposals.applied(&second));
        assert_eq!(proposals.outstanding().len(), 1);
    }
}
