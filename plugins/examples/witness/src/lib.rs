//! `Witness`: a quorum resource whose storage is a small disk on a third machine.
//!
//! The third machine exports the disk to all nodes, over iSCSI or the like. It obeys only who holds its reservation: that
//! is what makes a cluster of two nodes safe, and not that anybody asks somebody. [`Challenge`] wins the reservation from
//! who does not defend it, and the cluster keeps its log on the disk, so that whoever holds it also knows everything that
//! was acknowledged.

use std::time::Duration;

use quorate_sdk::{
    Challenge, Context, DISK_PATIENCE, Error, Operation, Patience, Progress, Property, Quorum,
    QuorumResource, RENEWAL, Resource, Text, TypeInfo,
};

const DISK: Property<Text> = Property::text("Disk")
    .doc("Name of the disk that the third machine exports; empty means the resource's own name")
    .at_online();

/// How soon a disk that is slow is asked again.
const AGAIN: Duration = Duration::from_millis(500);

/// What one node has of the witness.
struct Witness {
    disk: String,
    challenge: Challenge,
    /// Whether this node has the reservation; an error says why it could not be renewed.
    reservation: Result<bool, Error>,
    mounted: bool,
    /// Whether an arbitration was won, and its loss is to be told.
    defending: bool,
    renewing: Patience,
}

impl Witness {
    fn find(&mut self, ctx: &Context) -> Result<(), Error> {
        let disk = ctx.properties().get(&DISK)?;
        self.disk = if disk.is_empty() {
            ctx.resource().to_owned()
        } else {
            disk
        };
        self.challenge = Challenge::new(&self.disk);
        Ok(())
    }

    fn holds(&self) -> bool {
        self.reservation == Ok(true)
    }

    /// The reservation was just won: from now on it is renewed, which is what a challenger looks for.
    fn keep(&mut self, ctx: &mut Context) {
        self.reservation = Ok(true);
        self.renewing.forget();
        ctx.wake_after(RENEWAL);
    }

    /// The log can be written where the disk is mounted.
    fn mount(&mut self, ctx: &Context) -> Result<Progress, Error> {
        if !self.mounted {
            self.mounted = Error::finished(ctx.disk(&self.disk).mount())?.is_some();
        }
        Ok(done_or_again(self.mounted))
    }

    fn dismount(&mut self, ctx: &Context) -> Result<Progress, Error> {
        if self.mounted {
            self.mounted = Error::finished(ctx.disk(&self.disk).unmount(false))?.is_none();
        }
        if !self.mounted {
            self.give_up(ctx)?;
        }
        Ok(done_or_again(!self.mounted))
    }

    fn give_up(&mut self, ctx: &Context) -> Result<(), Error> {
        self.defending = false;
        let held = std::mem::replace(&mut self.reservation, Ok(false));
        if held == Ok(true) {
            ctx.disk(&self.disk).release()
        } else {
            Ok(())
        }
    }

    fn won(&mut self, ctx: &mut Context, progress: Progress) -> Progress {
        if progress.is_done() {
            self.keep(ctx);
            self.defending = true;
        }
        progress
    }
}

fn done_or_again(done: bool) -> Progress {
    if done {
        Progress::Done
    } else {
        Progress::pending(AGAIN)
    }
}

impl Resource for Witness {
    const TYPE: TypeInfo = TypeInfo::new(
        "Witness",
        "A small disk on a third machine, which holds the quorum and the cluster's log",
    )
    .properties(const { &[DISK.any()] });
    const QUORUM: Option<Quorum<Self>> = Some(Quorum::capable());

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(Witness {
            disk: String::new(),
            challenge: Challenge::new(""),
            reservation: Ok(false),
            mounted: false,
            defending: false,
            renewing: Patience::new(DISK_PATIENCE),
        })
    }

    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        if !self.holds() {
            self.find(ctx)?;
            let progress = self.challenge.take(ctx)?;
            if !progress.is_done() {
                return Ok(progress);
            }
            self.keep(ctx);
        }
        self.mount(ctx)
    }

    fn work(&mut self, ctx: &mut Context, operation: Operation) -> Result<Progress, Error> {
        match operation {
            Operation::Offline => self.dismount(ctx),
            Operation::Arbitrate => {
                let progress = self.challenge.go_on(ctx)?;
                Ok(self.won(ctx, progress))
            }
            Operation::Online if self.holds() => self.mount(ctx),
            Operation::Online => {
                let progress = self.challenge.go_on(ctx)?;
                if !progress.is_done() {
                    return Ok(progress);
                }
                self.keep(ctx);
                self.mount(ctx)
            }
        }
    }

    fn offline(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        self.dismount(ctx)
    }

    fn terminate(&mut self, ctx: &mut Context) {
        self.challenge = Challenge::new(&self.disk);
        if std::mem::take(&mut self.mounted)
            && let Err(error) = ctx.disk(&self.disk).unmount(true)
        {
            ctx.log().warning(error.text());
        }
        if let Err(error) = self.give_up(ctx) {
            ctx.log().warning(error.text());
        }
    }

    /// The last renewal went through.
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

    /// The third machine answers.
    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        self.looks_alive(ctx)?;
        let answer = ctx.disk(&self.disk).list().map(|_| ());
        self.renewing.judge(ctx, answer)
    }

    /// The defence: a renewal every three seconds. What is lost is said at once, and never taken again: another node may
    /// have had it meanwhile.
    fn watch(&mut self, ctx: &mut Context) {
        if !self.holds() {
            return;
        }
        let answer = ctx.disk(&self.disk).reserve();
        let renewed = match answer {
            Err(error) if error.is_unfinished() && !self.mounted => Ok(()),
            answer => self.renewing.judge(ctx, answer),
        };
        match renewed {
            Ok(()) => ctx.wake_after(RENEWAL),
            Err(error) => {
                let error = error.context("the witness cannot be renewed");
                ctx.log().error(error.text());
                if std::mem::take(&mut self.defending) {
                    ctx.quorum_lost(error.clone());
                }
                self.reservation = Err(error);
            }
        }
    }
}

impl QuorumResource for Witness {
    fn arbitrate(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        if !self.mounted {
            self.find(ctx)?;
        }
        let progress = self.challenge.begin(ctx)?;
        Ok(self.won(ctx, progress))
    }

    fn release(&mut self, ctx: &mut Context) -> Result<(), Error> {
        self.challenge = Challenge::new(&self.disk);
        self.give_up(ctx)
    }
}

quorate_sdk::export_plugin! {
    name: "witness",
    version: env!("CARGO_PKG_VERSION"),
    description: "A quorum resource whose storage is on a third machine",
    types: [Witness],
}

#[cfg(test)]
mod tests {
    use quorate_sdk::CHALLENGE;
    use quorate_sdk::test::{Arbitration, Instance, State, World};

    use super::*;

    fn witness(world: &World, node: &str) -> Instance {
        world.disk("Third");
        let builder = world.resource::<Witness>("Witness").on(node);
        builder.property("Disk", "Third").open().unwrap()
    }

    #[test]
    fn who_wins_it_goes_online_and_defends_it() {
        let world = World::new();
        let owner = witness(&world, "NODE1");
        owner.arbitrate().unwrap();
        assert_eq!(world.now(), CHALLENGE);
        owner.online().unwrap();
        assert!(world.disk("Third").is_mounted_on("NODE1"));
        world.run(Duration::from_secs(600));
        assert_eq!(owner.state(), State::Online);
        assert_eq!(owner.arbitration(), Arbitration::Won);
    }

    #[test]
    fn a_live_owner_keeps_it_and_a_dead_one_does_not() {
        let world = World::new();
        let owner = witness(&world, "NODE1");
        owner.arbitrate().unwrap();
        owner.online().unwrap();
        let challenger = witness(&world, "NODE2");
        let error = challenger.arbitrate().unwrap_err();
        assert!(error.text().contains("is defended"), "{error}");
        assert_eq!(owner.arbitration(), Arbitration::Won);
        world.node("NODE1").crash();
        challenger.arbitrate().unwrap();
        challenger.online().unwrap();
        assert_eq!(world.disk("Third").holder().as_deref(), Some("NODE2"));
    }

    #[test]
    fn a_reservation_that_another_took_is_lost_and_said_so_within_a_renewal() {
        let world = World::new();
        let owner = witness(&world, "NODE1");
        owner.arbitrate().unwrap();
        world.disk("Third").reserve_for("NODE2");
        world.run(RENEWAL);
        assert!(matches!(owner.arbitration(), Arbitration::Lost(_)));
        assert_eq!(world.disk("Third").holder().as_deref(), Some("NODE2"));
    }

    #[test]
    fn offline_leaves_it_to_whoever_comes_next() {
        let world = World::new();
        let owner = witness(&world, "NODE1");
        owner.arbitrate().unwrap();
        owner.online().unwrap();
        owner.offline().unwrap();
        assert_eq!(world.disk("Third").holder(), None);
        assert!(!world.disk("Third").is_mounted_on("NODE1"));
        owner.arbitrate().unwrap();
        owner.release().unwrap();
        assert_eq!(world.disk("Third").holder(), None);
    }
}
