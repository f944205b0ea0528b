//! What a leader does: propose, replicate, commit (5.3, 5.4.2).

use crate::planted::Bug;
use crate::progress::Progress;
use crate::{
    AppendOutcome, Body, CommitRule, Entry, EntryKind, Id, Log, NodeSet, NotLeader, Persist, Role,
    Snapshot, TRANSFER_ROUNDS_MAX, VotersError,
};

impl Log {
    /// Appends an update and sends it to every peer that is ready for it. It is committed when it comes out as
    /// [`Output::Apply`](crate::Output::Apply); until then another leader's entry may still replace it.
    ///
    /// # Errors
    /// [`NotLeader`] if this node does not lead, or is handing over.
    pub fn propose(&mut self, data: Vec<u8>) -> Result<u64, NotLeader> {
        self.propose_kind(EntryKind::Update(data))
    }

    /// Changes the configured voters. The change counts for every rule from the moment it is appended. A leader that
    /// is no longer a voter steps down once the change is committed.
    ///
    /// # Errors
    /// [`VotersError`] if this node does not lead, `voters` has nobody or a witness alone, an earlier change or the first
    /// entry of this term is not committed yet, or, under [`CommitRule::Majority`], more than one node
    /// would come or go (dissertation, 4.1).
    pub fn propose_voters(&mut self, voters: NodeSet) -> Result<u64, VotersError> {
        if self.role != Role::Leader || self.transfer.is_some() {
            return Err(self.not_leader().into());
        }
        let with_log = voters.difference(self.witness.into_iter().collect());
        if with_log.is_empty() {
            return Err(VotersError::Empty);
        }
        if let Some(index) = self
            .store
            .last_change()
            .filter(|index| *index > self.commit)
        {
            return Err(VotersError::Pending { index });
        }
        if self.store.term_at(self.commit) != Some(self.hard.term) {
            return Err(VotersError::TermUncommitted {
                term: self.hard.term,
            });
        }
        let present = self.voters();
        let (added, removed) = (voters.difference(present), present.difference(voters));
        if self.elects() && added.len() + removed.len() > 1 {
            return Err(VotersError::TooMany { added, removed });
        }
        Ok(self.propose_kind(EntryKind::Voters(voters))?)
    }

    fn propose_kind(&mut self, kind: EntryKind) -> Result<u64, NotLeader> {
        if self.role != Role::Leader || self.transfer.is_some() {
            return Err(self.not_leader());
        }
        Ok(self.append_own(kind))
    }

    /// Appends an entry of this leader's term.
    fn append_own(&mut self, kind: EntryKind) -> u64 {
        let entry = Entry {
            index: self.last_index() + 1,
            term: self.hard.term,
            kind,
        };
        let index = entry.index;
        let voters_change = matches!(entry.kind, EntryKind::Voters(_));
        self.store.append(entry.clone());
        self.persist(Persist {
            entries: vec![entry],
            ..Persist::default()
        });
        if voters_change {
            self.refresh_progress();
        }
        for peer in self.targets().iter() {
            self.send_next(peer);
        }
        index
    }

    /// Sends to every peer the entries it lacks, or else that this node still leads and what is committed. Call it at
    /// each heartbeat. The log does not interpret `round`: messages carry it from now on, and the peers echo it
    /// ([`acked_round`](Log::acked_round)). It must not decrease within a term. Does nothing unless this node leads.
    pub fn resend(&mut self, round: u64) {
        if self.role != Role::Leader {
            return;
        }
        self.round = Some(round);
        for peer in self.targets().iter() {
            if let Some(progress) = self.progress.get_mut(&peer) {
                progress.inflight = None;
                progress.installing = false;
            }
            self.send_append(peer);
        }
        if let Some(transfer) = &mut self.transfer {
            transfer.rounds += 1;
            if transfer.rounds >= TRANSFER_ROUNDS_MAX {
                self.transfer = None;
            } else {
                self.hand_over();
            }
        }
    }

    pub(crate) fn become_leader(&mut self) {
        self.leader = Some(self.me);
        self.round = None;
        self.transfer = None;
        self.granted = NodeSet::EMPTY;
        self.refused = NodeSet::EMPTY;
        self.progress.clear();
        self.set_role(Role::Leader);
        self.track_targets();
        // Entries of older terms are committed only together with one of this term (5.4.2, figure 8).
        let first = self.forced.take().map(EntryKind::Voters);
        self.append_own(first.unwrap_or(EntryKind::Noop));
    }

    /// The nodes to which a leader replicates.
    fn targets(&self) -> NodeSet {
        let voters = match self.rule() {
            CommitRule::Majority(voters) => voters,
            CommitRule::Holder(_) | CommitRule::Solo(_) => NodeSet::EMPTY,
        };
        self.peers
            .union(voters)
            .difference(NodeSet::from([self.me]))
    }

    /// Keeps one progress for each target while this node leads, and sends to the new ones.
    pub(crate) fn refresh_progress(&mut self) {
        for peer in self.track_targets().iter() {
            self.send_append(peer);
        }
    }

    /// Keeps one progress for each target while this node leads. Returns those that are new.
    fn track_targets(&mut self) -> NodeSet {
        if self.role != Role::Leader {
            return NodeSet::EMPTY;
        }
        let targets = self.targets();
        self.progress.retain(|peer, _| targets.contains(*peer));
        let new: NodeSet = targets
            .iter()
            .filter(|id| !self.progress.contains_key(id))
            .collect();
        let last_index = self.last_index();
        self.progress
            .extend(new.iter().map(|id| (id, Progress::new(last_index))));
        new
    }

    /// Sends the next entries to a peer, if there are any and none are under way.
    pub(crate) fn send_next(&mut self, peer: Id) {
        let last_index = match self.witness {
            Some(witness) if witness == peer => self.reach(),
            _ => self.last_index(),
        };
        let ready = self.progress.get(&peer).is_some_and(|progress| {
            progress.inflight.is_none() && !progress.installing && progress.next <= last_index
        });
        if ready {
            self.send_append(peer);
        }
    }

    /// Sends the next entries to a peer, even if there are none.
    fn send_append(&mut self, peer: Id) {
        if self.witness == Some(peer) {
            self.send_position(peer);
            return;
        }
        let first = self.store.first_index();
        let Some(progress) = self.progress.get_mut(&peer) else {
            return;
        };
        // A peer that needs the snapshot says so in its answer. In this way no snapshot is sent to a peer that is
        // down, or that has those entries after all.
        progress.next = progress.next.max(first);
        let prev_index = progress.next - 1;
        let entries: Vec<Entry> = self
            .store
            .batch(progress.next, self.batch)
            .cloned()
            .collect();
        progress.inflight = entries.last().map(|entry| entry.index);
        self.send_entries(peer, prev_index, entries);
    }

    /// The last entry of this leader's log that the witness may note. It must not be past an entry that a later
    /// candidate can show: a crash takes back what is not durable, and a leader that is no voter any more takes later
    /// entries with it when it leaves.
    fn reach(&self) -> u64 {
        match self.store.last_change() {
            Some(change) if !self.voters().contains(self.me) => {
                // A change of an older term is committed by the first entry of this term.
                let mut entries = self.store.entries().iter();
                let first = entries.find(|entry| entry.term == self.hard.term);
                let enough = first.map_or(change, |entry| entry.index.max(change));
                self.durable.min(enough)
            }
            _ => self.durable,
        }
    }

    /// Lets the witness note how far this leader's log goes.
    fn send_position(&mut self, witness: Id) {
        let reach = self.reach();
        if let Some(progress) = self.progress.get_mut(&witness) {
            progress.inflight = (progress.matched < reach).then_some(reach);
        }
        self.send_entries(witness, reach, Vec::new());
    }

    fn send_entries(&mut self, peer: Id, prev_index: u64, entries: Vec<Entry>) {
        let Some(prev_term) = self.store.term_at(prev_index) else {
            return;
        };
        let reach = prev_index + entries.len() as u64;
        if let Some(progress) = self.progress.get_mut(&peer) {
            progress.told = progress.told.max(self.commit.min(reach));
        }
        let (commit, round) = (self.commit, self.round);
        let body = Body::Append {
            prev_index,
            prev_term,
            entries,
            commit,
            round,
        };
        self.send(peer, self.hard.term, body, 0);
    }

    /// Tells a peer which of its entries are committed, if it does not know yet.
    fn tell_commit(&mut self, peer: Id) {
        let Some(progress) = self.progress.get(&peer) else {
            return;
        };
        let (matched, told) = (progress.matched, progress.told);
        if self.witness != Some(peer) && self.commit.min(matched) > told {
            // If the snapshot has gone past `matched`, the peer needs something else first anyway.
            self.send_entries(peer, matched, Vec::new());
        }
    }

    pub(crate) fn on_append_reply(&mut self, from: Id, round: Option<u64>, outcome: AppendOutcome) {
        if self.role != Role::Leader {
            return;
        }
        if round > self.round {
            self.refuse(from, "an answer to a round that was never begun");
            return;
        }
        let last_index = self.last_index();
        let Some(progress) = self.progress.get_mut(&from) else {
            return;
        };
        progress.acked_round = progress.acked_round.max(round);
        match outcome {
            AppendOutcome::Accepted { matched } => {
                if matched > last_index {
                    self.refuse(
                        from,
                        format!("an answer for entry {matched}, of {last_index} there are"),
                    );
                    return;
                }
                progress.matched = progress.matched.max(matched);
                progress.next = progress.next.max(progress.matched + 1);
                if progress
                    .inflight
                    .is_some_and(|inflight| inflight <= progress.matched)
                {
                    progress.inflight = None;
                }
                progress.installing &= progress.matched < self.store.snapshot_index();
                self.advance_commit();
                self.send_next(from);
                self.tell_commit(from);
                if self.transfer_target() == Some(from) {
                    self.hand_over();
                }
            }
            AppendOutcome::Rejected {
                prev_index,
                hint_index,
                hint_term,
            } => {
                self.on_rejected(from, prev_index, hint_index, hint_term);
            }
        }
    }

    /// Goes back to an entry on which the peer's log may agree (5.3; the follower's hint makes it faster).
    fn on_rejected(&mut self, from: Id, prev_index: u64, hint_index: u64, hint_term: u64) {
        let by_vote = self.elects();
        let Some(progress) = self.progress.get_mut(&from) else {
            return;
        };
        if progress.installing || prev_index != progress.next - 1 {
            return; // overtaken by something newer
        }
        if hint_index > prev_index {
            self.on_committed(from, hint_index, hint_term);
            return;
        }
        if by_vote && prev_index <= progress.matched {
            return; // what a voter has said to be durable stays so
        }
        let agree = hint_index.min(prev_index.saturating_sub(1));
        let mut agree = self.store.last_at_most(agree, hint_term);
        if by_vote {
            agree = agree.max(progress.matched);
        } else {
            // Under the holder rule a follower may keep its log in memory only, and lose it.
            progress.matched = progress.matched.min(agree);
        }
        progress.told = progress.told.min(agree);
        progress.inflight = None;
        if hint_index.min(prev_index) < self.store.snapshot_index()
            || prev_index == self.store.snapshot_index()
        {
            self.send_snapshot(from);
            return;
        }
        progress.next = agree + 1;
        self.send_append(from);
    }

    /// A peer has committed this entry. If the leader's log does not have it, its history was given up.
    fn on_committed(&mut self, from: Id, index: u64, term: u64) {
        if term >= self.hard.term && self.store.term_at(index) != Some(term) {
            self.refuse(
                from,
                format!("a committed entry {index} of term {term}, which was never made"),
            );
            return;
        }
        if self.store.term_at(index) == Some(term) {
            if let Some(progress) = self.progress.get_mut(&from) {
                progress.next = index + 1;
                progress.inflight = None;
            }
            self.send_append(from);
        } else if index < self.store.snapshot_index() {
            // The snapshot hides whether this log has the entry. The peer gets everything from the snapshot anyway.
            self.send_snapshot(from);
        } else {
            self.send_replacement(from, index, term);
        }
    }

    fn send_snapshot(&mut self, peer: Id) {
        if let Some(snapshot) = self.begin_install(peer) {
            let round = self.round;
            self.send(peer, self.hard.term, Body::Install { snapshot, round }, 0);
        }
    }

    /// Lets a peer begin again that has an entry of another history.
    fn send_replacement(&mut self, peer: Id, over_index: u64, over_term: u64) {
        let Some(snapshot) = self.begin_install(peer) else {
            self.wants_snapshot = true;
            return;
        };
        if let Some(progress) = self.progress.get_mut(&peer) {
            progress.matched = 0;
        }
        let body = Body::Replace {
            over_index,
            over_term,
            snapshot,
            round: self.round,
        };
        self.send(peer, self.hard.term, body, 0);
    }

    /// The snapshot to send to a peer. Notes that it is under way.
    fn begin_install(&mut self, peer: Id) -> Option<Snapshot> {
        let snapshot = self.store.snapshot().cloned()?;
        if let Some(progress) = self.progress.get_mut(&peer) {
            progress.inflight = None;
            progress.installing = true;
            // The peer's answer will confirm it, and `send_append` begins no earlier either.
            progress.next = snapshot.index + 1;
            progress.told = snapshot.index;
        }
        Some(snapshot)
    }

    /// The rule by which votes and copies are counted: the present rule with all configured voters, whether or not
    /// they have answered.
    pub(crate) fn counting(&mut self, answered: NodeSet) -> CommitRule {
        match self.rule() {
            CommitRule::Majority(voters)
                if self
                    .planted
                    .bends(Bug::CountLive, !voters.difference(answered).is_empty()) =>
            {
                CommitRule::Majority(voters.intersection(answered))
            }
            rule => rule,
        }
    }

    /// Commits the entries that have become durable, and tells the peers.
    pub(crate) fn advance_commit(&mut self) {
        let answered = self.progress.iter().filter(|(_, p)| p.matched > 0);
        let answered = answered.map(|(id, _)| *id).chain([self.me]).collect();
        let rule = self.counting(answered);
        let holders = |index: u64| -> NodeSet {
            let peers = self
                .progress
                .iter()
                .filter(|(_, p)| p.matched >= index)
                .map(|(id, _)| *id);
            peers
                .chain((self.durable >= index).then_some(self.me))
                .collect()
        };
        let newest = self
            .progress
            .values()
            .map(|progress| progress.matched)
            .chain([self.durable])
            .filter(|index| *index > self.commit && rule.is_durable(holders(*index)))
            .max();
        let Some(commit) = newest else { return };
        // An entry of an older term is never committed by counting copies (5.4.2).
        let older = self.store.term_at(commit) != Some(self.hard.term);
        if older && !self.planted.bends(Bug::CommitOldTerm, older) {
            return;
        }
        self.commit = commit;
        for peer in self.targets().iter() {
            self.tell_commit(peer);
        }
        let change = self.store.last_change().filter(|index| *index <= commit);
        if change.is_some() && self.elects() && !self.voters().contains(self.me) {
            self.step_down();
        }
    }
}
