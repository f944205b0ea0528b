//! The common part of the types for one service or program: start it, wait until it runs, watch it, stop it.
//!
//! LooksAlive only asks the service controller. IsAlive asks the program itself, if there is a way: its port, or a
//! call into it. The type does the same every ten seconds on its own, as the Exchange types do. A program that runs
//! without answering may be busy, so it fails only when it has been silent for `IsAliveTimeout`. A program that is
//! gone, or answers wrongly, has failed at once.

use std::marker::PhantomData;
use std::time::Duration;

use quorate_sdk::{
    Context, Endpoint, Error, ManagedService, Number, Operation, PROBE_PERIOD, Patience, Progress,
    Property, Resource, TypeInfo,
};

/// `IsAliveTimeout`, for every type that asks its program.
pub const IS_ALIVE_TIMEOUT: Property<Number> = Property::number("IsAliveTimeout")
    .unit("ms")
    .doc("For how long a program that runs may give no answer before it has failed")
    .default("180000")
    .at_online();

/// The parts in which such types differ.
pub trait Kind: 'static {
    /// Its name and properties, with [`IS_ALIVE_TIMEOUT`].
    const TYPE: TypeInfo;
    /// The service it stands for; empty if its properties name it.
    const SERVICE: &'static str = "";
    /// Whether its program answers calls from the node, as every service of a controller does.
    const ANSWERS_CALLS: bool;

    /// The service to start, according to the present properties.
    ///
    /// # Errors
    /// A property that is missing or wrong.
    fn service(ctx: &Context) -> Result<ManagedService, Error> {
        let _ = ctx;
        Ok(ManagedService::new(Self::SERVICE))
    }

    /// Where it answers once it runs, if it answers anywhere.
    ///
    /// # Errors
    /// It cannot answer anywhere here.
    fn endpoint(ctx: &Context) -> Result<Option<Endpoint>, Error> {
        let _ = ctx;
        Ok(None)
    }
}

/// A resource of the type `K`.
#[derive(Debug)]
pub struct Program<K> {
    service: ManagedService,
    endpoint: Option<Endpoint>,
    patience: Patience,
    kind: PhantomData<K>,
}

impl<K: Kind> Program<K> {
    fn started(&mut self, ctx: &mut Context, progress: Progress) -> Result<Progress, Error> {
        if progress.is_done() {
            self.endpoint = K::endpoint(ctx)?;
            if let Some(endpoint) = &self.endpoint {
                endpoint.open(ctx, self.service.name())?;
            }
            self.look_again(ctx);
        }
        Ok(progress)
    }

    fn look_again(&self, ctx: &mut Context) {
        if K::ANSWERS_CALLS || self.endpoint.is_some() {
            ctx.wake_after(PROBE_PERIOD);
        }
    }

    fn probe(&self, ctx: &Context) -> Result<(), Error> {
        self.service.check(ctx)?;
        if K::ANSWERS_CALLS {
            ctx.probe().service(self.service.name())?;
        }
        match &self.endpoint {
            Some(endpoint) => endpoint.probe(ctx),
            None => Ok(()),
        }
    }
}

impl<K: Kind> Resource for Program<K> {
    const TYPE: TypeInfo = K::TYPE;

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(Program {
            service: ManagedService::new(K::SERVICE),
            endpoint: None,
            patience: Patience::new(Duration::ZERO),
            kind: PhantomData,
        })
    }

    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        let silence_ms = ctx.properties().get(&IS_ALIVE_TIMEOUT)?;
        self.patience = Patience::new(Duration::from_millis(silence_ms.into()));
        self.endpoint = None;
        self.service = K::service(ctx)?;
        let progress = self.service.start(ctx, 0)?;
        self.started(ctx, progress)
    }

    fn offline(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
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
        self.service.kill(ctx);
    }

    /// The service controller says that it runs.
    fn looks_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        self.service.check(ctx)
    }

    /// It answers, or has been silent for less than `IsAliveTimeout`.
    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        let answer = self.probe(ctx);
        self.patience.judge(ctx, answer)
    }

    /// The same check, more often than the cluster makes it.
    fn watch(&mut self, ctx: &mut Context) {
        if let Err(error) = self.is_alive(ctx) {
            ctx.signal(error);
        }
        self.look_again(ctx);
    }
}
