//! Where a node's messages go.

use std::sync::Arc;

use quorate_model::{ClusterDefinition, Name, NodeId};

use crate::node::{Node, Phase};

/// The other nodes, each with every network that carries cluster messages and on which it may be reached. It is made anew when
/// what it was made from is another.
#[derive(Debug, Default)]
pub(crate) struct Ways {
    all: Arc<[(NodeId, Name)]>,
    of: Option<Source>,
}

/// What the ways were made from.
#[derive(Debug)]
struct Source {
    definition: Arc<ClusterDefinition>,
    /// This node's own cards.
    cards: Vec<(Name, bool)>,
}

impl Node {
    /// All ways to others.
    pub(crate) fn ways(&mut self) -> Arc<[(NodeId, Name)]> {
        let definition = &self.database.definition;
        let cards = self.neighbours.cards();
        let same = self
            .ways
            .of
            .as_ref()
            .is_some_and(|it| Arc::ptr_eq(&it.definition, definition) && it.cards == cards);
        // A node that joins knows others that no definition has.
        if !same || self.phase == Phase::Joining {
            let peers = self.other_nodes().iter().map(NodeId);
            let ways = peers.flat_map(|peer| self.ways_to(peer).map(move |it| (peer, it.clone())));
            self.ways = Ways {
                all: ways.collect(),
                // Whoever changes the definition makes another one while this is held.
                of: Some(Source {
                    definition: Arc::clone(definition),
                    cards: cards.to_vec(),
                }),
            };
        }
        Arc::clone(&self.ways.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped::leader;

    fn networks(node: &mut Node) -> Vec<String> {
        let ways = node.ways();
        let all = ways.iter();
        all.map(|(peer, network)| format!("{} {network}", peer.0))
            .collect()
    }

    #[test]
    fn heartbeats_go_to_every_other_node_on_every_network_whatever_changes() {
        let mut node = leader();
        let all = networks(&mut node);
        assert!(all.contains(&"2 Private".to_owned()) && all.contains(&"2 Public".to_owned()));
        assert!(!all.iter().any(|way| way.starts_with("1 ")));
        assert_eq!(networks(&mut node), all);
        // A card of its own.
        node.neighbours.set_card("Public".into(), false);
        assert_eq!(networks(&mut node).len(), all.len() / 2);
        node.neighbours.set_card("Public".into(), true);
        assert_eq!(networks(&mut node), all);
        // The definition.
        let definition = node.database.definition_mut();
        let other = definition.nodes.iter_mut().find(|it| it.id == NodeId(2));
        other.unwrap().interfaces.remove("Public");
        assert!(!networks(&mut node).contains(&"2 Public".to_owned()));
        node.database.definition = leader().database.definition;
        assert_eq!(networks(&mut node), all);
    }
}
