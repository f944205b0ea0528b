//! The state of a drill as it runs: its cluster, its watched conditions, its planned acts and its readings.

use std::any::Any;
use std::collections::{BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::rc::Rc;

use quorate_model::{FaultId, Time};

use crate::options::RunOptions;
use crate::stage::{Line, Stage, StageSource};
use crate::variables::Variables;
use crate::watched::{Act, Reads, Watch};
use crate::{DrillReport, Observer, Place, Remark, RemarkKind, Seen, Spot, Thrown};

/// The most readings that are remembered: more than anyone reads in a failure.
const SEEN_MAX: usize = 64;

/// The text that contains the drills.
#[derive(Clone, Debug, Default)]
pub struct DrillText {
    /// Its file, as it was named.
    pub file: String,
    /// Its contents.
    pub source: String,
    /// The folder that paths in it are relative to.
    pub folder: PathBuf,
    /// The expectations in the text of each drill, by the place of the drill.
    pub expected: Vec<(Spot, Vec<Expectation>)>,
}

/// A word of a drill that expects something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expectation {
    /// Its place, which is also reported when it is reached.
    pub at: Spot,
    /// The word.
    pub word: String,
}

/// The drill that runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct DrillState {
    /// When it must have ended, on the world's clock.
    pub(crate) limit: Option<Time>,
    /// Its remarks so far.
    pub(crate) remarks: Vec<Remark>,
    /// Whether it has expected anything so far.
    pub(crate) expects: bool,
    /// The places of its expectations so far.
    pub(crate) reached: BTreeSet<Spot>,
    /// The places of expectations that were not met.
    pub(crate) unmet: BTreeSet<Spot>,
    /// The last fault, with its place, unless something was expected after it.
    pub(crate) fault_left: Option<(Spot, String)>,
    /// Every fault it made.
    pub(crate) faults: Vec<MadeFault>,
    /// How many lines the journal had when its body began.
    pub(crate) first_line: usize,
}

/// A fault that a drill made.
#[derive(Clone, Debug)]
pub struct MadeFault {
    /// Its number.
    pub handle: FaultId,
    /// Where the drill made it.
    pub at: Spot,
    /// What was broken.
    pub what: String,
    /// Whether the drill says that this fault need not be noticed.
    pub may_go_unnoticed: bool,
}

/// The latest of these readings of each thing; only those made at or after `from` in the text.
pub(crate) fn latest(readings: VecDeque<(Spot, Seen)>, from: Spot) -> Vec<Seen> {
    let mut latest: Vec<Seen> = Vec::new();
    for (at, seen) in readings {
        if !at.is_none() && !from.is_none() && at < from {
            continue;
        }
        latest.retain(|older| older.what != seen.what);
        latest.push(seen);
    }
    latest
}

/// The state while a text is played; `F` is a function of its language.
pub struct Play<F> {
    /// The open cluster, if one is.
    pub(crate) stage: Option<Box<dyn Stage>>,
    /// Where clusters come from.
    pub(crate) source: Rc<dyn StageSource>,
    /// How the run was asked for.
    pub(crate) options: RunOptions,
    /// Who is told of the progress.
    pub(crate) observer: Box<dyn Observer>,
    /// The text, for places in it.
    pub(crate) text: DrillText,
    /// The drill that runs.
    pub(crate) drill: Option<DrillState>,
    /// The drills that ended.
    pub(crate) reports: Vec<DrillReport>,
    /// The journals of the drills that ended, if they are wanted.
    pub(crate) journal: Vec<u8>,
    /// Acts that are planned for later.
    pub(crate) acts: Vec<Act<F>>,
    /// How many acts are being carried out at this instant: one may wait for an answer, and another becomes due
    /// meanwhile.
    pub(crate) acting: usize,
    /// Conditions that are watched.
    pub(crate) watches: Vec<Watch<F>>,
    /// The stage's revision at the last evaluation of the watches.
    pub(crate) watched: Option<u64>,
    /// Whether a condition is being evaluated: it may read but not act.
    pub(crate) looking: bool,
    /// Whether a condition is being evaluated for a later instant.
    pub(crate) foreseeing: bool,
    /// What the last condition read that can change although nothing happens.
    pub(crate) reads: Reads,
    /// The result of the last condition.
    pub(crate) held: bool,
    /// The readings since the last statement that acted or expected something.
    pub(crate) seen: VecDeque<(Spot, Seen)>,
    /// Where `all` last went through an empty list, until this is cleared.
    pub(crate) over_nothing: Option<Spot>,
    /// The journal lines fetched so far.
    pub(crate) lines: Vec<Rc<Line>>,
    /// How many events the observer has been told.
    pub(crate) told: usize,
    /// How many breaches have been reported.
    pub(crate) breaches: usize,
    /// The variables of the run.
    pub(crate) variables: Variables,
}

impl<F> Play<F> {
    /// A play without a cluster.
    pub fn new(
        source: Rc<dyn StageSource>,
        options: RunOptions,
        observer: Box<dyn Observer>,
    ) -> Play<F> {
        let variables = Variables::new(options.variables.clone());
        Play {
            stage: None,
            source,
            options,
            observer,
            text: DrillText::default(),
            drill: None,
            reports: Vec::new(),
            journal: Vec::new(),
            acts: Vec::new(),
            acting: 0,
            watches: Vec::new(),
            watched: None,
            looking: false,
            foreseeing: false,
            reads: Reads::default(),
            held: false,
            seen: VecDeque::new(),
            over_nothing: None,
            lines: Vec::new(),
            told: 0,
            breaches: 0,
            variables,
        }
    }

    /// Where clusters come from.
    pub fn source(&self) -> Rc<dyn StageSource> {
        Rc::clone(&self.source)
    }

    /// How the run was asked for.
    pub fn options(&self) -> &RunOptions {
        &self.options
    }

    /// Takes the reports of the drills that ended, and their journals one after the other.
    pub fn take_reports(&mut self) -> (Vec<DrillReport>, Vec<u8>) {
        (
            std::mem::take(&mut self.reports),
            std::mem::take(&mut self.journal),
        )
    }

    /// The text that is played.
    pub fn text(&self) -> &DrillText {
        &self.text
    }

    /// The same, for changes.
    pub fn text_mut(&mut self) -> &mut DrillText {
        &mut self.text
    }

    /// Who is told of the progress.
    pub fn observer(&mut self) -> &mut dyn Observer {
        &mut *self.observer
    }

    /// The open cluster, if there is one. Use [`Play::guarded`] for calls that may panic.
    pub fn stage(&self) -> Option<&dyn Stage> {
        self.stage.as_deref()
    }

    /// The same, for changes.
    pub fn stage_mut(&mut self) -> Option<&mut (dyn Stage + 'static)> {
        self.stage.as_deref_mut()
    }

    /// Opens a cluster in place of the one that is open.
    pub fn enter(&mut self, stage: Box<dyn Stage>) {
        self.leave();
        self.stage = Some(stage);
    }

    /// Gives the open cluster back, and forgets everything that belongs to it.
    pub fn leave(&mut self) -> Option<Box<dyn Stage>> {
        self.acts.clear();
        self.acting = 0;
        self.watches.clear();
        self.watched = None;
        self.seen.clear();
        self.lines.clear();
        self.told = 0;
        self.breaches = 0;
        self.looking = false;
        self.foreseeing = false;
        self.stage.take()
    }

    /// Runs `look` on the open cluster and turns a panic into an internal error.
    ///
    /// # Errors
    ///
    /// If no cluster is open, or its world panicked: it is gone then.
    pub fn guarded<T>(&mut self, look: impl FnOnce(&mut dyn Stage) -> T) -> Result<T, Box<Thrown>> {
        let Some(stage) = self.stage.as_deref_mut() else {
            return Err(Box::new(Thrown::mistake(
                "no cluster is open: do this inside a drill, or open one with cluster(\"file.ron\")",
            )));
        };
        // The stage is dropped after a panic and never used again, so its broken invariants do no harm.
        match catch_unwind(AssertUnwindSafe(|| look(stage))) {
            Ok(value) => Ok(value),
            Err(panic) => {
                let stage = self.stage.take();
                let _ = catch_unwind(AssertUnwindSafe(move || drop(stage)));
                Err(Box::new(Thrown::internal(format!(
                    "the world panicked: {}",
                    panic_text(&*panic)
                ))))
            }
        }
    }

    /// Virtual time, zero if no cluster is open.
    pub fn now(&self) -> Time {
        self.stage.as_ref().map_or(Time::ZERO, |stage| stage.now())
    }

    /// The journal's lines so far.
    ///
    /// # Errors
    ///
    /// As [`Play::guarded`].
    pub fn lines(&mut self) -> Result<Vec<Rc<Line>>, Box<Thrown>> {
        let known = self.lines.len();
        let newer = self.guarded(|stage| stage.lines(known))?;
        self.lines.extend(newer.into_iter().map(Rc::new));
        Ok(self.lines.clone())
    }

    /// How many acts and watched conditions there are.
    pub fn plans(&self) -> usize {
        self.acts.len() + self.watches.len()
    }

    /// Tells the observer what has happened since the last time, if it follows that. What happens in a drill is told by
    /// the drill.
    pub fn tell(&mut self) {
        if self.in_drill() || !self.observer.follows() {
            return;
        }
        let told = self.told;
        // A world that has panicked has nothing more to tell.
        for event in self
            .guarded(|stage| stage.entries(told))
            .unwrap_or_default()
        {
            self.told += 1;
            self.observer.happened(&event);
        }
    }

    /// The value that the run has for a variable, as it was given; `None` if it has none.
    pub fn variable(&mut self, name: &str) -> Option<String> {
        let inside = self.in_drill();
        self.variables.ask(name, inside)
    }

    /// Every variable that was asked for.
    pub fn asked(&self) -> BTreeSet<String> {
        self.variables.all().clone()
    }

    /// Whether a drill runs.
    pub fn in_drill(&self) -> bool {
        self.drill.is_some()
    }

    /// How many lines the journal had when the body of the running drill began.
    pub fn first_line(&self) -> usize {
        self.drill.as_ref().map_or(0, |drill| drill.first_line)
    }

    /// Whether a condition is being evaluated: it may read but not act.
    pub fn is_looking(&self) -> bool {
        self.looking
    }

    /// Ends the evaluation of conditions, whatever its result.
    pub fn look_away(&mut self) {
        self.looking = false;
    }

    /// Whether a condition is being evaluated for a later instant, so that its output must not be shown.
    pub fn is_foreseeing(&self) -> bool {
        self.foreseeing
    }

    /// Begins to evaluate a condition. Returns whether that happens inside another condition.
    pub(crate) fn begin_look(&mut self) -> bool {
        self.over_nothing = None;
        self.reads = Reads::default();
        std::mem::replace(&mut self.looking, true)
    }

    /// Remembers a reading, for the report of a failure.
    pub fn saw(&mut self, at: Spot, seen: Seen) {
        if self.seen.len() >= SEEN_MAX {
            self.seen.pop_front();
        }
        self.seen.push_back((at, seen));
    }

    /// Forgets the readings so far, except inside a condition.
    pub fn begin_expectation(&mut self) {
        // The report of a failure shows only what this condition reads.
        if !self.looking {
            self.seen.clear();
        }
        self.over_nothing = None;
    }

    /// Takes the readings since the last statement that acted, the latest of each thing; only those made at or after
    /// `from` in the text.
    pub fn take_seen(&mut self, from: Spot) -> Vec<Seen> {
        latest(std::mem::take(&mut self.seen), from)
    }

    /// Notes that a clock or a running duration was read.
    pub fn read_time(&mut self) {
        self.reads.time = true;
    }

    /// Notes that a count of clients, or a duration that depends on their calls, was read.
    pub fn read_calls(&mut self) {
        self.reads.time = true;
        self.reads.calls = true;
    }

    /// Notes that a condition, if one is being evaluated, says something.
    pub fn says(&mut self) {
        self.reads.says = true;
    }

    /// Notes that `all` went through an empty list here.
    pub fn went_over_nothing(&mut self, at: Spot) {
        self.over_nothing = Some(at);
    }

    /// Takes the place where the last condition went through an empty list.
    pub fn take_over_nothing(&mut self) -> Option<Spot> {
        self.over_nothing.take()
    }

    /// Makes a remark: to the observer, in the journal and in the drill's report. Each place gets a kind of remark
    /// only once.
    pub fn remark(&mut self, kind: RemarkKind, at: Spot, text: impl Into<String>) {
        let place =
            (!at.is_none()).then(|| Place::in_source(&self.text.file, &self.text.source, at));
        let remark = Remark {
            kind,
            at: self.now(),
            place,
            text: text.into(),
        };
        if let Some(drill) = &mut self.drill {
            let same = |other: &Remark| {
                let told = other.place.is_some() || other.text == remark.text;
                other.kind == kind && other.place == remark.place && told
            };
            if drill.remarks.iter().any(same) {
                return;
            }
            drill.remarks.push(remark.clone());
        }
        // A world that has panicked has no journal any more.
        let _ = self.guarded(|stage| stage.mark_remark(kind.as_str(), &remark.text));
        self.observer.remark(&remark);
    }

    /// Notes an expectation at this place.
    pub fn expects(&mut self, at: Spot) {
        self.reaches(at);
        if let Some(drill) = &mut self.drill {
            drill.expects = true;
            drill.fault_left = None;
        }
    }

    /// The expectation at this place is not met. If the drill catches the error, a remark at its end says so.
    pub fn failed(&mut self, at: Spot, message: impl Into<String>) -> Thrown {
        if let Some(drill) = &mut self.drill {
            drill.unmet.insert(at);
        }
        Thrown::failed(message)
    }

    /// Notes that the drill has reached its expectation at this place.
    pub fn reaches(&mut self, at: Spot) {
        if let Some(drill) = &mut self.drill {
            drill.reached.insert(at);
        }
    }

    /// Remembers a fault that the drill made.
    pub fn made(&mut self, fault: MadeFault) {
        if let Some(drill) = &mut self.drill {
            drill.fault_left = Some((fault.at, fault.what.clone()));
            drill.faults.push(fault);
        }
    }

    /// A fault that nobody need notice.
    pub fn may_go_unnoticed(&mut self, fault: FaultId) {
        let drill = self.drill.as_mut();
        let made = drill.and_then(|it| it.faults.iter_mut().find(|it| it.handle == fault));
        if let Some(made) = made {
            made.may_go_unnoticed = true;
        }
    }
}

/// The message of a panic.
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
