//! The evaluation of conditions that are watched for a whole drill.

use crate::face::{Face, begin_act, on_stage, unmet};
use crate::known::{Holds, ask_again};
use crate::play::latest;
use crate::watched::{Looked, Watch};
use crate::{Spot, Thrown};

pub use crate::watched::Promise;

/// Begins to watch a condition, and evaluates it at once.
///
/// # Errors
///
/// If it does not hold as promised, or throws.
pub fn watch<F: Face>(
    face: &F,
    name: &str,
    promise: Promise,
    condition: F::Function,
) -> Result<(), F::Error> {
    begin_act(face)?;
    let since = on_stage(face, |stage| stage.now())?;
    let position = face.here();
    let mut watch = Watch {
        name: name.to_owned(),
        promise,
        condition,
        position,
        since,
        looked: Looked::default(),
        known: None,
    };
    look_at(face, &mut watch, true)?;
    watch.looked.seen_at_once = watch.looked.was_seen;
    face.with(|play| play.reaches(position));
    face.with(|play| play.watches.push(watch));
    Ok(())
}

/// Evaluates the watched conditions if anything changed since the last time; those that read time always.
///
/// # Errors
///
/// The first condition that breaks its promise, or throws.
pub fn look<F: Face>(face: &F) -> Result<(), F::Error> {
    let revision = on_stage(face, |stage| stage.revision())?;
    let same = face.with(|play| play.watched.replace(revision)) == Some(revision);
    let count = face.with(|play| play.watches.len());
    for number in 0..count {
        let changed = |watch: &&Watch<F::Function>| !same || watch.reads().any();
        let one = face.with(|play| play.watches.get(number).filter(changed).cloned());
        let Some(mut watch) = one else {
            continue;
        };
        look_at(face, &mut watch, false)?;
        face.with(|play| {
            if let Some(kept) = play.watches.get_mut(number) {
                *kept = watch;
            }
        });
    }
    Ok(())
}

/// The last evaluation, at the end of a drill's body: a steady condition must hold again, and one promised for
/// sometimes must have held.
pub(crate) fn last_look<F: Face>(face: &F) -> Result<(), F::Error> {
    check_breaches(face)?;
    face.with(|play| play.watched = None);
    look(face)?;
    let watches = face.with(|play| play.watches.clone());
    for mut watch in watches {
        match watch.promise {
            Promise::Steady => look_at(face, &mut watch, true)?,
            Promise::Sometimes if !watch.looked.was_seen => {
                return Err(face.raise(
                    Thrown::failed(format!(
                        "sometimes \"{}\": it was never seen in the whole drill",
                        watch.name
                    )),
                    watch.position,
                ));
            }
            Promise::Always | Promise::Never | Promise::Sometimes => {}
        }
    }
    Ok(())
}

/// Evaluates one condition. `edge` is true just before and just after the body.
fn look_at<F: Face>(face: &F, watch: &mut Watch<F::Function>, edge: bool) -> Result<(), F::Error> {
    let idle = match watch.promise {
        Promise::Always | Promise::Never => false,
        Promise::Steady => !edge,
        Promise::Sometimes => watch.looked.was_seen,
    };
    if idle {
        return Ok(());
    }
    // The readings of a watch must not mix with those of the script's own statements.
    let kept = face.with(|play| std::mem::take(&mut play.seen));
    let holds = ask_again(face, &watch.condition, &mut watch.known);
    let (seen, now, over_nothing) = face.with(|play| {
        let seen = std::mem::replace(&mut play.seen, kept);
        (seen, play.now(), play.over_nothing)
    });
    let holds = match holds? {
        Holds::Now(holds) => holds,
        // It was no breach of its promise then.
        Holds::Still(_) => return Ok(()),
    };
    watch.looked.read |= !seen.is_empty();
    watch.looked.over_something |= over_nothing.is_none();
    watch.looked.over_nothing = over_nothing.filter(|_| !watch.looked.over_something);
    let broken = match watch.promise {
        Promise::Always | Promise::Steady => !holds,
        Promise::Never => holds,
        Promise::Sometimes => {
            watch.looked.was_seen = holds;
            false
        }
    };
    if !broken {
        return Ok(());
    }
    let word = watch.promise.as_str();
    let text = format!("{word} \"{}\" does not hold at {now}", watch.name);
    let at = watch.position;
    Err(unmet(face, at, text, latest(seen, Spot::NONE)))
}

/// Fails if an invariant of the world was broken since the last look.
pub(crate) fn check_breaches<F: Face>(face: &F) -> Result<(), F::Error> {
    let known = face.with(|play| play.breaches);
    let breaches = on_stage(face, |stage| stage.breaches())?;
    face.with(|play| play.breaches = breaches.len());
    match breaches.get(known) {
        None => Ok(()),
        Some(breach) => Err(face.raise(
            Thrown::failed(format!(
                "the invariant \"{}\" was broken at {}: {} (after {})",
                breach.invariant, breach.at, breach.text, breach.cause
            )),
            face.here(),
        )),
    }
}
