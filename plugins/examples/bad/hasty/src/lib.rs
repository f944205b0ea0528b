//! Takes a quorum disk at once from whoever holds it: an owner that lives has no time to defend it.

use quorate_sdk::{
    Context, Error, Progress, Quorum, QuorumResource, RENEWAL, Resource, TypeInfo, codes,
};

const DISK: &str = "Disk T0:";

struct Hasty {
    held: bool,
}

impl Resource for Hasty {
    const TYPE: TypeInfo = TypeInfo::new("Bad Hasty", "Bad on purpose");
    const QUORUM: Option<Quorum<Self>> = Some(Quorum::capable());

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(Hasty { held: false })
    }

    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        if !self.held {
            self.arbitrate(ctx)?;
        }
        ctx.disk(DISK).mount()?;
        Ok(Progress::Done)
    }

    fn terminate(&mut self, ctx: &mut Context) {
        if self.held {
            // What cannot be given up is lost anyway.
            let _ = ctx.disk(DISK).unmount(true);
            let _ = self.release(ctx);
        }
    }

    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        ctx.disk(DISK).list().map(|_| ())
    }

    fn watch(&mut self, ctx: &mut Context) {
        if !self.held {
            return;
        }
        match ctx.disk(DISK).reserve() {
            Ok(()) => ctx.wake_after(RENEWAL),
            Err(error) => {
                self.held = false;
                ctx.quorum_lost(error);
            }
        }
    }
}

impl QuorumResource for Hasty {
    fn arbitrate(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        let disk = ctx.disk(DISK);
        match disk.reserve() {
            Err(error) if error.code() == codes::ERROR_BUSY => {
                disk.break_reservation()?;
                disk.reserve()?;
            }
            other => other?,
        }
        self.held = true;
        ctx.wake_after(RENEWAL);
        Ok(Progress::Done)
    }

    fn release(&mut self, ctx: &mut Context) -> Result<(), Error> {
        self.held = false;
        ctx.disk(DISK).release()
    }
}

quorate_sdk::export_plugin! {
    name: "bad-hasty",
    version: env!("CARGO_PKG_VERSION"),
    description: "Takes a quorum disk at once from whoever holds it",
    types: [Hasty],
}
