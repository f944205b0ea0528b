//! What logs say to each other.

use crate::{Entry, Snapshot};

/// A message from one node's log to another's. It may be lost, repeated, delayed and overtaken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Message {
    /// The sender's identity: see [`Log::new`](crate::Log::new).
    pub identity: u64,
    /// The sender's term; the term it would campaign in for [`Body::PreVote`] and a granted
    /// [`Body::PreVoteReply`].
    pub term: u64,
    /// What it says.
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
        /// Whether it would.
        granted: bool,
    },
    /// "Vote for me" (5.2).
    Vote {
        /// The candidate's last entry.
        last_index: u64,
        /// That entry's term.
        last_term: u64,
        /// The leader itself asked the candidate to campaign, so that a living leader is no reason to
        /// refuse (dissertation, 3.10).
        transfer: bool,
    },
    /// The answer.
    VoteReply {
        /// Whether the vote is the asker's.
        granted: bool,
    },
    /// The leader's entries, or none: then it says only that it leads (5.3).
    Append {
        /// The entry before the first of `entries`; 0 at the log's beginning.
        prev_index: u64,
        /// That entry's term.
        prev_term: u64,
        /// At most [`BATCH_ENTRIES_MAX`](crate::BATCH_ENTRIES_MAX), without gaps.
        entries: Vec<Entry>,
        /// Up to where the leader knows the log to be committed.
        commit: u64,
        /// The newest round the leader's node gave ([`Log::resend`](crate::Log::resend)) in this term.
        round: Option<u64>,
    },
    /// The answer to [`Body::Append`], [`Body::Install`] and [`Body::Replace`].
    AppendReply {
        /// The round that is answered.
        round: Option<u64>,
        /// What became of it.
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
    /// A snapshot for a follower that has committed what the leader's log does not have: an administrator has given up
    /// the past it is from ([`Log::force_voters`](crate::Log::force_voters)), and it begins anew.
    Replace {
        /// The entry that it has and the leader has not.
        over_index: u64,
        /// That entry's term.
        over_term: u64,
        /// The snapshot, be it of an earlier entry.
        snapshot: Snapshot,
        /// As in [`Body::Append`].
        round: Option<u64>,
    },
}

/// What became of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum AppendOutcome {
    /// The follower's log agrees with the leader's.
    Accepted {
        /// It agrees, and is durable, up to here at least.
        matched: u64,
    },
    /// The follower has no entry at `prev_index`, or another one, which may even be committed; or it cannot tell any more.
    Rejected {
        /// From the append.
        prev_index: u64,
        /// The follower's last entry that could agree. Past `prev_index`, it is the last that it knows to be
        /// committed, and must be the leader's as well: where it is not, the two are of different pasts.
        hint_index: u64,
        /// That entry's term.
        hint_term: u64,
    },
}
