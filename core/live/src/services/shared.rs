//! One machine for the monitors of all groups, and who answers which of their requests.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::{Mutex, MutexGuard};
use quorate_host::{Answer, Caller, Request, Reservation, Serve, ServiceResult};
use quorate_journal::WorldEvent;
use quorate_model::ServiceCommand;
use quorate_model::errors::{ERROR_FILE_NOT_FOUND, ERROR_TIMEOUT};

use super::controller::Needs;
use super::disks::Disks;
use super::probe::Endpoint;
use super::{Machine, Told, error};
use crate::clock;
use crate::disks::SharedFolder;
use crate::leash::Leash;

/// A handle of the machine.
#[derive(Clone, Debug)]
pub(crate) struct SharedMachine {
    machine: Arc<Mutex<Machine>>,
    disks: Disks,
    /// The folder of the cluster file: paths of scripts count from there.
    scripts: PathBuf,
    told: Told,
    configured_nodes: Arc<AtomicU32>,
    /// Nothing that is asked by handles with this leash is done any more once it is cut.
    leash: Leash,
}

impl SharedMachine {
    /// For this machine, with these shared disks, and scripts in this folder.
    pub(crate) fn new(machine: Machine, disks: Disks, scripts: PathBuf) -> SharedMachine {
        SharedMachine {
            told: machine.told.clone(),
            machine: Arc::new(Mutex::new(machine)),
            disks,
            scripts,
            configured_nodes: Arc::default(),
            leash: Leash::default(),
        }
    }

    /// A handle that can be [`cut_off`](Self::cut_off), with all that are cloned from it, and no other.
    pub(crate) fn with_a_leash(&self) -> SharedMachine {
        SharedMachine {
            leash: Leash::default(),
            ..self.clone()
        }
    }

    /// Nothing that is asked by this handle, or one that was cloned from it, is done any more. With `end_all`, everything
    /// that runs is ended, and all addresses, names and mounts are given up.
    pub(crate) fn cut_off(&self, end_all: bool) {
        // Once the machine is ours, whoever was at it has finished, and whoever comes finds that it may not. Whoever is at a
        // disk may hang there for good, and looks at the leash before it begins a change; one that is under way is finished
        // before its lock is free.
        let mut machine = self.machine.lock();
        self.leash.cut();
        if end_all {
            machine.boot();
            self.disks.boot();
        }
    }

    /// Nothing of an earlier start of the node counts any more.
    pub(crate) fn boot(&self) {
        self.machine.lock().boot();
        self.disks.boot();
    }

    /// Goes by other commands from the next start of each program on.
    pub(crate) fn reload(&self, services: BTreeMap<String, ServiceCommand>) {
        self.machine.lock().controller.reload(services);
    }

    /// The cluster has so many nodes.
    pub(crate) fn set_configured_nodes(&self, nodes: u32) {
        self.configured_nodes.store(nodes, Ordering::Relaxed);
    }

    /// What has happened since this was last asked.
    pub(crate) fn take_told(&self) -> Vec<WorldEvent> {
        self.told.take()
    }

    /// Whether something has.
    pub(crate) fn has_told(&self) -> bool {
        !self.told.is_empty()
    }

    /// The machine, for something that does not wait. Whoever was given up goes no further.
    pub(super) fn machine(&self) -> MutexGuard<'_, Machine> {
        loop {
            let machine = self.machine.lock();
            if !self.leash.is_cut() {
                return machine;
            }
            drop(machine);
            self.leash.stop_here_if_cut();
        }
    }

    fn change_disk(
        &self,
        name: &str,
        change: impl FnOnce(&SharedFolder) -> ServiceResult<Option<WorldEvent>>,
    ) -> Answer {
        self.disks.change(name, &self.told, change).into()
    }

    fn script(&self, path: &str) -> ServiceResult<String> {
        let file = self.scripts.join(path);
        fs::read_to_string(&file).or_else(|why| {
            error(
                ERROR_FILE_NOT_FOUND,
                format!("cannot read {}: {why}", file.display()),
            )
        })
    }

    /// Starts a program. What it needs is looked at before the machine is ours: a folder that hangs holds up who asks.
    fn start(&self, caller: Caller<'_>, name: &str, given: (&str, &str)) -> ServiceResult<()> {
        let needs = self.machine().controller.needs(name, given.1);
        needs.iter().for_each(Needs::look);
        self.machine().controller.start(caller, name, given)
    }

    fn answer(&self, caller: Caller<'_>, request: Request<'_>) -> Answer {
        let of = caller.resource;
        let leash = &self.leash;
        match request {
            Request::Now => clock::now().into(),
            Request::CivilMs => clock::civil_ms().into(),
            Request::ConfiguredNodes => self.configured_nodes.load(Ordering::Relaxed).into(),
            Request::Random {} => crate::chance().into(),
            Request::ServiceStart { name, .. } => self.start(caller, &name, ("", "")).into(),
            Request::ServiceStartWith {
                name,
                parameters,
                directory,
                ..
            } => self.start(caller, &name, (&parameters, &directory)).into(),
            Request::ScriptLoad { path } => self.script(&path).into(),
            Request::ServiceStop { name } => self.machine().controller.stop(of, &name).into(),
            Request::ServiceKill { name } => self.machine().controller.kill(of, &name).into(),
            Request::ServiceState { name } => self.machine().controller.state(of, &name).into(),
            Request::ServiceListen {
                name,
                address,
                port,
                protocol,
                listen,
            } => {
                let place = (&*address, port, &*protocol);
                self.machine().listen(caller, &name, place, listen).into()
            }
            Request::ProbeService { name } => self.machine().probe(caller, &name).into(),
            Request::ProbePort {
                address,
                port,
                protocol,
            } => {
                let (address, protocol) = (address.into_owned(), protocol.into_owned());
                let endpoint = Endpoint::Protocol(address, port, protocol);
                self.machine().prober.ask(endpoint).into()
            }
            Request::ProbeAsk {
                address,
                port,
                request,
            } => self
                .machine()
                .ask(&address, port, request.into_owned())
                .into(),
            Request::DiskReserve { disk } => self.change_disk(&disk, |it| it.reserve(leash)),
            Request::DiskBreak { disk } => {
                self.change_disk(&disk, |it| it.break_reservation(leash))
            }
            Request::DiskRelease { disk } => self.change_disk(&disk, |it| it.release(leash)),
            Request::DiskMount { disk } => self.change_disk(&disk, |it| it.mount(true, leash)),
            Request::DiskUnmount { disk, .. } => {
                self.change_disk(&disk, |it| it.mount(false, leash))
            }
            Request::DiskReservation { disk } => {
                self.disks.ask(&disk, |it| it.reservation(leash)).into()
            }
            Request::DiskReserved { disk } => {
                let held = self.disks.ask(&disk, |it| it.reservation(leash));
                held.map(|it| it == Reservation::Here).into()
            }
            Request::DiskList { disk } => self.disks.ask(&disk, |it| it.list(leash)).into(),
            Request::DiskWrite { disk, file, bytes } => {
                let written = |it: &SharedFolder| it.write(&file, &bytes, leash);
                self.disks.ask(&disk, written).into()
            }
            Request::DiskRead { disk, file } => {
                self.disks.ask(&disk, |it| it.read(&file, leash)).into()
            }
            Request::AddressAdd { network, address } => {
                self.machine().plumb(&network, &address).into()
            }
            Request::AddressRemove { network, address } => {
                self.machine().unplumb(&network, &address).into()
            }
            Request::AddressWorks { network, address } => {
                self.machine().works(&network, &address).into()
            }
            Request::AddressLease { network } => error::<(String, u32)>(
                ERROR_TIMEOUT,
                format!("no DHCP server is asked on network {network}: give the address"),
            )
            .into(),
            Request::NameRegister { name, address } => {
                self.machine().register(&name, &address).into()
            }
            Request::NameUnregister { name } => self.machine().unregister(&name).into(),
            Request::NameResolve { name } => self.machine().names.resolve(&name).into(),
        }
    }
}

impl Serve for SharedMachine {
    fn serve(&mut self, caller: Caller<'_>, request: Request<'_>) -> Answer {
        self.leash.stop_here_if_cut();
        let answer = self.answer(caller, request);
        // Whoever was given up meanwhile is told nothing.
        self.leash.stop_here_if_cut();
        answer
    }
}

#[cfg(test)]
mod tests;
