//! Messages that say nothing but what is known. While nothing changes, those are all.

use crate::{AppendOutcome, Body, CommitRule, Id, Log, Message, Role};

impl Log {
    /// Whether a message from a peer does nothing but that it confirms what is known: a follower answers, and a leader notes
    /// the round that was answered. Nothing is to be written or applied, sent again or told to anybody else.
    pub fn only_confirms(&self, from: Id, message: &Message) -> bool {
        let settled = message.term == self.hard.term
            && self.identities.get(&from) == Some(&message.identity)
            && self.applied == self.commit
            && self.outputs.is_empty()
            && !self.wants_snapshot
            && self.transfer.is_none()
            && self.forced.is_none()
            && !matches!(self.rule, CommitRule::Solo(_));
        settled
            && match &message.body {
                Body::Append {
                    prev_index,
                    prev_term,
                    entries,
                    commit,
                    ..
                } => {
                    self.role == Role::Follower
                        && self.leader == Some(from)
                        && !self.holds_disk()
                        && entries.is_empty()
                        && *prev_index >= self.store.snapshot_index()
                        && self.store.term_at(*prev_index) == Some(*prev_term)
                        && *commit.min(prev_index) <= self.commit
                }
                Body::AppendReply {
                    round,
                    outcome: AppendOutcome::Accepted { matched },
                } => {
                    let last = self.last_index();
                    self.role == Role::Leader
                        && *round <= self.round
                        && (self.durable, self.commit) == (last, last)
                        && self.progress.get(&from).is_some_and(|known| {
                            (known.matched, *matched) == (last, last)
                                && known.next == last + 1
                                && known.told >= last
                                && known.inflight.is_none()
                                && !known.installing
                        })
                }
                _ => false,
            }
    }
}
