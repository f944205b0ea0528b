//! The drill language: a Rhai vocabulary over a cluster that is rehearsed.
//!
//! [`Stage`] is what a drill needs of a cluster; [`SimSource`] opens virtual ones. [`run_script`] runs a file of
//! drills, [`Console`] runs the same language line by line, and [`check_script`] finds mistakes before anything runs.
#![forbid(unsafe_code)]

mod check;
mod civil;
mod closed;
mod compare;
mod console;
mod docs;
mod drill;
mod engine;
mod events;
mod finding;
mod foreign;
mod foresight;
mod journal;
mod modules;
mod outline;
mod plugins;
mod policy;
mod remark;
mod report;
mod schedule;
mod session;
mod sim_stage;
mod span;
pub mod stage;
mod status;
#[cfg(test)]
mod tests;
mod text_file;
mod thrown;
mod values;
mod vocabulary;
mod watch;

pub use check::{
    check_resource_script, check_script, check_script_with_clusters, declares_drills,
    duplicate_drills, is_nearly_resource_script, is_resource_script, mixed_alphabets,
};
pub use civil::{CivilError, CivilTime};
pub use console::{Console, ConsoleOptions, Outcome};
pub use docs::{Entry, entries, entries_of_engine};
pub use drill::{
    DEFAULT_SEED, Run, RunOptions, SCRIPT_STACK_BYTES, describe_line, on_script_thread, run_script,
};
pub use engine::seed_hashing;
pub use finding::{Finding, Place, Severity};
pub use foreign::{check_foreign, check_plugin_names};
pub use journal::event_reference;
pub use plugins::PluginReport;
pub use policy::{RhaiPolicies, attach_policies, check_policy, is_policy};
pub use remark::{Remark, RemarkKind};
pub use report::{ClientOutcome, DrillReport, Failure, GroupOutcome, Observer, Silent, Verdict};
pub use sim_stage::{SimSource, findings_of};
pub use span::{Span, SpanError};
pub use stage::{Stage, StageSource};
pub use status::Status;
pub use text_file::{MAX_BYTES, read_text};
