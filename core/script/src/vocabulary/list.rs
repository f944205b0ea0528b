//! Lists: a condition over an empty list shows nothing.
//!
//! The engine has all of these words. Its own try a closure without its argument first, and make an error of that for
//! each item; what scripts do most would take twice as long.

use rhai::plugin::*;
use rhai::{Array, EvalAltResult, FnPtr, Position};

use crate::place::spot;
use crate::session::Session;
use crate::thrown::Fallible;

/// Calls a word's function with the item number `place` of a list, as the engine's own words do: with the item, with the
/// item and its number, or bound to it as `this`.
fn call(
    context: &NativeCallContext<'_>,
    function: &FnPtr,
    item: &mut Dynamic,
    place: usize,
) -> Fallible<Dynamic> {
    let word = context.fn_name();
    // There is only one closure of its name, so it is not one that would have been bound to the item.
    if function.is_anonymous() {
        let given = function.call_raw(context, None, [item.clone()]);
        match given.map_err(|error| *error) {
            Ok(value) => return Ok(value),
            Err(EvalAltResult::ErrorFunctionNotFound(missing, _))
                if missing.starts_with(function.fn_name()) => {}
            Err(error) => {
                let source = context.call_source().unwrap_or_default();
                return Err(EvalAltResult::ErrorInFunctionCall(
                    word.to_owned(),
                    source.to_owned(),
                    error.into(),
                    Position::NONE,
                )
                .into());
            }
        }
    }
    let place = [i64::try_from(place).unwrap_or(i64::MAX).into()];
    function.call_raw_with_extra_args(word, context, Some(item), [], place, Some(0))
}

/// As [`call`], and whether the result is true.
fn holds(
    context: &NativeCallContext<'_>,
    function: &FnPtr,
    item: &mut Dynamic,
    place: usize,
) -> Fallible<bool> {
    let result = call(context, function, item, place)?;
    Ok(result.as_bool().unwrap_or(false))
}

/// Words about lists.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// Whether the function is true for every item of a list. An empty list has none: it is true, and an expectation
    /// that rests on it is remarked on.
    /// Example: `expect(nodes().all(|n| n.is_up))`
    #[rhai_fn(return_raw, pure)]
    pub fn all(context: NativeCallContext<'_>, list: &mut Array, filter: FnPtr) -> Fallible<bool> {
        if list.is_empty() {
            let at = context.call_position();
            // Resource and policy scripts use lists as well, outside of any drill.
            if let Ok(session) = Session::of(&context) {
                session.with(|play| play.went_over_nothing(spot(at)));
            }
            return Ok(true);
        }
        for (place, item) in list.iter_mut().enumerate() {
            if !holds(&context, &filter, item, place)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the function is true for any item of a list.
    /// Example: `expect(!nodes().some(|n| n.state == "Paused"))`
    #[rhai_fn(return_raw, pure)]
    pub fn some(context: NativeCallContext<'_>, list: &mut Array, filter: FnPtr) -> Fallible<bool> {
        for (place, item) in list.iter_mut().enumerate() {
            if holds(&context, &filter, item, place)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The items of a list for which the function is true, in their order.
    /// Example: `expect_eq(resources().filter(|r| r.owners.len() > 1), [])`
    #[rhai_fn(return_raw, pure)]
    pub fn filter(
        context: NativeCallContext<'_>,
        list: &mut Array,
        filter: FnPtr,
    ) -> Fallible<Array> {
        let mut chosen = Array::new();
        for (place, item) in list.iter_mut().enumerate() {
            if holds(&context, &filter, item, place)? {
                chosen.push(item.clone());
            }
        }
        Ok(chosen)
    }

    /// What the function makes of each item of a list, in their order.
    /// Example: `expect(nodes().map(|n| n.name).contains("NODE1"))`
    #[rhai_fn(return_raw, pure)]
    pub fn map(context: NativeCallContext<'_>, list: &mut Array, map: FnPtr) -> Fallible<Array> {
        let items = list.iter_mut().enumerate();
        items
            .map(|(place, item)| call(&context, &map, item, place))
            .collect()
    }
}
