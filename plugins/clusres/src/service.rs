//! `Generic Service`: any service of the node's service controller, which is also used to ask whether the service
//! still answers.

use quorate_sdk::{Context, Error, ManagedService, Property, Text, TypeInfo};

use crate::program::{IS_ALIVE_TIMEOUT, Kind, Program};

const SERVICE_NAME: Property<Text> = Property::text("ServiceName")
    .doc("Name of the service")
    .required()
    .at_online();
const STARTUP_PARAMETERS: Property<Text> = Property::text("StartupParameters")
    .doc("What it is given at its start")
    .at_online();

/// Any service.
#[derive(Debug)]
pub struct AnyService;

impl Kind for AnyService {
    const TYPE: TypeInfo = TypeInfo::new("Generic Service", "Any service").properties(
        const {
            &[
                SERVICE_NAME.any(),
                STARTUP_PARAMETERS.any(),
                IS_ALIVE_TIMEOUT.any(),
            ]
        },
    );
    const ANSWERS_CALLS: bool = true;

    fn service(ctx: &Context) -> Result<ManagedService, Error> {
        let name = ctx.properties().get(&SERVICE_NAME)?;
        let parameters = ctx.properties().get(&STARTUP_PARAMETERS)?;
        Ok(ManagedService::new(name).with_parameters(parameters))
    }
}

/// The resource type.
pub type GenericService = Program<AnyService>;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quorate_sdk::ServiceState;
    use quorate_sdk::test::{Instance, State, World};

    use super::*;

    fn spooler(world: &World) -> Instance {
        let builder = world.resource::<GenericService>("Spooler");
        builder.property("ServiceName", "spoolsv").open().unwrap()
    }

    #[test]
    fn it_is_pending_until_the_service_runs_and_until_it_has_stopped() {
        let world = World::new();
        world
            .service("Spooler", "spoolsv")
            .set_start_time(Duration::from_secs(4));
        let spooler = spooler(&world);
        spooler.begin_online().unwrap();
        world.run(Duration::from_millis(3_900));
        assert_eq!(spooler.state(), State::OnlinePending);
        world.run(Duration::from_millis(100));
        assert_eq!(spooler.state(), State::Online);
        spooler.begin_offline().unwrap();
        assert_eq!(spooler.state(), State::OfflinePending);
        world.run(Duration::from_secs(1));
        assert_eq!(spooler.state(), State::Offline);
        assert_eq!(
            world.service("Spooler", "spoolsv").state(),
            ServiceState::Stopped
        );
    }

    #[test]
    fn a_service_that_dies_fails_it_at_the_next_look() {
        let world = World::new();
        let spooler = spooler(&world);
        spooler.online().unwrap();
        world.service("Spooler", "spoolsv").crash();
        world.run(Duration::from_secs(5));
        assert_eq!(spooler.state(), State::Failed);
        spooler.online().unwrap();
        assert_eq!(world.service("Spooler", "spoolsv").starts(), 2);
    }

    #[test]
    fn a_service_that_hangs_has_failed_after_is_alive_timeout() {
        let world = World::new();
        let builder = world.resource::<GenericService>("Spooler");
        let builder = builder.property("ServiceName", "spoolsv");
        let spooler = builder.property("IsAliveTimeout", 30_000).open().unwrap();
        spooler.online().unwrap();
        world.service("Spooler", "spoolsv").hang();
        world.run(Duration::from_secs(30));
        assert_eq!(spooler.state(), State::Online);
        spooler.looks_alive().unwrap();
        world.run(Duration::from_secs(10));
        assert_eq!(spooler.state(), State::Failed);
    }

    #[test]
    fn a_start_that_fails_fails_online() {
        let world = World::new();
        world.service("Spooler", "spoolsv").fail_starts(1);
        let spooler = spooler(&world);
        let error = spooler.online().unwrap_err();
        assert_eq!(
            error.text(),
            "service `spoolsv` stopped while it was starting"
        );
        spooler.online().unwrap();
    }

    #[test]
    fn terminate_kills_it_while_it_starts_and_while_it_stops() {
        let world = World::new();
        let spooler = spooler(&world);
        spooler.begin_online().unwrap();
        spooler.terminate();
        assert_eq!(
            world.service("Spooler", "spoolsv").state(),
            ServiceState::Stopped
        );
        spooler.online().unwrap();
        // The service does not notice the stop, so PendingTimeout ends it.
        world.service("Spooler", "spoolsv").hang();
        assert!(spooler.offline().is_err());
        assert_eq!(spooler.state(), State::Failed);
        assert_eq!(
            world.service("Spooler", "spoolsv").state(),
            ServiceState::Stopped
        );
    }

    #[test]
    fn it_is_given_its_parameters() {
        let world = World::new();
        let builder = world.resource::<GenericService>("Spooler");
        let builder = builder.property("ServiceName", "spoolsv");
        let spooler = builder
            .property("StartupParameters", "/quiet")
            .open()
            .unwrap();
        spooler.online().unwrap();
        let given = world.service("Spooler", "spoolsv").given();
        assert_eq!(given, Some(("/quiet".to_owned(), String::new())));
    }

    #[test]
    fn it_needs_the_services_name() {
        let world = World::new();
        let nameless = world.resource::<GenericService>("S").open().unwrap();
        assert!(
            nameless
                .online()
                .unwrap_err()
                .text()
                .contains("ServiceName")
        );
    }
}
