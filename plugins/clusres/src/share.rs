//! `File Share`: a folder on a shared disk, offered under a name.

use quorate_sdk::{Context, Error, Progress, Property, Resource, Text, TypeInfo};

const SHARE_NAME: Property<Text> = Property::text("ShareName")
    .doc("Name that clients see")
    .required()
    .at_online();
const PATH: Property<Text> = Property::text("Path")
    .doc("Folder on the disk it depends on")
    .required()
    .at_online();

/// A share.
#[derive(Debug, Default)]
pub struct FileShare {
    disk: Option<String>,
}

impl FileShare {
    /// The shared disk of the Physical Disk it depends on.
    fn disk(ctx: &Context) -> Result<String, Error> {
        ctx.properties().provider("Physical Disk")?.disk()
    }
}

impl Resource for FileShare {
    const TYPE: TypeInfo =
        TypeInfo::new("File Share", "A folder on a shared disk, offered by name")
            .properties(const { &[SHARE_NAME.any(), PATH.any()] });

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(FileShare::default())
    }

    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        ctx.properties().get(&SHARE_NAME)?;
        ctx.properties().get(&PATH)?;
        let disk = FileShare::disk(ctx)?;
        ctx.disk(&disk).list()?;
        self.disk = Some(disk);
        Ok(Progress::Done)
    }

    fn terminate(&mut self, _: &mut Context) {
        self.disk = None;
    }

    /// The disk below it can be read.
    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        match &self.disk {
            Some(disk) => ctx.disk(disk).list().map(|_| ()),
            None => Err(Error::failed("nothing is shared")),
        }
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
