//! The host's services as small safe handles, each borrowed from the [`Context`](crate::Context) of a call.

mod checkpoint;
mod disk;
mod network;
mod node;
mod properties;
mod script;
mod service;

pub use checkpoint::Checkpoint;
pub use disk::{Disk, Reservation};
pub use network::{Address, Lease, NetworkName};
pub use node::{Clock, Cluster, Log, Others, Random};
pub use properties::{Properties, Provider};
pub use script::Scripts;
pub use service::{Probe, Service, ServiceState};
