//! Panics in the entry that its property `In` names: the SDK must turn that into a failed call.
#![forbid(unsafe_code)]

use std::time::Duration;

use quorate_sdk::{Context, Error, Operation, Progress, Property, Resource, Text, TypeInfo};

const IN: Property<Text> = Property::text("In")
    .default("online")
    .doc("The entry to panic in, such as `is_alive`");

/// The type.
#[derive(Debug)]
pub struct BadPanic;

fn panic_in(ctx: &Context, entry: &str) {
    if ctx
        .properties()
        .get(&IN)
        .is_ok_and(|wanted| wanted == entry)
    {
        panic!("asked to panic in {entry}");
    }
}

impl Resource for BadPanic {
    const TYPE: TypeInfo =
        TypeInfo::new("Bad Panic", "Panics where it is told to").properties(&[IN.any()]);

    fn open(ctx: &Context) -> Result<Self, Error> {
        panic_in(ctx, "open");
        Ok(BadPanic)
    }
    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        panic_in(ctx, "online");
        Ok(Progress::pending(Duration::from_secs(1)))
    }
    fn offline(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        panic_in(ctx, "offline");
        Ok(Progress::Done)
    }
    fn terminate(&mut self, ctx: &mut Context) {
        panic_in(ctx, "terminate");
    }
    fn looks_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        panic_in(ctx, "looks_alive");
        Ok(())
    }
    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        panic_in(ctx, "is_alive");
        Ok(())
    }
    fn work(&mut self, ctx: &mut Context, _: Operation) -> Result<Progress, Error> {
        panic_in(ctx, "work");
        Ok(Progress::Done)
    }
    fn control(&mut self, ctx: &mut Context, _: u32, _: &[u8]) -> Result<Vec<u8>, Error> {
        panic_in(ctx, "control");
        Err(Error::unhandled())
    }
    fn close(self, ctx: &mut Context) {
        panic_in(ctx, "close");
    }
}

quorate_sdk::export_plugin! {
    name: "bad-panic",
    version: env!("CARGO_PKG_VERSION"),
    description: "Panics on purpose",
    types: [BadPanic],
}
