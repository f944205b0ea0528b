//! One cluster node, sans-IO: membership, quorum, cluster database, groups and failover.
//!
//! [`Node`] is a state machine without clock, thread, socket or disk: a driver hands it [`Input`]s and carries out its
//! [`Output`]s. The virtual world and a real machine drive the same code.
//!
//! Two levels inside: the cluster service (membership, quorum, log) and the group manager, which talk by values.
#![forbid(unsafe_code)]

mod admin;
mod candidacy;
mod clock;
mod codec;
mod control;
mod coordinator;
mod counsel;
mod database;
mod disks;
#[cfg(test)]
mod formats;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod groups;
mod hand_over;
mod identity;
mod io;
mod membership;
mod message;
mod monitoring;
mod node;
mod peer;
#[cfg(feature = "planted")]
mod planted;
mod policy;
mod proposals;
mod quorum;
mod random;
#[cfg(test)]
mod recovery_tests;
mod replication;
#[cfg(test)]
mod shipped;
mod spelling;
mod storage;
mod store;
mod switches;
mod timers;
mod view;
mod witness;
mod words;

pub use codec::CodecError;
pub use io::*;
pub use message::Message;
pub use node::Node;
pub use policy::{
    Choice, LocalTime, Policies, Policy, PolicyError, PolicyFailure, PolicyGroup, PolicyHosted,
    PolicyNode, PolicyResource, Reaction,
};
pub use store::StoreError;
pub use view::GroupView;
pub use witness::{WitnessReply, WitnessRequest};
