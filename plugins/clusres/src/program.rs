//! What the types do that stand for one service or program: start it, wait until it runs, watch it, stop it.

use std::marker::PhantomData;

use quorate_sdk::{Context, Error, ManagedService, Operation, Progress, Resource, TypeInfo};

/// What is one such type's own.
pub trait Kind: 'static {
    /// Its name and properties.
    const TYPE: TypeInfo;
    /// The service it stands for; empty where its properties say.
    const SERVICE: &'static str = "";

    /// What is to be started, as the properties say now.
    ///
    /// # Errors
    /// A property that is missing or wrong.
    fn service(ctx: &Context) -> Result<ManagedService, Error> {
        let _ = ctx;
        Ok(ManagedService::new(Self::SERVICE))
    }

    /// Called when it runs, for what is to follow.
    ///
    /// # Errors
    /// It cannot be of use here.
    fn runs(ctx: &Context, service: &ManagedService) -> Result<(), Error> {
        let _ = (ctx, service);
        Ok(())
    }
}

/// A resource of the type `K`.
#[derive(Debug)]
pub struct Program<K> {
    service: ManagedService,
    kind: PhantomData<K>,
}

impl<K: Kind> Program<K> {
    fn started(&self, ctx: &Context, progress: Progress) -> Result<Progress, Error> {
        if progress.is_done() {
            K::runs(ctx, &self.service)?;
        }
        Ok(progress)
    }
}

impl<K: Kind> Resource for Program<K> {
    const TYPE: TypeInfo = K::TYPE;

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(Program {
            service: ManagedService::new(K::SERVICE),
            kind: PhantomData,
        })
    }

    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
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
    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        self.service.check(ctx)
    }
}
