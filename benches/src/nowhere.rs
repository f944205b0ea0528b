//! A world with nothing in it, for calls that ask nothing of it.

use quorate_host::{Caller, ServiceResult, ServiceState, Services};
use quorate_model::{Reason, Time};

/// Answers everything with "not supported".
#[derive(Clone, Copy, Debug, Default)]
pub struct Nowhere;

fn nothing<T>() -> ServiceResult<T> {
    Err(Reason::new(50, "there is nothing here"))
}

impl Services for Nowhere {
    fn now(&self) -> Time {
        Time::ZERO
    }
    fn civil_ms(&self) -> i64 {
        0
    }
    fn random(&mut self, _: Caller<'_>) -> u64 {
        0
    }
    fn service_start(&mut self, _: Caller<'_>, _: &str, _: u64) -> ServiceResult<()> {
        nothing()
    }
    fn service_stop(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<()> {
        nothing()
    }
    fn service_kill(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<()> {
        nothing()
    }
    fn service_state(&self, _: Caller<'_>, _: &str) -> ServiceResult<ServiceState> {
        nothing()
    }
    fn probe_service(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<()> {
        nothing()
    }
    fn probe_port(&mut self, _: Caller<'_>, _: &str, _: u16, _: &str) -> ServiceResult<String> {
        nothing()
    }
    fn service_listen(
        &mut self,
        _: Caller<'_>,
        _: &str,
        _: &str,
        _: u16,
        _: &str,
        _: bool,
    ) -> ServiceResult<()> {
        nothing()
    }
    fn disk_reserve(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<()> {
        nothing()
    }
    fn disk_break_reservation(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<()> {
        nothing()
    }
    fn disk_release(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<()> {
        nothing()
    }
    fn disk_reserved(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<bool> {
        nothing()
    }
    fn disk_mount(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<()> {
        nothing()
    }
    fn disk_unmount(&mut self, _: Caller<'_>, _: &str, _: bool) -> ServiceResult<()> {
        nothing()
    }
    fn disk_list(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<Vec<String>> {
        nothing()
    }
    fn disk_write(&mut self, _: Caller<'_>, _: &str, _: &str, _: &[u8]) -> ServiceResult<()> {
        nothing()
    }
    fn disk_read(&mut self, _: Caller<'_>, _: &str, _: &str) -> ServiceResult<Vec<u8>> {
        nothing()
    }
    fn address_add(&mut self, _: Caller<'_>, _: &str, _: &str) -> ServiceResult<()> {
        nothing()
    }
    fn address_remove(&mut self, _: Caller<'_>, _: &str, _: &str) -> ServiceResult<()> {
        nothing()
    }
    fn address_works(&self, _: Caller<'_>, _: &str, _: &str) -> ServiceResult<()> {
        nothing()
    }
    fn address_lease(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<(String, u32)> {
        nothing()
    }
    fn name_register(&mut self, _: Caller<'_>, _: &str, _: &str) -> ServiceResult<()> {
        nothing()
    }
    fn name_unregister(&mut self, _: Caller<'_>, _: &str) -> ServiceResult<()> {
        nothing()
    }
    fn name_resolve(&self, _: Caller<'_>, _: &str) -> ServiceResult<String> {
        nothing()
    }
    fn configured_nodes(&self) -> u32 {
        1
    }
}
