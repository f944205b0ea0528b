//! What the templates are filled with.

use std::time::Duration;

use askama::Template;
use quorate_journal::Verdict;
use quorate_model::{Lasting, Time};

use super::data::data;
use super::{SCRIPT, SORT, STYLE, VERSION};
use crate::civil::utc;
use crate::{
    DrillVerdict, FaultSpan, GroupStory, Mark, Outage, Phase, PhaseKind, Run, Sentence,
    outage_story,
};

/// A run's page.
#[derive(Template)]
#[template(path = "run.html")]
pub(super) struct RunView<'a> {
    version: &'static str,
    style: &'static str,
    script: &'static str,
    data: String,
    title: String,
    index: Option<&'a str>,
    verdict: Option<VerdictView<'a>>,
    cluster: &'a str,
    seed: Option<u64>,
    began: String,
    length: Lasting,
    /// A sentence, where the journal is not whole.
    cut: Option<String>,
    services_title: &'static str,
    servers: Vec<Server<'a>>,
    steps: Vec<Step<'a>>,
    said: Vec<Said>,
    faults: Vec<Broken<'a>>,
    outages: Vec<OutageView<'a>>,
    /// How many shorter ones are left out.
    shorter: usize,
}

struct VerdictView<'a> {
    verdict: Verdict,
    text: Option<&'a str>,
    place: Option<&'a str>,
    file: &'a str,
    repeat: &'a str,
}

impl<'a> From<&'a DrillVerdict> for VerdictView<'a> {
    fn from(it: &'a DrillVerdict) -> Self {
        VerdictView {
            verdict: it.verdict,
            text: it.text.as_deref(),
            place: it.place.as_deref(),
            file: &it.file,
            repeat: &it.repeat,
        }
    }
}

/// How a group was served.
struct Server<'a> {
    name: &'a str,
    state: String,
    availability: String,
    out: Lasting,
    planned: Lasting,
    longest: Lasting,
    count: usize,
}

struct Step<'a> {
    clock: Time,
    from: u64,
    to: u64,
    text: &'a str,
}

struct Said {
    clock: Time,
    text: String,
}

struct Broken<'a> {
    text: &'a str,
    from: Time,
    to: String,
    lasted: Lasting,
}

struct OutageView<'a> {
    group: &'a str,
    lasted: Lasting,
    /// What kind of outage it is, as the heading goes on.
    kind: &'static str,
    from: u64,
    to: u64,
    from_clock: Time,
    to_clock: String,
    /// From where to where the group went.
    way: String,
    /// The whole of it in a sentence, for those who do not see the bar.
    told: String,
    phases: Vec<PhaseView>,
    story: Vec<Sentence>,
}

struct PhaseView {
    kind: &'static str,
    from_clock: Time,
    lasted: Lasting,
    /// Percent of the bar.
    width: String,
    text: String,
}

impl<'a> RunView<'a> {
    pub(super) fn of(run: &'a Run, index: Option<&'a str>) -> Self {
        let ends = run.steps.iter().skip(1).map(|it| it.at).chain([run.until]);
        let (shown, shorter) = longest_outages(run);
        let any_server = run.groups.iter().any(|it| it.virtual_server);
        RunView {
            version: VERSION,
            style: STYLE,
            script: SCRIPT,
            data: data(run),
            title: run.name(),
            index,
            verdict: run.verdict.as_ref().map(VerdictView::from),
            cluster: &run.header.cluster,
            seed: (!run.live).then_some(run.header.seed),
            began: utc(&run.header, Time::ZERO, "%Y-%m-%d %H:%M:%S UTC"),
            length: short(run.until - Time::ZERO),
            cut: cut(run),
            services_title: if any_server {
                "Virtual servers"
            } else {
                "Groups"
            },
            servers: run.virtual_servers().map(|it| server(it, run)).collect(),
            steps: run
                .steps
                .iter()
                .zip(ends)
                .map(|(step, end)| Step {
                    clock: step.at,
                    from: step.at.0,
                    to: end.0,
                    text: &step.text,
                })
                .collect(),
            said: said(run),
            faults: run.faults.iter().map(broken).collect(),
            outages: shown
                .into_iter()
                .map(|(group, it)| outage(run, group, it))
                .collect(),
            shorter,
        }
    }
}

/// As many outages as a person reads, in the order in which they began, and how many shorter ones there are.
fn longest_outages(run: &Run) -> (Vec<(&GroupStory, &Outage)>, usize) {
    const MOST: usize = 50;
    let mut all = run.outages();
    let shorter = all.len().saturating_sub(MOST);
    all.sort_by_key(|(_, it)| std::cmp::Reverse(it.lasted()));
    all.truncate(MOST);
    all.sort_by_key(|(_, it)| (it.from, it.began));
    (all, shorter)
}

/// To the millisecond.
pub(super) fn short(length: Duration) -> Lasting {
    Lasting(length).to(Duration::from_millis(1))
}

fn cut(run: &Run) -> Option<String> {
    run.cut.map(|line| {
        format!("The journal breaks off in line {line}: whoever wrote it was ended, or still writes. This is what stands before.")
    })
}

fn server<'a>(group: &'a GroupStory, run: &Run) -> Server<'a> {
    let served = group.served();
    let state = match group.state_at(run.until) {
        None => "not known".to_owned(),
        Some(it) => match &it.owner {
            Some(owner) => format!("{} on {owner}", it.state),
            None => it.state.to_string(),
        },
    };
    Server {
        name: &group.name,
        state,
        availability: percent(served.availability()),
        out: short(served.out),
        planned: short(served.planned),
        longest: short(served.longest),
        count: served.count,
    }
}

/// Rounded down: what was ever away does not show 100 %.
fn percent(share: Option<f64>) -> String {
    share.map_or_else(
        || "never in service".to_owned(),
        |share| format!("{:.3} %", (share * 100_000.0).floor() / 1_000.0),
    )
}

/// Breaches first: they say that nothing else can be relied on.
fn said(run: &Run) -> Vec<Said> {
    let said = |label: &'static str| {
        move |it: &Mark| Said {
            clock: it.at,
            text: match &it.about {
                Some(about) => format!("{label} {about}: {}", it.text),
                None => it.text.clone(),
            },
        }
    };
    let breaches = run.breaches.iter().map(said("broken invariant"));
    breaches
        .chain(run.remarks.iter().map(said("remark")))
        .chain(run.notes.iter().map(said("note")))
        .collect()
}

fn broken(fault: &FaultSpan) -> Broken<'_> {
    Broken {
        text: &fault.text,
        from: fault.from,
        to: match (fault.is_momentary(), fault.open) {
            (true, _) => "it happened once".to_owned(),
            (false, true) => "the end".to_owned(),
            (false, false) => fault.to.to_string(),
        },
        lasted: short(fault.to - fault.from),
    }
}

fn outage<'a>(run: &Run, group: &'a GroupStory, it: &Outage) -> OutageView<'a> {
    let node = |name: &Option<quorate_model::Name>| name.as_ref().map(ToString::to_string);
    let way = match (node(&it.from_node), node(&it.to_node)) {
        (Some(from), Some(to)) if from != to => format!("from {from} to {to}"),
        (Some(on), _) | (None, Some(on)) => format!("on {on}"),
        (None, None) => String::new(),
    };
    let phases: Vec<PhaseView> = it
        .phases
        .iter()
        .map(|phase| phase_view(it, phase))
        .collect();
    let parts: Vec<String> = phases
        .iter()
        .map(|it| format!("{} {}", it.kind, it.lasted))
        .collect();
    let lasted = short(it.lasted());
    OutageView {
        group: &group.name,
        lasted,
        kind: match (it.planned, it.spoilt.is_some(), it.open) {
            (_, _, true) => ", and not over at the end",
            (true, true, _) => ", planned at first",
            (true, false, _) => ", planned",
            (false, _, _) => "",
        },
        from: it.from.0,
        to: it.to.0,
        from_clock: it.from,
        to_clock: if it.open {
            "the end".to_owned()
        } else {
            it.to.to_string()
        },
        told: format!("{} was away for {lasted}: {}", group.name, parts.join(", ")),
        way,
        phases,
        story: outage_story(run, group, it),
    }
}

fn phase_view(outage: &Outage, phase: &Phase) -> PhaseView {
    let slowest = outage
        .slowest
        .as_ref()
        .filter(|it| phase.kind == PhaseKind::Online && phase.from <= it.to && it.to <= phase.to);
    let text = phase.kind.text();
    PhaseView {
        kind: phase.kind.as_str(),
        from_clock: phase.from,
        lasted: short(phase.lasted()),
        width: width(phase.lasted(), outage.lasted()),
        text: match slowest {
            Some(it) => format!(
                "{text}; {} took longest: {}",
                it.resource,
                short(it.to - it.from)
            ),
            None => text.to_owned(),
        },
    }
}

/// A part of a whole in percent.
pub(super) fn width(part: Duration, whole: Duration) -> String {
    match whole.is_zero() {
        true => "0".to_owned(),
        false => format!("{:.3}", part.as_secs_f64() / whole.as_secs_f64() * 100.0),
    }
}

/// A run in an index.
#[derive(Clone, Debug)]
pub struct IndexRow {
    page: String,
    name: String,
    file: String,
    seed: u64,
    verdict: Option<Verdict>,
    length: Duration,
    /// Of virtual servers.
    count: usize,
    out: Duration,
    longest: Duration,
    group: String,
    phases: Vec<(PhaseKind, Duration)>,
}

impl IndexRow {
    /// The row of a run whose page is at `page`, seen from the index.
    pub fn of(run: &Run, page: &str) -> IndexRow {
        let outages = || {
            let servers = run.virtual_servers();
            servers.flat_map(|group| group.outages.iter().map(move |it| (group, it)))
        };
        // Of two equal ones the first.
        let longest = outages().reduce(|best, next| match best.1.lasted() >= next.1.lasted() {
            true => best,
            false => next,
        });
        let verdict = run.verdict.as_ref().map(|it| it.verdict);
        IndexRow {
            page: page.to_owned(),
            name: run.name(),
            file: run
                .verdict
                .as_ref()
                .map_or_else(String::new, |it| it.file.clone()),
            seed: run.header.seed,
            verdict,
            length: run.until - Time::ZERO,
            count: outages().count(),
            out: outages().map(|(_, it)| it.lasted()).sum(),
            longest: longest.map_or(Duration::ZERO, |(_, it)| it.lasted()),
            group: longest.map_or_else(String::new, |(group, _)| group.name.to_string()),
            phases: longest.map_or_else(Vec::new, |(_, it)| {
                it.phases
                    .iter()
                    .map(|phase| (phase.kind, phase.lasted()))
                    .collect()
            }),
        }
    }

    /// Whether a person should look at it.
    fn is_bad(&self) -> bool {
        !self.verdict.is_some_and(Verdict::is_fine)
    }

    /// From none and fine to bad.
    fn rank(&self) -> usize {
        let word = self.verdict.map_or("", Verdict::as_str);
        let place = Verdict::WORDS.iter().position(|it| *it == word);
        place.map_or(0, |place| place + 1)
    }
}

/// An index of several pages.
#[derive(Template)]
#[template(path = "index.html")]
pub(super) struct IndexView<'a> {
    version: &'static str,
    style: &'static str,
    script: &'static str,
    title: &'static str,
    summary: String,
    phases: Vec<(&'static str, &'static str)>,
    rows: Vec<RowView<'a>>,
}

struct RowView<'a> {
    page: &'a str,
    name: &'a str,
    file: &'a str,
    seed: u64,
    verdict: &'static str,
    verdict_rank: usize,
    length: Lasting,
    length_us: u128,
    count: usize,
    out: Lasting,
    out_us: u128,
    longest: Lasting,
    longest_us: u128,
    group: &'a str,
    told: String,
    phases: Vec<SmallPhase>,
}

struct SmallPhase {
    kind: &'static str,
    width: String,
}

impl<'a> IndexView<'a> {
    pub(super) fn of(rows: &'a [IndexRow]) -> Self {
        let scale = rows.iter().map(|it| it.longest).max().unwrap_or_default();
        let bad = rows.iter().filter(|it| it.is_bad()).count();
        let count = match rows.len() {
            1 => "1 drill".to_owned(),
            many => format!("{many} drills"),
        };
        IndexView {
            version: VERSION,
            style: STYLE,
            script: SORT,
            title: "Drills",
            summary: match bad {
                0 => format!("{count}, and nothing to worry about."),
                1 => format!("{count}, of which 1 is to be looked at."),
                many => format!("{count}, of which {many} are to be looked at."),
            },
            phases: PhaseKind::ALL
                .iter()
                .map(|it| (it.as_str(), it.text()))
                .collect(),
            rows: rows.iter().map(|it| row(it, scale)).collect(),
        }
    }
}

fn row(it: &IndexRow, scale: Duration) -> RowView<'_> {
    let parts: Vec<String> = it
        .phases
        .iter()
        .map(|(kind, lasted)| format!("{} {}", kind.as_str(), short(*lasted)))
        .collect();
    RowView {
        page: &it.page,
        name: &it.name,
        file: &it.file,
        seed: it.seed,
        verdict: it.verdict.map_or("none", Verdict::as_str),
        verdict_rank: it.rank(),
        length: short(it.length),
        length_us: it.length.as_micros(),
        count: it.count,
        out: short(it.out),
        out_us: it.out.as_micros(),
        longest: short(it.longest),
        longest_us: it.longest.as_micros(),
        group: &it.group,
        told: match parts.is_empty() {
            true => "no outage".to_owned(),
            false => format!("{}: {}", it.group, parts.join(", ")),
        },
        phases: it
            .phases
            .iter()
            .map(|(kind, lasted)| SmallPhase {
                kind: kind.as_str(),
                width: width(*lasted, scale),
            })
            .collect(),
    }
}
