//! The verdict on a run, by the same rules for both implementations.

use std::collections::{BTreeMap, BTreeSet};

use crate::replica::Applied;

/// Records everything that is led, applied and acknowledged in a run.
#[derive(Clone, Debug, Default)]
pub struct Judge {
    leaders: BTreeMap<u64, u8>,
    committed: BTreeMap<u64, Applied>,
    acknowledged: BTreeSet<u64>,
    /// By node: the entries it has applied since its last boot.
    states: BTreeMap<u8, Vec<Applied>>,
    /// By node, index and term: the updates it has proposed since its last boot.
    proposed: BTreeMap<(u8, u64, u64), u64>,
}

impl Judge {
    /// A node has booted.
    pub fn booted(&mut self, node: u8) {
        self.states.insert(node, Vec::new());
        self.proposed
            .retain(|(proposer, _, _), _| *proposer != node);
    }

    /// A node leads: at most one does in a term (Raft, 5.2).
    pub fn leads(&mut self, node: u8, term: u64) -> Result<(), String> {
        match *self.leaders.entry(term).or_insert(node) {
            other if other != node => {
                Err(format!("nodes {other} and {node} both lead in term {term}"))
            }
            _ => Ok(()),
        }
    }

    /// A node has taken an update as an entry.
    pub fn proposed(&mut self, node: u8, index: u64, term: u64, update: u64) {
        self.proposed.insert((node, index, term), update);
    }

    /// A node applies an entry: in order, and what all others apply there (5.4.3).
    pub fn applied(&mut self, node: u8, entry: Applied) -> Result<(), String> {
        let state = self.states.entry(node).or_default();
        if entry.index != state.len() as u64 + 1 {
            return Err(format!(
                "node {node} applies entry {} after {}",
                entry.index,
                state.len()
            ));
        }
        state.push(entry);
        let first = *self.committed.entry(entry.index).or_insert(entry);
        if first != entry {
            return Err(format!(
                "node {node} applies {entry:?} where another applied {first:?}"
            ));
        }
        let acknowledged = self.proposed.remove(&(node, entry.index, entry.term));
        self.acknowledged.extend(acknowledged);
        Ok(())
    }

    /// Whether an update was acknowledged.
    pub fn is_acknowledged(&self, update: u64) -> bool {
        self.acknowledged.contains(&update)
    }

    /// Whether all of these nodes have applied the same.
    pub fn agree(&self, nodes: u8) -> bool {
        let committed = self.committed.len();
        (1..=nodes).all(|node| {
            self.states
                .get(&node)
                .is_some_and(|state| state.len() == committed)
        })
    }

    /// At the end: checks that every node holds each acknowledged update exactly once.
    pub fn lost(&self) -> Result<(), String> {
        for (node, state) in &self.states {
            let updates: Vec<u64> = state.iter().filter_map(|entry| entry.update).collect();
            let once: BTreeSet<u64> = updates.iter().copied().collect();
            if once.len() != updates.len() {
                return Err(format!("node {node} has applied an update twice"));
            }
            if let Some(update) = self.acknowledged.difference(&once).next() {
                return Err(format!(
                    "update {update} was acknowledged, and node {node} lacks it"
                ));
            }
        }
        Ok(())
    }

    /// How many leaders there were.
    pub fn elections(&self) -> u64 {
        self.leaders.len() as u64
    }

    /// How many updates were acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged.len() as u64
    }
}
