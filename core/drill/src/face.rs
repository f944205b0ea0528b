//! What the engine of drills asks of the language that a drill is told in.
//!
//! The engine says when a condition is looked at, what a promise means and when a wait ends. The language calls its own
//! functions, and knows where in the text it is.

use crate::play::Play;
use crate::stage::{Stage, StageError};
use crate::{Seen, Spot, Thrown};

/// Why what runs is being stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// From outside.
    Interrupted,
    /// It takes too much real time.
    TimedOut,
    /// A drill did not pass, and the run was to end with the first that does not.
    Enough,
}

/// A language that drills are told in, at one statement of a drill.
///
/// No access to the [`Play`] is open while one of the language's functions is called, so a condition may read whatever it
/// likes.
pub trait Face {
    /// A function of the language: a condition, or what is to be done later.
    type Function: Clone;
    /// What ends a statement before its end: a [`Thrown`], or whatever else the language knows.
    type Error;

    /// Short access to what is known of the drill. Never calls a function of the language from inside.
    fn with<T>(&self, look: impl FnOnce(&mut Play<Self::Function>) -> T) -> T;

    /// Where the statement stands.
    fn here(&self) -> Spot;

    /// The statement's word, as the text has it.
    fn word(&self) -> String;

    /// Calls a condition and says whether it holds.
    ///
    /// # Errors
    ///
    /// Whatever it throws, or that it is neither true nor false.
    fn evaluate(&self, condition: &Self::Function) -> Result<bool, Self::Error>;

    /// Calls a function for what it does.
    ///
    /// # Errors
    ///
    /// Whatever it throws.
    fn perform(&self, body: &Self::Function) -> Result<(), Self::Error>;

    /// The same function with a copy of what it has captured: what it changes of that, nobody else sees.
    fn apart(&self, function: &Self::Function) -> Self::Function;

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

/// Short access to the open cluster. A panic in it ends the drill, not the process.
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

/// As [`on_stage`], for what the cluster may refuse or its stage need not offer.
///
/// # Errors
///
/// As [`on_stage`], and what the cluster refuses.
pub fn try_on_stage<F: Face, T, E: Into<StageError>>(
    face: &F,
    look: impl FnOnce(&mut dyn Stage) -> Result<T, E>,
) -> Result<T, F::Error> {
    on_stage(face, look)?.map_err(|refused| {
        let refused: StageError = refused.into();
        face.raise(Thrown::mistake(refused.to_string()), face.here())
    })
}

/// Refuses to act inside a condition, and forgets what was read before.
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

/// As [`begin_act`], of what lets time pass: that is for the drill itself, not for what happens meanwhile.
///
/// # Errors
///
/// If a condition is being looked at, or what was to happen meanwhile happens.
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

/// The failure that something expected at a place is not so, with what was read.
pub(crate) fn unmet<F: Face>(face: &F, at: Spot, text: String, seen: Vec<Seen>) -> F::Error {
    let thrown = face.with(|play| play.failed(at, text));
    face.raise(thrown.seen(seen), at)
}

/// Asks a condition, which may look and not act, whether it holds.
///
/// # Errors
///
/// Whatever it throws.
pub(crate) fn ask<F: Face>(face: &F, condition: &F::Function) -> Result<bool, F::Error> {
    let nested = face.with(|play| play.begin_look());
    let holds = face.evaluate(condition);
    face.with(|play| play.looking = nested);
    let holds = holds?;
    face.with(|play| play.held = holds);
    Ok(holds)
}
