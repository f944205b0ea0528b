//! The drill language: a Rhai front end for [`quorate_drill`].
//!
//! [`run_script`] runs a file of drills on the stages it is given, [`Console`] runs the same language line by line,
//! and [`check_script`] finds mistakes before anything runs.
#![forbid(unsafe_code)]

mod asked;
mod captured;
mod check;
mod closed;
mod compare;
mod console;
mod definitions;
mod docs;
mod drill;
pub mod editing;
mod engine;
mod events;
mod handles;
mod hashing;
mod hours;
mod lexicon;
mod modules;
mod outline;
mod place;
mod policy;
mod policy_docs;
mod reference;
mod running;
mod session;
#[cfg(test)]
mod tests;
mod thrown;
mod values;
mod vocabulary;
mod waits;

pub use asked::{Asked, asked};
pub use check::{
    check_resource_script, check_script, check_script_among, declares_drills, duplicate_drills,
    is_nearly_resource_script, is_resource_script, mixed_alphabets,
};
pub use console::complete::{Completion, files};
pub use console::{
    Card, Console, ConsoleOptions, Field, Input, InputKind, Outcome, Picture, Replay, Shown, Wrong,
    with_last_value,
};
pub use definitions::language_definitions;
pub use docs::{Example, WordDoc, entries, entries_of_engine};
pub use drill::{SCRIPT_STACK_BYTES, on_script_thread, run_script};
pub use hashing::seed_hashing;
pub use policy::{RhaiPolicies, attach_policies, check_policy, is_policy};
pub use policy_docs::{policy_calls, policy_words};
pub use reference::language_reference;
