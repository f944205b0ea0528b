//! Which copy of the database each node has. A node that has lost its copy has also forgotten its votes and what it had
//! acknowledged. So nobody may take it for the node that it was, not even a node that has just been started.

use quorate_journal::Event;
use quorate_log::EntryKind;
use quorate_model::errors::ERROR_CLUSTER_NODE_NOT_FOUND;
use quorate_model::{Name, NodeDefinition, NodeId, Reason};

use crate::database::{Database, Proposal, Update};
use crate::message::{Body, Introduction, Message, Standing};
use crate::node::{Node, Phase};
use crate::witness_file::WITNESS;

impl Node {
    /// From now on a peer must come with the copy of this identity.
    pub(crate) fn expect_identity(&mut self, node: NodeId, identity: u64) {
        if node != self.me {
            self.neighbours.expect_copy(node, identity);
            self.log.set_identity(node.0, identity);
        }
    }

    /// A peer was evicted: whoever comes under its number next may have any copy.
    pub(crate) fn forget_identity(&mut self, node: NodeId) {
        self.neighbours.expect_any_copy(node);
        self.log.forget_identity(node.0);
        self.office.identify_anew(node);
    }

    /// A peer must come with the copy of this identity; 0 means that the database knows none, and any copy will do.
    pub(crate) fn expect_as_known(&mut self, node: NodeId, identity: u64) {
        match identity {
            0 => self.forget_identity(node),
            identity => self.expect_identity(node, identity),
        }
    }

    /// Every peer, and the witness, must come with the copy that a database [names](Database::identities). What was
    /// known before is void: a node may have been evicted and added again in what a checkpoint covers.
    pub(crate) fn expect_identities(&mut self, identities: Vec<(NodeId, u64)>) {
        for (node, identity) in identities {
            self.expect_as_known(node, identity);
        }
    }

    /// After a boot, before anything is known to be committed, this node goes by what the whole log on its disk comes
    /// to: it may be asked for its vote at once. That includes nodes that the log has added since the checkpoint. Their
    /// votes may be needed before anybody can know what is committed.
    pub(crate) fn recall(&mut self) {
        let then = self.database_as_logged();
        let evicted = self.database.nodes.keys().copied();
        let evicted: Vec<NodeId> = evicted.filter(|it| !then.nodes.contains_key(it)).collect();
        for node in evicted {
            self.forget_identity(node);
        }
        self.expect_identities(then.identities());
        self.recall_witness(&then);
        let known = &self.database.definition;
        let nodes = then.definition.nodes.iter();
        let new = nodes.filter(|it| known.node_by_id(it.id).is_none());
        self.neighbours.recall(new.cloned().collect());
    }

    /// The database as it will be if everything in this node's log is committed.
    pub(crate) fn database_as_logged(&self) -> Database {
        let mut then = self.database.clone();
        // Entries that are applied already would change nothing.
        let ahead = self.log.entries().iter();
        for entry in ahead.filter(|entry| entry.index > self.database.applied) {
            match &entry.kind {
                EntryKind::Noop => {}
                EntryKind::Voters(voters) => then.voters_changed(*voters),
                EntryKind::Update(bytes) => {
                    if let Ok(proposal) = postcard::from_bytes::<Proposal>(bytes) {
                        // A proposal that is refused changes nothing.
                        let _ = then.apply(&proposal);
                    }
                }
            }
        }
        then
    }

    /// A node of the cluster, as the database has it. Until this node has joined a cluster, nodes that its log has
    /// added count, too.
    pub(crate) fn known_node(&self, id: NodeId) -> Option<&NodeDefinition> {
        let known = self.database.definition.node_by_id(id);
        known.or_else(|| self.recalled().find(|node| node.id == id))
    }

    /// The nodes that this node's log has added and that are not known to be committed. None once it is a member.
    pub(crate) fn recalled(&self) -> impl Iterator<Item = &NodeDefinition> {
        let joining = self.phase == Phase::Joining;
        self.neighbours.recalled().filter(move |_| joining)
    }

    /// Puts the identities of members into the database that are not there yet.
    pub(crate) fn propose_identities(&mut self) {
        let mut new = Vec::new();
        for node in self.database.view.members.keys().copied() {
            let identity = match node == self.me {
                true => Some(self.log.identity()),
                false => self.log.identity_of(node.0),
            };
            let unknown = self
                .database
                .nodes
                .get(&node)
                .is_some_and(|record| record.identity == 0);
            if let Some(identity) = identity.filter(|_| unknown)
                && self.office.identify(node)
            {
                new.push((node, identity));
            }
        }
        let unknown = self.witness_share().is_some() && self.database.witness.identity == 0;
        let witness = self.log.identity_of(WITNESS.0).filter(|_| unknown);
        if let Some(identity) = witness
            && self.office.identify(WITNESS)
        {
            new.push((WITNESS, identity));
        }
        for (node, identity) in new {
            self.propose(Update::Identity { node, identity });
        }
    }

    /// Whether a message of the log is from a node with another copy than it must have. The coordinator tells that node
    /// so.
    pub(crate) fn is_stranger(&mut self, from: NodeId, message: &quorate_log::Message) -> bool {
        let known = self.log.identity_of(from.0);
        if known.is_none_or(|known| known == message.identity) {
            return false;
        }
        let coordinates = self.coordinates_at(self.now);
        let name = self.database.node_name(from);
        let Some(knows_quorum) = self.neighbours.showed_copy(from, message.identity) else {
            return true;
        };
        if self.phase == Phase::Joining {
            // The sender may have been evicted and added again while this node was away. The others may know.
            for other in self.other_nodes().iter().map(NodeId) {
                self.send(other, Body::WhoAreYou);
            }
            if knows_quorum {
                return true;
            }
        }
        let Some((incarnation, first)) = self.neighbours.turn_away(from) else {
            return true;
        };
        if first {
            let text = format!(
                "{name} has come back without its copy of the cluster database and is not taken in: evict it, \
                 clean it up (forcecleanup), and add it again"
            );
            self.event(Event::Notice { id: 0, text });
        }
        if coordinates {
            self.send(from, Body::Stranger { incarnation });
        }
        true
    }

    /// A message from somebody who is not in this node's database.
    pub(crate) fn unknown_sender(&mut self, from: NodeId, network: &Name, message: Message) {
        let incarnation = message.incarnation;
        match message.body {
            Body::Heartbeat(_) if self.coordinates_at(self.now) => {
                self.send_on(from, network.clone(), Body::Stranger { incarnation });
            }
            // The sender coordinates a cluster, which may have added it while this node was away.
            Body::Heartbeat(heartbeat)
                if self.phase == Phase::Joining && heartbeat.coordinates.is_some() =>
            {
                self.send_on(from, network.clone(), Body::WhoAreYou);
            }
            // The sender may not know the coordinator, which alone can tell it whether it belongs to the cluster.
            Body::Heartbeat(heartbeat)
                if self.phase == Phase::Member && heartbeat.standing == Standing::Joining =>
            {
                self.introduce(from, network);
            }
            Body::Nodes(nodes) => self.introduced(nodes),
            Body::Goodbye => self.neighbours.evicted_said_goodbye(from, incarnation),
            // Anything else is listened to from nodes of the cluster alone.
            Body::Heartbeat(_)
            | Body::Log(_)
            | Body::Propose(_)
            | Body::HandOver
            | Body::Stranger { .. }
            | Body::WhoAreYou
            | Body::KeptOut { .. }
            | Body::Control(_)
            | Body::ControlOutcome { .. } => {}
        }
    }

    /// A node that wants to join asks which nodes there are. A coordinator names all. Anybody else names those whose
    /// copies it knows by its log: a node's copy is written there only after its being added was committed.
    pub(crate) fn introduce(&mut self, to: NodeId, network: &Name) {
        let coordinates = self.coordinates_at(self.now);
        let nodes = self.database.definition.nodes.iter();
        let nodes = nodes.filter_map(|node| {
            let identity = match coordinates {
                true if node.id == self.me => Some(self.log.identity()),
                true => Some(self.log.identity_of(node.id.0).unwrap_or(0)),
                false => self.neighbours.expected_copy(node.id),
            };
            let node = node.clone();
            identity.map(|identity| Introduction { node, identity })
        });
        let nodes: Vec<Introduction> = nodes.collect();
        if !nodes.is_empty() {
            self.send_on(to, network.clone(), Body::Nodes(nodes));
        }
    }

    /// Somebody names the nodes there are. That is enough to follow or elect one of them; everything else comes with
    /// the log.
    pub(crate) fn introduced(&mut self, nodes: Vec<Introduction>) {
        if self.phase != Phase::Joining || self.log.is_leader() {
            return;
        }
        for Introduction { node, identity } in nodes {
            let id = node.id;
            if id == self.me {
                continue;
            }
            // Whoever says so may know less than this node. What is known is replaced only by what the node itself has
            // shown.
            let shown = self.neighbours.shown_copy(id);
            let known = self.log.identity_of(id.0);
            if identity != 0 && (known.is_none() || shown == Some(identity)) {
                self.expect_identity(id, identity);
            }
            self.database.nodes.entry(id).or_default();
            let known = &mut self.database.definition_mut().nodes;
            match known.iter_mut().find(|known| known.id == id) {
                Some(known) => *known = node,
                None => known.push(node),
            }
        }
    }

    /// The cluster does not know this node, or knows it with another copy of the database.
    pub(crate) fn told_stranger(&mut self, from: NodeId, incarnation: u64) {
        if incarnation != self.config.incarnation || self.phase != Phase::Joining {
            return;
        }
        let (me, from) = (
            self.database.node_name(self.me),
            self.database.node_name(from),
        );
        let text = format!(
            "{from} does not know {me} like this: {me} was evicted, or its copy of the cluster database was lost. Evict \
             {me} if it is still configured, clean it up (forcecleanup), and add it again"
        );
        self.halt(Reason::new(ERROR_CLUSTER_NODE_NOT_FOUND, text), false);
    }
}

#[cfg(test)]
mod tests;
