//! The state that all functions of one engine share: the drill that is running, and what stops it.
//!
//! It is never borrowed while a script function is called, so a condition may read whatever it likes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use quorate_drill::stage::{Line, Stage, StageError, StageSource};
use quorate_drill::tell::{Stop, Teller};
use quorate_drill::{
    Face, Failure, Observer, Place, Play, RemarkKind, RunOptions, Seen, Spot, Thrown, Verdict,
};
use rhai::{Dynamic, EvalAltResult, FnPtr, NativeCallContext, Position};

use crate::captured;
use crate::modules::imported;
use crate::place::{place_at, position, spot};
use crate::running::Refusals;
use crate::thrown::{Fallible, Raise};
use crate::values::spoken;

/// The error text for a run that was stopped from outside.
pub(crate) const INTERRUPTED: &str = "interrupted";
/// The error text for a drill that takes too much real time.
pub(crate) const TIMED_OUT: &str = "out of real time";
/// The error text for a script that ends with its first drill that does not pass.
pub(crate) const ENOUGH: &str = "a drill did not pass";

/// Why an error ends the whole run, if it does: a script must not catch such an error.
pub(crate) fn stop_of(error: &EvalAltResult) -> Option<Stop> {
    match error.unwrap_inner() {
        EvalAltResult::ErrorTerminated(why, _) => Some(match why.to_string().as_str() {
            TIMED_OUT => Stop::TimedOut,
            ENOUGH => Stop::Enough,
            _ => Stop::Interrupted,
        }),
        _ => None,
    }
}

/// Whether the run is being stopped from outside.
pub(crate) fn is_interrupt(error: &EvalAltResult) -> bool {
    stop_of(error) == Some(Stop::Interrupted)
}

/// A handle on the shared state; every copy is the same session.
#[derive(Clone)]
pub(crate) struct Session(Rc<Shared>);

/// The shared state.
struct Shared {
    play: RefCell<Play<FnPtr>>,
    words: RefCell<Words>,
    stops: Rc<Stops>,
    explain: Explain,
    /// The words that have no place on a cluster that really runs, if it does.
    refusals: RefCell<Option<Refusals>>,
}

/// What stops a run before its end.
pub(crate) struct Stops {
    /// Set to stop everything soon.
    pub(crate) cancel: Arc<AtomicBool>,
    /// The real time at which the run is stopped.
    pub(crate) deadline: Cell<Option<Instant>>,
    /// How often it was asked whether to stop, since the present input began. The same inputs ask as often each time.
    asked: Cell<u64>,
    /// At which question the present input was stopped.
    stopped: Cell<Option<u64>>,
    /// At which question the present input is to stop, as it did before.
    stop_at: Cell<Option<u64>>,
}

impl Stops {
    /// Whether the run is to stop here.
    pub(crate) fn is_stopped(&self) -> bool {
        let asked = self.asked.get() + 1;
        self.asked.set(asked);
        let now =
            self.cancel.load(Ordering::Relaxed) || self.stop_at.get().is_some_and(|at| asked >= at);
        if now && self.stopped.get().is_none() {
            self.stopped.set(Some(asked));
        }
        now
    }

    /// Begins an input, which is to stop at this question if it was stopped there before.
    pub(crate) fn begin(&self, stop_at: Option<u64>) {
        self.asked.set(0);
        self.stopped.set(None);
        self.stop_at.set(stop_at);
    }

    /// At which question the input was stopped, if it was.
    pub(crate) fn stopped(&self) -> Option<u64> {
        self.stopped.get()
    }
}

/// Makes the verdict and the failure from an error that ended a drill's body or a script. It is handed in, since it
/// needs to know every word and so is built on top of a session.
pub(crate) type Explain = fn(&Session, &EvalAltResult) -> (Verdict, Failure);

/// The place of the script.
#[derive(Default)]
pub(crate) struct Words {
    /// Where the script used its last word.
    pub(crate) last: Position,
    /// The places whose last word was in an imported file, with the engine's name of that file.
    pub(crate) imported: BTreeMap<Position, String>,
}

impl Session {
    pub(crate) fn new(
        source: Rc<dyn StageSource>,
        options: RunOptions,
        observer: Box<dyn Observer>,
        cancel: Arc<AtomicBool>,
        explain: Explain,
    ) -> Session {
        let stops = Rc::new(Stops {
            cancel,
            deadline: Cell::new(options.timeout.map(|span| Instant::now() + span)),
            asked: Cell::new(0),
            stopped: Cell::new(None),
            stop_at: Cell::new(None),
        });
        Session(Rc::new(Shared {
            play: RefCell::new(Play::new(source, options, observer)),
            words: RefCell::default(),
            stops,
            explain,
            refusals: RefCell::new(None),
        }))
    }

    /// The session of the engine that makes this call.
    pub(crate) fn of(context: &NativeCallContext<'_>) -> Fallible<Session> {
        let at = context.call_position();
        let session = context
            .tag()
            .and_then(|tag| tag.read_lock::<Session>().map(|session| session.clone()))
            .ok_or_else(|| Thrown::internal("the engine has lost its session").at(at))?;
        session.words(|words| {
            words.last = at;
            match context.call_source() {
                Some(source) => {
                    words.imported.insert(at, source.to_owned());
                }
                None if words.imported.is_empty() => {}
                None => {
                    words.imported.remove(&at);
                }
            }
        });
        let word = context.fn_name();
        match session.refusal(word.strip_prefix("get$").unwrap_or(word)) {
            Some(why) => Err(Thrown::mistake(why).at(at)),
            None => Ok(session),
        }
    }

    /// From now on these words are refused.
    pub(crate) fn refuse(&self, refusals: Refusals) {
        *self.0.refusals.borrow_mut() = Some(refusals);
    }

    /// Why a word is refused, in a sentence; `None` if it is not.
    pub(crate) fn refusal(&self, word: &str) -> Option<String> {
        self.0.refusals.borrow().as_ref()?.sentence(word)
    }

    /// Gives short access to the drill that is running. Never call a script inside `look`.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Play<FnPtr>) -> T) -> T {
        look(&mut self.0.play.borrow_mut())
    }

    /// Gives short access to the place of the script.
    pub(crate) fn words<T>(&self, look: impl FnOnce(&mut Words) -> T) -> T {
        look(&mut self.0.words.borrow_mut())
    }

    /// What stops the run.
    pub(crate) fn stops(&self) -> Rc<Stops> {
        Rc::clone(&self.0.stops)
    }

    /// Gives short access to the open cluster. A panic in it ends the drill, not the process.
    pub(crate) fn with_stage<T>(
        &self,
        context: &NativeCallContext<'_>,
        look: impl FnOnce(&mut dyn Stage) -> T,
    ) -> Fallible<T> {
        quorate_drill::on_stage(&Here::new(context, self), look)
    }

    /// As [`Session::with_stage`], for an operation that the cluster may refuse or the stage may not offer.
    pub(crate) fn try_stage<T, E: Into<StageError>>(
        &self,
        context: &NativeCallContext<'_>,
        look: impl FnOnce(&mut dyn Stage) -> Result<T, E>,
    ) -> Fallible<T> {
        quorate_drill::try_on_stage(&Here::new(context, self), look)
    }

    /// Begins an act: refuses it inside a condition, and forgets earlier readings.
    pub(crate) fn begin_act(&self, context: &NativeCallContext<'_>) -> Fallible<()> {
        quorate_drill::begin_act(&Here::new(context, self))
    }

    /// Remembers what a script read, for the report of a failure.
    pub(crate) fn saw(
        &self,
        context: &NativeCallContext<'_>,
        subject: &str,
        what: impl FnOnce() -> String,
        value: String,
    ) {
        let seen = Seen {
            subject: subject.to_owned(),
            what: what(),
            value,
        };
        self.with(|play| play.saw(spot(context.call_position()), seen));
    }

    /// Makes a remark.
    pub(crate) fn remark(&self, kind: RemarkKind, at: Position, text: impl Into<String>) {
        self.with(|play| play.remark(kind, spot(at), text));
    }

    /// Notes an expectation at this place.
    pub(crate) fn expects(&self, at: Position) {
        self.with(|play| play.expects(spot(at)));
    }

    /// The expectation at this place is not met. If the script catches the error, a remark at the drill's end says
    /// so.
    pub(crate) fn failed(&self, at: Position, message: impl Into<String>) -> Thrown {
        self.with(|play| play.failed(spot(at), message))
    }

    /// Takes the readings since the last statement that acted, the latest of each thing.
    pub(crate) fn take_seen(&self) -> Vec<Seen> {
        self.with(|play| play.take_seen(Spot::NONE))
    }

    /// As [`Session::take_seen`], but only those made at or after `from` in the script.
    pub(crate) fn take_seen_from(&self, from: Position) -> Vec<Seen> {
        self.with(|play| play.take_seen(spot(from)))
    }

    /// Notes that a clock or a running duration was read.
    pub(crate) fn read_time(&self) {
        self.with(Play::read_time);
    }

    /// Notes that a count of clients, or a duration that depends on their calls, was read.
    pub(crate) fn read_calls(&self) {
        self.with(Play::read_calls);
    }

    /// The journal's lines so far.
    pub(crate) fn lines(&self) -> Result<Vec<Rc<Line>>, Box<Thrown>> {
        self.with(Play::lines)
    }
}

/// A statement of a script, for the engine of drills.
pub(crate) struct Here<'a, 'c> {
    context: &'a NativeCallContext<'c>,
    session: &'a Session,
}

impl<'a, 'c> Here<'a, 'c> {
    pub(crate) fn new(context: &'a NativeCallContext<'c>, session: &'a Session) -> Self {
        Here { context, session }
    }
}

impl Face for Here<'_, '_> {
    type Function = FnPtr;
    type Error = Box<EvalAltResult>;

    fn with<T>(&self, look: impl FnOnce(&mut Play<FnPtr>) -> T) -> T {
        self.session.with(look)
    }

    fn here(&self) -> Spot {
        spot(self.context.call_position())
    }

    fn place(&self) -> Place {
        let at = self.context.call_position();
        let file = self.session.with(|play| play.text().file.clone());
        let other = self
            .session
            .words(|words| Some(imported(&file, words.imported.get(&at)?)));
        match other {
            // An imported file that is gone has no line to show.
            Some(other) => {
                let text = std::fs::read_to_string(&other).unwrap_or_default();
                place_at(&other, &text, at)
            }
            None => self
                .session
                .with(|play| place_at(&file, &play.text().source, at)),
        }
    }

    fn word(&self) -> String {
        self.context.fn_name().to_owned()
    }

    fn evaluate(&self, condition: &FnPtr) -> Fallible<bool> {
        let answer = condition.call_within_context::<Dynamic>(self.context, ())?;
        answer.as_bool().map_err(|kind| {
            Thrown::mistake(format!(
                "a condition must be true or false, and this one is {}",
                spoken(kind)
            ))
            .at(self.context.call_position())
        })
    }

    fn perform(&self, body: &FnPtr) -> Fallible<()> {
        let _ = body.call_within_context::<Dynamic>(self.context, ())?;
        Ok(())
    }

    fn apart(&self, function: &FnPtr) -> FnPtr {
        let mut function = function.clone();
        let captured: Vec<_> = function.iter_curry().map(Dynamic::flatten_clone).collect();
        function.set_curry(captured);
        function
    }

    fn captured(&self, function: &FnPtr) -> Option<FnPtr> {
        captured::copy(function)
    }

    fn is_same(&self, one: &FnPtr, other: &FnPtr) -> bool {
        captured::is_same(one, other)
    }

    fn may_go_on(&self) -> Fallible<()> {
        let shared = &self.session.0;
        if shared.stops.is_stopped() {
            return Err(self.stopped(Stop::Interrupted));
        }
        let deadline = shared.stops.deadline.get();
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(self.stopped(Stop::TimedOut));
        }
        Ok(())
    }

    fn stop(error: &Box<EvalAltResult>) -> Option<Stop> {
        stop_of(error)
    }

    fn raise(&self, thrown: Thrown, at: Spot) -> Box<EvalAltResult> {
        thrown.at(position(at))
    }
}

impl Teller for Here<'_, '_> {
    fn explain(&self, error: &Box<EvalAltResult>) -> (Verdict, Failure) {
        (self.session.0.explain)(self.session, error)
    }

    fn wind_up(&self) {
        let span = self.session.with(|play| play.options().timeout);
        let deadline = span.map(|span| Instant::now() + span);
        self.session.0.stops.deadline.set(deadline);
    }

    fn stopped(&self, why: Stop) -> Box<EvalAltResult> {
        let text = match why {
            Stop::Interrupted => INTERRUPTED,
            Stop::TimedOut => TIMED_OUT,
            Stop::Enough => ENOUGH,
        };
        let at = self.context.call_position();
        Box::new(EvalAltResult::ErrorTerminated(text.into(), at))
    }
}
