//! What an instance is handed with every call: who it is, what the host can do for it, what it wants next.

use std::time::Duration;

use quorate_abi::{self as abi, QrHost, QrInstance};

use crate::Error;
use crate::raw::Table;
use crate::services::{
    Address, Checkpoint, Clock, Cluster, Disk, Log, NetworkName, Probe, Properties, Random, Service,
};

/// The host's tables, looked up once for each instance.
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
}

/// The world of one instance, for the length of one call.
///
/// Everything a plugin reaches goes through here, so the same plugin runs in a drill's virtual world and in the
/// real one. None of the calls waits.
#[derive(Debug)]
pub struct Context {
    resource: String,
    type_name: &'static str,
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
            }
        };
        Context {
            resource,
            type_name,
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

    /// Asks for one call of [`watch`](crate::Resource::watch) after `wait` (at least 1 ms), instead of any that was
    /// asked for before. It stands until `offline`, `terminate` or `release` has ended what it is for.
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
}
