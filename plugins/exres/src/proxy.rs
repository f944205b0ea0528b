//! What every Exchange resource type does: a proxy for a service (docs/semantics.md, 2.1).
//!
//! Online starts the service, waits until it runs and lets it answer on its port, if it has one. From then on a
//! probe looks at it every ten seconds, a period that no property changes. IsAlive returns what the last probe saw,
//! and a bad probe signals, so that IsAlive is asked at once. LooksAlive is never polled.
//!
//! A service that is gone, or answers wrongly, has failed. One that runs and gives no answer may be busy: it has
//! failed when it has been silent for `IsAliveTimeout`.

use std::marker::PhantomData;
use std::time::Duration;

use quorate_sdk::{
    Context, Endpoint, Error, ManagedService, Number, Operation, PROBE_PERIOD, Patience, Progress,
    Property, Resource, TypeInfo,
};

/// `IsAliveTimeout`, of every Exchange type.
pub const IS_ALIVE_TIMEOUT: Property<Number> = Property::number("IsAliveTimeout")
    .unit("ms")
    .doc("For how long a service that runs may give no answer before it has failed")
    .default("180000")
    .at_online();

/// What a protocol server answers with.
#[derive(Debug)]
pub struct Protocol {
    /// Its name for the host, such as `smtp`.
    pub name: &'static str,
    /// The property that holds its TCP port.
    pub port: &'static Property<Number>,
}

/// What is one Exchange type's own.
pub trait Kind: 'static {
    /// Its name and properties. It must watch itself, and have [`IS_ALIVE_TIMEOUT`].
    const TYPE: TypeInfo;
    /// The service it stands for.
    const SERVICE: &'static str;
    /// The protocol it serves, if it serves one.
    const PROTOCOL: Option<Protocol> = None;
    /// Whether its start may take as long as it needs, `PendingTimeout` or not.
    const STARTS_AT_LEISURE: bool = false;

    /// Asked before the service is started: how much work it has to do before it runs.
    ///
    /// # Errors
    /// It may not be started here.
    fn before_start(ctx: &Context) -> Result<u64, Error> {
        let _ = ctx;
        Ok(0)
    }

    /// Called after every good probe, for what the type does beside being watched: what there is to note down. The next
    /// call is handed it back; the first after Online nothing.
    fn note(ctx: &Context, before: &str) -> String {
        let _ = (ctx, before);
        String::new()
    }

    /// Looks at a service that the controller says is running. By default that is all there is to it.
    ///
    /// # Errors
    /// What is wrong; [`Error::is_silence`] where it gave no answer.
    fn probe(ctx: &Context) -> Result<(), Error> {
        let _ = ctx;
        Ok(())
    }
}

/// An Exchange resource of the type `K`.
#[derive(Debug)]
pub struct Exchange<K> {
    service: ManagedService,
    endpoint: Option<Endpoint>,
    patience: Patience,
    /// What the last probe saw.
    seen: Result<(), Error>,
    /// What the type noted last.
    noted: String,
    kind: PhantomData<K>,
}

impl<K: Kind> Exchange<K> {
    const PROTOCOL: &'static Option<Protocol> = &K::PROTOCOL;

    fn step(&self, progress: Progress) -> Progress {
        match progress {
            Progress::Pending { wait, .. } if K::STARTS_AT_LEISURE => Progress::advanced(wait),
            other => other,
        }
    }

    /// The next step of a start, and what follows it once the service runs.
    fn started(&mut self, ctx: &mut Context, progress: Progress) -> Result<Progress, Error> {
        if progress.is_done() {
            if let Some(endpoint) = &self.endpoint {
                endpoint.open(ctx, K::SERVICE)?;
            }
            ctx.wake_after(PROBE_PERIOD);
        }
        Ok(self.step(progress))
    }

    fn probe(&self, ctx: &Context) -> Result<(), Error> {
        self.service.check(ctx)?;
        K::probe(ctx)?;
        match &self.endpoint {
            Some(endpoint) => endpoint.probe(ctx),
            None => Ok(()),
        }
    }
}

impl<K: Kind> Resource for Exchange<K> {
    const TYPE: TypeInfo = K::TYPE;

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(Exchange {
            service: ManagedService::new(K::SERVICE),
            endpoint: None,
            patience: Patience::new(Duration::ZERO),
            seen: Ok(()),
            noted: String::new(),
            kind: PhantomData,
        })
    }

    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        let silence_ms = ctx.properties().get(&IS_ALIVE_TIMEOUT)?;
        self.patience = Patience::new(Duration::from_millis(silence_ms.into()));
        self.endpoint = match Self::PROTOCOL {
            Some(Protocol { name, port }) => {
                let port = ctx.properties().get(port)?;
                Some(Endpoint::of_provider(ctx, port, name)?)
            }
            None => None,
        };
        self.seen = Ok(());
        self.noted.clear();
        let work_units = K::before_start(ctx)?;
        let progress = self.service.start(ctx, work_units)?;
        self.started(ctx, progress)
    }

    fn offline(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        if let Some(endpoint) = self.endpoint.take()
            && let Err(error) = endpoint.close(ctx, K::SERVICE)
        {
            // The stop that follows closes the port in any case.
            ctx.log().warning(error.text());
        }
        self.service.stop(ctx)
    }

    fn work(&mut self, ctx: &mut Context, operation: Operation) -> Result<Progress, Error> {
        let progress = self.service.go_on(ctx, operation)?;
        match operation {
            Operation::Online => self.started(ctx, progress),
            _ => Ok(progress),
        }
    }

    fn terminate(&mut self, ctx: &mut Context) {
        self.endpoint = None;
        self.service.kill(ctx);
    }

    /// What the last probe saw.
    fn is_alive(&mut self, _: &mut Context) -> Result<(), Error> {
        self.seen.clone()
    }

    /// The probe.
    fn watch(&mut self, ctx: &mut Context) {
        let answer = self.probe(ctx);
        let was_well = self.seen.is_ok();
        self.seen = self.patience.judge(ctx, answer);
        match &self.seen {
            Ok(()) => self.noted = K::note(ctx, &self.noted),
            Err(error) => {
                if was_well {
                    ctx.log().error(format!(
                        "event 1005: IsAlive check for this resource failed: {}",
                        error.text()
                    ));
                }
                ctx.signal(error.clone());
            }
        }
        ctx.wake_after(PROBE_PERIOD);
    }
}
