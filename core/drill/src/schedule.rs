//! What is to happen while a drill waits: acts at an hour, or after a while.

use std::time::Duration;

use quorate_model::Time;

use crate::civil::{self, CivilError, CivilTime};
use crate::face::{Face, begin_act, begin_wait, on_stage};
use crate::wait::pass;
use crate::{Span, Spot, Thrown};

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
pub(crate) struct Act<C> {
    due: Due,
    /// As the script says it: `at("9:00")`.
    said: String,
    body: C,
    position: Spot,
}

/// Both clocks at this instant: the world's, and the cluster's local one.
fn clocks<F: Face>(face: &F) -> Result<(Time, i64), F::Error> {
    on_stage(face, |stage| (stage.now(), stage.civil_ms()))
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
fn civil_time<F: Face>(face: &F, text: &str) -> Result<CivilTime, F::Error> {
    text.parse()
        .map_err(|error: CivilError| face.raise(Thrown::mistake(error.to_string()), face.here()))
}

/// The next time the local clock shows `text`.
fn next_shown<F: Face>(face: &F, text: &str) -> Result<i64, F::Error> {
    let (_, now) = clocks(face)?;
    let wanted = civil_time(face, text)?;
    wanted
        .next_after(now)
        .map_err(|error| face.raise(Thrown::mistake(error.to_string()), face.here()))
}

/// Has `body` happen when the cluster's local clock shows `text` next.
///
/// # Errors
///
/// A text that is no hour or is over, or a place where nothing may be planned.
pub fn at<F: Face>(face: &F, text: &str, body: F::Function) -> Result<(), F::Error> {
    begin(face)?;
    let due = Due::Shown(next_shown(face, text)?);
    schedule(face, due, format!("at(\"{text}\")"), body);
    Ok(())
}

/// Has `body` happen in a while.
///
/// # Errors
///
/// A place where nothing may be planned.
pub fn after<F: Face>(face: &F, span: Span, body: F::Function) -> Result<(), F::Error> {
    begin(face)?;
    let (now, _) = clocks(face)?;
    schedule(
        face,
        Due::At(now + span.0),
        format!("after(\"{span}\")"),
        body,
    );
    Ok(())
}

fn begin<F: Face>(face: &F) -> Result<(), F::Error> {
    begin_act(face)?;
    if face.with(|play| play.acting > 0) {
        return Err(face.raise(Thrown::mistake(format!(
            "\"{}\" stands inside what another one does: write them one after the other, in the drill itself",
            face.word()
        )), face.here()));
    }
    Ok(())
}

fn schedule<F: Face>(face: &F, due: Due, said: String, body: F::Function) {
    let act = Act {
        due,
        said,
        body,
        position: face.here(),
    };
    face.with(|play| play.acts.push(act));
}

/// When the next act is due.
pub(crate) fn next_due<F: Face>(face: &F) -> Result<Option<Time>, F::Error> {
    if face.with(|play| play.acts.is_empty()) {
        return Ok(None);
    }
    let clocks = clocks(face)?;
    Ok(face.with(|play| play.acts.iter().map(|act| act.due.instant(clocks)).min()))
}

/// Does what is due, the earliest first, and of what is due at one instant what was said first.
pub(crate) fn do_what_is_due<F: Face>(face: &F) -> Result<(), F::Error> {
    while let Some(due) = next_due(face)? {
        let clocks = clocks(face)?;
        if due > clocks.0 {
            break;
        }
        let act = face.with(|play| {
            let found = play
                .acts
                .iter()
                .position(|act| act.due.instant(clocks) == due)?;
            play.acting += 1;
            Some(play.acts.remove(found))
        });
        let Some(act) = act else { break };
        on_stage(face, |stage| stage.mark_note(&format!("due: {}", act.said)))?;
        let done = face.perform(&act.body);
        face.with(|play| play.acting -= 1);
        done?;
    }
    Ok(())
}

/// An act that never came due tells that the drill is not the one its author meant.
pub(crate) fn all_came_due<F: Face>(face: &F) -> Result<(), F::Error> {
    let Some(left) = face.with(|play| play.acts.first().cloned()) else {
        return Ok(());
    };
    let clocks = clocks(face)?;
    let due = left.due.instant(clocks);
    let (now, hour) = (clocks.0, civil::shown(clocks.1));
    Err(face.raise(Thrown::mistake(format!(
        "{} never came due: the drill ended at {now} ({hour}), and it was to happen at {due}: let more time pass, or take it away",
        left.said
    )), left.position))
}

/// Lets time pass until the cluster's local clock shows `text` next.
///
/// # Errors
///
/// A text that is no hour or is over, and as [`pass`].
pub fn run_until<F: Face>(face: &F, text: &str) -> Result<(), F::Error> {
    begin_wait(face)?;
    let shown = next_shown(face, text)?;
    loop {
        let clocks = clocks(face)?;
        if clocks.1 >= shown {
            return Ok(());
        }
        // A clock that is set meanwhile is looked at again.
        pass(face, instant_of(shown, clocks), None, || Ok(false))?;
    }
}
