//! What a drill is, whatever language tells it and whatever cluster it runs on.
//!
//! [`Stage`] is what a drill needs of a cluster; [`DrillReport`] is what it showed, with a [`Verdict`]. The drill language
//! is a face on this crate, and the virtual world a stage for it: neither is known here.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod civil;
mod finding;
mod plugins;
mod remark;
mod report;
mod span;
pub mod stage;
mod status;
mod text_file;

pub use civil::{CivilError, CivilTime};
pub use finding::{Finding, Place, Severity, Spot, findings_of, suggestion};
pub use plugins::PluginReport;
pub use remark::{Remark, RemarkKind};
pub use report::{ClientOutcome, DrillReport, Failure, GroupOutcome, Observer, Silent, Verdict};
pub use span::{Span, SpanError};
pub use stage::{Stage, StageSource};
pub use status::Status;
pub use text_file::{MAX_BYTES, beside, missing, read_text};
