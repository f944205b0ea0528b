//! What the drill engine needs from the language that a drill is written in.
//!
//! The engine decides when a condition is evaluated, what a promise means and when a wait ends. The language calls
//! its own functions and knows the current place in the text.

use crate::play::Play;
use crate::stage::{Stage, StageError};
use crate::{Place, Seen, Spot, Thrown};

/// Why the run is being stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// From outside.
    Interrupted,
    /// It takes too much real time.
    TimedOut,
    /// A drill did not pass, and the run was to end with the first that does not.
    Enough,
}

/// A language that drills are written in, at one statement of a drill.
///
/// [`Play`] is never borrowed while a function of the language is called, so a condition may read whatever it likes.
pub trait Face {
    /// A function of the language: a condition, or an act for later.
    type Function: Clone;
    /// The error that ends a statement early: a [`Thrown`], or an error of the language itself.
    type Error;

    /// Gives short access to the state of the drill. Never call a function of the language inside `look`.
    fn with<T>(&self, look: impl FnOnce(&mut Play<Self::Function>) -> T) -> T;

    /// Where the statement stands.
    fn here(&self) -> Spot;

    /// The same, in the file that it stands in.
    fn place(&self) -> Place {
        let at = self.here();
        self.with(|play| Place::in_source(&play.text.file, &play.text.source, at))
    }

    /// The statement's word, as written in the text.
    fn word(&self) -> String;

    /// Calls a condition and says whether it holds.
    ///
    /// # Errors
    ///
    /// Any error that it throws, or a result that is neither true nor false.
    fn evaluate(&self, condition: &Self::Function) -> Result<bool, Self::Error>;

    /// Calls a function for its effect.
    ///
    /// # Errors
    ///
    /// Any error that it throws.
    fn perform(&self, body: &Self::Function) -> Result<(), Self::Error>;

    /// A copy of the function with its own copy of the captured variables: nobody else sees the changes it makes to
    /// them.
    fn apart(&self, function: &Self::Function) -> Self::Function;

    /// A copy as by [`apart`](Self::apart), if all captured variables are of kinds that can be compared, and not too many.
    fn captured(&self, function: &Self::Function) -> Option<Self::Function>;

    /// Whether the captured variables of two copies of one function have the same values.
    fn is_same(&self, one: &Self::Function, other: &Self::Function) -> bool;

    /// Says whether the drill may go on.
    ///
    /// # Errors
    ///
    /// If the run is to be stopped, or has taken too long.
    fn may_go_on(&self) -> Result<(), Self::Error>;

    /// Why an error ends everything that runs, if it does.
    fn stop(error: &Self::Error) -> Option<Stop>;

    /// A failure as an error of the language, at a place of the text.
    fn raise(&self, thrown: Thrown, at: Spot) -> Self::Error;
}

/// Gives short access to the open cluster. A panic in it ends the drill, not the process.
///
/// # Errors
///
/// If no cluster is open, or its world panicked.
pub fn on_stage<F: Face, T>(
    face: &F,
    look: impl FnOnce(&mut dyn Stage) -> T,
) -> Result<T, F::Error> {
    face.with(|play| play.guarded(look))
        .map_err(|thrown| face.raise(*thrown, face.here()))
}

/// As [`on_stage`], for an operation that the cluster may refuse or the stage may not offer.
///
/// # Errors
///
/// As [`on_stage`], and any refusal.
pub fn try_on_stage<F: Face, T, E: Into<StageError>>(
    face: &F,
    look: impl FnOnce(&mut dyn Stage) -> Result<T, E>,
) -> Result<T, F::Error> {
    on_stage(face, look)?.map_err(|refused| {
        let refused: StageError = refused.into();
        face.raise(Thrown::mistake(refused.to_string()), face.here())
    })
}

/// Begins an act: refuses it inside a condition, and forgets earlier readings.
///
/// # Errors
///
/// If a condition is being looked at.
pub fn begin_act<F: Face>(face: &F) -> Result<(), F::Error> {
    if face.with(|play| play.looking) {
        let text = format!(
            "\"{}\" acts on the cluster, and a condition may only look at it",
            face.word()
        );
        return Err(face.raise(Thrown::mistake(text), face.here()));
    }
    face.with(|play| play.seen.clear());
    Ok(())
}

/// As [`begin_act`], for what lets time pass: only the drill's own statements may, not an act that happens during a
/// wait.
///
/// # Errors
///
/// If a condition is being evaluated, or a planned act is being carried out.
pub fn begin_wait<F: Face>(face: &F) -> Result<(), F::Error> {
    begin_act(face)?;
    if face.with(|play| play.acting > 0) {
        let text = format!(
            "\"{}\" lets time pass, and what `at` and `after` do happens while the drill waits: what is to come later is an `at` or `after` of its own",
            face.word()
        );
        return Err(face.raise(Thrown::mistake(text), face.here()));
    }
    Ok(())
}

/// The failure of an expectation at a place, with the values that were read.
pub(crate) fn unmet<F: Face>(face: &F, at: Spot, text: String, seen: Vec<Seen>) -> F::Error {
    let thrown = face.with(|play| play.failed(at, text));
    face.raise(thrown.seen(seen), at)
}

/// Evaluates a condition, which may read but not act.
///
/// # Errors
///
/// Any error that it throws.
pub(crate) fn ask<F: Face>(face: &F, condition: &F::Function) -> Result<bool, F::Error> {
    let nested = face.with(|play| play.begin_look());
    let holds = face.evaluate(condition);
    face.with(|play| play.looking = nested);
    let holds = holds?;
    face.with(|play| play.held = holds);
    Ok(holds)
}
