//! `Physical Disk`: a shared disk, held by its reservation (SEMANTICS 4.1).
//!
//! # Arbitration
//! A challenger looks at who holds the disk without taking it. A disk that is free at a look may have an owner all the
//! same, one whose reservation another challenger broke an instant ago and who has up to three seconds to take it
//! again. A challenge therefore goes like this:
//!
//! 1. A disk that this node holds already needs no challenge.
//! 2. Where the disk is held, and is still held a second later, the challenger breaks the reservation by a bus
//!    reset, once. Where it is free, there is nothing to break.
//! 3. It waits seven seconds and looks twice a second. Whoever is seen to hold the disk defends it.
//! 4. Then it claims the disk. It has lost if that is refused, or if anybody was seen to defend it.
//! 5. A step that comes late finds a world that nobody looked at meanwhile: the disk may have a new owner, whom
//!    another challenger has just reset. The challenge begins anew.
//!
//! Reserving is atomic on the device, so of any number of challengers at most one wins. And none wins while an
//! owner is alive: two of its renewals fall into the seven seconds, and since every challenger lets a second pass
//! before its reset, one of the two stands for a second, longer than ever passes between two looks.
//!
//! A disk that is not arbitrated for (every disk but the quorum's) goes online at once where nobody holds it: the
//! cluster has decided already who owns it. Where a dead owner still holds it, the bus reset and the seven seconds
//! come first; a claim that comes late waits seven seconds more, without a reset, for whoever has the disk now.

use std::time::Duration;

use quorate_sdk::{
    Context, Error, Operation, Progress, Property, Quorum, QuorumResource, Reservation, Resource,
    Text, TypeInfo, codes,
};

const DISK: Property<Text> = Property::text("Disk")
    .doc("Name of the shared disk; empty means the resource's own name")
    .at_online();

/// How often an owner renews its reservation.
const RENEWAL: Duration = Duration::from_secs(3);
/// How long a challenger waits between the bus reset and its claim.
const CHALLENGE: Duration = Duration::from_secs(7);
/// How long it lets a disk be held before it breaks the reservation.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it looks while it waits.
const LOOK: Duration = Duration::from_millis(500);
/// How much later than it asked for it may be called: with this and a look, still less than `PATIENCE`.
const LATE: Duration = Duration::from_millis(250);
/// Written at Online, to see that the disk takes writes.
const TEST_FILE: &str = "clusdisk.tst";

/// A challenge under way.
#[derive(Clone, Copy, Debug)]
struct Challenge {
    stage: Stage,
    /// When (by the node's clock) the next step is due.
    due: Duration,
}

/// How far a challenge is.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The disk was held when it began.
    Held,
    /// The disk was free, or its reservation is broken.
    Broken {
        /// Until the claim.
        left: Duration,
        /// Somebody was seen to hold the disk.
        defended: bool,
    },
    /// The reservation of a disk that the cluster has given to this node is broken: a claim is all that is left.
    Given,
}

/// A shared disk.
#[derive(Debug)]
pub struct PhysicalDisk {
    disk: String,
    challenge: Option<Challenge>,
    /// The reservation is ours and was good when it was last renewed; an error says what was seen instead.
    reservation: Result<bool, Error>,
    mounted: bool,
    defending: bool,
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

    /// Tries to take the reservation. Whether it did; `false` means that another node holds it.
    fn try_reserve(&self, ctx: &Context) -> Result<bool, Error> {
        match ctx.disk(&self.disk).reserve() {
            Ok(()) => Ok(true),
            Err(error) if error.code() == codes::ERROR_BUSY => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether another node holds it.
    fn is_held_by_another(&self, ctx: &Context) -> Result<bool, Error> {
        Ok(ctx.disk(&self.disk).reservation()? == Reservation::Elsewhere)
    }

    fn break_reservation(&self, ctx: &Context) -> Result<(), Error> {
        ctx.log().info(format!(
            "bus reset on disk `{}`, to see who defends it",
            self.disk
        ));
        ctx.disk(&self.disk).break_reservation()
    }

    /// Begins a challenge, or begins it anew.
    fn begin_challenge(&mut self, ctx: &Context) -> Result<Progress, Error> {
        if self.is_held_by_another(ctx)? {
            return self.wait(ctx, Stage::Held, PATIENCE);
        }
        let stage = Stage::Broken {
            left: CHALLENGE,
            defended: false,
        };
        self.wait(ctx, stage, LOOK)
    }

    /// Lets time pass until the next step.
    fn wait(&mut self, ctx: &Context, stage: Stage, time: Duration) -> Result<Progress, Error> {
        let due = ctx.clock().now()? + time;
        self.challenge = Some(Challenge { stage, due });
        Ok(Progress::pending(time))
    }

    /// The next step of a challenge.
    fn go_on_challenging(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        let Some(Challenge { stage, due }) = self.challenge.take() else {
            return Err(Error::failed("no challenge is under way"));
        };
        if ctx.clock().now()? > due + LATE {
            ctx.log().info(format!(
                "the challenge for disk `{}` was interrupted and begins anew",
                self.disk
            ));
            return match stage {
                Stage::Given => self.wait(ctx, stage, CHALLENGE),
                Stage::Held | Stage::Broken { .. } => self.begin_challenge(ctx),
            };
        }
        match stage {
            Stage::Held => {
                if self.is_held_by_another(ctx)? {
                    self.break_reservation(ctx)?;
                }
                let stage = Stage::Broken {
                    left: CHALLENGE,
                    defended: false,
                };
                self.wait(ctx, stage, LOOK)
            }
            Stage::Broken { left, defended } if left > LOOK => {
                // One sight of a defender is enough.
                let defended = defended || self.is_held_by_another(ctx)?;
                let left = left - LOOK;
                self.wait(ctx, Stage::Broken { left, defended }, LOOK)
            }
            Stage::Broken { defended, .. } => self.claim(ctx, defended),
            Stage::Given => self.claim(ctx, false),
        }
    }

    fn claim(&mut self, ctx: &mut Context, defended: bool) -> Result<Progress, Error> {
        if defended || !self.try_reserve(ctx)? {
            return Err(Error::new(
                codes::ERROR_BUSY,
                format!("disk `{}` is defended by the node that owns it", self.disk),
            ));
        }
        self.keep(ctx);
        Ok(Progress::Done)
    }

    /// The reservation is ours: renew it from now on.
    fn keep(&mut self, ctx: &mut Context) {
        self.reservation = Ok(true);
        ctx.wake_after(RENEWAL);
    }

    /// Mounts the reserved disk and sees that it takes writes.
    fn bring_into_service(&mut self, ctx: &Context) -> Result<Progress, Error> {
        let disk = ctx.disk(&self.disk);
        disk.mount()?;
        self.mounted = true;
        disk.write(TEST_FILE, ctx.resource().as_bytes())?;
        Ok(Progress::Done)
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
            defending: false,
        })
    }

    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        // A disk that was arbitrated for is ours under the name it was arbitrated by.
        if !self.holds() {
            self.find(ctx)?;
            if !self.try_reserve(ctx)? {
                self.break_reservation(ctx)?;
                return self.wait(ctx, Stage::Given, CHALLENGE);
            }
            self.keep(ctx);
        }
        self.bring_into_service(ctx)
    }

    fn work(&mut self, ctx: &mut Context, operation: Operation) -> Result<Progress, Error> {
        let progress = self.go_on_challenging(ctx)?;
        match operation {
            _ if !progress.is_done() => Ok(progress),
            Operation::Arbitrate => {
                self.defending = true;
                Ok(progress)
            }
            _ => self.bring_into_service(ctx),
        }
    }

    fn offline(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        if self.mounted {
            ctx.disk(&self.disk).unmount(false)?;
            self.mounted = false;
        }
        self.give_up_reservation(ctx)?;
        Ok(Progress::Done)
    }

    fn terminate(&mut self, ctx: &mut Context) {
        self.challenge = None;
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
        ctx.disk(&self.disk).list().map(|_| ())
    }

    /// The periodic reserve. Once lost it is not taken again, since another node may have come and gone.
    fn watch(&mut self, ctx: &mut Context) {
        if !self.holds() {
            return;
        }
        match ctx.disk(&self.disk).reserve() {
            Ok(()) => ctx.wake_after(RENEWAL),
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
        if ctx.disk(&self.disk).is_reserved()? {
            self.keep(ctx);
            self.defending = true;
            return Ok(Progress::Done);
        }
        self.begin_challenge(ctx)
    }

    fn release(&mut self, ctx: &mut Context) -> Result<(), Error> {
        self.challenge = None;
        self.give_up_reservation(ctx)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use quorate_sdk::test::{Arbitration, Instance, State, World};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn disk(world: &World, node: &str) -> Instance {
        world.disk("Q:");
        let builder = world.resource::<PhysicalDisk>("Disk Q:").on(node);
        builder.property("Disk", "Q:").open().unwrap()
    }

    #[test]
    fn a_free_disk_goes_online_at_once_and_takes_a_test_file() {
        let world = World::new();
        let disk = disk(&world, "NODE1");
        disk.online().unwrap();
        assert_eq!(world.now(), Duration::ZERO);
        assert_eq!(world.disk("Q:").holder().as_deref(), Some("NODE1"));
        assert!(world.disk("Q:").is_mounted_on("NODE1"));
        assert_eq!(world.disk("Q:").files(), [TEST_FILE]);
        disk.looks_alive().unwrap();
        disk.is_alive().unwrap();
        disk.offline().unwrap();
        assert_eq!(world.disk("Q:").holder(), None);
        assert!(!world.disk("Q:").is_mounted_on("NODE1"));
    }

    #[test]
    fn the_disks_name_is_the_resources_own_unless_set() {
        let world = World::new();
        world.disk("Disk R:");
        world
            .resource::<PhysicalDisk>("Disk R:")
            .open()
            .unwrap()
            .online()
            .unwrap();
        assert_eq!(world.disk("Disk R:").files(), [TEST_FILE]);
        let missing = world.resource::<PhysicalDisk>("Disk S:").open().unwrap();
        assert_eq!(missing.online().unwrap_err().code(), codes::ERROR_NOT_READY);
    }

    #[test]
    fn a_dead_owner_is_challenged_for_seven_seconds() {
        let world = World::new();
        let old = disk(&world, "NODE1");
        old.online().unwrap();
        world.node("NODE1").crash();
        let new = disk(&world, "NODE2");
        new.online().unwrap();
        assert_eq!(world.now(), CHALLENGE);
        assert_eq!(world.disk("Q:").holder().as_deref(), Some("NODE2"));
        assert_eq!(world.disk("Q:").bus_resets(), 1);
    }

    #[test]
    fn a_live_owner_keeps_its_disk() {
        let world = World::new();
        let owner = disk(&world, "NODE1");
        owner.arbitrate().unwrap();
        owner.online().unwrap();
        for _ in 0..5 {
            world.run(Duration::from_millis(1_300));
            let challenger = disk(&world, "NODE2");
            let before = world.now();
            let error = challenger.arbitrate().unwrap_err();
            assert!(error.text().contains("is defended"), "{error}");
            assert_eq!(world.now() - before, PATIENCE + CHALLENGE);
        }
        assert_eq!(
            (owner.arbitration(), owner.state()),
            (Arbitration::Won, State::Online)
        );
    }

    #[test]
    fn an_arbitrated_disk_goes_online_by_the_reservation_it_holds() {
        let world = World::new();
        let quorum = disk(&world, "NODE1");
        quorum.arbitrate().unwrap();
        assert_eq!(
            world.now(),
            CHALLENGE,
            "a free disk may have an owner that was just reset"
        );
        quorum.online().unwrap();
        assert_eq!((world.now(), world.disk("Q:").bus_resets()), (CHALLENGE, 0));
        world.run(Duration::from_secs(120));
        assert_eq!(quorum.state(), State::Online);
        quorum.arbitrate().unwrap();
        assert_eq!(world.now(), CHALLENGE + Duration::from_secs(120));
    }

    #[test]
    fn a_renewal_that_is_refused_loses_the_quorum() {
        let world = World::new();
        let quorum = disk(&world, "NODE1");
        quorum.arbitrate().unwrap();
        world.disk("Q:").reserve_for("NODE2");
        world.run(RENEWAL);
        let Arbitration::Lost(why) = quorum.arbitration() else {
            panic!("still held")
        };
        assert!(
            why.starts_with("periodic reserve: reserve disk `Q:`"),
            "{why}"
        );
        // It is not taken back.
        world.disk("Q:").free();
        world.run(Duration::from_secs(30));
        assert_eq!(world.disk("Q:").holder(), None);
    }

    #[test]
    fn a_broken_disk_loses_the_quorum_and_fails_the_resource() {
        let world = World::new();
        let quorum = disk(&world, "NODE1");
        quorum.arbitrate().unwrap();
        quorum.online().unwrap();
        world.disk("Q:").fail();
        world.run(RENEWAL);
        assert!(matches!(quorum.arbitration(), Arbitration::Lost(_)));
        world.run(Duration::from_secs(5));
        assert_eq!(quorum.state(), State::Failed);
        assert!(
            !world.disk("Q:").is_mounted_on("NODE1"),
            "terminated by force"
        );
    }

    #[test]
    fn a_frozen_owner_finds_its_disk_gone_when_it_thaws() {
        let world = World::new();
        let (owner, challenger) = (disk(&world, "NODE1"), disk(&world, "NODE2"));
        owner.arbitrate().unwrap();
        world.node("NODE1").freeze();
        challenger.arbitrate().unwrap();
        world.node("NODE1").thaw();
        world.run(SECOND);
        assert!(matches!(owner.arbitration(), Arbitration::Lost(_)));
        assert_eq!(challenger.arbitration(), Arbitration::Won);
    }

    /// NODE1 stands still in its challenge. Meanwhile NODE2 wins the disk; NODE3 resets it, and before NODE2 renews
    /// its reservation NODE1 goes on.
    #[test]
    fn a_challenger_that_stood_still_begins_anew() {
        for stood_still_at in [500, 2_000, 7_800] {
            let world = World::new();
            world.disk("Q:").reserve_for("OWNER");
            let [late, owner, third] = ["NODE1", "NODE2", "NODE3"].map(|node| disk(&world, node));
            late.begin_arbitrate().unwrap();
            world.run(Duration::from_millis(stood_still_at));
            world.node("NODE1").freeze();
            world.run(Duration::from_secs(30));
            owner.arbitrate().unwrap();
            owner.online().unwrap();
            third.begin_arbitrate().unwrap();
            world.run(PATIENCE + SECOND / 2);
            assert_eq!(world.disk("Q:").holder(), None, "NODE3's reset");
            world.node("NODE1").thaw();
            world.run(SECOND / 2);
            assert_eq!(world.disk("Q:").holder(), None, "{stood_still_at} ms");
            world.run(SECOND * 20);
            assert_eq!(world.disk("Q:").holder().as_deref(), Some("NODE2"));
            assert_eq!(owner.arbitration(), Arbitration::Won);
            assert_ne!(late.arbitration(), Arbitration::Won);
            assert_ne!(third.arbitration(), Arbitration::Won);
        }
    }

    #[test]
    fn a_disk_that_was_given_is_not_taken_from_a_later_owner() {
        let world = World::new();
        world.disk("Q:").reserve_for("OWNER");
        let (late, owner) = (disk(&world, "NODE1"), disk(&world, "NODE2"));
        late.begin_online().unwrap();
        world.node("NODE1").freeze();
        world.run(SECOND * 30);
        owner.online().unwrap();
        // A bus reset that another node's challenge brought.
        world.disk("Q:").free();
        world.node("NODE1").thaw();
        world.run(SECOND * 20);
        assert_eq!(
            (late.state(), owner.state()),
            (State::Failed, State::Online)
        );
    }

    #[test]
    fn looks_alive_is_the_flag_and_is_alive_the_listing() {
        let world = World::new();
        let disk = disk(&world, "NODE1");
        disk.online().unwrap();
        world.disk("Q:").fail();
        disk.looks_alive().unwrap();
        let why = disk.is_alive().unwrap_err();
        assert!(why.starts_with("list disk `Q:`"), "{why}");
        world.run(RENEWAL);
        assert!(
            disk.looks_alive()
                .unwrap_err()
                .starts_with("periodic reserve")
        );
    }

    #[test]
    fn open_files_stop_offline_but_not_terminate() {
        let world = World::new();
        let disk = disk(&world, "NODE1");
        disk.online().unwrap();
        world.disk("Q:").set_files_open(true);
        assert_eq!(disk.offline().unwrap_err().code(), codes::ERROR_BUSY);
        assert_eq!(disk.state(), State::Failed);
        assert!(!world.disk("Q:").is_mounted_on("NODE1"));
        assert_eq!(world.disk("Q:").holder(), None);
    }

    #[test]
    fn terminate_ends_a_challenge() {
        let world = World::new();
        world.disk("Q:").reserve_for("NODE9");
        let disk = disk(&world, "NODE1");
        disk.begin_online().unwrap();
        disk.terminate();
        world.run(Duration::from_secs(30));
        assert_eq!(
            (disk.state(), world.disk("Q:").holder()),
            (State::Offline, None)
        );
        disk.online().unwrap();
    }

    #[test]
    fn release_ends_the_defence() {
        let world = World::new();
        let disk = disk(&world, "NODE1");
        disk.arbitrate().unwrap();
        disk.release().unwrap();
        world.run(Duration::from_secs(10));
        assert_eq!(world.disk("Q:").holder(), None);
        disk.arbitrate().unwrap();
        assert_eq!(world.disk("Q:").holder().as_deref(), Some("NODE1"));
    }

    proptest! {
        /// Whenever they begin, and whoever stands still for a while: with a live owner no challenger wins, with a
        /// dead one exactly one does.
        #[test]
        fn of_any_number_of_challengers_one_wins(
            delays in prop::collection::vec(0u64..9_000, 1..8),
            alive in any::<bool>(),
            lead in 0u64..3_000,
            stops in prop::collection::vec((0u64..20_000, 1u64..15_000, any::<prop::sample::Index>()), 0..4),
        ) {
            let world = World::new();
            let owner = disk(&world, "OWNER");
            owner.arbitrate().unwrap();
            world.run(Duration::from_millis(lead));
            if !alive {
                world.node("OWNER").crash();
            }
            let challengers: Vec<_> =
                (0..delays.len()).map(|index| disk(&world, &format!("NODE{index}"))).collect();
            // When, who, and what: it begins, stands still, goes on.
            let mut happenings: Vec<(u64, usize, u8)> =
                delays.iter().enumerate().map(|(index, delay)| (*delay, index, 0)).collect();
            for (at, length, who) in stops {
                let who = who.index(delays.len());
                happenings.extend([(at, who, 1), (at + length, who, 2)]);
            }
            happenings.sort_unstable();
            let begin = world.now();
            for (at, who, what) in happenings {
                world.run(begin + Duration::from_millis(at) - world.now());
                match what {
                    0 => drop(challengers[who].begin_arbitrate()),
                    1 => world.node(&format!("NODE{who}")).freeze(),
                    _ => world.node(&format!("NODE{who}")).thaw(),
                }
            }
            world.run(Duration::from_secs(40));
            let won = challengers.iter().filter(|one| one.arbitration() == Arbitration::Won).count();
            prop_assert_eq!(won, usize::from(!alive));
            prop_assert_eq!(owner.arbitration() == Arbitration::Won, alive);
        }
    }
}
