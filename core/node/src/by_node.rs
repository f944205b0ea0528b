//! What is known of each node, found by its number.

use quorate_model::NodeId;

/// One value for each of some nodes, in a list with a place for every number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ByNode<T>(Vec<Option<T>>);

impl<T> Default for ByNode<T> {
    fn default() -> Self {
        ByNode(Vec::new())
    }
}

impl<T> ByNode<T> {
    pub(crate) fn get(&self, node: NodeId) -> Option<&T> {
        self.0.get(usize::from(node.0))?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, node: NodeId) -> Option<&mut T> {
        self.0.get_mut(usize::from(node.0))?.as_mut()
    }

    /// The value of a node, which is made if there is none.
    pub(crate) fn or_default(&mut self, node: NodeId) -> &mut T
    where
        T: Default,
    {
        self.place(node).get_or_insert_default()
    }

    pub(crate) fn insert(&mut self, node: NodeId, value: T) {
        *self.place(node) = Some(value);
    }

    pub(crate) fn remove(&mut self, node: NodeId) -> Option<T> {
        self.0.get_mut(usize::from(node.0))?.take()
    }

    /// All of them, in the order of the nodes' numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (NodeId, &T)> {
        // A list has no more places than a number has values.
        let numbered = (0..=u8::MAX).zip(&self.0);
        numbered.filter_map(|(id, value)| Some((NodeId(id), value.as_ref()?)))
    }

    /// As [`iter`](Self::iter), to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (NodeId, &mut T)> {
        let numbered = (0..=u8::MAX).zip(&mut self.0);
        numbered.filter_map(|(id, value)| Some((NodeId(id), value.as_mut()?)))
    }

    fn place(&mut self, node: NodeId) -> &mut Option<T> {
        let place = usize::from(node.0);
        if self.0.len() <= place {
            self.0.resize_with(place + 1, || None);
        }
        &mut self.0[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_has_its_own_value_and_they_come_in_the_order_of_numbers() {
        let mut known = ByNode::<u32>::default();
        assert_eq!(known.get(NodeId(3)), None);
        assert_eq!(known.remove(NodeId(3)), None);
        *known.or_default(NodeId(64)) += 7;
        known.insert(NodeId(1), 2);
        known.insert(NodeId(3), 4);
        *known.get_mut(NodeId(3)).unwrap() += 1;
        let all: Vec<_> = known.iter().map(|(node, value)| (node.0, *value)).collect();
        assert_eq!(all, [(1, 2), (3, 5), (64, 7)]);
        known.iter_mut().for_each(|(_, value)| *value = 0);
        assert_eq!(known.remove(NodeId(64)), Some(0));
        assert_eq!(known.iter().count(), 2);
    }
}
