//! The events that an outage is told by, with the rule that each follows.

use std::collections::{BTreeMap, BTreeSet};

use quorate_journal::{Cause, Event, What, WorldEvent};
use quorate_model::monitor::HealthCheck;
use quorate_model::{Lasting, Name, NodeState, ResourceState, Time};

use super::{place, rules};
use crate::run::{GroupStory, Moment, Outage, Run};

/// A sentence or more of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) at: Time,
    pub(super) text: String,
}

/// How many failures of resources, one after the other, are told.
const FAILURES: usize = 6;

/// An outage: what caused it, what was known and decided, and how it ended.
pub(super) fn story(run: &Run, group: &GroupStory, outage: &Outage) -> Vec<Told> {
    let mut numbers: BTreeSet<u64> = BTreeSet::new();
    for n in [outage.detected, outage.decided].into_iter().flatten() {
        numbers.extend(run.chain(n).iter().map(|it| it.n));
    }
    numbers.extend(run.chain(outage.began).iter().map(|it| it.n));
    // What the journal names no cause for: the fault or order that came last.
    if numbers
        .iter()
        .all(|n| *n >= outage.began || !is_root(run, *n))
    {
        numbers.extend(last_root(run, outage.began));
    }
    let mut teller = Teller::new(run, group, outage.from_node.clone());
    let first = numbers.first().copied().unwrap_or(outage.began);
    let first = outage.detected.map_or(first, |it| it.min(first));
    for moment in run.moments_from(first) {
        if moment.at > outage.to {
            break;
        }
        teller.tell(
            &moment,
            numbers.contains(&moment.n),
            moment.at >= outage.from,
        );
        if outage.ended == Some(moment.n) {
            break;
        }
    }
    let mut told = teller.finish();
    if let Some(slowest) = &outage.slowest {
        let took = Lasting(slowest.to - slowest.from).to(std::time::Duration::from_millis(1));
        let place = told.iter().position(|it| it.at > slowest.to);
        let text = format!(
            "{} is online; of everything in {} it took longest, {took} from {} on.",
            slowest.resource, group.name, slowest.from
        );
        let at = slowest.to;
        let end = told.len() - usize::from(outage.ended.is_some() && !told.is_empty());
        told.insert(place.unwrap_or(end).min(end), Told { at, text });
    }
    told
}

/// What there is to say of a group between two instants.
pub(super) fn news(run: &Run, group: &GroupStory, from: Time, to: Time) -> Vec<Told> {
    let mut teller = Teller::new(run, group, None);
    for moment in run.moments().filter(|it| it.at >= from && it.at <= to) {
        teller.tell(&moment, false, true);
    }
    teller.finish()
}

/// Whether a chain of causes may begin with this event.
fn is_root(run: &Run, n: u64) -> bool {
    let kinds = ["fault-injected", "fault-healed", "asked"];
    run.moment(n).is_some_and(|it| kinds.contains(&it.kind))
}

/// The last fault or order before an event.
fn last_root(run: &Run, n: u64) -> Option<u64> {
    let before = run.moments().rev().skip_while(|it| it.n > n);
    let roots = before.take(5_000).map(|it| it.n);
    roots
        .filter(|n| *n == 0 || is_root(run, *n))
        .find(|n| *n > 0)
}

/// Tells one outage.
struct Teller<'a> {
    run: &'a Run,
    group: &'a GroupStory,
    owner: Option<Name>,
    told: Vec<Told>,
    /// Rules are explained once.
    explained: BTreeSet<String>,
    failures: usize,
    last_failure: Time,
    missed: BTreeSet<String>,
    /// What has been told and came again: where it stands, how often, and when last.
    again: BTreeMap<String, (usize, usize, Time)>,
}

impl<'a> Teller<'a> {
    fn new(run: &'a Run, group: &'a GroupStory, owner: Option<Name>) -> Self {
        Teller {
            run,
            group,
            owner,
            told: Vec::new(),
            explained: BTreeSet::new(),
            failures: 0,
            last_failure: Time::ZERO,
            missed: BTreeSet::new(),
            again: BTreeMap::new(),
        }
    }

    /// Says something that may come again and again, once.
    fn say_once(&mut self, at: Time, text: &str) {
        if let Some((_, times, last)) = self.again.get_mut(text) {
            *times += 1;
            *last = at;
            return;
        }
        self.again.insert(text.to_owned(), (self.told.len(), 0, at));
        self.say(at, text, &[]);
    }

    /// What was told, with how often it came again.
    fn finish(mut self) -> Vec<Told> {
        for (place, times, last) in self.again.into_values().filter(|it| it.1 > 0) {
            if let Some(told) = self.told.get_mut(place) {
                let often = match times {
                    1 => "once more".to_owned(),
                    times => format!("{times} times more, the last time"),
                };
                told.text
                    .push_str(&format!(" So it was {often} at {last}."));
            }
        }
        if let Some(more) = self.failures.checked_sub(FAILURES).filter(|it| *it > 0) {
            let at = self.last_failure;
            let text = match more {
                1 => "A resource of it failed once more.".to_owned(),
                more => format!("Resources of it failed {more} times more, the last time now."),
            };
            let place = self.told.iter().position(|it| it.at > at);
            let place = place.unwrap_or(self.told.len());
            self.told.insert(place, Told { at, text });
        }
        self.told
    }

    fn say(&mut self, at: Time, text: &str, rules: &[&str]) {
        let mut said = sentence(text);
        for rule in rules.iter().filter(|it| !it.is_empty()) {
            if self.explained.insert((*rule).to_owned()) {
                said.push(' ');
                said.push_str(rule);
            }
        }
        // What repeats at the same time is one thing.
        if self.told.last().is_none_or(|last| last.text != said) {
            self.told.push(Told { at, text: said });
        }
    }

    fn say_why(&mut self, at: Time, text: &str, why: Option<String>) {
        let why = why.map_or_else(String::new, |why| format!(" {why}"));
        let text = format!("{}{why}", sentence(text));
        self.told.push(Told { at, text });
    }

    /// Whether an order is about the group, something in it, or its owner.
    fn concerns(&self, order: &str) -> bool {
        let resources = self.group.resources.iter().map(|it| &*it.name);
        let names = resources
            .chain([&*self.group.name])
            .chain(self.owner.as_deref());
        names.into_iter().any(|name| place::is_named(order, name))
    }

    fn is_owner(&self, name: &str) -> bool {
        self.owner.as_deref() == Some(name)
    }

    /// Tells an event, if it belongs to the story: `linked` events are in a chain of causes, and `within` says that the group
    /// is out of service already.
    fn tell(&mut self, moment: &Moment<'_>, linked: bool, within: bool) {
        let about_owner = moment.node.is_some_and(|it| self.is_owner(it));
        match self.run.fact(moment.n) {
            Some(What::Node(event)) => {
                let event = event.clone();
                if !self.decision(moment, &event) && !self.membership(moment, &event, within) {
                    self.chain_only(moment, linked);
                }
            }
            Some(What::World(WorldEvent::ServiceLevel {
                subject, online, ..
            })) => {
                if *subject == self.group.name && *online {
                    self.say(moment.at, moment.text, &[]);
                }
            }
            Some(What::World(WorldEvent::FaultInjected { .. })) if within || linked => {
                self.say(moment.at, moment.text, &[]);
            }
            Some(What::World(WorldEvent::Asked { text, .. })) => {
                if !self.concerns(text) {
                    return;
                }
                self.say(moment.at, moment.text, &[]);
            }
            _ => {
                let machine = ["power", "frozen", "cluster-service"].contains(&moment.kind);
                let reset =
                    moment.kind == "reservation" && moment.text.contains("reset of the bus");
                let disk = moment
                    .subject
                    .is_some_and(|it| self.group.resource(it).is_some());
                if machine && about_owner {
                    // The fault that did it has been told.
                    if self.told.last().is_none_or(|it| it.at != moment.at) {
                        self.say_once(moment.at, moment.text);
                    }
                } else if reset && disk && within {
                    self.say(moment.at, moment.text, &[rules::ARBITRATION]);
                } else {
                    self.chain_only(moment, linked);
                }
            }
        }
    }

    fn chain_only(&mut self, moment: &Moment<'_>, linked: bool) {
        let noise = ["service-level", "step", "note", "view", "group-state"];
        if linked && !noise.contains(&moment.kind) {
            self.say(moment.at, moment.text, &[]);
        }
    }

    /// Failures and decisions of the group. Whether it was one.
    fn decision(&mut self, moment: &Moment<'_>, event: &Event) -> bool {
        let (at, text) = (moment.at, moment.text);
        let ours = |name: &Name| *name == self.group.name || self.group.resource(name).is_some();
        match event {
            Event::ResourceState {
                subject,
                to: ResourceState::Failed,
                ..
            } if ours(subject) => {
                self.failures += 1;
                self.last_failure = at;
                if self.failures <= FAILURES {
                    self.say(at, text, &[]);
                }
            }
            Event::Health { subject, check, .. } if ours(subject) => {
                let rule = match check {
                    HealthCheck::LooksAlive => rules::LOOKS_ALIVE,
                    HealthCheck::IsAlive => rules::IS_ALIVE,
                };
                self.say(at, text, &[rule]);
            }
            Event::Restart {
                subject, threshold, ..
            } if ours(subject) => {
                let rule = format!(
                    "Its RestartThreshold allows {threshold} restarts within RestartPeriod, each after RestartDelay."
                );
                self.say(at, text, &[&rule]);
            }
            Event::GivenUp { subject, .. } if ours(subject) => self.say(at, text, &[]),
            Event::Policy { subject, .. } | Event::PolicyFailed { subject, .. }
                if ours(subject) =>
            {
                self.say(at, text, &[]);
            }
            Event::GroupMoving {
                subject,
                from,
                to,
                cause,
            } if ours(subject) => {
                let why = match cause {
                    Cause::ResourceFailure | Cause::NodeShutdown => {
                        place::why_there(self.run, subject, from, to, at)
                    }
                    _ => None,
                };
                let why = why.unwrap_or_default();
                self.say(at, text, &[rules::MOVE, &why]);
            }
            Event::GroupMoveCancelled { subject, .. } if ours(subject) => self.say(at, text, &[]),
            Event::GroupOwner {
                subject,
                from,
                to,
                cause,
            } if ours(subject) => {
                let why = match cause {
                    Cause::NodeFailure | Cause::NodeUp | Cause::Form if from != to => {
                        place::why_there(self.run, subject, from, to, at)
                    }
                    _ => None,
                };
                self.owner = Some(to.clone());
                self.say_why(at, text, why);
            }
            Event::GroupStranded { subject, reason } if ours(subject) => {
                let owner = self.owner.clone().unwrap_or_else(|| Name::from(""));
                let why = (!reason.contains("Threshold"))
                    .then(|| place::why_nowhere(self.run, subject, &owner, at))
                    .flatten();
                self.say_why(at, text, why);
            }
            Event::GroupResting { subject, .. } if ours(subject) => {
                self.say(at, text, &[rules::REST]);
            }
            _ => return false,
        }
        true
    }

    /// What becomes of the owner. Whether it was that.
    fn membership(&mut self, moment: &Moment<'_>, event: &Event, within: bool) -> bool {
        let (at, text) = (moment.at, moment.text);
        let owner_node = moment.node.is_some_and(|it| self.is_owner(it));
        match event {
            Event::Interface { peer, .. } if self.is_owner(peer) => {
                // The first word of it; every other node and network says the same.
                if self.missed.insert(peer.to_string()) {
                    self.say(at, text, &[rules::INTERFACE]);
                }
            }
            Event::Regroup { silent } if silent.iter().any(|it| self.is_owner(it)) => {
                if self.missed.insert("regroup".to_owned()) {
                    self.say(at, text, &[rules::REGROUP]);
                }
            }
            Event::NodeState { subject, to, .. } if self.is_owner(subject) => {
                let rules: &[&str] = match to {
                    NodeState::Down if !self.said_its_end() => &[rules::TAKEOVER],
                    _ => &[],
                };
                self.say(at, text, rules);
            }
            Event::Quorum { held: false, .. } if owner_node => self.say(at, text, &[rules::QUORUM]),
            Event::Quorum { held: true, .. } if owner_node && within => self.say(at, text, &[]),
            Event::Halted { .. } if owner_node => self.say_once(at, text),
            Event::CoordinatorLost { .. } | Event::Coordinator { .. } if within => {
                self.say(at, text, &[]);
            }
            _ => return false,
        }
        true
    }

    /// Whether the owner told the others that it ended.
    fn said_its_end(&self) -> bool {
        self.told
            .iter()
            .any(|it| it.text.contains("cluster service ends"))
    }
}

/// A text with a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let mut out: String = match letters.next() {
        // A name that begins with a small letter keeps it, if it has digits or capitals of its own.
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    };
    if !out.ends_with(['.', '!', '?']) {
        out.push('.');
    }
    out
}
