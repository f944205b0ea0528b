//! The log itself: its state, its making, and what it answers about itself.

use std::collections::{BTreeMap, VecDeque};

use crate::progress::Progress;
use crate::store::{Store, check_range};
use crate::{
    Body, CommitRule, CompactError, Entry, HardState, Id, Message, NodeSet, NotLeader, Output,
    Persist, Role, Snapshot, Stored, StoredError,
};

/// A persist that was asked for and has not been reported done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Pending {
    mark: u64,
    /// Everything up to this entry is durable when it is done.
    durable: u64,
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
///   [`set_identity`](Log::set_identity).
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
    identity: u64,
    identities: BTreeMap<Id, u64>,
    rule: CommitRule,
    /// Under [`CommitRule::Holder`]: what is in memory is what the quorum disk holds, and it is ours.
    pub(crate) adopted: bool,
    pub(crate) peers: NodeSet,

    pub(crate) hard: HardState,
    pub(crate) store: Store,
    pub(crate) commit: u64,
    applied: u64,

    pub(crate) role: Role,
    pub(crate) leader: Option<Id>,
    /// Who has granted and who has refused the (pre-)vote of the present campaign.
    pub(crate) granted: NodeSet,
    pub(crate) refused: NodeSet,
    /// The mark that makes a candidate's own vote durable.
    pub(crate) ballot: u64,
    pub(crate) progress: BTreeMap<Id, Progress>,
    pub(crate) round: Option<u64>,
    pub(crate) transfer: Option<Transfer>,

    /// The newest mark given out in an output, and the newest polled and reported done.
    last_mark: u64,
    polled_mark: u64,
    done_mark: u64,
    /// The newest mark that makes the hard state durable.
    hard_mark: u64,
    pending: VecDeque<Pending>,
    pub(crate) durable: u64,
    outputs: VecDeque<Output>,
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
    /// The first output is [`Output::Install`] if there is a snapshot; committed entries follow as they
    /// become known as such, since commitment itself is never stored (5.3). What a crash left half done
    /// by [`Persist`]'s order is put right: entries that a snapshot had replaced are dropped, and the
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
            adopted: rule == CommitRule::Holder(Some(me)),
            peers: NodeSet::EMPTY,
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
            last_mark: 0,
            polled_mark: 0,
            done_mark: 0,
            hard_mark: 0,
            pending: VecDeque::new(),
            outputs: VecDeque::new(),
        };
        if let Some(snapshot) = log.store.snapshot().cloned() {
            log.outputs.push_back(Output::Install(snapshot));
        }
        log.drop_void(void_from);
        Ok(log)
    }

    /// Takes over the log of the quorum disk, which this node has just gained: `stored` is all the disk
    /// holds. Call it before or after the [`set_rule`](Log::set_rule) that says so, and before
    /// [`campaign`](Log::campaign), which does nothing without it.
    ///
    /// The disk's log replaces the one in memory. What was applied and is on the disk is not applied
    /// again; the term becomes the higher of the two. Persists and messages not yet polled are dropped,
    /// and every later [`Output::Persist`] belongs on the quorum disk; persists polled earlier need not
    /// be reported any more, and messages that wait for them may be thrown away. No write to that disk
    /// from an earlier time as its holder may be under way when it is read, or end after that.
    ///
    /// The disk holds by construction all that was ever committed. Where it contradicts what this node
    /// has applied all the same, [`Output::Install`] of its snapshot takes that back.
    ///
    /// # Errors
    /// [`StoredError`] as in [`new`](Log::new); and [`StoredError::Applied`] if there is such a
    /// contradiction and no snapshot. The log is then unchanged.
    pub fn adopt(&mut self, stored: Stored) -> Result<(), StoredError> {
        let disk_hard = stored.hard;
        let (store, hard, void_from) = open(stored)?;
        let ours = self.store.term_at(self.applied).unwrap_or(0);
        let agrees = store.term_at(self.applied) == Some(ours);
        if !agrees && store.snapshot().is_none() {
            return Err(StoredError::Applied {
                index: self.applied,
                term: ours,
                disk: store.term_at(self.applied),
            });
        }
        self.become_follower(self.hard.term.max(hard.term), None);
        self.outputs
            .retain(|output| !matches!(output, Output::Persist(_) | Output::Send { .. }));
        self.pending.clear();
        if disk_hard.term == self.hard.term && self.hard.voted_for.is_none() {
            self.hard.voted_for = disk_hard.voted_for;
        }
        // The hard state need not be the disk's: a campaign writes it before anything depends on it.
        self.hard_mark = 0;
        let commit_stands = store.term_at(self.commit) == self.store.term_at(self.commit);
        if !agrees {
            // It contradicts, or its snapshot goes further than this node has come.
            self.applied = store.snapshot_index();
            self.outputs
                .extend(store.snapshot().cloned().map(Output::Install));
        }
        if !commit_stands {
            self.commit = self.applied;
        }
        self.durable = store.last_index();
        self.store = store;
        self.adopted = true;
        self.drop_void(void_from);
        Ok(())
    }

    /// Makes good what [`Store::open`] found void on the disk.
    fn drop_void(&mut self, void_from: Option<u64>) {
        if void_from.is_some() {
            self.persist(Persist {
                truncate_from: void_from,
                ..Persist::default()
            });
        }
    }

    /// Sets the commit rule: a disk was gained or lost. Whoever may no longer lead under it steps down
    /// at once, and so does a leader when the kind of quorum changes.
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

    /// Sets to whom this node replicates while it leads: members, joiners and configured voters alike;
    /// its own id is passed over. Under [`CommitRule::Majority`] the voters are always among them.
    pub fn set_peers(&mut self, peers: NodeSet) {
        self.peers = peers;
        self.refresh_progress();
    }

    /// Sets what identity a peer must have. Messages of another under its id are refused from now on.
    /// A peer never named here is held to the first identity it shows.
    ///
    /// A new identity is a new node: what a leader knew of the old one's log is forgotten.
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

    /// Puts a snapshot of the applied state in the place of the entries up to `index`; `data` is the
    /// state right after that entry. Entries after it stay.
    ///
    /// # Errors
    /// [`CompactError`] if `index` is not applied yet, or no later than the snapshot there is.
    pub fn compact(&mut self, index: u64, data: Vec<u8>) -> Result<(), CompactError> {
        if index > self.applied {
            return Err(CompactError::NotApplied {
                index,
                applied: self.applied,
            });
        }
        let already = self.store.snapshot_index();
        let term = self.store.term_at(index).filter(|_| index > already);
        let Some(term) = term else {
            return Err(CompactError::Already {
                index,
                snapshot: already,
            });
        };
        let snapshot = Snapshot {
            index,
            term,
            voters: self.voters_at(index),
            data,
        };
        self.store.compact(snapshot.clone());
        self.persist(Persist {
            snapshot: Some(snapshot),
            ..Persist::default()
        });
        Ok(())
    }

    /// Reports that the [`Persist`] with this mark, and all before it, are durable. A mark that was
    /// reported before or not yet polled changes nothing.
    pub fn persisted(&mut self, mark: u64) {
        if mark <= self.done_mark || mark > self.polled_mark {
            return;
        }
        self.done_mark = mark;
        while let Some(pending) = self.pending.front()
            && pending.mark <= mark
        {
            self.durable = self.durable.max(pending.durable);
            self.pending.pop_front();
        }
        match self.role {
            Role::Candidate => self.count_votes(),
            Role::Leader => self.advance_commit(),
            Role::Follower | Role::PreCandidate => {}
        }
    }

    /// The next output, or `None` until something else is called. Poll after every call that is not a
    /// mere question, and in particular after [`persisted`](Log::persisted).
    pub fn poll_output(&mut self) -> Option<Output> {
        if let Some(output) = self.outputs.pop_front() {
            if let Output::Persist(persist) = &output {
                self.polled_mark = persist.mark;
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

    /// This node.
    pub fn me(&self) -> Id {
        self.me
    }

    /// This node's identity.
    pub fn identity(&self) -> u64 {
        self.identity
    }

    /// The identity a peer must have, if it was set or seen.
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

    /// Whether this node leads. That it still does is certain only while its peers confirm it: see
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

    /// Up to where the log is known to be committed.
    pub fn commit_index(&self) -> u64 {
        self.commit
    }

    /// The last entry handed out by [`Output::Apply`] or covered by [`Output::Install`].
    pub fn applied_index(&self) -> u64 {
        self.applied
    }

    /// Up to where this node's own log is durable.
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

    /// The term of an entry, where it is known: for the entries here, for the snapshot's last, and 0 for
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

    /// The configured voters: by the newest entry that names them, committed or not; else by the
    /// snapshot; else by [`CommitRule::Majority`]; else nobody.
    pub fn voters(&self) -> NodeSet {
        self.voters_at(u64::MAX)
    }

    fn voters_at(&self, index: u64) -> NodeSet {
        self.store.voters_at(index).unwrap_or(match self.rule {
            CommitRule::Majority(voters) => voters,
            CommitRule::Holder(_) | CommitRule::Solo(_) => NodeSet::EMPTY,
        })
    }

    /// Up to where a peer's log is known to agree with this leader's, and to be durable there; for this
    /// node itself, up to where it is durable. `None` for everybody else, and unless this node leads.
    pub fn match_index(&self, peer: Id) -> Option<u64> {
        if self.role == Role::Leader && peer == self.me {
            return Some(self.durable);
        }
        self.progress.get(&peer).map(|progress| progress.matched)
    }

    /// The newest round ([`resend`](Log::resend)) that a peer has echoed in this leader's term: when the
    /// round was given, the peer had not yet turned to another leader.
    pub fn acked_round(&self, peer: Id) -> Option<u64> {
        self.progress
            .get(&peer)
            .and_then(|progress| progress.acked_round)
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

    /// Asks for something to be made durable, and returns its mark.
    pub(crate) fn persist(&mut self, mut persist: Persist) -> u64 {
        if let Some(from) = persist.truncate_from {
            self.lower_durable(from.saturating_sub(1));
        }
        if persist.hard.is_none() && persist.snapshot.is_none() {
            // Term and entries of one step go to the disk together.
            self.take_back_hard(&mut persist);
        } else if persist.hard.is_some() {
            let mut older = Persist::default();
            self.take_back_hard(&mut older);
        }
        self.last_mark += 1;
        persist.mark = self.last_mark;
        if persist.hard.is_some() {
            self.hard_mark = persist.mark;
        }
        let durable = self.store.last_index();
        self.pending.push_back(Pending {
            mark: persist.mark,
            durable,
        });
        self.outputs.push_back(Output::Persist(persist));
        self.last_mark
    }

    /// If the last output is a hard state that nobody has seen yet, takes it back into `persist`.
    fn take_back_hard(&mut self, persist: &mut Persist) {
        if let Some(Output::Persist(last)) = self.outputs.back()
            && last.hard.is_some()
            && last.truncate_from.is_none()
            && last.entries.is_empty()
            && last.snapshot.is_none()
        {
            persist.hard = last.hard;
            self.outputs.pop_back();
            self.pending.pop_back();
            self.last_mark -= 1;
        }
    }

    /// What lies after `index` is not durable any more, whatever is reported.
    pub(crate) fn lower_durable(&mut self, index: u64) {
        self.durable = self.durable.min(index);
        for pending in &mut self.pending {
            pending.durable = pending.durable.min(index);
        }
    }

    pub(crate) fn persist_hard(&mut self) -> u64 {
        self.persist(Persist {
            hard: Some(self.hard),
            ..Persist::default()
        })
    }

    /// Whether a mark is durable.
    pub(crate) fn is_done(&self, mark: u64) -> bool {
        mark <= self.done_mark
    }

    /// The mark a message must wait for that relies on the term and the vote alone.
    pub(crate) fn hard_gate(&self) -> u64 {
        // Where nobody votes, only the holder's own term matters, and what it wrote to a disk that it
        // has lost since will never be reported done.
        let matters = self.elects() || self.holds_disk();
        if matters && !self.is_done(self.hard_mark) {
            self.hard_mark
        } else {
            0
        }
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

    /// Checks the sender; the first identity it shows is remembered.
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

/// Checks what a disk holds.
fn open(stored: Stored) -> Result<(Store, HardState, Option<u64>), StoredError> {
    let mut hard = stored.hard;
    if hard.term == u64::MAX {
        check_range(1, hard.term)?;
    }
    if let Some(id) = hard.voted_for
        && !NodeSet::is_valid(id)
    {
        return Err(StoredError::NodeId(id));
    }
    let (store, void_from) = Store::open(stored.snapshot, stored.entries)?;
    if store.last_term() > hard.term {
        // A crash came between the entries and the term that was written with them. The vote in that
        // term cannot have left: it would have been durable.
        hard = HardState {
            term: store.last_term(),
            voted_for: None,
        };
    }
    Ok((store, hard, void_from))
}
