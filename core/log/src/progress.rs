//! What a leader knows of one peer.

/// What a leader knows of one peer.
///
/// At most one batch of entries is under way. `next` changes only with answers, so a lost message costs no more than
/// the wait for the next [`Log::resend`](crate::Log::resend).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Progress {
    /// The first entry to send.
    pub(crate) next: u64,
    /// The last entry up to which the peer's log agrees, durably.
    pub(crate) matched: u64,
    /// The last entry of the batch under way.
    pub(crate) inflight: Option<u64>,
    /// A snapshot is under way.
    pub(crate) installing: bool,
    /// The last entry that the peer was told is committed.
    pub(crate) told: u64,
    /// The newest round the peer has echoed in this term.
    pub(crate) acked_round: Option<u64>,
}

impl Progress {
    /// A peer of which nothing is known: start at the end of the leader's log.
    pub(crate) fn new(last_index: u64) -> Progress {
        Progress {
            next: last_index + 1,
            matched: 0,
            inflight: None,
            installing: false,
            told: 0,
            acked_round: None,
        }
    }
}
