//! The replicated log: one ordered stream of updates, the same on every node.
//!
//! It is a Raft core (Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm", and
//! Ongaro's dissertation, to which the section numbers in this crate refer) with two differences:
//!
//! - **It has no time and does no input or output.** It is driven by verbs ([`Log::campaign`],
//!   [`Log::step`], [`Log::propose`], [`Log::resend`], [`Log::persisted`], …) and answers with
//!   [`Output`]s, which the node polls until there are none. All timers are the node's.
//! - **What makes an entry durable is a predicate over node sets**, the [`CommitRule`]: a majority of
//!   the configured voters, the holder of the quorum disk, or a single node.
//!
//! An output says what must be durable before it may leave: see [`Output::Send`]. The state is plain
//! data, so that a log can be cloned, compared, hashed, and checked exhaustively.
//!
//! ```
//! use quorate_log::{CommitRule, Log, Output, Stored};
//!
//! let mut log = Log::new(1, 7, CommitRule::Solo(1), Stored::default())?;
//! log.campaign();
//! let mut applied = Vec::new();
//! let mut proposed = false;
//! while let Some(output) = log.poll_output() {
//!     match output {
//!         // A real node writes and flushes here, and reports when that is done.
//!         Output::Persist(persist) => log.persisted(persist.mark),
//!         Output::Apply(entry) => applied.push(entry),
//!         _ => {}
//!     }
//!     if log.is_leader() && !proposed {
//!         proposed = true;
//!         log.propose(b"update".to_vec())?;
//!     }
//! }
//! assert_eq!(applied.len(), 2); // the new term's no-op, and the update
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod batch;
mod election;
mod entry;
mod error;
mod follow;
mod known;
mod log;
mod message;
mod output;
#[cfg_attr(
    not(feature = "planted"),
    allow(
        dead_code,
        unreachable_pub,
        reason = "nothing is planted in what ships"
    )
)]
mod planted;
mod progress;
mod replicate;
mod rule;
mod set;
mod state;
mod storage;
mod store;
mod witness;

#[cfg(any(test, feature = "check"))]
pub mod check;

pub use batch::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, one_message};
pub use entry::{Entry, EntryKind, HardState, Snapshot, Stored};
pub use error::{CompactError, NotLeader, StoredError, TransferError, VotersError};
pub use log::Log;
pub use message::{AppendOutcome, Body, Message};
pub use output::{Output, Persist, Role};
#[cfg(feature = "planted")]
pub use planted::Bug;
pub use rule::CommitRule;
pub use set::{Id, NodeSet};
pub use witness::Witness;

/// After how many calls of [`Log::resend`] a leadership transfer that has not succeeded is given up.
pub const TRANSFER_ROUNDS_MAX: u32 = 5;
