//! A test host: with it, an author's `cargo test` brings a resource online, breaks its world and watches it.
//!
//! A [`World`] has a clock that only the test moves, and everything that a resource may use: services, ports, disks,
//! addresses and names, on as many nodes as the test names. Resources are opened through the same table that a real
//! host calls. A small resource monitor drives them by the contract: pending operations, LooksAlive and IsAlive at
//! the type's intervals, `PendingTimeout`, signals. The answer of a check is never forced: a test breaks the world,
//! and the resource's own code has to notice.
//!
//! ```
//! use quorate_sdk::test::{State, World};
//! use quorate_sdk::{Context, Error, ManagedService, Operation, Progress, Resource, TypeInfo};
//! use std::time::Duration;
//!
//! struct Ledger(ManagedService);
//!
//! impl Resource for Ledger {
//!     const TYPE: TypeInfo = TypeInfo::new("Ledger", "The ledger service");
//!     fn open(_: &Context) -> Result<Self, Error> {
//!         Ok(Ledger(ManagedService::new("ledgerd")))
//!     }
//!     fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
//!         self.0.start(ctx, 0)
//!     }
//!     fn work(&mut self, ctx: &mut Context, operation: Operation) -> Result<Progress, Error> {
//!         self.0.go_on(ctx, operation)
//!     }
//!     fn terminate(&mut self, ctx: &mut Context) {
//!         self.0.kill(ctx);
//!     }
//!     fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
//!         self.0.check(ctx)
//!     }
//! }
//!
//! let world = World::new();
//! let ledger = world.resource::<Ledger>("Ledger 1").open().unwrap();
//! ledger.begin_online().unwrap();
//! assert_eq!(ledger.state(), State::OnlinePending);
//! world.run(Duration::from_secs(2));
//! assert_eq!(ledger.state(), State::Online);
//!
//! world.service("Ledger 1", "ledgerd").crash();
//! world.run(Duration::from_secs(5)); // LooksAlive, and IsAlive at once
//! assert_eq!(ledger.state(), State::Failed);
//! assert_eq!(ledger.last_error(), "service `ledgerd` has stopped");
//! ```

mod controls;
mod instance;
mod monitor;
mod physical;
mod tables;
mod world;

pub use controls::{
    AddressControl, DhcpControl, DiskControl, NameControl, NodeControl, ServiceControl,
};
pub use instance::{Arbitration, Instance, State};
pub use world::{Builder, World};

#[cfg(test)]
mod asking;
#[cfg(test)]
mod tests;
