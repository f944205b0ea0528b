//! Tests that hold for every Exchange type.

use std::time::Duration;

use quorate_sdk::codes;
use quorate_sdk::test::{Builder, Instance, State, World};
use quorate_sdk::{PROBE_PERIOD, ServiceState};

use crate::proxy::Kind;
use crate::*;

const ADDRESS: &str = "10.0.0.21";
const NAME: &str = "EVS1 resource";

fn resource<K: Kind>(world: &World) -> Builder<Exchange<K>> {
    world.address("Public", ADDRESS).put_on("NODE1");
    world.resource::<Exchange<K>>(NAME).depends_on_facts(
        "IP Address",
        "EVS1 IP Address",
        &[("Address", ADDRESS)],
    )
}

fn online<K: Kind>(world: &World) -> Instance {
    let resource = resource::<K>(world).open().unwrap();
    resource.online().unwrap();
    resource
}

/// Runs a check for each of the nine types.
macro_rules! for_every_type {
    ($check:ident) => {{
        $check::<SystemAttendant>();
        $check::<InformationStore>();
        $check::<Smtp>();
        $check::<Imap4>();
        $check::<Pop3>();
        $check::<Http>();
        $check::<MsSearch>();
        $check::<MessageTransferAgent>();
        $check::<Routing>();
    }};
}

/// Runs a check for each of the four that answer on a port.
macro_rules! for_every_protocol {
    ($check:ident) => {{
        $check::<Smtp>(25);
        $check::<Imap4>(143);
        $check::<Pop3>(110);
        $check::<Http>(80);
    }};
}

#[test]
fn online_is_pending_until_the_service_runs_and_offline_until_it_has_stopped() {
    fn check<K: Kind>() {
        let world = World::new();
        let resource = resource::<K>(&world).open().unwrap();
        let service = world.service(NAME, K::SERVICE);
        resource.begin_online().unwrap();
        assert_eq!(
            (resource.state(), service.state()),
            (State::OnlinePending, ServiceState::StartPending)
        );
        world.run(Duration::from_secs(5));
        assert_eq!(
            (resource.state(), service.state()),
            (State::Online, ServiceState::Running)
        );
        resource.is_alive().unwrap();
        resource.begin_offline().unwrap();
        assert_eq!(resource.state(), State::OfflinePending);
        world.run(Duration::from_secs(1));
        assert_eq!(
            (resource.state(), service.state()),
            (State::Offline, ServiceState::Stopped)
        );
    }
    for_every_type!(check);
}

#[test]
fn a_probe_every_ten_seconds_replaces_looks_alive() {
    fn check<K: Kind>() {
        let world = World::new();
        let resource = online::<K>(&world);
        assert!(resource.has_event());
        world.service(NAME, K::SERVICE).crash();
        // IsAlive returns the result of the last probe.
        resource.is_alive().unwrap();
        world.run(PROBE_PERIOD - Duration::from_millis(1));
        assert_eq!(resource.state(), State::Online);
        world.run(Duration::from_millis(1));
        assert_eq!(resource.state(), State::Failed);
        let wanted = format!("service `{}` has stopped", K::SERVICE);
        assert_eq!(resource.last_error(), wanted);
        let told = format!("event 1005: IsAlive check for this resource failed: {wanted}");
        let log = world.log().into_iter();
        assert_eq!(log.filter(|(_, _, text)| *text == told).count(), 1);
        // A restart makes it as good as new.
        resource.online().unwrap();
        world.run(Duration::from_secs(120));
        assert_eq!(resource.state(), State::Online);
    }
    for_every_type!(check);
}

#[test]
fn terminate_kills_the_service_in_every_state() {
    fn check<K: Kind>() {
        let world = World::new();
        let resource = resource::<K>(&world).open().unwrap();
        let service = world.service(NAME, K::SERVICE);
        resource.terminate();
        resource.begin_online().unwrap();
        resource.terminate();
        assert_eq!(service.state(), ServiceState::Stopped);
        world.run(Duration::from_secs(60));
        assert_eq!((resource.state(), service.starts()), (State::Offline, 1));
        resource.online().unwrap();
        resource.terminate();
        assert_eq!(service.state(), ServiceState::Stopped);
        resource.online().unwrap();
        resource.begin_offline().unwrap();
        resource.terminate();
        assert_eq!(service.state(), ServiceState::Stopped);
    }
    for_every_type!(check);
}

#[test]
fn a_start_that_fails_fails_online() {
    fn check<K: Kind>() {
        let world = World::new();
        world.service(NAME, K::SERVICE).fail_starts(1);
        let resource = resource::<K>(&world).open().unwrap();
        assert!(
            resource
                .online()
                .unwrap_err()
                .text()
                .contains("stopped while it was starting")
        );
        assert_eq!(resource.state(), State::Failed);
        resource.online().unwrap();
    }
    for_every_type!(check);
}

#[test]
fn a_service_that_does_not_stop_is_killed_by_the_pending_timeout() {
    fn check<K: Kind>() {
        let world = World::new();
        let resource = online::<K>(&world);
        world.service(NAME, K::SERVICE).hang();
        let before = world.now();
        assert!(resource.offline().is_err());
        assert_eq!(world.now() - before, Duration::from_secs(180));
        assert_eq!(
            world.service(NAME, K::SERVICE).state(),
            ServiceState::Stopped
        );
    }
    for_every_type!(check);
}

#[test]
fn a_protocol_server_answers_at_the_virtual_servers_address() {
    fn check<K: Kind>(port: u32) {
        let world = World::new();
        let without = world.resource::<Exchange<K>>("alone").open().unwrap();
        assert_eq!(
            without.online().unwrap_err().code(),
            codes::ERROR_DEPENDENCY_NOT_FOUND
        );
        let resource = online::<K>(&world);
        world.run(PROBE_PERIOD * 3);
        assert_eq!(resource.state(), State::Online);
        world.service(NAME, K::SERVICE).set_wrong_banner(true);
        world.run(PROBE_PERIOD);
        assert_eq!(resource.state(), State::Failed);
        let wanted = format!("on {ADDRESS}:{port} answers `?`, not `");
        assert!(
            resource.last_error().contains(&wanted),
            "{}",
            resource.last_error()
        );
    }
    for_every_protocol!(check);
}

#[test]
fn a_protocol_server_that_hangs_has_its_time() {
    fn check<K: Kind>(_: u32) {
        let world = World::new();
        let resource = online::<K>(&world);
        world.service(NAME, K::SERVICE).hang();
        world.run(Duration::from_secs(180));
        assert_eq!(resource.state(), State::Online);
        world.run(PROBE_PERIOD);
        assert_eq!(resource.state(), State::Failed);
    }
    for_every_protocol!(check);
}

/// The service controller alone does not notice a hang (docs/semantics.md, 2.1).
#[test]
fn what_the_service_controller_is_asked_about_may_hang() {
    fn check<K: Kind>() {
        let world = World::new();
        let resource = online::<K>(&world);
        world.service(NAME, K::SERVICE).hang();
        world.run(Duration::from_secs(600));
        assert_eq!(resource.state(), State::Online);
    }
    check::<SystemAttendant>();
    check::<Routing>();
    check::<MessageTransferAgent>();
    check::<MsSearch>();
}

#[test]
fn a_protocol_server_needs_its_address_on_the_node() {
    fn check<K: Kind>(port: u32) {
        let world = World::new();
        let other = resource::<K>(&world)
            .property("Port", port + 2_000)
            .open()
            .unwrap();
        other.online().unwrap();
        other.offline().unwrap();
        world.address("Public", ADDRESS).vacate();
        let error = other.online().unwrap_err();
        assert!(
            error
                .text()
                .contains(&format!("{ADDRESS}:{}", port + 2_000)),
            "{error}"
        );
        let bad = resource::<K>(&world).property("Port", 0).open().unwrap();
        assert_eq!(
            bad.online().unwrap_err().text(),
            "property Port: 0 is out of range: 1 to 65535"
        );
    }
    for_every_protocol!(check);
}
