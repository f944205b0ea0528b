//! How likely something is.

use std::fmt;

use serde::{Deserialize, Serialize};

const MILLION: u32 = 1_000_000;

/// A probability, in millionths: 0 is never, 1,000,000 is always. As text it is in per cent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Chance(u32);

impl Chance {
    /// Never.
    pub const NEVER: Chance = Chance(0);

    /// A probability between 0 and 1, to the nearest millionth; `None` for anything else.
    pub fn of(probability: f64) -> Option<Chance> {
        let in_range = (0.0..=1.0).contains(&probability);
        in_range.then(|| Chance((probability * f64::from(MILLION)).round() as u32))
    }

    /// How many of a million.
    pub fn per_million(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", f64::from(self.0) / 1e4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chance_lies_between_never_and_always() {
        assert_eq!(Chance::of(0.25).map(Chance::per_million), Some(250_000));
        assert_eq!(Chance::of(1.0).map(Chance::per_million), Some(MILLION));
        for wrong in [-0.1, 1.000_1, f64::NAN, f64::INFINITY] {
            assert_eq!(Chance::of(wrong), None, "{wrong}");
        }
        assert_eq!(Chance::of(0.2).expect("in range").to_string(), "20 %");
    }
}
