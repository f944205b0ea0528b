//! What a drill needs of a cluster.
//!
//! A stage is the sum of its parts, one trait each: time, configuration, belief, truth, orders, faults, work by hand,
//! clients, journal and plugins. The virtual world has all of them (`core/rehearse`); a live cluster may have fewer
//! later. A missing part shows in the return type: it is a [`NotOffered`], never an empty answer.

mod act;
mod orders;
mod property;
mod read;
mod reading;
mod record;
mod source;
mod time;

pub use quorate_journal::Entry;

pub use act::{Clients, Faults, Machines, Orders};
pub use orders::{Answer, Order, OrderHandle};
pub use property::{PropertyOf, PropertyStatus};
pub use read::{Belief, Configuration, Truth};
pub use reading::{Mark, Part, Parts};
pub use record::{Plugins, Record};
pub use source::{OpenError, StageRequest, StageSource};
pub use time::Timing;

/// The property of a group that names its policy script.
pub const POLICY: &str = "Policy";

/// A line of the journal: one JSON object.
pub type Line = serde_json::Map<String, serde_json::Value>;

/// A cluster in a world: any type with all the parts. Names are matched as the cluster file spells them.
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

/// Something that this stage cannot do, although another can: a rehearsal may offer what a live cluster cannot. The
/// text describes the action, such as "showing or changing plugins".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not offered on this stage")]
pub struct NotOffered(pub &'static str);

/// Why a stage refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StageError {
    /// It cannot be done here and now: one sentence.
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
