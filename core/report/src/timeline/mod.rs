//! The timeline in text: what the nodes, groups, clients and faults were, side by side, and what each outage was spent on.
//!
//! It is plain ASCII, as wide as it is asked to be, and can be pasted into a ticket.

mod lanes;
mod scale;

use quorate_model::{Lasting, Time, same_name};

use crate::run::{Outage, Phase, PhaseKind, Run};
use lanes::Lanes;
use scale::Scale;

/// What a timeline shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// How wide a line may be, in characters; at least 40.
    pub width: usize,
    /// From when. By default shortly before the first thing that was broken, or out of service, or a step.
    pub from: Option<Time>,
    /// Until when. By default the end of the run.
    pub to: Option<Time>,
    /// The groups to show, by name and without regard to case. All that something happened to, if it is empty.
    pub groups: Vec<String>,
}

impl Default for Timeline {
    fn default() -> Self {
        Timeline {
            width: 80,
            from: None,
            to: None,
            groups: Vec::new(),
        }
    }
}

/// How many lanes of faults and of groups there are at most; what is left out is said.
const MOST: usize = 12;

impl Timeline {
    /// The timeline of a run, with a line break after each line. Empty for a run without events.
    pub fn draw(&self, run: &Run) -> String {
        if run.is_empty() {
            return String::new();
        }
        let (from, to) = self.window(run);
        let shown = self.shown(run);
        let label = shown
            .iter()
            .map(|&place| run.groups[place].name.chars().count());
        let nodes = run.nodes.iter().map(|it| it.name.chars().count());
        let label = label.chain(nodes).chain([11]).max().unwrap_or(11).min(20);
        let columns = self.width.max(40) - label - 2;
        let scale = Scale::new(from, to, columns, &changes(run, &shown), &busy(run, &shown));
        let lanes = Lanes {
            run,
            scale: &scale,
            label,
        };
        let mut out = lanes.axis();
        out.push_str(&lanes.faults(MOST));
        out.push_str(&lanes.coordinators());
        out.push_str(&lanes.nodes());
        for &place in shown.iter().take(MOST) {
            out.push_str(&lanes.group(&run.groups[place]));
        }
        if let Some(more) = shown.len().checked_sub(MOST + 1) {
            out.push_str(&format!("and {} more groups\n", more + 1));
        }
        out.push_str(&lanes.legend(MOST));
        for (group, outage) in run.outages() {
            let wanted = shown.iter().any(|&it| run.groups[it].name == group.name);
            if wanted && outage.from <= to && outage.to >= from {
                out.push_str(&outage_lines(&group.name, outage));
            }
        }
        out
    }

    fn window(&self, run: &Run) -> (Time, Time) {
        let to = self.to.unwrap_or(run.until).min(run.until);
        let faults = run.faults.iter().map(|it| it.from);
        let outages = run
            .outages()
            .into_iter()
            .map(|(_, it)| it.from)
            .collect::<Vec<_>>();
        let steps = run.steps.iter().map(|it| it.at);
        let first = faults.chain(outages).chain(steps).min();
        let begin = run.moments().next().map_or(Time::ZERO, |it| it.at);
        let from = self.from.unwrap_or_else(|| {
            let first = first.filter(|it| *it < to).unwrap_or(begin);
            // A little of what was before: the twentieth part, and at most five seconds.
            let before = ((to - first) / 20).min(std::time::Duration::from_secs(5));
            let micros = u64::try_from(before.as_micros()).unwrap_or_default();
            Time(first.0.saturating_sub(micros)).max(begin)
        });
        (from.min(to), to)
    }

    /// The places of the groups to show.
    fn shown(&self, run: &Run) -> Vec<usize> {
        let groups = run.groups.iter().enumerate();
        let wanted = groups.filter(|(_, group)| match self.groups.as_slice() {
            [] => group.virtual_server || !group.outages.is_empty() || run.groups.len() <= MOST,
            named => named.iter().any(|it| same_name(it, &group.name)),
        });
        wanted.map(|(place, _)| place).collect()
    }
}

/// When anything that is shown changes.
fn changes(run: &Run, shown: &[usize]) -> Vec<Time> {
    let mut all: Vec<Time> = Vec::new();
    all.extend(run.steps.iter().map(|it| it.at));
    all.extend(run.faults.iter().flat_map(|it| [it.from, it.to]));
    all.extend(run.coordinators.iter().flat_map(|it| [it.from, it.to]));
    for node in &run.nodes {
        all.extend(node.standing.iter().map(|it| it.from));
    }
    for &place in shown {
        let group = &run.groups[place];
        all.extend(group.states.iter().map(|it| it.from));
        all.extend(group.service.iter().map(|it| it.from));
        all.extend(group.clients.iter().map(|it| it.from));
        let phases = group.outages.iter().flat_map(|it| &it.phases);
        all.extend(phases.map(|it| it.from));
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// When something is done about an outage, or should be.
fn busy(run: &Run, shown: &[usize]) -> Vec<(Time, Time)> {
    let outages = shown.iter().flat_map(|&place| &run.groups[place].outages);
    let phases = outages.flat_map(|it| &it.phases);
    let busy = phases.filter(|it| it.kind != PhaseKind::Wait);
    busy.map(|it| (it.from, it.to)).collect()
}

/// An outage in two lines: how long, and what it was spent on.
pub fn outage_lines(group: &str, outage: &Outage) -> String {
    let ms = std::time::Duration::from_millis(1);
    let lasting = |span| Lasting(span).to(ms);
    let mut out = format!(
        "{group} was out of service for {}",
        lasting(outage.lasted())
    );
    out.push_str(&match outage.open {
        true => format!(", from {} to the end", outage.from),
        false => format!(", from {} to {}", outage.from, outage.to),
    });
    out.push_str(match (outage.planned, outage.spoilt) {
        (true, None) => ", planned",
        (true, Some(_)) => ", planned until something failed",
        (false, _) => "",
    });
    if let (Some(from), Some(to)) = (&outage.from_node, &outage.to_node)
        && from != to
    {
        out.push_str(&format!(", {from} -> {to}"));
    }
    out.push('\n');
    let parts: Vec<String> = PhaseKind::ALL
        .into_iter()
        .filter(|kind| outage.phases.iter().any(|it| it.kind == *kind))
        .map(|kind| {
            let times = outage.phases.iter().filter(|it| it.kind == kind).count();
            let spent = lasting(outage.spent(kind));
            match times {
                1 => format!("{} {spent}", kind.as_str()),
                times => format!("{} {spent} ({times} times)", kind.as_str()),
            }
        })
        .collect();
    if !parts.is_empty() {
        out.push_str(&format!("  {}", parts.join(", ")));
        if let Some(slowest) = &outage.slowest {
            let took = lasting(slowest.to - slowest.from);
            out.push_str(&format!("; {} took longest, {took}", slowest.resource));
        }
        out.push('\n');
    }
    out
}

/// Phases that touch the window.
fn in_window<'a>(phases: &'a [Phase], scale: &Scale) -> impl Iterator<Item = &'a Phase> {
    let (from, to) = (scale.from, scale.to);
    phases
        .iter()
        .filter(move |it| it.from <= to && it.to >= from)
}
