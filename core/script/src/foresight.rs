//! When a condition turns although nothing happens: because it reads a clock, a duration that runs, or what clients
//! count.
//!
//! A world in which nothing happens can be read as it will be at an instant to come, since reading changes nothing. So
//! the instant at which such a condition turns is found beforehand, and time passes up to that instant and no further.

use std::time::Duration;

use quorate_model::Time;
use rhai::{FnPtr, NativeCallContext};

use crate::drill::is_stop;
use crate::session::Session;
use crate::thrown::Fallible;
use crate::watch::Promise;

/// The grain of virtual time.
const GRAIN: Duration = Duration::from_micros(1);

/// What a condition read that changes without anything happening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reads {
    /// A clock, or a duration that runs.
    pub(crate) time: bool,
    /// What clients count: it changes with every call.
    pub(crate) calls: bool,
}

impl Reads {
    /// Whether the condition may turn although nothing happens.
    pub(crate) fn any(self) -> bool {
        self.time || self.calls
    }
}

/// A condition that is waited for or watched, as it was when it was last looked at.
struct Pending {
    condition: FnPtr,
    holds: bool,
    reads: Reads,
}

/// The instant up to which time may pass before something must be looked at again, `limit` at most: the first at which
/// a watched condition, or the one that is `awaited`, turns if nothing happens. `awaited` was
/// the last one that was looked at.
pub(crate) fn next_look(
    context: &NativeCallContext<'_>,
    session: &Session,
    awaited: Option<&FnPtr>,
    limit: Time,
) -> Fallible<Time> {
    let mut next = limit;
    let pending = pending(session, awaited);
    if pending.iter().any(|it| it.reads.calls)
        && let Some(call) = session.with_stage(context, |stage| stage.next_call())?
    {
        next = next.min(call);
    }
    for one in pending.iter().filter(|it| it.reads.time) {
        if let Some(at) = turn(context, session, one, next)? {
            next = at;
        }
    }
    Ok(next)
}

/// The conditions that may turn although nothing happens, and whose turn makes a difference.
fn pending(session: &Session, awaited: Option<&FnPtr>) -> Vec<Pending> {
    session.with(|inner| {
        let matters = |promise: Promise, was_seen: bool| match promise {
            Promise::Always | Promise::Never => true,
            Promise::Sometimes => !was_seen,
            Promise::Steady => false,
        };
        let watched = inner
            .watches
            .iter()
            .filter(|watch| watch.reads.any() && matters(watch.promise, watch.looked.was_seen))
            .map(|watch| Pending {
                condition: watch.condition.clone(),
                holds: watch.holds,
                reads: watch.reads,
            });
        let awaited = awaited
            .filter(|_| inner.reads.any())
            .map(|condition| Pending {
                condition: condition.clone(),
                holds: inner.held,
                reads: inner.reads,
            });
        watched.chain(awaited).collect()
    })
}

/// The first instant up to `until` at which a condition is no longer what it is now, if nothing happens until then.
/// What turns twice before `until` may be missed.
fn turn(
    context: &NativeCallContext<'_>,
    session: &Session,
    one: &Pending,
    until: Time,
) -> Fallible<Option<Time>> {
    let mut same = session.with_stage(context, |stage| stage.now())?;
    if until <= same || same_at(context, session, one, until)? {
        return Ok(None);
    }
    let mut turned = until;
    while turned - same > GRAIN {
        let middle = Time(same.0 + (turned.0 - same.0) / 2);
        if same_at(context, session, one, middle)? {
            same = middle;
        } else {
            turned = middle;
        }
    }
    Ok(Some(turned))
}

/// Whether a condition will still be what it is now at an instant to come, if nothing happens until then. One that ends
/// with an error there is to do so when that instant has come.
fn same_at(
    context: &NativeCallContext<'_>,
    session: &Session,
    one: &Pending,
    at: Time,
) -> Fallible<bool> {
    // What it has captured must not learn of instants that did not come.
    let mut condition = one.condition.clone();
    let captured: Vec<_> = condition
        .iter_curry()
        .map(rhai::Dynamic::flatten_clone)
        .collect();
    condition.set_curry(captured);
    session.with_stage(context, |stage| stage.foresee(Some(at)))?;
    let (seen, reads, held, over_nothing) = session.with(|inner| {
        inner.foreseeing = true;
        let seen = std::mem::take(&mut inner.seen);
        (seen, inner.reads, inner.held, inner.over_nothing)
    });
    let holds = session.ask(context, &condition);
    session.with(|inner| {
        inner.foreseeing = false;
        inner.seen = seen;
        inner.reads = reads;
        inner.held = held;
        inner.over_nothing = over_nothing;
    });
    session.with_stage(context, |stage| stage.foresee(None))?;
    match holds {
        Ok(holds) => Ok(holds == one.holds),
        Err(error) if is_stop(&error) => Err(error),
        Err(_) => Ok(false),
    }
}
