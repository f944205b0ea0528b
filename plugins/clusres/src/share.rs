//! `File Share`: a folder on a shared disk, offered under a name.

use quorate_sdk::{
    Context, DISK_PATIENCE, Error, Operation, PROBE_PERIOD, Patience, Progress, Property, Resource,
    SERVICE_POLL, Text, TypeInfo,
};

const SHARE_NAME: Property<Text> = Property::text("ShareName")
    .doc("Name that clients see")
    .required()
    .at_online();
const PATH: Property<Text> = Property::text("Path")
    .doc("Folder on the disk it depends on")
    .required()
    .at_online();

/// A share.
#[derive(Debug)]
pub struct FileShare {
    disk: Option<String>,
    patience: Patience,
}

impl FileShare {
    /// The shared disk of the Physical Disk it depends on.
    fn disk(ctx: &Context) -> Result<String, Error> {
        ctx.properties().provider("Physical Disk")?.disk()
    }

    /// The disk with the shared folder.
    fn shared(&self) -> Result<&str, Error> {
        let disk = self.disk.as_deref();
        disk.ok_or_else(|| Error::failed("nothing is shared"))
    }

    /// Shares the folder once the disk has listed it.
    fn offer(&self, ctx: &mut Context) -> Result<Progress, Error> {
        let listed = Error::finished(ctx.disk(self.shared()?).list())?;
        if listed.is_none() {
            return Ok(Progress::pending(SERVICE_POLL));
        }
        ctx.wake_after(PROBE_PERIOD);
        Ok(Progress::Done)
    }
}

impl Resource for FileShare {
    const TYPE: TypeInfo =
        TypeInfo::new("File Share", "A folder on a shared disk, offered by name")
            .properties(const { &[SHARE_NAME.any(), PATH.any()] });

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(FileShare {
            disk: None,
            patience: Patience::new(DISK_PATIENCE),
        })
    }

    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        ctx.properties().get(&SHARE_NAME)?;
        ctx.properties().get(&PATH)?;
        self.disk = Some(FileShare::disk(ctx)?);
        self.patience.forget();
        self.offer(ctx)
    }

    fn work(&mut self, ctx: &mut Context, _: Operation) -> Result<Progress, Error> {
        self.offer(ctx)
    }

    fn terminate(&mut self, _: &mut Context) {
        self.disk = None;
    }

    /// This node still holds the disk.
    fn looks_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        let disk = self.shared()?;
        if ctx.disk(disk).is_reserved()? {
            return Ok(());
        }
        Err(Error::failed(format!("disk `{disk}` is not reserved")))
    }

    /// The disk can be read, or has taken less than 30 s so far.
    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        let answer = ctx.disk(self.shared()?).list().map(|_| ());
        self.patience.judge(ctx, answer)
    }

    /// The same check, more often than the cluster makes it.
    fn watch(&mut self, ctx: &mut Context) {
        if let Err(error) = self.is_alive(ctx) {
            ctx.signal(error);
        }
        ctx.wake_after(PROBE_PERIOD);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quorate_sdk::codes;
    use quorate_sdk::test::{Builder, Instance, State, World};

    use super::*;
    use crate::PhysicalDisk;

    fn share(world: &World) -> (Instance, Builder<FileShare>) {
        world.disk("S:");
        let disk = world
            .resource::<PhysicalDisk>("Disk S:")
            .property("Disk", "S:")
            .open()
            .unwrap();
        let share = world
            .resource::<FileShare>("Public share")
            .property("ShareName", "public")
            .property("Path", "\\shares\\public")
            .depends_on(&disk);
        (disk, share)
    }

    #[test]
    fn it_lives_and_dies_with_its_disk() {
        let world = World::new();
        let (disk, share) = share(&world);
        let share = share.open().unwrap();
        assert_eq!(
            share.online().unwrap_err().code(),
            codes::ERROR_BUSY,
            "nobody reserved it"
        );
        disk.online().unwrap();
        share.online().unwrap();
        share.is_alive().unwrap();
        world.disk("S:").fail();
        world.run(Duration::from_secs(5));
        assert_eq!(share.state(), State::Failed);
        world.disk("S:").repair();
        disk.terminate();
        disk.online().unwrap();
        share.online().unwrap();
        share.offline().unwrap();
    }

    #[test]
    fn a_slow_disk_delays_it_and_one_that_takes_too_long_fails_it() {
        let world = World::new();
        let (disk, share) = share(&world);
        let share = share.open().unwrap();
        disk.online().unwrap();
        world.disk("S:").set_delay(Duration::from_secs(1));
        share.begin_online().unwrap();
        assert_eq!(share.state(), State::OnlinePending);
        world.run(Duration::from_secs(1));
        assert_eq!(share.state(), State::Online);
        world.run(Duration::from_secs(300));
        assert_eq!(share.state(), State::Online);
        world.disk("S:").set_delay(Duration::from_secs(3_600));
        world.run(Duration::from_secs(50));
        assert_eq!(share.state(), State::Failed);
    }

    #[test]
    fn it_needs_a_disk_a_name_and_a_path() {
        let world = World::new();
        let alone = world
            .resource::<FileShare>("F")
            .property("ShareName", "x")
            .property("Path", "y");
        let error = alone.open().unwrap().online().unwrap_err();
        assert_eq!(error.code(), codes::ERROR_DEPENDENCY_NOT_FOUND);
        for missing in ["ShareName", "Path"] {
            let (_disk, share) = share(&world);
            let error = share
                .property(missing, "")
                .open()
                .unwrap()
                .online()
                .unwrap_err();
            assert!(error.text().contains(missing), "{error}");
        }
    }
}
