//! Messages between logs.

use crate::{Entry, Snapshot};

/// A message from one node's log to another's. It may be lost, repeated or delayed, and may be overtaken by later
/// ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Message {
    /// The sender's identity: see [`Log::new`](crate::Log::new).
    pub identity: u64,
    /// The sender's term; the term it would campaign in for [`Body::PreVote`] and a granted
    /// [`Body::PreVoteReply`].
    pub term: u64,
    /// The content.
    pub body: Body,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Body {
    /// "Would you vote for me?" Binds nobody (dissertation, 9.6).
    PreVote {
        /// The asker's last entry.
        last_index: u64,
        /// That entry's term.
        last_term: u64,
    },
    /// The answer.
    PreVoteReply {
        /// Whether the vote would be granted.
        granted: bool,
    },
    /// "Vote for me" (5.2).
    Vote {
        /// The candidate's last entry.
        last_index: u64,
        /// That entry's term.
        last_term: u64,
        /// The leader itself has asked the candidate to campaign, so a voter does not refuse because that leader is
        /// alive (dissertation, 3.10).
        transfer: bool,
    },
    /// The answer.
    VoteReply {
        /// Whether the vote is granted.
        granted: bool,
    },
    /// Entries of the leader. Without any it only says that it leads (5.3).
    Append {
        /// The entry before the first of `entries`; 0 at the log's beginning.
        prev_index: u64,
        /// That entry's term.
        prev_term: u64,
        /// At most [`BATCH_ENTRIES_MAX`](crate::BATCH_ENTRIES_MAX), without gaps, and no more than
        /// [`BATCH_BYTES_MAX`](crate::BATCH_BYTES_MAX) of updates unless it is one.
        entries: Vec<Entry>,
        /// The last entry that the leader knows to be committed.
        commit: u64,
        /// The newest round that the leader's node has set ([`Log::resend`](crate::Log::resend)) in this term.
        round: Option<u64>,
    },
    /// The answer to [`Body::Append`], [`Body::Install`] and [`Body::Replace`].
    AppendReply {
        /// The round that is answered.
        round: Option<u64>,
        /// The result.
        outcome: AppendOutcome,
    },
    /// A snapshot for a follower that lacks entries the leader no longer has (dissertation, 5).
    Install {
        /// The snapshot.
        snapshot: Snapshot,
        /// As in [`Body::Append`].
        round: Option<u64>,
    },
    /// "Campaign now": the leader hands over (dissertation, 3.10).
    TimeoutNow,
    /// A snapshot for a follower that has committed entries which the leader's log does not have: an administrator
    /// has given up their history ([`Log::force_voters`](crate::Log::force_voters)). The follower begins again from
    /// the snapshot.
    Replace {
        /// An entry that the follower has and the leader has not.
        over_index: u64,
        /// That entry's term.
        over_term: u64,
        /// The snapshot, which may end before that entry.
        snapshot: Snapshot,
        /// As in [`Body::Append`].
        round: Option<u64>,
    },
}

/// The result of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum AppendOutcome {
    /// The follower's log agrees with the leader's.
    Accepted {
        /// The logs agree up to here at least, and that part is durable.
        matched: u64,
    },
    /// The follower has no entry at `prev_index`, or a different one, which may even be committed; or it can no
    /// longer tell.
    Rejected {
        /// From the append.
        prev_index: u64,
        /// The follower's last entry that could agree. If it is past `prev_index`, it is the last one that the
        /// follower knows to be committed, and the leader must have it as well: if not, the two have different
        /// histories.
        hint_index: u64,
        /// That entry's term.
        hint_term: u64,
    },
}
