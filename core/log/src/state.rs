//! Questions that a log answers about itself.

use crate::{
    BATCH_ENTRIES_MAX, CommitRule, Entry, HardState, Id, Log, NodeSet, NotLeader, Role, Snapshot,
    Stored,
};

impl Log {
    /// This node.
    pub fn me(&self) -> Id {
        self.me
    }

    /// This node's identity.
    pub fn identity(&self) -> u64 {
        self.identity
    }

    /// The identity that a peer must have, if one was set or seen.
    pub fn identity_of(&self, peer: Id) -> Option<u64> {
        self.identities.get(&peer).copied()
    }

    /// The commit rule, with the voters as they are now.
    pub fn rule(&self) -> CommitRule {
        match self.rule {
            CommitRule::Majority(_) => CommitRule::Majority(self.voters()),
            rule => rule,
        }
    }

    /// The present role.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether this node leads. It is certain that it still does only while its peers confirm it: see
    /// [`acked_round`](Log::acked_round).
    pub fn is_leader(&self) -> bool {
        self.role == Role::Leader
    }

    /// Who leads in this term, if this node knows.
    pub fn leader(&self) -> Option<Id> {
        self.leader
    }

    /// The newest term this node knows.
    pub fn term(&self) -> u64 {
        self.hard.term
    }

    /// Term and vote.
    pub fn hard_state(&self) -> HardState {
        self.hard
    }

    /// The last entry that is known to be committed.
    pub fn commit_index(&self) -> u64 {
        self.commit
    }

    /// The last entry handed out by [`Output::Apply`](crate::Output::Apply) or covered by
    /// [`Output::Install`](crate::Output::Install).
    pub fn applied_index(&self) -> u64 {
        self.applied
    }

    /// The last entry that is durable on this node.
    pub fn durable_index(&self) -> u64 {
        self.durable
    }

    /// The last entry; 0 if there never was one.
    pub fn last_index(&self) -> u64 {
        self.store.last_index()
    }

    /// The last entry's term; 0 if there never was one.
    pub fn last_term(&self) -> u64 {
        self.store.last_term()
    }

    /// The first entry that is not covered by the snapshot, whether it is here yet or not.
    pub fn first_index(&self) -> u64 {
        self.store.first_index()
    }

    /// An entry, unless the snapshot covers it or the log does not reach it.
    pub fn entry(&self, index: u64) -> Option<&Entry> {
        self.store.entry(index)
    }

    /// The entries after the snapshot.
    pub fn entries(&self) -> &[Entry] {
        self.store.entries()
    }

    /// The snapshot, if there is one.
    pub fn snapshot(&self) -> Option<&Snapshot> {
        self.store.snapshot()
    }

    /// The term of an entry, if it is known: those of the entries here, that of the snapshot's last entry, and 0 for
    /// index 0 of a log without a snapshot.
    pub fn term_at(&self, index: u64) -> Option<u64> {
        self.store.term_at(index)
    }

    /// What a disk would hold if all of this log were written to it.
    pub fn to_stored(&self) -> Stored {
        Stored {
            hard: self.hard,
            snapshot: self.store.snapshot().cloned(),
            entries: self.store.entries().to_vec(),
        }
    }

    /// The configured voters: from the newest entry that names them, committed or not; else from the snapshot; else
    /// from [`CommitRule::Majority`]; else none.
    pub fn voters(&self) -> NodeSet {
        self.forced.unwrap_or_else(|| self.voters_at(u64::MAX))
    }

    /// Whether the log or its snapshot names the voters; otherwise they are those of [`CommitRule::Majority`].
    pub fn names_voters(&self) -> bool {
        self.store.voters_at(u64::MAX).is_some()
    }

    pub(crate) fn voters_at(&self, index: u64) -> NodeSet {
        self.store.voters_at(index).unwrap_or(match self.rule {
            CommitRule::Majority(voters) => voters,
            CommitRule::Holder(_) | CommitRule::Solo(_) => NodeSet::EMPTY,
        })
    }

    /// The last entry up to which a peer's log is known to agree with this leader's and to be durable; for this node
    /// itself, the last durable entry. `None` for other nodes, and unless this node leads.
    pub fn match_index(&self, peer: Id) -> Option<u64> {
        if self.role == Role::Leader && peer == self.me {
            return Some(self.durable);
        }
        self.progress.get(&peer).map(|progress| progress.matched)
    }

    /// Whether a peer has all that is committed, or lacks no more than the next message carries. It does not if it needs
    /// the snapshot, and unless this node leads.
    pub fn follows(&self, peer: Id) -> bool {
        let Some(matched) = self.match_index(peer) else {
            return false;
        };
        let next = self.store.batch(matched + 1, BATCH_ENTRIES_MAX);
        next.last().map_or(matched, |last| last.index) >= self.commit
    }

    /// The newest round ([`resend`](Log::resend)) that a peer has echoed in this leader's term. When that round was
    /// set, the peer had not yet turned to another leader.
    pub fn acked_round(&self, peer: Id) -> Option<u64> {
        self.progress
            .get(&peer)
            .and_then(|progress| progress.acked_round)
    }

    /// Every peer with its [`acked_round`](Log::acked_round), 0 where there is none.
    pub fn acked_rounds(&self) -> impl Iterator<Item = (Id, u64)> {
        let peers = self.progress.iter();
        peers.map(|(peer, progress)| (*peer, progress.acked_round.unwrap_or(0)))
    }

    /// Whether this node leads and needs a snapshot that it does not have: a peer has entries of a history that was
    /// given up, and must begin again. [`compact`](Log::compact) makes one.
    pub fn wants_snapshot(&self) -> bool {
        self.wants_snapshot
    }

    /// To whom leadership is being handed over.
    pub fn transfer_target(&self) -> Option<Id> {
        self.transfer.map(|transfer| transfer.to)
    }

    pub(crate) fn holds_disk(&self) -> bool {
        self.adopted && self.rule == CommitRule::Holder(Some(self.me))
    }

    pub(crate) fn elects(&self) -> bool {
        matches!(self.rule, CommitRule::Majority(_))
    }

    pub(crate) fn not_leader(&self) -> NotLeader {
        NotLeader {
            leader: self.leader.filter(|leader| *leader != self.me),
        }
    }
}
