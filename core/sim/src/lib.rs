//! The virtual world in which a cluster is rehearsed: nodes with power and clocks, networks, shared disks,
//! services, addresses, names and clients, all in virtual time and bit for bit repeatable.
//!
//! A [`World`] runs the same `quorate_node::Node` and the same plugins as a real machine. A drill breaks things in
//! the world; the consequences are decided by the node and the plugins alone. The world checks its invariants after
//! every event, whether or not a drill asks for it, and records everything in a
//! [`Journal`](quorate_journal::Journal).
#![forbid(unsafe_code)]

mod clock;
mod env;
mod error;
mod invariants;
mod monitor;
mod options;
mod queue;
mod rng;
mod services;
mod status;
mod world;

pub use env::ScriptLoader;
pub use error::WorldError;
pub use options::{Load, ServiceTimes, WorldOptions};
pub use queue::Queue;
pub use status::{MachineStatus, Outage, Reply, RequestId};
pub use world::World;
