//! Comparisons. For the engine, two values of different types are unequal and neither is greater, so that
//! `outage("EVS3") > 120` would always be false. Here a comparison of such values is reported as a mistake.

use std::any::TypeId;
use std::cmp::Ordering;

use quorate_drill::{Span, Thrown};
use rhai::{Dynamic, Engine, ImmutableString, NativeCallContext};

use crate::closed;
use crate::hours;
use crate::thrown::{Fallible, Raise};
use crate::values::{self, handle, kind_of, name_of, show};

/// The result of an operator for an order of two values; `None` means that they have none, as with a number that is
/// not a number.
type Reading = fn(Option<Ordering>) -> bool;

/// Every comparison operator, and whether it needs an order.
const OPERATORS: [(&str, bool, Reading); 6] = [
    ("==", false, |it| it.is_some_and(Ordering::is_eq)),
    ("!=", false, |it| it.is_none_or(Ordering::is_ne)),
    ("<", true, |it| it.is_some_and(Ordering::is_lt)),
    ("<=", true, |it| it.is_some_and(Ordering::is_le)),
    (">", true, |it| it.is_some_and(Ordering::is_gt)),
    (">=", true, |it| it.is_some_and(Ordering::is_ge)),
];

/// Registers the comparisons that no type has of its own.
pub(crate) fn register(engine: &mut Engine) {
    let any = TypeId::of::<Dynamic>();
    let text = TypeId::of::<ImmutableString>();
    for (operator, ordered, reading) in OPERATORS {
        engine.register_raw_fn(operator, [any, any], move |context, args| {
            compare(&context, args[0], args[1], ordered).map(reading)
        });
        if ordered {
            engine.register_raw_fn(operator, [text, text], move |context, args| {
                let order = match hours::clocks(&context, args[0], args[1])? {
                    Some(order) => Some(order),
                    None => texts(args[0], args[1]),
                };
                Ok(reading(order))
            });
        }
    }
}

fn texts(left: &Dynamic, right: &Dynamic) -> Option<Ordering> {
    let (left, right) = (
        left.as_immutable_string_ref().ok()?,
        right.as_immutable_string_ref().ok()?,
    );
    Some(left.cmp(&right))
}

/// The order of two values, or why they have none.
fn compare(
    context: &NativeCallContext<'_>,
    left: &Dynamic,
    right: &Dynamic,
    ordered: bool,
) -> Fallible<Option<Ordering>> {
    if let (Ok(left), Ok(right)) = (left.as_int(), right.as_int()) {
        return Ok(Some(left.cmp(&right)));
    }
    if let (Some(left), Some(right)) = (values::number(left), values::number(right)) {
        return Ok(left.partial_cmp(&right));
    }
    if let (Ok(left), Ok(right)) = (left.as_bool(), right.as_bool()) {
        return Ok(Some(left.cmp(&right)));
    }
    if let (Some(left), Some(right)) = (letters(left), letters(right)) {
        return Ok(Some(left.cmp(&right)));
    }
    if !ordered {
        // `()` is only equal to `()`.
        if left.is_unit() || right.is_unit() {
            return Ok(unequal_unless(left.is_unit() && right.is_unit()));
        }
        let same = left.type_id() == right.type_id();
        if same && (left.is_fnptr() || left.is_timestamp() || left.is_blob()) {
            return Ok(unequal_unless(left.to_string() == right.to_string()));
        }
        if let (Some(one), Some(other)) = (name_of(left), name_of(right))
            && (same || left.is_string() || right.is_string())
        {
            for (object, text) in [(left, right), (right, left)] {
                if let (Some((noun, _)), Ok(text)) =
                    (handle(object), text.as_immutable_string_ref())
                {
                    closed::belongs(context, closed::Set::Names(noun), &text)?;
                }
            }
            return Ok(unequal_unless(one == other));
        }
    }
    Err(Thrown::mistake(refusal(context, left, right)).at(context.call_position()))
}

fn unequal_unless(equal: bool) -> Option<Ordering> {
    equal.then_some(Ordering::Equal)
}

/// A text or a character, as a text.
fn letters(value: &Dynamic) -> Option<String> {
    match value.as_char() {
        Ok(letter) => Some(letter.to_string()),
        Err(_) => Some(value.as_immutable_string_ref().ok()?.to_string()),
    }
}

/// Why two values cannot be compared, and what to write.
fn refusal(context: &NativeCallContext<'_>, left: &Dynamic, right: &Dynamic) -> String {
    let kinds = (kind_of(context, left), kind_of(context, right));
    let either = |is: fn(&Dynamic) -> bool| is(left) || is(right);
    let help = if either(|it| it.read_lock::<Span>().is_some()) && either(is_number) {
        ": write the duration with its unit, 120.seconds or \"2m\""
    } else if either(Dynamic::is_string) && either(is_number) {
        ": write the number without quotes"
    } else if either(Dynamic::is_string) && either(Dynamic::is_bool) {
        ": write true or false without quotes"
    } else if either(|it| handle(it).is_some()) {
        ": compare what is read of it, such as its state"
    } else if either(Dynamic::is_array) {
        ": to look for one value in a list, write `value in list`"
    } else {
        ""
    };
    format!(
        "{} ({}) and {} ({}) cannot be compared by \"{}\"{help}",
        show(left),
        kinds.0,
        show(right),
        kinds.1,
        context.fn_name(),
    )
}

fn is_number(value: &Dynamic) -> bool {
    value.is_int() || value.is_float()
}
