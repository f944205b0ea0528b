//! The engine of drills, independent of the language that tells them and of the cluster that they run on.
//!
//! [`Stage`] is what a drill needs of a cluster; [`DrillReport`] is the result, with a [`Verdict`]. The drill
//! language and the virtual world are built on this crate, which knows neither.
#![forbid(unsafe_code)]

mod choice;
pub mod civil;
mod events;
mod face;
mod finding;
mod foresight;
pub mod kinds;
mod known;
mod led;
mod noun;
mod options;
pub mod order;
mod outcome;
mod play;
mod plugins;
mod remark;
mod remarks;
mod report;
pub mod schedule;
pub mod settle;
mod span;
pub mod stage;
mod status;
pub mod tell;
#[cfg(test)]
mod tests;
mod text_file;
mod thrown;
mod variables;
pub mod wait;
pub mod watch;
mod watched;

pub use choice::Choice;
pub use civil::{CivilError, CivilTime};
pub use events::{describe_line, last_told};
pub use face::{Face, begin_act, begin_wait, on_stage, try_on_stage};
pub use finding::{Finding, Place, Severity, Spot, findings_of, suggestion};
pub use kinds::event_reference;
pub use noun::Noun;
pub use options::{DEFAULT_SEED, DrillOptions, RunOptions};
pub use play::{DrillText, Expectation, MadeFault, Play, panic_text};
pub use plugins::PluginReport;
pub use quorate_journal::Verdict;
pub use remark::{Remark, RemarkKind};
pub use report::{DrillReport, Failure, GroupOutcome, Observer, Run, Silent};
pub use span::{Span, SpanError};
pub use stage::{Stage, StageSource};
pub use status::Status;
pub use text_file::{MAX_BYTES, beside, missing, read_text};
pub use thrown::{Seen, Thrown};
