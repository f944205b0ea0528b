//! A network service, as `quorate plugin new` begins one, with one fault for each type. The drills of every new project
//! must turn red for each of them, and pass for `Server Good`: `tests/plugin_templates.rs` sees to it.

use std::time::Duration;

use quorate_sdk::{
    AnyProperty, Context, Error, ManagedService, Number, Operation, Progress, Property, Resource,
    TypeInfo, controls,
};

const PORT: Property<Number> = Property::number("Port")
    .doc("The TCP port it answers on")
    .range(1, 65_535)
    .default("80")
    .at_online();
const PROTOCOL: &str = "http";

/// The types: what is wrong with each, and its name.
const GOOD: usize = 0;
/// `online` answers at once and does nothing, and all is said to be well.
const IDLE: usize = 1;
/// As `GOOD`, but only the first `online` starts the service; later ones do nothing, and all is well from then on.
const ONCE: usize = 2;
/// The checks say alive, whatever they could see.
const BLIND: usize = 3;
/// The service is told nowhere to answer, and only asked whether it runs.
const MUTE: usize = 4;
/// The thorough check asks the controller alone, which does not see that a service hangs.
const SHALLOW: usize = 5;
/// It answers, and is probed, on the next port.
const ELSEWHERE: usize = 6;
/// `offline` leaves the service running.
const STAYS: usize = 7;
/// `terminate` leaves the process there.
const KEEPS: usize = 8;
/// It fails every few minutes, though nothing is wrong.
const FLAPS: usize = 9;
/// Its control code says that it answers elsewhere.
const LIES: usize = 10;
/// `online` is done before the service runs.
const EARLY: usize = 11;
/// It takes ten minutes to go online again after a failure.
const LATE: usize = 12;
const NAMES: [&str; 13] = [
    "Server Good",
    "Server Idle",
    "Server Once",
    "Server Blind",
    "Server Mute",
    "Server Shallow",
    "Server Elsewhere",
    "Server Stays",
    "Server Keeps",
    "Server Flaps",
    "Server Lies",
    "Server Early",
    "Server Late",
];

/// One server on one node.
struct Server<const FAULT: usize> {
    service: ManagedService,
    address: String,
    port: u32,
    online_since: Duration,
    /// How often it was begun to be brought online.
    onlines: u32,
}

impl<const FAULT: usize> Server<FAULT> {
    fn listen(&self, ctx: &Context, progress: Progress) -> Result<Progress, Error> {
        if progress.is_done() && FAULT != MUTE {
            ctx.service(self.service.name())
                .listen(&self.address, self.port, PROTOCOL)?;
        }
        Ok(progress)
    }

    /// Whether nothing is done, and all said to be well.
    fn pretends(&self) -> bool {
        FAULT == IDLE || FAULT == ONCE && self.onlines > 1
    }
}

impl<const FAULT: usize> Resource for Server<FAULT> {
    const TYPE: TypeInfo = TypeInfo::new(NAMES[FAULT], "A network service with a fault")
        .properties(const { &[PORT.any()] as &[AnyProperty] });

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(Server {
            service: ManagedService::new("httpd"),
            address: String::new(),
            port: 0,
            online_since: Duration::ZERO,
            onlines: 0,
        })
    }

    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        self.port = ctx.properties().get(&PORT)?;
        if FAULT == ELSEWHERE {
            self.port += 1;
        }
        self.address = ctx.properties().provider("IP Address")?.text("Address")?;
        self.online_since = ctx.clock().now()?;
        self.onlines += 1;
        if self.pretends() {
            return Ok(Progress::Done);
        }
        if FAULT == LATE && self.onlines > 1 {
            return Ok(Progress::pending(Duration::from_secs(170)));
        }
        let progress = self.service.start(ctx, 0)?;
        if FAULT == EARLY {
            ctx.wake_after(Duration::from_secs(10));
            return Ok(Progress::Done);
        }
        self.listen(ctx, progress)
    }

    fn work(&mut self, ctx: &mut Context, operation: Operation) -> Result<Progress, Error> {
        if FAULT == LATE && self.onlines > 1 && operation == Operation::Online {
            let waited = ctx.clock().now()?.saturating_sub(self.online_since);
            if waited < Duration::from_secs(600) {
                return Ok(Progress::advanced(Duration::from_secs(100)));
            }
            let progress = self.service.start(ctx, 0)?;
            return self.listen(ctx, progress);
        }
        let progress = self.service.go_on(ctx, operation)?;
        match operation {
            Operation::Online => self.listen(ctx, progress),
            _ => Ok(progress),
        }
    }

    fn watch(&mut self, ctx: &mut Context) {
        // Only one that was too early asks for this.
        if let Err(error) = self.listen(ctx, Progress::Done) {
            ctx.signal(error);
        }
    }

    fn offline(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        if FAULT == STAYS || self.pretends() {
            return Ok(Progress::Done);
        }
        self.service.stop(ctx)
    }

    fn terminate(&mut self, ctx: &mut Context) {
        if FAULT != KEEPS {
            self.service.kill(ctx);
        }
    }

    fn looks_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        if FAULT == BLIND || self.pretends() {
            return Ok(());
        }
        if FAULT == EARLY {
            let since = ctx.clock().now()?.saturating_sub(self.online_since);
            if since < Duration::from_secs(15) {
                return Ok(());
            }
        }
        self.service.check(ctx)
    }

    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        self.looks_alive(ctx)?;
        let since = ctx.clock().now()?.saturating_sub(self.online_since);
        match FAULT {
            BLIND | MUTE | SHALLOW => return Ok(()),
            EARLY if since < Duration::from_secs(15) => return Ok(()),
            FLAPS if since > Duration::from_secs(240) => {
                return Err(Error::failed("it is not to its liking"));
            }
            _ if self.pretends() => return Ok(()),
            _ => {}
        }
        ctx.probe()
            .port(&self.address, self.port, PROTOCOL)
            .map(|_| ())
    }

    fn control(&mut self, _: &mut Context, code: u32, _: &[u8]) -> Result<Vec<u8>, Error> {
        match code {
            controls::CLUSCTL_RESOURCE_USER if FAULT == LIES => Ok(b"10.0.0.99:8080".to_vec()),
            controls::CLUSCTL_RESOURCE_USER => {
                Ok(format!("{}:{}", self.address, self.port).into_bytes())
            }
            _ => Err(Error::unhandled()),
        }
    }
}

quorate_sdk::export_plugin! {
    name: "bad-server",
    version: env!("CARGO_PKG_VERSION"),
    description: "Network services with one fault each",
    types: [
        Server<GOOD>,
        Server<IDLE>,
        Server<ONCE>,
        Server<BLIND>,
        Server<MUTE>,
        Server<SHALLOW>,
        Server<ELSEWHERE>,
        Server<STAYS>,
        Server<KEEPS>,
        Server<FLAPS>,
        Server<LIES>,
        Server<EARLY>,
        Server<LATE>,
    ],
}
