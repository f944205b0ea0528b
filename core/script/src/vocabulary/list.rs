//! Lists: a condition over an empty list shows nothing.

use rhai::plugin::*;
use rhai::{Array, FnPtr};

use crate::place::spot;
use crate::session::Session;
use crate::thrown::Fallible;

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
            let place = [i64::try_from(place).unwrap_or(i64::MAX).into()];
            let holds =
                filter.call_raw_with_extra_args("all", &context, Some(item), [], place, Some(0))?;
            if !holds.as_bool().unwrap_or(false) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
