//! Runs side by side, as a page.

//! Two runs side by side, as a page.

use std::cmp::Ordering;
use std::time::Duration;

use askama::Template;
use quorate_journal::Verdict;
use quorate_model::{Lasting, Time};

use super::view::{short, width};
use super::{STYLE, VERSION};
use crate::{Diff, GroupStory, Pair, PhaseKind, Run};

/// The page.
#[derive(Template)]
#[template(path = "diff.html")]
pub(super) struct DiffPage<'a> {
    version: &'static str,
    style: &'static str,
    diffs: Vec<DiffView<'a>>,
}

impl<'a> DiffPage<'a> {
    pub(super) fn of(diffs: &[Diff<'a>]) -> Self {
        DiffPage {
            version: VERSION,
            style: STYLE,
            diffs: diffs.iter().map(DiffView::of).collect(),
        }
    }
}

/// Two runs.
struct DiffView<'a> {
    title: String,
    runs: [RunRow<'a>; 2],
    same: String,
    partings: Vec<Parting<'a>>,
    servers: Vec<Server<'a>>,
}

struct RunRow<'a> {
    label: &'static str,
    name: String,
    verdict: &'a str,
    seed: u64,
    length: Lasting,
    events: usize,
}

/// An event of each run that the other does not have.
struct Parting<'a> {
    about: &'static str,
    before_clock: String,
    before: &'a str,
    after_clock: String,
    after: &'a str,
}

struct Server<'a> {
    name: &'a str,
    change: String,
    sides: [Side; 2],
    rows: Vec<Row>,
}

/// A virtual server in one of the runs.
struct Side {
    label: &'static str,
    out: Lasting,
    told: String,
    width: String,
    phases: Vec<Part>,
    service: Vec<Part>,
}

struct Part {
    kind: &'static str,
    lasted: Lasting,
    width: String,
}

struct Row {
    what: &'static str,
    is_phase: bool,
    before: Lasting,
    after: Lasting,
    change: String,
}

impl<'a> DiffView<'a> {
    fn of(diff: &Diff<'a>) -> Self {
        let (before, after) = (diff.before, diff.after);
        let out = |run: &Run| run.virtual_servers().map(|it| it.served().out).max();
        let scale = out(before).max(out(after)).unwrap_or_default();
        let until = before.until.max(after.until);
        let later = after
            .virtual_servers()
            .filter(|it| before.group(&it.name).is_none());
        let names = before.virtual_servers().chain(later);
        let mut partings = Vec::new();
        if let Some(parts) = &diff.parts {
            partings.push(parting(
                "The first event of each that is not in the other, its time included",
                parts,
            ));
        }
        if let Some(turns) = diff
            .turns
            .as_ref()
            .filter(|it| diff.parts.as_ref() != Some(it))
        {
            let about = "The first fault, order, decision or change of service that differs in more than its time";
            partings.push(parting(about, turns));
        }
        DiffView {
            title: match before.name() == after.name() {
                true => before.name(),
                false => format!("{} and {}", before.name(), after.name()),
            },
            runs: [run_row("before", before), run_row("after", after)],
            same: match (diff.is_same(), diff.same) {
                (true, _) => "The two are the same, event for event.".to_owned(),
                (false, 0) => "They differ from the first event on.".to_owned(),
                (false, 1) => "One event is the same.".to_owned(),
                (false, same) => format!("{same} events are the same."),
            },
            partings,
            servers: names
                .map(|it| server(&it.name, before, after, scale, until))
                .collect(),
        }
    }
}

fn run_row<'a>(label: &'static str, run: &'a Run) -> RunRow<'a> {
    RunRow {
        label,
        name: run.name(),
        verdict: run
            .verdict
            .as_ref()
            .map_or("none", |it| Verdict::as_str(it.verdict)),
        seed: run.header.seed,
        length: short(run.until - Time::ZERO),
        events: run.len(),
    }
}

fn parting<'a>(about: &'static str, (before, after): &Pair<'a>) -> Parting<'a> {
    let clock = |at: Option<Time>| at.map_or_else(String::new, |it| it.to_string());
    Parting {
        about,
        before_clock: clock(before.as_ref().map(|it| it.at)),
        before: before.as_ref().map_or("nothing more", |it| it.text),
        after_clock: clock(after.as_ref().map(|it| it.at)),
        after: after.as_ref().map_or("nothing more", |it| it.text),
    }
}

fn server<'a>(
    name: &'a str,
    before: &Run,
    after: &Run,
    scale: Duration,
    until: Time,
) -> Server<'a> {
    let (one, other) = (before.group(name), after.group(name));
    let served = |group: Option<&GroupStory>| group.map(GroupStory::served).unwrap_or_default();
    let spent =
        |group: Option<&GroupStory>, kind| group.map_or(Duration::ZERO, |it| it.spent(kind));
    let mut rows = vec![
        row("out of service", false, served(one).out, served(other).out),
        row("longest", false, served(one).longest, served(other).longest),
    ];
    for kind in PhaseKind::ALL {
        let (was, is) = (spent(one, kind), spent(other, kind));
        if !was.is_zero() || !is.is_zero() {
            rows.push(row(kind.as_str(), true, was, is));
        }
    }
    let (was, is) = (short(served(one).out).0, short(served(other).out).0);
    Server {
        name,
        change: match is.cmp(&was) {
            Ordering::Less => format!("{} less", short(was - is)),
            Ordering::Equal => "as long as before".to_owned(),
            Ordering::Greater => format!("{} more", short(is - was)),
        },
        sides: [("before", one), ("after", other)]
            .map(|(label, group)| side(label, group, scale, until)),
        rows,
    }
}

fn row(what: &'static str, is_phase: bool, before: Duration, after: Duration) -> Row {
    let (was, is) = (short(before), short(after));
    Row {
        what,
        is_phase,
        before: was,
        after: is,
        change: match is.cmp(&was) {
            Ordering::Less => format!("-{}", short(was.0 - is.0)),
            Ordering::Equal => "none".to_owned(),
            Ordering::Greater => format!("+{}", short(is.0 - was.0)),
        },
    }
}

fn side(label: &'static str, group: Option<&GroupStory>, scale: Duration, until: Time) -> Side {
    let out = group.map(GroupStory::served).unwrap_or_default().out;
    let spent = |kind| group.map_or(Duration::ZERO, |it| it.spent(kind));
    let phases: Vec<Part> = PhaseKind::ALL
        .into_iter()
        .filter(|kind| !spent(*kind).is_zero())
        .map(|kind| Part {
            kind: kind.as_str(),
            lasted: short(spent(kind)),
            width: width(spent(kind), out),
        })
        .collect();
    let parts: Vec<String> = phases
        .iter()
        .map(|it| format!("{} {}", it.kind, it.lasted))
        .collect();
    let mut service = Vec::new();
    let mut part = |kind, lasted: Duration| {
        service.push(Part {
            kind,
            lasted: short(lasted),
            width: width(lasted, until - Time::ZERO),
        });
    };
    let mut last = Time::ZERO;
    for span in group.map_or(&[][..], |it| &it.service) {
        part("none", span.from - last);
        part(if span.what { "served" } else { "lacking" }, span.lasted());
        last = span.to;
    }
    Side {
        label,
        out: short(out),
        told: match parts.is_empty() {
            true => format!("{label}: never out of service"),
            false => format!("{label}: {} in all: {}", short(out), parts.join(", ")),
        },
        width: width(out, scale),
        phases,
        service,
    }
}
