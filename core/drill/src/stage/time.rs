//! The time of a stage.

use quorate_model::Time;

use super::{Mark, NotOffered, Part, Parts, StageError};

/// The clocks of a stage, its seeded random numbers, and the passing of time.
pub trait Timing {
    /// Time since the world began.
    fn now(&self) -> Time;
    /// The cluster's local civil time, in milliseconds since 1970.
    fn civil_ms(&self) -> i64;
    /// The local time on a node's own clock, in milliseconds since 1970.
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
    /// A number from 0 to `max`, both included, from a seeded generator of its own.
    fn draw(&mut self, max: u64) -> u64;
    /// A number that changes whenever anything readable changes.
    fn revision(&self) -> u64;
    /// From now on it is noted which parts are read.
    fn begin_reading(&self) {}
    /// The parts that were read since [`begin_reading`](Self::begin_reading).
    fn parts_read(&self) -> Parts {
        Parts::of(Part::Rest)
    }

    /// Numbers for these parts: as long as they are the same, reading those parts gives the same.
    fn mark(&self, parts: Parts) -> Mark {
        let _ = parts;
        let mut mark = Mark::default();
        mark.add(&[self.revision(), self.now().0]);
        mark
    }

    /// Lets time pass until anything readable changes, at most until `limit`.
    fn advance(&mut self, limit: Time);
    /// From now on everything is read as it will be at instant `at` if nothing happens before; `None` ends this. Only
    /// reading is allowed meanwhile.
    ///
    /// # Errors
    ///
    /// If the stage cannot do it. Conditions that read time are then evaluated once a second.
    fn foresee(&mut self, at: Option<Time>) -> Result<(), NotOffered> {
        let _ = at;
        Err(NotOffered("reading the cluster as it will be"))
    }

    /// The next instant at which clients call; `None` if there are none.
    ///
    /// # Errors
    ///
    /// If the stage does not know. Conditions that read the counts of clients are then evaluated once a second.
    fn next_call(&self) -> Result<Option<Time>, NotOffered> {
        Err(NotOffered("knowing when clients call next"))
    }
}
