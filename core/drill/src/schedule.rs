//! Acts planned for a drill's waits: at an hour, or after a while.

use quorate_model::Time;

use crate::civil::{self, CivilError, CivilTime};
use crate::face::{Face, begin_act, on_stage};
use crate::watched::{Act, Due};
use crate::{Span, Thrown};

/// Both clocks at this instant: the world's, and the cluster's local one.
pub(crate) fn clocks<F: Face>(face: &F) -> Result<(Time, i64), F::Error> {
    on_stage(face, |stage| (stage.now(), stage.civil_ms()))
}

/// Reads an hour, or a date with one.
fn civil_time<F: Face>(face: &F, text: &str) -> Result<CivilTime, F::Error> {
    text.parse()
        .map_err(|error: CivilError| face.raise(Thrown::mistake(error.to_string()), face.here()))
}

/// The next time at which the local clock shows `text`.
pub(crate) fn next_shown<F: Face>(face: &F, text: &str) -> Result<i64, F::Error> {
    let (_, now) = clocks(face)?;
    let wanted = civil_time(face, text)?;
    wanted
        .next_after(now)
        .map_err(|error| face.raise(Thrown::mistake(error.to_string()), face.here()))
}

/// Plans `body` for the next time the cluster's local clock shows `text`.
///
/// # Errors
///
/// A text that is no time or is past, or a place where nothing may be planned.
pub fn at<F: Face>(face: &F, text: &str, body: F::Function) -> Result<(), F::Error> {
    begin(face)?;
    let due = Due::Shown(next_shown(face, text)?);
    schedule(face, due, format!("at(\"{text}\")"), body);
    Ok(())
}

/// Plans `body` for `span` from now.
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

/// Carries out the acts that are due, the earliest first; at one instant in the order they were planned.
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

/// Fails if an act never became due: its drill did not run as its author meant.
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
