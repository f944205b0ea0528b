//! When a condition need not be evaluated again: nothing that it read has changed.

use std::rc::Rc;
use std::time::Duration;

use crate::Thrown;
use crate::face::{Face, ask, on_stage};
use crate::watched::Known;

/// Conditions are evaluated at least this often, even if nothing readable has changed.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// It was evaluated.
    Now(bool),
    /// It was not evaluated, since it would give the same as before.
    Still(bool),
}

impl Holds {
    pub(crate) fn is_true(self) -> bool {
        match self {
            Holds::Now(holds) | Holds::Still(holds) => holds,
        }
    }
}

/// Whether a condition would read now what it read then. One that reads what changes by itself, or says something, is
/// evaluated whenever anything changes, and every other one once a second.
fn reads_the_same<F: Face>(
    face: &F,
    condition: &F::Function,
    known: &Known<F::Function>,
) -> Result<bool, F::Error> {
    let Some(captured) = &known.captured else {
        return Ok(false);
    };
    if known.reads.any() || known.reads.says {
        return Ok(false);
    }
    let same = on_stage(face, |stage| {
        stage.now() < known.at + LOOK_AGAIN && stage.mark(known.parts) == known.mark
    })?;
    Ok(same && face.is_same(captured, condition))
}

/// Says whether a condition holds, and evaluates it for that if it may have changed since it was `known`.
///
/// # Errors
///
/// Any error that the condition throws.
pub(crate) fn ask_again<F: Face>(
    face: &F,
    condition: &F::Function,
    known: &mut Option<Rc<Known<F::Function>>>,
) -> Result<Holds, F::Error> {
    let mut expected = None;
    if let Some(before) = known
        && reads_the_same(face, condition, before)?
    {
        let passes = face.with(|play| {
            play.held = before.holds;
            play.reads = before.reads;
            play.over_nothing = before.over_nothing;
            !play.options.doubt
        });
        if passes {
            return Ok(Holds::Still(before.holds));
        }
        expected = Some(before.holds);
    }
    let captured = face.captured(condition);
    on_stage(face, |stage| stage.begin_reading())?;
    let holds = ask(face, condition)?;
    if expected.is_some_and(|expected| expected != holds) {
        let text = "this condition was to be passed over, and has changed";
        return Err(face.raise(Thrown::internal(text), face.here()));
    }
    let (parts, mark, at) = on_stage(face, |stage| {
        let parts = stage.parts_read();
        (parts, stage.mark(parts), stage.now())
    })?;
    let (reads, over_nothing) = face.with(|play| (play.reads, play.over_nothing));
    *known = Some(Rc::new(Known {
        // What it has changed itself, it would change again.
        captured: captured.filter(|captured| face.is_same(captured, condition)),
        parts,
        mark,
        at,
        holds,
        reads,
        over_nothing,
    }));
    Ok(Holds::Now(holds))
}

#[cfg(test)]
mod tests;
