//! Variables that a run gives its drills.

use quorate_drill::{Span, Thrown};
use rhai::plugin::*;

use crate::session::Session;
use crate::thrown::{Fallible, Raise};
use crate::values::show;

/// The value that was given as a text, in the type of the default. The error says what the type takes.
fn read(given: &str, default: &Dynamic) -> Result<Dynamic, String> {
    if default.is_int() {
        let number: Result<i64, _> = given.parse();
        return number
            .map(Dynamic::from)
            .map_err(|_| "takes a whole number".to_owned());
    }
    if default.is_float() {
        let number = given.parse().ok().filter(|it: &f64| it.is_finite());
        let number = number.map(Dynamic::from);
        return number.ok_or_else(|| "takes a number, such as 0.5".to_owned());
    }
    if default.is_bool() {
        let flag: Result<bool, _> = given.parse();
        return flag
            .map(Dynamic::from)
            .map_err(|_| "takes true or false".to_owned());
    }
    if default.is_string() {
        return Ok(given.to_owned().into());
    }
    let span: Result<Span, _> = given.parse();
    span.map(Dynamic::from)
        .map_err(|error| format!("takes a duration: {error}"))
}

/// Words about variables.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// The value that `quorate drill --var name=value` gives, or the default where it gives none. It is of the default's
    /// kind: a whole number, a number with a point, a text, true or false, or a Duration: `quorate drill lost-node.rhai --var patience=90s`.
    /// Example: `node("NODE3").crash(); recovers("EVS3", var("patience", 5.minutes));`
    #[rhai_fn(return_raw)]
    pub fn var(context: NativeCallContext<'_>, name: &str, default: Dynamic) -> Fallible<Dynamic> {
        let at = context.call_position();
        let session = Session::of(&context)?;
        let default = default.flatten();
        let plain = default.is_int()
            || default.is_float()
            || default.is_bool()
            || default.is_string()
            || default.read_lock::<Span>().is_some();
        if !plain {
            let text = format!(
                "the default of a variable is a number, a text, true or false, or a Duration such as 5.minutes, and {} is none",
                show(&default)
            );
            return Err(Thrown::mistake(text).at(at));
        }
        let Some(given) = session.with(|play| play.variable(name)) else {
            return Ok(default);
        };
        read(&given, &default).map_err(|why| {
            let default = show(&default);
            let text =
                format!("--var {name}={given} cannot be read: var(\"{name}\", {default}) {why}");
            Thrown::mistake(text).at(at)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_value_has_the_type_of_its_default() {
        let int = read("-7", &Dynamic::from(1_i64)).map(|it| it.as_int());
        assert_eq!(int, Ok(Ok(-7)));
        let float = read("2", &Dynamic::from(0.5_f64)).map(|it| it.as_float());
        assert_eq!(float, Ok(Ok(2.0)));
        let flag = read("true", &Dynamic::from(false)).map(|it| it.as_bool());
        assert_eq!(flag, Ok(Ok(true)));
        let text = read("7", &"a".into()).map(|it| it.into_string());
        assert_eq!(text, Ok(Ok("7".to_owned())));
        let span = |text: &str| read(text, &Dynamic::from(Span(Duration::ZERO)));
        let read_back = span("1h30m").map(|it| it.cast::<Span>());
        assert_eq!(read_back, Ok(Span(Duration::from_secs(5_400))));
        for (given, default) in [
            ("1.5", Dynamic::from(1_i64)),
            ("many", Dynamic::from(0.5_f64)),
            ("inf", Dynamic::from(0.5_f64)),
            ("yes", Dynamic::from(false)),
            ("5", Dynamic::from(Span(Duration::ZERO))),
        ] {
            assert!(read(given, &default).is_err(), "{given}");
        }
    }
}
