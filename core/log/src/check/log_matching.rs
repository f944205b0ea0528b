//! Log matching (5.3, figure 3; `LogMatching` in the dissertation's proof).

use std::collections::BTreeMap;

use super::Violation;
use crate::{Entry, Log};

/// Two logs with an entry of the same index and term are the same up to it.
///
/// Checked by induction: wherever an entry of an index and a term appears, it is the same entry, and the entry before
/// it has the same term.
#[derive(Clone, Debug, Default)]
pub struct LogMatching {
    /// By index and term: the entry, and the term of the one before.
    seen: BTreeMap<(u64, u64), (Entry, u64)>,
}

impl LogMatching {
    /// Looks at one log.
    ///
    /// # Errors
    /// A [`Violation`] if one of its entries differs, or follows another term, in any log seen before.
    pub fn look(&mut self, log: &Log) -> Result<(), Violation> {
        let mut before = log.snapshot().map_or(0, |snapshot| snapshot.term);
        for entry in log.entries() {
            let (first, first_before) = self
                .seen
                .entry((entry.index, entry.term))
                .or_insert_with(|| (entry.clone(), before));
            if first != entry || *first_before != before {
                return Err(Violation {
                    invariant: "log matching",
                    detail: format!(
                        "node {} has {entry:?} after term {before}; elsewhere it was {first:?} after term {first_before}",
                        log.me()
                    ),
                });
            }
            before = entry.term;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::alone;
    use crate::{EntryKind, HardState, Stored};

    #[test]
    fn the_same_entries_match() {
        let mut check = LogMatching::default();
        assert_eq!(check.look(&alone(1, Stored::default(), &[b"a"])), Ok(()));
        assert_eq!(
            check.look(&alone(2, Stored::default(), &[b"a", b"b"])),
            Ok(())
        );
    }

    #[test]
    fn another_entry_is_seen() {
        let mut check = LogMatching::default();
        assert_eq!(check.look(&alone(1, Stored::default(), &[b"a"])), Ok(()));
        assert!(check.look(&alone(2, Stored::default(), &[b"b"])).is_err());
    }

    #[test]
    fn another_past_is_seen() {
        let past = |term| Stored {
            hard: HardState {
                term: 2,
                voted_for: None,
            },
            snapshot: None,
            entries: vec![Entry {
                index: 1,
                term,
                kind: EntryKind::Noop,
            }],
        };
        let mut check = LogMatching::default();
        assert_eq!(check.look(&alone(1, past(1), &[])), Ok(()));
        assert!(check.look(&alone(2, past(2), &[])).is_err());
    }
}
