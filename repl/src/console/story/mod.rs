//! What happens while time passes, told as it happens.

mod worth;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use quorate_journal::{Entry, What, WorldEvent};
use quorate_model::{Name, Time};
use quorate_report::sentence;

use super::screen::{self, Screen};
use crate::output::{Output, Tone};
use crate::report;
pub(super) use worth::{Worth, tone};

/// How much of what happens is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watch {
    /// Nothing.
    Off,
    /// What a person wants to know.
    Events,
    /// Every event of the journal.
    All,
}

impl Watch {
    /// Every one, by what it is called.
    pub(super) const ALL: [(&str, Watch); 3] = [
        ("off", Watch::Off),
        ("events", Watch::Events),
        ("all", Watch::All),
    ];

    /// What it is called.
    pub(super) fn as_str(self) -> &'static str {
        let found = Watch::ALL.iter().find(|(_, it)| *it == self);
        found.map_or("events", |(name, _)| name)
    }
}

/// The most lines for one input, where there is no terminal; of a terminal it is what it can show without scrolling.
const LINES: usize = 24;
/// How many of them are kept for the end, where they do not fit.
const LAST: usize = 4;

/// Something broken that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OpenFault {
    /// What was broken, in one sentence.
    pub(super) text: String,
    /// The name of what was broken.
    pub(super) subject: Option<Name>,
    /// Since when.
    pub(super) since: Time,
}

/// What has happened in the cluster that is open, as far as lines to come need it, and how much of it is told.
pub(super) struct Story {
    /// How much is told.
    pub(super) watch: Watch,
    /// Whether nothing is told for now, as while inputs are done again.
    pub(super) quiet: bool,
    /// The width that was asked for.
    pub(super) width: Option<usize>,
    /// Set to stop what runs at the next line that is told.
    stop_at_next: Option<Arc<AtomicBool>>,
    /// What is broken, by number.
    pub(super) faults: BTreeMap<u64, OpenFault>,
    /// Since when groups are out of service, as clients find.
    pub(super) out: BTreeMap<Name, Time>,
    /// The node that owned each group last.
    pub(super) owners: BTreeMap<Name, Name>,
    worth: Worth,
    /// Faults that are shown otherwise.
    shown: BTreeSet<u64>,
    lines: usize,
    last: VecDeque<String>,
    left_out: usize,
}

impl Story {
    pub(super) fn new() -> Story {
        Story {
            watch: Watch::Events,
            quiet: true,
            width: None,
            stop_at_next: None,
            faults: BTreeMap::new(),
            out: BTreeMap::new(),
            owners: BTreeMap::new(),
            worth: Worth::default(),
            shown: BTreeSet::new(),
            lines: 0,
            last: VecDeque::new(),
            left_out: 0,
        }
    }

    /// The screen as it is now.
    pub(super) fn screen(&self) -> Screen {
        Screen::now(self.width)
    }

    /// Begins an input.
    pub(super) fn begin(&mut self) {
        (self.lines, self.left_out) = (0, 0);
        self.last.clear();
        self.shown.clear();
    }

    /// From now on `cancel` is set at the next line that is told; `None` ends that.
    pub(super) fn stop_at_next(&mut self, cancel: Option<Arc<AtomicBool>>) {
        self.stop_at_next = cancel;
    }

    /// Whether it waits for a line to stop at.
    pub(super) fn is_stepping(&self) -> bool {
        self.stop_at_next.is_some()
    }

    /// The fault with this number is shown otherwise, and not told.
    pub(super) fn is_shown(&mut self, fault: u64) {
        self.shown.insert(fault);
    }

    /// Something happened: it is told if it is worth it.
    pub(super) fn happened(&mut self, event: &Entry, output: &mut Output) {
        // Another cluster begins.
        if event.n == 0 {
            self.faults.clear();
            self.out.clear();
            self.owners.clear();
            self.worth = Worth::default();
        }
        let worth = self.worth.weigh(event);
        let lasted = self.keep(event);
        let told = match self.watch {
            Watch::Off => self.is_stepping() && worth,
            Watch::Events => worth,
            Watch::All => true,
        };
        if !told || self.quiet || self.is_told_otherwise(event) {
            return;
        }
        if worth && let Some(cancel) = self.stop_at_next.take() {
            cancel.store(true, Ordering::SeqCst);
        }
        let mut text = sentence(&event.what, event.node.as_deref());
        if let Some(since) = lasted {
            text.push_str(&format!(" (after {})", report::span(event.at - since)));
        }
        let line = self.line(event.at, &text, tone(&event.what), *output);
        let most = self.most();
        self.lines += 1;
        if self.lines + LAST <= most {
            output.status("");
            output.line(&line);
            return;
        }
        // How many there are to come is not known, so the last ones wait for the end.
        self.last.push_back(line);
        if self.last.len() > LAST {
            self.last.pop_front();
            self.left_out += 1;
        }
    }

    /// The end of an input: what waited for it.
    pub(super) fn end(&mut self, output: &mut Output) {
        if self.last.is_empty() {
            return;
        }
        output.status("");
        if self.left_out > 0 {
            let mark = if self.screen().unicode { "…" } else { "..." };
            let text = format!("{mark} {} more, :events shows them", self.left_out);
            output.line(&output.paint().tone(Tone::Faint, &text));
        }
        for line in self.last.drain(..) {
            output.line(&line);
        }
        self.left_out = 0;
    }

    /// A line of it.
    fn line(&self, at: Time, text: &str, tone: Tone, output: Output) -> String {
        self.line_after("", at, text, tone, output)
    }

    /// A line that stands after `before`, which is not part of it.
    pub(super) fn line_after(
        &self,
        before: &str,
        at: Time,
        text: &str,
        tone: Tone,
        output: Output,
    ) -> String {
        let (screen, paint) = (self.screen(), output.paint());
        let first = format!("{before}{}  ", report::clock(at));
        // What reads a pipe takes lines as they are.
        let width = match (screen.terminal, self.width) {
            (false, None) => usize::MAX,
            _ => screen.width,
        };
        let lines = screen::wrapped(&first, text, width);
        let (label, rest) = lines.split_at_checked(first.len()).unwrap_or((&lines, ""));
        let rest: Vec<String> = rest.lines().map(|it| paint.tone(tone, it)).collect();
        let label = label.strip_prefix(before).unwrap_or(label);
        format!("{}{}", paint.tone(Tone::Faint, label), rest.join("\n"))
    }

    fn most(&self) -> usize {
        let screen = self.screen();
        match (self.watch, screen.terminal) {
            // Who asks for everything gets it.
            (Watch::All, _) => usize::MAX,
            (_, true) => screen.height.saturating_sub(6).max(2 * LAST),
            (_, false) => LINES,
        }
    }

    fn is_told_otherwise(&self, event: &Entry) -> bool {
        matches!(&event.what, What::World(WorldEvent::FaultInjected { id, .. }) if self.shown.contains(&id.0))
    }

    /// Keeps what later lines and `:status` need. For something that ends: since when it lasted.
    fn keep(&mut self, event: &Entry) -> Option<Time> {
        match &event.what {
            What::World(WorldEvent::FaultInjected {
                id,
                subject,
                fault,
                text,
            }) => {
                if fault.stands() {
                    let fault = OpenFault {
                        text: text.clone(),
                        subject: subject.clone(),
                        since: event.at,
                    };
                    self.faults.insert(id.0, fault);
                }
                None
            }
            What::World(WorldEvent::FaultHealed { id, .. }) => {
                self.faults.remove(&id.0).map(|it| it.since)
            }
            What::World(WorldEvent::ServiceLevel {
                subject,
                online: true,
                ..
            }) => self.out.remove(subject),
            What::World(WorldEvent::ServiceLevel { subject, .. }) => {
                self.out.entry(subject.clone()).or_insert(event.at);
                None
            }
            What::Node(quorate_journal::Event::GroupOwner { subject, to, .. })
                if !self.worth.joins(event.node.as_deref()) =>
            {
                self.owners.insert(subject.clone(), to.clone());
                None
            }
            _ => None,
        }
    }
}
