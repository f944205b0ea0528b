//! The context of each call to an instance: its name, the host's services, and its requests to the host.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use quorate_abi::{self as abi, QrHost, QrInstance};

use crate::raw::Table;
use crate::services::{
    Address, Checkpoint, Clock, Cluster, Disk, Log, NetworkName, Probe, Properties, Random,
    Scripts, Service,
};
use crate::{AnyProperty, Error};

/// The host's tables, fetched once for each instance.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) clock: Table<abi::QrClock>,
    pub(crate) random: Table<abi::QrRandom>,
    pub(crate) properties: Table<abi::QrProperties>,
    pub(crate) service: Table<abi::QrService>,
    pub(crate) probe: Table<abi::QrProbe>,
    pub(crate) disk: Table<abi::QrDisk>,
    pub(crate) address: Table<abi::QrAddress>,
    pub(crate) name: Table<abi::QrName>,
    pub(crate) checkpoint: Table<abi::QrCheckpoint>,
    pub(crate) cluster: Table<abi::QrCluster>,
    pub(crate) log: Table<abi::QrLog>,
    pub(crate) script: Table<abi::QrScript>,
}

/// The world as one instance sees it, for the length of one call.
///
/// A plugin reaches everything through this, so the same plugin runs in a drill's virtual world and in the real one.
/// None of the calls waits.
#[derive(Debug)]
pub struct Context {
    resource: String,
    type_name: &'static str,
    /// The properties that the type lists; `None` if they are not known.
    pub(crate) listed: Option<&'static [AnyProperty]>,
    instance: *const QrInstance,
    pub(crate) tables: Tables,
    pub(crate) wake: Option<Duration>,
    pub(crate) signal: Option<Error>,
    pub(crate) lost: Option<Error>,
}

impl Context {
    /// # Safety
    /// `host` is NULL or the host's valid table, and `instance` what it gave to `open`; both outlive the context.
    pub(crate) unsafe fn new(
        resource: String,
        type_name: &'static str,
        host: *const QrHost,
        instance: *const QrInstance,
    ) -> Self {
        // SAFETY: the caller's promise; the ids and layouts are the contract's pairs.
        let tables = unsafe {
            Tables {
                clock: Table::find(host, abi::SERVICE_ID_CLOCK),
                random: Table::find(host, abi::SERVICE_ID_RANDOM),
                properties: Table::find(host, abi::SERVICE_ID_PROPERTIES),
                service: Table::find(host, abi::SERVICE_ID_SERVICE),
                probe: Table::find(host, abi::SERVICE_ID_PROBE),
                disk: Table::find(host, abi::SERVICE_ID_DISK),
                address: Table::find(host, abi::SERVICE_ID_ADDRESS),
                name: Table::find(host, abi::SERVICE_ID_NAME),
                checkpoint: Table::find(host, abi::SERVICE_ID_CHECKPOINT),
                cluster: Table::find(host, abi::SERVICE_ID_CLUSTER),
                log: Table::find(host, abi::SERVICE_ID_LOG),
                script: Table::find(host, abi::SERVICE_ID_SCRIPT),
            }
        };
        Context {
            resource,
            type_name,
            listed: None,
            instance,
            tables,
            wake: None,
            signal: None,
            lost: None,
        }
    }

    pub(crate) fn instance(&self) -> *const QrInstance {
        self.instance
    }

    /// The resource's name.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// Its type's name.
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Asks for one call of [`watch`](crate::Resource::watch) after `wait` (at least 1 ms), in place of an earlier
    /// request. The request stands until `offline`, `terminate` or `release` has ended what it is for.
    pub fn wake_after(&mut self, wait: Duration) {
        self.wake = Some(wait);
    }

    /// Says that something is wrong: the host calls `is_alive` at once, to confirm. Counts in
    /// [`watch`](crate::Resource::watch) while online.
    pub fn signal(&mut self, why: Error) {
        self.signal = Some(why);
    }

    /// Says that a reservation that was won is gone (`QuorumResourceLost`). Counts in
    /// [`watch`](crate::Resource::watch) while defending.
    pub fn quorum_lost(&mut self, why: Error) {
        self.lost = Some(why);
    }

    /// The node's clocks.
    pub fn clock(&self) -> Clock<'_> {
        Clock::new(self)
    }

    /// The resource's own seeded generator.
    pub fn random(&self) -> Random<'_> {
        Random::new(self)
    }

    /// The resource's properties, and those of the resources it depends on.
    pub fn properties(&self) -> Properties<'_> {
        Properties::new(self)
    }

    /// The service `name` of this resource, in the node's service controller.
    pub fn service<'a>(&'a self, name: &'a str) -> Service<'a> {
        Service::new(self, name)
    }

    /// Questions to running services.
    pub fn probe(&self) -> Probe<'_> {
        Probe::new(self)
    }

    /// The shared disk `name`.
    pub fn disk<'a>(&'a self, name: &'a str) -> Disk<'a> {
        Disk::new(self, name)
    }

    /// The addresses of virtual servers on the network `network`.
    pub fn address<'a>(&'a self, network: &'a str) -> Address<'a> {
        Address::new(self, network)
    }

    /// The network name `name` of a virtual server.
    pub fn name<'a>(&'a self, name: &'a str) -> NetworkName<'a> {
        NetworkName::new(self, name)
    }

    /// The bytes under `key` that follow the resource to its next owner.
    pub fn checkpoint<'a>(&'a self, key: &'a str) -> Checkpoint<'a> {
        Checkpoint::new(self, key)
    }

    /// The cluster, as far as a resource type may know it.
    pub fn cluster(&self) -> Cluster<'_> {
        Cluster::new(self)
    }

    /// The cluster log.
    pub fn log(&self) -> Log<'_> {
        Log::new(self)
    }

    /// Scripts that resources are written in.
    pub fn scripts(&self) -> Scripts<'_> {
        Scripts::new(self)
    }

    /// Puts the context into `into` while `f` runs, for code that cannot be given a borrow, such as the functions
    /// that a script engine calls. At other times `into` is empty.
    pub fn share<R>(&mut self, into: &SharedContext, f: impl FnOnce() -> R) -> R {
        /// Takes it back, even if `f` panics.
        struct Back<'a>(&'a mut Context, &'a SharedContext);
        impl Drop for Back<'_> {
            fn drop(&mut self) {
                if let Some(context) = self.1.0.take() {
                    *self.0 = context;
                }
            }
        }
        // SAFETY: without a host there is nothing to call.
        let nobody = unsafe {
            Context::new(
                String::new(),
                self.type_name,
                std::ptr::null(),
                std::ptr::null(),
            )
        };
        into.0.replace(Some(std::mem::replace(self, nobody)));
        let _back = Back(self, into);
        f()
    }
}

/// A place for a [`Context`] while [`Context::share`] runs. A clone refers to the same place.
#[derive(Clone, Debug, Default)]
pub struct SharedContext(Rc<RefCell<Option<Context>>>);

impl SharedContext {
    /// Runs `f` with the context in this place.
    ///
    /// # Errors
    /// 5: there is none at present, or it is in use already.
    pub fn with<R>(&self, f: impl FnOnce(&mut Context) -> Result<R, Error>) -> Result<R, Error> {
        match self.0.try_borrow_mut().as_deref_mut() {
            Ok(Some(context)) => f(context),
            _ => Err(Error::new(
                abi::ERROR_ACCESS_DENIED,
                "not inside a call of the resource",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn context() -> Context {
        // SAFETY: there is no host to call.
        unsafe { Context::new("R".to_owned(), "T", std::ptr::null(), std::ptr::null()) }
    }

    #[test]
    fn a_context_is_shared_for_one_call_and_comes_back_even_after_a_panic() {
        let (mut ctx, shared) = (context(), SharedContext::default());
        let name = |shared: &SharedContext| shared.with(|ctx| Ok(ctx.resource().to_owned()));
        assert!(name(&shared).is_err());
        ctx.share(&shared, || {
            assert_eq!(name(&shared).as_deref(), Ok("R"));
            let again = shared.with(|_| name(&shared));
            assert!(again.is_err(), "one at a time");
        });
        assert_eq!(ctx.resource(), "R");
        let panic = catch_unwind(AssertUnwindSafe(|| {
            ctx.share(&shared, || panic!("planted"))
        }));
        assert!(panic.is_err());
        assert_eq!(ctx.resource(), "R");
        assert!(name(&shared).is_err());
    }
}
