//! A voter without a log: a file on a share that counts as one more vote.
//!
//! It holds a term, a vote, and *how far* the log of the last leader went, but no entries. With these it can vote,
//! and refuse a candidate whose log is shorter than what it has helped to commit: any two majorities still share a
//! voter that remembers. What it cannot do is return the entries. If only one node has them and that node is lost for
//! good, nobody is elected any more: see `docs/quorum.md`.

use crate::{AppendOutcome, Body, HardState, Id, Log, Message, NodeSet};

/// The memory of a witness and its answers, as plain data. Its keeper reads it, lets it [answer](Witness::answer) one
/// message, and writes it back before the answer is sent; nobody else may use it in between.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Witness {
    /// Identifies this witness. One that has forgotten everything gets another identity.
    pub identity: u64,
    /// Term and vote.
    pub hard: HardState,
    /// The term and index of the last entry that a leader has made it note.
    pub last: (u64, u64),
    /// Counts the messages of leaders. While it does not change, no leader is active.
    pub beats: u64,
}

impl Witness {
    /// The number under which a witness is a voter: the highest there is, which no node has.
    pub const ID: Id = NodeSet::MAX_ID;

    /// A witness that knows nothing yet.
    pub fn new(identity: u64) -> Witness {
        Witness {
            identity,
            hard: HardState::default(),
            last: (0, 0),
            beats: 0,
        }
    }

    /// Takes a message from `from` and returns the answer, if a voter answers such a message.
    ///
    /// A witness has no clock. A candidate watches [`beats`](Witness::beats) for as long as a voter waits for its
    /// leader, and passes the number it saw all that time as `quiet`. If the number has changed since, a leader is
    /// alive: votes and pre-votes are refused, except in a leadership transfer (dissertation, 3.10 and 4.2.3).
    pub fn answer(&mut self, from: Id, message: &Message, quiet: Option<u64>) -> Option<Message> {
        let leader_alive = quiet != Some(self.beats);
        let (term, body) = match message.body {
            Body::PreVote {
                last_index,
                last_term,
            } => {
                let up_to_date = (last_term, last_index) >= self.last;
                let granted = message.term > self.hard.term && !leader_alive && up_to_date;
                // A refusal carries its own term, so that a candidate with an older one learns it.
                let term = if granted {
                    message.term
                } else {
                    self.hard.term
                };
                (term, Body::PreVoteReply { granted })
            }
            Body::Vote {
                last_index,
                last_term,
                transfer,
            } => {
                let stay = leader_alive && !transfer;
                if !stay {
                    self.see(message.term);
                }
                let free = self
                    .hard
                    .voted_for
                    .is_none_or(|candidate| candidate == from);
                let up_to_date = (last_term, last_index) >= self.last;
                let granted = !stay && message.term == self.hard.term && free && up_to_date;
                if granted {
                    self.hard.voted_for = Some(from);
                }
                (self.hard.term, Body::VoteReply { granted })
            }
            Body::Append {
                prev_index,
                prev_term,
                round,
                ..
            } => {
                self.see(message.term);
                let outcome = if message.term == self.hard.term {
                    // A leader's log only grows in its term, and ends with an entry of it. A smaller position was
                    // overtaken on its way.
                    self.last = self.last.max((prev_term, prev_index));
                    self.beats += 1;
                    AppendOutcome::Accepted {
                        matched: prev_index,
                    }
                } else {
                    AppendOutcome::Rejected {
                        prev_index,
                        hint_index: 0,
                        hint_term: 0,
                    }
                };
                (self.hard.term, Body::AppendReply { round, outcome })
            }
            Body::PreVoteReply { .. }
            | Body::VoteReply { .. }
            | Body::AppendReply { .. }
            | Body::Install { .. }
            | Body::Replace { .. }
            | Body::TimeoutNow => return None,
        };
        Some(Message {
            identity: self.identity,
            term,
            body,
        })
    }

    fn see(&mut self, term: u64) {
        if term > self.hard.term {
            self.hard = HardState {
                term,
                voted_for: None,
            };
        }
    }
}

impl Log {
    /// Names the voter that is a [witness](Witness), if there is one. It gets no entries and no snapshots, only how
    /// far the leader's log goes, and leadership is never handed over to it.
    ///
    /// That it is a voter is set as for any other node: by the commit rule and by
    /// [`propose_voters`](Log::propose_voters).
    pub fn set_witness(&mut self, witness: Option<Id>) {
        self.witness = witness;
    }

    /// The voter that is a witness.
    pub fn witness(&self) -> Option<Id> {
        self.witness
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vote(term: u64, last: (u64, u64), transfer: bool) -> Message {
        Message {
            identity: 1,
            term,
            body: Body::Vote {
                last_index: last.1,
                last_term: last.0,
                transfer,
            },
        }
    }

    fn note(term: u64, last: (u64, u64)) -> Message {
        Message {
            identity: 1,
            term,
            body: Body::Append {
                prev_index: last.1,
                prev_term: last.0,
                entries: Vec::new(),
                commit: 0,
                round: Some(7),
            },
        }
    }

    fn granted(answer: Option<Message>) -> bool {
        match answer.map(|message| message.body) {
            Some(Body::VoteReply { granted } | Body::PreVoteReply { granted }) => granted,
            other => panic!("{other:?} is no answer to a candidate"),
        }
    }

    #[test]
    fn it_votes_once_a_term() {
        let mut witness = Witness::new(9);
        assert!(granted(witness.answer(1, &vote(1, (0, 0), false), Some(0))));
        assert!(granted(witness.answer(1, &vote(1, (0, 0), false), Some(0))));
        assert!(!granted(witness.answer(
            2,
            &vote(1, (0, 0), false),
            Some(0)
        )));
        assert!(granted(witness.answer(2, &vote(2, (0, 0), false), Some(0))));
        assert!(!granted(witness.answer(
            1,
            &vote(1, (9, 9), false),
            Some(0)
        )));
    }

    #[test]
    fn a_candidate_that_lacks_what_was_noted_gets_no_vote() {
        let mut witness = Witness::new(9);
        witness.answer(1, &note(1, (1, 5)), None);
        let beats = Some(witness.beats);
        for (last, wanted) in [
            ((1, 4), false),
            ((0, 9), false),
            ((1, 5), true),
            ((1, 6), true),
            ((2, 1), true),
        ] {
            let mut asked = witness.clone();
            assert_eq!(
                granted(asked.answer(2, &vote(2, last, false), beats)),
                wanted,
                "{last:?}"
            );
            let question = Message {
                body: Body::PreVote {
                    last_index: last.1,
                    last_term: last.0,
                },
                ..vote(2, last, false)
            };
            assert_eq!(
                granted(witness.clone().answer(2, &question, beats)),
                wanted,
                "{last:?}"
            );
        }
        // What a leader said earlier and comes later takes nothing back.
        witness.answer(1, &note(1, (1, 3)), None);
        assert_eq!(witness.last, (1, 5));
    }

    #[test]
    fn a_leader_that_shows_itself_keeps_the_vote_from_others() {
        let mut witness = Witness::new(9);
        witness.answer(1, &note(1, (1, 1)), None);
        let seen = witness.beats;
        assert!(!granted(witness.answer(2, &vote(2, (1, 1), false), None)));
        witness.answer(1, &note(1, (1, 1)), None);
        assert!(!granted(witness.answer(
            2,
            &vote(2, (1, 1), false),
            Some(seen)
        )));
        assert_eq!(
            witness.hard.term, 1,
            "a vote that is refused so changes nothing"
        );
        let now = Some(witness.beats);
        assert!(granted(witness.clone().answer(
            2,
            &vote(2, (1, 1), true),
            None
        )));
        assert!(granted(witness.answer(2, &vote(2, (1, 1), false), now)));
    }

    #[test]
    fn a_leader_of_the_past_is_told_so() {
        let mut witness = Witness::new(9);
        witness.answer(2, &note(3, (3, 8)), None);
        let before = witness.clone();
        let answer = witness.answer(1, &note(2, (2, 9)), None).unwrap();
        assert_eq!(answer.term, 3);
        assert!(matches!(
            answer.body,
            Body::AppendReply {
                round: Some(7),
                outcome: AppendOutcome::Rejected { .. }
            }
        ));
        assert_eq!(witness, before);
    }
}
