//! What a drill needs of a cluster, in the words of the drill language.
//!
//! A stage is the sum of its parts, one trait each: its time, what is configured, what the cluster believes, what is true,
//! what is ordered, broken, done by hand and called, its journal and its plugins. The virtual world has them all
//! (`core/rehearse`); a live cluster can do with fewer later. What a stage need not have says so by its type: a
//! [`NotOffered`], never an empty answer.

mod act;
mod orders;
mod property;
mod read;
mod record;
mod source;
mod time;

pub use act::{Clients, Faults, Machines, Orders};
pub use orders::{Answer, Order, OrderHandle};
pub use property::{PropertyOf, PropertyStatus};
pub use read::{Belief, Configuration, Truth};
pub use record::{Plugins, Record};
pub use source::{OpenError, StageRequest, StageSource};
pub use time::Timing;

/// The property of a group that names its policy script.
pub const POLICY: &str = "Policy";

/// A line of the journal: one JSON object.
pub type Line = serde_json::Map<String, serde_json::Value>;

/// A cluster in a world: whatever has all the parts is one. Names are matched as the cluster file spells them.
///
/// Reading changes nothing. Only [`Timing::advance`] lets time pass.
pub trait Stage:
    Timing + Configuration + Belief + Truth + Orders + Faults + Machines + Clients + Record + Plugins
{
}

impl<T> Stage for T where
    T: Timing
        + Configuration
        + Belief
        + Truth
        + Orders
        + Faults
        + Machines
        + Clients
        + Record
        + Plugins
{
}

/// Something that a stage does not do, as a rehearsal does and a live cluster cannot: what, as the doing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not offered on this stage")]
pub struct NotOffered(pub &'static str);

/// Why a stage refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StageError {
    /// It could not be done here and now: one sentence.
    #[error("{0}")]
    Refused(String),
    /// It can never be done on this stage.
    #[error(transparent)]
    NotOffered(#[from] NotOffered),
}

impl StageError {
    /// A refusal, in one sentence.
    pub fn refused(text: impl Into<String>) -> StageError {
        StageError::Refused(text.into())
    }
}
