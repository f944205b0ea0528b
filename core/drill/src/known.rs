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
    if known.reads.any() || known.reads.says {
        return Ok(false);
    }
    let same = on_stage(face, |stage| {
        stage.now() < known.at + LOOK_AGAIN && stage.mark(known.parts) == known.mark
    })?;
    Ok(same && face.is_same(&known.captured, condition))
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
    let before = match known.take() {
        Some(before) if reads_the_same(face, condition, &before)? => Some(before),
        _ => None,
    };
    let expected = before.as_ref().map(|before| before.holds);
    if let Some(before) = before
        && !face.with(|play| play.options.doubt)
    {
        let holds = before.holds;
        face.with(|play| {
            play.held = holds;
            play.reads = before.reads;
            play.over_nothing = before.over_nothing;
        });
        *known = Some(before);
        return Ok(Holds::Still(holds));
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
    // What it has changed itself, it would change again.
    let captured = captured.filter(|captured| face.is_same(captured, condition));
    *known = captured.map(|captured| {
        let (reads, over_nothing) = face.with(|play| (play.reads, play.over_nothing));
        Rc::new(Known {
            captured,
            parts,
            mark,
            at,
            holds,
            reads,
            over_nothing,
        })
    });
    Ok(Holds::Now(holds))
}

#[cfg(test)]
mod tests;
