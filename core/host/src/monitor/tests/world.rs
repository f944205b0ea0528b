//! A world for the monitor's tests: a clock that the test sets, one disk, and a record of who asked for what.

use std::collections::BTreeMap;

use quorate_abi::{ERROR_BUSY, ERROR_NOT_FOUND, ERROR_NOT_SUPPORTED};
use quorate_model::{Reason, Time};

use crate::{Caller, Reservation, ServiceResult, ServiceState, Services};

#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) now: Time,
    /// What was asked for, with the resource that asked.
    pub(crate) asked: Vec<String>,
    /// Reserving a disk is refused.
    pub(crate) busy: bool,
    /// Reserving a disk panics: a mistake of the world's.
    pub(super) panics: bool,
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

fn unsupported<T>() -> ServiceResult<T> {
    Err(Reason::new(ERROR_NOT_SUPPORTED, "not in this world"))
}

impl Services for World {
    fn now(&self) -> Time {
        self.now
    }
    fn civil_ms(&self) -> i64 {
        -5
    }
    fn random(&mut self, _: Caller<'_>) -> u64 {
        42
    }
    fn service_start(&mut self, caller: Caller<'_>, name: &str, work: u64) -> ServiceResult<()> {
        self.asked
            .push(format!("{}: start {name} {work}", caller.resource));
        Ok(())
    }
    fn service_stop(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<()> {
        unsupported()
    }
    fn service_kill(&mut self, caller: Caller<'_>, name: &str) -> ServiceResult<()> {
        self.asked.push(format!("{}: kill {name}", caller.resource));
        Ok(())
    }
    fn service_state(&self, _: Caller<'_>, _: &str) -> ServiceResult<ServiceState> {
        Ok(ServiceState::StopPending)
    }
    fn probe_service(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<()> {
        unsupported()
    }
    fn probe_port(
        &mut self,
        caller: Caller<'_>,
        address: &str,
        port: u16,
        protocol: &str,
    ) -> ServiceResult<String> {
        Ok(format!("{} {address}:{port} {protocol}", caller.kind))
    }
    fn service_listen(
        &mut self,
        _: Caller<'_>,
        name: &str,
        address: &str,
        port: u16,
        protocol: &str,
        listen: bool,
    ) -> ServiceResult<()> {
        self.asked.push(format!(
            "listen {name} {address}:{port} {protocol} {listen}"
        ));
        Ok(())
    }
    fn disk_reserve(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<()> {
        assert!(!self.panics, "the world is broken");
        self.asked.push(format!(
            "{} in {}: reserve {disk}",
            caller.resource, caller.group
        ));
        if self.busy {
            return Err(Reason::new(
                ERROR_BUSY,
                format!("{disk} is reserved by NODE2"),
            ));
        }
        Ok(())
    }
    fn disk_break_reservation(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<()> {
        unsupported()
    }
    fn disk_release(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<()> {
        unsupported()
    }
    fn disk_reserved(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<bool> {
        Ok(!self.busy)
    }
    fn disk_reservation(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<Reservation> {
        Ok(if self.busy {
            Reservation::Elsewhere
        } else {
            Reservation::Here
        })
    }
    fn disk_mount(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<()> {
        unsupported()
    }
    fn disk_unmount(&mut self, _: Caller<'_>, disk: &str, force: bool) -> ServiceResult<()> {
        self.asked.push(format!("unmount {disk} {force}"));
        Ok(())
    }
    fn disk_list(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<Vec<String>> {
        Ok(self.files.keys().cloned().collect())
    }
    fn disk_write(
        &mut self,
        _: Caller<'_>,
        disk: &str,
        file: &str,
        bytes: &[u8],
    ) -> ServiceResult<()> {
        self.files.insert(format!("{disk}{file}"), bytes.to_vec());
        Ok(())
    }
    fn disk_read(&mut self, _: Caller<'_>, disk: &str, file: &str) -> ServiceResult<Vec<u8>> {
        let file = self.files.get(&format!("{disk}{file}"));
        file.cloned()
            .ok_or_else(|| Reason::new(ERROR_NOT_FOUND, "no such file"))
    }
    fn address_add(&mut self, _: Caller<'_>, network: &str, address: &str) -> ServiceResult<()> {
        self.asked.push(format!("add {address} to {network}"));
        Ok(())
    }
    fn address_remove(&mut self, _: Caller<'_>, _: &str, _: &str) -> ServiceResult<()> {
        unsupported()
    }
    fn address_works(&self, _: Caller<'_>, _: &str, _: &str) -> ServiceResult<()> {
        // An error without a code is the world's mistake.
        Err(Reason::new(0, "no code"))
    }
    fn address_lease(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<(String, u32)> {
        Ok(("10.0.0.9".to_owned(), 3_600))
    }
    fn name_register(&mut self, _: Caller<'_>, _: &str, _: &str) -> ServiceResult<()> {
        unsupported()
    }
    fn name_unregister(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<()> {
        unsupported()
    }
    fn name_resolve(&self, _: Caller<'_>, name: &str) -> ServiceResult<String> {
        Ok(format!("address of {name}"))
    }
    fn configured_nodes(&self) -> u32 {
        4
    }
}
