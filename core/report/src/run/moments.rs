//! A run's events, kept small: a journal of a million lines is a million short rows, and each text once.

use std::collections::BTreeMap;

use quorate_journal::{Entry, What, event_kinds};
use quorate_model::{Name, ResourceState, Time};

/// One event of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment<'a> {
    /// When.
    pub at: Time,
    /// Its number in the journal.
    pub n: u64,
    /// The node it happened on or to.
    pub node: Option<&'a str>,
    /// Its kind, such as `group-state`.
    pub kind: &'static str,
    /// The name of what it is about, if that is a single thing.
    pub subject: Option<&'a str>,
    /// The number of the event that caused it, as far as that is known.
    pub because: Option<u64>,
    /// What happened, in one sentence without a full stop.
    pub text: &'a str,
    /// The number of `text` among [`Run::texts`](super::Run::texts).
    pub text_id: u32,
    /// The number of `subject` there.
    pub subject_id: Option<u32>,
    /// The number of `node` there.
    pub node_id: Option<u32>,
}

/// As `Moment`, with each text by its number, where 0 is none.
#[derive(Clone, Copy, Debug)]
struct Row {
    at: Time,
    n: u64,
    because: Option<u32>,
    node: u32,
    subject: u32,
    text: u32,
    kind: u16,
}

/// The events, by their numbers.
#[derive(Clone, Debug)]
pub(super) struct Moments {
    rows: Vec<Row>,
    texts: Texts,
    kinds: BTreeMap<&'static str, u16>,
    /// What decisions are made of, whole.
    facts: Vec<(u64, What)>,
}

impl Moments {
    pub(super) fn new() -> Self {
        let kinds = event_kinds().iter().map(|it| it.name.as_str());
        Moments {
            rows: Vec::new(),
            texts: Texts::new(),
            kinds: kinds.zip(0..).collect(),
            facts: Vec::new(),
        }
    }

    /// Keeps an event.
    pub(super) fn push(&mut self, entry: &Entry, subject: Option<&str>, text: &str) {
        let mut id = |text: Option<&str>| text.map_or(0, |it| self.texts.id(it));
        let row = Row {
            at: entry.at,
            n: entry.n,
            because: entry.because.and_then(|it| u32::try_from(it).ok()),
            node: id(entry.node.as_deref()),
            subject: id(subject),
            text: id(Some(text)),
            kind: self.kinds.get(entry.kind()).copied().unwrap_or_default(),
        };
        self.rows.push(row);
        if decides(&entry.what) {
            self.facts.push((entry.n, entry.what.clone()));
        }
    }

    /// The whole event with number `n`, if it is one that decisions are made of.
    pub(super) fn fact(&self, n: u64) -> Option<&What> {
        let place = self.facts.binary_search_by_key(&n, |(n, _)| *n).ok()?;
        Some(&self.facts[place].1)
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The event at this place, which must be one.
    pub(super) fn at(&self, place: usize) -> Moment<'_> {
        let row = self.rows[place];
        let known = |id: u32| (id != 0).then_some(id);
        let text = |id: u32| known(id).map(|id| self.texts.get(id));
        Moment {
            at: row.at,
            n: row.n,
            node: text(row.node),
            kind: &event_kinds()[usize::from(row.kind)].name,
            subject: text(row.subject),
            because: row.because.map(u64::from),
            text: self.texts.get(row.text),
            text_id: row.text,
            subject_id: known(row.subject),
            node_id: known(row.node),
        }
    }

    /// The place of the first event with number `n` or more.
    pub(super) fn first_from(&self, n: u64) -> usize {
        let direct = usize::try_from(n).unwrap_or(usize::MAX);
        match self.rows.get(direct) {
            Some(row) if row.n == n => direct,
            _ => self.rows.partition_point(|row| row.n < n),
        }
    }

    /// The place of the first event at `at` or later.
    pub(super) fn first_at(&self, at: Time) -> usize {
        self.rows.partition_point(|row| row.at < at)
    }

    pub(super) fn texts(&self) -> &[Name] {
        &self.texts.all
    }
}

/// Texts, each kept once. The one with number 0 is empty.
#[derive(Clone, Debug)]
struct Texts {
    all: Vec<Name>,
    ids: BTreeMap<Name, u32>,
}

impl Texts {
    fn new() -> Self {
        let nothing = Name::from("");
        Texts {
            all: vec![nothing.clone()],
            ids: BTreeMap::from([(nothing, 0)]),
        }
    }

    fn id(&mut self, text: &str) -> u32 {
        if let Some(&id) = self.ids.get(text) {
            return id;
        }
        let id = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let name = Name::from(text);
        self.all.push(name.clone());
        self.ids.insert(name, id);
        id
    }

    fn get(&self, id: u32) -> &str {
        &self.all[id as usize]
    }
}

/// Whether an event is one of those that decisions are made of: they are few, and kept whole.
fn decides(what: &What) -> bool {
    use quorate_journal::{Event as E, WorldEvent as W};
    match what {
        What::Node(event) => match event {
            E::Health { alive, .. } => !alive,
            E::Interface { up, .. } => !up,
            E::ResourceState { to, .. } => *to == ResourceState::Failed,
            E::Log { .. } | E::ServiceStarted { .. } | E::Forming | E::View { .. } => false,
            _ => true,
        },
        What::World(event) => matches!(
            event,
            W::FaultInjected { .. } | W::Asked { .. } | W::Answered { .. } | W::ServiceLevel { .. }
        ),
    }
}

/// The name of what an event is about.
pub(super) fn subject_of(what: &What) -> Option<&str> {
    use quorate_journal::{Event as E, WorldEvent as W};
    match what {
        What::Node(event) => match event {
            E::NodeState { subject, .. }
            | E::ResourceState { subject, .. }
            | E::GroupState { subject, .. }
            | E::GroupMoving { subject, .. }
            | E::GroupMoveCancelled { subject, .. }
            | E::GroupOwner { subject, .. }
            | E::GroupStranded { subject, .. }
            | E::GroupResting { subject, .. }
            | E::Restart { subject, .. }
            | E::GivenUp { subject, .. }
            | E::Policy { subject, .. }
            | E::PolicyFailed { subject, .. }
            | E::Health { subject, .. }
            | E::Log { subject, .. } => Some(subject),
            E::Property { subject, .. } => Some(subject),
            _ => None,
        },
        What::World(event) => match event {
            W::FaultInjected { subject, .. } | W::FaultHealed { subject, .. } => subject.as_deref(),
            W::Service { subject, .. }
            | W::Reservation { subject, .. }
            | W::Mount { subject, .. }
            | W::Client { subject, .. }
            | W::ServiceLevel { subject, .. }
            | W::Disturbed { subject } => Some(subject),
            W::Address { subject, .. } | W::NameResolves { subject, .. } => Some(subject),
            _ => None,
        },
    }
}
