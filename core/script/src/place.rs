//! Conversions between the engine's positions and places in a drill's text.

use quorate_drill::{Place, Spot};
use rhai::{Expr, Position};

/// Where a position stands.
pub(crate) fn spot(position: Position) -> Spot {
    Spot {
        line: position.line().unwrap_or(0),
        column: position.position().unwrap_or(0),
    }
}

/// The position of a place in the text.
pub(crate) fn position(spot: Spot) -> Position {
    // A place comes from a position, so its numbers always fit.
    let narrow = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    match spot.line {
        0 => Position::NONE,
        line => Position::new(narrow(line), narrow(spot.column)),
    }
}

/// The place `position` in the file `file` with the contents `source`. It covers the word that begins there.
pub(crate) fn place_at(file: &str, source: &str, position: Position) -> Place {
    Place::in_source(file, source, spot(position))
}

/// Where an expression begins; the position of an operator is between its sides.
pub(crate) fn start_of(expr: &Expr) -> Position {
    match expr {
        Expr::FnCall(call, _) if call.op_token.is_some() => {
            call.args.first().map_or_else(|| expr.position(), start_of)
        }
        Expr::And(parts, _) | Expr::Or(parts, _) | Expr::Coalesce(parts, _) => {
            parts.first().map_or_else(|| expr.position(), start_of)
        }
        Expr::Dot(parts, ..) | Expr::Index(parts, ..) => start_of(&parts.lhs),
        _ => expr.position(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_the_same_there_and_back() {
        for at in [Position::NONE, Position::new(1, 0), Position::new(7, 12)] {
            assert_eq!(position(spot(at)), at);
        }
    }
}
