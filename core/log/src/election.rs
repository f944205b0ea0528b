//! Terms, campaigns and votes (5.2, 5.4.1; dissertation, 3.10 and 9.6).

use crate::log::Transfer;
use crate::planted::Bug;
use crate::store::NUMBER_MAX;
use crate::{Body, CommitRule, HardState, Id, Log, Message, NodeSet, Role, TransferError};

impl Log {
    /// Tries to become leader.
    ///
    /// Under [`CommitRule::Majority`] a voter first asks whether it could win (pre-vote), and only then
    /// begins a new term; another node does nothing, unless its own removal is not certain yet
    /// (dissertation, 4.2.2). The holder of the quorum disk, once it has
    /// [adopted](Log::adopt) the disk's log, and the node of [`CommitRule::Solo`] lead as soon as the
    /// new term is durable; for anybody else there is an [`Output::Refused`](crate::Output::Refused).
    ///
    /// Nothing is sent again by itself: a campaign that got nowhere is begun again by another call. A leader, and a
    /// holder that waits for its term to be durable, stay as they are.
    pub fn campaign(&mut self) {
        if self.role == Role::Leader {
            return;
        }
        match self.rule() {
            CommitRule::Majority(voters) => {
                if !self.may_campaign() {
                    return;
                }
                self.transfer = None;
                self.leader = None;
                self.granted = NodeSet::from([self.me]);
                self.refused = NodeSet::EMPTY;
                self.set_role(Role::PreCandidate);
                if self.rule().is_durable(self.granted) {
                    self.begin_term(false);
                    return;
                }
                let Some(term) = self.next_term() else { return };
                let body = Body::PreVote {
                    last_index: self.last_index(),
                    last_term: self.last_term(),
                };
                for to in voters.difference(NodeSet::from([self.me])).iter() {
                    self.send(to, term, body.clone(), 0);
                }
            }
            CommitRule::Holder(_) | CommitRule::Solo(_) => {
                if !self.may_campaign() {
                    let reason = match self.rule() {
                        CommitRule::Holder(Some(holder)) if holder == self.me => {
                            "a campaign before the quorum disk's log was adopted"
                        }
                        CommitRule::Holder(_) => "a campaign without the quorum disk",
                        _ => "a campaign in a cluster of one, by another node",
                    };
                    self.refuse(self.me, reason);
                } else if self.role != Role::Candidate {
                    self.begin_term(false);
                }
            }
        }
    }

    /// Whether [`campaign`](Log::campaign) can succeed under the present rule: this node is a voter (or its removal
    /// is not committed yet), or it holds the quorum disk and has adopted its log, or it is the only node.
    pub fn may_campaign(&self) -> bool {
        match self.rule() {
            CommitRule::Majority(voters) => {
                // Its log may be the only one with the change, and then nobody else could be elected.
                let uncertain = self
                    .store
                    .last_change()
                    .is_some_and(|index| index > self.commit);
                voters.contains(self.me) || uncertain
            }
            CommitRule::Holder(_) => self.holds_disk(),
            CommitRule::Solo(node) => node == self.me,
        }
    }

    /// Gives up leading, or a campaign. The term stays.
    pub fn step_down(&mut self) {
        if self.role != Role::Follower {
            self.become_follower(self.hard.term, None);
        }
    }

    /// Hands leadership over to another voter. Nothing is proposed until that voter has caught up; then it is told to
    /// campaign at once. The transfer is given up after [`TRANSFER_ROUNDS_MAX`](crate::TRANSFER_ROUNDS_MAX) calls of
    /// [`resend`](Log::resend), or when this node itself is named as the target. It replaces a transfer that is under
    /// way.
    ///
    /// # Errors
    /// [`TransferError`] if this node does not lead, nobody is elected under this rule, or `to` is not a
    /// voter with a log.
    pub fn transfer(&mut self, to: Id) -> Result<(), TransferError> {
        if self.role != Role::Leader {
            return Err(self.not_leader().into());
        }
        if !self.elects() {
            return Err(TransferError::NoElections);
        }
        if to == self.me {
            self.transfer = None;
            return Ok(());
        }
        if !self.voters().contains(to) || self.witness == Some(to) {
            return Err(TransferError::NotVoter(to));
        }
        self.transfer = Some(Transfer { to, rounds: 0 });
        self.send_next(to);
        self.hand_over();
        Ok(())
    }

    /// Tells the target of the transfer to campaign, once it has the whole log.
    pub(crate) fn hand_over(&mut self) {
        let Some(Transfer { to, .. }) = self.transfer else {
            return;
        };
        let last_index = self.last_index();
        if self
            .progress
            .get(&to)
            .is_some_and(|progress| progress.matched == last_index)
        {
            self.send(to, self.hard.term, Body::TimeoutNow, 0);
        }
    }

    /// Takes a message. `leader_alive` says that this node leads with a valid lease, or has heard from its leader
    /// within the bound of silence. Votes and pre-votes are then refused, except in a leadership transfer
    /// (dissertation, 4.2.3 and 9.6). The leader's lease depends on that, so a node that has just booted must say so
    /// as well until the bound has passed.
    ///
    /// A message that makes no sense is answered with [`Output::Refused`](crate::Output::Refused) and changes nothing
    /// else.
    pub fn step(&mut self, from: Id, message: Message, leader_alive: bool) {
        let Message {
            identity,
            term,
            body,
        } = message;
        if let Err(reason) = self.admit(from, identity) {
            self.refuse(from, reason);
            return;
        }
        if matches!(self.rule(), CommitRule::Solo(_)) {
            self.refuse(from, "a message to a cluster of one");
            return;
        }
        if term > NUMBER_MAX {
            self.refuse(from, "a message of a term that can never be");
            return;
        }
        let of_election = !matches!(
            body,
            Body::Append { .. }
                | Body::AppendReply { .. }
                | Body::Install { .. }
                | Body::Replace { .. }
        );
        if of_election && !self.elects() {
            self.refuse(
                from,
                "a message about elections, where who holds the quorum disk leads",
            );
            return;
        }
        match body {
            Body::PreVote {
                last_index,
                last_term,
            } => {
                self.on_pre_vote(from, term, (last_term, last_index), leader_alive);
            }
            Body::PreVoteReply { granted: true } => self.on_pre_vote_granted(from, term),
            Body::Vote {
                last_index,
                last_term,
                transfer,
            } => {
                let stay = leader_alive && !transfer;
                self.on_vote(from, term, (last_term, last_index), stay);
            }
            body => {
                if term > self.hard.term {
                    if matches!(
                        body,
                        Body::Append { .. } | Body::Install { .. } | Body::Replace { .. }
                    ) {
                        // A newer leader can only exist if another node has gained the disk.
                        self.adopted = false;
                    }
                    self.become_follower(term, None);
                }
                self.step_in_term(from, term, body);
            }
        }
    }

    /// Takes a message whose term is not newer than this node's.
    fn step_in_term(&mut self, from: Id, term: u64, body: Body) {
        match body {
            Body::Append {
                prev_index,
                prev_term,
                entries,
                commit,
                round,
            } => {
                if self.follow(from, term, prev_index, round) {
                    self.on_append(from, (prev_index, prev_term), entries, commit, round);
                }
            }
            Body::Install { snapshot, round } => {
                if self.follow(from, term, snapshot.index, round) {
                    self.on_install(from, snapshot, round);
                }
            }
            Body::Replace {
                over_index,
                over_term,
                snapshot,
                round,
            } => {
                if self.follow(from, term, snapshot.index, round) {
                    self.on_replace(from, (over_index, over_term), snapshot, round);
                }
            }
            _ if term < self.hard.term => {}
            Body::AppendReply { round, outcome } => self.on_append_reply(from, round, outcome),
            Body::VoteReply { granted } => {
                if self.role == Role::Candidate {
                    self.note_vote(from, granted);
                }
            }
            Body::PreVoteReply { .. } => {
                if self.role == Role::PreCandidate {
                    self.note_vote(from, false);
                }
            }
            Body::TimeoutNow => {
                if self.role == Role::Follower
                    && self.leader == Some(from)
                    && self.voters().contains(self.me)
                {
                    self.begin_term(true);
                }
            }
            Body::PreVote { .. } | Body::Vote { .. } => {}
        }
    }

    /// Whether a candidate's log is at least as new as this node's (5.4.1).
    fn is_up_to_date(&mut self, last: (u64, u64)) -> bool {
        let up_to_date = last >= (self.last_term(), self.last_index());
        up_to_date || self.planted.bends(Bug::VoteIgnoresLog, !up_to_date)
    }

    fn on_pre_vote(&mut self, from: Id, term: u64, last: (u64, u64), leader_alive: bool) {
        let granted = term > self.hard.term && !leader_alive && self.is_up_to_date(last);
        // A refusal carries this node's own term, so that a candidate with an older one learns it.
        let reply_term = if granted { term } else { self.hard.term };
        self.send(
            from,
            reply_term,
            Body::PreVoteReply { granted },
            self.hard_gate(),
        );
    }

    fn on_pre_vote_granted(&mut self, from: Id, term: u64) {
        if self.role == Role::PreCandidate && Some(term) == self.next_term() {
            self.note_vote(from, true);
        }
    }

    fn on_vote(&mut self, from: Id, term: u64, last: (u64, u64), stay: bool) {
        if term > self.hard.term && !stay {
            self.become_follower(term, None);
        }
        let free = match self.hard.voted_for {
            None => self.leader.is_none() && self.role != Role::Leader,
            Some(candidate) => candidate == from,
        };
        let granted = !stay && term == self.hard.term && free && self.is_up_to_date(last);
        if granted {
            self.set_role(Role::Follower);
            if self.hard.voted_for.is_none() {
                self.hard.voted_for = Some(from);
                self.persist_hard();
            }
        }
        // The vote must be durable before it is sent, since a node may not vote twice in a term (5.2).
        self.send(
            from,
            self.hard.term,
            Body::VoteReply { granted },
            self.hard_gate(),
        );
    }

    fn note_vote(&mut self, from: Id, granted: bool) {
        if granted {
            self.granted.insert(from);
        } else {
            self.refused.insert(from);
        }
        self.count_votes();
    }

    /// Leads or begins the term if the campaign is won, and follows if it is lost.
    pub(crate) fn count_votes(&mut self) {
        // An earlier count of its own vote could change nothing: no election is won before that vote is durable, see
        // below.
        if self.role == Role::Candidate && self.is_done(self.ballot) {
            self.granted.insert(self.me);
        }
        let answered = self.granted.union(self.refused);
        let rule = self.counting(answered.union(NodeSet::from([self.me])));
        if rule.is_durable(self.granted) {
            match self.role {
                Role::PreCandidate => self.begin_term(false),
                // Its own vote must be durable even if the others' votes are enough.
                Role::Candidate if self.is_done(self.ballot) => self.become_leader(),
                _ => {}
            }
        } else if let CommitRule::Majority(voters) = rule
            && !rule.is_durable(voters.difference(self.refused))
        {
            self.step_down();
        }
    }

    fn next_term(&self) -> Option<u64> {
        Some(self.hard.term + 1).filter(|term| *term <= NUMBER_MAX)
    }

    /// Skips `terms` terms. If the number is drawn at random, nobody else has led or will lead in the next term that
    /// this node begins.
    ///
    /// For a node that an administrator lets go on without all that the others knew. Somebody else may have led in
    /// the very next term, or may still do so, and two entries with the same term and index are taken to be the same.
    pub fn skip_terms(&mut self, terms: u64) {
        let term = self.hard.term.saturating_add(terms).min(NUMBER_MAX - 1);
        if term > self.hard.term && self.role != Role::Leader {
            self.become_follower(term, None);
        }
    }

    /// Begins a new term as candidate, and votes for itself.
    fn begin_term(&mut self, transfer: bool) {
        let Some(term) = self.next_term() else {
            self.refuse(self.me, "a campaign after the last term there is");
            return;
        };
        self.hard = HardState {
            term,
            voted_for: Some(self.me),
        };
        self.leader = None;
        self.transfer = None;
        self.granted = NodeSet::EMPTY;
        self.refused = NodeSet::EMPTY;
        self.role = Role::Candidate;
        self.say_role();
        self.ballot = self.persist_hard();
        if let CommitRule::Majority(voters) = self.rule() {
            let body = Body::Vote {
                last_index: self.last_index(),
                last_term: self.last_term(),
                transfer,
            };
            for to in voters.difference(NodeSet::from([self.me])).iter() {
                self.send(to, term, body.clone(), self.ballot);
            }
        }
    }

    /// Becomes a follower in this term or a newer one.
    pub(crate) fn become_follower(&mut self, term: u64, leader: Option<Id>) {
        let newer = term > self.hard.term;
        if newer {
            self.hard = HardState {
                term,
                voted_for: None,
            };
        }
        self.leader = leader;
        self.transfer = None;
        self.round = None;
        self.progress.clear();
        self.wants_snapshot = false;
        self.granted = NodeSet::EMPTY;
        self.refused = NodeSet::EMPTY;
        self.set_role(Role::Follower);
        if newer {
            self.persist_hard();
        }
    }
}
