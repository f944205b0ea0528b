//! Durations as drills write them: `"250ms"`, `"90s"`, `"5m"`, `"6h"`, `"1h30m"`, or `5.minutes`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use quorate_model::Lasting;

/// The longest duration a drill may name: a hundred years, so that no sum of instants overflows.
const LONGEST_MICROS: u128 = 100 * 365 * 24 * 3_600 * 1_000_000;

/// The units of a duration, longest first, with their length in microseconds.
const UNITS: [(&str, u128); 6] = [
    ("d", 24 * 3_600 * 1_000_000),
    ("h", 3_600 * 1_000_000),
    ("m", 60 * 1_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];

/// A length of virtual time, to the microsecond. The drill language calls it `Duration`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub Duration);

impl Span {
    /// `count` units of `unit_micros` microseconds.
    ///
    /// # Errors
    ///
    /// A negative count, one that is no number, or more than a hundred years.
    pub fn of(count: f64, unit_micros: u128) -> Result<Span, SpanError> {
        let micros = count * unit_micros as f64;
        if micros.is_nan() || micros < 0.0 {
            return Err(SpanError::Negative(count.to_string()));
        }
        if micros > LONGEST_MICROS as f64 {
            return Err(SpanError::TooLong(count.to_string()));
        }
        // No overflow: the range was checked above and is below 2^63.
        Ok(Span(Duration::from_micros(micros.round() as u64)))
    }

    /// The form with all digits, for what a failure shows: they may have decided it.
    pub fn exact(&self) -> String {
        Lasting(self.0).to_string()
    }
}

/// Why a text or number is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// Not a number with a unit.
    #[error(
        "\"{0}\" is not a duration: write a number and a unit, such as \"250ms\", \"90s\", \"5m\", \"6h\" or \"1h30m\""
    )]
    Malformed(String),
    /// A number without a unit.
    #[error("\"{0}\" has no unit: write \"{0}s\" or \"{0}m\", say")]
    NoUnit(String),
    /// A negative duration.
    #[error("a duration cannot be negative: {0}")]
    Negative(String),
    /// A duration beyond the limit that keeps sums of instants in range.
    #[error("{0} is more than a hundred years")]
    TooLong(String),
}

impl FromStr for Span {
    type Err = SpanError;

    /// Reads one or more numbers with units, in any order: `1h30m`, `2.5s`, `1m 250ms`.
    fn from_str(text: &str) -> Result<Span, SpanError> {
        let malformed = || SpanError::Malformed(text.to_owned());
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(malformed());
        }
        if rest.starts_with('-') {
            return Err(SpanError::Negative(text.to_owned()));
        }
        let mut total: u128 = 0;
        while !rest.is_empty() {
            let digits = rest
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .unwrap_or(rest.len());
            let (number, tail) = rest.split_at(digits);
            let count: f64 = number.parse().map_err(|_| malformed())?;
            let tail = tail.trim_start();
            let letters = tail
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(letters);
            if unit.is_empty() {
                return Err(SpanError::NoUnit(number.to_owned()));
            }
            let (_, micros) = UNITS
                .iter()
                .find(|(name, _)| *name == unit)
                .ok_or_else(malformed)?;
            total += Span::of(count, *micros)?.0.as_micros();
            if total > LONGEST_MICROS {
                return Err(SpanError::TooLong(text.to_owned()));
            }
            rest = tail.trim_start();
        }
        u64::try_from(total)
            .map(|micros| Span(Duration::from_micros(micros)))
            .map_err(|_| SpanError::TooLong(text.to_owned()))
    }
}

impl fmt::Display for Span {
    /// A form that reads back, to the millisecond: the one that tables have, [`Lasting::shown`]. `0s`, `250ms`, `1m30s`,
    /// `2h5.25s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Lasting(self.0).shown().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_operators_write() {
        for (text, micros) in [
            ("250ms", 250_000),
            ("90s", 90_000_000),
            ("5m", 300_000_000),
            ("6h", 21_600_000_000),
            ("1h30m", 5_400_000_000),
            ("2.5s", 2_500_000),
            (" 1m 250 ms ", 60_250_000),
            ("0s", 0),
        ] {
            assert_eq!(
                text.parse::<Span>(),
                Ok(Span(Duration::from_micros(micros))),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_is_no_duration() {
        assert_eq!("5".parse::<Span>(), Err(SpanError::NoUnit("5".into())));
        for text in ["", "m", "5 minutes", "5x", "1.2.3s", "5m-"] {
            assert!(
                matches!(text.parse::<Span>(), Err(SpanError::Malformed(_))),
                "{text}"
            );
        }
        assert!(matches!("-5m".parse::<Span>(), Err(SpanError::Negative(_))));
        assert!(matches!(
            "999999999d".parse::<Span>(),
            Err(SpanError::TooLong(_))
        ));
    }

    proptest! {
        #[test]
        fn prints_what_it_reads(millis in 0_u64..3_000_000_000_000) {
            let span = Span(Duration::from_millis(millis));
            prop_assert_eq!(span.to_string().parse::<Span>(), Ok(span));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,24}") {
            let _ = text.parse::<Span>();
        }
    }
}
