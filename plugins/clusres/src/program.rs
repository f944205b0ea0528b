//! What the types do that stand for one service or program: start it, wait until it runs, watch it, stop it.
//!
//! LooksAlive asks the service controller and nobody else. IsAlive asks the program itself, where there is a way: its
//! port, or a call into it. So does a probe of the type's own every ten seconds, as with the Exchange types, since a
//! program that runs and gives no answer may be busy: it has failed when it has been silent for `IsAliveTimeout`. One
//! that is gone, or answers wrongly, has failed.

use std::marker::PhantomData;
use std::time::Duration;

use quorate_sdk::{
    Context, Endpoint, Error, ManagedService, Number, Operation, PROBE_PERIOD, Patience, Progress,
    Property, Resource, TypeInfo,
};

/// `IsAliveTimeout`, of every type that asks its program.
pub const IS_ALIVE_TIMEOUT: Property<Number> = Property::number("IsAliveTimeout")
    .unit("ms")
    .doc("For how long a program that runs may give no answer before it has failed")
    .default("180000")
    .at_online();

/// What is one such type's own.
pub trait Kind: 'static {
    /// Its name and properties, with [`IS_ALIVE_TIMEOUT`].
    const TYPE: TypeInfo;
    /// The service it stands for; empty where its properties say.
    const SERVICE: &'static str = "";
    /// Whether what it runs answers calls of the node's own, as every service of a controller does.
    const ANSWERS_CALLS: bool;

    /// What is to be started, as the properties say now.
    ///
    /// # Errors
    /// A property that is missing or wrong.
    fn service(ctx: &Context) -> Result<ManagedService, Error> {
        let _ = ctx;
        Ok(ManagedService::new(Self::SERVICE))
    }

    /// Where it answers once it runs, if it does so anywhere.
    ///
    /// # Errors
    /// It can answer nowhere here.
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

    /// The same look, between two of the cluster's.
    fn watch(&mut self, ctx: &mut Context) {
        if let Err(error) = self.is_alive(ctx) {
            ctx.signal(error);
        }
        self.look_again(ctx);
    }
}
