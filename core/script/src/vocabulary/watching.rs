//! Conditions over time.

use rhai::plugin::*;
use rhai::{FnPtr, Map};

use crate::thrown::Fallible;
use crate::values::span_arg;
use crate::watch::{self, Promise};

/// Words about conditions over time.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// A drill: a story about a cluster that must come out as told.
    /// Options: `cluster` (a cluster file, relative to the script), `seed`, `tags`, `skip` (true or a reason),
    /// `limit` (the virtual time the story may take), `cold` (true: begin at power-on), `plugins` (those that do not
    /// come with the program, and the command that gets each: without one the drill is skipped, and says so).
    /// Whatever the story breaks is healed at its end, in reverse order.
    #[rhai_fn(return_raw)]
    pub fn drill(
        context: NativeCallContext<'_>,
        name: &str,
        options: Map,
        body: FnPtr,
    ) -> Fallible<()> {
        crate::drill::drill(&context, name, &options, &body)
    }

    /// Lets time pass until a condition holds; fails if it does not within the given time.
    /// Example: `eventually(|| group("EVS3").is_online, "5m")`
    #[rhai_fn(return_raw)]
    pub fn eventually(
        context: NativeCallContext<'_>,
        condition: FnPtr,
        within: Dynamic,
    ) -> Fallible<()> {
        let within = span_arg(&context, &within)?;
        watch::eventually(&context, &condition, within)
    }

    /// A condition that must hold at every instant from now to the drill's end.
    #[rhai_fn(return_raw)]
    pub fn always(context: NativeCallContext<'_>, name: &str, condition: FnPtr) -> Fallible<()> {
        watch::watch(&context, name, Promise::Always, condition)
    }

    /// A condition that must not hold at any instant from now to the drill's end.
    #[rhai_fn(return_raw)]
    pub fn never(context: NativeCallContext<'_>, name: &str, condition: FnPtr) -> Fallible<()> {
        watch::watch(&context, name, Promise::Never, condition)
    }

    /// A condition that must hold now and again at the drill's end.
    #[rhai_fn(return_raw)]
    pub fn steady(context: NativeCallContext<'_>, name: &str, condition: FnPtr) -> Fallible<()> {
        watch::watch(&context, name, Promise::Steady, condition)
    }

    /// A condition that must hold at some instant from now to the drill's end.
    #[rhai_fn(return_raw)]
    pub fn sometimes(context: NativeCallContext<'_>, name: &str, condition: FnPtr) -> Fallible<()> {
        watch::watch(&context, name, Promise::Sometimes, condition)
    }
}
