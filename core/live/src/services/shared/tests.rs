//! A shared disk whose folder hangs: a pipe stands where it keeps its holder, and whoever reads that waits for somebody who
//! writes to it.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use quorate_host::Services;
use quorate_model::Time;
use quorate_model::errors::ERROR_CLUSTER_NETWORK_NOT_FOUND;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::super::Programs;
use super::*;
use crate::disks::SharedFolder;

/// Longer than anything here takes on any machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn machine(folder: &Path) -> SharedMachine {
    let programs = Programs {
        services: BTreeMap::new(),
        home: folder.to_path_buf(),
        logs: folder.join("log"),
        sockets: folder.join("run"),
        helper: Vec::new(),
        node: "NODE1".into(),
        group: None,
    };
    let machine = Machine::new(programs, vec!["Public".into()], 3_343);
    let whose = ("CLUSTER1".into(), "NODE1".into());
    let disk = SharedFolder::open("Disk Q:".into(), folder.join("q"), whose).unwrap();
    let disks = Disks::new(vec![Arc::new(disk)]);
    SharedMachine::new(machine, disks, folder.to_path_buf())
}

/// Puts a pipe where something is read.
fn hang(place: &Path) {
    mknodat(CWD, place, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

/// Waits until somebody reads the pipe, and gives it nothing.
fn let_go(place: &Path) {
    drop(OpenOptions::new().write(true).open(place).unwrap());
}

/// Does something on a thread of its own, and says when it is done.
fn apart<T: Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
    let (done, waits) = channel();
    std::thread::spawn(move || done.send(what()));
    waits
}

/// Waits until a thread of this test's holds the lock of the disk, at which it hangs then.
fn hangs(folder: &Path) {
    let lock = folder.join("q/lock");
    let begun = Instant::now();
    loop {
        let free = crate::held::hold_within(&lock, Duration::ZERO).unwrap();
        if free.is_none() {
            return;
        }
        drop(free);
        assert!(begun.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
}

#[test]
fn a_disk_that_hangs_holds_up_who_asks_and_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let reservation = folder.path().join("q/reservation");
    let shared = machine(folder.path());
    hang(&reservation);
    let mut asks = shared.with_a_leash();
    let answered = apart(move || asks.disk_reserve(Caller::NONE, "Disk Q:"));
    hangs(folder.path());
    let mut other = shared.with_a_leash();
    let others = apart(move || {
        let refused = other.address_add(Caller::NONE, "No Such", "127.0.0.9");
        other
            .name_register(Caller::NONE, "WEB1", "127.0.0.9")
            .unwrap();
        refused.unwrap_err().code
    });
    let code = others.recv_timeout(PATIENCE).expect("an answer");
    assert_eq!(code, ERROR_CLUSTER_NETWORK_NOT_FOUND);
    let node = shared.clone();
    let others = apart(move || {
        node.boot();
        node.reload(BTreeMap::new());
        node.take_told().len()
    });
    assert_eq!(others.recv_timeout(PATIENCE).expect("an answer"), 1);
    assert!(answered.try_recv().is_err(), "it still hangs");
    let_go(&reservation);
    answered.recv_timeout(PATIENCE).expect("an answer").unwrap();
    let text = fs::read_to_string(&reservation).unwrap();
    assert_eq!(text, "CLUSTER1/NODE1\n");
}

#[test]
fn who_hung_at_a_disk_and_was_given_up_changes_nothing_when_it_answers_again() {
    let folder = tempfile::tempdir().unwrap();
    let reservation = folder.path().join("q/reservation");
    let shared = machine(folder.path());
    hang(&reservation);
    let given_up = shared.with_a_leash();
    let mut asks = given_up.clone();
    let answered = apart(move || asks.disk_reserve(Caller::NONE, "Disk Q:"));
    hangs(folder.path());
    let cut = apart(move || given_up.cut_off(true));
    cut.recv_timeout(PATIENCE).expect("it is not waited for");
    let_go(&reservation);
    // Its lock is free again once it has gone on.
    let held = apart({
        let lock = folder.path().join("q/lock");
        move || crate::held::hold(&lock).map(drop)
    });
    held.recv_timeout(PATIENCE).expect("the lock").unwrap();
    assert!(answered.try_recv().is_err(), "it is told nothing");
    assert!(!reservation.is_file(), "it has reserved nothing");
    // The pipe goes, and the disk is as good as any.
    fs::remove_file(&reservation).unwrap();
    let mut next = shared.with_a_leash();
    next.disk_reserve(Caller::NONE, "Disk Q:").unwrap();
    next.disk_mount(Caller::NONE, "Disk Q:").unwrap();
    assert!(next.now() > Time::ZERO);
}
