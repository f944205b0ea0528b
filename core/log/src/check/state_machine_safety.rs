//! State machine safety (5.4.3, figure 3; `StateMachineSafety` in the dissertation's proof).

use std::collections::BTreeMap;

use super::Violation;
use crate::{Entry, Id, Snapshot};

/// No two nodes ever apply different entries at the same index, and each applies them in order, without
/// gaps, once.
#[derive(Clone, Debug, Default)]
pub struct StateMachineSafety {
    entries: BTreeMap<u64, Entry>,
    applied: BTreeMap<Id, u64>,
}

impl StateMachineSafety {
    /// A node begins a new life with nothing applied.
    pub fn booted(&mut self, node: Id) {
        self.applied.remove(&node);
    }

    /// A node has applied an entry.
    ///
    /// # Errors
    /// A [`Violation`] if another entry was applied at its index anywhere, or it is out of order.
    pub fn applied(&mut self, node: Id, entry: &Entry) -> Result<(), Violation> {
        let before = self.applied.insert(node, entry.index).unwrap_or(0);
        let first = self
            .entries
            .entry(entry.index)
            .or_insert_with(|| entry.clone());
        let detail = if before + 1 != entry.index {
            format!(
                "node {node} applied entry {} right after {before}",
                entry.index
            )
        } else if first != entry {
            format!("node {node} applied {entry:?} where {first:?} was applied before")
        } else {
            return Ok(());
        };
        Err(Violation {
            invariant: "state machine safety",
            detail,
        })
    }

    /// A node has replaced its applied state.
    ///
    /// # Errors
    /// A [`Violation`] if the snapshot's last entry is not the one that was applied.
    pub fn installed(&mut self, node: Id, snapshot: &Snapshot) -> Result<(), Violation> {
        self.applied.insert(node, snapshot.index);
        match self.entries.get(&snapshot.index) {
            Some(entry) if entry.term != snapshot.term => Err(Violation {
                invariant: "state machine safety",
                detail: format!(
                    "node {node} installed a snapshot up to entry {} of term {}, where {entry:?} was applied before",
                    snapshot.index, snapshot.term
                ),
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EntryKind, NodeSet};

    fn entry(index: u64, term: u64) -> Entry {
        Entry {
            index,
            term,
            kind: EntryKind::Noop,
        }
    }

    #[test]
    fn another_entry_at_an_index_is_seen() {
        let mut check = StateMachineSafety::default();
        assert_eq!(check.applied(1, &entry(1, 1)), Ok(()));
        assert_eq!(check.applied(2, &entry(1, 1)), Ok(()));
        assert!(check.applied(3, &entry(1, 2)).is_err());
    }

    #[test]
    fn a_gap_and_a_repetition_are_seen() {
        let mut check = StateMachineSafety::default();
        assert!(check.applied(1, &entry(2, 1)).is_err());
        let mut check = StateMachineSafety::default();
        assert_eq!(check.applied(1, &entry(1, 1)), Ok(()));
        assert!(check.clone().applied(1, &entry(1, 1)).is_err());
        check.booted(1);
        assert_eq!(check.applied(1, &entry(1, 1)), Ok(()));
    }

    #[test]
    fn a_snapshot_of_another_past_is_seen() {
        let snapshot = |term| Snapshot {
            index: 1,
            term,
            voters: NodeSet::EMPTY,
            data: Vec::new(),
        };
        let mut check = StateMachineSafety::default();
        assert_eq!(check.applied(1, &entry(1, 1)), Ok(()));
        assert_eq!(check.installed(2, &snapshot(1)), Ok(()));
        assert_eq!(check.applied(2, &entry(2, 1)), Ok(()));
        assert!(check.installed(3, &snapshot(2)).is_err());
    }
}
