//! The log as a model that can be searched completely: about three nodes, and every order of events.
//!
//! The nodes are the shipped [`Log`] with a disk each. Some messages may be under way from each node to each other;
//! they arrive in any order, and one too many pushes the oldest out: this gives delay, loss and reordering. Writes
//! end one by one, at any time. A crash loses the writes that have not ended, and the node boots again at once: a
//! node that stays down is the same as one to which nothing happens.
//!
//! The search works on canonical states: see [`quorate_log::check::canonical`].
#![allow(
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "shared by a test and an example"
)]

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quorate_log::check::canonical::{
    Renaming, hash_history, hash_log, hash_message, hash_persist, hash_stored,
};
use quorate_log::check::{Checker, View, Violation};
use quorate_log::{
    Body, Bug, CommitRule, Id, Log, Message, NodeSet, Output, Persist, Role, Stored, Witness,
};
use stateright::{Checker as _, Model, Property};

/// How far the search goes.
#[derive(Clone, Debug)]
pub struct Bounds {
    pub nodes: Id,
    /// A witness is one more voter. It never crashes, and answers at once.
    pub witness: bool,
    /// Nobody campaigns beyond this term.
    pub terms: u64,
    /// No log grows longer than this; the no-op of each term counts.
    pub entries: u64,
    pub crashes: u8,
    /// How many messages may be under way from one node to another.
    pub link: usize,
    /// Whether a message may arrive twice.
    pub repeat: bool,
    /// How many writes of a node may be under way; an event that needs one more has to wait.
    pub writes: usize,
    /// Whether pre-votes are sent as messages. They bind nobody: otherwise every one is granted at once, which allows
    /// more campaigns than are really possible.
    pub pre_votes: bool,
    /// What is planted in every log.
    pub bug: Option<Bug>,
}

/// The cluster to search.
#[derive(Clone, Debug)]
pub struct Cluster {
    bounds: Bounds,
    /// All ways to rename the nodes.
    names: Vec<Renaming>,
    /// Set when the search is stopped: no more events happen then.
    stopped: Arc<AtomicBool>,
}

/// How far a search has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    pub unique: usize,
    pub generated: usize,
    pub depth: usize,
    /// The most memory the process was seen to have, in bytes.
    pub peak: u64,
}

/// How a search ended.
#[derive(Debug)]
pub enum Verdict {
    /// In every state every invariant holds.
    Holds,
    /// The events that lead to a state in which an invariant is broken.
    Broken(Vec<Action>, Option<Violation>),
    /// The memory limit was reached first.
    Unknown,
}

/// The memory of the process, in bytes, if the system tells it.
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

/// Searches all states within the bounds, until the process uses more than `most` bytes. Prints its progress every
/// ten seconds.
#[allow(clippy::disallowed_methods, reason = "a search takes its time")]
pub fn search(
    bounds: Bounds,
    threads: usize,
    most: u64,
    mut say: impl FnMut(Progress),
) -> (Verdict, Progress) {
    let cluster = Cluster::new(bounds);
    let stopped = Arc::clone(&cluster.stopped);
    let checker = cluster.checker().threads(threads).spawn_dfs();
    let mut peak = 0;
    let progress = |peak| Progress {
        unique: checker.unique_state_count(),
        generated: checker.state_count(),
        depth: checker.max_depth(),
        peak,
    };
    let mut ticks = 0u32;
    while !checker.is_done() {
        peak = peak.max(resident().unwrap_or(0));
        if peak > most {
            stopped.store(true, Ordering::Relaxed);
            return (Verdict::Unknown, progress(peak));
        }
        std::thread::sleep(Duration::from_millis(20));
        ticks += 1;
        if ticks.is_multiple_of(500) {
            say(progress(peak));
        }
    }
    let verdict = match checker.discovery("every invariant holds") {
        None => Verdict::Holds,
        Some(path) => {
            let last = path.last_state().broken.clone();
            Verdict::Broken(path.into_actions(), last)
        }
    };
    (verdict, progress(peak))
}

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A message arrives; the flag says that a copy stays under way.
    Deliver(Arc<Envelope>, bool),
    /// The oldest write of a node ends.
    Write(Id),
    Crash(Id),
    Campaign(Id),
    Propose(Id),
    Resend(Id),
}

/// A message with its addresses, and its hash under every renaming.
#[derive(Debug)]
pub struct Envelope {
    from: Id,
    to: Id,
    message: Message,
    prints: Box<[u64]>,
}

impl PartialEq for Envelope {
    fn eq(&self, other: &Envelope) -> bool {
        self.prints[0] == other.prints[0]
    }
}

/// A node around its log.
#[derive(Clone, Debug)]
struct Host {
    log: Log,
    disk: Stored,
    writes: VecDeque<Persist>,
    /// Messages that wait for a write.
    waiting: Vec<(u64, Arc<Envelope>)>,
    prints: Box<[u64]>,
}

/// The whole cluster as it stands.
#[derive(Clone, Debug)]
pub struct State {
    hosts: Vec<Arc<Host>>,
    witness: Option<Witness>,
    /// All messages under way, the oldest first.
    wire: Vec<Arc<Envelope>>,
    checker: Checker,
    crashes: u8,
    pub broken: Option<Violation>,
    print: u64,
}

impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.print.hash(hasher);
    }
}

impl PartialEq for State {
    fn eq(&self, other: &State) -> bool {
        self.print == other.print
    }
}

/// A fast hash for short inputs; the standard one takes half of a search's time.
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64((*byte).into());
        }
    }

    fn write_u8(&mut self, n: u8) {
        self.write_u64(n.into());
    }

    fn write_u64(&mut self, n: u64) {
        let wide = u128::from(self.0 ^ n) * 0xd6e8_feb8_6659_fd93_u128;
        self.0 = (wide as u64) ^ ((wide >> 64) as u64).wrapping_add(n.rotate_left(32));
    }

    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }

    fn finish(&self) -> u64 {
        // The hashes are added up, so every bit must be well mixed.
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

fn print(write: impl FnOnce(&mut Mixer)) -> u64 {
    let mut hasher = Mixer(0x243f_6a88_85a3_08d3);
    write(&mut hasher);
    hasher.finish()
}

impl Envelope {
    fn new(names: &[Renaming], from: Id, to: Id, message: Message) -> Envelope {
        let prints = names
            .iter()
            .map(|names| {
                print(|hasher| {
                    (names.of(from), names.of(to)).hash(hasher);
                    hash_message(&message, names, hasher);
                })
            })
            .collect();
        Envelope {
            from,
            to,
            message,
            prints,
        }
    }

    /// Whether the message can never have an effect again: it answers a question that `to` can never ask again, since
    /// the term is already on its disk.
    fn is_spent(&self, to: &Host) -> bool {
        let (term, durable) = (self.message.term, to.disk.hard.term);
        let role = to.log.role();
        match self.message.body {
            Body::PreVoteReply { granted: true } => term <= durable,
            Body::PreVoteReply { granted: false } => term < durable,
            Body::VoteReply { .. } => term < durable || term == durable && role != Role::Candidate,
            Body::AppendReply { .. } => term < durable || term == durable && role != Role::Leader,
            _ => false,
        }
    }
}

impl Host {
    fn boot(cluster: &Cluster, me: Id, disk: Stored) -> Result<Host, Violation> {
        let mut all: NodeSet = (1..=cluster.bounds.nodes).collect();
        if cluster.bounds.witness {
            all.insert(Witness::ID);
        }
        let log = Log::new(me, 0, CommitRule::Majority(all), disk.clone());
        let mut log = log.map_err(|error| Violation {
            invariant: "a disk can be read again after a crash",
            detail: format!("node {me}: {error}"),
        })?;
        log.plant(cluster.bounds.bug);
        log.set_witness(cluster.bounds.witness.then_some(Witness::ID));
        for peer in all.difference(NodeSet::from([me])).iter() {
            log.set_identity(peer, 0);
        }
        Ok(Host {
            log,
            disk,
            writes: VecDeque::new(),
            waiting: Vec::new(),
            prints: Box::default(),
        })
    }

    fn stamp(&mut self, names: &[Renaming]) {
        self.prints = names
            .iter()
            .enumerate()
            .map(|(way, names)| {
                print(|hasher| {
                    hash_log(&self.log, names, hasher);
                    hash_stored(&self.disk, names, hasher);
                    self.writes.len().hash(hasher);
                    for persist in &self.writes {
                        hash_persist(persist, names, hasher);
                    }
                    // The waiting messages are a set, so their hashes are added up; each includes the place of its
                    // write in the queue.
                    let waiting = self.waiting.iter().map(|(after, envelope)| {
                        let place = self.writes.iter().position(|write| write.mark == *after);
                        print(|hasher| (place, envelope.prints[way]).hash(hasher))
                    });
                    waiting.fold(0, u64::wrapping_add).hash(hasher);
                })
            })
            .collect();
    }
}

impl State {
    fn host(&self, id: Id) -> &Host {
        &self.hosts[usize::from(id) - 1]
    }

    fn view(&self) -> View<'_> {
        let hosts = || self.hosts.iter().map(|host| (host.log.me(), &**host));
        View {
            logs: hosts().map(|(id, host)| (id, &host.log)).collect(),
            disks: hosts().map(|(id, host)| (id, &host.disk)).collect(),
            witness: self.witness.as_ref(),
            ..View::default()
        }
    }

    fn send(&mut self, cluster: &Cluster, envelope: Arc<Envelope>) -> Result<(), Violation> {
        self.checker
            .sent(envelope.from, envelope.to, &envelope.message)?;
        let link = (envelope.from, envelope.to);
        let on_link = |other: &Arc<Envelope>| (other.from, other.to) == link;
        if self.wire.contains(&envelope) {
            return Ok(());
        }
        if self.wire.iter().filter(|other| on_link(other)).count() >= cluster.bounds.link
            && let Some(oldest) = self.wire.iter().position(on_link)
        {
            self.wire.remove(oldest);
        }
        self.wire.push(envelope);
        Ok(())
    }

    /// Carries out the outputs of the log of `host`, stores the host, and checks the whole state.
    fn put(&mut self, cluster: &Cluster, mut host: Host) -> Result<(), Violation> {
        let id = host.log.me();
        while let Some(output) = host.log.poll_output() {
            match output {
                Output::Persist(persist) => host.writes.push_back(persist),
                Output::Send { to, message, after } => {
                    let envelope = Arc::new(Envelope::new(&cluster.names, id, to, message));
                    if after == 0 {
                        self.send(cluster, envelope)?;
                    } else if !host.waiting.contains(&(after, Arc::clone(&envelope))) {
                        host.waiting.push((after, envelope));
                    }
                }
                Output::Apply(entry) => self.checker.applied(id, &entry)?,
                Output::Install(snapshot) => self.checker.installed(id, &snapshot)?,
                Output::Role { .. } | Output::Refused { .. } => {}
            }
        }
        host.stamp(&cluster.names);
        self.hosts[usize::from(id) - 1] = Arc::new(host);
        let hosts = &self.hosts;
        self.wire.retain(|envelope| {
            let to = hosts.get(usize::from(envelope.to) - 1);
            to.is_none_or(|host| !envelope.is_spent(host))
        });
        self.look(id)
    }

    fn look(&mut self, id: Id) -> Result<(), Violation> {
        let mut checker = std::mem::take(&mut self.checker);
        let result = checker.look(&self.view(), id);
        self.checker = checker;
        result
    }

    /// The smallest of the hashes under all renamings. Hashes of the parts are added up, since the parts have no
    /// order.
    fn stamp(&mut self, names: &[Renaming]) {
        let whole = |(way, names): (usize, &Renaming)| {
            let rest = print(|hasher| {
                self.crashes.hash(hasher);
                if let Some(Witness { hard, last, .. }) = &self.witness {
                    let vote = hard.voted_for.map(|id| names.of(id));
                    (hard.term, vote, last).hash(hasher);
                }
                hash_history(&self.checker, names, hasher);
            });
            let hosts = self.hosts.iter().map(|host| host.prints[way]);
            let wire = self.wire.iter().enumerate().map(|(at, envelope)| {
                // Only the order within a link matters.
                let before = self.wire[..at]
                    .iter()
                    .filter(|other| (other.from, other.to) == (envelope.from, envelope.to));
                let place = before.count() as u64;
                envelope.prints[way]
                    .rotate_left(place as u32 * 7)
                    .wrapping_mul(2 * place + 1)
            });
            hosts.chain(wire).fold(rest, u64::wrapping_add)
        };
        self.print = names.iter().enumerate().map(whole).min().unwrap_or(0);
    }

    /// A message reaches the file share.
    fn ask(&mut self, cluster: &Cluster, envelope: &Envelope) -> Result<(), Violation> {
        let Some(witness) = self.witness.as_mut() else {
            return Ok(());
        };
        let quiet = Some(witness.beats);
        if let Some(answer) = witness.answer(envelope.from, &envelope.message, quiet) {
            let answer = Envelope::new(&cluster.names, Witness::ID, envelope.from, answer);
            self.send(cluster, Arc::new(answer))?;
        }
        self.look(envelope.from)
    }

    fn act(&mut self, cluster: &Cluster, action: Action) -> Result<(), Violation> {
        match action {
            Action::Deliver(envelope, stays) => {
                if !stays {
                    self.wire.retain(|other| *other != envelope);
                }
                if envelope.to == Witness::ID {
                    return self.ask(cluster, &envelope);
                }
                let mut host = self.host(envelope.to).clone();
                host.log
                    .step(envelope.from, envelope.message.clone(), false);
                self.put(cluster, host)
            }
            Action::Write(id) => {
                let mut host = self.host(id).clone();
                let Some(persist) = host.writes.pop_front() else {
                    return Ok(());
                };
                host.disk.write(&persist);
                host.log.persisted(persist.mark);
                let waiting = std::mem::take(&mut host.waiting);
                let (ready, rest): (Vec<_>, Vec<_>) = waiting
                    .into_iter()
                    .partition(|(after, _)| *after <= persist.mark);
                host.waiting = rest;
                for (_, envelope) in ready {
                    self.send(cluster, envelope)?;
                }
                self.put(cluster, host)
            }
            Action::Crash(id) => {
                self.crashes += 1;
                let disk = self.host(id).disk.clone();
                let host = Host::boot(cluster, id, disk)?;
                self.checker.booted(id);
                self.put(cluster, host)
            }
            Action::Campaign(id) => {
                let mut host = self.host(id).clone();
                host.log.campaign();
                if !cluster.bounds.pre_votes {
                    grant(&mut host.log);
                }
                self.put(cluster, host)
            }
            Action::Propose(id) => {
                let mut host = self.host(id).clone();
                // Proposals are told apart by index and term.
                let _ = host.log.propose(Vec::new());
                self.put(cluster, host)
            }
            Action::Resend(id) => {
                let mut host = self.host(id).clone();
                host.log.resend(0);
                self.put(cluster, host)
            }
        }
    }
}

/// Grants a pre-vote at once.
fn grant(log: &mut Log) {
    while log.poll_output().is_some() {}
    let me = NodeSet::from([log.me()]);
    for peer in log.voters().difference(me).iter() {
        let message = Message {
            identity: 0,
            term: log.term() + 1,
            body: Body::PreVoteReply { granted: true },
        };
        if log.role() == Role::PreCandidate {
            log.step(peer, message, false);
        }
    }
}

impl Cluster {
    pub fn new(bounds: Bounds) -> Cluster {
        let names = Renaming::all(bounds.nodes);
        Cluster {
            bounds,
            names,
            stopped: Arc::default(),
        }
    }
}

impl Model for Cluster {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut state = State {
            hosts: Vec::new(),
            witness: self.bounds.witness.then(|| Witness::new(0)),
            wire: Vec::new(),
            checker: Checker::new(),
            crashes: 0,
            broken: None,
            print: 0,
        };
        for id in 1..=self.bounds.nodes {
            let mut host = Host::boot(self, id, Stored::default()).unwrap();
            host.stamp(&self.names);
            state.hosts.push(Arc::new(host));
        }
        state.stamp(&self.names);
        vec![state]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.broken.is_some() || self.stopped.load(Ordering::Relaxed) {
            return;
        }
        for host in &state.hosts {
            let (log, id) = (&host.log, host.log.me());
            if !host.writes.is_empty() {
                actions.push(Action::Write(id));
            }
            if log.term() < self.bounds.terms && !log.is_leader() {
                actions.push(Action::Campaign(id));
            }
            if log.is_leader() {
                actions.push(Action::Resend(id));
                if log.last_index() < self.bounds.entries {
                    actions.push(Action::Propose(id));
                }
            }
            if state.crashes < self.bounds.crashes {
                actions.push(Action::Crash(id));
            }
        }
        for envelope in &state.wire {
            actions.push(Action::Deliver(Arc::clone(envelope), false));
            if self.bounds.repeat {
                actions.push(Action::Deliver(Arc::clone(envelope), true));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        state.broken = state.act(self, action).err();
        let beyond = |host: &Arc<Host>| {
            host.writes.len() > self.bounds.writes || host.log.last_index() > self.bounds.entries
        };
        if state.hosts.iter().any(beyond) && state.broken.is_none() {
            return None;
        }
        state.stamp(&self.names);
        // An event that changes nothing is no step.
        (state.print != last.print || state.broken.is_some()).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Cluster>> {
        vec![Property::always(
            "every invariant holds",
            |_, state: &State| state.broken.is_none(),
        )]
    }
}
