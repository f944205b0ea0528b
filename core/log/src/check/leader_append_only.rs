//! Leader append-only (5.3, figure 3).

use std::collections::BTreeMap;

use super::Violation;
use crate::{Id, Log};

/// A leader never overwrites or deletes entries of its log; it only appends.
#[derive(Clone, Debug, Default)]
pub struct LeaderAppendOnly {
    /// Of each leader: its term, its last entry, and that entry's term.
    last: BTreeMap<Id, (u64, u64, u64)>,
}

impl LeaderAppendOnly {
    /// A node begins a new life.
    pub fn booted(&mut self, node: Id) {
        self.last.remove(&node);
    }

    /// Looks at one log.
    ///
    /// # Errors
    /// A [`Violation`] if it leads in the same term as before, and its last entry is gone.
    pub fn look(&mut self, log: &Log) -> Result<(), Violation> {
        if !log.is_leader() {
            self.last.remove(&log.me());
            return Ok(());
        }
        let now = (log.term(), log.last_index(), log.last_term());
        let Some((term, index, entry_term)) = self.last.insert(log.me(), now) else {
            return Ok(());
        };
        let kept = index < log.first_index() || log.term_at(index) == Some(entry_term);
        if term != log.term() || kept && index <= log.last_index() {
            return Ok(());
        }
        Err(Violation {
            invariant: "leader append-only",
            detail: format!(
                "node {}, leader of term {term}, had entry {index} of term {entry_term} and has it no more",
                log.me()
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stored;
    use crate::check::tests::alone;

    #[test]
    fn a_leader_that_forgets_is_seen() {
        let mut check = LeaderAppendOnly::default();
        assert_eq!(check.look(&alone(1, Stored::default(), &[b"a"])), Ok(()));
        assert_eq!(
            check.look(&alone(1, Stored::default(), &[b"a", b"b"])),
            Ok(())
        );
        assert!(check.look(&alone(1, Stored::default(), &[])).is_err());
    }

    #[test]
    fn a_new_life_begins_anew() {
        let mut check = LeaderAppendOnly::default();
        assert_eq!(check.look(&alone(1, Stored::default(), &[b"a"])), Ok(()));
        check.booted(1);
        assert_eq!(check.look(&alone(1, Stored::default(), &[])), Ok(()));
    }
}
