//! The common part of the Exchange resource types: a proxy for a service (docs/semantics.md, 2.1).
//!
//! Online starts the service, waits until it runs and lets it answer on its port, if it has one. From then on a probe
//! checks it every ten seconds; no property changes that period. IsAlive returns the result of the last probe. A
//! failed probe signals, so that IsAlive is asked at once. LooksAlive is never polled.
//!
//! A service that is gone, or answers wrongly, has failed at once. One that runs without answering may be busy: it
//! fails only when it has been silent for `IsAliveTimeout`.

use std::marker::PhantomData;
use std::time::Duration;

use quorate_sdk::{
    Context, Endpoint, Error, ManagedService, Number, Operation, PROBE_PERIOD, Patience, Progress,
    Property, Resource, TypeInfo,
};

/// `IsAliveTimeout`, for every Exchange type.
pub const IS_ALIVE_TIMEOUT: Property<Number> = Property::number("IsAliveTimeout")
    .unit("ms")
    .doc("For how long a service that runs may give no answer before it has failed")
    .default("180000")
    .at_online();

/// The protocol of a server.
#[derive(Debug)]
pub struct Protocol {
    /// Its name for the host, such as `smtp`.
    pub name: &'static str,
    /// The property that holds its TCP port.
    pub port: &'static Property<Number>,
}

/// The parts in which Exchange types differ.
pub trait Kind: 'static {
    /// Its name and properties. It must watch itself, and have [`IS_ALIVE_TIMEOUT`].
    const TYPE: TypeInfo;
    /// The service it stands for.
    const SERVICE: &'static str;
    /// The protocol it serves, if it serves one.
    const PROTOCOL: Option<Protocol> = None;
    /// Whether its start may take any time, regardless of `PendingTimeout`.
    const STARTS_AT_LEISURE: bool = false;

    /// Called before the service is started. Returns how much work it has to do before it runs.
    ///
    /// # Errors
    /// It must not be started here.
    fn before_start(ctx: &Context) -> Result<u64, Error> {
        let _ = ctx;
        Ok(0)
    }

    /// Called after every successful probe, for other work of the type. Returns a note, which the next call gets as
    /// `before`; the first call after Online gets an empty text.
    fn note(ctx: &Context, before: &str) -> String {
        let _ = (ctx, before);
        String::new()
    }

    /// Probes a service that runs according to the controller. By default there is nothing more to check.
    ///
    /// # Errors
    /// The problem; [`Error::is_silence`] if there was no answer.
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
    /// The result of the last probe.
    seen: Result<(), Error>,
    /// The last note of the type.
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

    /// Continues a start, and finishes it once the service runs.
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
            // The stop that follows closes the port anyway.
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

    /// The result of the last probe.
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
