//! The real machine as plugins see it: the answers to `quorate_host::Request`.
//!
//! None of it waits, but for what was killed to be gone. What takes time runs in a process or on a thread of its own, and is
//! looked at again. The monitors of all groups share one machine.

mod addresses;
mod command;
mod controller;
mod names;
mod notify;
mod probe;
mod process;
mod shared;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;
use quorate_host::{Answer, Caller, Request, Reservation, Serve, ServiceResult};
use quorate_journal::WorldEvent;
use quorate_model::errors::{
    ERROR_CLUSTER_NETWORK_NOT_FOUND, ERROR_FILE_NOT_FOUND, ERROR_NOT_READY, ERROR_TIMEOUT,
};
use quorate_model::{Name, Reason, called};

use crate::clock;
use crate::disks::SharedFolder;
use addresses::Addresses;
pub(crate) use command::missing_program;
pub use command::{CommandError, split};
pub(crate) use controller::Controller;
pub(crate) use controller::Programs;
use names::Names;
use probe::{Endpoint, Prober};
pub(crate) use shared::SharedMachine;

fn error<T>(code: u32, text: impl Into<String>) -> ServiceResult<T> {
    Err(Reason::new(code, text))
}

/// The services of this machine.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) controller: Controller,
    prober: Prober,
    addresses: Addresses,
    names: Names,
    networks: Vec<Name>,
    /// The shared disks that this machine has.
    disks: Vec<Arc<SharedFolder>>,
    /// The folder of the cluster file: paths of scripts count from there.
    scripts: PathBuf,
    configured_nodes: Arc<AtomicU32>,
    told: Told,
}

/// What has happened, for the journal. Whoever takes it out waits for nothing else that the machine does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<WorldEvent>>>);

impl Told {
    fn push(&self, event: WorldEvent) {
        self.0.lock().push(event);
    }

    /// What has happened since this was last asked.
    fn take(&self) -> Vec<WorldEvent> {
        std::mem::take(&mut self.0.lock())
    }

    fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }
}

impl Machine {
    /// `port` is the cluster's own, which keeps an address for one node of a machine.
    pub(crate) fn new(
        programs: Programs,
        networks: Vec<Name>,
        port: u16,
        scripts: PathBuf,
    ) -> Machine {
        let told = Told::default();
        Machine {
            controller: Controller::new(programs, told.clone()),
            prober: Prober::default(),
            addresses: Addresses::new(port),
            names: Names::default(),
            networks,
            disks: Vec::new(),
            scripts,
            configured_nodes: Arc::default(),
            told,
        }
    }

    /// With these shared disks.
    pub(crate) fn with_disks(self, disks: Vec<Arc<SharedFolder>>) -> Machine {
        Machine { disks, ..self }
    }

    /// Nothing of an earlier start of the node counts any more.
    pub(crate) fn boot(&mut self) {
        self.controller.kill_all();
        self.disks.iter().for_each(|disk| disk.boot());
        for (network, address) in self.addresses.clear() {
            self.tell_address(&network, &address, false);
        }
        self.names = Names::default();
    }

    fn tell_address(&mut self, network: &str, address: &str, plumbed: bool) {
        self.told.push(WorldEvent::Address {
            subject: address.to_owned(),
            network: network.into(),
            plumbed,
        });
    }

    fn known(&self, network: &str) -> ServiceResult<()> {
        match self.networks.iter().any(|known| **known == *network) {
            true => Ok(()),
            false => error(
                ERROR_CLUSTER_NETWORK_NOT_FOUND,
                format!("this node has no card in a network {network}"),
            ),
        }
    }

    fn plumb(&mut self, network: &str, address: &str) -> ServiceResult<()> {
        self.known(network)?;
        if self.addresses.add(network, address)? {
            self.tell_address(network, address, true);
        }
        Ok(())
    }

    fn unplumb(&mut self, network: &str, address: &str) -> ServiceResult<()> {
        if self.addresses.remove(network, address) {
            self.tell_address(network, address, false);
        }
        Ok(())
    }

    fn register(&mut self, name: &str, address: &str) -> ServiceResult<()> {
        if self.names.register(name, address) {
            self.told.push(WorldEvent::NameResolves {
                subject: name.to_owned(),
                address: Some(address.to_owned()),
            });
        }
        Ok(())
    }

    fn unregister(&mut self, name: &str) -> ServiceResult<()> {
        if self.names.unregister(name) {
            self.told.push(WorldEvent::NameResolves {
                subject: name.to_owned(),
                address: None,
            });
        }
        Ok(())
    }

    fn listen(
        &mut self,
        caller: Caller<'_>,
        name: &str,
        (address, port, protocol): (&str, u16, &str),
        listen: bool,
    ) -> ServiceResult<()> {
        // The program binds by itself; from now on it is asked there.
        let endpoint = Endpoint::Protocol(address.to_owned(), port, protocol.to_owned());
        self.controller
            .listen(caller.resource, name, &endpoint, listen)?;
        self.prober.forget_requests(address, port);
        match listen {
            true => self.prober.begin(endpoint),
            false => self.prober.end(&endpoint),
        }
        Ok(())
    }

    /// A call into a service: to the endpoint where it answers, if one is known, or else only to its process.
    fn probe(&mut self, caller: Caller<'_>, name: &str) -> ServiceResult<()> {
        match self.controller.asked_at(caller.resource, name)? {
            Some(endpoint) => self.prober.ask(endpoint).map(drop),
            None => Ok(()),
        }
    }

    fn disk(&self, name: &str) -> ServiceResult<&SharedFolder> {
        let found = called(&self.disks, name, |it| it.name());
        let none = || format!("there is no shared disk {name} on this machine");
        found
            .map(|it| &**it)
            .ok_or_else(|| Reason::new(ERROR_NOT_READY, none()))
    }

    /// Changes who holds a disk, or who has mounted it, and tells of it.
    fn change_disk(
        &mut self,
        name: &str,
        change: impl FnOnce(&SharedFolder) -> ServiceResult<Option<WorldEvent>>,
    ) -> ServiceResult<()> {
        if let Some(event) = change(self.disk(name)?)? {
            self.told.push(event);
        }
        Ok(())
    }

    fn script(&self, path: &str) -> ServiceResult<String> {
        let file = self.scripts.join(path);
        std::fs::read_to_string(&file).or_else(|why| {
            error(
                ERROR_FILE_NOT_FOUND,
                format!("cannot read {}: {why}", file.display()),
            )
        })
    }
}

impl Serve for Machine {
    fn serve(&mut self, caller: Caller<'_>, request: Request<'_>) -> Answer {
        let of = caller.resource;
        match request {
            Request::Now => clock::now().into(),
            Request::CivilMs => clock::civil_ms().into(),
            Request::ConfiguredNodes => self.configured_nodes.load(Ordering::Relaxed).into(),
            Request::Random {} => crate::chance().into(),
            Request::ServiceStart { name, .. } => {
                self.controller.start(caller, &name, ("", "")).into()
            }
            Request::ServiceStartWith {
                name,
                parameters,
                directory,
                ..
            } => {
                let given = (&*parameters, &*directory);
                self.controller.start(caller, &name, given).into()
            }
            Request::ScriptLoad { path } => self.script(&path).into(),
            Request::ServiceStop { name } => self.controller.stop(of, &name).into(),
            Request::ServiceKill { name } => self.controller.kill(of, &name).into(),
            Request::ServiceState { name } => self.controller.state(of, &name).into(),
            Request::ServiceListen {
                name,
                address,
                port,
                protocol,
                listen,
            } => self
                .listen(caller, &name, (&address, port, &protocol), listen)
                .into(),
            Request::ProbeService { name } => self.probe(caller, &name).into(),
            Request::ProbePort {
                address,
                port,
                protocol,
            } => {
                let (address, protocol) = (address.into_owned(), protocol.into_owned());
                let endpoint = Endpoint::Protocol(address, port, protocol);
                self.prober.ask(endpoint).into()
            }
            Request::ProbeAsk {
                address,
                port,
                request,
            } => {
                // Who is asked waits for the end of the line.
                let mut line = request.into_owned();
                if !line.ends_with('\n') {
                    line.push_str("\r\n");
                }
                let endpoint = Endpoint::Line(address.into_owned(), port, line);
                self.prober.ask(endpoint).into()
            }
            Request::DiskReserve { disk } => self.change_disk(&disk, SharedFolder::reserve).into(),
            Request::DiskBreak { disk } => self
                .change_disk(&disk, SharedFolder::break_reservation)
                .into(),
            Request::DiskRelease { disk } => self.change_disk(&disk, SharedFolder::release).into(),
            Request::DiskMount { disk } => self.change_disk(&disk, |it| it.mount(true)).into(),
            Request::DiskUnmount { disk, .. } => {
                self.change_disk(&disk, |it| it.mount(false)).into()
            }
            Request::DiskReservation { disk } => {
                self.disk(&disk).and_then(SharedFolder::reservation).into()
            }
            Request::DiskReserved { disk } => {
                let held = self.disk(&disk).and_then(SharedFolder::reservation);
                held.map(|it| it == Reservation::Here).into()
            }
            Request::DiskList { disk } => self.disk(&disk).and_then(SharedFolder::list).into(),
            Request::DiskWrite { disk, file, bytes } => self
                .disk(&disk)
                .and_then(|it| it.write(&file, &bytes))
                .into(),
            Request::DiskRead { disk, file } => {
                self.disk(&disk).and_then(|it| it.read(&file)).into()
            }
            Request::AddressAdd { network, address } => self.plumb(&network, &address).into(),
            Request::AddressRemove { network, address } => self.unplumb(&network, &address).into(),
            Request::AddressWorks { network, address } => self
                .known(&network)
                .and_then(|()| self.addresses.works(&network, &address))
                .into(),
            Request::AddressLease { network } => error::<(String, u32)>(
                ERROR_TIMEOUT,
                format!("no DHCP server is asked on network {network}: give the address"),
            )
            .into(),
            Request::NameRegister { name, address } => self.register(&name, &address).into(),
            Request::NameUnregister { name } => self.unregister(&name).into(),
            Request::NameResolve { name } => self.names.resolve(&name).into(),
        }
    }
}

#[cfg(test)]
mod tests;
