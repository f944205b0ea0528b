//! Safe Rust for authors of Quorate resource plugins.
//!
//! A plugin is a `cdylib` that exports one or more resource types. Each is a Rust type that implements
//! [`Resource`]; [`export_plugin!`] does the rest. What the type does to the world it does through its
//! [`Context`], so that the same library runs in a rehearsed cluster in virtual time and on real machines.
//!
//! A type, and the test that brings it online, breaks its world and watches it:
//!
//! ```
//! use quorate_sdk::test::{State, World};
//! use quorate_sdk::{
//!     AnyProperty, Context, Error, ManagedService, Operation, Progress, Property, Resource, Text, TypeInfo,
//! };
//! use std::time::Duration;
//!
//! const DAEMON: Property<Text> = Property::text("Daemon").doc("Service to run").required();
//!
//! struct Proxy(ManagedService);
//!
//! impl Resource for Proxy {
//!     const TYPE: TypeInfo = TypeInfo::new("Proxy", "A web proxy").properties(&[DAEMON.any()]);
//!
//!     fn open(_: &Context) -> Result<Self, Error> {
//!         Ok(Proxy(ManagedService::new("")))
//!     }
//!     fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
//!         self.0 = ManagedService::new(ctx.properties().get(&DAEMON)?);
//!         self.0.start(ctx, 0)
//!     }
//!     fn work(&mut self, ctx: &mut Context, operation: Operation) -> Result<Progress, Error> {
//!         self.0.go_on(ctx, operation)
//!     }
//!     fn offline(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
//!         self.0.stop(ctx)
//!     }
//!     fn terminate(&mut self, ctx: &mut Context) {
//!         self.0.kill(ctx);
//!     }
//!     fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
//!         self.0.check(ctx)?;
//!         ctx.probe().service(self.0.name())
//!     }
//! }
//!
//! let world = World::new();
//! let proxy = world.resource::<Proxy>("Proxy 1").property("Daemon", "squid").open().unwrap();
//! proxy.online().unwrap();
//! assert_eq!(proxy.state(), State::Online);
//!
//! world.service("Proxy 1", "squid").hang();
//! world.run(Duration::from_secs(60));
//! assert_eq!(proxy.state(), State::Failed);
//! ```
//!
//! The modules: [`mod@test`] is the test host. Everything else is re-exported here: the trait ([`Resource`],
//! [`QuorumResource`]), typed properties ([`Property`]), the host's services (from [`Context`]), errors with the
//! original's codes ([`Error`], [`codes`]) and help for types that stand for a service ([`ManagedService`], [`Endpoint`],
//! [`Patience`]) or can be the quorum ([`Challenge`]).
//!
//! # Panics
//! A panic in a plugin is a failed call with its message (`ERROR_PANIC`). Only the plugin itself can catch it,
//! so `panic = "abort"` is refused at compile time.

#[cfg(panic = "abort")]
compile_error!("quorate-sdk needs `panic = \"unwind\"`: with `abort` one panic would end the host");

mod challenge;
mod context;
mod error;
#[doc(hidden)]
pub mod export;
mod managed;
mod progress;
mod property;
mod raw;
mod resource;
mod services;
pub mod test;
mod watching;

pub use challenge::{CHALLENGE, Challenge, RENEWAL};
pub use context::{Context, SharedContext};
pub use error::Error;
pub use managed::{ManagedService, SERVICE_POLL};
pub use progress::{Operation, Progress};
pub use property::{AnyProperty, Flag, Kind, List, Number, Property, Text};
pub use resource::{Quorum, QuorumResource, Resource, TypeInfo};
pub use services::{
    Address, Checkpoint, Clock, Cluster, Disk, Lease, Log, NetworkName, Others, Probe, Properties,
    Provider, Random, Reservation, Scripts, Service, ServiceState,
};
pub use watching::{DISK_PATIENCE, Endpoint, PROBE_PERIOD, Patience};

/// Control codes, by the original's names (CLUSCTL), and the first of a plugin's own.
pub mod controls {
    pub use quorate_abi::{
        CLUSCTL_RESOURCE_ENUM_COMMON_PROPERTIES, CLUSCTL_RESOURCE_ENUM_PRIVATE_PROPERTIES,
        CLUSCTL_RESOURCE_GET_CHARACTERISTICS, CLUSCTL_RESOURCE_GET_CLASS_INFO,
        CLUSCTL_RESOURCE_GET_NAME, CLUSCTL_RESOURCE_GET_NETWORK_NAME,
        CLUSCTL_RESOURCE_GET_PRIVATE_PROPERTIES, CLUSCTL_RESOURCE_GET_REQUIRED_DEPENDENCIES,
        CLUSCTL_RESOURCE_GET_RESOURCE_TYPE, CLUSCTL_RESOURCE_STORAGE_GET_DISK_INFO,
        CLUSCTL_RESOURCE_STORAGE_IS_PATH_VALID, CLUSCTL_RESOURCE_TYPE_ENUM_PRIVATE_PROPERTIES,
        CLUSCTL_RESOURCE_TYPE_GET_CHARACTERISTICS, CLUSCTL_RESOURCE_TYPE_GET_CLASS_INFO,
        CLUSCTL_RESOURCE_TYPE_GET_REQUIRED_DEPENDENCIES, CLUSCTL_RESOURCE_TYPE_USER,
        CLUSCTL_RESOURCE_USER,
    };
}

/// The original's (Win32) error codes.
pub mod codes {
    pub use quorate_abi::{
        ERROR_ACCESS_DENIED, ERROR_BUSY, ERROR_CLUSTER_IPADDR_IN_USE, ERROR_CONNECTION_REFUSED,
        ERROR_DEPENDENCY_NOT_FOUND, ERROR_DUP_NAME, ERROR_FILE_NOT_FOUND, ERROR_GEN_FAILURE,
        ERROR_INVALID_FUNCTION, ERROR_INVALID_PARAMETER, ERROR_IO_INCOMPLETE,
        ERROR_NETNAME_DELETED, ERROR_NOT_FOUND, ERROR_NOT_READY, ERROR_NOT_SUPPORTED, ERROR_PANIC,
        ERROR_RESOURCE_FAILED, ERROR_RESOURCE_NOT_ONLINE, ERROR_RESOURCE_PROPERTY,
        ERROR_SERVICE_DOES_NOT_EXIST, ERROR_SERVICE_NOT_ACTIVE, ERROR_SERVICE_REQUEST_TIMEOUT,
        ERROR_TIMEOUT,
    };
}
