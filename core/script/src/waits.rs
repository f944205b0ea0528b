//! The words that let time pass, or that watch conditions meanwhile. Their meaning is in the engine of drills.

use quorate_drill::watch::Promise;
use quorate_drill::{Span, schedule, settle, wait, watch as watching};
use quorate_model::Name;
use rhai::{FnPtr, NativeCallContext};

use crate::session::{Here, Session};
use crate::thrown::Fallible;

/// Begins to watch a condition, and evaluates it at once.
pub(crate) fn watch(
    context: &NativeCallContext<'_>,
    name: &str,
    promise: Promise,
    condition: FnPtr,
) -> Fallible<()> {
    let session = Session::of(context)?;
    watching::watch(&Here::new(context, &session), name, promise, condition)
}

/// Lets `span` of time pass.
pub(crate) fn run(context: &NativeCallContext<'_>, span: Span) -> Fallible<()> {
    let session = Session::of(context)?;
    wait::run(&Here::new(context, &session), span)
}

/// Lets time pass until the cluster's local clock shows `text` next.
pub(crate) fn run_until(context: &NativeCallContext<'_>, text: &str) -> Fallible<()> {
    let session = Session::of(context)?;
    wait::run_until(&Here::new(context, &session), text)
}

/// Plans `body` for the next time the cluster's local clock shows `text`.
pub(crate) fn at(context: &NativeCallContext<'_>, text: &str, body: FnPtr) -> Fallible<()> {
    let session = Session::of(context)?;
    schedule::at(&Here::new(context, &session), text, body)
}

/// Plans `body` for `span` from now.
pub(crate) fn after(context: &NativeCallContext<'_>, span: Span, body: FnPtr) -> Fallible<()> {
    let session = Session::of(context)?;
    schedule::after(&Here::new(context, &session), span, body)
}

/// Lets time pass until a condition holds, at most `within`.
pub(crate) fn eventually(
    context: &NativeCallContext<'_>,
    condition: &FnPtr,
    within: Span,
    may_hold_at_once: bool,
) -> Fallible<()> {
    let session = Session::of(context)?;
    let here = Here::new(context, &session);
    wait::eventually(&here, condition, within, may_hold_at_once)
}

/// Lets time pass until a condition holds that did not hold at some earlier instant of the wait, at most `within`.
pub(crate) fn becomes(
    context: &NativeCallContext<'_>,
    condition: &FnPtr,
    within: Span,
) -> Fallible<()> {
    let session = Session::of(context)?;
    wait::becomes(&Here::new(context, &session), condition, within)
}

/// Lets time pass until a group is back in full service after it was out of it, at most `within`.
pub(crate) fn recovers(
    context: &NativeCallContext<'_>,
    group: &Name,
    within: Span,
) -> Fallible<()> {
    let session = Session::of(context)?;
    wait::recovers(&Here::new(context, &session), group, within)
}

/// Lets time pass until the cluster has settled.
pub(crate) fn settle(context: &NativeCallContext<'_>, within: Span) -> Fallible<()> {
    let session = Session::of(context)?;
    settle::settle_within(&Here::new(context, &session), within)
}
