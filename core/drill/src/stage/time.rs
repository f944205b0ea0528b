//! The time of a stage.

use quorate_model::Time;

use super::{NotOffered, StageError};

/// The clocks of a stage, what is drawn by seed, and letting time pass.
pub trait Timing {
    /// Time since the world began.
    fn now(&self) -> Time;
    /// The cluster's local civil time, in milliseconds since 1970.
    fn civil_ms(&self) -> i64;
    /// What a node's own clock shows, in its local time, in milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// A node that is off.
    fn clock_of(&self, node: &str) -> Result<i64, StageError> {
        let _ = node;
        Err(NotOffered("reading a node's own clock").into())
    }

    /// The seed of everything random.
    fn seed(&self) -> u64;
    /// A number from 0 to `max`, both included, from a seeded generator that nothing else draws from.
    fn draw(&mut self, max: u64) -> u64;
    /// A number that changes whenever something that can be read changes.
    fn revision(&self) -> u64;
    /// Lets the world go on until something that can be read changes, and at most until `limit`.
    fn advance(&mut self, limit: Time);
    /// Until it is called with `None`, everything that can be read is as it will be at that instant to come if nothing
    /// happens until then. Only reading is allowed meanwhile.
    ///
    /// # Errors
    ///
    /// If the stage cannot do it: conditions that read time are then looked at once a second.
    fn foresee(&mut self, at: Option<Time>) -> Result<(), NotOffered> {
        let _ = at;
        Err(NotOffered("reading the cluster as it will be"))
    }

    /// The next instant at which clients call; `None` if none do.
    ///
    /// # Errors
    ///
    /// If the stage does not know: conditions that read what clients count are then looked at once a second.
    fn next_call(&self) -> Result<Option<Time>, NotOffered> {
        Err(NotOffered("knowing when clients call next"))
    }
}
