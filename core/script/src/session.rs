//! What the natives of one engine share: the stage, the drill that runs on it, and what it watches.
//!
//! No borrow of it lives while a script closure is called, so a condition may read whatever it likes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use quorate_drill::stage::{Line, Stage, StageError, StageSource};
use quorate_drill::{DrillReport, Observer, Remark, RemarkKind};
use quorate_model::Time;
use rhai::{FnPtr, NativeCallContext, Position};

use crate::drill::{DrillState, RunOptions};
use crate::foresight::Reads;
use crate::outline::Expected;
use crate::place::place_at;
use crate::thrown::{Fallible, Seen, Thrown};
use crate::watch::Watch;

/// What ends a run from outside.
pub(crate) const INTERRUPTED: &str = "interrupted";
/// What ends a drill that takes too much real time.
pub(crate) const TIMED_OUT: &str = "out of real time";
/// What ends a script whose first failure is enough.
pub(crate) const ENOUGH: &str = "a drill did not pass";

/// Readings remembered at most: more than anyone reads in a failure.
const SEEN_MAX: usize = 64;

/// A handle on the shared state; every copy is the same session.
#[derive(Clone)]
pub(crate) struct Session(Rc<RefCell<Inner>>);

/// The shared state.
pub(crate) struct Inner {
    /// The open cluster, if one is.
    pub(crate) stage: Option<Box<dyn Stage>>,
    /// Where clusters come from.
    pub(crate) source: Rc<dyn StageSource>,
    /// The script, for places in it.
    pub(crate) script: ScriptText,
    /// How the run was asked for.
    pub(crate) options: RunOptions,
    /// Who is told.
    pub(crate) observer: Box<dyn Observer>,
    /// Set to stop everything soon.
    pub(crate) cancel: Arc<AtomicBool>,
    /// When what runs is stopped, in real time.
    pub(crate) deadline: Rc<Cell<Option<Instant>>>,
    /// Where the script used the last word.
    pub(crate) last_word: Position,
    /// The places whose last word was an imported file's, with the engine's name for it.
    pub(crate) imported: BTreeMap<Position, String>,
    /// The drill that runs.
    pub(crate) drill: Option<DrillState>,
    /// The drills that ended.
    pub(crate) reports: Vec<DrillReport>,
    /// The journals of the drills that ended, if they are wanted.
    pub(crate) journal: Vec<u8>,
    /// What is to happen while time passes.
    pub(crate) acts: Vec<crate::schedule::Act>,
    /// How many of them happen at this instant, inside each other where one waits for an answer.
    pub(crate) acting: usize,
    /// What is watched while time passes.
    pub(crate) watches: Vec<Watch>,
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
    pub(crate) seen: Vec<(Position, Seen)>,
    /// Where `all` last went through an empty list, since this was last forgotten.
    pub(crate) over_nothing: Option<Position>,
    /// Journal lines as they were last fetched.
    pub(crate) lines: Vec<Rc<Line>>,
    /// How many breaches were reported.
    pub(crate) breaches: usize,
}

/// The script that runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScriptText {
    /// Its file, as it was named.
    pub(crate) file: String,
    /// Its contents.
    pub(crate) source: String,
    /// The folder that paths in it are relative to.
    pub(crate) folder: PathBuf,
    /// What its drills expect in their own text.
    pub(crate) expected: Expected,
}

impl Session {
    pub(crate) fn new(
        source: Rc<dyn StageSource>,
        options: RunOptions,
        observer: Box<dyn Observer>,
        cancel: Arc<AtomicBool>,
    ) -> Session {
        let deadline = Rc::new(Cell::new(options.timeout.map(|span| Instant::now() + span)));
        Session(Rc::new(RefCell::new(Inner {
            deadline,
            last_word: Position::NONE,
            imported: BTreeMap::new(),
            stage: None,
            source,
            script: ScriptText::default(),
            options,
            observer,
            cancel,
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
        })))
    }

    /// The session of the engine that makes this call.
    pub(crate) fn of(context: &NativeCallContext<'_>) -> Fallible<Session> {
        let at = context.call_position();
        let session = context
            .tag()
            .and_then(|tag| tag.read_lock::<Session>().map(|session| session.clone()))
            .ok_or_else(|| Thrown::internal("the engine has lost its session").at(at))?;
        session.with(|inner| {
            inner.last_word = at;
            match context.call_source() {
                Some(source) => {
                    inner.imported.insert(at, source.to_owned());
                }
                None if inner.imported.is_empty() => {}
                None => {
                    inner.imported.remove(&at);
                }
            }
        });
        Ok(session)
    }

    /// Short access to the shared state. Never call a script from inside.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Inner) -> T) -> T {
        look(&mut self.0.borrow_mut())
    }

    /// Short access to the open cluster. A panic in it ends the drill, not the process.
    pub(crate) fn with_stage<T>(
        &self,
        context: &NativeCallContext<'_>,
        look: impl FnOnce(&mut dyn Stage) -> T,
    ) -> Fallible<T> {
        let at = context.call_position();
        self.with(|inner| inner.guarded(look))
            .map_err(|thrown| thrown.at(at))
    }

    /// As [`Session::with_stage`], for what the cluster may refuse.
    pub(crate) fn try_stage<T>(
        &self,
        context: &NativeCallContext<'_>,
        look: impl FnOnce(&mut dyn Stage) -> Result<T, StageError>,
    ) -> Fallible<T> {
        self.with_stage(context, look)?
            .map_err(|refused| Thrown::mistake(refused.0).at(context.call_position()))
    }

    /// Refuses to act inside a condition, and forgets what was read before.
    pub(crate) fn begin_act(&self, context: &NativeCallContext<'_>) -> Fallible<()> {
        if self.with(|inner| inner.looking) {
            return Err(Thrown::mistake(format!(
                "\"{}\" acts on the cluster, and a condition may only look at it",
                context.fn_name()
            ))
            .at(context.call_position()));
        }
        self.with(|inner| inner.seen.clear());
        Ok(())
    }

    /// As [`Session::begin_act`], of what lets time pass: that is for the drill itself, not for what happens meanwhile.
    pub(crate) fn begin_wait(&self, context: &NativeCallContext<'_>) -> Fallible<()> {
        self.begin_act(context)?;
        if self.with(|inner| inner.acting > 0) {
            return Err(Thrown::mistake(format!(
                "\"{}\" lets time pass, and what `at` and `after` do happens while the drill waits: what is to come later is an `at` or `after` of its own",
                context.fn_name()
            ))
            .at(context.call_position()));
        }
        Ok(())
    }

    /// Remembers what a script read, for the report of a failure.
    pub(crate) fn saw(
        &self,
        context: &NativeCallContext<'_>,
        subject: &str,
        what: impl FnOnce() -> String,
        value: String,
    ) {
        let position = context.call_position();
        self.with(|inner| {
            if inner.seen.len() >= SEEN_MAX {
                inner.seen.remove(0);
            }
            let seen = Seen {
                subject: subject.to_owned(),
                what: what(),
                value,
            };
            inner.seen.push((position, seen));
        });
    }

    /// Says that something showed nothing: to whoever watches, to the journal and to the drill's report. Said once for
    /// each place.
    pub(crate) fn remark(&self, kind: RemarkKind, at: Position, text: impl Into<String>) {
        self.with(|inner| {
            let place =
                (!at.is_none()).then(|| place_at(&inner.script.file, &inner.script.source, at));
            let remark = Remark {
                kind,
                at: inner.now(),
                place,
                text: text.into(),
            };
            if let Some(drill) = &mut inner.drill {
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
            let _ = inner.guarded(|stage| stage.mark_remark(kind.as_str(), &remark.text));
            inner.observer.remark(&remark);
        });
    }

    /// Remembers that the drill expects something here.
    pub(crate) fn expects(&self, at: Position) {
        self.reaches(at);
        self.with(|inner| {
            if let Some(drill) = &mut inner.drill {
                drill.expects = true;
                drill.fault_left = None;
            }
        });
    }

    /// What is expected here is not so. If the script catches that, the drill's end says so.
    pub(crate) fn failed(&self, at: Position, message: impl Into<String>) -> Thrown {
        self.with(|inner| {
            if let Some(drill) = &mut inner.drill {
                drill.unmet.insert(at);
            }
        });
        Thrown::failed(message)
    }

    /// Remembers that the drill came to what it states here.
    pub(crate) fn reaches(&self, at: Position) {
        self.with(|inner| {
            if let Some(drill) = &mut inner.drill {
                drill.reached.insert(at);
            }
        });
    }

    /// Everything read since the last statement that acted, latest reading of each thing.
    pub(crate) fn take_seen(&self) -> Vec<Seen> {
        self.take_seen_from(Position::NONE)
    }

    /// As [`Session::take_seen`], of what stands at or after `from` in the script.
    pub(crate) fn take_seen_from(&self, from: Position) -> Vec<Seen> {
        let readings = self.with(|inner| std::mem::take(&mut inner.seen));
        let mut latest: Vec<Seen> = Vec::new();
        for (position, seen) in readings {
            if !position.is_none() && !from.is_none() && position < from {
                continue;
            }
            latest.retain(|older| older.what != seen.what);
            latest.push(seen);
        }
        latest
    }

    /// Notes that a clock or a duration that runs was read.
    pub(crate) fn read_time(&self) {
        self.with(|inner| inner.reads.time = true);
    }

    /// Notes that something was read which clients count, or which runs with their calls.
    pub(crate) fn read_calls(&self) {
        self.with(|inner| {
            inner.reads = Reads {
                time: true,
                calls: true,
            }
        });
    }

    /// Calls a condition of the script: it may look and not act.
    pub(crate) fn ask(&self, context: &NativeCallContext<'_>, condition: &FnPtr) -> Fallible<bool> {
        let nested = self.with(|inner| {
            inner.over_nothing = None;
            inner.reads = Reads::default();
            std::mem::replace(&mut inner.looking, true)
        });
        let answer = condition.call_within_context::<rhai::Dynamic>(context, ());
        self.with(|inner| inner.looking = nested);
        let answer = answer?;
        let holds = answer.as_bool().map_err(|kind| {
            Thrown::mistake(format!(
                "a condition must be true or false, and this one is {}",
                crate::values::spoken(kind)
            ))
            .at(context.call_position())
        })?;
        self.with(|inner| inner.held = holds);
        Ok(holds)
    }

    /// Gives what runs next all the real time there is for it.
    pub(crate) fn wind_up(&self) {
        self.with(|inner| {
            let span = inner.options.timeout;
            inner.deadline.set(span.map(|span| Instant::now() + span));
        });
    }

    /// Fails if the run is to be stopped, or has taken too long.
    pub(crate) fn check_cancel(&self, context: &NativeCallContext<'_>) -> Fallible<()> {
        if self.with(|inner| inner.cancel.load(Ordering::Relaxed)) {
            return Err(interrupted(context.call_position()));
        }
        let deadline = self.with(|inner| inner.deadline.get());
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            let at = context.call_position();
            return Err(Box::new(rhai::EvalAltResult::ErrorTerminated(
                TIMED_OUT.into(),
                at,
            )));
        }
        Ok(())
    }

    /// The journal's lines so far.
    pub(crate) fn lines(&self) -> Result<Vec<Rc<Line>>, Box<Thrown>> {
        self.with(|inner| {
            let known = inner.lines.len();
            let newer = inner.guarded(|stage| stage.lines(known))?;
            inner.lines.extend(newer.into_iter().map(Rc::new));
            Ok(inner.lines.clone())
        })
    }

    /// Forgets everything that belongs to the cluster that was open.
    pub(crate) fn clear_stage(&self) -> Option<Box<dyn Stage>> {
        self.with(|inner| {
            inner.acts.clear();
            inner.acting = 0;
            inner.watches.clear();
            inner.watched = None;
            inner.seen.clear();
            inner.lines.clear();
            inner.breaches = 0;
            inner.looking = false;
            inner.foreseeing = false;
            inner.stage.take()
        })
    }
}

impl Inner {
    /// Runs `look` on the open cluster and turns a panic into an internal error.
    pub(crate) fn guarded<T>(
        &mut self,
        look: impl FnOnce(&mut dyn Stage) -> T,
    ) -> Result<T, Box<Thrown>> {
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
    pub(crate) fn now(&self) -> Time {
        self.stage.as_ref().map_or(Time::ZERO, |stage| stage.now())
    }
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

/// The error that ends a run from outside.
pub(crate) fn interrupted(at: Position) -> Box<rhai::EvalAltResult> {
    Box::new(rhai::EvalAltResult::ErrorTerminated(INTERRUPTED.into(), at))
}

/// The error that ends a script whose first failure is enough.
pub(crate) fn enough(at: Position) -> Box<rhai::EvalAltResult> {
    Box::new(rhai::EvalAltResult::ErrorTerminated(ENOUGH.into(), at))
}
