//! `Rust File Server`: a network service that is started, given an address to answer on, and probed there.
//!
//! Nothing in here waits, reads a clock or opens a socket: it asks the [`Context`], so that the same library runs in a
//! drill's virtual world and in the real one.

use quorate_sdk::{
    AnyProperty, Context, Error, ManagedService, Number, Operation, Progress, Property, Resource,
    Text, TypeInfo, codes, controls,
};

const SERVICE: Property<Text> = Property::text("ServiceName")
    .doc("The service to start")
    .default("httpd")
    .at_online();
const PORT: Property<Number> = Property::number("Port")
    .doc("The TCP port it answers on")
    .range(1, 65_535)
    .default("80")
    .at_online();
const PROTOCOL: &str = "http";
/// This type's own control code: where the server answers, as text.
const GET_ENDPOINT: u32 = controls::CLUSCTL_RESOURCE_USER;

/// One server on one node.
struct RustFileServer {
    service: ManagedService,
    address: String,
    port: u32,
}

impl RustFileServer {
    /// Once the service runs, it is told where to answer.
    fn listen(&self, ctx: &Context, progress: Progress) -> Result<Progress, Error> {
        if progress.is_done() {
            ctx.service(self.service.name())
                .listen(&self.address, self.port, PROTOCOL)?;
        }
        Ok(progress)
    }
}

impl Resource for RustFileServer {
    const TYPE: TypeInfo =
        TypeInfo::new("Rust File Server", "A network service, probed on its port")
            .properties(const { &[SERVICE.any(), PORT.any()] as &[AnyProperty] });

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(RustFileServer {
            service: ManagedService::new(""),
            address: String::new(),
            port: 0,
        })
    }

    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        self.service = ManagedService::new(ctx.properties().get(&SERVICE)?);
        self.port = ctx.properties().get(&PORT)?;
        self.address = ctx.properties().provider("IP Address")?.text("Address")?;
        let progress = self.service.start(ctx, 0)?;
        self.listen(ctx, progress)
    }

    fn work(&mut self, ctx: &mut Context, operation: Operation) -> Result<Progress, Error> {
        let progress = self.service.go_on(ctx, operation)?;
        match operation {
            Operation::Online => self.listen(ctx, progress),
            _ => Ok(progress),
        }
    }

    fn offline(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        self.service.stop(ctx)
    }

    fn terminate(&mut self, ctx: &mut Context) {
        self.service.kill(ctx);
    }

    /// The cheap check: the controller says that it runs.
    fn looks_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        self.service.check(ctx)
    }

    /// The thorough check: it answers on its port. A service that hangs still runs, and does not answer.
    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        self.service.check(ctx)?;
        ctx.probe()
            .port(&self.address, self.port, PROTOCOL)
            .map(|_| ())
    }

    /// `resource("Files Server").control(0x01200000)` in a drill. What is not known here is left to the host.
    fn control(&mut self, _: &mut Context, code: u32, _: &[u8]) -> Result<Vec<u8>, Error> {
        match code {
            GET_ENDPOINT if self.address.is_empty() => Err(Error::new(
                codes::ERROR_RESOURCE_NOT_ONLINE,
                "it has never been online on this node",
            )),
            GET_ENDPOINT => Ok(format!("{}:{}", self.address, self.port).into_bytes()),
            _ => Err(Error::unhandled()),
        }
    }
}

quorate_sdk::export_plugin! {
    name: "rust-file-server",
    version: env!("CARGO_PKG_VERSION"),
    description: "A resource type for a network service, in Rust",
    types: [RustFileServer],
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quorate_sdk::test::{Instance, State, World};

    use super::*;

    fn server(world: &World) -> Instance {
        world.address("Public", "10.0.0.30").put_on("NODE1");
        world
            .resource::<RustFileServer>("Server")
            .property("Port", 8080)
            .depends_on_facts(
                "IP Address",
                "Server IP Address",
                &[("Address", "10.0.0.30")],
            )
            .open()
            .unwrap()
    }

    #[test]
    fn it_starts_answers_and_stops() {
        let world = World::new();
        let server = server(&world);
        server.online().unwrap();
        server.is_alive().unwrap();
        world.run(Duration::from_secs(600));
        assert_eq!(server.state(), State::Online);
        server.offline().unwrap();
        assert_eq!(server.state(), State::Offline);
    }

    #[test]
    fn a_process_that_died_is_found_by_the_cheap_check() {
        let world = World::new();
        let server = server(&world);
        server.online().unwrap();
        world.service("Server", "httpd").crash();
        world.run(Duration::from_secs(5));
        assert_eq!(server.state(), State::Failed);
    }

    #[test]
    fn one_that_hangs_is_found_by_the_thorough_check() {
        let world = World::new();
        let server = server(&world);
        server.online().unwrap();
        world.service("Server", "httpd").hang();
        server.looks_alive().unwrap();
        world.run(Duration::from_secs(60));
        assert_eq!(server.state(), State::Failed);
    }

    #[test]
    fn it_says_where_it_answers() {
        let world = World::new();
        let server = server(&world);
        let error = server.control(GET_ENDPOINT, b"").unwrap_err();
        assert_eq!(error.code(), codes::ERROR_RESOURCE_NOT_ONLINE);
        server.online().unwrap();
        let answer = server.control(GET_ENDPOINT, b"").unwrap();
        assert_eq!(answer, b"10.0.0.30:8080");
        assert!(server.control(GET_ENDPOINT + 4, b"").is_err());
    }

    #[test]
    fn without_an_address_it_says_what_is_missing() {
        let world = World::new();
        let alone = world.resource::<RustFileServer>("Server").open().unwrap();
        let error = alone.online().unwrap_err();
        assert!(error.text().contains("IP Address"), "{error}");
    }
}
