//! Durations and the clocks.

use quorate_drill::{Span, SpanError, Thrown};
use rhai::plugin::*;

use crate::closed::{self, Set};
use crate::session::Session;
use crate::thrown::{Fallible, Raise};

const SECOND: u128 = 1_000_000;

fn span(result: Result<Span, SpanError>) -> Fallible<Span> {
    result.map_err(|error| Thrown::mistake(error.to_string()).at(Position::NONE))
}

fn read(text: &str) -> Fallible<Span> {
    span(text.parse())
}

/// Words about time.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    use std::time::Duration;

    /// Truth: virtual time since the cluster was switched on.
    /// Example: `let began = now(); node("NODE3").crash(); recovers("EVS3", 5.minutes); expect(now() - began <
    /// 3.minutes);`
    #[rhai_fn(return_raw)]
    pub fn now(context: NativeCallContext<'_>) -> Fallible<Span> {
        let session = Session::of(&context)?;
        session.read_time();
        let now = session.with_stage(&context, |stage| stage.now())?;
        let now = Span(Duration::from_micros(now.0));
        session.saw(&context, "", || "now()".to_owned(), now.exact());
        Ok(now)
    }

    /// Truth: the cluster's local civil time, as "2003-06-12 08:00:00". Compared with an hour it is taken as one, with a
    /// date and an hour as a whole.
    /// Example: `run_until("9:00"); expect(clock() >= "9:00" && clock() < "2003-06-13 0:00");`
    #[rhai_fn(return_raw)]
    pub fn clock(context: NativeCallContext<'_>) -> Fallible<String> {
        let session = Session::of(&context)?;
        session.read_time();
        let ms = session.with_stage(&context, |stage| stage.civil_ms())?;
        let civil = quorate_drill::civil::shown(ms);
        session.saw(&context, "", || "clock()".to_owned(), format!("{civil:?}"));
        Ok(civil)
    }

    /// Whether the cluster's local clock shows an hour from the first to before the second: `between("9:00", "17:30")`. If
    /// the second is the earlier one, the time spans midnight.
    /// Example: `always("mail in business hours", || !between("9:00", "9:20") || group("EVS3").is_online);
    /// run_until("10:00");`
    #[rhai_fn(return_raw)]
    pub fn between(context: NativeCallContext<'_>, from: &str, to: &str) -> Fallible<bool> {
        let session = Session::of(&context)?;
        session.read_time();
        let hour = |text: &str| {
            let time = crate::hours::civil_arg(&context, text)?;
            if time.has_date() {
                let what = format!("\"between\" takes hours of the day, and \"{text}\" has a date");
                return Err(Thrown::mistake(what).at(context.call_position()));
            }
            Ok(time.of_day())
        };
        let (from, to) = (hour(from)?, hour(to)?);
        let ms = session.with_stage(&context, |stage| stage.civil_ms())?;
        let now = ms.rem_euclid(24 * 3_600_000);
        let holds = match from <= to {
            true => from <= now && now < to,
            false => from <= now || now < to,
        };
        session.saw(
            &context,
            "",
            || "clock()".to_owned(),
            quorate_drill::civil::shown(ms),
        );
        Ok(holds)
    }

    /// The day of the week by the cluster's local clock: "Monday" to "Sunday".
    /// Example: `expect_eq(weekday(), "Thursday")`
    #[rhai_fn(return_raw)]
    pub fn weekday(context: NativeCallContext<'_>) -> Fallible<Dynamic> {
        let session = Session::of(&context)?;
        session.read_time();
        let ms = session.with_stage(&context, |stage| stage.civil_ms())?;
        let day = quorate_drill::civil::weekday(ms);
        session.saw(&context, "", || "weekday()".to_owned(), format!("{day:?}"));
        Ok(closed::word(Set::WEEKDAY, day))
    }

    /// A duration from a text: a number with a unit (us, ms, s, m, h, d), or several: "250ms", "90s", "1h30m".
    /// Example: `expect_eq(duration("1h30m"), 90.minutes)`
    #[rhai_fn(return_raw)]
    pub fn duration(text: &str) -> Fallible<Span> {
        read(text)
    }

    /// A number of milliseconds as a Duration: `250.milliseconds`.
    /// Example: `run(250.milliseconds)`
    #[rhai_fn(get = "milliseconds", pure, return_raw)]
    pub fn milliseconds(number: &mut i64) -> Fallible<Span> {
        span(Span::of(*number as f64, 1_000))
    }

    /// A number of seconds as a Duration: `90.seconds`.
    /// Example: `run(90.seconds)`
    #[rhai_fn(get = "seconds", pure, return_raw)]
    pub fn seconds(number: &mut i64) -> Fallible<Span> {
        span(Span::of(*number as f64, SECOND))
    }

    /// A number of minutes as a Duration: `5.minutes`.
    /// Example: `run(5.minutes)`
    #[rhai_fn(get = "minutes", pure, return_raw)]
    pub fn minutes(number: &mut i64) -> Fallible<Span> {
        span(Span::of(*number as f64, 60 * SECOND))
    }

    /// A number of hours as a Duration: `6.hours`.
    /// Example: `run(6.hours)`
    #[rhai_fn(get = "hours", pure, return_raw)]
    pub fn hours(number: &mut i64) -> Fallible<Span> {
        span(Span::of(*number as f64, 3_600 * SECOND))
    }

    /// A number of days as a Duration: `2.days`.
    /// Example: `run(2.days)`
    #[rhai_fn(get = "days", pure, return_raw)]
    pub fn days(number: &mut i64) -> Fallible<Span> {
        span(Span::of(*number as f64, 24 * 3_600 * SECOND))
    }

    /// A number of seconds as a Duration: `2.5.seconds`.
    /// Example: `run(2.5.seconds)`
    #[rhai_fn(get = "seconds", pure, return_raw)]
    pub fn float_seconds(number: &mut f64) -> Fallible<Span> {
        span(Span::of(*number, SECOND))
    }

    /// A number of minutes as a Duration: `1.5.minutes`.
    /// Example: `run(1.5.minutes)`
    #[rhai_fn(get = "minutes", pure, return_raw)]
    pub fn float_minutes(number: &mut f64) -> Fallible<Span> {
        span(Span::of(*number, 60 * SECOND))
    }

    /// A number of hours as a Duration: `1.5.hours`.
    /// Example: `run(1.5.hours)`
    #[rhai_fn(get = "hours", pure, return_raw)]
    pub fn float_hours(number: &mut f64) -> Fallible<Span> {
        span(Span::of(*number, 3_600 * SECOND))
    }

    /// A Duration in seconds, as a number with a fraction.
    /// Example: `expect_eq(90.seconds.as_seconds, 90.0)`
    #[rhai_fn(get = "as_seconds", pure)]
    pub fn as_seconds(duration: &mut Span) -> f64 {
        duration.0.as_secs_f64()
    }

    /// A Duration in whole milliseconds.
    /// Example: `expect_eq(2.seconds.as_milliseconds, 2000)`
    #[rhai_fn(get = "as_milliseconds", pure)]
    pub fn as_milliseconds(duration: &mut Span) -> i64 {
        i64::try_from(duration.0.as_millis()).unwrap_or(i64::MAX)
    }

    /// A Duration as a text, to the millisecond as tables have it: "1m30s", "53.896s". `as_seconds` has all its digits.
    #[rhai_fn(global, name = "to_string", pure)]
    pub fn to_string(duration: &mut Span) -> String {
        duration.to_string()
    }

    /// The same text, for `debug`.
    #[rhai_fn(global, name = "to_debug", pure)]
    pub fn to_debug(duration: &mut Span) -> String {
        duration.to_string()
    }

    /// The sum of two Durations.
    #[rhai_fn(name = "+", return_raw)]
    pub fn add(left: Span, right: Span) -> Fallible<Span> {
        span(Span::of(1.0, left.0.as_micros() + right.0.as_micros()))
    }

    /// The sum of a Duration and one given as a text.
    #[rhai_fn(name = "+", return_raw)]
    pub fn add_text(left: Span, right: &str) -> Fallible<Span> {
        add(left, read(right)?)
    }

    /// The difference of two Durations; zero if the second is longer.
    #[rhai_fn(name = "-")]
    pub fn subtract(left: Span, right: Span) -> Span {
        Span(left.0.saturating_sub(right.0))
    }

    /// As for two Durations, the second given as a text.
    #[rhai_fn(name = "-", return_raw)]
    pub fn subtract_text(left: Span, right: &str) -> Fallible<Span> {
        Ok(subtract(left, read(right)?))
    }

    /// A Duration so many times.
    #[rhai_fn(name = "*", return_raw)]
    pub fn times(left: Span, right: i64) -> Fallible<Span> {
        span(Span::of(right as f64, left.0.as_micros()))
    }

    /// A Duration so many times.
    #[rhai_fn(name = "*", return_raw)]
    pub fn times_left(left: i64, right: Span) -> Fallible<Span> {
        times(right, left)
    }

    /// Whether two Durations are equal.
    #[rhai_fn(name = "==")]
    pub fn eq(left: Span, right: Span) -> bool {
        left == right
    }
    /// Whether two Durations differ.
    #[rhai_fn(name = "!=")]
    pub fn ne(left: Span, right: Span) -> bool {
        left != right
    }
    /// Whether the first Duration is shorter.
    #[rhai_fn(name = "<")]
    pub fn lt(left: Span, right: Span) -> bool {
        left < right
    }
    /// Whether the first Duration is not longer.
    #[rhai_fn(name = "<=")]
    pub fn le(left: Span, right: Span) -> bool {
        left <= right
    }
    /// Whether the first Duration is longer.
    #[rhai_fn(name = ">")]
    pub fn gt(left: Span, right: Span) -> bool {
        left > right
    }
    /// Whether the first Duration is not shorter.
    #[rhai_fn(name = ">=")]
    pub fn ge(left: Span, right: Span) -> bool {
        left >= right
    }

    /// Whether two Durations are equal, the second given as a text.
    #[rhai_fn(name = "==", return_raw)]
    pub fn eq_text(left: Span, right: &str) -> Fallible<bool> {
        Ok(left == read(right)?)
    }
    /// Whether two Durations differ, the second given as a text.
    #[rhai_fn(name = "!=", return_raw)]
    pub fn ne_text(left: Span, right: &str) -> Fallible<bool> {
        Ok(left != read(right)?)
    }
    /// Whether the first Duration is shorter, the second given as a text.
    #[rhai_fn(name = "<", return_raw)]
    pub fn lt_text(left: Span, right: &str) -> Fallible<bool> {
        Ok(left < read(right)?)
    }
    /// Whether the first Duration is not longer, the second given as a text.
    #[rhai_fn(name = "<=", return_raw)]
    pub fn le_text(left: Span, right: &str) -> Fallible<bool> {
        Ok(left <= read(right)?)
    }
    /// Whether the first Duration is longer, the second given as a text.
    #[rhai_fn(name = ">", return_raw)]
    pub fn gt_text(left: Span, right: &str) -> Fallible<bool> {
        Ok(left > read(right)?)
    }
    /// Whether the first Duration is not shorter, the second given as a text.
    #[rhai_fn(name = ">=", return_raw)]
    pub fn ge_text(left: Span, right: &str) -> Fallible<bool> {
        Ok(left >= read(right)?)
    }

    /// Whether two Durations are equal, the first given as a text.
    #[rhai_fn(name = "==", return_raw)]
    pub fn text_eq(left: &str, right: Span) -> Fallible<bool> {
        Ok(read(left)? == right)
    }
    /// Whether two Durations differ, the first given as a text.
    #[rhai_fn(name = "!=", return_raw)]
    pub fn text_ne(left: &str, right: Span) -> Fallible<bool> {
        Ok(read(left)? != right)
    }
    /// Whether the first Duration is shorter, the first given as a text.
    #[rhai_fn(name = "<", return_raw)]
    pub fn text_lt(left: &str, right: Span) -> Fallible<bool> {
        Ok(read(left)? < right)
    }
    /// Whether the first Duration is not longer, the first given as a text.
    #[rhai_fn(name = "<=", return_raw)]
    pub fn text_le(left: &str, right: Span) -> Fallible<bool> {
        Ok(read(left)? <= right)
    }
    /// Whether the first Duration is longer, the first given as a text.
    #[rhai_fn(name = ">", return_raw)]
    pub fn text_gt(left: &str, right: Span) -> Fallible<bool> {
        Ok(read(left)? > right)
    }
    /// Whether the first Duration is not shorter, the first given as a text.
    #[rhai_fn(name = ">=", return_raw)]
    pub fn text_ge(left: &str, right: Span) -> Fallible<bool> {
        Ok(read(left)? >= right)
    }

    /// Lets virtual time pass, as `run` does. There is no other time in a drill.
    /// Example: `sleep("10s")`
    #[rhai_fn(return_raw)]
    pub fn sleep(context: NativeCallContext<'_>, duration: Dynamic) -> Fallible<()> {
        let span = crate::values::span_arg(&context, &duration)?;
        crate::waits::run(&context, span)
    }

    /// The same for a number of seconds. Rhai has a `sleep` of its own for it, which would wait in earnest.
    /// Example: `sleep(10)`
    #[rhai_fn(name = "sleep", return_raw)]
    pub fn sleep_seconds(context: NativeCallContext<'_>, number: i64) -> Fallible<()> {
        let duration = span(Span::of(number as f64, SECOND))?;
        crate::waits::run(&context, duration)
    }

    /// The same for a number of seconds with a fraction.
    /// Example: `sleep(0.5)`
    #[rhai_fn(name = "sleep", return_raw)]
    pub fn sleep_fraction(context: NativeCallContext<'_>, seconds: f64) -> Fallible<()> {
        let duration = span(Span::of(seconds, SECOND))?;
        crate::waits::run(&context, duration)
    }

    /// The same as `now()`: a drill sees no other clock than its world's.
    /// Example: `expect_eq(timestamp(), now())`
    #[rhai_fn(return_raw)]
    pub fn timestamp(context: NativeCallContext<'_>) -> Fallible<Span> {
        now(context)
    }
}
