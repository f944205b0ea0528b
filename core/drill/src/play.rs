//! A drill as it is played: the cluster it plays on, what is watched, what is to come, and what was read.

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::rc::Rc;

use quorate_model::{FaultId, Time};

use crate::options::RunOptions;
use crate::stage::{Line, Stage, StageSource};
use crate::watched::{Act, Reads, Watch};
use crate::{DrillReport, Observer, Place, Remark, RemarkKind, Seen, Spot, Thrown};

/// Readings remembered at most: more than anyone reads in a failure.
const SEEN_MAX: usize = 64;

/// The text that drills stand in.
#[derive(Clone, Debug, Default)]
pub struct DrillText {
    /// Its file, as it was named.
    pub file: String,
    /// Its contents.
    pub source: String,
    /// The folder that paths in it are relative to.
    pub folder: PathBuf,
    /// What each drill expects in its own text, by where the drill stands.
    pub expected: Vec<(Spot, Vec<Expectation>)>,
}

/// A word of a drill that expects something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expectation {
    /// Where it stands: the place at which it says that it was reached.
    pub at: Spot,
    /// The word.
    pub word: String,
}

/// The drill that runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct DrillState {
    /// When it must have ended, on the world's clock.
    pub(crate) limit: Option<Time>,
    /// What showed nothing so far.
    pub(crate) remarks: Vec<Remark>,
    /// Whether anything was expected so far.
    pub(crate) expects: bool,
    /// Where.
    pub(crate) reached: BTreeSet<Spot>,
    /// Where something was expected that was not so.
    pub(crate) unmet: BTreeSet<Spot>,
    /// The last fault, and where it was made, as long as nothing was expected since.
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
    /// Whether the drill says that nobody is to notice.
    pub may_go_unnoticed: bool,
}

/// What is known while a text is played; `F` is a function of the language it is told in.
pub struct Play<F> {
    /// The open cluster, if one is.
    pub(crate) stage: Option<Box<dyn Stage>>,
    /// Where clusters come from.
    pub(crate) source: Rc<dyn StageSource>,
    /// How the run was asked for.
    pub(crate) options: RunOptions,
    /// Who is told.
    pub(crate) observer: Box<dyn Observer>,
    /// The text, for places in it.
    pub(crate) text: DrillText,
    /// The drill that runs.
    pub(crate) drill: Option<DrillState>,
    /// The drills that ended.
    pub(crate) reports: Vec<DrillReport>,
    /// The journals of the drills that ended, if they are wanted.
    pub(crate) journal: Vec<u8>,
    /// What is to happen while time passes.
    pub(crate) acts: Vec<Act<F>>,
    /// How many of them happen at this instant, inside each other where one waits for an answer.
    pub(crate) acting: usize,
    /// What is watched while time passes.
    pub(crate) watches: Vec<Watch<F>>,
    /// The revision after which the watches were last looked at.
    pub(crate) watched: Option<u64>,
    /// Whether a condition is being evaluated, which may look and not act.
    pub(crate) looking: bool,
    /// Whether a condition is being evaluated as it will be at an instant to come.
    pub(crate) foreseeing: bool,
    /// What the last condition read that changes without anything happening.
    pub(crate) reads: Reads,
    /// Whether it held.
    pub(crate) held: bool,
    /// What was read since the last statement that acted or expected.
    pub(crate) seen: Vec<(Spot, Seen)>,
    /// Where `all` last went through an empty list, since this was last forgotten.
    pub(crate) over_nothing: Option<Spot>,
    /// Journal lines as they were last fetched.
    pub(crate) lines: Vec<Rc<Line>>,
    /// How many breaches were reported.
    pub(crate) breaches: usize,
}

impl<F> Play<F> {
    /// Nothing is open, and nothing runs.
    pub fn new(
        source: Rc<dyn StageSource>,
        options: RunOptions,
        observer: Box<dyn Observer>,
    ) -> Play<F> {
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
            seen: Vec::new(),
            over_nothing: None,
            lines: Vec::new(),
            breaches: 0,
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

    /// The drills that ended, and their journals one after the other; both are taken away.
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

    /// The same, to be set or to grow.
    pub fn text_mut(&mut self) -> &mut DrillText {
        &mut self.text
    }

    /// Who is told how it goes on.
    pub fn observer(&mut self) -> &mut dyn Observer {
        &mut *self.observer
    }

    /// The open cluster, if one is. What may panic is for [`Play::guarded`].
    pub fn stage(&self) -> Option<&dyn Stage> {
        self.stage.as_deref()
    }

    /// The same, to act on.
    pub fn stage_mut(&mut self) -> Option<&mut (dyn Stage + 'static)> {
        self.stage.as_deref_mut()
    }

    /// Opens a cluster in place of the one that is open.
    pub fn enter(&mut self, stage: Box<dyn Stage>) {
        self.leave();
        self.stage = Some(stage);
    }

    /// Forgets everything that belongs to the cluster that was open, and gives it back.
    pub fn leave(&mut self) -> Option<Box<dyn Stage>> {
        self.acts.clear();
        self.acting = 0;
        self.watches.clear();
        self.watched = None;
        self.seen.clear();
        self.lines.clear();
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
        // The stage is dropped after a panic and never looked at again, so a broken invariant of it is not seen.
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

    /// Whether a drill runs.
    pub fn in_drill(&self) -> bool {
        self.drill.is_some()
    }

    /// How many lines the journal had when the body of the drill that runs began.
    pub fn first_line(&self) -> usize {
        self.drill.as_ref().map_or(0, |drill| drill.first_line)
    }

    /// Whether a condition is being evaluated, which may look and not act.
    pub fn is_looking(&self) -> bool {
        self.looking
    }

    /// No condition is being evaluated any more, whatever became of the last one.
    pub fn look_away(&mut self) {
        self.looking = false;
    }

    /// Whether a condition is being evaluated as it will be at an instant to come: what it says is not to be told.
    pub fn is_foreseeing(&self) -> bool {
        self.foreseeing
    }

    /// A condition is about to be evaluated: whether that is inside another.
    pub(crate) fn begin_look(&mut self) -> bool {
        self.over_nothing = None;
        self.reads = Reads::default();
        std::mem::replace(&mut self.looking, true)
    }

    /// Remembers what was read here, for the report of a failure.
    pub fn saw(&mut self, at: Spot, seen: Seen) {
        if self.seen.len() >= SEEN_MAX {
            self.seen.remove(0);
        }
        self.seen.push((at, seen));
    }

    /// Forgets what was read so far, except inside a condition.
    pub fn begin_expectation(&mut self) {
        // Only what this very condition reads is worth telling.
        if !self.looking {
            self.seen.clear();
        }
        self.over_nothing = None;
    }

    /// Everything read since the last statement that acted, latest reading of each thing; of what stands at or after `from`
    /// in the text.
    pub fn take_seen(&mut self, from: Spot) -> Vec<Seen> {
        let readings = std::mem::take(&mut self.seen);
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

    /// Notes that a clock or a duration that runs was read.
    pub fn read_time(&mut self) {
        self.reads.time = true;
    }

    /// Notes that something was read which clients count, or which runs with their calls.
    pub fn read_calls(&mut self) {
        self.reads = Reads {
            time: true,
            calls: true,
        };
    }

    /// Notes that a condition went through an empty list here.
    pub fn went_over_nothing(&mut self, at: Spot) {
        self.over_nothing = Some(at);
    }

    /// Where the last condition went through an empty list, which is forgotten.
    pub fn take_over_nothing(&mut self) -> Option<Spot> {
        self.over_nothing.take()
    }

    /// Says that something showed nothing: to whoever watches, to the journal and to the drill's report. Said once for
    /// each place.
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
        // A world that has panicked has no journal to write to.
        let _ = self.guarded(|stage| stage.mark_remark(kind.as_str(), &remark.text));
        self.observer.remark(&remark);
    }

    /// Remembers that the drill expects something here.
    pub fn expects(&mut self, at: Spot) {
        self.reaches(at);
        if let Some(drill) = &mut self.drill {
            drill.expects = true;
            drill.fault_left = None;
        }
    }

    /// What is expected here is not so. If the drill catches that, its end says so.
    pub fn failed(&mut self, at: Spot, message: impl Into<String>) -> Thrown {
        if let Some(drill) = &mut self.drill {
            drill.unmet.insert(at);
        }
        Thrown::failed(message)
    }

    /// Remembers that the drill came to what it states here.
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

    /// Nobody is to notice a fault that the drill made.
    pub fn may_go_unnoticed(&mut self, fault: FaultId) {
        let drill = self.drill.as_mut();
        let made = drill.and_then(|it| it.faults.iter_mut().find(|it| it.handle == fault));
        if let Some(made) = made {
            made.may_go_unnoticed = true;
        }
    }
}

/// What a panic said.
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
