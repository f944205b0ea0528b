//! A run: its events, and what lasted between them.

mod build;
mod groups;
mod lanes;
mod moments;
mod nodes;
mod outage;
mod phases;
mod read;
#[cfg(test)]
mod tests;
mod together;

use quorate_journal::{Header, HeaderGroup, Verdict, What};
use quorate_model::{Name, Time, same_name};

pub use build::RunBuilder;
pub use lanes::{
    ClientState, FaultSpan, Felt, GroupStory, Mark, NodeStory, OfficeSpan, OwnedState,
    ResourceStory, Served, Span, Standing,
};
pub use moments::Moment;
pub use outage::{Outage, Phase, PhaseKind, Slowest};
pub use read::Runs;
pub use together::{Together, TogetherError};

use moments::Moments;

/// One journal, read.
///
/// Everything in it is in the order in which it happened. Times are those of the journal: microseconds since the world was
/// switched on, or since a live node's clock began.
#[derive(Clone, Debug)]
pub struct Run {
    /// The header, as it was written: seed, cluster, nodes, groups.
    pub header: Header,
    /// What the drill showed. `None` for a journal that was cut short, and for one that no drill wrote.
    pub verdict: Option<DrillVerdict>,
    /// The number of the file's line in the middle of which the file ends: whoever wrote it was ended, or still writes.
    /// The run is told as far as it goes.
    pub cut: Option<u64>,
    /// When the story ends: the drill's end, or the last event where no end was written. Every span ends here at the
    /// latest. What a drill's clearing up did after its end is among the moments and in no span.
    pub until: Time,
    /// The drill's steps: their titles.
    pub steps: Vec<Mark>,
    /// The drill's notes.
    pub notes: Vec<Mark>,
    /// What showed nothing, as the drill was told.
    pub remarks: Vec<Mark>,
    /// Invariants that did not hold.
    pub breaches: Vec<Mark>,
    /// What was broken.
    pub faults: Vec<FaultSpan>,
    /// Who coordinated. Two spans may overlap: whoever is cut off coordinates until it knows.
    pub coordinators: Vec<OfficeSpan>,
    /// Whether any node had quorum, without gaps from the first event on.
    pub quorum: Vec<Span<bool>>,
    /// The nodes, in the order of the header; those that came later follow.
    pub nodes: Vec<NodeStory>,
    /// The groups, in the order of the header; those that came later follow.
    pub groups: Vec<GroupStory>,
    /// Whether services are told by what a client would find. Otherwise, as in a live node's journal, by what the cluster
    /// believes.
    pub truth: bool,
    /// Whether it is of a live cluster, told by the journals of its nodes ([`Together`]): then the header's seed is of no use.
    pub live: bool,
    moments: Moments,
}

/// How a drill ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrillVerdict {
    /// The event's number.
    pub n: u64,
    /// The drill's name.
    pub drill: String,
    /// Its script, as it was named.
    pub file: String,
    /// How it ended.
    pub verdict: Verdict,
    /// Why, where it did not pass.
    pub text: Option<String>,
    /// The place in the script: file, line and column.
    pub place: Option<String>,
    /// The command that runs it again.
    pub repeat: String,
}

impl Run {
    /// How a person tells this run from others: the drill's name, or else the cluster's with the seed, or with the time of a
    /// live cluster.
    pub fn name(&self) -> String {
        match &self.verdict {
            Some(verdict) => verdict.drill.clone(),
            None if self.live => {
                let began = crate::civil::utc(&self.header, Time::ZERO, "%Y-%m-%d %H:%M:%S");
                format!("{}, from {began} UTC", self.header.cluster)
            }
            None => format!("{}, seed {}", self.header.cluster, self.header.seed),
        }
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.moments.len()
    }

    /// Whether nothing is told.
    pub fn is_empty(&self) -> bool {
        self.moments.len() == 0
    }

    /// Every event, in order.
    pub fn moments(&self) -> impl DoubleEndedIterator<Item = Moment<'_>> + ExactSizeIterator {
        (0..self.moments.len()).map(|place| self.moments.at(place))
    }

    /// The events with numbers from `from` on, in order. None, if there are none so late.
    pub fn moments_from(&self, from: u64) -> impl DoubleEndedIterator<Item = Moment<'_>> {
        let first = self.moments.first_from(from);
        (first..self.moments.len()).map(|place| self.moments.at(place))
    }

    /// The event with number `n`.
    pub fn moment(&self, n: u64) -> Option<Moment<'_>> {
        let place = self.moments.first_from(n);
        (place < self.moments.len())
            .then(|| self.moments.at(place))
            .filter(|it| it.n == n)
    }

    /// The event `n` as it was written, if it is one of those that decisions are made of: failures, decisions, orders,
    /// faults, changes of membership and quorum. Others are kept as [`Moment`]s only.
    pub fn fact(&self, n: u64) -> Option<&What> {
        self.moments.fact(n)
    }

    /// The first event at `at` or later.
    pub fn first_at(&self, at: Time) -> Option<Moment<'_>> {
        let place = self.moments.first_at(at);
        (place < self.moments.len()).then(|| self.moments.at(place))
    }

    /// Every text that moments have, by its number ([`Moment::text_id`], [`Moment::subject_id`]): a page or a file names each
    /// once.
    pub fn texts(&self) -> &[Name] {
        self.moments.texts()
    }

    /// The event `n` and what led to it, by the causes that the journal names: from the first cause to `n` itself. Empty if
    /// there is no such event.
    pub fn chain(&self, n: u64) -> Vec<Moment<'_>> {
        let mut chain = Vec::new();
        let mut next = self.moment(n);
        while let Some(moment) = next {
            // A cause comes before its effect; whatever a file claims, this ends.
            next = moment
                .because
                .filter(|&cause| cause < moment.n)
                .and_then(|cause| self.moment(cause));
            chain.push(moment);
        }
        chain.reverse();
        chain
    }

    /// The events that name `n` as their cause, in order. It looks at every later event.
    pub fn effects(&self, n: u64) -> impl Iterator<Item = Moment<'_>> {
        self.moments_from(n).filter(move |it| it.because == Some(n))
    }

    /// The node of this name. Case does not matter.
    pub fn node(&self, name: &str) -> Option<&NodeStory> {
        self.nodes.iter().find(|it| same_name(&it.name, name))
    }

    /// The group of this name. Case does not matter.
    pub fn group(&self, name: &str) -> Option<&GroupStory> {
        self.groups.iter().find(|it| same_name(&it.name, name))
    }

    /// What the header says of a group. Case does not matter.
    pub fn defined(&self, name: &str) -> Option<&HeaderGroup> {
        let groups = &self.header.groups;
        groups.iter().find(|it| same_name(&it.name, name))
    }

    /// The group that a resource is in. Case does not matter.
    pub fn group_of(&self, resource: &str) -> Option<&GroupStory> {
        let has = |it: &&GroupStory| it.resource(resource).is_some();
        self.groups.iter().find(has)
    }

    /// The groups that clients reach by a name of their own: virtual servers. Where the header names none, every group.
    pub fn virtual_servers(&self) -> impl Iterator<Item = &GroupStory> {
        let any = self.groups.iter().any(|it| it.virtual_server);
        self.groups
            .iter()
            .filter(move |it| it.virtual_server || !any)
    }

    /// Every outage with its group, in the order in which they began.
    pub fn outages(&self) -> Vec<(&GroupStory, &Outage)> {
        let mut all: Vec<_> = self
            .groups
            .iter()
            .flat_map(|group| group.outages.iter().map(move |outage| (group, outage)))
            .collect();
        all.sort_by_key(|(_, outage)| (outage.from, outage.began));
        all
    }
}
