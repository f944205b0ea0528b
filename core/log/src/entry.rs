//! What a log is made of, and what a disk holds of it.

use crate::{Id, NodeSet, Persist};

/// The state of elections, which a node must not forget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HardState {
    /// The newest term it knows; 0 before the first election.
    pub term: u64,
    /// To whom it gave its vote in that term.
    pub voted_for: Option<Id>,
}

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Entry {
    /// Its place, from 1.
    pub index: u64,
    /// The term whose leader made it, from 1.
    pub term: u64,
    /// The content.
    pub kind: EntryKind,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum EntryKind {
    /// Nothing. A new leader begins its term with it, so that what older terms left behind can be
    /// committed (5.4.2).
    Noop,
    /// An update of the node's. The log does not interpret its bytes.
    Update(Vec<u8>),
    /// The configured voters from this entry on.
    Voters(NodeSet),
}

impl EntryKind {
    /// How many bytes of the node's own it carries.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            EntryKind::Update(bytes) => bytes.len(),
            EntryKind::Noop | EntryKind::Voters(_) => 0,
        }
    }
}

/// The applied state up to an entry, in place of the entries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Snapshot {
    /// The last entry it stands for, from 1.
    pub index: u64,
    /// That entry's term.
    pub term: u64,
    /// The configured voters as of that entry; empty if no entry ever named any.
    pub voters: NodeSet,
    /// The state. The log does not interpret its bytes.
    pub data: Vec<u8>,
}

/// What a disk holds of a log. The default is an empty disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Stored {
    /// Term and vote.
    pub hard: HardState,
    /// The newest snapshot.
    pub snapshot: Option<Snapshot>,
    /// The entries in order. Some of them may be covered by the snapshot.
    pub entries: Vec<Entry>,
}

impl Stored {
    /// Changes the content as if `persist` had been carried out in full: the reference for every implementation.
    pub fn write(&mut self, persist: &Persist) {
        if let Some(from) = persist.truncate_from {
            self.entries.retain(|entry| entry.index < from);
        }
        if let Some(snapshot) = &persist.snapshot {
            self.entries.retain(|entry| entry.index > snapshot.index);
            self.snapshot = Some(snapshot.clone());
        }
        self.entries.extend(persist.entries.iter().cloned());
        if let Some(hard) = persist.hard {
            self.hard = hard;
        }
    }

    /// The index of the last entry, or of the snapshot where there is none; 0 if there is nothing.
    pub fn last_index(&self) -> u64 {
        let snapshot = self.snapshot.as_ref().map_or(0, |snapshot| snapshot.index);
        self.entries
            .last()
            .map_or(snapshot, |entry| entry.index.max(snapshot))
    }

    /// The term of the entry at `index`, if the disk still has it.
    pub fn term_at(&self, index: u64) -> Option<u64> {
        if let Some(snapshot) = &self.snapshot
            && snapshot.index == index
        {
            return Some(snapshot.term);
        }
        self.entries
            .iter()
            .find(|entry| entry.index == index)
            .map(|entry| entry.term)
    }
}
