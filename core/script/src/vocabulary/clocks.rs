//! Steps of clocks, and local time.

use quorate_drill::Thrown;
use quorate_model::ClockFault;
use rhai::plugin::*;

use super::order;
use crate::handles::FaultRef;
use crate::thrown::{Fallible, Raise};
use crate::values::span_arg;

/// A step in milliseconds, negative for a text that begins with a minus, and the same in words.
pub(super) fn way(context: &NativeCallContext<'_>, by: &Dynamic) -> Fallible<(i64, String)> {
    let text = by.as_immutable_string_ref().ok();
    let text = text.map(|text| text.trim().to_owned());
    let back = text.as_deref().and_then(|text| text.strip_prefix('-'));
    let span = match back {
        Some(span) => span_arg(context, &Dynamic::from(span.to_owned()))?,
        None => span_arg(context, by)?,
    };
    let ms = i64::try_from(span.0.as_millis()).unwrap_or(i64::MAX);
    let (way, ms) = match back {
        Some(_) => ("back", -ms),
        None => ("forward", ms),
    };
    Ok((ms, format!("{way} by {span}")))
}

/// As [`way`], in whole minutes.
pub(super) fn minutes(context: &NativeCallContext<'_>, by: &Dynamic) -> Fallible<(i32, String)> {
    let (ms, said) = way(context, by)?;
    if ms % 60_000 != 0 {
        let text = format!("local time is set by whole minutes, not {said}");
        return Err(Thrown::mistake(text).at(context.call_position()));
    }
    Ok((within(ms / 60_000), said))
}

/// The number as an `i32`. One that does not fit becomes the nearest, which is out of any range as well.
pub(super) fn within(number: i64) -> i32 {
    let number = number.clamp(i32::MIN.into(), i32::MAX.into());
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Words about local time.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// Daylight saving begins: local time goes forward by an hour on every node, and for `clock()`, `at`, `between` and
    /// `run_until`. Healing ends it: the hour before comes once more. UTC, and every timer, goes on.
    /// Example: `daylight_saving(); expect(clock() >= "9:00");`
    #[rhai_fn(return_raw)]
    pub fn daylight_saving(context: NativeCallContext<'_>) -> Fallible<FaultRef> {
        let fault = ClockFault::LocalTime {
            node: None,
            by_minutes: 60,
        };
        order::inject(&context, "daylight saving began", fault)
    }
}
