//! Sets of nodes.

use std::fmt;

/// The number of a node, 1 to 64, or of a witness, 65.
pub type Id = u8;

/// A set of nodes, as a mask in which bit 0 stands for node 1.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(from = "u128", into = "u128")
)]
pub struct NodeSet(u128);

impl NodeSet {
    /// The empty set.
    pub const EMPTY: NodeSet = NodeSet(0);
    /// The highest id a set can hold; the lowest is 1. Sixty-four nodes and a witness find room.
    pub const MAX_ID: Id = 65;

    /// Whether `id` can be a member of a set: 1 to 65.
    pub const fn is_valid(id: Id) -> bool {
        id >= 1 && id <= Self::MAX_ID
    }

    const fn bit(id: Id) -> u128 {
        if Self::is_valid(id) { 1 << (id - 1) } else { 0 }
    }

    /// Adds a node. Returns whether it is new; an id outside 1..=65 is not added and returns `false`.
    pub fn insert(&mut self, id: Id) -> bool {
        let before = self.0;
        self.0 |= Self::bit(id);
        self.0 != before
    }

    /// Takes a node out. Returns whether it was in.
    pub fn remove(&mut self, id: Id) -> bool {
        let before = self.0;
        self.0 &= !Self::bit(id);
        self.0 != before
    }

    /// Whether a node is in the set.
    pub const fn contains(&self, id: Id) -> bool {
        self.0 & Self::bit(id) != 0
    }

    /// How many nodes are in the set.
    pub const fn len(&self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether nobody is in the set.
    pub const fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// The nodes in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = Id> + use<> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let id = (rest != 0).then(|| rest.trailing_zeros() as Id + 1)?;
            rest &= rest - 1;
            Some(id)
        })
    }

    /// The nodes that are in either set.
    #[must_use]
    pub const fn union(self, other: NodeSet) -> NodeSet {
        NodeSet(self.0 | other.0)
    }

    /// The nodes that are in both sets.
    #[must_use]
    pub const fn intersection(self, other: NodeSet) -> NodeSet {
        NodeSet(self.0 & other.0)
    }

    /// The nodes that are in this set and not in the other.
    #[must_use]
    pub const fn difference(self, other: NodeSet) -> NodeSet {
        NodeSet(self.0 & !other.0)
    }

    /// Whether the other set contains every node of this one.
    pub const fn is_subset(self, other: NodeSet) -> bool {
        self.0 & !other.0 == 0
    }
}

impl FromIterator<Id> for NodeSet {
    fn from_iter<I: IntoIterator<Item = Id>>(ids: I) -> Self {
        NodeSet(ids.into_iter().fold(0, |mask, id| mask | Self::bit(id)))
    }
}

impl<const N: usize> From<[Id; N]> for NodeSet {
    fn from(ids: [Id; N]) -> Self {
        ids.into_iter().collect()
    }
}

impl Extend<Id> for NodeSet {
    fn extend<I: IntoIterator<Item = Id>>(&mut self, ids: I) {
        *self = self.union(ids.into_iter().collect());
    }
}

/// Bits that stand for no id are left out.
impl From<u128> for NodeSet {
    fn from(mask: u128) -> Self {
        NodeSet(mask & ((1 << Self::MAX_ID) - 1))
    }
}

impl From<NodeSet> for u128 {
    fn from(set: NodeSet) -> u128 {
        set.0
    }
}

impl fmt::Display for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (n, id) in self.iter().enumerate() {
            if n > 0 {
                f.write_str(",")?;
            }
            write!(f, "{id}")?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn ids() -> impl Strategy<Value = BTreeSet<Id>> {
        proptest::collection::btree_set(1..=NodeSet::MAX_ID, 0..64)
    }

    proptest! {
        #[test]
        fn behaves_as_a_set(a in ids(), b in ids(), id in 1..=NodeSet::MAX_ID) {
            let (x, y): (NodeSet, NodeSet) = (a.iter().copied().collect(), b.iter().copied().collect());
            prop_assert_eq!(x.len(), a.len());
            prop_assert_eq!(x.is_empty(), a.is_empty());
            prop_assert_eq!(x.contains(id), a.contains(&id));
            prop_assert!(x.iter().eq(a.iter().copied()));
            prop_assert!(x.union(y).iter().eq(a.union(&b).copied()));
            prop_assert!(x.intersection(y).iter().eq(a.intersection(&b).copied()));
            prop_assert!(x.difference(y).iter().eq(a.difference(&b).copied()));
            prop_assert_eq!(x.is_subset(y), a.is_subset(&b));
            prop_assert_eq!(NodeSet::from(u128::from(x)), x);
            let (mut with, mut without) = (x, x);
            prop_assert_eq!(with.insert(id), !a.contains(&id));
            prop_assert_eq!(without.remove(id), a.contains(&id));
            prop_assert!(with.contains(id) && !without.contains(id));
        }
    }

    #[test]
    fn ids_outside_the_range_are_never_in() {
        let mut set = NodeSet::from([0, 66, 255]);
        assert!(set.is_empty());
        assert!(!set.insert(0) && !set.insert(66) && !set.remove(66));
        assert!(!set.contains(0) && !set.contains(66));
        assert!(NodeSet::from(u128::MAX - ((1 << 65) - 1)).is_empty());
        assert_eq!(u128::from(NodeSet::from([1, 65])), 1 | 1 << 64);
    }

    #[test]
    fn is_written_like_a_set() {
        assert_eq!(NodeSet::from([3, 1, 2]).to_string(), "{1,2,3}");
        assert_eq!(NodeSet::EMPTY.to_string(), "{}");
    }
}
