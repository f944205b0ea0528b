//! The tester's world: two machines, with shared disks, addresses and names. All of it works until a test breaks it.
//!
//! The world of drills is not used here, because its crate depends on others that come later. This one is just large
//! enough to bring one resource into service, and it records everything that is asked of it.

mod services;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use quorate_abi as abi;
use quorate_host::{Caller, ServiceResult, ServiceState};
use quorate_model::{Reason, Time};

/// The name of the made-up script.
pub(super) const SCRIPT: &str = "tester.rhai";

/// How the names of all providers begin.
pub(super) const PROVIDER: &str = "Provider ";

/// The port of the service that a provider of type Generic Application runs.
pub(super) const PROVIDED_PORT: u16 = 8_088;
/// The name of that service.
pub(super) const PROVIDED_SERVICE: &str = "provided";

/// The process of a service.
#[derive(Clone, Debug)]
struct Process {
    /// Its state from `at` on.
    then: ServiceState,
    at: Time,
    listens: BTreeSet<(String, u16)>,
}

#[derive(Clone, Debug, Default)]
struct Disk {
    holder: Option<usize>,
    mounted: BTreeSet<usize>,
    files: BTreeMap<String, Vec<u8>>,
}

/// The faults of the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults {
    /// Whether disks do not answer.
    pub(super) disks: bool,
    /// Whether cards and networks do not work, and no name resolves.
    pub(super) network: bool,
    /// Whether services run but do not answer.
    pub(super) hung: bool,
    /// Whether services stop as soon as they are started.
    pub(super) starts: bool,
    /// The code with which every request is refused, if any.
    pub(super) refuse: Option<u32>,
}

/// The world.
#[derive(Debug, Default)]
pub(super) struct World {
    now: Time,
    /// The machine whose resource asks.
    pub(super) here: usize,
    pub(super) faults: Faults,
    /// The requests since the last look, in words.
    asked: Vec<String>,
    /// The number of requests that would change something.
    changes: usize,
    /// Whether anything was ever asked for apart from the time and random numbers.
    touched: bool,
    processes: BTreeMap<(usize, String, String), Process>,
    disks: BTreeMap<String, Disk>,
    /// By address: the machine and the network that it is on.
    addresses: BTreeMap<String, (usize, String)>,
    names: BTreeMap<String, String>,
    /// By resource: the address on which it provides a service. The service runs while nothing is broken.
    servers: BTreeMap<String, String>,
    drawn: u64,
}

fn refused<T>(code: u32, text: impl Into<String>) -> ServiceResult<T> {
    Err(Reason::new(code, text))
}

impl World {
    /// Lets time pass.
    pub(super) fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    pub(super) fn clock(&self) -> Time {
        self.now
    }

    /// Takes out the requests since the last look.
    pub(super) fn take_asked(&mut self) -> Vec<String> {
        std::mem::take(&mut self.asked)
    }

    /// How often the world was asked to change.
    pub(super) fn changes(&self) -> usize {
        self.changes
    }

    /// How often it was asked to change, and whether for anything at all: to be put back by [`forget`](Self::forget).
    pub(super) fn seen(&self) -> (usize, bool) {
        (self.changes, self.touched)
    }

    /// Forgets what it was asked since then.
    pub(super) fn forget(&mut self, (changes, touched): (usize, bool)) {
        (self.changes, self.touched) = (changes, touched);
        self.asked.clear();
    }

    pub(super) fn is_touched(&self) -> bool {
        self.touched
    }

    /// Adds what a provider would have brought into service: an address, a name and a mounted disk.
    pub(super) fn provide(&mut self, address: &str, network: &str, name: &str, disk: &str) {
        self.addresses
            .insert(address.to_owned(), (0, network.to_owned()));
        self.names.insert(name.to_owned(), address.to_owned());
        let disk = self.disks.entry(disk.to_owned()).or_default();
        disk.holder = Some(0);
        disk.mounted.insert(0);
    }

    /// Adds a service that a provider runs, and that answers on an address.
    pub(super) fn provide_service(&mut self, resource: &str, address: &str) {
        self.servers.insert(resource.to_owned(), address.to_owned());
        self.start_servers();
    }

    /// Starts the services of all providers: they come before the resources that depend on them.
    fn start_servers(&mut self) {
        for (resource, address) in &self.servers {
            let process = Process {
                then: ServiceState::Running,
                at: self.now,
                listens: BTreeSet::from([(address.clone(), PROVIDED_PORT)]),
            };
            let key = (0, resource.clone(), PROVIDED_SERVICE.to_owned());
            self.processes.insert(key, process);
        }
    }

    /// Ends every process, and makes everything else fail from now on.
    pub(super) fn break_everything(&mut self) {
        let now = self.now;
        for process in self.processes.values_mut() {
            process.then = ServiceState::Stopped;
            process.at = now;
            process.listens.clear();
        }
        self.faults = Faults {
            disks: true,
            network: true,
            hung: true,
            starts: true,
            refuse: None,
        };
    }

    /// Makes everything work again. Processes that died stay dead, except those of providers.
    pub(super) fn heal(&mut self) {
        self.faults = Faults::default();
        self.start_servers();
    }

    /// Makes the services of tested resources crash. No fault remains.
    pub(super) fn crash_services(&mut self) {
        let now = self.now;
        let own = |resource: &String| !resource.starts_with(PROVIDER);
        for ((_, resource, _), process) in &mut self.processes {
            if !own(resource) {
                continue;
            }
            process.then = ServiceState::Stopped;
            process.at = now;
            process.listens.clear();
        }
    }

    /// Gives every reservation to another node.
    pub(super) fn steal_disks(&mut self) {
        for disk in self.disks.values_mut() {
            disk.holder = Some(1);
            disk.mounted.clear();
        }
    }

    /// Everything that is in service, in words.
    pub(super) fn held(&self) -> BTreeSet<String> {
        let mut held = BTreeSet::new();
        for ((machine, resource, name), process) in &self.processes {
            if self.state_of(process) != ServiceState::Stopped {
                held.insert(format!(
                    "service `{name}` of `{resource}` runs on NODE{}",
                    machine + 1
                ));
            }
        }
        for (name, disk) in &self.disks {
            if let Some(holder) = disk.holder {
                held.insert(format!("disk `{name}` is reserved by NODE{}", holder + 1));
            }
            for machine in &disk.mounted {
                held.insert(format!("disk `{name}` is mounted on NODE{}", machine + 1));
            }
        }
        for (address, (machine, _)) in &self.addresses {
            held.insert(format!(
                "address {address} is plumbed on NODE{}",
                machine + 1
            ));
        }
        for (name, address) in &self.names {
            held.insert(format!("name `{name}` resolves to {address}"));
        }
        held
    }

    fn state_of(&self, process: &Process) -> ServiceState {
        match process.then {
            ServiceState::Running if self.now < process.at => ServiceState::StartPending,
            ServiceState::Stopped if self.now < process.at => ServiceState::StopPending,
            then => then,
        }
    }

    /// Records a request. Refuses it if the world refuses everything.
    fn ask(&mut self, what: String) -> ServiceResult<()> {
        self.touched = true;
        self.asked.push(what);
        match self.faults.refuse {
            Some(code) => refused(code, "this world refuses everything"),
            None => Ok(()),
        }
    }

    fn change(&mut self, what: String) -> ServiceResult<()> {
        self.changes += 1;
        self.ask(what)
    }

    fn is_refusing(&self) -> ServiceResult<()> {
        match self.faults.refuse {
            Some(code) => refused(code, "this world refuses everything"),
            None => Ok(()),
        }
    }

    fn key(&self, caller: Caller<'_>, name: &str) -> (usize, String, String) {
        (self.here, caller.resource.to_owned(), name.to_owned())
    }

    fn disk(&mut self, name: &str) -> ServiceResult<&mut Disk> {
        if name.is_empty() {
            return refused(abi::ERROR_FILE_NOT_FOUND, "there is no disk without a name");
        }
        if self.faults.disks {
            return refused(
                abi::ERROR_GEN_FAILURE,
                format!("disk `{name}` does not answer"),
            );
        }
        Ok(self.disks.entry(name.to_owned()).or_default())
    }

    /// The disk, if this machine can reach its files.
    fn files(&mut self, name: &str) -> ServiceResult<&mut Disk> {
        let here = self.here;
        let disk = self.disk(name)?;
        if disk.holder.is_some_and(|holder| holder != here) {
            return refused(
                abi::ERROR_BUSY,
                format!("disk `{name}` is reserved by another node"),
            );
        }
        if disk.holder.is_none() || !disk.mounted.contains(&here) {
            return refused(
                abi::ERROR_NOT_READY,
                format!("disk `{name}` is not mounted here"),
            );
        }
        Ok(disk)
    }

    fn network_works(&self) -> ServiceResult<()> {
        self.is_refusing()?;
        if self.faults.network {
            return refused(abi::ERROR_NETNAME_DELETED, "the network does not work");
        }
        Ok(())
    }

    fn answers(&self, process: Option<&Process>, name: &str) -> ServiceResult<()> {
        match process {
            Some(process) if self.state_of(process) == ServiceState::Running => {
                if self.faults.hung {
                    return refused(
                        abi::ERROR_TIMEOUT,
                        format!("service `{name}` does not answer"),
                    );
                }
                Ok(())
            }
            _ => refused(
                abi::ERROR_SERVICE_NOT_ACTIVE,
                format!("service `{name}` does not run"),
            ),
        }
    }
}
