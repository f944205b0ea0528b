//! What writes prove, what waits for them, and what they wait for.

use std::collections::BTreeMap;

use quorate_log::{Entry, EntryKind, HardState, NodeSet, Snapshot};

use super::*;

/// A write proves that the disk was this node's when it was asked for. By the time of the answer the disk may be
/// another's.
#[test]
fn what_is_proven_counts_from_the_request() {
    let at = Time::from_millis;
    let mut storage = Storage::new(Stored::default(), 0);
    storage.probe();
    let request = storage.next_request(at(1_000)).unwrap();
    assert_eq!(storage.asked_of(request.ticket), Some(Device::System));
    assert!(storage.next_request(at(4_000)).is_none(), "one at a time");
    storage.done(request.ticket);
    assert_eq!(storage.proven(), at(1_000));

    // One that is made again proves nothing of its first time.
    storage.lease(Device::Shared("Disk Q:".into()));
    storage.probe();
    let first = storage.next_request(at(5_000)).unwrap();
    storage.refused();
    assert!(storage.next_request(at(5_100)).is_none(), "it waits");
    storage.retry();
    assert_eq!(storage.proven(), at(1_000));
    let again = storage.next_request(at(6_000)).unwrap();
    assert_eq!(storage.asked_of(first.ticket), None);
    storage.done(again.ticket);
    assert_eq!(storage.proven(), at(6_000));

    // What goes to the system disk proves nothing of the quorum disk.
    let (file, bytes) = ("identity".to_owned(), Vec::new());
    storage.write_identity(DiskOp::Replace { file, bytes });
    let request = storage.next_request(at(9_000)).unwrap();
    storage.done(request.ticket);
    assert_eq!(storage.proven(), at(6_000));
}

/// Nobody waits for the node's own copy of what is on the quorum disk: least of all the quorum disk.
#[test]
fn a_slow_disk_keeps_nothing_from_another() {
    let at = Time::from_millis;
    let mut storage = Storage::new(Stored::default(), 0);
    let disk = Device::Shared("Disk Q:".into());
    storage.move_to(disk.clone(), Stored::default(), 7);
    let mut asked = Vec::new();
    while let Some(request) = storage.next_request(at(0)) {
        if request.device == disk {
            storage.done(request.ticket);
        }
        asked.push(request.device);
    }
    assert_eq!(asked, [disk.clone(), disk, Device::System]);
    assert_eq!(storage.durable(), 7);
}

/// Whoever did not run has not waited.
#[test]
fn a_wait_is_counted_in_heartbeats_and_told_when_it_begins_and_ends() {
    let at = Time::from_millis;
    let mut storage = Storage::new(Stored::default(), 0);
    storage.discard();
    let first = storage.next_request(at(0)).unwrap();
    let told: Vec<_> = (0..5).map(|_| storage.beat()[0].news).collect();
    assert_eq!(told, [None, None, None, Some(true), None]);
    assert_eq!(storage.beat()[0].beats, 6);
    storage.done(first.ticket);
    let second = storage.next_request(at(60_000)).unwrap();
    assert_eq!(storage.beat()[0].beats, 7, "it has waited with the first");
    storage.done(second.ticket);
    assert_eq!(storage.beat()[0].news, Some(false));
    assert!(storage.beat().is_empty());
}

/// What could not be flushed can be read, and is told to nobody before it is written anew.
#[test]
fn what_was_read_is_written_anew_before_anybody_hears_of_it() {
    let mut storage = Storage::new(Stored::default(), 9);
    assert!(storage.knows_itself());
    storage.renew();
    while let Some(request) = storage.next_request(Time::ZERO) {
        assert!(!storage.knows_itself());
        storage.done(request.ticket);
    }
    assert!(storage.knows_itself());
}

#[test]
fn every_request_has_a_number_of_its_own() {
    let mut storage = Storage::new(Stored::default(), 0);
    storage.probe();
    let (first, second) = (storage.ticket(), storage.ticket());
    let request = storage.next_request(Time::ZERO).unwrap();
    assert!(first < second && second < request.ticket);
    assert!(request.ticket < storage.ticket());
}

fn identity() -> DiskOp {
    DiskOp::Replace {
        file: "identity".to_owned(),
        bytes: vec![7; 8],
    }
}

#[test]
fn who_goes_over_to_another_disk_still_writes_who_it_is_and_none_of_its_old_log() {
    let mut storage = Storage::new(Stored::default(), 0);
    storage.write_identity(identity());
    storage.discard();
    let disk = Device::Shared("Disk Q:".into());
    storage.switch(disk, Stored::default(), 0);
    let first = storage.next_request(Time::ZERO).unwrap();
    assert_eq!(first.op, identity());
    storage.done(first.ticket);
    assert!(storage.knows_itself());
    let rest = storage.own.queue.iter();
    assert!(rest.map(|job| job.what).all(|what| what == What::Copy));
}

/// For copies alone nobody waits.
#[test]
fn who_a_node_is_is_written_while_the_quorum_disk_is_busy() {
    let mut storage = Storage::new(Stored::default(), 0);
    storage.switch(Device::Shared("Disk Q:".into()), Stored::default(), 0);
    storage.own.queue.clear();
    storage.probe();
    storage.next_request(Time::ZERO).unwrap();
    storage.write_identity(identity());
    let request = storage.next_request(Time::ZERO).unwrap();
    assert_eq!(request.op, identity());
}

#[test]
fn a_copy_that_is_being_written_waits_as_anything_does() {
    let mut storage = Storage::new(Stored::default(), 0);
    storage.switch(Device::Shared("Disk Q:".into()), Stored::default(), 0);
    let copy = storage.next_request(Time::ZERO).unwrap();
    assert_eq!(copy.device, Device::System);
    let beats: Vec<u32> = (0..3).map(|_| storage.beat()[0].beats).collect();
    assert_eq!(beats, [1, 2, 3]);
}

#[test]
fn the_length_of_the_log_is_that_of_its_file_alone() {
    let bytes = |len| vec![0; len];
    let file = |name: &str| name.to_owned();
    let mut storage = Storage::new(Stored::default(), 10);
    storage.write(DiskOp::Append {
        file: file(store::LOG_FILE),
        bytes: bytes(5),
    });
    assert_eq!(storage.log_length(), 15);
    for op in [
        DiskOp::Append {
            file: file("other"),
            bytes: bytes(3),
        },
        DiskOp::Replace {
            file: file(store::CHECKPOINT_FILE),
            bytes: bytes(4),
        },
    ] {
        storage.write(op);
        assert_eq!(storage.log_length(), 15);
    }
    storage.write(DiskOp::Replace {
        file: file(store::LOG_FILE),
        bytes: bytes(6),
    });
    assert_eq!(storage.log_length(), 6);
    let ops = storage.own.queue.iter().map(|job| &job.op);
    assert_eq!(ops.count(), 4, "and all of it is written");

    // Written anew it is as long as what is written.
    let mut stored = Stored::default();
    stored.hard.term = 3;
    let mut storage = Storage::new(stored, 0);
    storage.renew();
    let log = storage.own.queue.iter().find_map(|job| match &job.op {
        DiskOp::Replace { file, bytes } if file == store::LOG_FILE => Some(bytes.len()),
        _ => None,
    });
    assert_eq!(storage.log_length(), log.unwrap() as u64);
    assert!(storage.log_length() > 0);
}

/// A vote that is told and then lost in a crash would be given twice.
#[test]
fn a_message_waits_for_its_write_and_goes_with_the_device_that_it_was_for() {
    let at = Time::from_millis;
    let message = |term| Message {
        identity: 7,
        term,
        body: quorate_log::Body::TimeoutNow,
    };
    let mut storage = Storage::new(Stored::default(), 0);
    let terms = |storage: &mut Storage| -> Vec<u64> {
        let released = std::iter::from_fn(|| storage.next_released());
        released.map(|(_, message)| message.term).collect()
    };
    storage.hold_back(0, NodeId(2), message(1));
    storage.hold_back(7, NodeId(2), message(2));
    storage.hold_back(0, NodeId(3), message(3));
    assert_eq!(
        terms(&mut storage),
        [1, 3],
        "nothing was to be written for them"
    );
    assert_eq!(terms(&mut storage), [0; 0], "each goes once");
    storage.move_to(Device::System, Stored::default(), 7);
    storage.hold_back(7, NodeId(2), message(4));
    while let Some(request) = storage.next_request(at(0)) {
        assert_eq!(terms(&mut storage), [0; 0]);
        storage.done(request.ticket);
    }
    assert_eq!(
        terms(&mut storage),
        [4],
        "the other was about the old device"
    );

    let (file, bytes) = ("identity".to_owned(), Vec::new());
    storage.write_identity(DiskOp::Replace { file, bytes });
    storage.hold_back(0, NodeId(2), message(5));
    assert_eq!(terms(&mut storage), [0; 0], "nobody knows yet who says so");
    let request = storage.next_request(at(0)).unwrap();
    storage.done(request.ticket);
    assert_eq!(terms(&mut storage), [5]);
}

/// The first `entries` of a history, those up to `covered` in a checkpoint.
fn history(covered: u64, entries: u64) -> Stored {
    let entry = |index| Entry {
        index,
        term: 1,
        kind: EntryKind::Noop,
    };
    Stored {
        hard: HardState {
            term: 1,
            voted_for: None,
        },
        snapshot: (covered > 0).then(|| Snapshot {
            index: covered,
            term: 1,
            voters: NodeSet::EMPTY,
            data: Vec::new(),
        }),
        entries: (covered + 1..=entries).map(entry).collect(),
    }
}

/// Whatever this node's own disk holds: the quorum disk's checkpoint may be older, or there may be none.
#[test]
fn the_own_copy_can_be_read_wherever_its_writing_anew_ends() {
    let disk = || Device::Shared("Disk Q:".into());
    for (own, now) in [(0, 2), (2, 2), (2, 4), (4, 2), (4, 0)] {
        let mut files = BTreeMap::new();
        for op in store::write_all(&history(own, 6)) {
            op.carry_out(&mut files);
        }
        let mut storage = Storage::new(history(own, 6), 0);
        storage.switch(disk(), history(now, 7), 0);
        let last = loop {
            let recovered = store::recover(&files);
            let read = recovered.unwrap_or_else(|why| panic!("{own} to {now}: {why:?}"));
            let Some(request) = storage.next_request(Time::ZERO) else {
                break read.stored;
            };
            request.op.carry_out(&mut files);
            storage.done(request.ticket);
        };
        assert_eq!(last, history(now, 7));

        // Back to the own disk, before anything of the quorum disk has been copied there.
        let mut files = BTreeMap::new();
        for op in store::write_all(&history(own, 6)) {
            op.carry_out(&mut files);
        }
        let mut storage = Storage::new(history(own, 6), 0);
        storage.switch(disk(), history(now, 7), 0);
        storage.move_to(Device::System, history(now, 8), 0);
        while let Some(request) = storage.next_request(Time::ZERO) {
            request.op.carry_out(&mut files);
            storage.done(request.ticket);
            let recovered = store::recover(&files);
            assert!(recovered.is_ok(), "{own} to {now} and back: {recovered:?}");
        }
    }
}
