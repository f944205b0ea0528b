//! What the natives of one engine share: the drill that is played, and what stops it.
//!
//! No borrow of it lives while a script closure is called, so a condition may read whatever it likes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use quorate_drill::stage::{Line, Stage, StageError, StageSource};
use quorate_drill::tell::{Stop, Teller};
use quorate_drill::{
    Face, Failure, Observer, Play, RemarkKind, RunOptions, Seen, Spot, Thrown, Verdict,
};
use rhai::{Dynamic, EvalAltResult, FnPtr, NativeCallContext, Position};

use crate::place::{position, spot};
use crate::thrown::{Fallible, Raise};
use crate::values::spoken;

/// What ends a run from outside.
pub(crate) const INTERRUPTED: &str = "interrupted";
/// What ends a drill that takes too much real time.
pub(crate) const TIMED_OUT: &str = "out of real time";
/// What ends a script whose first failure is enough.
pub(crate) const ENOUGH: &str = "a drill did not pass";

/// Why an error ends everything that runs, if it does: it is not for a script to swallow.
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

/// Whether the error is the run's being stopped from outside.
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
    /// Set to stop everything soon.
    cancel: Arc<AtomicBool>,
    /// When what runs is stopped, in real time.
    deadline: Rc<Cell<Option<Instant>>>,
    explain: Explain,
}

/// What gives verdict and reason of an error that ended a drill's body or a script. It knows every word, as what stands
/// on a session does.
pub(crate) type Explain = fn(&Session, &EvalAltResult) -> (Verdict, Failure);

/// Where the script is.
#[derive(Default)]
pub(crate) struct Words {
    /// Where the script used the last word.
    pub(crate) last: Position,
    /// The places whose last word was an imported file's, with the engine's name for it.
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
        let deadline = Rc::new(Cell::new(options.timeout.map(|span| Instant::now() + span)));
        Session(Rc::new(Shared {
            play: RefCell::new(Play::new(source, options, observer)),
            words: RefCell::default(),
            cancel,
            deadline,
            explain,
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
        Ok(session)
    }

    /// Short access to the drill that is played. Never call a script from inside.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Play<FnPtr>) -> T) -> T {
        look(&mut self.0.play.borrow_mut())
    }

    /// Short access to where the script is.
    pub(crate) fn words<T>(&self, look: impl FnOnce(&mut Words) -> T) -> T {
        look(&mut self.0.words.borrow_mut())
    }

    /// What stops everything from outside, and when real time does.
    pub(crate) fn stops(&self) -> (Arc<AtomicBool>, Rc<Cell<Option<Instant>>>) {
        (Arc::clone(&self.0.cancel), Rc::clone(&self.0.deadline))
    }

    /// Short access to the open cluster. A panic in it ends the drill, not the process.
    pub(crate) fn with_stage<T>(
        &self,
        context: &NativeCallContext<'_>,
        look: impl FnOnce(&mut dyn Stage) -> T,
    ) -> Fallible<T> {
        quorate_drill::on_stage(&Here::new(context, self), look)
    }

    /// As [`Session::with_stage`], for what the cluster may refuse or its stage need not offer.
    pub(crate) fn try_stage<T, E: Into<StageError>>(
        &self,
        context: &NativeCallContext<'_>,
        look: impl FnOnce(&mut dyn Stage) -> Result<T, E>,
    ) -> Fallible<T> {
        quorate_drill::try_on_stage(&Here::new(context, self), look)
    }

    /// Refuses to act inside a condition, and forgets what was read before.
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

    /// Says that something showed nothing.
    pub(crate) fn remark(&self, kind: RemarkKind, at: Position, text: impl Into<String>) {
        self.with(|play| play.remark(kind, spot(at), text));
    }

    /// Remembers that the drill expects something here.
    pub(crate) fn expects(&self, at: Position) {
        self.with(|play| play.expects(spot(at)));
    }

    /// What is expected here is not so. If the script catches that, the drill's end says so.
    pub(crate) fn failed(&self, at: Position, message: impl Into<String>) -> Thrown {
        self.with(|play| play.failed(spot(at), message))
    }

    /// Everything read since the last statement that acted, latest reading of each thing.
    pub(crate) fn take_seen(&self) -> Vec<Seen> {
        self.with(|play| play.take_seen(Spot::NONE))
    }

    /// As [`Session::take_seen`], of what stands at or after `from` in the script.
    pub(crate) fn take_seen_from(&self, from: Position) -> Vec<Seen> {
        self.with(|play| play.take_seen(spot(from)))
    }

    /// Notes that a clock or a duration that runs was read.
    pub(crate) fn read_time(&self) {
        self.with(Play::read_time);
    }

    /// Notes that something was read which clients count, or which runs with their calls.
    pub(crate) fn read_calls(&self) {
        self.with(Play::read_calls);
    }

    /// The journal's lines so far.
    pub(crate) fn lines(&self) -> Result<Vec<Rc<Line>>, Box<Thrown>> {
        self.with(Play::lines)
    }
}

/// A statement of a script, as the engine of drills sees it.
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

    fn may_go_on(&self) -> Fallible<()> {
        let shared = &self.session.0;
        if shared.cancel.load(Ordering::Relaxed) {
            return Err(self.stopped(Stop::Interrupted));
        }
        let deadline = shared.deadline.get();
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
        self.session.0.deadline.set(deadline);
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
