//! What a log wants done.

use crate::{Entry, HardState, Id, Message, Snapshot};

/// What a node's log is at the moment (5.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Role {
    /// Takes what a leader sends.
    #[default]
    Follower,
    /// Asks whether it could win an election (dissertation, 9.6).
    PreCandidate,
    /// Asks for votes; or holds the quorum disk and waits until its new term is durable.
    Candidate,
    /// Orders the updates.
    Leader,
}

/// Something that must become durable, carried out in the order snapshot, truncation, entries, hard
/// state.
///
/// Carried out as a whole or not at all is best; [`Stored::write`](crate::Stored::write) is the
/// reference. A disk that cannot do that keeps the order given, and removes the entries that a snapshot
/// covers last of all: [`Log::new`](crate::Log::new) then finds out what was left half done. A crash may
/// lose any number of the newest persists, but never one before one that it keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Persist {
    /// Report this to [`Log::persisted`](crate::Log::persisted) when it is done. Counts up from 1.
    pub mark: u64,
    /// Replaces the term and the vote.
    pub hard: Option<HardState>,
    /// Entries from this index on are void.
    pub truncate_from: Option<u64>,
    /// Entries to append.
    pub entries: Vec<Entry>,
    /// Replaces the snapshot, and the entries up to its index with it.
    pub snapshot: Option<Snapshot>,
}

/// Something a log wants done, or has to say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// Make this durable. Under [`CommitRule::Holder`](crate::CommitRule::Holder) it belongs on the
    /// quorum disk while this node holds it, and anywhere the node likes otherwise; a node that keeps it
    /// nowhere reports it as done at once.
    /// What was on its way to the quorum disk when that was lost is for the node to keep elsewhere, and is
    /// reported then.
    Persist(Persist),
    /// Send a message.
    Send {
        /// To whom.
        to: Id,
        /// What.
        message: Message,
        /// It may leave only when the [`Persist`] with this mark, which was polled before, is durable; 0
        /// if it already is, or there is nothing to wait for.
        after: u64,
    },
    /// Apply a committed entry. They come in order, without gaps, each exactly once in a log's life, but
    /// for those that an [`Output::Install`] takes back.
    Apply(Entry),
    /// Replace all applied state by this. What comes next is the entry after it.
    Install(Snapshot),
    /// The role changed, or the term in which this node is a candidate.
    Role {
        /// The role now.
        role: Role,
        /// The term now.
        term: u64,
    },
    /// Something was not done because it makes no sense: a message from a stranger under a known id, or
    /// one that contradicts what is certain; or a campaign of a node that may not lead. Worth a line in
    /// the cluster's log.
    Refused {
        /// Who sent it; this node itself for its own campaign.
        from: Id,
        /// One sentence.
        reason: String,
    },
}
