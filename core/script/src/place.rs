//! Between the engine's positions and places in a drill's text.

use quorate_drill::{Place, Spot};
use rhai::Position;

/// Where a position stands.
pub(crate) fn spot(position: Position) -> Spot {
    Spot {
        line: position.line().unwrap_or(0),
        column: position.position().unwrap_or(0),
    }
}

/// The place `position` in the file `file` with the contents `source`: the word that begins there.
pub(crate) fn place_at(file: &str, source: &str, position: Position) -> Place {
    Place::in_source(file, source, spot(position))
}
