//! Civil times as drills write them: an hour of the day, or a date with one.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time as Hour};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// A civil time in the cluster's time zone: `9:00`, `23:15:30`, `2003-10-26 01:30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CivilTime {
    /// The day; `None` is any day.
    date: Option<Date>,
    hour: Hour,
}

/// Why a text is no civil time, or why nobody can wait for that time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CivilError {
    /// Not an hour, and not a date with one.
    #[error(
        "\"{0}\" is no time of day: write an hour, such as \"9:00\" or \"23:15:30\", or a date with one, such as \"2003-10-26 01:30\""
    )]
    Malformed(String),
    /// The form is right, but no calendar or clock has this time.
    #[error(
        "there is no time \"{0}\": hours go from 0:00 to 23:59, and days are those of the calendar"
    )]
    None(String),
    /// The time is past.
    #[error("{wanted} is over: it is {now}")]
    Over {
        /// The time that was given.
        wanted: String,
        /// The present.
        now: String,
    },
}

impl CivilTime {
    /// The next instant after `now` at which the clock shows this time. Both are milliseconds since 1970, in local time.
    /// An hour that is shown right now comes again in a day.
    ///
    /// # Errors
    ///
    /// A date that is past.
    pub fn next_after(self, now: i64) -> Result<i64, CivilError> {
        match self.date {
            Some(date) => {
                let at = millis(date.to_datetime(self.hour));
                if at > now {
                    Ok(at)
                } else {
                    Err(CivilError::Over {
                        wanted: shown(at),
                        now: shown(now),
                    })
                }
            }
            None => {
                let today = civil(now).date();
                let at = millis(today.to_datetime(self.hour));
                if at > now {
                    return Ok(at);
                }
                let tomorrow = today.saturating_add(1.day());
                Ok(millis(tomorrow.to_datetime(self.hour)))
            }
        }
    }

    /// This time as the beginning of a clock, in local time, in milliseconds since 1970. Without a date it is on the
    /// day of `otherwise`.
    pub fn beginning(self, otherwise: i64) -> i64 {
        let date = self.date.unwrap_or_else(|| civil(otherwise).date());
        millis(date.to_datetime(self.hour))
    }

    /// Compares two times; only the hours count if one of them has no date.
    pub fn against(self, other: CivilTime) -> std::cmp::Ordering {
        match self.has_date() && other.has_date() {
            true => self.beginning(0).cmp(&other.beginning(0)),
            false => self.of_day().cmp(&other.of_day()),
        }
    }

    /// The hour, in milliseconds since midnight.
    pub fn of_day(self) -> i64 {
        millis(Date::constant(1970, 1, 1).to_datetime(self.hour))
    }

    /// Whether it names a day.
    pub fn has_date(self) -> bool {
        self.date.is_some()
    }
}

impl FromStr for CivilTime {
    type Err = CivilError;

    fn from_str(text: &str) -> Result<CivilTime, CivilError> {
        let malformed = || CivilError::Malformed(text.to_owned());
        let none = || CivilError::None(text.to_owned());
        let (day, hour) = match text.trim().split_once([' ', 'T']) {
            Some((day, hour)) => (Some(day), hour.trim()),
            None => (None, text.trim()),
        };
        let number = |part: &str, most: usize| -> Result<i16, CivilError> {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            match digits && part.len() <= most {
                true => part.parse().map_err(|_| malformed()),
                false => Err(malformed()),
            }
        };
        let small = |part: &str| -> Result<i8, CivilError> {
            number(part, 2).and_then(|it| i8::try_from(it).map_err(|_| none()))
        };
        let parts: Vec<&str> = hour.split(':').collect();
        let (hours, minutes, seconds) = match parts[..] {
            [hours, minutes] => (small(hours)?, small(minutes)?, 0),
            [hours, minutes, seconds] => (small(hours)?, small(minutes)?, small(seconds)?),
            _ => return Err(malformed()),
        };
        let hour = Hour::new(hours, minutes, seconds, 0).map_err(|_| none())?;
        let Some(day) = day else {
            return Ok(CivilTime { date: None, hour });
        };
        let parts: Vec<&str> = day.split('-').collect();
        let [year, month, day] = parts[..] else {
            return Err(malformed());
        };
        let date = Date::new(number(year, 4)?, small(month)?, small(day)?).map_err(|_| none())?;
        let date = Some(date);
        Ok(CivilTime { date, hour })
    }
}

impl fmt::Display for CivilTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.date {
            Some(date) => write!(f, "{date} {}", self.hour),
            None => write!(f, "{}", self.hour),
        }
    }
}

/// Milliseconds since 1970 as a date and an hour.
fn civil(ms: i64) -> DateTime {
    Timestamp::from_millisecond(ms)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_zoned(TimeZone::UTC)
        .datetime()
}

fn millis(at: DateTime) -> i64 {
    at.to_zoned(TimeZone::UTC)
        .map_or(0, |at| at.timestamp().as_millisecond())
}

/// Milliseconds since 1970 as clocks show them: `2003-06-12 08:00:00`.
pub fn shown(ms: i64) -> String {
    civil(ms).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The day of the week, in English.
pub fn weekday(ms: i64) -> String {
    civil(ms).strftime("%A").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thursday 2003-06-12 08:00.
    const MORNING: i64 = 1_055_404_800_000;

    fn next(text: &str) -> Result<String, CivilError> {
        let time: CivilTime = text.parse()?;
        time.next_after(MORNING).map(shown)
    }

    #[test]
    fn an_hour_is_the_next_one_and_a_date_that_is_over_is_refused() {
        assert_eq!(next("9:00").as_deref(), Ok("2003-06-12 09:00:00"));
        assert_eq!(next("08:00:01").as_deref(), Ok("2003-06-12 08:00:01"));
        assert_eq!(next("8:00").as_deref(), Ok("2003-06-13 08:00:00"));
        assert_eq!(next("7:59").as_deref(), Ok("2003-06-13 07:59:00"));
        assert_eq!(
            next("2003-10-26 01:30").as_deref(),
            Ok("2003-10-26 01:30:00")
        );
        assert_eq!(
            next("2004-02-29T12:00").as_deref(),
            Ok("2004-02-29 12:00:00")
        );
        let over = next("2003-06-12 08:00").expect_err("it is over");
        assert_eq!(
            over.to_string(),
            "2003-06-12 08:00:00 is over: it is 2003-06-12 08:00:00"
        );
    }

    #[test]
    fn what_no_clock_shows_is_refused() {
        for text in [
            "",
            "9",
            "9.00",
            "9:00 am",
            "nine",
            "9:000",
            "2003-10-26",
            "26.10.2003 1:30",
        ] {
            let refused = text.parse::<CivilTime>();
            assert!(
                matches!(refused, Err(CivilError::Malformed(_))),
                "{text}: {refused:?}"
            );
        }
        for text in [
            "24:00",
            "9:60",
            "9:00:61",
            "2003-02-29 12:00",
            "2003-13-01 12:00",
        ] {
            let refused = text.parse::<CivilTime>();
            assert!(
                matches!(refused, Err(CivilError::None(_))),
                "{text}: {refused:?}"
            );
        }
    }

    #[test]
    fn an_hour_alone_begins_on_the_day_that_is_given() {
        let begin = |text: &str| {
            let time = text.parse::<CivilTime>().expect("a time");
            shown(time.beginning(MORNING))
        };
        assert_eq!(begin("8:50"), "2003-06-12 08:50:00");
        assert_eq!(begin("2003-10-26 01:30"), "2003-10-26 01:30:00");
        assert_eq!(weekday(MORNING), "Thursday");
    }
}
