//! Nothing runs that must not: whatever is done to a node's processes, there is never a second owner.
//!
//! What runs is asked of the system, not of the nodes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, setrlimit};

use crate::rig::{NODES, Rig, mount};
use crate::support::processes::child_with;

/// A web server that has left its process group, under a shell that waits for it: nothing but a control group finds it.
fn hidden(net: u8) -> Rig {
    let program = env!("CARGO_BIN_EXE_quorate");
    let script = format!("setsid {program} hello 127.{net}.2.30:8080 & while :; do sleep 1; done");
    Rig::with(net, vec!["/bin/sh".to_owned(), "-c".to_owned(), script])
}

/// The control groups of a cluster, if this process may make some.
pub(crate) fn groups(net: u8) -> Option<PathBuf> {
    let Some(mount) = mount() else {
        eprintln!("SKIPPED: no control groups (version 2) are mounted");
        return None;
    };
    let probe = mount.join(format!("quorate-test-{net}"));
    if let Err(why) = fs::create_dir_all(&probe) {
        eprintln!("SKIPPED: no control group can be made: {why}");
        return None;
    }
    fs::remove_dir(&probe).expect("an empty group");
    Some(mount.join(format!("quorate/LIVE{net}")))
}

/// The nodes whose services have a process.
pub(crate) fn populated(groups: &Path) -> Vec<&'static str> {
    let runs = |node: &&str| {
        let events = fs::read_to_string(groups.join(node).join("cgroup.events"));
        events.is_ok_and(|events| events.contains("populated 1"))
    };
    NODES.into_iter().filter(|node| runs(node)).collect()
}

pub(crate) fn driver(rig: &Rig, node: &str) -> Pid {
    let driver = child_with(rig.running[node].id(), "--driver");
    Pid::from_raw(i32::try_from(driver).expect("a process")).expect("a process")
}

/// Waits until another node than the first serves, and sees that there are never two that run something of the group.
fn taken_over(rig: &mut Rig, groups: &Path) -> Duration {
    let begun = Instant::now();
    rig.until("another node serves", |rig| {
        let owners = populated(groups);
        assert!(owners.len() <= 1, "{owners:?} run it at once");
        rig.web().is_some_and(|from| from != "Hello from NODE1\n")
    });
    begun.elapsed()
}

/// The kilobytes that a process keeps from being paged out.
fn locked(process: Pid) -> u64 {
    let status = format!("/proc/{}/status", process.as_raw_nonzero());
    let status = fs::read_to_string(status).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmLck:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|it| it.parse().ok()).expect("a number")
}

#[test]
fn a_node_keeps_its_memory_where_it_may() {
    let mut rig = Rig::new(85);
    rig.start("NODE1");
    rig.until("it can be asked", |rig| rig.status("NODE1").is_some());
    let warden = i32::try_from(rig.running["NODE1"].id()).expect("a process");
    let warden = Pid::from_raw(warden).expect("a process");
    let none = Rlimit {
        current: None,
        maximum: None,
    };
    if setrlimit(Resource::Memlock, none).is_err() {
        return eprintln!("SKIPPED: this process may not have more memory locked");
    }
    for process in [warden, driver(&rig, "NODE1")] {
        let locked = locked(process);
        assert!(locked > 1_000, "{locked} kB");
    }
}

#[test]
fn a_driver_that_is_killed_takes_its_services_along() {
    let Some(groups) = groups(81) else { return };
    let mut rig = hidden(81).form();
    assert_eq!(populated(&groups), ["NODE1"]);
    kill_process(driver(&rig, "NODE1"), Signal::KILL).expect("a signal");
    let killed = Instant::now();
    rig.until("its services end", |_| populated(&groups).is_empty());
    assert!(
        killed.elapsed() < Duration::from_secs(5),
        "{:?}",
        killed.elapsed()
    );
    taken_over(&mut rig, &groups);
}

#[test]
fn the_services_of_a_driver_that_stands_still_end_before_another_node_takes_over() {
    let Some(groups) = groups(82) else { return };
    let mut rig = hidden(82).form();
    let driver = driver(&rig, "NODE1");
    kill_process(driver, Signal::STOP).expect("a signal");
    let stopped = Instant::now();
    rig.until("its services end", |_| populated(&groups).is_empty());
    // For as long as a node may look for its cluster, and no longer than the others wait.
    let ended = stopped.elapsed();
    assert!((10..25).contains(&ended.as_secs()), "{ended:?}");
    taken_over(&mut rig, &groups);
}

#[test]
fn what_an_earlier_start_left_behind_ends_before_a_node_starts_again() {
    let Some(groups) = groups(83) else { return };
    let mut rig = hidden(83).form();
    let driver = driver(&rig, "NODE1");
    // The warden first: the driver ends with it, and nobody is left who would end the services.
    rig.kill("NODE1");
    let _ = kill_process(driver, Signal::KILL);
    assert_eq!(populated(&groups), ["NODE1"], "what it has left behind");
    rig.start("NODE1");
    rig.until("that is ended", |_| populated(&groups).is_empty());
    rig.until("one serves", |rig| {
        let owners = populated(&groups);
        assert!(owners.len() <= 1, "{owners:?} run it at once");
        rig.up() == 3 && rig.web().is_some()
    });
}

/// A plain file stands for the device.
#[test]
fn a_watchdog_is_put_off_while_the_node_runs_and_told_of_an_end_that_is_meant_and_of_no_other() {
    // Without control groups it is refused.
    if groups(104).is_none() {
        return;
    }
    let mut rig = Rig::new(104);
    let none = rig.check("NODE1");
    assert_eq!(none.code, 0, "{}", none.err);
    assert!(none.err.contains("no-watchdog"), "{}", none.err);
    let node = rig.node("NODE1", "watchdog: \"dog\",");
    fs::write(rig.path("NODE1.ron"), node).expect("a file");
    let missing = rig.check("NODE1");
    assert_eq!(missing.code, 1, "{}", missing.err);
    assert!(missing.err.contains("cannot be used"), "{}", missing.err);
    let dog = rig.path("dog");
    let said = || fs::read(&dog).expect("a file");
    fs::write(&dog, "").expect("a file");
    let file = rig.check("NODE1");
    assert_eq!(file.code, 0, "{}", file.err);
    assert!(file.err.contains("resets nothing"), "{}", file.err);
    assert_eq!(said(), b"", "to look does not start it");
    rig.start("NODE1");
    rig.until("it is put off again and again", |_| said().len() >= 3);
    rig.until("it can be asked", |rig| rig.status("NODE1").is_some());
    rig.ordered("NODE1", &["stop"]);
    let mut stopped = rig.running.remove("NODE1").expect("a node");
    assert!(stopped.wait().expect("its end").success());
    let (last, before) = said()
        .split_last()
        .map(|(it, all)| (*it, all.to_vec()))
        .expect("bytes");
    assert_eq!(last, b'V');
    assert!(before.iter().all(|it| *it == 0), "{before:?}");
    fs::write(&dog, "").expect("a file");
    rig.start("NODE1");
    rig.until("it is put off", |_| said().len() >= 2);
    rig.kill("NODE1");
    assert!(said().iter().all(|it| *it == 0), "{:?}", said());
}
