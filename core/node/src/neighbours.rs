//! The other nodes as this one hears them: who can be reached, who has been silent since when, and who has ended.

use quorate_log::NodeSet;
use quorate_model::{Name, NodeDefinition, NodeId, Time};

use crate::bounds;
use crate::by_node::ByNode;
use crate::message::{Heartbeat, Standing};

mod peer;

#[cfg(test)]
pub(crate) use self::peer::Interface;
pub(crate) use self::peer::Peer;

/// What this node has heard of the others, on its own cards.
#[derive(Clone, Debug, Default)]
pub(crate) struct Neighbours {
    peers: ByNode<Peer>,
    /// What was last heard of nodes that have been evicted since: one may still run for as long as any lost node.
    evicted: ByNode<Peer>,
    /// Which copy of the database each must have, by the database or the log: not by what it showed.
    copies: ByNode<u64>,
    /// Nodes that the log at boot took in beyond what was known to be committed then.
    recalled: Vec<NodeDefinition>,
    /// Nodes that would join and are kept out because of how this one was started.
    kept_out: NodeSet,
    /// Whether this node's own cards work, by network, where that was ever said.
    cards: Vec<(Name, bool)>,
}

/// What a heartbeat brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// The sender's card on this network was not known to work until now.
    pub(crate) card_is_up: bool,
    /// The sender is what it was and as well in reach: only that it was heard has become more recent.
    pub(crate) nothing_new: bool,
}

/// What comes in.
impl Neighbours {
    /// Whether a message from this boot of a node is listened to: not if a later boot was heard. The first message of a
    /// later boot voids what was heard of the earlier one.
    pub(crate) fn listen_to(&mut self, node: NodeId, incarnation: u64) -> bool {
        let peer = self.peers.or_default(node);
        if incarnation > peer.incarnation {
            peer.restart(incarnation);
        }
        incarnation == peer.incarnation
    }

    /// Takes a heartbeat in. `echo` is this node's own clock as the sender last heard it.
    pub(crate) fn heartbeat(
        &mut self,
        from: NodeId,
        network: &Name,
        heartbeat: &Heartbeat,
        now: Time,
        echo: Option<u64>,
    ) -> Heard {
        let peer = self.peers.or_default(from);
        let same = peer.is_as_it_was(heartbeat, now);
        peer.take(heartbeat, now, echo);
        let interface = peer.interface(network);
        interface.heard = Some(now);
        let card_is_up = !std::mem::replace(&mut interface.up, true);
        Heard {
            card_is_up,
            nothing_new: same && !card_is_up,
        }
    }

    /// Whether a heartbeat brings nothing new: it says the same as the last one from this boot of a node that is in reach, and
    /// the sender's card is known to work.
    pub(crate) fn says_the_same(
        &self,
        from: NodeId,
        incarnation: u64,
        network: &Name,
        heartbeat: &Heartbeat,
        now: Time,
    ) -> bool {
        self.peers.get(from).is_some_and(|peer| {
            peer.incarnation == incarnation
                && peer.is_as_it_was(heartbeat, now)
                && peer.has_card_up(network)
        })
    }

    /// Whether a node's card on a network is known to work.
    pub(crate) fn has_card_up(&self, from: NodeId, network: &Name) -> bool {
        let peer = self.peers.get(from);
        peer.is_some_and(|peer| peer.has_card_up(network))
    }

    /// A node of the cluster runs nothing any more.
    pub(crate) fn said_goodbye(&mut self, node: NodeId) {
        if let Some(peer) = self.peers.get_mut(node) {
            peer.gone = true;
            peer.contact = None;
        }
    }

    /// This boot of an evicted node runs nothing any more.
    pub(crate) fn evicted_said_goodbye(&mut self, node: NodeId, incarnation: u64) {
        let peer = self.evicted.get_mut(node);
        if let Some(peer) = peer.filter(|peer| peer.incarnation == incarnation) {
            peer.gone = true;
        }
    }

    /// A node is no node of the cluster any more.
    pub(crate) fn evict(&mut self, node: NodeId) {
        if let Some(peer) = self.peers.remove(node) {
            self.evicted.insert(node, peer);
        }
    }
}

/// Who is there.
impl Neighbours {
    /// What this node has heard last of each: node, boot, and that node's clock. Sent back, it tells them that they are
    /// heard.
    pub(crate) fn echoes(&self) -> impl Iterator<Item = (NodeId, u64, u64)> {
        let heard = self.peers.iter().filter(|(_, peer)| peer.heard.is_some());
        heard.map(|(node, peer)| (node, peer.incarnation, peer.sent))
    }

    /// Whether somebody is heard who knows a coordinator with quorum.
    pub(crate) fn hear_of_quorum(&self, now: Time) -> bool {
        let mut peers = self.peers.iter();
        peers.any(|(_, peer)| peer.quorate && peer.is_audible(now))
    }

    /// Whether there has just been contact both ways.
    pub(crate) fn is_reachable(&self, node: NodeId, now: Time) -> bool {
        let peer = self.peers.get(node);
        peer.is_some_and(|peer| peer.in_contact(now, bounds::IN_REACH))
    }

    /// Whether a node is reachable and has not said that it leaves.
    pub(crate) fn is_here(&self, node: NodeId, now: Time) -> bool {
        !self.has_left(node) && self.is_reachable(node, now)
    }

    /// Whether a node of the cluster has said that it runs nothing any more.
    pub(crate) fn has_left(&self, node: NodeId) -> bool {
        self.peers.get(node).is_some_and(|peer| peer.gone)
    }

    /// The nodes that are stopping.
    pub(crate) fn leaving(&self) -> NodeSet {
        let peers = self.peers.iter();
        let leaving = peers.filter(|(_, peer)| peer.standing == Standing::Leaving);
        leaving.map(|(node, _)| node.0).collect()
    }

    /// Whether there are others among these members that have not left, and none of them is heard any more.
    pub(crate) fn are_all_silent(&self, members: impl Iterator<Item = NodeId>, now: Time) -> bool {
        let mut others = members
            .filter_map(|node| self.peers.get(node))
            .filter(|peer| !peer.gone)
            .peekable();
        others.peek().is_some() && others.all(|peer| !peer.in_contact(now, bounds::MEMBER_SILENCE))
    }
}

/// What follows for membership.
impl Neighbours {
    /// Until when this boot of a member stays one, if it is not heard again; `None` if it has left or has started anew.
    /// One that was never heard in this boot has as long from `since`, when this node began to coordinate.
    pub(crate) fn stays_until(&self, member: NodeId, boot: u64, since: Time) -> Option<Time> {
        let last = match self.peers.get(member) {
            Some(peer) if peer.incarnation > boot => return None,
            Some(peer) if peer.incarnation == boot => {
                if peer.gone {
                    return None;
                }
                peer.contact.unwrap_or(since)
            }
            Some(_) | None => since,
        };
        Some(last + bounds::MEMBER_SILENCE)
    }

    /// The boot of a node that wants to become a member and is here. An earlier boot of it may be a member still.
    pub(crate) fn newcomer(&self, node: NodeId, member: Option<u64>, now: Time) -> Option<u64> {
        let peer = self.peers.get(node)?;
        let new = member.is_none_or(|boot| peer.incarnation > boot);
        (new && peer.standing == Standing::Joining && self.is_here(node, now))
            .then_some(peer.incarnation)
    }

    /// Whether a node is heard that looks for a cluster.
    pub(crate) fn asks_to_join(&self, node: NodeId, now: Time) -> bool {
        let peer = self.peers.get(node);
        peer.is_some_and(|peer| peer.standing == Standing::Joining && peer.is_audible(now))
    }

    /// Whether a lost node certainly runs nothing any more, without waiting: it said so, or has started again since.
    /// `last_member` is the boot of it that was last a member.
    ///
    /// The goodbye of an earlier boot than that says nothing about it. Nor does it that a node calls itself joining: its
    /// word may be from before it knew the view that it was taken into, or from an earlier boot still.
    pub(crate) fn has_ended(&self, node: NodeId, last_member: Option<u64>) -> bool {
        let Some(peer) = self.peers.get(node) else {
            return self.evicted.get(node).is_some_and(|peer| peer.gone);
        };
        let said_so = peer.gone && last_member.is_none_or(|boot| boot <= peer.incarnation);
        let joins = peer.standing == Standing::Joining && peer.heard.is_some();
        said_so || (joins && last_member.is_none_or(|boot| boot < peer.incarnation))
    }

    /// When a node was last heard, be it one of the cluster or evicted.
    pub(crate) fn last_heard(&self, node: NodeId) -> Option<Time> {
        let peer = self.peers.get(node).or(self.evicted.get(node));
        peer.and_then(|peer| peer.heard)
    }

    /// Keeps a node out that would join. Whether it was not kept out until now.
    pub(crate) fn keep_out(&mut self, node: NodeId) -> bool {
        self.kept_out.insert(node.0)
    }

    /// The nodes that are kept out and ask to join now, with the boot that asks.
    pub(crate) fn kept_out_that_ask(&self, now: Time) -> Vec<(NodeId, u64)> {
        let kept_out = self.kept_out.iter().map(NodeId);
        let asking = kept_out.filter(|node| self.asks_to_join(*node, now) && !self.has_left(*node));
        asking
            .filter_map(|node| Some((node, self.peers.get(node)?.incarnation)))
            .collect()
    }
}

/// Cards and networks.
impl Neighbours {
    /// A card of this node's own broke or works again.
    pub(crate) fn set_card(&mut self, network: Name, works: bool) {
        match self.cards.iter_mut().find(|(name, _)| *name == network) {
            Some((_, known)) => *known = works,
            None => self.cards.push((network, works)),
        }
    }

    /// Whether this node's own cards work, by network, where that was ever said.
    pub(crate) fn cards(&self) -> &[(Name, bool)] {
        &self.cards
    }

    /// Whether this node's own card on a network works, as far as it was told.
    pub(crate) fn card_works(&self, network: &Name) -> bool {
        let mut broken = self.cards.iter().filter(|(_, works)| !works);
        !broken.any(|(name, _)| name == network)
    }

    /// The first of these networks on which a node was just heard.
    pub(crate) fn heard_on<'a>(
        &self,
        node: NodeId,
        mut networks: impl Iterator<Item = &'a Name>,
        now: Time,
    ) -> Option<&'a Name> {
        let peer = self.peers.get(node)?;
        networks.find(|network| {
            let mut cards = peer.interfaces.iter();
            let card = cards.find(|(name, _)| name == *network);
            card.is_some_and(|(_, interface)| !interface.is_silent(now))
        })
    }

    /// The others' cards that have fallen silent since this was last asked.
    pub(crate) fn take_silent_cards(&mut self, now: Time) -> Vec<(NodeId, Name)> {
        let mut lost = Vec::new();
        for (node, peer) in self.peers.iter_mut() {
            for (network, interface) in &mut peer.interfaces {
                if interface.up && interface.is_silent(now) {
                    interface.up = false;
                    lost.push((node, network.clone()));
                }
            }
        }
        lost
    }
}

/// Which copy of the database each has.
impl Neighbours {
    /// From now on a node must have this copy.
    pub(crate) fn expect_copy(&mut self, node: NodeId, identity: u64) {
        self.copies.insert(node, identity);
    }

    /// A node may have any copy.
    pub(crate) fn expect_any_copy(&mut self, node: NodeId) {
        self.copies.remove(node);
    }

    /// The copy that a node must have, where that is known.
    pub(crate) fn expected_copy(&self, node: NodeId) -> Option<u64> {
        self.copies.get(node).copied()
    }

    /// A node has shown another copy than it must have. Whether it knows a coordinator with quorum; `None` if it was never
    /// heard.
    pub(crate) fn showed_copy(&mut self, node: NodeId, identity: u64) -> Option<bool> {
        let peer = self.peers.get_mut(node)?;
        peer.shown = Some(identity);
        Some(peer.quorate)
    }

    /// The copy that a node has shown in place of the one that it must have.
    pub(crate) fn shown_copy(&self, node: NodeId) -> Option<u64> {
        self.peers.get(node).and_then(|peer| peer.shown)
    }

    /// This node does not take the other for a node of its cluster. Which boot of it, and whether this is the first time.
    pub(crate) fn turn_away(&mut self, node: NodeId) -> Option<(u64, bool)> {
        let peer = self.peers.get_mut(node)?;
        let first = !std::mem::replace(&mut peer.stranger, true);
        Some((peer.incarnation, first))
    }

    /// These nodes are taken in by the log at boot, and not known to be committed.
    pub(crate) fn recall(&mut self, nodes: Vec<NodeDefinition>) {
        self.recalled = nodes;
    }

    /// The nodes that the log at boot took in.
    pub(crate) fn recalled(&self) -> impl Iterator<Item = &NodeDefinition> {
        self.recalled.iter()
    }
}

/// What a test makes of it.
#[cfg(test)]
impl Neighbours {
    pub(crate) fn peer(&mut self, node: NodeId) -> &mut Peer {
        self.peers.or_default(node)
    }

    pub(crate) fn evicted(&mut self, node: NodeId) -> &mut Peer {
        self.evicted.or_default(node)
    }

    pub(crate) fn forget_all(&mut self) {
        self.peers = ByNode::default();
        self.evicted = ByNode::default();
    }

    pub(crate) fn keeps_out(&self, node: NodeId) -> bool {
        self.kept_out.contains(node.0)
    }
}

#[cfg(test)]
mod tests;
