//! Hours, and dates with one, as scripts write them.

use std::cmp::Ordering;

use quorate_drill::{CivilError, CivilTime, Thrown};
use rhai::{Dynamic, NativeCallContext};

use crate::thrown::{Fallible, Raise};

/// Reads an hour, or a date with one.
pub(crate) fn civil_arg(context: &NativeCallContext<'_>, text: &str) -> Fallible<CivilTime> {
    text.parse()
        .map_err(|error: CivilError| Thrown::mistake(error.to_string()).at(context.call_position()))
}

/// Compares a clock with an hour, or with a date and an hour: `clock() >= "9:00"`. `None` if neither text has the
/// form of `clock()`.
pub(crate) fn clocks(
    context: &NativeCallContext<'_>,
    left: &Dynamic,
    right: &Dynamic,
) -> Fallible<Option<Ordering>> {
    let (Ok(left), Ok(right)) = (
        left.as_immutable_string_ref(),
        right.as_immutable_string_ref(),
    ) else {
        return Ok(None);
    };
    // For a script, the empty text means "none yet".
    if left.is_empty() || right.is_empty() || !(is_shown(&left) || is_shown(&right)) {
        return Ok(None);
    }
    let left = civil_arg(context, &left)?;
    let right = civil_arg(context, &right)?;
    Ok(Some(left.against(right)))
}

/// Whether a text has the form of `clock()`: `2003-06-12 09:00:00`.
fn is_shown(text: &str) -> bool {
    const FORM: &str = "0000-00-00 00:00:00";
    text.len() == FORM.len()
        && text.bytes().zip(FORM.bytes()).all(|(it, form)| match form {
            b'0' => it.is_ascii_digit(),
            form => it == form,
        })
}
