//! The cluster: hosts around their logs, the wire, the disks, and what an op does to them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use quorate_log::check::{Checker, View, Violation};
use quorate_log::{
    BATCH_ENTRIES_MAX, Bug, CommitRule, EntryKind, Id, Log, Message, NodeSet, Output, Persist,
    Role, Stored, Witness,
};

use super::{Kind, Op};

/// A write that a node has asked for.
#[derive(Clone, Debug)]
pub struct Write {
    pub persist: Persist,
    pub to_quorum_disk: bool,
}

/// A node around its log.
#[derive(Clone, Debug)]
pub struct Host {
    pub id: Id,
    pub identity: u64,
    pub log: Option<Log>,
    pub disk: Stored,
    pub writes: VecDeque<Write>,
    pub waiting: Vec<(u64, Id, Message)>,
    /// The applied updates in order.
    pub state: Vec<u64>,
    /// The updates that this node proposed as leader and has not seen committed, by index and term.
    pub proposed: BTreeMap<(u64, u64), u64>,
    pub refused: Vec<String>,
    pub round: u64,
}

/// The whole cluster.
#[derive(Clone, Debug)]
pub struct World {
    pub kind: Kind,
    pub voters: NodeSet,
    pub hosts: BTreeMap<Id, Host>,
    pub wire: Vec<(Id, Id, Message)>,
    pub cuts: BTreeSet<(Id, Id)>,
    pub quorum_disk: Stored,
    /// The witness on the file share, if there is one.
    pub witness: Option<Witness>,
    pub holder: Option<Id>,
    pub checker: Checker,
    /// Updates whose proposer has seen them committed.
    pub acknowledged: BTreeSet<u64>,
    pub next_update: u64,
    pub elections: u64,
    pub installs: u64,
    /// Messages that said nothing but what was known.
    pub confirmations: u64,
    pub adoptions: u64,
    /// Everything that happened, if a trace is wanted.
    pub trace: Option<Vec<String>>,
    /// The most entries one message carries.
    pub batch: u64,
    /// The bug planted in every log, and how often it made a difference in logs that are gone.
    pub bug: Option<Bug>,
    past_hits: u64,
}

fn decode(data: &[u8]) -> Vec<u64> {
    data.as_chunks::<8>()
        .0
        .iter()
        .map(|bytes| u64::from_le_bytes(*bytes))
        .collect()
}

impl World {
    /// Nodes 1 to `nodes`, all down; under [`Kind::Majority`] the first `voters` of them vote.
    pub fn new(kind: Kind, nodes: u8, voters: u8) -> World {
        let host = |id: Id| Host {
            id,
            identity: 0x1d00 + u64::from(id),
            log: None,
            disk: Stored::default(),
            writes: VecDeque::new(),
            waiting: Vec::new(),
            state: Vec::new(),
            proposed: BTreeMap::new(),
            refused: Vec::new(),
            round: 0,
        };
        World {
            kind,
            voters: (1..=voters).collect(),
            hosts: (1..=nodes).map(|id| (id, host(id))).collect(),
            wire: Vec::new(),
            cuts: BTreeSet::new(),
            quorum_disk: Stored::default(),
            witness: None,
            holder: None,
            checker: Checker::new(),
            acknowledged: BTreeSet::new(),
            next_update: 1,
            elections: 0,
            installs: 0,
            confirmations: 0,
            adoptions: 0,
            trace: None,
            batch: BATCH_ENTRIES_MAX,
            bug: None,
            past_hits: 0,
        }
    }

    /// Adds a witness as one more voter.
    pub fn add_witness(&mut self) {
        self.witness = Some(Witness::new(0x1d00 + u64::from(Witness::ID)));
        self.voters.insert(Witness::ID);
    }

    /// A message arrives: at a node, or at the file share, which answers at once.
    pub fn deliver(
        &mut self,
        from: Id,
        to: Id,
        message: Message,
        leader_alive: bool,
    ) -> Result<(), Violation> {
        self.note(|| format!("    {from}->{to} {message:?}"));
        if to != Witness::ID {
            let mut confirmed = false;
            self.with(to, |log| {
                let before = log.only_confirms(from, &message).then(|| log.clone());
                confirmed = before.is_some();
                log.step(from, message, leader_alive);
                if let Some(before) = before {
                    has_only_confirmed(&before, log.clone(), from);
                }
            })?;
            self.confirmations += u64::from(confirmed);
            return Ok(());
        }
        let Some(witness) = self.witness.as_mut() else {
            return Ok(());
        };
        let quiet = (!leader_alive).then_some(witness.beats);
        match witness.answer(from, &message, quiet) {
            Some(answer) => self.post(to, from, answer),
            None => Ok(()),
        }
    }

    /// The same with every node booted.
    pub fn booted(kind: Kind, nodes: u8, voters: u8) -> World {
        let mut world = World::new(kind, nodes, voters);
        for id in 1..=nodes {
            world.run(Op::Boot(id)).unwrap();
        }
        world
    }

    pub fn log(&self, id: Id) -> &Log {
        self.hosts[&id].log.as_ref().unwrap()
    }

    pub fn leaders(&self) -> Vec<Id> {
        let up = self.hosts.values().filter_map(|host| host.log.as_ref());
        up.filter(|log| log.is_leader()).map(Log::me).collect()
    }

    /// How often the planted bug has made a difference.
    pub fn hits(&self) -> u64 {
        let up = self.hosts.values().filter_map(|host| host.log.as_ref());
        self.past_hits + up.map(Log::planted_hits).sum::<u64>()
    }

    pub(super) fn note(&mut self, text: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(text());
        }
    }

    fn view(&self) -> View<'_> {
        View {
            logs: self
                .hosts
                .iter()
                .filter_map(|(id, host)| Some((*id, host.log.as_ref()?)))
                .collect(),
            disks: self
                .hosts
                .iter()
                .map(|(id, host)| (*id, &host.disk))
                .collect(),
            quorum_disk: Some(&self.quorum_disk),
            witness: self.witness.as_ref(),
        }
    }

    /// Calls a log, if its node is up, and carries out everything that follows at once.
    pub fn with(&mut self, id: Id, act: impl FnOnce(&mut Log)) -> Result<(), Violation> {
        let Some(host) = self.hosts.get_mut(&id) else {
            return Ok(());
        };
        let Some(log) = host.log.as_mut() else {
            return Ok(());
        };
        act(log);
        self.drain(id)
    }

    fn drain(&mut self, id: Id) -> Result<(), Violation> {
        loop {
            let kind = self.kind;
            let Some(host) = self.hosts.get_mut(&id) else {
                break;
            };
            let Some(log) = host.log.as_mut() else { break };
            let Some(output) = log.poll_output() else {
                break;
            };
            match output {
                Output::Persist(persist) => {
                    let to_quorum_disk = log.rule() == CommitRule::Holder(Some(id));
                    if kind == Kind::Holder && !to_quorum_disk {
                        // The other nodes keep the log in memory only.
                        log.persisted(persist.mark);
                        self.release(id, persist.mark)?;
                    } else {
                        host.writes.push_back(Write {
                            persist,
                            to_quorum_disk,
                        });
                    }
                }
                Output::Send { to, message, after } => {
                    if after == 0 {
                        self.post(id, to, message)?;
                    } else {
                        host.waiting.push((after, to, message));
                    }
                }
                Output::Apply(entry) => {
                    if let EntryKind::Update(data) = &entry.kind {
                        host.state.extend(decode(data));
                    }
                    if let Some(update) = host.proposed.remove(&(entry.index, entry.term)) {
                        self.acknowledged.insert(update);
                    }
                    self.checker.applied(id, &entry)?;
                }
                Output::Install(snapshot) => {
                    host.state = decode(&snapshot.data);
                    self.installs += 1;
                    self.checker.installed(id, &snapshot)?;
                }
                Output::Role { role, term } => {
                    self.elections += u64::from(role == Role::Leader);
                    self.note(|| format!("    {id} is {role:?} in term {term}"));
                }
                Output::Refused { from, reason } => {
                    self.note(|| format!("    {id} refuses {from}: {reason}"));
                    if let Some(host) = self.hosts.get_mut(&id) {
                        host.refused.push(reason);
                    }
                }
            }
        }
        self.look(id)
    }

    fn look(&mut self, id: Id) -> Result<(), Violation> {
        let mut checker = std::mem::take(&mut self.checker);
        let result = checker.look(&self.view(), id);
        self.checker = checker;
        result
    }

    fn post(&mut self, from: Id, to: Id, message: Message) -> Result<(), Violation> {
        self.checker.sent(from, to, &message)?;
        if !self.cuts.contains(&(from, to)) {
            self.wire.push((from, to, message));
        }
        Ok(())
    }

    /// Sends the messages that waited for this mark.
    fn release(&mut self, id: Id, mark: u64) -> Result<(), Violation> {
        let Some(host) = self.hosts.get_mut(&id) else {
            return Ok(());
        };
        let waiting = std::mem::take(&mut host.waiting);
        let (ready, rest): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .partition(|(after, _, _)| *after <= mark);
        host.waiting = rest;
        for (_, to, message) in ready {
            self.post(id, to, message)?;
        }
        Ok(())
    }

    /// The oldest write of a node ends.
    fn write(&mut self, id: Id, up: bool) -> Result<(), Violation> {
        let Some(host) = self.hosts.get_mut(&id) else {
            return Ok(());
        };
        let Some(Write {
            persist,
            to_quorum_disk,
        }) = host.writes.pop_front()
        else {
            return Ok(());
        };
        if to_quorum_disk && self.holder != Some(id) {
            // The disk refuses the write: the node learns that it has lost the disk, and keeps in memory what was to
            // go there.
            let newest = host
                .writes
                .back()
                .map_or(persist.mark, |write| write.persist.mark);
            host.writes.retain(|write| !write.to_quorum_disk);
            self.with(id, |log| log.set_rule(CommitRule::Holder(None)))?;
            self.with(id, |log| log.persisted(newest))?;
            return self.release(id, newest);
        }
        let disk = if to_quorum_disk {
            &mut self.quorum_disk
        } else {
            &mut host.disk
        };
        disk.write(&persist);
        if up {
            if let Some(log) = host.log.as_mut() {
                log.persisted(persist.mark);
            }
            self.release(id, persist.mark)?;
        }
        self.drain(id)
    }

    fn boot(&mut self, id: Id) -> Result<(), Violation> {
        let (kind, voters) = (self.kind, self.voters);
        let identities: Vec<(Id, u64)> = self
            .hosts
            .values()
            .map(|host| (host.id, 0x1d00 + u64::from(host.id)))
            .collect();
        let all: NodeSet = self.hosts.keys().copied().collect();
        let Some(host) = self.hosts.get_mut(&id) else {
            return Ok(());
        };
        if host.log.is_some() {
            return Ok(());
        }
        let rule = match kind {
            Kind::Majority => CommitRule::Majority(voters),
            Kind::Holder => CommitRule::Holder(None),
            Kind::Solo => CommitRule::Solo(id),
        };
        let log = Log::new(id, host.identity, rule, host.disk.clone());
        let mut log = log.map_err(|error| Violation {
            invariant: "a disk can be read again after a crash",
            detail: format!("node {id}: {error}"),
        })?;
        for (peer, identity) in identities {
            if peer != id {
                log.set_identity(peer, identity);
            }
        }
        if let Some(witness) = &self.witness {
            log.set_witness(Some(Witness::ID));
            log.set_identity(Witness::ID, witness.identity);
        }
        log.set_peers(all);
        log.set_batch(self.batch);
        log.plant(self.bug);
        host.state = Vec::new();
        host.log = Some(log);
        self.checker.booted(id);
        self.drain(id)
    }

    /// Replaces node 0 by the leader, if there is one.
    fn named(&self, op: Op) -> Op {
        let leader = |id| {
            if id == 0 {
                self.leaders().last().copied().unwrap_or(0)
            } else {
                id
            }
        };
        match op {
            Op::Propose(id) => Op::Propose(leader(id)),
            Op::Resend(id) => Op::Resend(leader(id)),
            Op::Transfer(id, to) => Op::Transfer(leader(id), to),
            Op::Voters(id, voter) => Op::Voters(leader(id), voter),
            op => op,
        }
    }

    /// Carries out an event; one that is impossible now does nothing.
    pub fn run(&mut self, op: Op) -> Result<(), Violation> {
        self.note(|| op.to_string());
        let op = self.named(op);
        match op {
            Op::Deliver(n, leader_alive) => {
                if self.wire.is_empty() {
                    return Ok(());
                }
                let at = n as usize % self.wire.len();
                // Order is not kept: the last message moves to the free place.
                let (from, to, message) = self.wire.swap_remove(at);
                self.deliver(from, to, message, leader_alive)
            }
            Op::Drop(n) => {
                if !self.wire.is_empty() {
                    self.wire.swap_remove(n as usize % self.wire.len());
                }
                Ok(())
            }
            Op::Duplicate(n) => {
                if !self.wire.is_empty() {
                    self.wire
                        .push(self.wire[n as usize % self.wire.len()].clone());
                }
                Ok(())
            }
            Op::Write(id) => self.write(id, true),
            Op::Crash(id, kept) => {
                for _ in 0..kept {
                    self.write(id, false)?;
                }
                if let Some(host) = self.hosts.get_mut(&id) {
                    if let Some(log) = &host.log {
                        self.past_hits += log.planted_hits();
                    }
                    host.log = None;
                    host.writes.clear();
                    host.waiting.clear();
                    host.proposed.clear();
                }
                self.look(id)
            }
            Op::Boot(id) => self.boot(id),
            Op::Campaign(id) => self.with(id, Log::campaign),
            Op::Propose(id) => {
                let update = self.next_update;
                let Some(host) = self.hosts.get_mut(&id) else {
                    return Ok(());
                };
                let Some(log) = host.log.as_mut() else {
                    return Ok(());
                };
                if let Ok(index) = log.propose(update.to_le_bytes().to_vec()) {
                    host.proposed.insert((index, log.term()), update);
                    self.next_update += 1;
                }
                self.drain(id)
            }
            Op::Resend(id) => {
                let Some(host) = self.hosts.get_mut(&id) else {
                    return Ok(());
                };
                host.round += 1;
                let round = host.round;
                self.with(id, |log| log.resend(round))
            }
            Op::Compact(id) => {
                let Some(host) = self.hosts.get(&id) else {
                    return Ok(());
                };
                let data = host
                    .state
                    .iter()
                    .flat_map(|update| update.to_le_bytes())
                    .collect();
                self.with(id, |log| {
                    let _ = log.compact(log.applied_index(), data);
                })
            }
            Op::Transfer(id, to) => self.with(id, |log| {
                let _ = log.transfer(to);
            }),
            Op::Voters(id, voter) => self.with(id, |log| {
                let mut voters = log.voters();
                if !voters.remove(voter) {
                    voters.insert(voter);
                }
                let _ = log.propose_voters(voters);
            }),
            Op::StepDown(id) => self.with(id, Log::step_down),
            Op::Cut(from, to) => {
                self.cuts.insert((from, to));
                Ok(())
            }
            Op::Heal => {
                self.cuts.clear();
                Ok(())
            }
            Op::TakeDisk(id) => {
                if self.kind != Kind::Holder || self.holder == Some(id) {
                    return Ok(());
                }
                if self.hosts.get(&id).is_none_or(|host| host.log.is_none()) {
                    return Ok(());
                }
                self.holder = Some(id);
                self.adoptions += 1;
                // A write from an earlier time as holder must not end after the disk has been read.
                if let Some(host) = self.hosts.get_mut(&id) {
                    host.writes.retain(|write| !write.to_quorum_disk);
                }
                let disk = self.quorum_disk.clone();
                let mut adopted = Ok(());
                self.with(id, |log| {
                    adopted = log.adopt(disk);
                    log.set_rule(CommitRule::Holder(Some(id)));
                    log.campaign();
                })?;
                adopted.map_err(|error| Violation {
                    invariant: "the quorum disk holds all that was committed",
                    detail: format!("node {id}: {error}"),
                })
            }
            Op::BreakDisk => {
                self.holder = None;
                Ok(())
            }
        }
    }

    /// Delivers all messages and ends all writes until nothing is left, without claiming that a leader is alive.
    pub fn settle(&mut self) -> Result<(), Violation> {
        for _ in 0..20_000 {
            if !self.wire.is_empty() {
                let (from, to, message) = self.wire.remove(0);
                self.deliver(from, to, message, false)?;
                continue;
            }
            let busy = self.hosts.values().find(|host| !host.writes.is_empty());
            match busy.map(|host| host.id) {
                Some(id) => self.write(id, true)?,
                None => return Ok(()),
            }
        }
        Err(Violation {
            invariant: "it comes to rest",
            detail: "messages never end".into(),
        })
    }
}

/// After a message that only confirms what is known: a follower answers, and all else is as it was.
fn has_only_confirmed(before: &Log, mut after: Log, from: Id) {
    let state = |log: &Log| {
        let peers = (1..=NodeSet::MAX_ID).map(|id| (log.match_index(id), log.follows(id)));
        let positions = (log.last_index(), log.durable_index(), log.commit_index());
        let role = (log.hard_state(), log.role(), log.leader(), log.voters());
        (role, positions, peers.collect::<Vec<_>>())
    };
    assert_eq!(state(before), state(&after));
    while let Some(output) = after.poll_output() {
        let answers = matches!(
            &output,
            Output::Send { to, message, .. }
                if *to == from && matches!(message.body, quorate_log::Body::AppendReply { .. })
        );
        assert!(answers && !after.is_leader(), "{output:?}");
    }
}
