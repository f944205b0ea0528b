//! `Static Site`: watches a web server that a Generic Application runs, by what the server answers.
//!
//! A Generic Application is alive as long as its process is there. This type depends on it, and on the IP Address that
//! the server answers on, and asks the server itself: a process that hangs, or a server whose files are gone, is there
//! and of no use.
#![forbid(unsafe_code)]

use std::time::Duration;

use quorate_sdk::{Context, Error, Number, Operation, Progress, Property, Resource, TypeInfo};

const START_TIMEOUT: Property<Number> = Property::number("StartTimeout")
    .doc("How long the server may take until it first answers")
    .unit("s")
    .range(1, 150)
    .default("30")
    .at_online();
const PROBE_INTERVAL: Property<Number> = Property::number("ProbeInterval")
    .doc("How often the server is asked while online")
    .unit("s")
    .range(1, 600)
    .default("10");
const ATTEMPTS: Property<Number> = Property::number("Attempts")
    .doc("How many times in a row it must give no good answer until the site counts as failed")
    .range(1, 100)
    .default("3")
    .at_online();

/// How often a server that starts is asked.
const POLL: Duration = Duration::from_millis(500);

/// Whether an answer is that of a site that is well: the status line of a page that is there.
///
/// # Errors
/// What was answered instead.
pub fn is_well(answer: &str) -> Result<(), Error> {
    let line = answer.lines().next().unwrap_or_default();
    let mut words = line.split_ascii_whitespace();
    let version = words.next().unwrap_or_default();
    if version.starts_with("HTTP/1.") && words.next() == Some("200") {
        return Ok(());
    }
    let shown: String = line.chars().take(60).collect();
    Err(Error::failed(format!(
        "the server answers `{shown}`, not `HTTP/1.1 200`"
    )))
}

/// One site on one node.
#[derive(Debug)]
pub struct StaticSite {
    address: String,
    port: u32,
    /// When it began to wait for the first answer, by the node's clock.
    began: Duration,
    /// How many probes in a row without a good answer are too many.
    attempts: u32,
    /// How many there were.
    missed: u32,
    /// What they saw, once they are enough. A process that died is for the Generic Application to notice and restart,
    /// which takes it a few seconds.
    seen: Result<(), Error>,
}

impl StaticSite {
    /// Where the Generic Application says that its program answers.
    fn find(&mut self, ctx: &Context) -> Result<(), Error> {
        let server = ctx.properties().provider("Generic Application")?;
        let port = server.text("Port").unwrap_or_default();
        self.port = match port.parse() {
            Ok(port) if port > 0 => port,
            _ => {
                return Err(Error::property(
                    "Port",
                    format!("`{}` does not say where its program answers", server.name()),
                ));
            }
        };
        self.address = ctx.properties().provider("IP Address")?.text("Address")?;
        Ok(())
    }

    fn probe(&self, ctx: &Context) -> Result<(), Error> {
        let answer = ctx.probe().port(&self.address, self.port, "http")?;
        is_well(&answer)
    }

    fn wake(ctx: &mut Context) -> Result<(), Error> {
        let seconds = ctx.properties().get(&PROBE_INTERVAL)?;
        ctx.wake_after(Duration::from_secs(seconds.into()));
        Ok(())
    }

    /// Online is done with the first good answer.
    fn wait(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        let limit = Duration::from_secs(ctx.properties().get(&START_TIMEOUT)?.into());
        match self.probe(ctx) {
            Ok(()) => {
                self.missed = 0;
                self.seen = Ok(());
                Self::wake(ctx)?;
                Ok(Progress::Done)
            }
            Err(_) if ctx.clock().now()? - self.began < limit => Ok(Progress::pending(POLL)),
            Err(error) => Err(error.context(&format!("no page within {} s", limit.as_secs()))),
        }
    }
}

impl Resource for StaticSite {
    const TYPE: TypeInfo = TypeInfo::new(
        "Static Site",
        "The site that a Generic Application serves, probed by its answers",
    )
    .properties(const { &[START_TIMEOUT.any(), PROBE_INTERVAL.any(), ATTEMPTS.any()] });

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(StaticSite {
            address: String::new(),
            port: 0,
            began: Duration::ZERO,
            attempts: 0,
            missed: 0,
            seen: Ok(()),
        })
    }

    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        self.find(ctx)?;
        self.attempts = ctx.properties().get(&ATTEMPTS)?;
        self.began = ctx.clock().now()?;
        self.wait(ctx)
    }

    fn work(&mut self, ctx: &mut Context, operation: Operation) -> Result<Progress, Error> {
        match operation {
            Operation::Online => self.wait(ctx),
            _ => Ok(Progress::Done),
        }
    }

    /// There is nothing to take away: the server is another resource's.
    fn terminate(&mut self, _: &mut Context) {}

    /// What the probes saw.
    fn is_alive(&mut self, _: &mut Context) -> Result<(), Error> {
        self.seen.clone()
    }

    /// The probe.
    fn watch(&mut self, ctx: &mut Context) {
        match self.probe(ctx) {
            Ok(()) => {
                self.missed = 0;
                self.seen = Ok(());
            }
            Err(error) => {
                self.missed += 1;
                if self.missed >= self.attempts {
                    self.seen = Err(error.clone());
                    ctx.signal(error);
                } else {
                    ctx.log().warning(error.text());
                }
            }
        }
        if let Err(error) = Self::wake(ctx) {
            ctx.log().warning(error.text());
        }
    }
}

quorate_sdk::export_plugin! {
    name: "static-site",
    version: env!("CARGO_PKG_VERSION"),
    description: "A worked example: a static file server is probed by its answers",
    types: [StaticSite],
}

#[cfg(test)]
mod tests {
    use quorate_sdk::test::{Instance, State, World};
    use quorate_sdk::{ManagedService, Text};

    use super::*;

    const ADDRESS: &str = "10.0.0.30";

    /// The server's resource, as far as this type sees it.
    struct Application(ManagedService);

    const PORT: Property<Text> = Property::text("Port").default("8080");

    impl Resource for Application {
        const TYPE: TypeInfo =
            TypeInfo::new("Generic Application", "A server").properties(const { &[PORT.any()] });

        fn open(_: &Context) -> Result<Self, Error> {
            Ok(Application(ManagedService::new("server")))
        }
        fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
            self.0.start(ctx, 0)
        }
        fn work(&mut self, ctx: &mut Context, operation: Operation) -> Result<Progress, Error> {
            let progress = self.0.go_on(ctx, operation)?;
            if progress.is_done() {
                ctx.service("server").listen(ADDRESS, 8080, "http")?;
            }
            Ok(progress)
        }
        fn terminate(&mut self, ctx: &mut Context) {
            self.0.kill(ctx);
        }
        fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
            self.0.check(ctx)
        }
    }

    fn open(world: &World) -> (Instance, Instance) {
        world.address("Public", ADDRESS).put_on("NODE1");
        let server = world.resource::<Application>("Server").open().unwrap();
        let site = world
            .resource::<StaticSite>("Site")
            .depends_on(&server)
            .depends_on_facts("IP Address", "Site IP Address", &[("Address", ADDRESS)])
            .open()
            .unwrap();
        (server, site)
    }

    #[test]
    fn a_hang_is_found_by_the_probe_while_the_process_is_there() {
        let world = World::new();
        let (server, site) = open(&world);
        server.online().unwrap();
        site.online().unwrap();
        world.run(Duration::from_secs(600));
        assert_eq!(site.state(), State::Online);
        world.service("Server", "server").hang();
        world.run(Duration::from_secs(20));
        assert_eq!(site.state(), State::Online, "two are not enough");
        world.run(Duration::from_secs(10));
        assert_eq!(site.state(), State::Failed);
        assert_eq!(server.state(), State::Online);
    }

    #[test]
    fn a_wrong_answer_is_found_too() {
        let world = World::new();
        let (server, site) = open(&world);
        server.online().unwrap();
        site.online().unwrap();
        world.service("Server", "server").set_wrong_banner(true);
        world.run(Duration::from_secs(30));
        assert_eq!(site.state(), State::Failed);
        assert!(
            site.last_error().contains("answers `?`"),
            "{}",
            site.last_error()
        );
    }

    #[test]
    fn it_waits_for_the_first_answer_and_not_for_ever() {
        let world = World::new();
        let (server, site) = open(&world);
        site.begin_online().unwrap();
        world.run(Duration::from_secs(20));
        server.online().unwrap();
        world.run(Duration::from_secs(1));
        assert_eq!(site.state(), State::Online);
        site.offline().unwrap();
        server.offline().unwrap();
        let late = site.online().unwrap_err();
        assert!(
            late.text().contains("no page within 30 s"),
            "{}",
            late.text()
        );
    }

    #[test]
    fn a_server_that_does_not_say_its_port_is_named() {
        let world = World::new();
        let (server, site) = open(&world);
        server.set("Port", "0");
        let refused = site.online().unwrap_err();
        assert!(refused.text().contains("`Server`"), "{}", refused.text());
    }

    #[test]
    fn only_a_page_that_is_there_is_well() {
        is_well("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n").unwrap();
        is_well("HTTP/1.0 200 OK").unwrap();
        for answer in [
            "",
            "HTTP/1.1 404 Not Found",
            "HTTP/1.1 503",
            "220 mail ready",
            "200 OK",
        ] {
            assert!(is_well(answer).is_err(), "{answer}");
        }
    }
}
