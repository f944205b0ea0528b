//! Writes to the field of a structure that is NULL, in the entry that its property `In` names: the process dies of it.
//!
//! With the property `Service` it has begun to use something before: a checkpoint in `open`, and that service from
//! `online` on. What it has started only the instance knows that started it, as with many a plugin.

use std::time::Duration;

use quorate_sdk::{
    Context, Error, Operation, Progress, Property, Quorum, QuorumResource, Resource, Text, TypeInfo,
};

const IN: Property<Text> = Property::text("In")
    .default("never")
    .doc("The entry to crash in, such as `is_alive`");

const SERVICE: Property<Text> = Property::text("Service").doc("The service to start");

/// The type.
#[derive(Debug)]
pub struct BadCrash {
    started: Option<String>,
}

fn crash_in(ctx: &Context, entry: &str) {
    if ctx
        .properties()
        .get(&IN)
        .is_ok_and(|wanted| wanted == entry)
    {
        ctx.log().warning(format!("about to crash in {entry}"));
        let field = std::ptr::without_provenance_mut::<u64>(8);
        // SAFETY: none: nothing is mapped there. The system ends the process, which is what this fixture is for.
        unsafe { field.write_volatile(1) };
    }
}

fn service(ctx: &Context) -> Option<String> {
    let named = ctx.properties().get(&SERVICE).ok();
    named.filter(|name| !name.is_empty())
}

impl BadCrash {
    fn stop(&mut self, ctx: &Context) {
        if let Some(service) = self.started.take() {
            // One that is gone already need not be killed.
            let _ = ctx.service(&service).kill();
        }
    }
}

impl Resource for BadCrash {
    const TYPE: TypeInfo = TypeInfo::new("Bad Crash", "Writes through NULL where it is told to")
        .properties(&[IN.any(), SERVICE.any()]);
    const QUORUM: Option<Quorum<Self>> = Some(Quorum::capable());

    fn open(ctx: &Context) -> Result<Self, Error> {
        if service(ctx).is_some() {
            ctx.checkpoint("opened").save(b"yes")?;
        }
        crash_in(ctx, "open");
        Ok(BadCrash { started: None })
    }
    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        if let Some(service) = service(ctx) {
            ctx.service(&service).start(0)?;
            self.started = Some(service);
        }
        crash_in(ctx, "online");
        Ok(Progress::pending(Duration::from_secs(1)))
    }
    fn offline(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        crash_in(ctx, "offline");
        self.stop(ctx);
        Ok(Progress::Done)
    }
    fn terminate(&mut self, ctx: &mut Context) {
        crash_in(ctx, "terminate");
        self.stop(ctx);
    }
    fn looks_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        crash_in(ctx, "looks_alive");
        Ok(())
    }
    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        crash_in(ctx, "is_alive");
        Ok(())
    }
    fn work(&mut self, ctx: &mut Context, _: Operation) -> Result<Progress, Error> {
        crash_in(ctx, "work");
        Ok(Progress::Done)
    }
    fn control(&mut self, ctx: &mut Context, _: u32, _: &[u8]) -> Result<Vec<u8>, Error> {
        crash_in(ctx, "control");
        Ok(Vec::new())
    }
    fn close(self, ctx: &mut Context) {
        crash_in(ctx, "close");
    }
}

impl QuorumResource for BadCrash {
    fn arbitrate(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        crash_in(ctx, "arbitrate");
        Ok(Progress::pending(Duration::from_secs(1)))
    }
    fn release(&mut self, ctx: &mut Context) -> Result<(), Error> {
        crash_in(ctx, "release");
        Ok(())
    }
}

quorate_sdk::export_plugin! {
    name: "bad-crash",
    version: env!("CARGO_PKG_VERSION"),
    description: "Crashes on purpose",
    types: [BadCrash],
}
