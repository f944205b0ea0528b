//! The things that a resource in a process of its own has taken in the world, such as a disk or an address. When the
//! process dies they are given back from here.
//!
//! The replacement's `terminate` cannot do it: what the dead process knew was in its memory. And a library in
//! quarantine has no replacement. A reservation that nobody gives back would keep the group from coming online on
//! another node, and an address would be there twice.

use quorate_abi as abi;
use quorate_model::monitor::ResourceSpec;

use crate::services::{Answer, Request, Serve};
use crate::{Caller, ServiceResult, ServiceState, Services};

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
    /// Whether the resource certainly no longer holds it: it has ended by itself, or another node has it.
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

/// What one resource holds, in the order in which it took it.
#[derive(Debug, Default)]
pub(super) struct Claims(Vec<Claim>);

impl Claims {
    fn take(&mut self, claim: Claim) {
        if !self.0.contains(&claim) {
            self.0.push(claim);
        }
    }

    fn drop(&mut self, claim: &Claim) {
        self.0.retain(|held| held != claim);
    }

    /// Forgets what `others` hold as well, so that it is not taken from them. Services are not shared: each instance
    /// has its own, even under the same name.
    pub(super) fn leave(&mut self, others: &Claims) {
        self.0
            .retain(|held| matches!(held, Claim::Service(_)) || !others.0.contains(held));
    }

    /// Gives everything back, in the reverse of the order in which it was taken. Returns a line for the log for each.
    pub(super) fn give_back(
        &mut self,
        services: &mut dyn Services,
        spec: &ResourceSpec,
    ) -> Vec<(u32, String)> {
        let caller = Caller::of(spec);
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

/// A world that passes every request on, and notes what is taken and given back.
pub(super) struct Noting<'a> {
    pub(super) services: &'a mut dyn Services,
    pub(super) held: &'a mut Claims,
}

impl Serve for Noting<'_> {
    fn serve(&mut self, caller: Caller<'_>, request: Request<'_>) -> Answer {
        let change = Change::of(&request);
        let answer = self.services.serve(caller, request);
        if !matches!(answer, Answer::Refused(_)) {
            match change {
                Change::Nothing => {}
                Change::Taken(claim) => self.held.take(claim),
                Change::GivenBack(claim) => self.held.drop(&claim),
            }
        }
        answer
    }
}

/// How a request changes what the resource holds, unless it is refused.
enum Change {
    Nothing,
    Taken(Claim),
    GivenBack(Claim),
}

impl Change {
    fn of(request: &Request<'_>) -> Change {
        match request {
            Request::ServiceStart { name, .. } | Request::ServiceStartWith { name, .. } => {
                Change::Taken(Claim::Service(name.to_string()))
            }
            Request::ServiceKill { name } => Change::GivenBack(Claim::Service(name.to_string())),
            Request::DiskReserve { disk } => Change::Taken(Claim::Reservation(disk.to_string())),
            Request::DiskRelease { disk } => {
                Change::GivenBack(Claim::Reservation(disk.to_string()))
            }
            Request::DiskMount { disk } => Change::Taken(Claim::Mount(disk.to_string())),
            Request::DiskUnmount { disk, .. } => Change::GivenBack(Claim::Mount(disk.to_string())),
            Request::AddressAdd { network, address } => Change::Taken(plumbed(network, address)),
            Request::AddressRemove { network, address } => {
                Change::GivenBack(plumbed(network, address))
            }
            Request::NameRegister { name, .. } => Change::Taken(Claim::Name(name.to_string())),
            Request::NameUnregister { name } => Change::GivenBack(Claim::Name(name.to_string())),
            // A service that was asked to stop still runs. Its listening addresses end with it, so they need no entry.
            Request::ServiceStop { .. } | Request::ServiceListen { .. } => Change::Nothing,
            Request::Now
            | Request::CivilMs
            | Request::ConfiguredNodes
            | Request::Random {}
            | Request::ScriptLoad { .. }
            | Request::ServiceState { .. }
            | Request::ProbeService { .. }
            | Request::ProbePort { .. }
            | Request::ProbeAsk { .. }
            | Request::DiskBreak { .. }
            | Request::DiskReserved { .. }
            | Request::DiskReservation { .. }
            | Request::DiskList { .. }
            | Request::DiskWrite { .. }
            | Request::DiskRead { .. }
            | Request::AddressWorks { .. }
            | Request::AddressLease { .. }
            | Request::NameResolve { .. } => Change::Nothing,
        }
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
        // Each resource has services of its own, whatever their names.
        held.leave(&Claims(vec![mount, service.clone()]));
        assert_eq!(held.0, std::slice::from_ref(&service));
        let mut world = World::default();
        let lines = held.give_back(&mut world, &spec("A", "Fake"));
        let told = "taken away after its process died: service `httpd`";
        assert_eq!(lines, [(abi::LOG_INFORMATION, told.to_owned())]);
        assert_eq!(held.give_back(&mut world, &spec("A", "Fake")), []);
        // From now on the world says that another node holds it.
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
        // The next instance of A itself holds the disk, and another resource something else.
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
        // The things that this world lets a resource take without giving them back.
        let left = [
            Claim::Reservation("disk".to_owned()),
            plumbed("network", "address"),
        ];
        assert_eq!(held.0, left);
    }
}
