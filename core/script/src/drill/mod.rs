//! Drills as scripts tell them, and what their failures say.

mod failure;
mod runner;

pub(crate) use failure::failure_of;
pub use runner::{SCRIPT_STACK_BYTES, on_script_thread, run_script};
