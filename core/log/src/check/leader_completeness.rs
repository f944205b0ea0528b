//! Leader completeness (5.4, figure 3; `LeaderCompleteness` in the dissertation's proof).

use std::collections::BTreeMap;

use super::{View, Violation};
use crate::{Id, Log};

/// What was committed in a term is in the log of every leader of a later term.
#[derive(Clone, Debug, Default)]
pub struct LeaderCompleteness {
    /// By index: the committed entry's term, and the first term in which it was known as committed.
    committed: BTreeMap<u64, (u64, u64)>,
    /// The last committed entry that was checked, by node.
    seen: BTreeMap<Id, u64>,
}

impl LeaderCompleteness {
    /// What was seen committed: index, term, and the term in which it was first known as such.
    pub fn committed(&self) -> impl Iterator<Item = (u64, u64, u64)> {
        self.committed
            .iter()
            .map(|(index, (term, known))| (*index, *term, *known))
    }

    /// Checks what `node` has committed, and whether every leader has it.
    ///
    /// # Errors
    /// A [`Violation`] if a leader lacks an entry committed in an older term.
    pub fn look(&mut self, view: &View<'_>, node: Id) -> Result<(), Violation> {
        let mut oldest_new = u64::MAX;
        if let Some(log) = view.logs.get(&node) {
            let from = self
                .seen
                .get(&node)
                .map_or(1, |seen| seen + 1)
                .max(log.first_index());
            for index in from..=log.commit_index() {
                if let Some(term) = log.term_at(index) {
                    self.committed.entry(index).or_insert_with(|| {
                        oldest_new = oldest_new.min(index);
                        (term, log.term())
                    });
                }
            }
            // After a new boot a node may know less; committed entries stay committed.
            let seen = self.seen.entry(node).or_default();
            *seen = (*seen).max(log.commit_index());
        }
        for (id, log) in &view.logs {
            if log.is_leader() {
                // For this node everything is checked, for the others only what is new.
                let from = if *id == node { 0 } else { oldest_new };
                self.look_at_leader(log, from)?;
            }
        }
        Ok(())
    }

    fn look_at_leader(&self, log: &Log, from: u64) -> Result<(), Violation> {
        for (index, (term, committed_in)) in self.committed.range(from.max(log.first_index())..) {
            if *committed_in < log.term() && log.term_at(*index) != Some(*term) {
                return Err(Violation {
                    invariant: "leader completeness",
                    detail: format!(
                        "node {} leads in term {} without entry {index} of term {term}, committed in term {committed_in}",
                        log.me(),
                        log.term()
                    ),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::alone;
    use crate::{HardState, Stored};

    fn view(log: &Log) -> View<'_> {
        View {
            logs: BTreeMap::from([(log.me(), log)]),
            ..View::default()
        }
    }

    #[test]
    fn a_leader_that_went_on_from_the_log_is_complete() {
        let mut check = LeaderCompleteness::default();
        let first = alone(1, Stored::default(), &[b"a"]);
        assert_eq!(check.look(&view(&first), 1), Ok(()));
        assert_eq!(
            check.look(&view(&alone(2, first.to_stored(), &[])), 2),
            Ok(())
        );
    }

    #[test]
    fn a_leader_without_the_committed_past_is_seen() {
        let mut check = LeaderCompleteness::default();
        assert_eq!(
            check.look(&view(&alone(1, Stored::default(), &[b"a"])), 1),
            Ok(())
        );
        let hard = HardState {
            term: 1,
            voted_for: None,
        };
        let empty = Stored {
            hard,
            ..Stored::default()
        };
        assert!(check.look(&view(&alone(2, empty, &[])), 2).is_err());
    }
}
