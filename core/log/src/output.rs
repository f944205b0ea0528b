//! What a log asks its node to do.

use crate::{Entry, HardState, Id, Message, Snapshot};

/// The role of a node's log (5.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Role {
    /// Follows a leader, or waits for one.
    #[default]
    Follower,
    /// Asks whether it could win an election (dissertation, 9.6).
    PreCandidate,
    /// Asks for votes; or holds the quorum disk and waits until its new term is durable.
    Candidate,
    /// Orders the updates.
    Leader,
}

/// A write that must become durable, carried out in the order snapshot, truncation, entries, hard state.
///
/// It is best carried out as a whole or not at all; [`Stored::write`](crate::Stored::write) is the reference. A disk
/// that cannot do that keeps this order, and removes the entries covered by a snapshot last of all:
/// [`Log::new`](crate::Log::new) then recognises a write that was left half done. A crash may lose any number of the
/// newest writes, but never one that is older than one it keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Persist {
    /// Report this to [`Log::persisted`](crate::Log::persisted) when it is done. Counts up from 1.
    pub mark: u64,
    /// Replaces the term and the vote.
    pub hard: Option<HardState>,
    /// Entries from this index on are dropped.
    pub truncate_from: Option<u64>,
    /// Entries to append.
    pub entries: Vec<Entry>,
    /// Replaces the snapshot, and the entries up to its index with it.
    pub snapshot: Option<Snapshot>,
}

/// Something a log wants done, or has to say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// Make this durable. Under [`CommitRule::Holder`](crate::CommitRule::Holder) it belongs on the quorum disk while
    /// this node holds that, and otherwise anywhere the node likes; a node that stores it nowhere reports it as done
    /// at once. If the quorum disk was lost before the write ended, the node stores it elsewhere and reports it then.
    Persist(Persist),
    /// Send a message.
    Send {
        /// To whom.
        to: Id,
        /// What.
        message: Message,
        /// It may be sent only once the [`Persist`] with this mark, which was polled before, is durable; 0 if there
        /// is nothing to wait for.
        after: u64,
    },
    /// Apply a committed entry. They come in order, without gaps, each exactly once in a log's life, except for those
    /// that an [`Output::Install`] takes back.
    Apply(Entry),
    /// Replace all applied state by this snapshot. The next entry to apply is the one after it.
    Install(Snapshot),
    /// The role changed, or the term in which this node is a candidate.
    Role {
        /// The role now.
        role: Role,
        /// The term now.
        term: u64,
    },
    /// Something was refused because it makes no sense: a message of an unknown identity under a known id, a message
    /// that contradicts what is certain, or a campaign of a node that may not lead. It deserves a line in the
    /// cluster's log.
    Refused {
        /// Who sent it; this node itself for its own campaign.
        from: Id,
        /// One sentence.
        reason: String,
    },
}
