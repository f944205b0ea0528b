//! What a plugin sees of the virtual world: `quorate_host::Services` on one of its machines.

#[cfg(test)]
mod tests;

use quorate_host::{Caller, Reservation, ServiceResult, ServiceState, Services};
use quorate_journal::{ReservationChange, ServiceEnd, WorldEvent};
use quorate_model::errors::{
    ERROR_BUSY, ERROR_DISK_FULL, ERROR_FILE_NOT_FOUND, ERROR_GEN_FAILURE, ERROR_IO_DEVICE,
    ERROR_IO_INCOMPLETE, ERROR_NOT_READY, ERROR_SERVICE_CANNOT_ACCEPT_CTRL,
    ERROR_SERVICE_NOT_ACTIVE, ERROR_TIMEOUT, ERROR_WRITE_PROTECT, WSAEADDRINUSE, WSAEADDRNOTAVAIL,
    WSAECONNREFUSED, WSAETIMEDOUT,
};
use quorate_model::{Fault, ProcessFault, Reason, Time, types};
use quorate_node::DiskError;

use crate::env::{Disk, Endpoint, Environment, Machine};

/// The services of one machine.
pub(crate) struct Local<'a> {
    pub(crate) env: &'a mut Environment,
    pub(crate) machine: Machine,
}

fn error<T>(code: u32, text: impl Into<String>) -> ServiceResult<T> {
    Err(Reason::new(code, text))
}

/// A disk has not taken what was to be written.
fn refused<T>(disk: &str, refusal: DiskError) -> ServiceResult<T> {
    match refusal {
        DiskError::Full => error(ERROR_DISK_FULL, format!("{disk} is full")),
        DiskError::WriteProtected => {
            error(ERROR_WRITE_PROTECT, format!("{disk} is write-protected"))
        }
        DiskError::NotFlushed => error(
            ERROR_IO_DEVICE,
            format!("{disk} could not flush what was written"),
        ),
        DiskError::NotReserved | DiskError::NotMounted | DiskError::Device => {
            error(ERROR_IO_DEVICE, format!("{disk} does not answer"))
        }
    }
}

impl Local<'_> {
    fn disk(&self, name: &str) -> ServiceResult<&Disk> {
        match self.env.disks.find(name) {
            None => error(ERROR_FILE_NOT_FOUND, format!("there is no disk {name}")),
            Some(disk) if !disk.answers(self.machine) => {
                error(ERROR_IO_DEVICE, format!("{name} does not answer"))
            }
            Some(disk) => Ok(disk),
        }
    }

    /// The disk, if this machine gets through to its files.
    fn files(&mut self, name: &str) -> ServiceResult<&mut Disk> {
        let machine = self.machine;
        let access = self.disk(name)?.access(machine);
        let Some(disk) = self.env.disks.find_mut(name) else {
            return error(ERROR_FILE_NOT_FOUND, format!("there is no disk {name}"));
        };
        match access {
            Ok(()) => Ok(disk),
            Err(DiskError::Device) => error(ERROR_IO_DEVICE, format!("{name} does not answer")),
            Err(
                refusal @ (DiskError::Full | DiskError::WriteProtected | DiskError::NotFlushed),
            ) => refused(name, refusal),
            // A reserved disk says so to anybody else (reservation conflict), which is how a challenger can
            // see that a defender lives without taking anything.
            Err(DiskError::NotReserved) => match disk.holder {
                Some(_) => error(ERROR_BUSY, format!("{name} is reserved by another node")),
                None => error(
                    ERROR_NOT_READY,
                    format!("{name} is not reserved by this node"),
                ),
            },
            Err(DiskError::NotMounted) => {
                error(ERROR_NOT_READY, format!("{name} is not mounted here"))
            }
        }
    }

    /// Lets a slow disk take its time for what a resource asks of it.
    fn comes_to(&mut self, caller: Caller<'_>, disk: &str, what: &str) -> ServiceResult<()> {
        let machine = self.machine;
        if self.env.is_through(machine, caller.resource, disk, what) {
            return Ok(());
        }
        let how = match self.env.disks.find(disk) {
            Some(disk) if disk.wrong.hung => "hangs, and is",
            _ => "is slow and",
        };
        error(
            ERROR_IO_INCOMPLETE,
            format!("{disk} {how} still at it ({what})"),
        )
    }

    /// The machine that a connection from this one to an address of a virtual server ends at: this one, or one that it
    /// reaches over the address's network.
    fn answering(&self, address: &str) -> Option<Machine> {
        let env = &self.env;
        if env.addresses.network_of(self.machine, address).is_some() {
            return Some(self.machine);
        }
        (0..env.hosts.len()).find(|&other| {
            env.addresses
                .network_of(other, address)
                .is_some_and(|network| {
                    !env.networks.has_stranger(network, address)
                        && env.hosts[other].runs()
                        && env.networks.reaches(network, self.machine, other)
                        && env.networks.reaches(network, other, self.machine)
                })
        })
    }

    fn set_holder(&mut self, name: &str, holder: Option<Machine>, how: ReservationChange) {
        let by = Some(self.machine);
        self.env.set_holder(by, name, holder, how);
    }

    fn set_mounted(&mut self, name: &str, mounted: bool) {
        let machine = self.machine;
        let Some(disk) = self.env.disks.find_mut(name) else {
            return;
        };
        let changed = if mounted {
            disk.mounted.insert(machine)
        } else {
            disk.lose_cache();
            disk.mounted.remove(&machine)
        };
        if changed {
            let subject = disk.name.clone();
            self.env.lags.forget(name, Some(machine));
            self.env
                .record(Some(machine), WorldEvent::Mount { subject, mounted });
            self.env.changed();
        }
    }
}

/// What a server of the protocol says to whoever connects.
fn banner(protocol: &str, resource: &str) -> String {
    match protocol.to_ascii_lowercase().as_str() {
        "smtp" => format!("220 {resource} Microsoft ESMTP MAIL Service ready"),
        "imap4" | "imap" => {
            format!("* OK {resource} Microsoft Exchange Server 2003 IMAP4rev1 server ready")
        }
        "pop3" => format!("+OK {resource} Microsoft Exchange Server 2003 POP3 server ready"),
        "http" => "HTTP/1.1 200 OK".to_owned(),
        other => format!("{other} {resource} ready"),
    }
}

/// What a server of the protocol says that is there and cannot serve.
fn wrong_banner(protocol: &str, resource: &str) -> String {
    match protocol.to_ascii_lowercase().as_str() {
        "smtp" => "421 Service not available, closing transmission channel".to_owned(),
        "imap4" | "imap" => "* BYE Server unavailable".to_owned(),
        "pop3" => "-ERR Server unavailable".to_owned(),
        "http" => "HTTP/1.1 500 Internal Server Error".to_owned(),
        other => format!("{other} {resource} error"),
    }
}

impl Services for Local<'_> {
    fn now(&self) -> Time {
        self.env.hosts[self.machine].clock.local(self.env.now)
    }

    fn civil_ms(&self) -> i64 {
        let shown = i64::try_from(self.now().as_millis()).unwrap_or(i64::MAX);
        self.env.hosts[self.machine]
            .civil_origin_ms
            .saturating_add(shown)
    }

    fn random(&mut self, caller: Caller<'_>) -> u64 {
        self.env.random(self.machine, caller.resource)
    }

    fn service_start(
        &mut self,
        caller: Caller<'_>,
        name: &str,
        work_units: u64,
    ) -> ServiceResult<()> {
        self.service_start_with(caller, name, work_units, "", "")
    }

    fn service_start_with(
        &mut self,
        caller: Caller<'_>,
        name: &str,
        work_units: u64,
        parameters: &str,
        directory: &str,
    ) -> ServiceResult<()> {
        let given = (parameters, directory);
        // A unit of a store's work is a storage group to mount; the log that is there comes on top.
        let replay = if caller.kind == types::INFORMATION_STORE
            && self
                .env
                .processes
                .get(self.machine, caller.resource, name)
                .is_none()
        {
            self.env
                .may_mount(self.machine, caller.resource, work_units)
                .or_else(|why| error(ERROR_SERVICE_CANNOT_ACCEPT_CTRL, why))?;
            self.env
                .store_starts(caller.resource, caller.group, work_units)
        } else {
            0
        };
        let work_units = work_units.saturating_add(replay);
        self.env
            .process_start_with(self.machine, caller.resource, name, work_units, given)
            .or_else(|problem| {
                error(
                    ERROR_SERVICE_CANNOT_ACCEPT_CTRL,
                    format!("{name} cannot be started: {problem}"),
                )
            })
    }

    fn service_stop(&mut self, caller: Caller<'_>, name: &str) -> ServiceResult<()> {
        self.env.process_stop(self.machine, caller.resource, name);
        Ok(())
    }

    fn service_kill(&mut self, caller: Caller<'_>, name: &str) -> ServiceResult<()> {
        self.env
            .process_kill(self.machine, caller.resource, name, ServiceEnd::Killed);
        Ok(())
    }

    fn service_state(&self, caller: Caller<'_>, name: &str) -> ServiceResult<ServiceState> {
        let process = self.env.processes.get(self.machine, caller.resource, name);
        Ok(process.map_or(ServiceState::Stopped, |process| process.state))
    }

    fn probe_service(&mut self, caller: Caller<'_>, name: &str) -> ServiceResult<()> {
        match self.env.processes.get(self.machine, caller.resource, name) {
            Some(process) if process.answers() && process.wrong => {
                error(ERROR_GEN_FAILURE, format!("{name} answers with an error"))
            }
            Some(process) if process.answers() => {
                let (machine, late) = (self.machine, process.late);
                match self.env.answer_takes(machine, caller.resource, late) {
                    Ok(_) => Ok(()),
                    Err(why) => error(ERROR_TIMEOUT, why),
                }
            }
            Some(process) if process.hung => {
                error(ERROR_TIMEOUT, format!("{name} runs but does not answer"))
            }
            _ => error(ERROR_SERVICE_NOT_ACTIVE, format!("{name} is not running")),
        }
    }

    fn probe_port(
        &mut self,
        _caller: Caller<'_>,
        address: &str,
        port: u16,
        protocol: &str,
    ) -> ServiceResult<String> {
        let Some(machine) = self.answering(address) else {
            return error(
                WSAETIMEDOUT,
                format!("{address} does not answer: no node has it that can be reached"),
            );
        };
        let endpoint = Endpoint {
            address: address.to_owned(),
            port,
            protocol: protocol.to_owned(),
        };
        // Whoever listens there answers, whichever resource it belongs to: one resource may watch another's service.
        let listening = self
            .env
            .processes
            .on(machine)
            .find(|(_, process)| process.endpoints.contains(&endpoint));
        match listening {
            Some((resource, process)) if process.answers() => {
                match self.env.answer_takes(machine, resource, process.late) {
                    Ok(_) if process.wrong => Ok(wrong_banner(protocol, resource)),
                    Ok(_) => Ok(banner(protocol, resource)),
                    Err(why) => error(WSAETIMEDOUT, why),
                }
            }
            Some((resource, process)) if process.hung => error(
                WSAETIMEDOUT,
                format!(
                    "the service of {resource} accepts on {address}:{port} but does not answer"
                ),
            ),
            _ => error(
                WSAECONNREFUSED,
                format!("nothing answers {protocol} on {address}:{port}"),
            ),
        }
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
        let endpoint = Endpoint {
            address: address.to_owned(),
            port,
            protocol: protocol.to_owned(),
        };
        let machine = self.machine;
        if listen {
            if self.env.addresses.network_of(machine, address).is_none() {
                return error(WSAEADDRNOTAVAIL, format!("{address} is not on this node"));
            }
            let taken = self.env.processes.on(machine).any(|(resource, process)| {
                *resource != *caller.resource
                    && process
                        .endpoints
                        .iter()
                        .any(|one| one.address == address && one.port == port)
            });
            if taken {
                return error(WSAEADDRINUSE, format!("{address}:{port} is taken"));
            }
        }
        let Some(process) = self.env.processes.get_mut(machine, caller.resource, name) else {
            if listen {
                return error(ERROR_SERVICE_NOT_ACTIVE, format!("{name} is not running"));
            }
            return Ok(());
        };
        if listen {
            process.endpoints.insert(endpoint);
        } else {
            process.endpoints.remove(&endpoint);
        }
        Ok(())
    }

    fn disk_reserve(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<()> {
        match self.disk(disk)?.holder {
            // A renewal waits for what the disk is at; taking a free disk is between the node and the bus.
            Some(holder) if holder == self.machine => self.comes_to(caller, disk, "reserve"),
            Some(holder) => {
                let holder = self.env.holder_name(holder);
                error(ERROR_BUSY, format!("{disk} is reserved by {holder}"))
            }
            None => {
                self.set_holder(disk, Some(self.machine), ReservationChange::Reserve);
                Ok(())
            }
        }
    }

    fn disk_break_reservation(&mut self, _caller: Caller<'_>, disk: &str) -> ServiceResult<()> {
        self.disk(disk)?;
        self.set_holder(disk, None, ReservationChange::BusReset);
        Ok(())
    }

    fn disk_release(&mut self, _caller: Caller<'_>, disk: &str) -> ServiceResult<()> {
        // A release by anyone but the holder does nothing, as SCSI-2 has it.
        if self.disk(disk)?.holder == Some(self.machine) {
            self.set_holder(disk, None, ReservationChange::Release);
        }
        Ok(())
    }

    fn disk_reserved(&mut self, _caller: Caller<'_>, disk: &str) -> ServiceResult<bool> {
        Ok(self.disk(disk)?.holder == Some(self.machine))
    }

    fn disk_reservation(&mut self, _caller: Caller<'_>, disk: &str) -> ServiceResult<Reservation> {
        Ok(match self.disk(disk)?.holder {
            None => Reservation::Nobody,
            Some(holder) if holder == self.machine => Reservation::Here,
            Some(_) => Reservation::Elsewhere,
        })
    }

    fn disk_mount(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<()> {
        if self.disk(disk)?.holder != Some(self.machine) {
            return error(ERROR_BUSY, format!("{disk} is not reserved by this node"));
        }
        self.comes_to(caller, disk, "mount")?;
        self.set_mounted(disk, true);
        Ok(())
    }

    fn disk_unmount(&mut self, caller: Caller<'_>, disk: &str, force: bool) -> ServiceResult<()> {
        if !force && self.disk(disk)?.mounted.contains(&self.machine) {
            self.comes_to(caller, disk, "dismount")?;
        }
        self.set_mounted(disk, false);
        Ok(())
    }

    fn disk_list(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<Vec<String>> {
        self.files(disk)?;
        self.comes_to(caller, disk, "list")?;
        Ok(self.files(disk)?.files.keys().cloned().collect())
    }

    fn disk_write(
        &mut self,
        caller: Caller<'_>,
        disk: &str,
        file: &str,
        bytes: &[u8],
    ) -> ServiceResult<()> {
        self.files(disk)?;
        self.comes_to(caller, disk, &format!("write {file}"))?;
        let written = self.files(disk)?.overwrite(file, bytes);
        written.or_else(|refusal| refused(disk, refusal))
    }

    fn disk_read(&mut self, caller: Caller<'_>, disk: &str, file: &str) -> ServiceResult<Vec<u8>> {
        self.files(disk)?;
        self.comes_to(caller, disk, &format!("read {file}"))?;
        match self.files(disk)?.files.get(file) {
            Some(bytes) => Ok(bytes.clone()),
            None => error(
                ERROR_FILE_NOT_FOUND,
                format!("there is no file {file} on {disk}"),
            ),
        }
    }

    fn address_add(
        &mut self,
        caller: Caller<'_>,
        network: &str,
        address: &str,
    ) -> ServiceResult<()> {
        self.env
            .address_add(self.machine, caller.resource, network, address)
    }

    fn address_remove(
        &mut self,
        _caller: Caller<'_>,
        network: &str,
        address: &str,
    ) -> ServiceResult<()> {
        self.env.address_remove(self.machine, network, address)
    }

    fn address_works(
        &self,
        _caller: Caller<'_>,
        network: &str,
        address: &str,
    ) -> ServiceResult<()> {
        self.env.address_works(self.machine, network, address)
    }

    fn address_lease(&mut self, caller: Caller<'_>, network: &str) -> ServiceResult<(String, u32)> {
        self.env
            .address_lease(self.machine, caller.resource, network)
    }

    fn name_register(
        &mut self,
        _caller: Caller<'_>,
        name: &str,
        address: &str,
    ) -> ServiceResult<()> {
        self.env.name_register(self.machine, name, address)
    }

    fn name_unregister(&mut self, _caller: Caller<'_>, name: &str) -> ServiceResult<()> {
        self.env.name_unregister(self.machine, name)
    }

    fn name_resolve(&self, _caller: Caller<'_>, name: &str) -> ServiceResult<String> {
        self.env.name_resolve(self.machine, name)
    }

    fn configured_nodes(&self) -> u32 {
        self.env.configured_nodes
    }

    fn script_load(&self, _caller: Caller<'_>, path: &str) -> ServiceResult<String> {
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
