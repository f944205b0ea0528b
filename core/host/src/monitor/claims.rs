//! What a resource in a process of its own has taken in the world, so that it can be given back when the process dies.
//!
//! The replacement's `terminate` knows nothing of what the dead process had in its memory, and a library that is
//! quarantined has no replacement. A reservation or an address that stayed behind would keep the group from coming up on
//! another node, or stand on two.

use quorate_abi as abi;
use quorate_model::Time;
use quorate_model::monitor::ResourceSpec;

use crate::{Caller, Reservation, ServiceResult, ServiceState, Services};

/// One thing taken.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Claim {
    Service(String),
    Reservation(String),
    Mount(String),
    Address { network: String, address: String },
    Name(String),
}

impl Claim {
    /// Whether it is certainly held no more: it ended by itself, or is another node's.
    fn is_gone(&self, services: &mut dyn Services, caller: Caller<'_>) -> bool {
        match self {
            Self::Service(name) => {
                services.service_state(caller, name) == Ok(ServiceState::Stopped)
            }
            Self::Reservation(disk) => services.disk_reserved(caller, disk) == Ok(false),
            Self::Mount(_) | Self::Address { .. } | Self::Name(_) => false,
        }
    }

    fn give_back(&self, services: &mut dyn Services, caller: Caller<'_>) -> ServiceResult<()> {
        match self {
            Self::Service(name) => services.service_kill(caller, name),
            Self::Reservation(disk) => services.disk_release(caller, disk),
            Self::Mount(disk) => services.disk_unmount(caller, disk, true),
            Self::Address { network, address } => services.address_remove(caller, network, address),
            Self::Name(name) => services.name_unregister(caller, name),
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Service(name) => format!("service `{name}`"),
            Self::Reservation(disk) => format!("reservation of `{disk}`"),
            Self::Mount(disk) => format!("mount of `{disk}`"),
            Self::Address { address, .. } => format!("address {address}"),
            Self::Name(name) => format!("network name `{name}`"),
        }
    }
}

/// What one resource holds, in the order in which it was taken.
#[derive(Debug, Default)]
pub(super) struct Claims(Vec<Claim>);

impl Claims {
    fn note<T>(
        &mut self,
        result: ServiceResult<T>,
        change: impl FnOnce(&mut Self),
    ) -> ServiceResult<T> {
        if result.is_ok() {
            change(self);
        }
        result
    }

    fn take(&mut self, claim: Claim) {
        if !self.0.contains(&claim) {
            self.0.push(claim);
        }
    }

    fn drop(&mut self, claim: &Claim) {
        self.0.retain(|held| held != claim);
    }

    /// Forgets what is in `others`, too; services are each instance's own.
    pub(super) fn leave(&mut self, others: &Claims) {
        self.0
            .retain(|held| matches!(held, Claim::Service(_)) || !others.0.contains(held));
    }

    /// Gives everything back, what was taken last first: a line for the log for each.
    pub(super) fn give_back(
        &mut self,
        services: &mut dyn Services,
        spec: &ResourceSpec,
    ) -> Vec<(u32, String)> {
        let caller = Caller {
            resource: &spec.name,
            kind: &spec.kind,
            group: &spec.group,
        };
        let held = std::mem::take(&mut self.0);
        let back = held.iter().rev().filter_map(|claim| {
            if claim.is_gone(services, caller) {
                return None;
            }
            let what = claim.describe();
            Some(match claim.give_back(services, caller) {
                Ok(()) => (
                    abi::LOG_INFORMATION,
                    format!("taken away after its process died: {what}"),
                ),
                Err(error) => (
                    abi::LOG_WARNING,
                    format!(
                        "could not be taken away after its process died: {what}: {}",
                        error.text
                    ),
                ),
            })
        });
        back.collect()
    }
}

/// A world that notes what is taken in it and what is given back.
pub(super) struct Noting<'a> {
    pub(super) services: &'a mut dyn Services,
    pub(super) held: &'a mut Claims,
}

impl Services for Noting<'_> {
    fn now(&self) -> Time {
        self.services.now()
    }
    fn civil_ms(&self) -> i64 {
        self.services.civil_ms()
    }
    fn random(&mut self, caller: Caller<'_>) -> u64 {
        self.services.random(caller)
    }

    fn service_start(
        &mut self,
        caller: Caller<'_>,
        name: &str,
        work_units: u64,
    ) -> ServiceResult<()> {
        let started = self.services.service_start(caller, name, work_units);
        self.held
            .note(started, |held| held.take(Claim::Service(name.to_owned())))
    }
    fn service_start_with(
        &mut self,
        caller: Caller<'_>,
        name: &str,
        work_units: u64,
        parameters: &str,
        directory: &str,
    ) -> ServiceResult<()> {
        let started = self
            .services
            .service_start_with(caller, name, work_units, parameters, directory);
        self.held
            .note(started, |held| held.take(Claim::Service(name.to_owned())))
    }
    // One that was asked to stop still runs.
    fn service_stop(&mut self, caller: Caller<'_>, name: &str) -> ServiceResult<()> {
        self.services.service_stop(caller, name)
    }
    fn service_kill(&mut self, caller: Caller<'_>, name: &str) -> ServiceResult<()> {
        let killed = self.services.service_kill(caller, name);
        self.held
            .note(killed, |held| held.drop(&Claim::Service(name.to_owned())))
    }
    fn service_state(&self, caller: Caller<'_>, name: &str) -> ServiceResult<ServiceState> {
        self.services.service_state(caller, name)
    }

    fn probe_service(&mut self, caller: Caller<'_>, name: &str) -> ServiceResult<()> {
        self.services.probe_service(caller, name)
    }
    fn probe_port(
        &mut self,
        caller: Caller<'_>,
        address: &str,
        port: u16,
        protocol: &str,
    ) -> ServiceResult<String> {
        self.services.probe_port(caller, address, port, protocol)
    }
    // It ends with its service.
    fn service_listen(
        &mut self,
        caller: Caller<'_>,
        name: &str,
        address: &str,
        port: u16,
        protocol: &str,
        listen: bool,
    ) -> ServiceResult<()> {
        self.services
            .service_listen(caller, name, address, port, protocol, listen)
    }

    fn disk_reserve(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<()> {
        let reserved = self.services.disk_reserve(caller, disk);
        self.held.note(reserved, |held| {
            held.take(Claim::Reservation(disk.to_owned()));
        })
    }
    fn disk_break_reservation(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<()> {
        self.services.disk_break_reservation(caller, disk)
    }
    fn disk_release(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<()> {
        let released = self.services.disk_release(caller, disk);
        self.held.note(released, |held| {
            held.drop(&Claim::Reservation(disk.to_owned()));
        })
    }
    fn disk_reserved(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<bool> {
        self.services.disk_reserved(caller, disk)
    }
    fn disk_reservation(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<Reservation> {
        self.services.disk_reservation(caller, disk)
    }
    fn disk_mount(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<()> {
        let mounted = self.services.disk_mount(caller, disk);
        self.held
            .note(mounted, |held| held.take(Claim::Mount(disk.to_owned())))
    }
    fn disk_unmount(&mut self, caller: Caller<'_>, disk: &str, force: bool) -> ServiceResult<()> {
        let gone = self.services.disk_unmount(caller, disk, force);
        self.held
            .note(gone, |held| held.drop(&Claim::Mount(disk.to_owned())))
    }
    fn disk_list(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<Vec<String>> {
        self.services.disk_list(caller, disk)
    }
    fn disk_write(
        &mut self,
        caller: Caller<'_>,
        disk: &str,
        file: &str,
        bytes: &[u8],
    ) -> ServiceResult<()> {
        self.services.disk_write(caller, disk, file, bytes)
    }
    fn disk_read(&mut self, caller: Caller<'_>, disk: &str, file: &str) -> ServiceResult<Vec<u8>> {
        self.services.disk_read(caller, disk, file)
    }

    fn address_add(
        &mut self,
        caller: Caller<'_>,
        network: &str,
        address: &str,
    ) -> ServiceResult<()> {
        let added = self.services.address_add(caller, network, address);
        self.held
            .note(added, |held| held.take(plumbed(network, address)))
    }
    fn address_remove(
        &mut self,
        caller: Caller<'_>,
        network: &str,
        address: &str,
    ) -> ServiceResult<()> {
        let removed = self.services.address_remove(caller, network, address);
        self.held
            .note(removed, |held| held.drop(&plumbed(network, address)))
    }
    fn address_works(&self, caller: Caller<'_>, network: &str, address: &str) -> ServiceResult<()> {
        self.services.address_works(caller, network, address)
    }
    fn address_lease(&mut self, caller: Caller<'_>, network: &str) -> ServiceResult<(String, u32)> {
        self.services.address_lease(caller, network)
    }

    fn name_register(
        &mut self,
        caller: Caller<'_>,
        name: &str,
        address: &str,
    ) -> ServiceResult<()> {
        let registered = self.services.name_register(caller, name, address);
        self.held
            .note(registered, |held| held.take(Claim::Name(name.to_owned())))
    }
    fn name_unregister(&mut self, caller: Caller<'_>, name: &str) -> ServiceResult<()> {
        let gone = self.services.name_unregister(caller, name);
        self.held
            .note(gone, |held| held.drop(&Claim::Name(name.to_owned())))
    }
    fn name_resolve(&self, caller: Caller<'_>, name: &str) -> ServiceResult<String> {
        self.services.name_resolve(caller, name)
    }

    fn configured_nodes(&self) -> u32 {
        self.services.configured_nodes()
    }
    fn script_load(&self, caller: Caller<'_>, path: &str) -> ServiceResult<String> {
        self.services.script_load(caller, path)
    }
}

fn plumbed(network: &str, address: &str) -> Claim {
    Claim::Address {
        network: network.to_owned(),
        address: address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::monitor::tests::spec;
    use crate::monitor::tests::world::World;
    use crate::process::tests::{Book, ask_all};
    use crate::{Monitor, PluginSet};

    #[test]
    fn what_another_has_taken_too_stays_and_what_is_gone_is_not_told() {
        let mount = Claim::Mount("F:".to_owned());
        let service = Claim::Service("httpd".to_owned());
        let mut held = Claims(vec![mount.clone(), service.clone()]);
        // Services are each resource's own, whatever they are called.
        held.leave(&Claims(vec![mount, service.clone()]));
        assert_eq!(held.0, std::slice::from_ref(&service));
        let mut world = World::default();
        let lines = held.give_back(&mut world, &spec("A", "Fake"));
        let told = "taken away after its process died: service `httpd`";
        assert_eq!(lines, [(abi::LOG_INFORMATION, told.to_owned())]);
        assert_eq!(held.give_back(&mut world, &spec("A", "Fake")), []);
        // The world says that another node holds it.
        world.busy = true;
        let mut gone = Claims(vec![Claim::Reservation("F:".to_owned())]);
        assert_eq!(gone.give_back(&mut world, &spec("A", "Fake")), []);
        assert_eq!(world.asked, ["A: kill httpd"]);
    }

    #[test]
    fn what_is_taken_again_by_then_stays_whoever_has_taken_it() {
        let disk = Claim::Reservation("Q:".to_owned());
        let address = plumbed("public", "10.0.0.1");
        let mut monitor = Monitor::new(Arc::new(PluginSet::empty()));
        let held = &mut monitor.supervision.held;
        // Its own next instance, and another resource.
        held.insert("A".into(), Claims(vec![disk.clone()]));
        held.insert("B".into(), Claims(vec![address.clone()]));
        let had = Claims(vec![disk, address, Claim::Service("httpd".to_owned())]);
        let mut world = World::default();
        monitor.give_back(&mut world, &spec("A", "Fake"), had);
        assert_eq!(world.asked, ["A: kill httpd"]);
        let told = std::iter::from_fn(|| monitor.poll_event());
        assert_eq!(told.count(), 1, "nothing else was tried");
    }

    #[test]
    fn the_world_answers_the_same_while_it_is_noted_what_is_taken() {
        let world = || {
            let mut world = World::default();
            world.now += Duration::from_secs(7);
            world
        };
        let (mut plain, mut noted, mut held) = (world(), world(), Claims::default());
        let mut noting = Noting {
            services: &mut noted,
            held: &mut held,
        };
        assert_eq!(ask_all(&mut noting, &Book), ask_all(&mut plain, &Book));
        assert_eq!(noted.asked, plain.asked);
        // What this world lets a resource take and not give back.
        let left = [Claim::Reservation("D".to_owned()), plumbed("N", "10.0.0.1")];
        assert_eq!(held.0, left);
    }
}
