//! Never returns from the entry that its property `In` names: the host must give the call up. With `Stop` the whole process
//! is stopped there, as one is that reads a terminal which is not its own.
#![forbid(unsafe_code)]

use std::io::Write;
use std::process::Command;
use std::time::Duration;

use quorate_sdk::{Context, Error, Flag, Operation, Progress, Property, Resource, Text, TypeInfo};

const IN: Property<Text> = Property::text("In")
    .default("never")
    .doc("The entry to hang in, such as `is_alive`");

const STOP: Property<Flag> = Property::flag("Stop")
    .default("0")
    .doc("Whether to stop the process instead of waiting in it");

/// The type.
#[derive(Debug)]
pub struct BadStall;

fn hang_in(ctx: &Context, entry: &str) {
    if ctx
        .properties()
        .get(&IN)
        .is_ok_and(|wanted| wanted == entry)
    {
        ctx.log().warning(format!("about to hang in {entry}"));
        // Whoever reads the output of the process knows where it is.
        let _ = writeln!(std::io::stdout(), "hanging in {entry}");
        if ctx.properties().get(&STOP).is_ok_and(|wanted| wanted) {
            let this = std::process::id().to_string();
            // Where there is no such command it hangs, and the test fails.
            let _ = Command::new("kill").args(["-STOP", &this]).status();
        }
        loop {
            std::thread::park();
        }
    }
}

impl Resource for BadStall {
    const TYPE: TypeInfo =
        TypeInfo::new("Bad Stall", "Hangs where it is told to").properties(&[IN.any(), STOP.any()]);

    fn open(ctx: &Context) -> Result<Self, Error> {
        hang_in(ctx, "open");
        Ok(BadStall)
    }
    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        hang_in(ctx, "online");
        Ok(Progress::pending(Duration::from_secs(1)))
    }
    fn offline(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        hang_in(ctx, "offline");
        Ok(Progress::Done)
    }
    fn terminate(&mut self, ctx: &mut Context) {
        hang_in(ctx, "terminate");
    }
    fn looks_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        hang_in(ctx, "looks_alive");
        Ok(())
    }
    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        hang_in(ctx, "is_alive");
        Ok(())
    }
    fn work(&mut self, ctx: &mut Context, _: Operation) -> Result<Progress, Error> {
        hang_in(ctx, "work");
        Ok(Progress::Done)
    }
    fn control(&mut self, ctx: &mut Context, _: u32, _: &[u8]) -> Result<Vec<u8>, Error> {
        hang_in(ctx, "control");
        Ok(Vec::new())
    }
    fn close(self, ctx: &mut Context) {
        hang_in(ctx, "close");
    }
}

quorate_sdk::export_plugin! {
    name: "bad-stall",
    version: env!("CARGO_PKG_VERSION"),
    description: "Hangs on purpose",
    types: [BadStall],
}
