//! When a condition changes although nothing happens, because it reads a clock, a running duration or the counts of
//! clients.
//!
//! Reading changes nothing, so a world can be read as it will be at a later instant if nothing happens before. In
//! this way the instant at which such a condition changes is found in advance, and time passes exactly up to it.

use std::time::Duration;

use quorate_model::Time;

use crate::face::{Face, ask, on_stage};
use crate::play::Play;
use crate::watched::{Promise, Reads};

/// The smallest step of virtual time.
const GRAIN: Duration = Duration::from_micros(1);

/// A condition that is awaited or watched, with the result of its last evaluation.
struct Observed<C> {
    condition: C,
    holds: bool,
    reads: Reads,
}

/// The instant up to which time may pass before a condition must be evaluated again, at most `limit`: the first at
/// which a watched condition, or the `awaited` one, changes if nothing happens. `awaited` must be the condition
/// evaluated last.
pub(crate) fn next_look<F: Face>(
    face: &F,
    awaited: Option<&F::Function>,
    limit: Time,
) -> Result<Time, F::Error> {
    let mut next = limit;
    let pending = face.with(|play| pending(play, awaited));
    if pending.iter().any(|it| it.reads.calls)
        && let Ok(Some(call)) = on_stage(face, |stage| stage.next_call())?
    {
        next = next.min(call);
    }
    for one in pending.iter().filter(|it| it.reads.time) {
        if let Some(at) = turn(face, one, next)? {
            next = at;
        }
    }
    Ok(next)
}

/// The conditions that may change although nothing happens, and whose change matters.
fn pending<C: Clone>(play: &Play<C>, awaited: Option<&C>) -> Vec<Observed<C>> {
    let matters = |promise: Promise, was_seen: bool| match promise {
        Promise::Always | Promise::Never => true,
        Promise::Sometimes => !was_seen,
        Promise::Steady => false,
    };
    let watched = play
        .watches
        .iter()
        .filter(|watch| matters(watch.promise, watch.looked.was_seen))
        .filter_map(|watch| Some((watch, watch.known.as_ref()?)))
        .filter(|(_, known)| known.reads.any())
        .map(|(watch, known)| Observed {
            condition: watch.condition.clone(),
            holds: known.holds,
            reads: known.reads,
        });
    let awaited = awaited
        .filter(|_| play.reads.any())
        .map(|condition| Observed {
            condition: condition.clone(),
            holds: play.held,
            reads: play.reads,
        });
    watched.chain(awaited).collect()
}

/// The first instant up to `until` at which a condition differs from now, if nothing happens before. A condition that
/// changes twice before `until` may be missed.
fn turn<F: Face>(
    face: &F,
    one: &Observed<F::Function>,
    until: Time,
) -> Result<Option<Time>, F::Error> {
    let mut same = on_stage(face, |stage| stage.now())?;
    if until <= same || same_at(face, one, until)? {
        return Ok(None);
    }
    let mut turned = until;
    while turned - same > GRAIN {
        let middle = Time(same.0 + (turned.0 - same.0) / 2);
        if same_at(face, one, middle)? {
            same = middle;
        } else {
            turned = middle;
        }
    }
    Ok(Some(turned))
}

/// Whether a condition will be the same at a later instant as now, if nothing happens before. An error there counts
/// as a change, so that it is thrown when that instant has come.
fn same_at<F: Face>(face: &F, one: &Observed<F::Function>, at: Time) -> Result<bool, F::Error> {
    // Its captured variables must not be changed by instants that may never come.
    let condition = face.apart(&one.condition);
    if on_stage(face, |stage| stage.foresee(Some(at)))?.is_err() {
        // The stage cannot tell: the condition is evaluated again in the normal way.
        return Ok(true);
    }
    let (seen, reads, held, over_nothing) = face.with(|play| {
        play.foreseeing = true;
        let seen = std::mem::take(&mut play.seen);
        (seen, play.reads, play.held, play.over_nothing)
    });
    let holds = ask(face, &condition);
    face.with(|play| {
        play.foreseeing = false;
        play.seen = seen;
        play.reads = reads;
        play.held = held;
        play.over_nothing = over_nothing;
    });
    // It has begun, so it can be ended.
    let _ = on_stage(face, |stage| stage.foresee(None))?;
    match holds {
        Ok(holds) => Ok(holds == one.holds),
        Err(error) if F::stop(&error).is_some() => Err(error),
        Err(_) => Ok(false),
    }
}
