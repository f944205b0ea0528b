//! The answers of the tester's world to requests of plugins.

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_abi as abi;
use quorate_host::{
    Answer, Caller, Request, Reservation, Serve, ServiceResult, ServiceState, WORK_UNIT,
};

use super::{Process, SCRIPT, World, refused};
use crate::mix::mix;

/// How long a service takes to start, without its units of work.
const START: Duration = Duration::from_secs(2);
/// How long a service takes to stop.
const STOP: Duration = Duration::from_secs(1);
/// 2003-06-12 08:00 UTC.
const CIVIL_ORIGIN_MS: i64 = 1_055_404_800_000;
/// For how many seconds a leased address is valid.
const LEASE_SECONDS: u32 = 3_600;

/// A script for types that run one: it starts a service, tells it where to answer, and probes it.
const SCRIPT_TEXT: &str = r#"
const SERVICE = "tester";
const PORT = 8080;

fn online() {
    let server = service(global::SERVICE);
    let progress = server.start();
    if !progress.is_done { return progress; }
    server.listen(address(), global::PORT, "http");
}
fn offline() { service(global::SERVICE).stop() }
fn looks_alive() { service(global::SERVICE).is_running }
fn is_alive() { probe(address(), global::PORT, "http").starts_with("HTTP/1.1 200") }
"#;

impl Serve for World {
    fn serve(&mut self, caller: Caller<'_>, request: Request<'_>) -> Answer {
        match request {
            Request::Now => self.clock().into(),
            Request::CivilMs => self.civil_ms().into(),
            Request::ConfiguredNodes => Answer::Number(2),
            Request::Random {} => self.random().into(),
            Request::ServiceStart { name, work_units } => {
                self.service_start(caller, &name, work_units).into()
            }
            Request::ServiceStartWith {
                name,
                work_units,
                parameters,
                directory,
            } => {
                self.asked.push(format!(
                    "with parameters `{parameters}` in directory `{directory}`:"
                ));
                self.service_start(caller, &name, work_units).into()
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
            } => self.probe_port(caller, &address, port, &protocol).into(),
            Request::ProbeAsk {
                address,
                port,
                request,
            } => self.probe_ask(caller, &address, port, &request).into(),
            Request::DiskReserve { disk } => self.disk_reserve(&disk).into(),
            Request::DiskBreak { disk } => self.disk_break_reservation(&disk).into(),
            Request::DiskRelease { disk } => self.disk_release(&disk).into(),
            Request::DiskReserved { disk } => self.disk_reserved(&disk).into(),
            Request::DiskReservation { disk } => self.disk_reservation(&disk).into(),
            Request::DiskMount { disk } => self.disk_mount(&disk).into(),
            Request::DiskUnmount { disk, force } => self.disk_unmount(&disk, force).into(),
            Request::DiskList { disk } => self.disk_list(&disk).into(),
            Request::DiskWrite { disk, file, bytes } => {
                self.disk_write(&disk, &file, &bytes).into()
            }
            Request::DiskRead { disk, file } => self.disk_read(&disk, &file).into(),
            Request::AddressAdd { network, address } => self.address_add(&network, &address).into(),
            Request::AddressRemove { network, address } => {
                self.address_remove(&network, &address).into()
            }
            Request::AddressWorks { address, .. } => self.address_works(&address).into(),
            Request::AddressLease { network } => self.address_lease(caller, &network).into(),
            Request::NameRegister { name, address } => self.name_register(&name, &address).into(),
            Request::NameUnregister { name } => self.name_unregister(&name).into(),
            Request::NameResolve { name } => self.name_resolve(&name).into(),
        }
    }
}

impl World {
    fn civil_ms(&self) -> i64 {
        CIVIL_ORIGIN_MS.saturating_add(i64::try_from(self.now.as_millis()).unwrap_or(i64::MAX))
    }

    fn random(&mut self) -> u64 {
        self.drawn = self.drawn.wrapping_add(1);
        mix(self.drawn)
    }

    fn service_start(&mut self, caller: Caller<'_>, name: &str, work: u64) -> ServiceResult<()> {
        self.change(format!("start service `{name}` with {work} units"))?;
        let key = self.key(caller, name);
        if self
            .processes
            .get(&key)
            .is_some_and(|process| self.state_of(process) != ServiceState::Stopped)
        {
            return refused(
                abi::ERROR_BUSY,
                format!("service `{name}` is there already"),
            );
        }
        let units = WORK_UNIT.saturating_mul(u32::try_from(work).unwrap_or(u32::MAX));
        let process = Process {
            then: if self.faults.starts {
                ServiceState::Stopped
            } else {
                ServiceState::Running
            },
            at: if self.faults.starts {
                self.now
            } else {
                self.now + (START + units)
            },
            listens: BTreeSet::new(),
        };
        self.processes.insert(key, process);
        Ok(())
    }

    fn service_stop(&mut self, caller: Caller<'_>, name: &str) -> ServiceResult<()> {
        self.change(format!("stop service `{name}`"))?;
        let (now, key) = (self.now, self.key(caller, name));
        if let Some(process) = self.processes.get_mut(&key)
            && process.then != ServiceState::Stopped
        {
            process.then = ServiceState::Stopped;
            process.at = now + STOP;
            process.listens.clear();
        }
        Ok(())
    }

    fn service_kill(&mut self, caller: Caller<'_>, name: &str) -> ServiceResult<()> {
        self.change(format!("kill service `{name}`"))?;
        let key = self.key(caller, name);
        self.processes.remove(&key);
        Ok(())
    }

    fn service_state(&self, caller: Caller<'_>, name: &str) -> ServiceResult<ServiceState> {
        self.is_refusing()?;
        let process = self.processes.get(&self.key(caller, name));
        Ok(process.map_or(ServiceState::Stopped, |process| self.state_of(process)))
    }

    fn probe_service(&mut self, caller: Caller<'_>, name: &str) -> ServiceResult<()> {
        self.ask(format!("call into service `{name}`"))?;
        let key = self.key(caller, name);
        self.answers(self.processes.get(&key), name)
    }

    fn probe_port(
        &mut self,
        caller: Caller<'_>,
        address: &str,
        port: u16,
        protocol: &str,
    ) -> ServiceResult<String> {
        self.ask(format!("connect to {address}:{port} ({protocol})"))?;
        self.called(caller, address, port)?;
        Ok(match protocol.to_ascii_lowercase().as_str() {
            "smtp" => "220 tester ready".to_owned(),
            "imap" | "imap4" => "* OK tester ready".to_owned(),
            "pop3" => "+OK tester ready".to_owned(),
            "http" => "HTTP/1.1 200 OK".to_owned(),
            other => format!("{other} ready"),
        })
    }

    fn probe_ask(
        &mut self,
        caller: Caller<'_>,
        address: &str,
        port: u16,
        request: &str,
    ) -> ServiceResult<String> {
        let asked = request.trim_end();
        self.ask(format!("ask {address}:{port} for {asked}"))?;
        self.called(caller, address, port)?;
        Ok(match asked {
            "PING" => "+PONG".to_owned(),
            _ => "tester ready".to_owned(),
        })
    }

    /// Connects to a port, where something answers.
    fn called(&mut self, caller: Caller<'_>, address: &str, port: u16) -> ServiceResult<()> {
        self.network_works()?;
        let at = (address.to_owned(), port);
        let here = |own: bool| {
            self.processes
                .iter()
                .find(|((machine, resource, _), process)| {
                    *machine == self.here
                        && (*resource == *caller.resource) == own
                        && process.listens.contains(&at)
                })
        };
        let listening = here(true).or_else(|| here(false));
        let Some(((_, _, name), process)) = listening else {
            return refused(
                abi::ERROR_CONNECTION_REFUSED,
                format!("nothing answers on {address}:{port}"),
            );
        };
        self.answers(Some(process), name)
    }

    fn service_listen(
        &mut self,
        caller: Caller<'_>,
        name: &str,
        address: &str,
        port: u16,
        protocol: &str,
        listen: bool,
    ) -> ServiceResult<()> {
        self.change(format!(
            "service `{name}` answers on {address}:{port} ({protocol}): {listen}"
        ))?;
        let (key, at) = (self.key(caller, name), (address.to_owned(), port));
        if listen && !self.addresses.contains_key(address) {
            return refused(
                abi::ERROR_NOT_FOUND,
                format!("address `{address}` is not on this node"),
            );
        }
        match self.processes.get_mut(&key) {
            Some(process) if listen => {
                process.listens.insert(at);
                Ok(())
            }
            Some(process) => {
                process.listens.remove(&at);
                Ok(())
            }
            None if listen => refused(
                abi::ERROR_SERVICE_NOT_ACTIVE,
                format!("service `{name}` does not run"),
            ),
            None => Ok(()),
        }
    }

    fn disk_reserve(&mut self, disk: &str) -> ServiceResult<()> {
        self.change(format!("reserve disk `{disk}`"))?;
        let here = self.here;
        let found = self.disk(disk)?;
        if found.holder.is_some_and(|holder| holder != here) {
            return refused(
                abi::ERROR_BUSY,
                format!("disk `{disk}` is reserved by another node"),
            );
        }
        found.holder = Some(here);
        Ok(())
    }

    fn disk_break_reservation(&mut self, disk: &str) -> ServiceResult<()> {
        self.change(format!("break the reservation of disk `{disk}`"))?;
        self.disk(disk)?.holder = None;
        Ok(())
    }

    fn disk_release(&mut self, disk: &str) -> ServiceResult<()> {
        self.change(format!("release disk `{disk}`"))?;
        let here = self.here;
        let found = self.disk(disk)?;
        if found.holder == Some(here) {
            found.holder = None;
        }
        Ok(())
    }

    fn disk_reserved(&mut self, disk: &str) -> ServiceResult<bool> {
        self.ask(format!("is disk `{disk}` reserved here"))?;
        let here = self.here;
        Ok(self.disk(disk)?.holder == Some(here))
    }

    fn disk_reservation(&mut self, disk: &str) -> ServiceResult<Reservation> {
        self.ask(format!("who holds disk `{disk}`"))?;
        let here = self.here;
        Ok(match self.disk(disk)?.holder {
            None => Reservation::Nobody,
            Some(holder) if holder == here => Reservation::Here,
            Some(_) => Reservation::Elsewhere,
        })
    }

    fn disk_mount(&mut self, disk: &str) -> ServiceResult<()> {
        self.change(format!("mount disk `{disk}`"))?;
        let here = self.here;
        let found = self.disk(disk)?;
        if found.holder != Some(here) {
            return refused(
                abi::ERROR_BUSY,
                format!("disk `{disk}` is not reserved by this node"),
            );
        }
        found.mounted.insert(here);
        Ok(())
    }

    fn disk_unmount(&mut self, disk: &str, force: bool) -> ServiceResult<()> {
        self.change(format!("dismount disk `{disk}`, by force: {force}"))?;
        let here = self.here;
        if !force {
            self.disk(disk)?;
        }
        if let Some(found) = self.disks.get_mut(disk) {
            found.mounted.remove(&here);
        }
        Ok(())
    }

    fn disk_list(&mut self, disk: &str) -> ServiceResult<Vec<String>> {
        self.ask(format!("list disk `{disk}`"))?;
        Ok(self.files(disk)?.files.keys().cloned().collect())
    }

    fn disk_write(&mut self, disk: &str, file: &str, bytes: &[u8]) -> ServiceResult<()> {
        let length = bytes.len();
        self.change(format!("write {length} bytes to `{file}` on disk `{disk}`"))?;
        self.files(disk)?
            .files
            .insert(file.to_owned(), bytes.to_owned());
        Ok(())
    }

    fn disk_read(&mut self, disk: &str, file: &str) -> ServiceResult<Vec<u8>> {
        self.ask(format!("read `{file}` on disk `{disk}`"))?;
        match self.files(disk)?.files.get(file) {
            Some(bytes) => Ok(bytes.clone()),
            None => refused(abi::ERROR_FILE_NOT_FOUND, format!("no file `{file}`")),
        }
    }

    fn address_add(&mut self, network: &str, address: &str) -> ServiceResult<()> {
        self.change(format!("plumb address `{address}` in `{network}`"))?;
        self.network_works()?;
        let here = self.here;
        if self
            .addresses
            .get(address)
            .is_some_and(|(machine, _)| *machine != here)
        {
            return refused(
                abi::ERROR_CLUSTER_IPADDR_IN_USE,
                format!("{address} answers elsewhere"),
            );
        }
        self.addresses
            .insert(address.to_owned(), (here, network.to_owned()));
        Ok(())
    }

    fn address_remove(&mut self, network: &str, address: &str) -> ServiceResult<()> {
        self.change(format!("take address `{address}` away from `{network}`"))?;
        if self
            .addresses
            .get(address)
            .is_some_and(|(machine, _)| *machine == self.here)
        {
            self.addresses.remove(address);
        }
        Ok(())
    }

    fn address_works(&self, address: &str) -> ServiceResult<()> {
        self.network_works()?;
        match self.addresses.get(address) {
            Some((machine, _)) if *machine == self.here => Ok(()),
            _ => refused(
                abi::ERROR_NOT_FOUND,
                format!("{address} is not on this node"),
            ),
        }
    }

    fn address_lease(&mut self, caller: Caller<'_>, network: &str) -> ServiceResult<(String, u32)> {
        self.change(format!("lease an address in `{network}`"))?;
        self.network_works()?;
        let number = caller
            .resource
            .bytes()
            .fold(0_u8, |sum, byte| sum.wrapping_add(byte));
        Ok((format!("10.0.9.{number}"), LEASE_SECONDS))
    }

    fn name_register(&mut self, name: &str, address: &str) -> ServiceResult<()> {
        self.change(format!("register name `{name}` for `{address}`"))?;
        self.network_works()?;
        self.names.insert(name.to_owned(), address.to_owned());
        Ok(())
    }

    fn name_unregister(&mut self, name: &str) -> ServiceResult<()> {
        self.change(format!("take name `{name}` away"))?;
        self.names.remove(name);
        Ok(())
    }

    fn name_resolve(&self, name: &str) -> ServiceResult<String> {
        self.network_works()?;
        match self.names.get(name) {
            Some(address) => Ok(address.clone()),
            None => refused(abi::ERROR_NOT_FOUND, format!("nobody knows `{name}`")),
        }
    }

    /// The text of the made-up script, or of one that the author named, which is a file.
    fn script_load(&self, path: &str) -> ServiceResult<String> {
        self.is_refusing()?;
        if path == SCRIPT {
            return Ok(SCRIPT_TEXT.to_owned());
        }
        std::fs::read_to_string(path).or_else(|error| {
            refused(
                abi::ERROR_FILE_NOT_FOUND,
                format!("script `{path}`: {error}"),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_of_work_takes_as_long_as_in_a_drill() {
        let mut world = World::default();
        let state = |world: &World| world.service_state(Caller::NONE, "db").unwrap();
        world.service_start(Caller::NONE, "db", 3).unwrap();
        world.pass(START + 3 * WORK_UNIT - Duration::from_millis(1));
        assert_eq!(state(&world), ServiceState::StartPending);
        world.pass(Duration::from_millis(1));
        assert_eq!(state(&world), ServiceState::Running);
        assert_eq!(WORK_UNIT, Duration::from_secs(1));
    }

    #[test]
    fn each_request_has_an_answer_that_it_can_have() {
        let mut world = World::default();
        for request in Request::one_of_each() {
            let answer = world.serve(Caller::NONE, request.clone());
            assert!(request.is_answered_by(&answer), "{request:?}: {answer:?}");
        }
    }
}
