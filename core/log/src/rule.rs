//! What makes an entry durable.

use crate::{Id, NodeSet};

/// The commit rule: which nodes must hold an entry durably before it is committed. Each kind of quorum has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum CommitRule {
    /// Majority Node Set: more than half of the *configured* voters, whether or not they are up.
    ///
    /// The set counts until the log or its snapshot names another one: an [`EntryKind::Voters`] entry counts from the
    /// moment it is appended (dissertation, 4.1). Every node must begin with the same set.
    ///
    /// [`EntryKind::Voters`]: crate::EntryKind::Voters
    Majority(NodeSet),
    /// Standard quorum: the holder of the quorum disk, as far as this node knows. The holder alone leads,
    /// and its own durable write, which goes to that disk, commits.
    Holder(Option<Id>),
    /// Local quorum: this node alone.
    Solo(Id),
}

impl CommitRule {
    /// Whether an entry is committed that exactly the nodes in `acks` hold durably: floor(n/2)+1 of the n configured
    /// voters are among them, or the holder, or the single node. Without voters or a holder nothing is ever
    /// committed.
    pub fn is_durable(&self, acks: NodeSet) -> bool {
        match *self {
            CommitRule::Majority(voters) => {
                acks.intersection(voters).len() >= Self::majority(voters)
            }
            CommitRule::Holder(holder) => holder.is_some_and(|holder| acks.contains(holder)),
            CommitRule::Solo(node) => acks.contains(node),
        }
    }

    /// The size of a majority of `voters`: floor(n/2)+1. That is 1 for an empty set, which can never be reached.
    pub fn majority(voters: NodeSet) -> usize {
        voters.len() / 2 + 1
    }

    /// Whether two rules are of the same kind of quorum.
    pub fn same_kind(&self, other: &CommitRule) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set() -> impl Strategy<Value = NodeSet> {
        any::<u128>().prop_map(NodeSet::from)
    }

    fn small() -> impl Strategy<Value = NodeSet> {
        (0u128..256).prop_map(NodeSet::from)
    }

    proptest! {
        /// Two majorities share a voter; everything else is based on that.
        #[test]
        fn majorities_meet(voters in small(), a in small(), b in small()) {
            let rule = CommitRule::Majority(voters);
            if rule.is_durable(a) && rule.is_durable(b) {
                prop_assert!(!a.intersection(b).intersection(voters).is_empty());
            }
        }

        /// So do two majorities before and after a change of one voter (dissertation, 4.1).
        #[test]
        fn majorities_meet_across_one_change(voters in small(), id in 1u8..9, a in small(), b in small()) {
            let mut changed = voters;
            if !changed.remove(id) {
                changed.insert(id);
            }
            if CommitRule::Majority(voters).is_durable(a) && CommitRule::Majority(changed).is_durable(b) {
                prop_assert!(!a.intersection(b).is_empty());
            }
        }

        #[test]
        fn durable_is_monotonic(voters in set(), a in set(), b in set(), node in 1..=NodeSet::MAX_ID) {
            for rule in [CommitRule::Majority(voters), CommitRule::Holder(Some(node)), CommitRule::Solo(node)] {
                prop_assert!(!rule.is_durable(a) || rule.is_durable(a.union(b)));
                prop_assert!(!rule.is_durable(NodeSet::EMPTY));
            }
        }

        /// Compared with a count one by one; other nodes than voters do not matter.
        #[test]
        fn a_majority_is_more_than_half(voters in small(), acks in set()) {
            let inside = voters.iter().filter(|id| acks.contains(*id)).count();
            let wanted = !voters.is_empty() && inside * 2 > voters.len();
            prop_assert_eq!(CommitRule::Majority(voters).is_durable(acks), wanted);
        }
    }

    #[test]
    fn only_the_holder_counts() {
        let rule = CommitRule::Holder(Some(2));
        assert!(rule.is_durable(NodeSet::from([2])));
        assert!(!rule.is_durable(NodeSet::from([1, 3, 4])));
        assert!(!CommitRule::Holder(None).is_durable(NodeSet::from([1, 2, 3])));
    }

    #[test]
    fn two_voters_survive_no_failure() {
        let rule = CommitRule::Majority(NodeSet::from([1, 2]));
        assert!(!rule.is_durable(NodeSet::from([1])));
        assert!(rule.is_durable(NodeSet::from([1, 2])));
    }
}
