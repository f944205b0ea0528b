//! `Generic Application`: any program, run as a service of the resource's own.
//!
//! With a `Port` it is probed there. Without one nobody can tell a program that hangs from one that works, so it is
//! alive while it runs, as in the original.

use quorate_sdk::{Context, Endpoint, Error, ManagedService, Number, Property, Text, TypeInfo};

use crate::program::{IS_ALIVE_TIMEOUT, Kind, Program};

const COMMAND_LINE: Property<Text> = Property::text("CommandLine")
    .doc("Program and arguments")
    .required()
    .at_online();
const CURRENT_DIRECTORY: Property<Text> = Property::text("CurrentDirectory")
    .doc("Where it runs; the node's own place if it is not set")
    .at_online();

const PORT: Property<Number> = Property::number("Port")
    .doc("The TCP port it answers on, at the IP Address it depends on; 0 if it answers nobody")
    .range(0, 65_535)
    .default("0")
    .at_online();
const PROTOCOL: Property<Text> = Property::text("Protocol")
    .doc("What it speaks on its port, such as http; tcp if it is not set")
    .at_online();

/// Any program. The host identifies it by its command line.
#[derive(Debug)]
pub struct AnyProgram;

impl Kind for AnyProgram {
    const TYPE: TypeInfo = TypeInfo::new("Generic Application", "Any program").properties(
        const {
            &[
                COMMAND_LINE.any(),
                CURRENT_DIRECTORY.any(),
                PORT.any(),
                PROTOCOL.any(),
                IS_ALIVE_TIMEOUT.any(),
            ]
        },
    );
    const ANSWERS_CALLS: bool = false;

    fn service(ctx: &Context) -> Result<ManagedService, Error> {
        let command = ctx.properties().get(&COMMAND_LINE)?;
        let directory = ctx.properties().get(&CURRENT_DIRECTORY)?;
        Ok(ManagedService::new(command).in_directory(directory))
    }

    /// The port that its properties name.
    fn endpoint(ctx: &Context) -> Result<Option<Endpoint>, Error> {
        let port = ctx.properties().get(&PORT)?;
        if port == 0 {
            return Ok(None);
        }
        let protocol = match ctx.properties().get(&PROTOCOL)? {
            protocol if protocol.is_empty() => "tcp".to_owned(),
            protocol => protocol,
        };
        Endpoint::of_provider(ctx, port, &protocol).map(Some)
    }
}

/// The resource type.
pub type GenericApplication = Program<AnyProgram>;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quorate_sdk::ServiceState;
    use quorate_sdk::test::{Instance, State, World};

    use super::*;

    const COMMAND: &str = "notepad.exe readme.txt";

    #[test]
    fn a_program_is_started_watched_and_stopped() {
        let world = World::new();
        let builder = world.resource::<GenericApplication>("Editor");
        let editor = builder.property("CommandLine", COMMAND).open().unwrap();
        editor.online().unwrap();
        editor.is_alive().unwrap();
        world.service("Editor", COMMAND).crash();
        world.run(Duration::from_secs(5));
        assert_eq!(editor.state(), State::Failed);
        editor.online().unwrap();
        editor.offline().unwrap();
        assert_eq!(
            world.service("Editor", COMMAND).state(),
            ServiceState::Stopped
        );
        editor.begin_online().unwrap();
        editor.terminate();
        assert_eq!(
            world.service("Editor", COMMAND).state(),
            ServiceState::Stopped
        );
    }

    #[test]
    fn it_runs_in_its_directory() {
        let world = World::new();
        let builder = world.resource::<GenericApplication>("Editor");
        let builder = builder.property("CommandLine", COMMAND);
        let editor = builder
            .property("CurrentDirectory", "D:\\texts")
            .open()
            .unwrap();
        editor.online().unwrap();
        let given = world.service("Editor", COMMAND).given();
        assert_eq!(given, Some((String::new(), "D:\\texts".to_owned())));
    }

    #[test]
    fn a_server_answers_on_its_port_and_needs_an_address_for_it() {
        let world = World::new();
        world.address("Public", "10.0.0.30").put_on("NODE1");
        let server = || {
            let builder = world.resource::<GenericApplication>("Server");
            builder
                .property("CommandLine", "served")
                .property("Port", 8080)
        };
        let alone = server().open().unwrap();
        assert!(alone.online().unwrap_err().text().contains("IP Address"));
        alone.terminate();
        let facts = [("Address", "10.0.0.30")];
        let server = server().depends_on_facts("IP Address", "Server IP Address", &facts);
        let server = server.open().unwrap();
        server.online().unwrap();
        server.is_alive().unwrap();
    }

    /// A web server that is online, in a world of its own.
    fn web_server(silence_ms: u32) -> (World, Instance) {
        let world = World::new();
        world.address("Public", "10.0.0.30").put_on("NODE1");
        let server = world
            .resource::<GenericApplication>("Server")
            .property("CommandLine", "served")
            .property("Port", 8080)
            .property("Protocol", "http")
            .property("IsAliveTimeout", silence_ms)
            .depends_on_facts("IP Address", "Server IP", &[("Address", "10.0.0.30")]);
        let server = server.open().unwrap();
        server.online().unwrap();
        (world, server)
    }

    #[test]
    fn a_server_that_hangs_has_failed_after_is_alive_timeout_and_looks_alive_until_then() {
        let (world, server) = web_server(180_000);
        world.service("Server", "served").hang();
        world.run(Duration::from_secs(180));
        assert_eq!(server.state(), State::Online);
        server.looks_alive().unwrap();
        world.run(Duration::from_secs(10));
        assert_eq!(server.state(), State::Failed);
        assert!(server.last_error().starts_with("silent for 180000 ms"));
    }

    #[test]
    fn a_server_that_is_busy_for_a_while_is_forgiven() {
        let (world, server) = web_server(30_000);
        for _ in 0..3 {
            world.service("Server", "served").hang();
            world.run(Duration::from_secs(25));
            world.service("Server", "served").answer();
            world.run(Duration::from_secs(10));
        }
        assert_eq!(server.state(), State::Online);
    }

    #[test]
    fn a_server_that_answers_wrongly_has_failed_at_the_next_look() {
        let (world, server) = web_server(180_000);
        world.service("Server", "served").set_wrong_banner(true);
        world.run(Duration::from_secs(10));
        assert_eq!(server.state(), State::Failed);
    }

    #[test]
    fn a_program_without_a_port_is_alive_while_it_runs() {
        let world = World::new();
        let builder = world.resource::<GenericApplication>("Editor");
        let editor = builder.property("CommandLine", COMMAND).open().unwrap();
        editor.online().unwrap();
        world.service("Editor", COMMAND).hang();
        world.run(Duration::from_secs(3_600));
        assert_eq!(editor.state(), State::Online);
    }

    #[test]
    fn it_needs_a_command_line() {
        let world = World::new();
        let empty = world.resource::<GenericApplication>("E").open().unwrap();
        assert!(empty.online().unwrap_err().text().contains("CommandLine"));
    }
}
