//! The loop that lets time pass, and the waits that use it.

use std::collections::VecDeque;
use std::rc::Rc;

use quorate_model::{Name, Time};

use crate::face::{Face, begin_wait, on_stage, unmet};
use crate::known::{Holds, LOOK_AGAIN, ask_again};
use crate::play::latest;
use crate::watch::{check_breaches, look};
use crate::watched::{Known, instant_of};
use crate::{RemarkKind, Seen, Span, Spot, Thrown, foresight, schedule};

/// How many readings, or reasons for not being settled, are shown.
pub(crate) const NAMED: usize = 5;

/// The remark on `all` over an empty list.
pub const OVER_NOTHING: &str =
    "this held since the list that `all` went through is empty: there was nothing to hold for";

/// The remark on a condition that reads nothing.
const READ_NOTHING: &str = "this condition reads nothing of the cluster";

/// Lets time pass until `done` is true or `until` is reached; returns whether `done` was true. Watched conditions are
/// evaluated at every change of what they read, and those that read time also at the instant at which they change. `awaited`,
/// the condition that `done` evaluates, if any, is treated in the same way.
///
/// # Errors
///
/// An error in a planned act or a condition, a broken promise, or the end of the drill's time.
pub fn pass<F: Face>(
    face: &F,
    until: Time,
    awaited: Option<&F::Function>,
    mut done: impl FnMut() -> Result<bool, F::Error>,
) -> Result<bool, F::Error> {
    loop {
        face.may_go_on()?;
        schedule::do_what_is_due(face)?;
        check_breaches(face)?;
        look(face)?;
        if done()? {
            return Ok(true);
        }
        let now = on_stage(face, |stage| stage.now())?;
        if now >= until {
            return Ok(false);
        }
        if let Some(limit) = face.with(|play| play.drill.as_ref().and_then(|drill| drill.limit))
            && now >= limit
        {
            return Err(face.raise(Thrown::unknown(format!(
                "the drill's limit of virtual time was reached at {now} before it had shown what it sets out to"
            )), face.here()));
        }
        let next = until.min(now + LOOK_AGAIN);
        let next = match schedule::next_due(face)? {
            Some(due) => next.min(due),
            None => next,
        };
        let next = foresight::next_look(face, awaited, next)?;
        let now = on_stage(face, |stage| {
            stage.advance(next);
            stage.now()
        })?;
        face.with(|play| {
            play.tell();
            play.observer.time_passed(now);
        });
    }
}

/// Lets `span` pass.
///
/// # Errors
///
/// As [`pass`].
pub fn run<F: Face>(face: &F, span: Span) -> Result<(), F::Error> {
    begin_wait(face)?;
    let until = on_stage(face, |stage| stage.now())? + span.0;
    pass(face, until, None, || Ok(false))?;
    Ok(())
}

/// Lets time pass until the cluster's local clock shows `text` next.
///
/// # Errors
///
/// A text that is no time or is past, and as [`pass`].
pub fn run_until<F: Face>(face: &F, text: &str) -> Result<(), F::Error> {
    begin_wait(face)?;
    let shown = schedule::next_shown(face, text)?;
    loop {
        let clocks = schedule::clocks(face)?;
        if clocks.1 >= shown {
            return Ok(());
        }
        // The clock may have been set meanwhile, so it is read again.
        pass(face, instant_of(shown, clocks), None, || Ok(false))?;
    }
}

/// Begins a wait that expects something.
fn begin<F: Face>(face: &F) -> Result<Time, F::Error> {
    begin_wait(face)?;
    let at = face.here();
    face.with(|play| play.expects(at));
    on_stage(face, |stage| stage.now())
}

/// A condition that is waited for.
struct Awaited<'a, C> {
    condition: &'a C,
    known: Option<Rc<Known<C>>>,
    /// The readings of its last evaluation.
    seen: VecDeque<(Spot, Seen)>,
}

impl<'a, C> Awaited<'a, C> {
    fn new(condition: &'a C) -> Self {
        Awaited {
            condition,
            known: None,
            seen: VecDeque::new(),
        }
    }

    fn holds<F: Face<Function = C>>(&mut self, face: &F) -> Result<bool, F::Error> {
        face.with(|play| play.seen.clear());
        let holds = ask_again(face, self.condition, &mut self.known)?;
        if let Holds::Now(_) = holds {
            self.seen = face.with(|play| std::mem::take(&mut play.seen));
        }
        Ok(holds.is_true())
    }
}

/// Lets time pass until a condition holds, at most `within`. A condition that holds before any time has passed shows
/// nothing, and gets a remark unless the script gives a reason.
///
/// # Errors
///
/// If it does not hold in time, and as [`pass`].
pub fn eventually<F: Face>(
    face: &F,
    condition: &F::Function,
    within: Span,
    may_hold_at_once: bool,
) -> Result<(), F::Error> {
    let began = begin(face)?;
    let mut awaited = Awaited::new(condition);
    let shown = pass(face, began + within.0, Some(condition), || {
        awaited.holds(face)
    })?;
    let seen = latest(awaited.seen, Spot::NONE);
    if shown {
        let at = face.here();
        let ended = face.with(|play| play.now());
        if seen.is_empty() {
            face.with(|play| play.remark(RemarkKind::ReadNothing, at, READ_NOTHING));
        } else if let Some(at) = face.with(|play| play.over_nothing) {
            face.with(|play| play.remark(RemarkKind::OverNothing, at, OVER_NOTHING));
        } else if ended == began && !may_hold_at_once {
            face.with(|play| play.remark(RemarkKind::HeldAtOnce, at, held_at_once(&seen)));
        }
        return Ok(());
    }
    let at = face.here();
    let text = format!("this did not become true within {within} (from {began} on)");
    Err(unmet(face, at, text, seen))
}

/// The remark on an `eventually` that held before any time passed.
fn held_at_once(seen: &[Seen]) -> String {
    let mut told: Vec<String> = seen
        .iter()
        .take(NAMED)
        .map(|seen| format!("{} was {}", seen.what, seen.value))
        .collect();
    if seen.len() > NAMED {
        told.push("…".to_owned());
    }
    format!(
        "eventually held before any time passed, and waited for nothing: {}",
        told.join(", ")
    )
}

/// Lets time pass until a condition holds that did not hold at some earlier instant of the wait, at most `within`.
///
/// # Errors
///
/// If that does not happen in time, and as [`pass`].
pub fn becomes<F: Face>(face: &F, condition: &F::Function, within: Span) -> Result<(), F::Error> {
    let began = begin(face)?;
    let mut was_false = false;
    let mut awaited = Awaited::new(condition);
    let shown = pass(face, began + within.0, Some(condition), || {
        let holds = awaited.holds(face)?;
        was_false |= !holds;
        Ok(holds && was_false)
    })?;
    let seen = latest(awaited.seen, Spot::NONE);
    if shown {
        if seen.is_empty() {
            let at = face.here();
            face.with(|play| play.remark(RemarkKind::ReadNothing, at, READ_NOTHING));
        }
        return Ok(());
    }
    let text = if was_false {
        format!("this was not so, and did not become true within {within} (from {began} on)")
    } else {
        format!(
            "this did not become true: it was true all the time, for {within} (from {began} on)"
        )
    };
    let at = face.here();
    Err(unmet(face, at, text, seen))
}

/// Lets time pass until a group is back in full service after it was out of it, at most `within`.
///
/// # Errors
///
/// If that does not happen in time, and as [`pass`].
pub fn recovers<F: Face>(face: &F, group: &Name, within: Span) -> Result<(), F::Error> {
    let began = begin(face)?;
    let mut away = None;
    let shown = pass(face, began + within.0, None, || {
        let (now, online) = on_stage(face, |stage| {
            (stage.now(), stage.group_service(group).is_ok())
        })?;
        if !online && away.is_none() {
            away = Some(now);
        }
        Ok(online && away.is_some())
    })?;
    if shown {
        return Ok(());
    }
    let (status, service) = on_stage(face, |stage| {
        (stage.group(group), stage.group_service(group))
    })?;
    let text = match away {
        None => format!(
            "{group} did not recover: it was never away, for {within} (from {began} on) clients found it all the time"
        ),
        Some(since) => format!(
            "{group} is away since {since} and did not come back within {within} (from {began} on)"
        ),
    };
    let seen = status.into_iter().flat_map(|status| {
        let name = &status.name;
        let read = |what: &str, value: String| Seen {
            subject: name.to_string(),
            what: format!("group(\"{name}\").{what}"),
            value,
        };
        let state = status.state.to_string();
        let owner = status
            .owner
            .as_ref()
            .map(Name::to_string)
            .unwrap_or_default();
        [
            read("is_online", in_service(&service)),
            read("state", format!("{state:?}")),
            read("owner", format!("{owner:?}")),
        ]
    });
    let at = face.here();
    Err(unmet(face, at, text, seen.collect()))
}

/// Whether clients find something in service, and the reason if not, as reports show it.
pub fn in_service(service: &Result<(), String>) -> String {
    match service {
        Ok(()) => "true".to_owned(),
        Err(why) => format!("false ({why})"),
    }
}
