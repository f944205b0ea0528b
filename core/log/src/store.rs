//! The log in memory: a snapshot and the entries after it.

use crate::{Entry, EntryKind, NodeSet, Snapshot, StoredError, one_message};

/// A snapshot and the entries after it, without gaps, terms never falling.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Store {
    snapshot: Option<Snapshot>,
    entries: Vec<Entry>,
    /// Index and value of each [`EntryKind::Voters`] among `entries`.
    changes: Vec<(u64, NodeSet)>,
}

impl Store {
    /// Opens the content of a disk. The second value is the index from which on the disk's entries must be dropped: a
    /// snapshot had replaced them, and a crash came before they were removed.
    pub(crate) fn open(
        snapshot: Option<Snapshot>,
        entries: Vec<Entry>,
    ) -> Result<(Store, Option<u64>), StoredError> {
        let mut store = Store::default();
        let mut before: Option<(u64, u64)> = None;
        if let Some(snapshot) = &snapshot {
            check_range(snapshot.index, snapshot.term)?;
        }
        let (base_index, base_term) = snapshot.as_ref().map_or((0, 0), |s| (s.index, s.term));
        store.snapshot = snapshot;
        let mut void_from = None;
        for entry in entries {
            check_range(entry.index, entry.term)?;
            let expected = match before {
                Some((index, _)) => index + 1,
                None if entry.index <= base_index => entry.index,
                None => base_index + 1,
            };
            if entry.index != expected {
                return Err(StoredError::Gap {
                    expected,
                    found: entry.index,
                });
            }
            let floor = match before {
                Some((_, term)) => term,
                None if entry.index <= base_index => 0,
                None => base_term,
            };
            if entry.index == base_index && entry.term != base_term {
                // These are old entries that the snapshot has replaced: the snapshot counts.
                void_from = Some(base_index + 1);
            }
            if entry.term < floor {
                return Err(StoredError::TermRegression {
                    index: entry.index,
                    before: floor,
                    found: entry.term,
                });
            }
            before = Some((entry.index, entry.term));
            if entry.index > base_index && void_from.is_none() {
                store.append(entry);
            }
        }
        Ok((store, void_from))
    }

    pub(crate) fn snapshot(&self) -> Option<&Snapshot> {
        self.snapshot.as_ref()
    }

    pub(crate) fn snapshot_index(&self) -> u64 {
        self.snapshot.as_ref().map_or(0, |snapshot| snapshot.index)
    }

    pub(crate) fn snapshot_term(&self) -> u64 {
        self.snapshot.as_ref().map_or(0, |snapshot| snapshot.term)
    }

    pub(crate) fn first_index(&self) -> u64 {
        self.snapshot_index() + 1
    }

    pub(crate) fn last_index(&self) -> u64 {
        self.snapshot_index() + self.entries.len() as u64
    }

    pub(crate) fn last_term(&self) -> u64 {
        self.entries
            .last()
            .map_or(self.snapshot_term(), |entry| entry.term)
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn position(&self, index: u64) -> Option<usize> {
        usize::try_from(index.checked_sub(self.first_index())?).ok()
    }

    pub(crate) fn entry(&self, index: u64) -> Option<&Entry> {
        self.entries.get(self.position(index)?)
    }

    /// The term of an entry. That of the snapshot's last entry is known as well, and the term before the very first
    /// entry is 0.
    pub(crate) fn term_at(&self, index: u64) -> Option<u64> {
        if index == self.snapshot_index() {
            return Some(self.snapshot_term());
        }
        self.entry(index).map(|entry| entry.term)
    }

    /// The entries from `from` on that one message carries, and no more than `max` of them.
    pub(crate) fn batch(&self, from: u64, max: u64) -> impl Iterator<Item = &Entry> {
        let begin = self.position(from).unwrap_or(self.entries.len());
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        let entries = self.entries.iter().skip(begin).take(max);
        one_message(entries, |entry| entry.kind.bytes())
    }

    /// The last entry at or before `index` whose term is at most `term`; the snapshot's index if no such entry is
    /// kept.
    pub(crate) fn last_at_most(&self, index: u64, term: u64) -> u64 {
        let mut index = index.min(self.last_index());
        while index > self.snapshot_index() && self.term_at(index).is_some_and(|found| found > term)
        {
            index -= 1;
        }
        index.max(self.snapshot_index())
    }

    /// Appends the next entry.
    pub(crate) fn append(&mut self, entry: Entry) {
        debug_assert_eq!(entry.index, self.last_index() + 1, "entries have no gaps");
        debug_assert!(entry.term >= self.last_term(), "terms never fall");
        if let EntryKind::Voters(voters) = entry.kind {
            self.changes.push((entry.index, voters));
        }
        self.entries.push(entry);
    }

    /// Drops the entries from `from` on, except those covered by the snapshot.
    pub(crate) fn truncate(&mut self, from: u64) {
        self.entries.truncate(self.position(from).unwrap_or(0));
        self.changes.retain(|(index, _)| *index < from);
    }

    /// The voters as of `index`, if an entry or the snapshot names them.
    pub(crate) fn voters_at(&self, index: u64) -> Option<NodeSet> {
        let change = self.changes.iter().rev().find(|(at, _)| *at <= index);
        change.map(|(_, voters)| *voters).or_else(|| {
            self.snapshot
                .as_ref()
                .map(|snapshot| snapshot.voters)
                .filter(|voters| !voters.is_empty())
        })
    }

    /// The newest change of voters among the entries.
    pub(crate) fn last_change(&self) -> Option<u64> {
        self.changes.last().map(|(index, _)| *index)
    }

    /// Replaces the entries up to the snapshot's index, which agree with it, by the snapshot.
    pub(crate) fn compact(&mut self, snapshot: Snapshot) {
        let drop = self
            .position(snapshot.index + 1)
            .unwrap_or(0)
            .min(self.entries.len());
        self.entries.drain(..drop);
        self.changes.retain(|(index, _)| *index > snapshot.index);
        self.snapshot = Some(snapshot);
    }

    /// Replaces everything by a snapshot.
    pub(crate) fn install(&mut self, snapshot: Snapshot) {
        self.entries.clear();
        self.changes.clear();
        self.snapshot = Some(snapshot);
    }
}

/// The highest index and term that is accepted from a peer or a disk. No log ever gets so far, and later numbers can
/// still be counted.
pub(crate) const NUMBER_MAX: u64 = u64::MAX / 2;

/// Whether an index and a term can exist: both count from 1.
pub(crate) fn check_range(index: u64, term: u64) -> Result<(), StoredError> {
    if index == 0 || term == 0 || index > NUMBER_MAX || term > NUMBER_MAX {
        return Err(StoredError::Range { index, term });
    }
    Ok(())
}
