//! The lines of a timeline.

use std::time::Duration;

use quorate_model::{GroupState, Time};

use super::{Scale, in_window};
use crate::run::{Felt, GroupStory, OwnedState, Phase, Run, Standing};

/// What draws the lines of one timeline.
pub(super) struct Lanes<'a> {
    pub(super) run: &'a Run,
    pub(super) scale: &'a Scale,
    /// How wide the names before the lines are.
    pub(super) label: usize,
}

/// Steps between the marks of the axis, in seconds.
const STEPS: [u64; 17] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400,
];

/// How wide a mark of the axis is, with a blank after it.
const MARK: usize = 9;

impl Lanes<'_> {
    fn line(&self, label: &str, lane: &[u8]) -> String {
        let lane = String::from_utf8_lossy(lane);
        let label: String = label.chars().take(self.label).collect();
        format!("{label:<width$}  {}\n", lane.trim_end(), width = self.label)
    }

    fn empty(&self, filled: u8) -> Vec<u8> {
        vec![filled; self.scale.columns]
    }

    /// The times, and a line of marks below them.
    pub(super) fn axis(&self) -> String {
        let (mut times, mut marks) = (self.empty(b' '), self.empty(b'-'));
        let mut free = 0;
        for stretch in &self.scale.stretches {
            let columns = stretch.column..stretch.column + stretch.columns;
            if stretch.cut {
                marks[columns].fill(b'~');
                continue;
            }
            for at in marks_of(stretch.from, stretch.to, stretch.columns) {
                let column = self.scale.column(at);
                marks[column] = b'|';
                let text = clock(at);
                let end = column + text.len();
                if column >= free && end <= times.len() {
                    times[column..end].copy_from_slice(text.as_bytes());
                    free = end + 1;
                }
            }
        }
        let cut = self.scale.stretches.iter().any(|it| it.cut);
        let label = if cut { "~ cut short" } else { "" };
        self.line("", &times) + &self.line(label, &marks)
    }

    /// A line for each fault, with its words in it as far as they go.
    pub(super) fn faults(&self, most: usize) -> String {
        let mut out = String::new();
        for (number, fault) in self.faults_shown(most) {
            let mut lane = self.empty(b' ');
            let columns = self.scale.span(fault.from, fault.to, fault.open);
            lane[columns.clone()].fill(b'=');
            lane[columns.start] = b'[';
            if !fault.open && columns.len() > 1 {
                lane[columns.end - 1] = b']';
            }
            out.push_str(&self.line(&format!("fault {number}"), &lane));
        }
        out
    }

    fn faults_shown(&self, most: usize) -> impl Iterator<Item = (usize, &crate::run::FaultSpan)> {
        let all = self.run.faults.iter();
        let shown = all.filter(|it| self.scale.shows(it.from, it.to));
        (1..).zip(shown).take(most)
    }

    /// Who coordinates, by letter.
    pub(super) fn coordinators(&self) -> String {
        let mut lane = self.empty(b'.');
        for span in &self.run.coordinators {
            if self.scale.shows(span.from, span.to) {
                let columns = self.scale.span(span.from, span.to, span.open);
                lane[columns].fill(self.letter(Some(&span.what)));
            }
        }
        self.line("coordinator", &lane)
    }

    /// A line for each node.
    pub(super) fn nodes(&self) -> String {
        let mut out = String::new();
        for node in &self.run.nodes {
            let letter = self.letter(Some(&node.name));
            let mut lane = self.empty(b' ');
            // What is short and not as usual must be seen.
            let usual = |standing: Standing| standing == Standing::Up;
            for round in [true, false] {
                let spans = node.standing.iter().filter(|it| usual(it.what) == round);
                for span in spans.filter(|it| self.scale.shows(it.from, it.to)) {
                    let columns = self.scale.span(span.from, span.to, span.open);
                    lane[columns].fill(standing_mark(span.what, letter));
                }
            }
            out.push_str(&self.line(&node.name, &lane));
        }
        out
    }

    /// The lines of a group: its owner, what its outages were spent on, and its clients.
    pub(super) fn group(&self, group: &GroupStory) -> String {
        let mut lane = self.empty(b' ');
        let online = |state: &OwnedState| state.state == GroupState::Online;
        for round in [true, false] {
            let spans = group.states.iter().filter(|it| online(&it.what) == round);
            for span in spans.filter(|it| self.scale.shows(it.from, it.to)) {
                let letter = self.letter(span.what.owner.as_deref());
                let mark = match span.what.state {
                    GroupState::Online => letter,
                    GroupState::Offline => b'.',
                    GroupState::Failed => b'!',
                    GroupState::PartialOnline | GroupState::Pending => letter.to_ascii_lowercase(),
                };
                lane[self.scale.span(span.from, span.to, span.open)].fill(mark);
            }
        }
        let mut out = self.line(&group.name, &lane);
        let mut lane = self.empty(b' ');
        let mut any = false;
        for outage in &group.outages {
            for phase in in_window(&outage.phases, self.scale) {
                self.phase(&mut lane, phase, outage.open && phase.to == outage.to);
                any = true;
            }
        }
        if any {
            out.push_str(&self.line("  out of it", &lane));
        }
        if group
            .clients
            .iter()
            .any(|it| self.scale.shows(it.from, it.to))
        {
            let mut lane = self.empty(b' ');
            // The worst is drawn last: a column may stand for more than one.
            for (felt, mark) in [
                (Felt::Answered, b'='),
                (Felt::Slow, b'~'),
                (Felt::Failed, b'x'),
            ] {
                let spans = group.clients.iter().filter(|it| it.what.felt == felt);
                for span in spans.filter(|it| self.scale.shows(it.from, it.to)) {
                    lane[self.scale.span(span.from, span.to, span.open)].fill(mark);
                }
            }
            out.push_str(&self.line("  clients", &lane));
        }
        out
    }

    /// A phase, with its name in it as far as it goes.
    fn phase(&self, lane: &mut [u8], phase: &Phase, open: bool) {
        let columns = self.scale.span(phase.from, phase.to, open);
        let room = columns.len() - 1;
        lane[columns.clone()].fill(b'-');
        lane[columns.start] = b'|';
        let name = phase.kind.as_str().as_bytes();
        let name = &name[..name.len().min(room)];
        lane[columns.start + 1..][..name.len()].copy_from_slice(name);
    }

    /// The letter of a node: A for the first.
    fn letter(&self, name: Option<&str>) -> u8 {
        let place = self.run.nodes.iter().position(|it| Some(&*it.name) == name);
        match place.and_then(|it| u8::try_from(it).ok()) {
            Some(place) if place < 26 => b'A' + place,
            Some(_) => b'@',
            None => b'?',
        }
    }

    /// What the letters and marks mean: those that are there.
    pub(super) fn legend(&self, most: usize) -> String {
        let width = self.label + 2 + self.scale.columns;
        let mut out = String::new();
        for (number, fault) in self.faults_shown(most) {
            let mut text = format!("fault {number}: {}, {}", fault.text, fault.from);
            if !fault.is_momentary() {
                let until = match fault.open {
                    true => " to the end".to_owned(),
                    false => format!(" to {}", fault.to),
                };
                text.push_str(&until);
            }
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            out.push_str(&wrapped(&words, " ", width));
        }
        let all = self.run.faults.iter();
        let all = all.filter(|it| self.scale.shows(it.from, it.to)).count();
        if all > most {
            out.push_str(&format!("and {} more faults\n", all - most));
        }
        let mut words: Vec<String> = self
            .run
            .nodes
            .iter()
            .map(|it| format!("{} {}", char::from(self.letter(Some(&it.name))), it.name))
            .collect();
        words.push("small: on the way".to_owned());
        words.push("! failed, . offline or nobody".to_owned());
        let standings = Standing::ALL.into_iter().filter(|it| *it != Standing::Up);
        let seen = standings.filter(|standing| {
            let nodes = &mut self.run.nodes.iter();
            nodes.any(|node| {
                let mut spans = node.standing.iter();
                spans.any(|it| it.what == *standing && self.scale.shows(it.from, it.to))
            })
        });
        let marks =
            seen.map(|it| format!("{} {}", char::from(standing_mark(it, b'A')), it.as_str()));
        let marks: Vec<String> = marks.collect();
        if !marks.is_empty() {
            words.push(format!("nodes: {}", marks.join(", ")));
        }
        out.push_str(&wrapped(&words, "; ", width));
        out
    }
}

/// How a node's line shows what it is.
fn standing_mark(standing: Standing, letter: u8) -> u8 {
    match standing {
        Standing::Off => b' ',
        Standing::Down => b'_',
        Standing::Joining => b'+',
        Standing::Up => letter,
        Standing::Paused => b'p',
        Standing::Frozen => b'*',
        Standing::NoQuorum => b'?',
        Standing::Evicted => b'x',
    }
}

/// Texts one after the other, with `between` between them, in lines that are at most so long if they can be.
fn wrapped(texts: &[String], between: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for text in texts {
        match lines.last_mut() {
            Some(last) if last.len() + between.len() + text.len() <= width => {
                last.push_str(between);
                last.push_str(text);
            }
            _ => lines.push(text.clone()),
        }
    }
    lines.iter().map(|it| format!("{it}\n")).collect()
}

/// The round instants in a stretch at which the axis has marks, with room for their texts.
fn marks_of(from: Time, to: Time, columns: usize) -> Vec<Time> {
    let seconds = (to - from).as_secs_f64();
    let room = (columns / MARK).max(1);
    let fits = |step: &&u64| seconds / **step as f64 <= room as f64;
    let step = STEPS.iter().find(fits).copied().unwrap_or(604_800);
    let step = Duration::from_secs(step);
    let micros = u64::try_from(step.as_micros()).unwrap_or(u64::MAX);
    let mut at = Time(from.0.div_ceil(micros).saturating_mul(micros));
    let mut all = Vec::new();
    while at < to {
        all.push(at);
        at += step;
    }
    all
}

/// An instant without its fraction.
fn clock(at: Time) -> String {
    let text = at.to_string();
    text.split_once('.')
        .map_or(text.clone(), |(whole, _)| whole.to_owned())
}
