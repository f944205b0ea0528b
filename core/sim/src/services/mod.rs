//! The virtual world as plugins see it: the answers of a machine to `quorate_host::Request`.

mod disk;
mod process;
#[cfg(test)]
mod tests;

use quorate_host::{Answer, Caller, Request, Serve, ServiceResult};
use quorate_model::errors::ERROR_FILE_NOT_FOUND;
use quorate_model::{Fault, ProcessFault, Reason, Time};

use crate::env::{Environment, Machine};

/// The services of one machine.
pub(crate) struct Local<'a> {
    pub(crate) env: &'a mut Environment,
    pub(crate) machine: Machine,
}

fn error<T>(code: u32, text: impl Into<String>) -> ServiceResult<T> {
    Err(Reason::new(code, text))
}

impl Serve for Local<'_> {
    fn serve(&mut self, caller: Caller<'_>, request: Request<'_>) -> Answer {
        if changes_anything(&request) {
            self.env.asked_for(self.machine, caller.resource);
        }
        match request {
            Request::Now => self.now().into(),
            Request::CivilMs => self.civil_ms().into(),
            Request::ConfiguredNodes => self.env.configured_nodes.into(),
            Request::Random {} => self.env.random(self.machine, caller.resource).into(),
            Request::ServiceStart { name, work_units } => self
                .service_start(caller, &name, work_units, ("", ""))
                .into(),
            Request::ServiceStartWith {
                name,
                work_units,
                parameters,
                directory,
            } => {
                let given = (&*parameters, &*directory);
                self.service_start(caller, &name, work_units, given).into()
            }
            Request::ScriptLoad { path } => self.script_load(&path).into(),
            Request::ServiceStop { name } => self.service_stop(caller, &name).into(),
            Request::ServiceKill { name } => self.service_kill(caller, &name).into(),
            Request::ServiceState { name } => self.service_state(caller, &name).into(),
            Request::ServiceListen {
                name,
                address,
                port,
                protocol,
                listen,
            } => self
                .service_listen(caller, &name, &address, port, &protocol, listen)
                .into(),
            Request::ProbeService { name } => self.probe_service(caller, &name).into(),
            Request::ProbePort {
                address,
                port,
                protocol,
            } => self.probe_port(&address, port, &protocol).into(),
            Request::ProbeAsk {
                address,
                port,
                request,
            } => self.probe_ask(&address, port, &request).into(),
            Request::DiskReserve { disk } => self.disk_reserve(caller, &disk).into(),
            Request::DiskBreak { disk } => self.disk_break_reservation(&disk).into(),
            Request::DiskRelease { disk } => self.disk_release(&disk).into(),
            Request::DiskReserved { disk } => self.disk_reserved(&disk).into(),
            Request::DiskReservation { disk } => self.disk_reservation(&disk).into(),
            Request::DiskMount { disk } => self.disk_mount(caller, &disk).into(),
            Request::DiskUnmount { disk, force } => self.disk_unmount(caller, &disk, force).into(),
            Request::DiskList { disk } => self.disk_list(caller, &disk).into(),
            Request::DiskWrite { disk, file, bytes } => {
                self.disk_write(caller, &disk, &file, &bytes).into()
            }
            Request::DiskRead { disk, file } => self.disk_read(caller, &disk, &file).into(),
            Request::AddressAdd { network, address } => self
                .env
                .address_add(self.machine, caller.resource, &network, &address)
                .into(),
            Request::AddressRemove { network, address } => self
                .env
                .address_remove(self.machine, &network, &address)
                .into(),
            Request::AddressWorks { network, address } => self
                .env
                .address_works(self.machine, &network, &address)
                .into(),
            Request::AddressLease { network } => self
                .env
                .address_lease(self.machine, caller.resource, &network)
                .into(),
            Request::NameRegister { name, address } => {
                self.env.name_register(self.machine, &name, &address).into()
            }
            Request::NameUnregister { name } => {
                self.env.name_unregister(self.machine, &name).into()
            }
            Request::NameResolve { name } => self.env.name_resolve(self.machine, &name).into(),
        }
    }
}

/// Whether a request may change the world, rather than look at it.
fn changes_anything(request: &Request<'_>) -> bool {
    match request {
        Request::Now
        | Request::CivilMs
        | Request::ConfiguredNodes
        | Request::Random {}
        | Request::ScriptLoad { .. }
        | Request::ServiceState { .. }
        | Request::ProbeService { .. }
        | Request::ProbePort { .. }
        | Request::ProbeAsk { .. }
        | Request::DiskReserved { .. }
        | Request::DiskReservation { .. }
        | Request::DiskList { .. }
        | Request::DiskRead { .. }
        | Request::AddressWorks { .. }
        | Request::NameResolve { .. } => false,
        Request::ServiceStart { .. }
        | Request::ServiceStartWith { .. }
        | Request::ServiceStop { .. }
        | Request::ServiceKill { .. }
        | Request::ServiceListen { .. }
        | Request::DiskReserve { .. }
        | Request::DiskBreak { .. }
        | Request::DiskRelease { .. }
        | Request::DiskMount { .. }
        | Request::DiskUnmount { .. }
        | Request::DiskWrite { .. }
        | Request::AddressAdd { .. }
        | Request::AddressRemove { .. }
        | Request::AddressLease { .. }
        | Request::NameRegister { .. }
        | Request::NameUnregister { .. } => true,
    }
}

impl Local<'_> {
    fn now(&self) -> Time {
        self.env.hosts[self.machine].clock.local(self.env.now)
    }

    fn civil_ms(&self) -> i64 {
        let shown = i64::try_from(self.now().as_millis()).unwrap_or(i64::MAX);
        self.env.hosts[self.machine]
            .civil_origin_ms
            .saturating_add(shown)
    }

    fn script_load(&self, path: &str) -> ServiceResult<String> {
        let node = &self.env.hosts[self.machine].name;
        let lost = self.env.faults.values().any(|fault| {
            matches!(fault, Fault::Process(ProcessFault::ScriptLost { node: of, path: gone }) if of == node && gone == path)
        });
        if lost {
            return error(ERROR_FILE_NOT_FOUND, format!("{node} has no file {path}"));
        }
        self.env
            .scripts
            .load(path)
            .or_else(|why| error(ERROR_FILE_NOT_FOUND, why))
    }
}
