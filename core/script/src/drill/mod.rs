//! Drills as scripts tell them, and what their failures say.

mod failure;
mod options;
mod runner;

use quorate_drill::Thrown;
use rhai::{FnPtr, Map, NativeCallContext};

use crate::session::{Here, Session};
use crate::thrown::{Fallible, Raise};

pub(crate) use failure::{failure_of, imported, is_interrupt, stop_of};
pub(crate) use options::ClusterOptions;
pub use runner::{SCRIPT_STACK_BYTES, on_script_thread, run_script};

/// The native behind `drill(name, options, body)`.
pub(crate) fn drill(
    context: &NativeCallContext<'_>,
    name: &str,
    options: &Map,
    body: &FnPtr,
) -> Fallible<()> {
    let session = Session::of(context)?;
    let here = Here::new(context, &session);
    quorate_drill::tell::begin(&here)?;
    let options = options::drill_options(options)
        .map_err(|text| Thrown::mistake(text).at(context.call_position()))?;
    quorate_drill::tell::drill(&here, name, &options, body)
}
