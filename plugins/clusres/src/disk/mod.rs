//! `Physical Disk`: a shared disk, held by its reservation (docs/semantics.md, 4.1). [`Challenge`] says how a disk is
//! won that another node may hold.
//!
//! A disk may be slow. Online and Offline are pending while it mounts, writes its test file or dismounts, and
//! `PendingTimeout` limits them. A renewal or a listing that takes 30 s makes the resource fail.

#[cfg(test)]
mod tests;

use quorate_sdk::{
    Challenge, Context, DISK_PATIENCE, Error, Operation, Patience, Progress, Property, Quorum,
    QuorumResource, RENEWAL, Resource, SERVICE_POLL, Text, TypeInfo, codes, controls,
};

const DISK: Property<Text> = Property::text("Disk")
    .doc("Name of the shared disk; empty means the resource's own name")
    .at_online();

/// A file written at Online, to check that the disk accepts writes.
const TEST_FILE: &str = "clusdisk.tst";
/// The original's ERROR_PATH_NOT_FOUND.
const PATH_NOT_FOUND: u32 = 3;

/// A shared disk.
#[derive(Debug)]
pub struct PhysicalDisk {
    disk: String,
    challenge: Option<Challenge>,
    /// Whether this node has the reservation; an error says why the last renewal failed.
    reservation: Result<bool, Error>,
    mounted: bool,
    /// Whether the test file was written, and the disk was not taken out of service since.
    in_service: bool,
    defending: bool,
    /// For the periodic reserve.
    renewing: Patience,
    /// For listings of the root directory.
    listing: Patience,
    /// Whether the last listing is not finished.
    lists: bool,
}

impl PhysicalDisk {
    /// The disk's name, as the properties say now.
    fn find(&mut self, ctx: &Context) -> Result<(), Error> {
        let disk = ctx.properties().get(&DISK)?;
        self.disk = if disk.is_empty() {
            ctx.resource().to_owned()
        } else {
            disk
        };
        Ok(())
    }

    fn holds(&self) -> bool {
        self.reservation == Ok(true)
    }

    /// Keeps the reservation that this node has just gained: renews it from now on.
    fn keep(&mut self, ctx: &mut Context) {
        self.reservation = Ok(true);
        self.renewing.forget();
        ctx.wake_after(RENEWAL);
    }

    /// The next step of a challenge.
    fn go_on_challenging(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        let challenge = self.challenge.take();
        let none = || Error::failed("no challenge is under way");
        let mut challenge = challenge.ok_or_else(none)?;
        let progress = challenge.go_on(ctx)?;
        if progress.is_done() {
            self.keep(ctx);
        } else {
            self.challenge = Some(challenge);
        }
        Ok(progress)
    }

    /// Mounts the reserved disk and checks that it accepts writes, one step at a time as the disk finishes each.
    fn bring_into_service(&mut self, ctx: &Context) -> Result<Progress, Error> {
        let disk = ctx.disk(&self.disk);
        if !self.mounted {
            self.mounted = Error::finished(disk.mount())?.is_some();
        }
        let tested = self.mounted
            && Error::finished(disk.write(TEST_FILE, ctx.resource().as_bytes()))?.is_some();
        self.in_service = tested;
        Ok(done_or_pending(tested))
    }

    fn take_out_of_service(&mut self, ctx: &Context) -> Result<Progress, Error> {
        self.in_service = false;
        if self.mounted {
            self.mounted = Error::finished(ctx.disk(&self.disk).unmount(false))?.is_none();
        }
        if !self.mounted {
            self.give_up_reservation(ctx)?;
        }
        Ok(done_or_pending(!self.mounted))
    }

    /// Lists the root directory, or asks for the result of an unfinished listing.
    fn list(&mut self, ctx: &Context) -> Result<(), Error> {
        let answer = ctx.disk(&self.disk).list().map(|_| ());
        self.lists = matches!(&answer, Err(error) if error.is_unfinished());
        self.listing.judge(ctx, answer)
    }

    /// Whether the disk contains a file, by its name.
    fn check_path(&self, ctx: &Context, path: &[u8]) -> Result<Vec<u8>, Error> {
        let path = std::str::from_utf8(path)
            .map_err(|_| Error::new(codes::ERROR_INVALID_PARAMETER, "the path is no UTF-8 text"))?;
        if !self.mounted {
            let text = format!("disk `{}` is not mounted", self.disk);
            return Err(Error::new(codes::ERROR_RESOURCE_NOT_ONLINE, text));
        }
        if ctx.disk(&self.disk).list()?.iter().any(|file| file == path) {
            return Ok(Vec::new());
        }
        let text = format!("there is no `{path}` on disk `{}`", self.disk);
        Err(Error::new(PATH_NOT_FOUND, text))
    }

    fn give_up_reservation(&mut self, ctx: &Context) -> Result<(), Error> {
        self.defending = false;
        let held = std::mem::replace(&mut self.reservation, Ok(false));
        if held == Ok(true) {
            ctx.disk(&self.disk).release()
        } else {
            Ok(())
        }
    }
}

/// The class of storage, and the subclass of what is shared (`CLUS_RESCLASS_STORAGE`, `CLUS_RESSUBCLASS_SHARED`).
fn storage_class() -> Vec<u8> {
    [1_u32, 0x8000_0000]
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect()
}

fn done_or_pending(done: bool) -> Progress {
    if done {
        Progress::Done
    } else {
        Progress::pending(SERVICE_POLL)
    }
}

impl Resource for PhysicalDisk {
    const TYPE: TypeInfo = TypeInfo::new("Physical Disk", "A shared disk, held by its reservation")
        .properties(const { &[DISK.any()] });
    const QUORUM: Option<Quorum<Self>> = Some(Quorum::capable());

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(PhysicalDisk {
            disk: String::new(),
            challenge: None,
            reservation: Ok(false),
            mounted: false,
            in_service: false,
            defending: false,
            renewing: Patience::new(DISK_PATIENCE),
            listing: Patience::new(DISK_PATIENCE),
            lists: false,
        })
    }

    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        self.listing.forget();
        self.lists = false;
        // An arbitrated disk is held under the name it was arbitrated with, even if the property has changed since.
        if !self.holds() {
            self.find(ctx)?;
            let mut challenge = Challenge::new(&self.disk);
            let progress = challenge.take(ctx)?;
            if !progress.is_done() {
                self.challenge = Some(challenge);
                return Ok(progress);
            }
            self.keep(ctx);
        }
        self.bring_into_service(ctx)
    }

    fn work(&mut self, ctx: &mut Context, operation: Operation) -> Result<Progress, Error> {
        if operation == Operation::Offline {
            return self.take_out_of_service(ctx);
        }
        // Without a challenge the node already holds the disk, and the disk is only slow.
        if self.challenge.is_some() || !self.holds() {
            let progress = self.go_on_challenging(ctx)?;
            if !progress.is_done() {
                return Ok(progress);
            }
        }
        if operation == Operation::Arbitrate {
            self.defending = true;
            return Ok(Progress::Done);
        }
        self.bring_into_service(ctx)
    }

    fn offline(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        self.take_out_of_service(ctx)
    }

    /// What the disk is, and what this node has of it. Nothing here asks the disk itself, which may be slow.
    fn control(&mut self, ctx: &mut Context, code: u32, input: &[u8]) -> Result<Vec<u8>, Error> {
        match code {
            controls::CLUSCTL_RESOURCE_GET_CLASS_INFO => Ok(storage_class()),
            controls::CLUSCTL_RESOURCE_STORAGE_GET_DISK_INFO => {
                if self.disk.is_empty() {
                    self.find(ctx)?;
                }
                let yes = |yes: bool| if yes { "yes" } else { "no" };
                let info = format!(
                    "Disk={}\nReserved={}\nMounted={}\nDefended={}",
                    self.disk,
                    yes(self.holds()),
                    yes(self.mounted),
                    yes(self.defending)
                );
                Ok(info.into_bytes())
            }
            controls::CLUSCTL_RESOURCE_STORAGE_IS_PATH_VALID => self.check_path(ctx, input),
            _ => Err(Error::unhandled()),
        }
    }

    fn type_control(code: u32, _: &[u8]) -> Result<Vec<u8>, Error> {
        match code {
            controls::CLUSCTL_RESOURCE_TYPE_GET_CLASS_INFO => Ok(storage_class()),
            _ => Err(Error::unhandled()),
        }
    }

    fn terminate(&mut self, ctx: &mut Context) {
        self.challenge = None;
        self.in_service = false;
        if std::mem::take(&mut self.mounted)
            && let Err(error) = ctx.disk(&self.disk).unmount(true)
        {
            ctx.log().warning(error.text());
        }
        if let Err(error) = self.give_up_reservation(ctx) {
            ctx.log().warning(error.text());
        }
    }

    /// The periodic reserve is still good.
    fn looks_alive(&mut self, _: &mut Context) -> Result<(), Error> {
        match &self.reservation {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::failed(format!(
                "disk `{}` is not reserved",
                self.disk
            ))),
            Err(error) => Err(error.clone()),
        }
    }

    /// The root directory can be listed.
    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        self.looks_alive(ctx)?;
        self.list(ctx)
    }

    /// The periodic reserve. A lost reservation is not taken again, since another node may have had it meanwhile.
    fn watch(&mut self, ctx: &mut Context) {
        if !self.holds() {
            return;
        }
        let renewed = match ctx.disk(&self.disk).reserve() {
            // During a mount or dismount, `PendingTimeout` limits how slow the disk may be.
            Err(error) if error.is_unfinished() && !self.in_service => Ok(()),
            other => self.renewing.judge(ctx, other),
        };
        match renewed {
            Ok(()) => {
                ctx.wake_after(RENEWAL);
                // Asks for the result of an unfinished listing.
                if self.lists
                    && let Err(error) = self.list(ctx)
                {
                    ctx.signal(error);
                }
            }
            Err(error) => {
                let error = error.context("periodic reserve");
                ctx.log().error(error.text());
                if std::mem::take(&mut self.defending) {
                    ctx.quorum_lost(error.clone());
                }
                self.reservation = Err(error);
            }
        }
    }
}

impl QuorumResource for PhysicalDisk {
    fn arbitrate(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        if !self.mounted {
            self.find(ctx)?;
        }
        let mut challenge = Challenge::new(&self.disk);
        let progress = challenge.begin(ctx)?;
        if progress.is_done() {
            self.keep(ctx);
            self.defending = true;
        } else {
            self.challenge = Some(challenge);
        }
        Ok(progress)
    }

    fn release(&mut self, ctx: &mut Context) -> Result<(), Error> {
        self.challenge = None;
        self.give_up_reservation(ctx)
    }
}
