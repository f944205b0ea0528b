//! Committed entries are durable (5.4.2 says when an entry is committed; [`CommitRule`](crate::CommitRule), by which
//! rule).

use super::{View, Violation};
use crate::{CommitRule, Id, NodeSet, Stored, Witness};

/// What a leader calls committed is on as many disks as the commit rule wants, from then on.
#[derive(Clone, Debug, Default)]
pub struct CommittedDurable {
    /// The newest entry that a leader called committed: its index, its term, and the leader's rule.
    newest: Option<(u64, u64, CommitRule)>,
}

impl CommittedDurable {
    /// Checks the entries that `node` has committed, if it leads, against the disks.
    ///
    /// # Errors
    /// A [`Violation`] if the newest committed entry is not durable by its leader's rule.
    pub fn look(&mut self, view: &View<'_>, node: Id) -> Result<(), Violation> {
        if let Some(log) = view.logs.get(&node).filter(|log| log.is_leader()) {
            let index = log.commit_index();
            if let Some(term) = log
                .term_at(index)
                .filter(|_| index > self.newest.map_or(0, |(newest, _, _)| newest))
            {
                self.newest = Some((index, term, log.rule()));
            }
        }
        let Some((index, term, rule)) = self.newest else {
            return Ok(());
        };
        let holds = |disk: &Stored| match &disk.snapshot {
            Some(snapshot) if snapshot.index > index => true,
            _ => disk.term_at(index) == Some(term),
        };
        let on: NodeSet = view
            .disks
            .iter()
            .filter(|(_, disk)| holds(disk))
            .map(|(id, _)| *id)
            // The witness has no entries. It counts if it has noted a position at or past this one.
            .chain(
                view.witness
                    .filter(|witness| witness.last >= (term, index))
                    .map(|_| Witness::ID),
            )
            .collect();
        let durable = match rule {
            // The disk stays when its holder fails.
            CommitRule::Holder(_) => view.quorum_disk.is_some_and(holds),
            CommitRule::Majority(_) | CommitRule::Solo(_) => rule.is_durable(on),
        };
        if durable {
            return Ok(());
        }
        Err(Violation {
            invariant: "durability of what is committed",
            detail: format!(
                "entry {index} of term {term} was committed under {rule:?} and is on the disks of {on} only"
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::check::tests::alone;

    #[test]
    fn an_entry_that_is_on_no_disk_is_seen() {
        let log = alone(1, Stored::default(), &[b"a"]);
        let mut stored = log.to_stored();
        let mut check = CommittedDurable::default();
        let look = |check: &mut CommittedDurable, stored: &Stored| {
            let view = View {
                logs: BTreeMap::from([(1, &log)]),
                disks: BTreeMap::from([(1, stored)]),
                ..View::default()
            };
            check.look(&view, 1)
        };
        assert_eq!(look(&mut check, &stored), Ok(()));
        stored.entries.pop();
        assert!(look(&mut check, &stored).is_err());
    }
}
