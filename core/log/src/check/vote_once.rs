//! One vote a term (5.2).

use std::collections::BTreeMap;

use super::Violation;
use crate::{Body, Id, Message};

/// A node gives its vote to one candidate in a term, through all its lives.
#[derive(Clone, Debug, Default)]
pub struct VoteOnce {
    /// By voter, its identity and term: to whom.
    votes: BTreeMap<(Id, u64, u64), Id>,
}

impl VoteOnce {
    /// A message has left a node. Asking for votes is a vote for oneself.
    ///
    /// # Errors
    /// A [`Violation`] if it gives a vote that was given to another.
    pub fn sent(&mut self, from: Id, to: Id, message: &Message) -> Result<(), Violation> {
        let candidate = match message.body {
            Body::VoteReply { granted: true } => to,
            Body::Vote { .. } => from,
            _ => return Ok(()),
        };
        let first = *self
            .votes
            .entry((from, message.identity, message.term))
            .or_insert(candidate);
        if first == candidate {
            return Ok(());
        }
        Err(Violation {
            invariant: "one vote a term",
            detail: format!(
                "node {from} voted for {first} and for {candidate} in term {}",
                message.term
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_vote_is_seen() {
        let vote = |term, granted| Message {
            identity: 1,
            term,
            body: Body::VoteReply { granted },
        };
        let mut check = VoteOnce::default();
        assert_eq!(check.sent(1, 2, &vote(1, true)), Ok(()));
        assert_eq!(check.sent(1, 2, &vote(1, true)), Ok(()));
        assert_eq!(check.sent(1, 3, &vote(1, false)), Ok(()));
        assert_eq!(check.sent(1, 3, &vote(2, true)), Ok(()));
        assert!(check.sent(1, 3, &vote(1, true)).is_err());
        let body = Body::Vote {
            last_index: 0,
            last_term: 0,
            transfer: false,
        };
        assert!(
            check
                .sent(
                    1,
                    2,
                    &Message {
                        identity: 1,
                        term: 2,
                        body
                    }
                )
                .is_err()
        );
    }
}
