//! What lasted: of nodes, groups, resources, clients and faults.

use std::time::Duration;

use quorate_model::{Fault, GroupState, Name, NodeState, ResourceState, Time, same_name};

use super::{Outage, PhaseKind};

/// Something that held from one instant to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span<T> {
    /// From when.
    pub from: Time,
    /// Until when: where it ended, or the end of the run.
    pub to: Time,
    /// Whether it still held when the run ended.
    pub open: bool,
    /// The number of the event that began it.
    pub n: u64,
    /// What held.
    pub what: T,
}

impl<T> Span<T> {
    /// How long it held.
    pub fn lasted(&self) -> Duration {
        self.to - self.from
    }

    /// Whether it held at this instant. Its end belongs to what follows, unless the run ends there.
    pub fn holds_at(&self, at: Time) -> bool {
        self.from <= at && (at < self.to || self.open)
    }
}

/// Something that was told at one instant: a step, a note, a remark, a breach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Time,
    /// The event's number.
    pub n: u64,
    /// What was said. Of a remark or a breach: one sentence.
    pub text: String,
    /// Of a remark the rule, of a breach the invariant.
    pub about: Option<String>,
}

/// Something broken.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultSpan {
    /// Its number in the drill.
    pub id: u64,
    /// The name of what was broken.
    pub subject: Option<Name>,
    /// What was broken.
    pub fault: Fault,
    /// The same as a sentence.
    pub text: String,
    /// When it was broken.
    pub from: Time,
    /// When it was healed; for what happens once, such as a crashed process, when it happened; else the end of the run.
    pub to: Time,
    /// Whether it still stood when the run ended.
    pub open: bool,
    /// The number of the event that tells of it.
    pub n: u64,
    /// The number of the event that tells of its healing.
    pub healed: Option<u64>,
}

impl FaultSpan {
    /// Whether it happened once and left nothing that could be healed.
    pub fn is_momentary(&self) -> bool {
        !self.fault.stands()
    }
}

/// What a node is, as a bystander would see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// The machine is off.
    Off,
    /// The machine is on, the cluster service does not run.
    Down,
    /// The service runs and is no member yet.
    Joining,
    /// A member.
    Up,
    /// A member that takes no groups.
    Paused,
    /// The machine stands still.
    Frozen,
    /// A member before, its service runs without quorum: it has lost the others, or they go on without it.
    NoQuorum,
    /// It is none of the cluster's nodes any more.
    Evicted,
}

impl Standing {
    /// Every one.
    pub const ALL: [Standing; 8] = [
        Standing::Off,
        Standing::Down,
        Standing::Joining,
        Standing::Up,
        Standing::Paused,
        Standing::Frozen,
        Standing::NoQuorum,
        Standing::Evicted,
    ];

    /// In a word or two.
    pub const fn as_str(self) -> &'static str {
        match self {
            Standing::Off => "off",
            Standing::Down => "down",
            Standing::Joining => "joining",
            Standing::Up => "up",
            Standing::Paused => "paused",
            Standing::Frozen => "frozen",
            Standing::NoQuorum => "no quorum",
            Standing::Evicted => "evicted",
        }
    }

    /// Whether it takes part in the cluster.
    pub const fn is_member(self) -> bool {
        matches!(self, Standing::Up | Standing::Paused)
    }
}

/// A node, throughout a run.
#[derive(Clone, Debug)]
pub struct NodeStory {
    /// Its name.
    pub name: Name,
    /// What it was, without gaps from the first event about it on.
    pub standing: Vec<Span<Standing>>,
    /// What the cluster's coordinator had it as.
    pub believed: Vec<Span<NodeState>>,
    /// When it had quorum.
    pub quorum: Vec<Span<()>>,
}

impl NodeStory {
    /// What it was at this instant.
    pub fn standing_at(&self, at: Time) -> Option<Standing> {
        held_at(&self.standing, at).map(|span| span.what)
    }
}

/// Who coordinated.
pub type OfficeSpan = Span<Name>;

/// The owner of a group, and its state as the cluster has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedState {
    /// The owner, as soon as the journal shows one.
    pub owner: Option<Name>,
    /// The state.
    pub state: GroupState,
    /// Where the group is on the way to, while it goes offline for it.
    pub moving_to: Option<Name>,
}

/// What clients feel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Felt {
    /// They are answered at once.
    Answered,
    /// They are answered after more than 250 ms, or some of them are not.
    Slow,
    /// None is answered.
    Failed,
}

impl Felt {
    /// The word that pages and traces have for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Felt::Answered => "answered",
            Felt::Slow => "slow",
            Felt::Failed => "failed",
        }
    }
}

/// What the clients of a group felt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientState {
    /// How many users call.
    pub users: u32,
    /// Whether they are answered, and how soon.
    pub felt: Felt,
    /// Why not, or why slowly.
    pub reason: Option<String>,
}

/// A resource, throughout a run.
#[derive(Clone, Debug)]
pub struct ResourceStory {
    /// Its name.
    pub name: Name,
    /// Its type, where the header says it.
    pub kind: Option<Name>,
    /// What it depends on, as the header says it.
    pub depends_on: Vec<Name>,
    /// Its state and the node it was reported from.
    pub states: Vec<Span<(ResourceState, Option<Name>)>>,
}

impl ResourceStory {
    /// Its state at this instant.
    pub fn state_at(&self, at: Time) -> Option<ResourceState> {
        held_at(&self.states, at).map(|span| span.what.0)
    }

    /// Whether it is a disk, which is arbitrated for before anything can read it.
    pub fn is_disk(&self) -> bool {
        self.kind.as_ref().is_some_and(|it| it == "Physical Disk")
    }
}

/// How long a group was served, from the first time that it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// From the first time in service to the end of the run. Zero, if it never was.
    pub span: Duration,
    /// Out of service in it.
    pub out: Duration,
    /// The part of that which was planned. An outage that began as planned and in which something failed counts as planned
    /// until then.
    pub planned: Duration,
    /// The longest outage.
    pub longest: Duration,
    /// How many there were.
    pub count: usize,
}

impl Served {
    /// The share of the time in which it was in service, from 0 to 1. `None`, if it never was.
    pub fn availability(&self) -> Option<f64> {
        let all = self.span.as_secs_f64();
        (all > 0.0).then(|| (1.0 - self.out.as_secs_f64() / all).clamp(0.0, 1.0))
    }
}

/// A group, throughout a run.
#[derive(Clone, Debug)]
pub struct GroupStory {
    /// Its name.
    pub name: Name,
    /// Whether clients reach it by a network name of its own, as the header says.
    pub virtual_server: bool,
    /// Its resources, in the order of the header; others follow as they are told of.
    pub resources: Vec<ResourceStory>,
    /// Owner and state, as the cluster has them.
    pub states: Vec<Span<OwnedState>>,
    /// Whether it was in full service: by what a client would find, or where a journal does not tell
    /// ([`Run::truth`](super::Run::truth)) whether the cluster had it online.
    pub service: Vec<Span<bool>>,
    /// Whether clients were answered, where the run has any.
    pub clients: Vec<Span<ClientState>>,
    /// Each time it was out of service, having been in service.
    pub outages: Vec<Outage>,
}

impl GroupStory {
    /// The resource of this name. Case does not matter.
    pub fn resource(&self, name: &str) -> Option<&ResourceStory> {
        self.resources.iter().find(|it| same_name(&it.name, name))
    }

    /// Owner and state at this instant.
    pub fn state_at(&self, at: Time) -> Option<&OwnedState> {
        held_at(&self.states, at).map(|span| &span.what)
    }

    /// Whether it was in service at this instant.
    pub fn served_at(&self, at: Time) -> bool {
        held_at(&self.service, at).is_some_and(|span| span.what)
    }

    /// The outage at this instant.
    pub fn outage_at(&self, at: Time) -> Option<&Outage> {
        self.outages
            .iter()
            .find(|it| it.from <= at && (at < it.to || it.open))
    }

    /// How long it was served.
    pub fn served(&self) -> Served {
        let Some(first) = self.service.iter().find(|span| span.what) else {
            return Served::default();
        };
        let until = self.service.last().map_or(first.to, |span| span.to);
        let lengths = || self.outages.iter().map(|it| it.to - it.from);
        Served {
            span: until - first.from,
            out: lengths().sum(),
            planned: self.outages.iter().map(Outage::planned).sum(),
            longest: lengths().max().unwrap_or_default(),
            count: self.outages.len(),
        }
    }

    /// How long its outages were in phases of this kind.
    pub fn spent(&self, kind: PhaseKind) -> Duration {
        self.outages.iter().map(|it| it.spent(kind)).sum()
    }
}

/// The span of these, which are in order and do not overlap, that holds at `at`.
fn held_at<T>(spans: &[Span<T>], at: Time) -> Option<&Span<T>> {
    // Of spans that begin at the same instant, those that ended at once come first.
    let after = spans.partition_point(|span| span.from <= at);
    spans[..after].last().filter(|span| span.holds_at(at))
}

/// Spans that follow one another, as they are being told.
#[derive(Clone, Debug)]
pub(super) struct Lane<T>(Vec<Span<T>>);

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Lane(Vec::new())
    }
}

impl<T: PartialEq> Lane<T> {
    /// From now on `what` holds; nothing begins if it does already. What held for no time at all is left out.
    pub(super) fn turn(&mut self, at: Time, n: u64, what: T) {
        if self.now().is_some_and(|now| *now == what) {
            return;
        }
        self.end(at);
        if self.0.last().is_some_and(|last| last.from == at) {
            self.0.pop();
        }
        let goes_on = |last: &&mut Span<T>| last.to == at && last.what == what;
        if let Some(last) = self.0.last_mut().filter(goes_on) {
            last.open = true;
            return;
        }
        self.0.push(Span {
            from: at,
            to: at,
            open: true,
            n,
            what,
        });
    }

    /// Nothing holds from now on.
    pub(super) fn end(&mut self, at: Time) {
        if let Some(last) = self.0.last_mut().filter(|it| it.open) {
            last.to = at;
            last.open = false;
        }
    }

    /// What holds now.
    pub(super) fn now(&self) -> Option<&T> {
        self.0.last().filter(|it| it.open).map(|it| &it.what)
    }

    /// The spans, the last one up to the end of the run.
    pub(super) fn finish(mut self, until: Time) -> Vec<Span<T>> {
        if let Some(last) = self.0.last_mut().filter(|it| it.open) {
            last.to = until;
        }
        self.0
    }
}
