//! Conditions over time.

use quorate_drill::Thrown;
use quorate_drill::watch::Promise;
use rhai::plugin::*;
use rhai::{FnPtr, Map};

use super::order;
use crate::thrown::{Fallible, Raise};
use crate::values::{name_arg, span_arg};
use crate::waits;

/// Words about conditions over time.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// A drill: a story about a cluster that must come out as told.
    /// Options: `cluster` (a cluster file, relative to the script), `seed`, `start` (what the cluster's local clock shows at
    /// power-on: "2003-10-26 01:30", or an hour of the cluster file's day; the story begins a minute or two later, when the
    /// cluster is up), `tags`, `skip` (true or a reason),
    /// `limit` (the virtual time the story may take), `cold` (true: begin at power-on), `plugins` (those that do not
    /// come with the program, and the command that gets each: without one the drill is skipped, and says so).
    /// Whatever the story breaks is healed at its end, in reverse order.
    /// Example: `drill("mail survives a lost node", #{ cluster: "scripts/clusters/four-node.ron", seed: 7 }, || {
    /// node("NODE3").crash(); recovers("EVS3", 5.minutes); });`
    #[rhai_fn(return_raw)]
    pub fn drill(
        context: NativeCallContext<'_>,
        name: &str,
        options: Map,
        body: FnPtr,
    ) -> Fallible<()> {
        crate::vocabulary::drill::begin(&context, name, &options, &body)
    }

    /// Lets time pass until a condition holds; fails if it does not within the given time. If it holds before any
    /// time has passed, nothing was waited for, and the drill's report remarks on it: see `becomes` and `recovers`.
    /// Example: `node("NODE3").crash(); eventually(|| group("EVS3").owner == "NODE4", "5m");`
    #[rhai_fn(return_raw)]
    pub fn eventually(
        context: NativeCallContext<'_>,
        condition: FnPtr,
        within: Dynamic,
    ) -> Fallible<()> {
        let within = span_arg(&context, &within)?;
        waits::eventually(&context, &condition, within, false)
    }

    /// As `eventually`, of a condition that may hold at once, and why it may.
    /// Example: `eventually(|| group("EVS3").is_online, "5m", "on some seeds it is back already")`
    #[rhai_fn(name = "eventually", return_raw)]
    pub fn eventually_since(
        context: NativeCallContext<'_>,
        condition: FnPtr,
        within: Dynamic,
        why: &str,
    ) -> Fallible<()> {
        let within = span_arg(&context, &within)?;
        if why.trim().is_empty() {
            let text = "say why the condition may hold at once";
            return Err(Thrown::mistake(text).at(context.call_position()));
        }
        waits::eventually(&context, &condition, within, true)
    }

    /// Lets time pass until a condition holds that does not hold now, or stops holding first: first not, then so. Fails
    /// if that does not happen within the given time, or if the condition held all the time.
    /// Example: `node("NODE3").crash(); becomes(|| group("EVS3").owner == "NODE4", 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn becomes(
        context: NativeCallContext<'_>,
        condition: FnPtr,
        within: Dynamic,
    ) -> Fallible<()> {
        let within = span_arg(&context, &within)?;
        waits::becomes(&context, &condition, within)
    }

    /// Lets time pass until a group is in full service again after it was out of it, now or later, by the truth of its
    /// clients. Fails if it is not back within the given time, or if it never went away.
    /// Example: `node("NODE3").crash(); recovers("EVS3", 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn recovers(
        context: NativeCallContext<'_>,
        group: Dynamic,
        within: Dynamic,
    ) -> Fallible<()> {
        let within = span_arg(&context, &within)?;
        let name = name_arg(&context, &group)?;
        let name = order::known(&context, "group", &name, |stage| stage.groups())?;
        waits::recovers(&context, &name, within)
    }

    /// A condition that must hold at every instant from now to the drill's end. It is looked at whenever something happens;
    /// one that reads a clock, a duration that runs or what clients saw, at the very instant at which it turns, too. A turn
    /// that lasts less than a second may be missed where only the clock makes it.
    /// Example: `always("mail is never away for long", || outage("EVS3") < 2.minutes); node("NODE3").crash();
    /// recovers("EVS3", 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn always(context: NativeCallContext<'_>, name: &str, condition: FnPtr) -> Fallible<()> {
        waits::watch(&context, name, Promise::Always, condition)
    }

    /// A condition that must not hold at any instant from now to the drill's end: see `always`.
    /// Example: `never("two nodes have the disk", || disk("EVS3 Disk L:").mounted_on.len() > 1); node("NODE3").crash();
    /// run("5m");`
    #[rhai_fn(return_raw)]
    pub fn never(context: NativeCallContext<'_>, name: &str, condition: FnPtr) -> Fallible<()> {
        waits::watch(&context, name, Promise::Never, condition)
    }

    /// A condition that must hold now and again at the drill's end.
    /// Example: `steady("mail flows", || group("EVS3").is_online); node("NODE3").crash(); recovers("EVS3", 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn steady(context: NativeCallContext<'_>, name: &str, condition: FnPtr) -> Fallible<()> {
        waits::watch(&context, name, Promise::Steady, condition)
    }

    /// A condition that must hold at some instant from now to the drill's end: see `always`.
    /// Example: `sometimes("mail is away", || !group("EVS3").is_online); node("NODE3").crash(); recovers("EVS3",
    /// 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn sometimes(context: NativeCallContext<'_>, name: &str, condition: FnPtr) -> Fallible<()> {
        waits::watch(&context, name, Promise::Sometimes, condition)
    }
}
