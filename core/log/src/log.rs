//! The log itself: its state and how it is made.

use std::collections::{BTreeMap, VecDeque};

use crate::planted::Planted;
use crate::progress::Progress;
use crate::store::{NUMBER_MAX, Store, check_range};
use crate::{
    BATCH_ENTRIES_MAX, Body, CommitRule, HardState, Id, Message, NodeSet, Output, Role, Snapshot,
    Stored, StoredError,
};

/// A persist that was asked for and has not been reported done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Unconfirmed {
    pub(crate) mark: u64,
    /// The last entry that is durable once it is done.
    pub(crate) durable: u64,
}

/// A leadership transfer under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Transfer {
    pub(crate) to: Id,
    /// Calls of [`Log::resend`] since it began.
    pub(crate) rounds: u32,
}

/// One node's replicated log.
///
/// - *Making and storage*: [`new`](Log::new), [`adopt`](Log::adopt), [`persisted`](Log::persisted),
///   [`compact`](Log::compact).
/// - *Settings*: [`set_rule`](Log::set_rule), [`set_peers`](Log::set_peers),
///   [`set_witness`](Log::set_witness), [`set_identity`](Log::set_identity), [`set_batch`](Log::set_batch).
/// - *Inputs*: [`campaign`](Log::campaign), [`step`](Log::step), [`propose`](Log::propose),
///   [`propose_voters`](Log::propose_voters), [`resend`](Log::resend), [`transfer`](Log::transfer),
///   [`step_down`](Log::step_down).
/// - *Outputs*: [`poll_output`](Log::poll_output), to be polled until it gives `None` after every call
///   of the three kinds above.
/// - Everything else only reads.
///
/// Nothing here panics on what a peer or a disk says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Log {
    pub(crate) me: Id,
    pub(crate) identity: u64,
    pub(crate) identities: BTreeMap<Id, u64>,
    pub(crate) rule: CommitRule,
    /// Voters that an administrator has forced, until this node hears from a leader.
    pub(crate) forced: Option<NodeSet>,
    /// Under [`CommitRule::Holder`]: this node holds the quorum disk, and the log in memory is the one on that disk.
    pub(crate) adopted: bool,
    pub(crate) peers: NodeSet,
    /// The voter that has no log.
    pub(crate) witness: Option<Id>,

    pub(crate) hard: HardState,
    pub(crate) store: Store,
    pub(crate) commit: u64,
    pub(crate) applied: u64,

    pub(crate) role: Role,
    pub(crate) leader: Option<Id>,
    /// The nodes that have granted, and those that have refused, the (pre-)vote of the present campaign.
    pub(crate) granted: NodeSet,
    pub(crate) refused: NodeSet,
    /// The mark after which a candidate's own vote is durable.
    pub(crate) ballot: u64,
    pub(crate) progress: BTreeMap<Id, Progress>,
    pub(crate) round: Option<u64>,
    pub(crate) transfer: Option<Transfer>,
    /// A peer must begin again from a snapshot, and this leader has none.
    pub(crate) wants_snapshot: bool,

    /// The newest mark in an output, the newest one polled, and the newest one reported done.
    pub(crate) last_mark: u64,
    pub(crate) polled_mark: u64,
    pub(crate) done_mark: u64,
    /// The newest mark of a write of the hard state.
    pub(crate) hard_mark: u64,
    pub(crate) pending: VecDeque<Unconfirmed>,
    pub(crate) durable: u64,
    pub(crate) outputs: VecDeque<Output>,
    /// The most entries one message carries.
    pub(crate) batch: u64,
    pub(crate) planted: Planted,
}

impl Log {
    /// A log over what a disk holds, as a follower that knows of no leader.
    ///
    /// `me` is 1 to 63. `identity` names the copy of the cluster database this node has, not its boot:
    /// it stays through restarts and is drawn anew when the disk was wiped or the node was evicted, so
    /// that a node which has forgotten its votes and entries is a stranger to its peers, and not its
    /// former self (see [`set_identity`](Log::set_identity)). With [`CommitRule::Holder`] of `me`,
    /// `stored` is what the quorum disk holds.
    ///
    /// The first output is [`Output::Install`] if there is a snapshot. Entries are applied once it is known that they
    /// are committed, since commitment itself is never stored (5.3). A write that a crash has left half done, in the
    /// order of [`Persist`](crate::Persist), is repaired: entries that a snapshot had replaced are dropped, and the
    /// term is at least that of the last entry.
    ///
    /// # Errors
    /// [`StoredError`] if the entries have gaps, falling terms, or impossible numbers.
    pub fn new(
        me: Id,
        identity: u64,
        rule: CommitRule,
        stored: Stored,
    ) -> Result<Log, StoredError> {
        if !NodeSet::is_valid(me) {
            return Err(StoredError::NodeId(me));
        }
        let (store, hard, void_from) = open(stored)?;
        let mut log = Log {
            me,
            identity,
            identities: BTreeMap::new(),
            rule,
            forced: None,
            adopted: rule == CommitRule::Holder(Some(me)),
            peers: NodeSet::EMPTY,
            witness: None,
            hard,
            commit: store.snapshot_index(),
            applied: store.snapshot_index(),
            durable: store.last_index(),
            store,
            role: Role::Follower,
            leader: None,
            granted: NodeSet::EMPTY,
            refused: NodeSet::EMPTY,
            ballot: 0,
            progress: BTreeMap::new(),
            round: None,
            transfer: None,
            wants_snapshot: false,
            last_mark: 0,
            polled_mark: 0,
            done_mark: 0,
            hard_mark: 0,
            pending: VecDeque::new(),
            outputs: VecDeque::new(),
            batch: BATCH_ENTRIES_MAX,
            planted: Planted::default(),
        };
        if let Some(snapshot) = log.store.snapshot().cloned() {
            log.outputs.push_back(Output::Install(snapshot));
        }
        log.drop_void(void_from);
        Ok(log)
    }

    /// Sets the commit rule after a disk was gained or lost. A node that may no longer lead under it steps down at
    /// once, and so does every leader when the kind of quorum changes.
    pub fn set_rule(&mut self, rule: CommitRule) {
        let same_kind = self.rule.same_kind(&rule);
        self.rule = rule;
        if let CommitRule::Holder(holder) = rule
            && holder != Some(self.me)
        {
            self.adopted = false;
        }
        let leads_by_disk = matches!(rule, CommitRule::Holder(_)) && !self.holds_disk();
        let leads_alone = matches!(rule, CommitRule::Solo(node) if node != self.me);
        if !same_kind || leads_by_disk || leads_alone {
            self.step_down();
        }
        self.refresh_progress();
    }

    /// Lets `voters` elect the next leader, whatever the log says. The administrator takes responsibility for
    /// anything that only the other nodes know. It works under [`CommitRule::Majority`] only, and the majority is one
    /// of `voters`.
    ///
    /// It holds until this node leads, whose term then begins with an entry that names these voters, or until this
    /// node accepts something from a leader.
    pub fn force_voters(&mut self, voters: NodeSet) {
        if self.elects() && !voters.is_empty() && self.role != Role::Leader {
            self.forced = Some(voters);
        }
    }

    /// Sets the nodes to which this node replicates while it leads: members, joiners and configured voters alike. Its
    /// own id is ignored. Under [`CommitRule::Majority`] the voters are always included.
    pub fn set_peers(&mut self, peers: NodeSet) {
        // The node calls this after every event, mostly with the same set.
        if self.peers != peers {
            self.peers = peers;
            self.refresh_progress();
        }
    }

    /// Sets the most entries that one message carries: 1 to [`BATCH_ENTRIES_MAX`](crate::BATCH_ENTRIES_MAX), which is
    /// the default. A number outside is moved to the nearer end.
    pub fn set_batch(&mut self, entries: u64) {
        self.batch = entries.clamp(1, BATCH_ENTRIES_MAX);
    }

    /// Sets the identity that a peer must have. Messages with its id and another identity are refused from now on. A
    /// peer without a call of this is bound to the first identity it shows.
    ///
    /// A peer with a new identity is a new node: the leader forgets what it knew of the old one's log.
    pub fn set_identity(&mut self, peer: Id, identity: u64) {
        if self
            .identities
            .insert(peer, identity)
            .is_some_and(|before| before != identity)
        {
            self.granted.remove(peer);
            self.refused.remove(peer);
            if let Some(progress) = self.progress.get_mut(&peer) {
                *progress = Progress::new(self.store.last_index());
            }
        }
    }

    /// Forgets the identity of a peer, which has left the cluster. The next node with its id is bound to the first
    /// identity it shows.
    pub fn forget_identity(&mut self, peer: Id) {
        self.identities.remove(&peer);
    }

    /// The next output, or `None` until another call. Poll after every call that may change something, in particular
    /// after [`persisted`](Log::persisted).
    pub fn poll_output(&mut self) -> Option<Output> {
        if let Some(mut output) = self.outputs.pop_front() {
            match &mut output {
                Output::Persist(persist) => self.polled_mark = persist.mark,
                Output::Send { after, .. } if self.is_done(*after) => *after = 0,
                _ => {}
            }
            return Some(output);
        }
        if self.applied >= self.commit {
            return None;
        }
        let entry = self.store.entry(self.applied + 1)?.clone();
        self.applied = entry.index;
        Some(Output::Apply(entry))
    }

    pub(crate) fn send(&mut self, to: Id, term: u64, body: Body, after: u64) {
        let message = Message {
            identity: self.identity,
            term,
            body,
        };
        self.outputs.push_back(Output::Send { to, message, after });
    }

    pub(crate) fn refuse(&mut self, from: Id, reason: impl Into<String>) {
        self.outputs.push_back(Output::Refused {
            from,
            reason: reason.into(),
        });
    }

    pub(crate) fn install_output(&mut self, snapshot: Snapshot) {
        self.applied = snapshot.index;
        self.commit = snapshot.index;
        self.outputs.push_back(Output::Install(snapshot));
    }

    pub(crate) fn set_role(&mut self, role: Role) {
        if self.role != role {
            self.role = role;
            self.say_role();
        }
    }

    pub(crate) fn say_role(&mut self) {
        self.outputs.push_back(Output::Role {
            role: self.role,
            term: self.hard.term,
        });
    }

    /// Checks the identity of a sender; the first one that a peer shows is remembered.
    pub(crate) fn admit(&mut self, from: Id, identity: u64) -> Result<(), String> {
        if !NodeSet::is_valid(from) || from == self.me {
            return Err(format!(
                "a message from node {from}, which cannot be a peer of node {}",
                self.me
            ));
        }
        let known = *self.identities.entry(from).or_insert(identity);
        if known != identity {
            return Err(format!(
                "node {from} has come back as another (identity {identity:#x} instead of {known:#x}): it must join again"
            ));
        }
        Ok(())
    }
}

/// Checks and opens what a disk holds.
pub(crate) fn open(stored: Stored) -> Result<(Store, HardState, Option<u64>), StoredError> {
    let mut hard = stored.hard;
    if hard.term > NUMBER_MAX {
        check_range(1, hard.term)?;
    }
    if let Some(id) = hard.voted_for
        && !NodeSet::is_valid(id)
    {
        return Err(StoredError::NodeId(id));
    }
    let (store, void_from) = Store::open(stored.snapshot, stored.entries)?;
    if store.last_term() > hard.term {
        // A crash came between writing the entries and writing their term. No vote in that term can have been sent,
        // since the vote would have been durable first.
        hard = HardState {
            term: store.last_term(),
            voted_for: None,
        };
    }
    Ok((store, hard, void_from))
}
