//! Errors of the engine made from failures.

use quorate_drill::Thrown;
use rhai::{Dynamic, EvalAltResult, Position};

use crate::place::spot;

/// The result of a native function.
pub(crate) type Fallible<T> = Result<T, Box<EvalAltResult>>;

/// Makes an error of the engine from a failure.
pub(crate) trait Raise {
    /// The error at this position. Without one the engine fills in the position of the call.
    fn at(self, position: Position) -> Box<EvalAltResult>;
}

impl Raise for Thrown {
    fn at(mut self, position: Position) -> Box<EvalAltResult> {
        self.position = spot(position);
        Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(self), position))
    }
}
