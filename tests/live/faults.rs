//! Faults of whole nodes, and what must be true afterwards.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::rig::{NODES, Rig};
use crate::support::{finish, quorate};
use crate::warden::{groups, populated};

/// The coordinator that a node sees.
fn coordinator(rig: &Rig, node: &str) -> Option<&'static str> {
    let status = rig.status(node)?;
    let name = status["coordinator"].as_str()?;
    NODES.into_iter().find(|node| *node == name)
}

/// Nobody has to notice but the nodes.
#[test]
fn the_loss_of_a_coordinator_that_owns_nothing_is_not_felt_by_clients() {
    let mut rig = Rig::formed(91);
    let first = coordinator(&rig, "NODE2").expect("a coordinator");
    let owner = NODES
        .into_iter()
        .find(|node| *node != first)
        .expect("another");
    let third = NODES
        .into_iter()
        .find(|node| ![first, owner].contains(node));
    let third = third.expect("a third");
    let answer = format!("Hello from {owner}\n");
    if rig.web().as_deref() != Some(&answer) {
        rig.ordered(first, &["move", "WEB", owner]);
    }
    rig.until("it is there", |rig| rig.web().as_deref() == Some(&answer));
    rig.kill(first);
    rig.until("another coordinates", |rig| {
        assert_eq!(rig.web().as_deref(), Some(&*answer), "clients feel nothing");
        let now = coordinator(rig, third);
        now.is_some_and(|now| now != first) && now == coordinator(rig, owner)
    });
    rig.ordered(third, &["set", "WEB", "FailoverThreshold", "6"]);
    assert_eq!(rig.web().as_deref(), Some(&*answer));
}

/// Sets a property to one number after the other, and keeps the last that was acknowledged and the last that was tried.
#[derive(Default)]
pub(crate) struct Writer {
    pub(crate) acknowledged: AtomicU64,
    pub(crate) tried: AtomicU64,
    pub(crate) ends: AtomicBool,
}

impl Writer {
    pub(crate) fn run(&self, run: &std::path::Path) {
        let mut next = 1;
        while !self.ends.load(Ordering::Acquire) {
            self.tried.store(next, Ordering::Release);
            let value = next.to_string();
            let set = finish(
                quorate()
                    .args(["ctl", "--node", "NODE2", "--run"])
                    .arg(run)
                    .args(["set", "WEB", "FailoverThreshold", &value]),
            );
            if set.code == 0 {
                self.acknowledged.store(next, Ordering::Release);
            }
            next += 1;
        }
    }
}

#[test]
fn nothing_that_a_writer_was_acknowledged_is_lost_when_all_nodes_are_killed_while_it_writes() {
    let mut rig = Rig::formed(92);
    let writer = Arc::new(Writer::default());
    let (theirs, run) = (Arc::clone(&writer), rig.path("run"));
    let writes = std::thread::spawn(move || theirs.run(&run));
    rig.until("it has written", |_| {
        writer.acknowledged.load(Ordering::Acquire) >= 20
    });
    NODES.into_iter().for_each(|node| rig.kill(node));
    writer.ends.store(true, Ordering::Release);
    writes.join().expect("the writer");
    let acknowledged = writer.acknowledged.load(Ordering::Acquire);
    let tried = writer.tried.load(Ordering::Acquire);
    NODES.into_iter().for_each(|node| rig.start(node));
    rig.until("they form again", |rig| {
        rig.up() == 3 && rig.web().is_some()
    });
    for node in NODES {
        let got = rig.ctl(node, &["get", "WEB", "FailoverThreshold"]);
        let value: u64 = got.out.trim().parse().expect("a number");
        // What was not acknowledged may have been done all the same.
        assert!(
            (acknowledged..=tried).contains(&value),
            "{node} has {value}: acknowledged was {acknowledged}, tried {tried}"
        );
    }
}

/// More than any datagram, message or batch carries.
#[test]
fn a_node_that_was_away_for_a_megabyte_of_log_comes_back_to_the_same_database() {
    const EACH: usize = 30_000;
    const POLICY: &str = "fn choose_owner(group, nodes) { () }\n";
    let mut rig = Rig::formed(93);
    rig.kill("NODE3");
    let file = rig.path("long.rhai");
    let name = file.display().to_string();
    for number in 0..36 {
        let text = format!("// {number} {}\n{POLICY}", "x".repeat(EACH));
        fs::write(&file, text).expect("a file");
        rig.ordered("NODE1", &["policy", "WEB", &name]);
    }
    rig.start("NODE3");
    rig.until("it has all that the others have", |rig| {
        let seen = NODES.map(|node| {
            let status = rig.status(node)?;
            Some((status["applied"].as_u64()?, status["digest"].as_u64()?))
        });
        rig.up() == 3 && seen[0].is_some() && seen.iter().all(|it| *it == seen[0])
    });
    let text = rig.ctl("NODE3", &["policy", "WEB"]).out;
    assert!(
        text.starts_with("// 35 ") && text.len() > EACH,
        "{}",
        text.len()
    );
}

/// The judge of who serves: true once somebody answers who is not the owner that a sound node knows.
fn serves_without_owning(rig: &Rig) -> bool {
    let Some(answer) = rig.web() else {
        return false;
    };
    let status = rig.status("NODE3").unwrap_or_default();
    let groups = status["groups"].as_array().cloned().unwrap_or_default();
    let web = groups.iter().find(|it| it[0]["name"] == "WEB").cloned();
    let owner = web.and_then(|web| web[0]["owner"].as_str().map(str::to_owned));
    owner.is_some_and(|owner| answer != format!("Hello from {owner}\n"))
}

/// What the warden is for: without one, what a program has started outlives a driver that is killed, and serves while
/// another node owns its group.
#[test]
fn without_a_warden_the_judge_of_who_serves_sees_the_wrong_one() {
    let program = env!("CARGO_BIN_EXE_quorate");
    let script = format!("setsid {program} hello 127.94.2.30:8080 & while :; do sleep 1; done");
    let mut rig = Rig::with(94, vec!["/bin/sh".to_owned(), "-c".to_owned(), script]);
    let groups = groups(94);
    let own = groups.as_ref().map(|groups| groups.join("NODE1"));
    // Another test may be clearing the groups above it away.
    let own = own.inspect(|own| {
        assert!(
            (0..1_000).any(|_| fs::create_dir_all(own).is_ok()),
            "a group"
        );
    });
    let own = own.map(|own| own.display().to_string());
    let environment: Vec<_> = own.iter().map(|own| ("QUORATE_CGROUP", &**own)).collect();
    rig.start_without_warden("NODE1", &environment);
    rig.start("NODE2");
    rig.start("NODE3");
    rig.until("the web server answers on NODE1", |rig| {
        rig.web().as_deref() == Some("Hello from NODE1\n") && rig.up() == 3
    });
    assert!(!serves_without_owning(&rig));
    rig.kill("NODE1");
    let killed = Instant::now();
    rig.until("the judge sees it", |rig| serves_without_owning(rig));
    if let Some(groups) = groups {
        rig.until("the judge of who runs it sees two", |_| {
            populated(&groups).len() == 2
        });
    }
    assert!(
        killed.elapsed() > Duration::from_secs(20),
        "{:?}",
        killed.elapsed()
    );
}
