//! Two runs side by side: where they part, and what that did to the outages.

use std::time::Duration;

use quorate_model::{Lasting, same_name};

use crate::run::{Moment, PhaseKind, Run};
use crate::summary::table;

/// An event of each run; `None` where that run has no further.
pub type Pair<'a> = (Option<Moment<'a>>, Option<Moment<'a>>);

/// Where two runs part, and how they ended.
#[derive(Debug)]
pub struct Diff<'a> {
    /// The run before.
    pub before: &'a Run,
    /// The run after.
    pub after: &'a Run,
    /// How many events are the same in both, times included, before the first that is not.
    pub same: usize,
    /// The first event of each that differs in anything, its time included; `None` where one of them has ended.
    pub parts: Option<Pair<'a>>,
    /// The first decision, fault, order or change of service or membership of each that differs in more than its time;
    /// `None` where one has no further.
    pub turns: Option<Pair<'a>>,
}

/// What changes a run's course. Events between these follow from them, or from chance.
const TURNS: [&str; 17] = [
    "step",
    "fault-injected",
    "fault-healed",
    "asked",
    "answered",
    "regroup",
    "node-state",
    "group-moving",
    "group-move-cancelled",
    "group-owner",
    "group-stranded",
    "group-resting",
    "restart",
    "given-up",
    "policy",
    "service-level",
    "breach",
];

impl<'a> Diff<'a> {
    /// Compares two runs.
    pub fn of(before: &'a Run, after: &'a Run) -> Self {
        let same = |one: &Moment<'_>, other: &Moment<'_>| one.at == other.at && alike(one, other);
        let (count, parts) = first_apart(before.moments(), after.moments(), same);
        let turns = |run: &'a Run| run.moments().filter(|it| TURNS.contains(&it.kind));
        let (_, turns) = first_apart(turns(before), turns(after), alike);
        Diff {
            before,
            after,
            same: count,
            parts,
            turns,
        }
    }

    /// Whether nothing differs.
    pub fn is_same(&self) -> bool {
        self.parts.is_none()
    }

    /// The comparison in words and a table, with a line break after each line.
    pub fn tell(&self) -> String {
        let mut out = String::new();
        for (label, run) in [("before", self.before), ("after", self.after)] {
            let verdict = run
                .verdict
                .as_ref()
                .map_or("no verdict", |it| it.verdict.as_str());
            out.push_str(&format!(
                "{label:<6}  {}: {verdict}, seed {}, {} events until {}\n",
                run.name(),
                run.header.seed,
                run.len(),
                run.until
            ));
        }
        out.push('\n');
        match &self.parts {
            None => {
                out.push_str("The two are the same, event for event.\n");
                return out;
            }
            Some(parts) => {
                out.push_str(&match self.same {
                    0 => "They differ from the first event on:\n".to_owned(),
                    1 => "One event is the same. Then they part:\n".to_owned(),
                    same => format!("{same} events are the same. Then they part:\n"),
                });
                out.push_str(&both(parts));
            }
        }
        match &self.turns {
            None => out.push_str("Every fault, order, decision and change of service is the same but for its time.\n"),
            Some(turns) if self.same_pair(turns) => {}
            Some(turns) => {
                out.push_str("The first fault, order, decision or change of service that differs in more than its time:\n");
                out.push_str(&both(turns));
            }
        }
        out.push('\n');
        out.push_str(&self.outages());
        out
    }

    fn same_pair(&self, turns: &Pair<'_>) -> bool {
        self.parts.as_ref() == Some(turns)
    }

    /// The outages of each virtual server before and after, and what they were spent on.
    fn outages(&self) -> String {
        let ms = |span: Duration| Lasting(span).to(Duration::from_millis(1)).to_string();
        let mut rows = vec![["virtual server", "", "before", "after", "change"].map(str::to_owned)];
        let later = self.after.virtual_servers();
        let later = later.filter(|it| self.before.group(&it.name).is_none());
        for group in self.before.virtual_servers().chain(later) {
            let one = self.before.group(&group.name).map(|it| it.served());
            let other = self.after.group(&group.name).map(|it| it.served());
            let (one, other) = (one.unwrap_or_default(), other.unwrap_or_default());
            let mut row = |name: &str, what: &str, before: Duration, after: Duration| {
                let change = match () {
                    () if after > before => format!("+{}", ms(after - before)),
                    () if after < before => format!("-{}", ms(before - after)),
                    () => "none".to_owned(),
                };
                rows.push([
                    name.to_owned(),
                    what.to_owned(),
                    ms(before),
                    ms(after),
                    change,
                ]);
            };
            row(&group.name, "out of service", one.out, other.out);
            if one.out.is_zero() && other.out.is_zero() {
                continue;
            }
            row("", "longest", one.longest, other.longest);
            for kind in PhaseKind::ALL {
                let spent = |run: &Run| {
                    let mut groups = run.groups.iter();
                    let group = groups.find(|it| same_name(&it.name, &group.name));
                    group.map(|it| it.spent(kind)).unwrap_or_default()
                };
                let (before, after) = (spent(self.before), spent(self.after));
                if before != after {
                    row("", kind.as_str(), before, after);
                }
            }
        }
        table(&rows)
    }
}

/// Whether two events tell the same, whenever they happened.
fn alike(one: &Moment<'_>, other: &Moment<'_>) -> bool {
    (one.kind, one.node, one.subject, one.text)
        == (other.kind, other.node, other.subject, other.text)
}

/// How many pairs are the same, and the first pair that is not.
fn first_apart<'a>(
    mut before: impl Iterator<Item = Moment<'a>>,
    mut after: impl Iterator<Item = Moment<'a>>,
    same: impl Fn(&Moment<'_>, &Moment<'_>) -> bool,
) -> (usize, Option<Pair<'a>>) {
    let mut count = 0;
    loop {
        match (before.next(), after.next()) {
            (None, None) => return (count, None),
            (Some(one), Some(other)) if same(&one, &other) => count += 1,
            parts => return (count, Some(parts)),
        }
    }
}

fn both((before, after): &Pair<'_>) -> String {
    let line = |label: &str, moment: &Option<Moment<'_>>| match moment {
        Some(it) => format!("  {label:<6}  {}  {}\n", it.at, it.text),
        None => format!("  {label:<6}  nothing more\n"),
    };
    line("before", before) + &line("after", after)
}
