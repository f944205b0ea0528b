//! Disks that are held, challenged and lost.

use std::time::Duration;

use proptest::prelude::*;
use quorate_sdk::test::{Arbitration, Instance, State, World};
use quorate_sdk::{CHALLENGE, codes};

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
        assert_eq!(world.now() - before, SECOND + CHALLENGE);
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
    // The disk is not taken again.
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

/// NODE1 stands still during its challenge. Meanwhile NODE2 wins the disk and NODE3 breaks the reservation; NODE1
/// goes on before NODE2 renews it.
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
        world.run(SECOND + SECOND / 2);
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
    // A bus reset by another node's challenge.
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
    /// Whenever challengers begin, and whoever stands still for a while: no challenger wins against a living owner,
    /// and exactly one wins against a dead owner.
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
        // Time, node and event: it begins, stands still, or goes on.
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

#[test]
fn a_disk_that_is_a_second_late_is_pending_for_two_and_stays_alive() {
    let world = World::new();
    let disk = disk(&world, "NODE1");
    world.disk("Q:").set_delay(SECOND);
    disk.begin_online().unwrap();
    assert_eq!(disk.state(), State::OnlinePending);
    world.run(2 * SECOND);
    assert_eq!(disk.state(), State::Online, "a mount and a write");
    world.run(Duration::from_secs(600));
    assert_eq!(disk.state(), State::Online);
    disk.begin_offline().unwrap();
    assert_eq!(disk.state(), State::OfflinePending);
    world.run(SECOND);
    assert_eq!(disk.state(), State::Offline);
    assert_eq!(world.disk("Q:").holder(), None);
}

#[test]
fn a_disk_that_is_an_hour_late_does_not_come_online_and_gives_itself_up() {
    let world = World::new();
    world.disk("Q:").set_delay(Duration::from_secs(3_600));
    let disk = disk(&world, "NODE1");
    disk.begin_online().unwrap();
    world.run(Duration::from_secs(179));
    assert_eq!(disk.state(), State::OnlinePending);
    assert_eq!(world.disk("Q:").holder().as_deref(), Some("NODE1"));
    world.run(SECOND);
    assert_eq!(disk.state(), State::Failed, "PendingTimeout");
    assert_eq!(world.disk("Q:").holder(), None);
}

#[test]
fn a_disk_that_becomes_an_hour_late_looks_dead_after_thirty_seconds() {
    let world = World::new();
    let disk = disk(&world, "NODE1");
    disk.online().unwrap();
    world.run(Duration::from_secs(60));
    world.disk("Q:").set_delay(Duration::from_secs(3_600));
    world.run(Duration::from_secs(30));
    assert_eq!(disk.state(), State::Online);
    world.run(Duration::from_secs(10));
    assert_eq!(disk.state(), State::Failed);
}

#[test]
fn a_disk_that_is_slow_for_a_while_is_forgiven() {
    let world = World::new();
    let disk = disk(&world, "NODE1");
    disk.online().unwrap();
    for _ in 0..5 {
        world.disk("Q:").set_delay(Duration::from_secs(3_600));
        world.run(Duration::from_secs(25));
        world.disk("Q:").repair();
        world.run(Duration::from_secs(10));
    }
    assert_eq!(disk.state(), State::Online);
}

#[test]
fn control_codes_say_what_this_node_has_of_the_disk() {
    let world = World::new();
    let disk = disk(&world, "NODE1");
    let info = |disk: &Instance| {
        let code = controls::CLUSCTL_RESOURCE_STORAGE_GET_DISK_INFO;
        String::from_utf8(disk.control(code, b"").unwrap()).unwrap()
    };
    assert_eq!(info(&disk), "Disk=Q:\nReserved=no\nMounted=no\nDefended=no");
    let path = |disk: &Instance, path: &[u8]| {
        let code = controls::CLUSCTL_RESOURCE_STORAGE_IS_PATH_VALID;
        disk.control(code, path).map_err(|error| error.code())
    };
    assert_eq!(path(&disk, b"x"), Err(codes::ERROR_RESOURCE_NOT_ONLINE));
    disk.online().unwrap();
    assert_eq!(
        info(&disk),
        "Disk=Q:\nReserved=yes\nMounted=yes\nDefended=no"
    );
    assert_eq!(path(&disk, TEST_FILE.as_bytes()), Ok(Vec::new()));
    assert_eq!(path(&disk, b"x"), Err(PATH_NOT_FOUND));
    assert_eq!(path(&disk, b"\xff"), Err(codes::ERROR_INVALID_PARAMETER));
    let class = controls::CLUSCTL_RESOURCE_TYPE_GET_CLASS_INFO;
    assert_eq!(PhysicalDisk::type_control(class, b""), Ok(storage_class()));
    let unknown = disk.control(controls::CLUSCTL_RESOURCE_GET_NAME, b"");
    assert_eq!(unknown.unwrap_err().code(), codes::ERROR_INVALID_FUNCTION);
}
