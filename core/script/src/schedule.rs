//! What is to happen while a drill waits: acts at an hour, or after a while.

use std::time::Duration;

use quorate_drill::Span;
use quorate_drill::civil::{self, CivilTime};
use quorate_model::Time;
use rhai::{Dynamic, FnPtr, NativeCallContext, Position};

use crate::session::Session;
use crate::thrown::{Fallible, Thrown};

/// When an act is due.
#[derive(Clone, Copy, Debug)]
enum Due {
    /// On the world's clock.
    At(Time),
    /// When the cluster's local clock shows it, in milliseconds since 1970.
    Shown(i64),
}

/// Something that is to happen while the drill waits.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    due: Due,
    /// As the script says it: `at("9:00")`.
    said: String,
    body: FnPtr,
    position: Position,
}

/// Both clocks at this instant: the world's, and the cluster's local one.
fn clocks(context: &NativeCallContext<'_>, session: &Session) -> Fallible<(Time, i64)> {
    session.with_stage(context, |stage| (stage.now(), stage.civil_ms()))
}

/// When the local clock shows `shown`, as it goes now; at once if it shows more already.
fn instant_of(shown: i64, (now, civil): (Time, i64)) -> Time {
    let ahead = u64::try_from(shown.saturating_sub(civil)).unwrap_or(0);
    // The clock shows whole milliseconds.
    let since = if ahead == 0 { 0 } else { now.0 % 1_000 };
    Time(now.0 - since) + Duration::from_millis(ahead)
}

impl Due {
    fn instant(self, clocks: (Time, i64)) -> Time {
        match self {
            Due::At(time) => time,
            Due::Shown(shown) => instant_of(shown, clocks),
        }
    }
}

/// Reads an hour, or a date with one.
pub(crate) fn civil_arg(context: &NativeCallContext<'_>, text: &str) -> Fallible<CivilTime> {
    text.parse().map_err(|error: civil::CivilError| {
        Thrown::mistake(error.to_string()).at(context.call_position())
    })
}

/// The next time the local clock shows `text`.
fn next_shown(context: &NativeCallContext<'_>, session: &Session, text: &str) -> Fallible<i64> {
    let (_, now) = clocks(context, session)?;
    let wanted = civil_arg(context, text)?;
    wanted
        .next_after(now)
        .map_err(|error| Thrown::mistake(error.to_string()).at(context.call_position()))
}

/// Has `body` happen when the cluster's local clock shows `text` next.
pub(crate) fn at(context: &NativeCallContext<'_>, text: &str, body: FnPtr) -> Fallible<()> {
    let session = begin(context)?;
    let due = Due::Shown(next_shown(context, &session, text)?);
    schedule(context, &session, due, format!("at(\"{text}\")"), body)
}

/// Has `body` happen in a while.
pub(crate) fn after(context: &NativeCallContext<'_>, span: Span, body: FnPtr) -> Fallible<()> {
    let session = begin(context)?;
    let (now, _) = clocks(context, &session)?;
    schedule(
        context,
        &session,
        Due::At(now + span.0),
        format!("after(\"{span}\")"),
        body,
    )
}

fn begin(context: &NativeCallContext<'_>) -> Fallible<Session> {
    let session = Session::of(context)?;
    session.begin_act(context)?;
    if session.with(|inner| inner.acting > 0) {
        return Err(Thrown::mistake(format!(
            "\"{}\" stands inside what another one does: write them one after the other, in the drill itself",
            context.fn_name()
        ))
        .at(context.call_position()));
    }
    Ok(session)
}

fn schedule(
    context: &NativeCallContext<'_>,
    session: &Session,
    due: Due,
    said: String,
    body: FnPtr,
) -> Fallible<()> {
    let position = context.call_position();
    let act = Act {
        due,
        said,
        body,
        position,
    };
    session.with(|inner| inner.acts.push(act));
    Ok(())
}

/// When the next act is due.
pub(crate) fn next_due(
    context: &NativeCallContext<'_>,
    session: &Session,
) -> Fallible<Option<Time>> {
    if session.with(|inner| inner.acts.is_empty()) {
        return Ok(None);
    }
    let clocks = clocks(context, session)?;
    Ok(session.with(|inner| inner.acts.iter().map(|act| act.due.instant(clocks)).min()))
}

/// Does what is due, the earliest first, and of what is due at one instant what was said first.
pub(crate) fn do_what_is_due(context: &NativeCallContext<'_>, session: &Session) -> Fallible<()> {
    while let Some(due) = next_due(context, session)? {
        let clocks = clocks(context, session)?;
        if due > clocks.0 {
            break;
        }
        let act = session.with(|inner| {
            let found = inner
                .acts
                .iter()
                .position(|act| act.due.instant(clocks) == due)?;
            inner.acting += 1;
            Some(inner.acts.remove(found))
        });
        let Some(act) = act else { break };
        session.with_stage(context, |stage| {
            stage.mark_note(&format!("due: {}", act.said))
        })?;
        let done = act.body.call_within_context::<Dynamic>(context, ());
        session.with(|inner| inner.acting -= 1);
        let _ = done?;
    }
    Ok(())
}

/// An act that never came due tells that the drill is not the one its author meant.
pub(crate) fn all_came_due(context: &NativeCallContext<'_>, session: &Session) -> Fallible<()> {
    let Some(left) = session.with(|inner| inner.acts.first().cloned()) else {
        return Ok(());
    };
    let clocks = clocks(context, session)?;
    let due = left.due.instant(clocks);
    let (now, hour) = (clocks.0, civil::shown(clocks.1));
    Err(Thrown::mistake(format!(
        "{} never came due: the drill ended at {now} ({hour}), and it was to happen at {due}: let more time pass, or take it away",
        left.said
    ))
    .at(left.position))
}

/// Lets time pass until the cluster's local clock shows `text` next.
pub(crate) fn run_until(context: &NativeCallContext<'_>, text: &str) -> Fallible<()> {
    let session = Session::of(context)?;
    session.begin_wait(context)?;
    let shown = next_shown(context, &session, text)?;
    loop {
        let clocks = clocks(context, &session)?;
        if clocks.1 >= shown {
            return Ok(());
        }
        // A clock that is set meanwhile is looked at again.
        crate::watch::pass(context, &session, instant_of(shown, clocks), None, |_| {
            Ok(false)
        })?;
    }
}
