//! Tests of one disk, and of all disks together.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use quorate_model::Chance;

use super::one::DiskResult;
use super::*;
use crate::env::tests::definition;

const MS: Duration = Duration::from_millis(1);

fn disks(seed: u64) -> Disks {
    Disks::new(&definition(2), seed, MS)
}

fn append(device: Device, ticket: u64, bytes: &[u8]) -> DiskRequest {
    DiskRequest {
        ticket,
        device,
        op: DiskOp::Append {
            file: "log".into(),
            bytes: bytes.into(),
        },
    }
}

fn quorum_disk() -> Device {
    Device::Shared("Disk Q:".into())
}

fn run(disks: &mut Disks, machine: Machine, request: DiskRequest) -> DiskResult {
    let (place, id, _) = disks
        .submit(machine, 1, request, Time::ZERO)
        .expect("disk exists");
    disks.finish(place, id).expect("in front").done.result
}

#[test]
fn only_the_holder_that_mounted_it_gets_through() {
    let mut disks = disks(1);
    let write = |disks: &mut Disks| run(disks, 0, append(quorum_disk(), 1, b"a"));
    assert_eq!(write(&mut disks), Err(DiskError::NotReserved));
    disks.find_mut("Disk Q:").unwrap().holder = Some(0);
    assert_eq!(write(&mut disks), Err(DiskError::NotMounted));
    disks.find_mut("Disk Q:").unwrap().mounted.insert(0);
    assert_eq!(write(&mut disks), Ok(BTreeMap::new()));
    let fault = DiskFault::Disk {
        disk: Drive::Shared("Disk Q:".into()),
    };
    disks.apply([&fault].into_iter());
    assert_eq!(write(&mut disks), Err(DiskError::Device));
    disks.apply(std::iter::empty());
    disks.find_mut("Disk Q:").unwrap().holder = Some(1);
    assert_eq!(write(&mut disks), Err(DiskError::NotReserved));
    assert_eq!(disks.find("Disk Q:").unwrap().files["log"], b"a");
}

#[test]
fn requests_of_one_disk_are_carried_out_in_order_and_take_time() {
    let mut disks = disks(1);
    let at = Time::from_millis(10);
    let (place, first, done) = disks
        .submit(0, 1, append(Device::System, 1, b"a"), at)
        .unwrap();
    let (_, second, later) = disks
        .submit(0, 1, append(Device::System, 2, b"b"), at)
        .unwrap();
    assert_eq!(
        (done, later),
        (Time::from_millis(11), Time::from_millis(12))
    );
    assert!(
        disks.finish(place, second).is_none(),
        "the first is in front"
    );
    assert_eq!(disks.finish(place, first).unwrap().done.ticket, 1);
    assert_eq!(disks.finish(place, second).unwrap().done.ticket, 2);
    assert_eq!(disks.system(0).files["log"], b"ab");
}

#[test]
fn a_missing_disk_reports_a_device_error() {
    let request = append(Device::Shared("Disk X:".into()), 9, b"");
    let completion = disks(1).submit(0, 1, request, Time::ZERO).unwrap_err();
    assert_eq!(
        completion.done,
        DiskDone {
            ticket: 9,
            result: Err(DiskError::Device)
        }
    );
}

proptest! {
    #[test]
    fn a_crash_leaves_what_was_finished_and_a_prefix_of_the_next(
        seed in any::<u64>(),
        writes in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..8), 1..8),
        finished in 0_usize..8,
    ) {
        let mut disks = disks(seed);
        let mut tickets = Vec::new();
        for (ticket, bytes) in writes.iter().enumerate() {
            let request = append(Device::System, ticket as u64, bytes);
            tickets.push(disks.submit(0, 1, request, Time::ZERO).unwrap());
        }
        let finished = finished.min(writes.len());
        for (place, id, _) in &tickets[..finished] {
            prop_assert!(disks.finish(*place, *id).is_some());
        }
        disks.drop_machine(0, Time::ZERO);
        let kept = disks.system(0).files.get("log").cloned().unwrap_or_default();
        let acknowledged: Vec<u8> = writes[..finished].concat();
        let most: Vec<u8> = writes[..writes.len().min(finished + 1)].concat();
        prop_assert!(kept.starts_with(&acknowledged));
        prop_assert!(most.starts_with(&kept));
        for (place, id, _) in &tickets[finished..] {
            prop_assert!(disks.finish(*place, *id).is_none());
        }
    }
}

#[test]
fn a_torn_append_may_be_any_prefix() {
    let kept: BTreeSet<usize> = (0..200)
        .map(|seed| {
            let mut disks = disks(seed);
            let request = append(Device::System, 1, b"abcd");
            disks.submit(0, 1, request, Time::ZERO).unwrap();
            disks.drop_machine(0, Time::ZERO);
            disks.system(0).files["log"].len()
        })
        .collect();
    assert_eq!(kept, (0..=4).collect());
}

fn own() -> Drive {
    Drive::System("NODE1".into())
}

fn write(disks: &mut Disks, bytes: &[u8]) -> DiskResult {
    run(disks, 0, append(Device::System, 1, bytes))
}

fn replace(disks: &mut Disks, bytes: &[u8]) -> DiskResult {
    let (file, bytes) = ("log".into(), bytes.into());
    let request = DiskRequest {
        ticket: 1,
        device: Device::System,
        op: DiskOp::Replace { file, bytes },
    };
    run(disks, 0, request)
}

#[test]
fn a_full_disk_takes_nothing_and_a_read_only_one_not_even_nothing() {
    let mut disks = disks(1);
    write(&mut disks, b"ab").unwrap();
    let full = DiskFault::DiskFull { disk: own() };
    disks.apply([&full].into_iter());
    assert_eq!(write(&mut disks, b"c"), Err(DiskError::Full));
    assert_eq!(replace(&mut disks, b"c"), Err(DiskError::Full));
    assert_eq!(write(&mut disks, b""), Ok(BTreeMap::new()));
    let disk = disks.system_mut(0);
    assert_eq!(disk.overwrite("log", b"cd"), Ok(()), "in its place");
    assert_eq!(disk.overwrite("log", b"cde"), Err(DiskError::Full));
    assert_eq!(disk.overwrite("new", b"c"), Err(DiskError::Full));
    let read_only = DiskFault::ReadOnlyDisk { disk: own() };
    disks.apply([&read_only].into_iter());
    assert_eq!(write(&mut disks, b""), Err(DiskError::WriteProtected));
    let disk = disks.system_mut(0);
    assert_eq!(disk.overwrite("log", b"c"), Err(DiskError::WriteProtected));
    assert_eq!(disk.remove("log"), Err(DiskError::WriteProtected));
    assert_eq!(disk.files["log"], b"cd");
    assert!(write(&mut disks, b"c").is_err());
    disks.apply(std::iter::empty());
    assert_eq!(write(&mut disks, b"e"), Ok(BTreeMap::new()));
}

#[test]
fn what_could_not_be_flushed_can_be_read_and_is_gone_with_the_cache() {
    let fails = DiskFault::FlushFails { disk: own() };
    let broken = |seed| {
        let mut disks = disks(seed);
        write(&mut disks, b"ab").unwrap();
        disks.apply([&fails].into_iter());
        assert_eq!(write(&mut disks, b"cd"), Err(DiskError::NotFlushed));
        assert_eq!(disks.system(0).files["log"], b"abcd");
        disks
    };
    let after = |mut disks: Disks| {
        disks.drop_machine(0, Time::ZERO);
        disks.system(0).files.get("log").cloned()
    };
    assert_eq!(after(broken(1)), Some(b"ab".to_vec()));

    // A later flush that succeeds does not repair an earlier one that failed.
    let mut disks = broken(1);
    disks.apply(std::iter::empty());
    write(&mut disks, b"").unwrap();
    write(&mut disks, b"e").unwrap();
    assert_eq!(disks.system(0).files["log"], b"abcde");
    assert_eq!(after(disks), Some(b"ab\0\0e".to_vec()));

    // A file that is written again completely is there.
    let mut disks = broken(1);
    assert_eq!(replace(&mut disks, b"x"), Err(DiskError::NotFlushed));
    assert_eq!(disks.system(0).files["log"], b"abcd", "it was not replaced");
    disks.apply(std::iter::empty());
    replace(&mut disks, b"abcd").unwrap();
    assert_eq!(after(disks), Some(b"abcd".to_vec()));

    // The same holds for files that did not exist.
    let mut disks = broken(1);
    let disk = disks.system_mut(0);
    assert_eq!(disk.overwrite("new", b"c"), Err(DiskError::NotFlushed));
    assert_eq!(disk.remove("log"), Err(DiskError::NotFlushed));
    assert!(disk.files.contains_key("new"));
    disks.drop_machine(0, Time::ZERO);
    let names: Vec<&String> = disks.system(0).files.keys().collect();
    assert_eq!(names, ["log"]);
}

#[test]
fn a_disk_that_hangs_does_what_waits_when_it_is_mended() {
    let mut disks = disks(1);
    let hangs = DiskFault::HungDisk { disk: own() };
    disks.apply([&hangs].into_iter());
    let request = append(Device::System, 1, b"a");
    let (place, id, due) = disks.submit(0, 1, request, Time::ZERO).unwrap();
    assert!(due > Time::from_millis(1_000_000_000));
    disks.apply(std::iter::empty());
    let now = Time::from_millis(60_000);
    assert_eq!(disks.hasten(now), [(place, id, now + MS)]);
    assert!(disks.finish(place, id).unwrap().done.result.is_ok());
}

#[test]
fn an_unsteady_disk_is_late_for_some() {
    let mut disks = disks(1);
    let by = 1_000 * MS;
    let per_million = Chance::of(0.5).unwrap();
    let unsteady = DiskFault::UnsteadyDisk {
        disk: own(),
        per_million,
        by,
    };
    disks.apply([&unsteady].into_iter());
    let late = |now| {
        let request = append(Device::System, 1, b"a");
        let (place, id, due) = disks.submit(0, 1, request, now).unwrap();
        disks.finish(place, id).unwrap();
        due - now
    };
    let takes: Vec<Duration> = (1..100).map(|n| Time(0) + n * 2 * by).map(late).collect();
    let late = takes.iter().filter(|it| **it > MS).count();
    assert!((30..70).contains(&late), "{late}");
    assert!(takes.iter().all(|it| *it <= by + MS));
}

#[test]
fn a_path_is_one_machines() {
    let mut disks = disks(1);
    let (node, disk) = ("NODE2".into(), "Disk Q:".into());
    let lost = DiskFault::Path { node, disk };
    disks.apply([&lost].into_iter());
    let disk = disks.find("Disk Q:").unwrap();
    assert_eq!((disk.answers(0), disk.answers(1)), (true, false));
    assert_eq!(disk.access(1), Err(DiskError::Device));
    assert_eq!(disk.access(0), Err(DiskError::NotReserved));
}

#[test]
fn a_crash_keeps_the_reservation_and_drops_the_mount() {
    let mut disks = disks(1);
    let disk = disks.find_mut("Disk Q:").unwrap();
    disk.holder = Some(0);
    disk.mounted.insert(0);
    disks.drop_machine(0, Time::ZERO);
    let disk = disks.find("Disk Q:").unwrap();
    assert_eq!(disk.holder, Some(0));
    assert!(disk.mounted.is_empty());
    assert!(
        disks.system(0).mounted.contains(&0),
        "the system disk is there at the next boot"
    );
}

/// The power of a machine fails during a disk request: of an append the first bytes are there; a replacement is done
/// or not done; later requests of the machine are dropped.
#[test]
fn a_request_that_power_cuts_short_is_done_as_far_as_it_was_kept() {
    let replace = |bytes: &[u8]| DiskOp::Replace {
        file: "log".into(),
        bytes: bytes.into(),
    };
    let appends = |bytes: &[u8]| DiskOp::Append {
        file: "log".into(),
        bytes: bytes.into(),
    };
    for (op, kept, left) in [
        (appends(b"cdef"), 0, "ab"),
        (appends(b"cdef"), 3, "abcde"),
        (appends(b"cdef"), 4, "abcdef"),
        (replace(b"xyz"), 2, "ab"),
        (replace(b"xyz"), 3, "xyz"),
        (replace(b"xyz"), 9, "xyz"),
    ] {
        let mut disks = disks(1);
        run(&mut disks, 0, append(Device::System, 1, b"ab")).unwrap();
        let (text, device) = (format!("{op:?}, {kept}"), Device::System);
        let request = DiskRequest {
            ticket: 2,
            device,
            op,
        };
        let (place, _, _) = disks.submit(0, 1, request, Time::ZERO).unwrap();
        let later = append(Device::System, 3, b"!");
        disks.submit(0, 1, later, Time::ZERO).unwrap();
        disks.finish_in_part(place, kept);
        let disk = disks.system(0);
        assert_eq!(disk.files["log"], left[..].as_bytes(), "{text}");
        assert!(disk.pending.is_empty(), "{text}");
    }
}

/// Reading is not a write that a crash could tear.
#[test]
fn whoever_writes_nothing_is_not_writing() {
    let mut disks = disks(1);
    for (bytes, writing) in [(&b"a"[..], Some((0, "log"))), (b"", None)] {
        let request = append(Device::System, 1, bytes);
        let (place, id, _) = disks.submit(0, 1, request, Time::ZERO).unwrap();
        assert_eq!(disks.writing(place, id), writing);
        assert_eq!(disks.writing(place, id + 1), None);
        disks.finish(place, id);
    }
}

/// Data that could not be flushed does not reach the medium with a later flush that has nothing else to write.
#[test]
fn a_look_at_a_disk_flushes_nothing_and_what_is_done_to_a_file_voids_its_cache() {
    let mut disks = disks(1);
    let fault = DiskFault::FlushFails {
        disk: Drive::System("NODE1".into()),
    };
    assert_eq!(
        run(&mut disks, 0, append(Device::System, 1, b"a")),
        Ok(BTreeMap::new())
    );
    disks.apply([&fault].into_iter());
    let unflushed = run(&mut disks, 0, append(Device::System, 2, b"bc"));
    assert_eq!(unflushed, Err(DiskError::NotFlushed));
    disks.apply(std::iter::empty());
    run(&mut disks, 0, append(Device::System, 3, b"")).unwrap();
    disks.system_mut(0).lose_cache();
    assert_eq!(disks.system(0).files["log"], b"a");

    for file in [Some("log"), None] {
        disks.apply([&fault].into_iter());
        let unflushed = run(&mut disks, 0, append(Device::System, 4, b"d"));
        assert_eq!(unflushed, Err(DiskError::NotFlushed));
        disks.apply(std::iter::empty());
        let before = disks.system(0).files["log"].clone();
        disks.system_mut(0).forget_cache(file);
        disks.system_mut(0).lose_cache();
        assert_eq!(disks.system(0).files["log"], before, "{file:?}");
    }
}

#[test]
fn a_disk_is_idle_where_no_request_would_notice_it() {
    let drive = || Drive::System("NODE1".into());
    let faults = [
        DiskFault::Disk { disk: drive() },
        DiskFault::HungDisk { disk: drive() },
        DiskFault::SlowDisk {
            disk: drive(),
            delay: MS,
        },
        DiskFault::UnsteadyDisk {
            disk: drive(),
            per_million: Chance::of(0.1).unwrap(),
            by: MS,
        },
    ];
    let mut disks = disks(1);
    assert!(disks.system(0).is_idle());
    for fault in &faults {
        disks.apply([fault].into_iter());
        assert!(!disks.system(0).is_idle(), "{fault:?}");
        assert!(disks.system(1).is_idle(), "{fault:?}");
    }
    disks.apply(std::iter::empty());
    let request = append(Device::System, 1, b"a");
    let (place, id, _) = disks.submit(0, 1, request, Time::ZERO).unwrap();
    assert!(!disks.system(0).is_idle(), "it is at it");
    disks.finish(place, id);
    assert!(disks.system(0).is_idle());
}
