//! A run as its journal tells it: what every report is made of, from a journal and from nothing else.
//!
//! [`Runs`] reads a journal file line by line and gives a [`Run`] for each journal in it. Of each event a run keeps when,
//! where, what it is about, what caused it, and one sentence; what lasts is kept as [`Span`]s: what the nodes, groups,
//! resources and clients were at any time. Each time a group was out of service is an [`Outage`], split into what it was
//! spent on.
#![forbid(unsafe_code)]

mod civil;
mod cluster_log;
mod csv;
mod diff;
mod explain;
mod junit;
mod page;
mod reference;
mod run;
mod summary;
mod text;
mod timeline;
mod trace;

pub use cluster_log::cluster_logs;
pub use csv::Csv;
pub use diff::{Diff, Pair};
pub use explain::{Explain, ExplainError, Sentence, candidates, outage_story, periods};
pub use junit::{Junit, class, status, xml};
pub use page::{IndexRow, diff_page, file_name, index, page};
pub use reference::{journal_reference, journal_schema};
pub use run::{
    ClientState, DrillVerdict, FaultSpan, Felt, GroupStory, Mark, Moment, NodeStory, OfficeSpan,
    Outage, OwnedState, Phase, PhaseKind, ResourceStory, Run, RunBuilder, Runs, Served, Slowest,
    Span, Standing, Together, TogetherError,
};
pub use summary::summary;
pub use text::{cause_in_words, sentence};
pub use timeline::{Timeline, outage_lines};
pub use trace::Trace;
