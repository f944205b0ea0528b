//! Instants.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An instant on one monotonic clock, in microseconds since that clock's origin.
///
/// A node reads its own clock, which may drift from the world's. Two instants compare only when they
/// come from the same clock.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Time(pub u64);

impl Time {
    /// The clock's origin.
    pub const ZERO: Time = Time(0);
    /// Later than every instant that is ever reached.
    pub const NEVER: Time = Time(u64::MAX);

    /// An instant `ms` milliseconds after the origin.
    pub const fn from_millis(ms: u64) -> Self {
        Time(ms.saturating_mul(1_000))
    }

    /// Whole milliseconds since the origin.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000
    }

    /// The time from `earlier` to here; zero if `earlier` is later.
    pub const fn since(self, earlier: Time) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

/// A length of time as people read it and drills write it, to the microsecond: `0s`, `250ms`, `1.5ms`, `53.896s`, `1m30s`,
/// `30m`, `2h5.25s`, `1d`. Whole days, hours and minutes, then seconds with as many digits as there are; below a second
/// milliseconds, below those microseconds. Tables, values, messages and verdicts all use it; instants are a clock
/// ([`Time`]), and journals count microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lasting(pub Duration);

impl Lasting {
    /// Rounded down to whole `unit`s, for a measurement that is not as exact as all its digits.
    pub fn to(self, unit: Duration) -> Lasting {
        let (all, unit) = (self.0.as_micros(), unit.as_micros().max(1));
        let whole = u64::try_from(all - all % unit).unwrap_or(u64::MAX);
        Lasting(Duration::from_micros(whole))
    }

    /// As it is shown to people: from a second on rounded down to milliseconds. Tables and what a drill prints both use
    /// it, so that the same length of time reads the same everywhere.
    pub fn shown(self) -> Lasting {
        match self.0 < Duration::from_secs(1) {
            true => self,
            false => self.to(Duration::from_millis(1)),
        }
    }
}

impl fmt::Display for Lasting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        let (all, below) = (micros / 1_000_000, micros % 1_000_000);
        let mut text = String::new();
        for (unit, count) in [
            ("d", all / 86_400),
            ("h", all / 3_600 % 24),
            ("m", all / 60 % 60),
        ] {
            if count > 0 {
                text.push_str(&format!("{count}{unit}"));
            }
        }
        let seconds = all % 60;
        text.push_str(&match (seconds, below) {
            (0, 0) if text.is_empty() => "0s".to_owned(),
            (0, 0) => String::new(),
            (0, below) if text.is_empty() && below < 1_000 => format!("{below}us"),
            (0, below) if text.is_empty() => decimal(below / 1_000, below % 1_000, 3, "ms"),
            _ => decimal(seconds, below, 6, "s"),
        });
        f.pad(&text)
    }
}

/// A number with a fraction of `digits` digits, without needless zeros.
fn decimal(whole: u128, part: u128, digits: usize, unit: &str) -> String {
    let number = format!("{whole}.{part:0digits$}");
    let number = number.trim_end_matches('0').trim_end_matches('.');
    format!("{number}{unit}")
}

impl Add<Duration> for Time {
    type Output = Time;

    /// Saturates at [`Time::NEVER`].
    fn add(self, span: Duration) -> Time {
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        Time(self.0.saturating_add(micros))
    }
}

impl AddAssign<Duration> for Time {
    fn add_assign(&mut self, span: Duration) {
        *self = *self + span;
    }
}

impl Sub for Time {
    type Output = Duration;

    /// As [`Time::since`].
    fn sub(self, earlier: Time) -> Duration {
        self.since(earlier)
    }
}

impl fmt::Display for Time {
    /// `h:mm:ss.mmm`, as drills and journals print it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.as_millis();
        let (h, m, s) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
        write!(f, "{h}:{m:02}:{s:02}.{:03}", ms % 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_and_prints() {
        assert_eq!(Time::from_millis(3_723_004).to_string(), "1:02:03.004");
        assert_eq!(Time::NEVER + Duration::from_secs(1), Time::NEVER);
        assert_eq!(Time(5) - Time(9), Duration::ZERO);
    }

    #[test]
    fn lengths_of_time_have_one_spelling() {
        for (micros, text) in [
            (0, "0s"),
            (12, "12us"),
            (1_500, "1.5ms"),
            (250_000, "250ms"),
            (1_000_000, "1s"),
            (53_896_001, "53.896001s"),
            (90_000_000, "1m30s"),
            (60_250_000, "1m0.25s"),
            (1_800_000_000, "30m"),
            (3_605_000_000, "1h5s"),
            (86_400_000_000, "1d"),
        ] {
            assert_eq!(Lasting(Duration::from_micros(micros)).to_string(), text);
        }
        let measured = Lasting(Duration::from_micros(72_345_678));
        assert_eq!(
            measured.to(Duration::from_millis(1)).to_string(),
            "1m12.345s"
        );
        assert_eq!(measured.shown().to_string(), "1m12.345s");
        let short = Lasting(Duration::from_micros(345_678));
        assert_eq!(short.shown().to_string(), "345.678ms");
    }
}
