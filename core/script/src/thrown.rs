//! What natives throw, as an error of the engine.

use quorate_drill::Thrown;
use rhai::{Dynamic, EvalAltResult, Position};

use crate::place::spot;

/// What a native returns.
pub(crate) type Fallible<T> = Result<T, Box<EvalAltResult>>;

/// A failure as the engine has it.
pub(crate) trait Raise {
    /// As an error of the engine. The engine fills the position of the call in if none is given.
    fn at(self, position: Position) -> Box<EvalAltResult>;
}

impl Raise for Thrown {
    fn at(mut self, position: Position) -> Box<EvalAltResult> {
        self.position = spot(position);
        Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(self), position))
    }
}
