//! What a drill is, whatever language tells it and whatever cluster it runs on.
//!
//! [`Stage`] is what a drill needs of a cluster; [`DrillReport`] is what it showed, with a [`Verdict`]. The drill language
//! is a face on this crate, and the virtual world a stage for it: neither is known here.
#![forbid(unsafe_code)]

pub mod civil;
mod events;
mod face;
mod finding;
mod foresight;
pub mod kinds;
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
pub mod wait;
pub mod watch;
mod watched;

pub use civil::{CivilError, CivilTime};
pub use events::{describe_line, last_told};
pub use face::{Face, begin_act, begin_wait, on_stage, try_on_stage};
pub use finding::{Finding, Place, Severity, Spot, findings_of, suggestion};
pub use kinds::event_reference;
pub use noun::Noun;
pub use options::{DEFAULT_SEED, DrillOptions, RunOptions};
pub use play::{DrillText, Expectation, MadeFault, Play, panic_text};
pub use plugins::PluginReport;
pub use remark::{Remark, RemarkKind};
pub use report::{DrillReport, Failure, GroupOutcome, Observer, Run, Silent, Verdict};
pub use span::{Span, SpanError};
pub use stage::{Stage, StageSource};
pub use status::Status;
pub use text_file::{MAX_BYTES, beside, missing, read_text};
pub use thrown::{Seen, Thrown};
