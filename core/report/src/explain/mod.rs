//! A run told in sentences, from cause to effect: what failed, how it was noticed, what was decided and by which rule, and
//! what would have helped.

mod advice;
mod failback;
mod place;
mod rules;
mod story;

use std::time::Duration;

use quorate_model::{Lasting, Time, nearest};

use crate::run::{GroupStory, Outage, PhaseKind, Run};
use crate::text::cause_in_words;
use story::Told;

pub use place::candidates;
pub use rules::periods;

/// What is to be explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explain {
    /// The group, by name and without regard to case. Every virtual server that something happened to, if none is named.
    pub group: Option<String>,
    /// The instant that is asked about. The whole run, if none is named.
    pub at: Option<Time>,
    /// How wide a line may be, in characters.
    pub width: usize,
}

impl Default for Explain {
    fn default() -> Self {
        Explain {
            group: None,
            at: None,
            width: 80,
        }
    }
}

/// Why nothing can be explained.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    /// The run has no such group.
    #[error("there is no group \"{name}\" in this run{hint}; it has {all}")]
    NoGroup {
        /// As it was asked for.
        name: String,
        /// A name like it.
        hint: String,
        /// The groups there are.
        all: String,
    },
    /// The run does not reach so far.
    #[error("the run goes from {from} to {until}, and {at} is not in it")]
    NotThen {
        /// As it was asked for.
        at: Time,
        /// Its first event.
        from: Time,
        /// Its end.
        until: Time,
    },
}

/// How many outages are told in full where no group is named.
const MOST: usize = 8;

impl Explain {
    /// The explanation, with a line break after each line.
    ///
    /// # Errors
    /// A group or an instant that the run does not have.
    pub fn tell(&self, run: &Run) -> Result<String, ExplainError> {
        let group = self
            .group
            .as_deref()
            .map(|name| find(run, name))
            .transpose()?;
        let from = run.moments().next().map_or(Time::ZERO, |it| it.at);
        if let Some(at) = self.at.filter(|at| *at < from || *at > run.until) {
            let until = run.until;
            return Err(ExplainError::NotThen { at, from, until });
        }
        let mut out = Paper::new(self.width);
        out.line(&headline(run));
        match (group, self.at) {
            (Some(group), Some(at)) => self.then(run, group, at, &mut out),
            (Some(group), None) => whole(run, group, &mut out),
            (None, Some(at)) => {
                for group in run.virtual_servers() {
                    self.then(run, group, at, &mut out);
                }
            }
            (None, None) => everything(run, &mut out),
        }
        Ok(out.text)
    }

    /// What there is to say of a group at an instant.
    fn then(&self, run: &Run, group: &GroupStory, at: Time, out: &mut Paper) {
        let owned = group.state_at(at);
        let (state, owner) = match owned {
            Some(now) => (
                now.state.as_str(),
                now.owner.as_deref().unwrap_or("nobody known"),
            ),
            None => ("not told of yet", "nobody known"),
        };
        let served = if group.served_at(at) {
            "in service"
        } else {
            "out of service"
        };
        out.gap();
        out.line(&format!(
            "At {at} {} was {served}; the cluster had it as {state}, owned by {owner}.",
            group.name
        ));
        match group.outage_at(at) {
            Some(outage) => {
                if let Some(phase) = outage.phases.iter().find(|it| it.from <= at && at < it.to) {
                    out.line(&format!(
                        "It had been so for {}, and the cluster was at \"{}\": {}.",
                        lasting(at - outage.from),
                        phase.kind.as_str(),
                        phase.kind.text()
                    ));
                }
                told(run, group, outage, out);
            }
            None => {
                arrival(run, group, at, out);
                not_yet(run, group, at, out);
            }
        }
        if let Some(text) = failback::why_not(run, group, at) {
            out.gap();
            out.line(&text);
        }
    }
}

fn find<'a>(run: &'a Run, name: &str) -> Result<&'a GroupStory, ExplainError> {
    run.group(name).ok_or_else(|| {
        let names = || run.groups.iter().map(|it| it.name.as_str());
        let hint = nearest(name, names());
        ExplainError::NoGroup {
            name: name.to_owned(),
            hint: hint.map_or_else(String::new, |it| format!(" (did you mean \"{it}\"?)")),
            all: crate::text::listed(&names().collect::<Vec<_>>()),
        }
    })
}

fn headline(run: &Run) -> String {
    match &run.verdict {
        Some(it) => {
            let why = it
                .text
                .as_ref()
                .map_or_else(String::new, |why| format!(": {why}"));
            format!("{}: {}{why}", it.drill, it.verdict)
        }
        None => format!("{}, to {}", run.name(), run.until),
    }
}

/// A sentence or more of an outage's story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// When it happened; `None` for what is said of the whole.
    pub at: Option<Time>,
    /// What there is to say.
    pub text: String,
}

/// One outage from cause to effect, and what would have helped.
pub fn outage_story(run: &Run, group: &GroupStory, outage: &Outage) -> Vec<Sentence> {
    let told = story::story(run, group, outage).into_iter();
    let told = told.map(|Told { at, text }| Sentence { at: Some(at), text });
    let advice = advice::advice(run, group, outage);
    told.chain(advice.map(|text| Sentence { at: None, text }))
        .collect()
}

/// The whole run: its longest outages, and what stayed as it was.
fn everything(run: &Run, out: &mut Paper) {
    let mut outages = run.outages();
    let servers: Vec<&str> = run.virtual_servers().map(|it| &*it.name).collect();
    outages.retain(|(group, _)| servers.contains(&&*group.name));
    if outages.is_empty() {
        out.gap();
        out.line("No virtual server was out of service.");
    }
    let mut longest: Vec<Duration> = outages.iter().map(|(_, it)| it.lasted()).collect();
    longest.sort_unstable_by(|one, other| other.cmp(one));
    let least = longest.get(MOST - 1).copied().unwrap_or_default();
    let all = outages.len();
    let mut shown = 0;
    for (group, outage) in outages {
        if outage.lasted() >= least && shown < MOST {
            shown += 1;
            told(run, group, outage, out);
        }
    }
    if all > shown {
        out.gap();
        out.line(&format!(
            "{} shorter outages are left out; --group or --at tells of them.",
            all - shown
        ));
    }
    for group in run.virtual_servers() {
        not_yet(run, group, run.until, out);
        if let Some(text) = failback::why_not(run, group, run.until) {
            out.gap();
            out.line(&text);
        }
    }
}

/// One group, from the first event to the last.
fn whole(run: &Run, group: &GroupStory, out: &mut Paper) {
    if group.outages.is_empty() {
        out.gap();
        let served = group.service.iter().any(|it| it.what);
        if served {
            out.line(&format!("{} was never out of service.", group.name));
        }
        arrival(run, group, run.until, out);
    }
    for outage in &group.outages {
        told(run, group, outage, out);
    }
    not_yet(run, group, run.until, out);
    if let Some(text) = failback::why_not(run, group, run.until) {
        out.gap();
        out.line(&text);
    }
}

/// An outage from its cause to its end, and what would have helped.
fn told(run: &Run, group: &GroupStory, outage: &Outage, out: &mut Paper) {
    out.gap();
    let when = match outage.open {
        true => format!("from {} to the end of the run", outage.from),
        false => format!("from {} to {}", outage.from, outage.to),
    };
    let planned = match (outage.planned, outage.spoilt) {
        (true, None) => "as planned",
        (true, Some(_)) => "as planned at first, until something failed",
        (false, _) => "unplanned",
    };
    out.line(&format!(
        "{} was out of service for {}, {when}, {planned}.",
        group.name,
        lasting(outage.lasted())
    ));
    out.gap();
    for Told { at, text } in story::story(run, group, outage) {
        out.entry(at, &text);
    }
    out.gap();
    let parts = PhaseKind::ALL.into_iter().filter(|kind| {
        let mut phases = outage.phases.iter();
        phases.any(|it| it.kind == *kind)
    });
    let parts: Vec<String> = parts
        .map(|kind| format!("{} {}", kind.as_str(), lasting(outage.spent(kind))))
        .collect();
    if !parts.is_empty() {
        out.line(&format!("It was spent on: {}.", parts.join(", ")));
    }
    if let Some(text) = advice::advice(run, group, outage) {
        out.line(&text);
    }
}

/// How the group came to where it is.
fn arrival(run: &Run, group: &GroupStory, at: Time, out: &mut Paper) {
    let moved = run
        .moments()
        .rev()
        .filter(|it| it.at <= at && it.subject == Some(&*group.name))
        .find(|it| it.kind == "group-owner");
    let fact = moved.and_then(|it| run.fact(it.n));
    let Some(quorate_journal::What::Node(quorate_journal::Event::GroupOwner {
        from,
        to,
        cause,
        ..
    })) = fact
    else {
        return;
    };
    let when = moved.map_or(at, |it| it.at);
    let mut text = format!(
        "It came to {to} from {from} at {when}: {}.",
        cause_in_words(*cause)
    );
    if let Some(why) = place::why_there(run, &group.name, from, to, when) {
        text.push(' ');
        text.push_str(&why);
    }
    out.line(&text);
}

/// Why a group has never been in service.
fn not_yet(run: &Run, group: &GroupStory, at: Time, out: &mut Paper) {
    let served = group.service.iter().any(|it| it.what && it.from <= at);
    if served || !run.truth {
        return;
    }
    out.gap();
    out.line(&format!(
        "{} has not been in service until {at}.",
        group.name
    ));
    for Told { at, text } in story::news(run, group, Time::ZERO, at) {
        out.entry(at, &text);
    }
}

fn lasting(span: Duration) -> Lasting {
    Lasting(span).to(Duration::from_millis(1))
}

/// Lines of a width.
struct Paper {
    text: String,
    width: usize,
}

impl Paper {
    fn new(width: usize) -> Self {
        Paper {
            text: String::new(),
            width: width.max(40),
        }
    }

    /// An empty line, unless there is one, or nothing yet.
    fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn line(&mut self, text: &str) {
        self.wrapped("", "", text);
    }

    /// An instant, and what happened then.
    fn entry(&mut self, at: Time, text: &str) {
        let at = format!("  {at}  ");
        let indent = " ".repeat(at.len());
        self.wrapped(&at, &indent, text);
    }

    fn wrapped(&mut self, first: &str, indent: &str, text: &str) {
        let mut line = first.to_owned();
        let mut empty = true;
        for word in text.split_whitespace() {
            let width = line.chars().count() + 1 + word.chars().count();
            if !empty && width > self.width {
                self.text.push_str(line.trim_end());
                self.text.push('\n');
                line = indent.to_owned();
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}
