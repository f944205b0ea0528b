//! Terms and positions never go back (5.1 for terms, figure 2 for `commitIndex` and `lastApplied`).

use std::collections::BTreeMap;

use super::Violation;
use crate::{Id, Log};

/// Within a node's life neither its term nor its commit index falls, and it applies nothing that is not
/// committed.
#[derive(Clone, Debug, Default)]
pub struct Monotonic {
    /// Term and commit index last seen.
    last: BTreeMap<Id, (u64, u64)>,
}

impl Monotonic {
    /// A node begins a new life.
    pub fn booted(&mut self, node: Id) {
        self.last.remove(&node);
    }

    /// Looks at one log.
    ///
    /// # Errors
    /// A [`Violation`] if something went back, or positions are out of order.
    pub fn look(&mut self, log: &Log) -> Result<(), Violation> {
        let now = (log.term(), log.commit_index());
        let before = self.last.insert(log.me(), now).unwrap_or_default();
        let ordered = log.applied_index() <= log.commit_index()
            && log.commit_index() <= log.last_index()
            && log.first_index() <= log.applied_index() + 1
            && log.durable_index() <= log.last_index();
        if now.0 >= before.0 && now.1 >= before.1 && ordered {
            return Ok(());
        }
        Err(Violation {
            invariant: "monotonic positions",
            detail: format!(
                "node {}: term and commit index were {before:?} and are {now:?}; first {}, applied {}, durable {}, last {}",
                log.me(),
                log.first_index(),
                log.applied_index(),
                log.durable_index(),
                log.last_index()
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
    fn going_back_is_seen() {
        let mut check = Monotonic::default();
        let first = alone(1, Stored::default(), &[b"a"]);
        assert_eq!(check.look(&first), Ok(()));
        assert_eq!(check.look(&alone(1, first.to_stored(), &[])), Ok(()));
        assert!(check.clone().look(&first).is_err());
        check.booted(1);
        assert_eq!(check.look(&first), Ok(()));
    }

    #[test]
    fn each_position_out_of_order_is_seen() {
        let sound = alone(1, Stored::default(), &[b"a"]);
        let last = sound.last_index();
        let breaks: [fn(&mut Log, u64); 6] = [
            |log, last| log.applied = last + 1,
            |log, last| log.commit = last + 1,
            |log, last| log.durable = last + 1,
            |log, last| {
                log.compact(last, Vec::new()).unwrap();
                log.applied = last - 1;
            },
            |log, _| log.hard.term -= 1,
            |log, last| (log.applied, log.commit) = (last - 1, last - 1),
        ];
        for (n, disorder) in breaks.into_iter().enumerate() {
            let mut check = Monotonic::default();
            assert_eq!(check.look(&sound), Ok(()));
            let mut log = sound.clone();
            disorder(&mut log, last);
            assert!(check.look(&log).is_err(), "disorder {n}");
        }
    }
}
