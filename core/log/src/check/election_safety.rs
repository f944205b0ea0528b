//! Election safety (5.2, figure 3; `ElectionSafety` in the dissertation's proof).

use std::collections::BTreeMap;

use super::Violation;
use crate::{Id, Log};

/// At most one leader is elected in a term.
#[derive(Clone, Debug, Default)]
pub struct ElectionSafety {
    leaders: BTreeMap<u64, Id>,
}

impl ElectionSafety {
    /// Who was seen leading, term by term.
    pub fn leaders(&self) -> impl Iterator<Item = (u64, Id)> {
        self.leaders.iter().map(|(term, id)| (*term, *id))
    }

    /// Looks at one log.
    ///
    /// # Errors
    /// A [`Violation`] if another node has led in its term.
    pub fn look(&mut self, log: &Log) -> Result<(), Violation> {
        if !log.is_leader() {
            return Ok(());
        }
        let first = *self.leaders.entry(log.term()).or_insert(log.me());
        if first == log.me() {
            return Ok(());
        }
        Err(Violation {
            invariant: "election safety",
            detail: format!(
                "nodes {first} and {} both lead in term {}",
                log.me(),
                log.term()
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
    fn a_second_leader_is_seen_and_a_later_one_is_not() {
        let mut check = ElectionSafety::default();
        let first = alone(1, Stored::default(), &[]);
        assert_eq!(check.look(&first), Ok(()));
        assert_eq!(check.look(&first), Ok(()));
        assert_eq!(check.look(&alone(2, first.to_stored(), &[])), Ok(()));
        assert!(check.look(&alone(3, Stored::default(), &[])).is_err());
    }
}
