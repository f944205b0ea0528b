//! Numbers of the drill's own, drawn from its seed.

use quorate_drill::Thrown;
use rhai::Array;
use rhai::plugin::*;

use crate::session::Session;
use crate::thrown::{Fallible, Raise};

/// A number from 0 to `max`. A condition draws none, since it may be evaluated any number of times.
fn draw(context: &NativeCallContext<'_>, session: &Session, max: u64) -> Fallible<u64> {
    if session.with(|play| play.is_looking()) {
        return Err(Thrown::mistake(format!(
            "\"{}\" draws from the drill's seed, and a condition may only look: draw before, and let the condition use what came",
            context.fn_name()
        ))
        .at(context.call_position()));
    }
    session.with_stage(context, |stage| stage.draw(max))
}

fn refused() -> Fallible<i64> {
    Err(Thrown::mistake(
        "a drill draws from its own seed, so that it repeats: write random(0, 3) for a whole number from 0 to 3, shuffle(list) for another order, seed() for the seed",
    )
    .at(Position::NONE))
}

/// Words about chance.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// A whole number between two others, both included: `random(0, 3)`. It is drawn from the drill's seed, with a generator
    /// that nothing else draws from: the same seed gives the same numbers on every machine.
    /// Example: `after(random(60, 300).seconds, || node("NODE3").crash()); recovers("EVS3", 10.minutes);`
    #[rhai_fn(return_raw)]
    pub fn random(context: NativeCallContext<'_>, from: i64, to: i64) -> Fallible<i64> {
        let session = Session::of(&context)?;
        if from > to {
            return Err(Thrown::mistake(format!(
                "random takes the smaller number first: write random({to}, {from})"
            ))
            .at(context.call_position()));
        }
        let drawn = draw(&context, &session, to.abs_diff(from))?;
        Ok(from.wrapping_add_unsigned(drawn))
    }

    /// The items of a list in another order, drawn from the drill's seed as `random` draws: `shuffle(nodes())[0].crash()`.
    /// The list itself stays as it is.
    /// Example: `let first = shuffle(nodes())[0]; first.crash(); becomes(|| !first.is_up, 2.minutes);`
    #[rhai_fn(return_raw)]
    pub fn shuffle(context: NativeCallContext<'_>, list: Array) -> Fallible<Array> {
        let session = Session::of(&context)?;
        let mut list = list;
        for last in (1..list.len()).rev() {
            let drawn = draw(&context, &session, last as u64)?;
            list.swap(last, usize::try_from(drawn).unwrap_or(last));
        }
        Ok(list)
    }

    /// The seed that everything random in the drill comes from: the one that `--seed` or the drill's options name, else 1.
    /// Example: `note(`told with seed ${seed()}`)`
    #[rhai_fn(return_raw)]
    pub fn seed(context: NativeCallContext<'_>) -> Fallible<i64> {
        let seed = Session::of(&context)?.with_stage(&context, |stage| stage.seed())?;
        Ok(seed.cast_signed())
    }

    // No doc comments from here on: these functions are no words of the language, they register the words above.

    #[rhai_fn(name = "rand", return_raw)]
    pub fn rand() -> Fallible<i64> {
        refused()
    }

    #[rhai_fn(name = "rand", return_raw)]
    pub fn rand_to(_to: Dynamic) -> Fallible<i64> {
        refused()
    }

    #[rhai_fn(name = "rand", return_raw)]
    pub fn rand_between(_from: Dynamic, _to: Dynamic) -> Fallible<i64> {
        refused()
    }

    #[rhai_fn(name = "random", return_raw)]
    pub fn random_without() -> Fallible<i64> {
        refused()
    }

    #[rhai_fn(name = "random", return_raw)]
    pub fn random_to(_to: i64) -> Fallible<i64> {
        refused()
    }
}
