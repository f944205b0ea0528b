//! Nodes on this machine: three processes over loopback, real disks, and a real program behind a resource.
//!
//! Each test has addresses of its own, so they run at the same time. Nothing sleeps for a fixed time: each wait is for
//! something, with a deadline.
#![allow(clippy::print_stderr, reason = "what is left out is said")]

mod support;

#[path = "live/console.rs"]
mod console;
#[path = "live/cut.rs"]
mod cut;
#[path = "live/disks.rs"]
mod disks;
#[path = "live/faults.rs"]
mod faults;
#[path = "live/fidelity.rs"]
mod fidelity;
#[path = "live/hang.rs"]
mod hang;
#[path = "live/metrics.rs"]
mod metrics;
#[path = "live/orders.rs"]
mod orders;
#[path = "live/power.rs"]
mod power;
#[path = "live/relay.rs"]
mod relay;
#[path = "live/rig.rs"]
mod rig;
#[path = "live/rig_command.rs"]
mod rig_command;
#[path = "live/standard.rs"]
mod standard;
#[path = "live/systemd.rs"]
mod systemd;
#[path = "live/warden.rs"]
mod warden;

use std::fs;
use std::io::Write;
use std::net::{TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use quorate_journal::{Record, Records};
use rustix::process::Signal;

use rig::{NODES, PORT, Rig};
use support::{finish, quorate};

#[test]
fn three_nodes_form_a_cluster_and_the_loss_of_the_owner_moves_its_web_server() {
    let mut rig = Rig::formed(71);
    let seen = rig.ctl("NODE2", &["status"]);
    assert!(
        seen.out
            .starts_with("LIVE71 as NODE2 sees it: MajorityNodeSet quorum, coordinated by NODE"),
        "{}",
        seen.out
    );
    rig.kill("NODE1");
    let killed = Instant::now();
    rig.until("its program ends with it", |rig| rig.web().is_none());
    rig.until("another node serves", |rig| {
        rig.web().as_deref() == Some("Hello from NODE2\n")
    });
    // Two heartbeats before a silence of six could begin, and until it is certain that nothing runs there any more.
    assert!(
        killed.elapsed() >= Duration::from_secs(20),
        "{:?}",
        killed.elapsed()
    );
    let status = rig.status("NODE3").expect("a status");
    let nodes = status["nodes"].as_array().expect("nodes");
    assert_eq!(nodes[0]["state"], "Down", "{status}");
    rig.start("NODE1");
    rig.until("it comes back", |rig| rig.up() == 3);
}

#[test]
fn orders_move_and_stop_groups_and_refusals_have_the_originals_codes() {
    let mut rig = Rig::formed(72);
    rig.ordered("NODE3", &["move", "web", "node2"]);
    rig.until("it is moved", |rig| {
        rig.web().as_deref() == Some("Hello from NODE2\n")
    });
    rig.ordered("NODE1", &["offline", "WEB Server"]);
    rig.until("it is stopped", |rig| rig.web().is_none());
    rig.ordered("NODE1", &["online", "web"]);
    rig.until("it is started", |rig| rig.web().is_some());
    rig.ordered("NODE2", &["pause", "NODE3"]);
    let refused = rig.ctl("NODE1", &["move", "WEB", "NODE3"]);
    assert_eq!(refused.code, 3, "{}{}", refused.out, refused.err);
    assert!(
        refused
            .err
            .contains("refused (5070 ERROR_CLUSTER_NODE_PAUSED)"),
        "{}",
        refused.err
    );
    rig.ordered("NODE1", &["resume", "NODE3"]);
    let refused = rig.ctl("NODE1", &["evict", "NODE3"]);
    assert_eq!(refused.code, 3, "{}{}", refused.out, refused.err);
    rig.until("its start is over", |rig| {
        rig.ctl("NODE1", &["fail", "WEB Server"]).code == 0
    });
    rig.until("it is restarted", |rig| {
        let status = rig.status("NODE2").unwrap_or_default();
        let groups = status["groups"].as_array().cloned().unwrap_or_default();
        let web = groups.iter().find(|it| it[0]["name"] == "WEB").cloned();
        web.is_some_and(|web| web[1][1]["restarts"] == 1 && web[1][1]["state"] == "Online")
    });
    let slip = rig.ctl("NODE1", &["online", "WEP"]);
    assert_eq!(slip.code, 64);
    assert!(slip.err.contains("did you mean \"WEB\"?"), "{}", slip.err);
    // In order: what it has moves away first, and nobody waits for its silence.
    rig.signal("NODE2", Signal::TERM);
    rig.until("it is moved away", |rig| {
        rig.web().is_some_and(|from| from != "Hello from NODE2\n")
    });
    let mut stopped = rig.running.remove("NODE2").expect("a node");
    assert!(stopped.wait().expect("its end").success());
    assert_eq!(rig.ctl("NODE2", &["status"]).code, 4);
    rig.ordered("NODE1", &["stop"]);
    let mut stopped = rig.running.remove("NODE1").expect("a node");
    assert!(stopped.wait().expect("its end").success());
}

/// Each step is on one node first: two nodes that are a step apart understand each other.
#[test]
fn a_key_is_replaced_while_the_cluster_runs() {
    let mut rig = Rig::formed(77);
    let file = rig.path("key").display().to_string();
    let has = |rig: &Rig, node: &str| rig.status(node).map(|status| status["keys"].clone());
    let first = has(&rig, "NODE1").expect("a status")[0].clone();
    for (step, (keys, replaced)) in [(2, false), (2, true), (1, true)].into_iter().enumerate() {
        let told = finish(quorate().args(["key", "rotate", &file]));
        assert_eq!(told.code, 0, "{}", told.err);
        let digits = |word: &&str| word.len() >= 8 && word.chars().all(|it| it.is_ascii_hexdigit());
        let words = told.out.split([' ', ';', '\n']);
        let new: Vec<&str> = words.filter(digits).collect();
        assert_eq!(
            (new.len(), first != new[0]),
            (keys, replaced),
            "{}",
            told.out
        );
        for node in NODES {
            rig.signal(node, Signal::HUP);
            let new = serde_json::json!(new);
            rig.until("the node has these", |rig| {
                has(rig, node).as_ref() == Some(&new)
            });
            // A majority has to hear of it.
            let threshold = (step + 2).to_string();
            rig.ordered(node, &["set", "WEB", "FailoverThreshold", &threshold]);
        }
    }
    for node in NODES {
        let status = rig.status(node).expect("a status");
        let foreign = &status["counts"]["wire"]["foreign_key"];
        assert!(foreign.is_null(), "{status}");
    }
    assert_eq!(rig.up(), 3);
    let before = has(&rig, "NODE1");
    fs::write(&file, "nonsense").expect("a file");
    rig.signal("NODE1", Signal::HUP);
    rig.ordered("NODE1", &["set", "WEB", "FailoverThreshold", "9"]);
    assert_eq!(has(&rig, "NODE1"), before);
}

#[test]
fn what_was_acknowledged_is_there_after_all_nodes_were_killed_at_once() {
    let mut rig = Rig::formed(73);
    for threshold in ["3", "4", "5"] {
        rig.ordered("NODE2", &["set", "WEB", "FailoverThreshold", threshold]);
    }
    rig.ordered("NODE3", &["set", "WEB Server", "RestartPeriod", "777000"]);
    NODES.into_iter().for_each(|node| rig.kill(node));
    NODES.into_iter().for_each(|node| rig.start(node));
    rig.until("they form again", |rig| {
        rig.up() == 3 && rig.web().is_some()
    });
    assert!(rig.path("state/NODE1/disk/MSCS/quolog.log").exists());
    let status = rig.status("NODE1").expect("a status");
    let web = &status["definition"]["groups"][1];
    assert_eq!(web["properties"]["failover_threshold"], 5, "{web}");
    let server = &web["resources"][1]["properties"];
    assert_eq!(server["restart_period"], 777_000, "{web}");
    let got = rig.ctl("NODE3", &["get", "WEB", "FailoverThreshold"]);
    assert_eq!((got.code, &*got.out), (0, "5\n"), "{}", got.err);
}

#[test]
fn forged_messages_change_nothing_and_are_counted() {
    let mut rig = Rig::formed(74);
    let before = rig.status("NODE2").expect("a status");
    let stranger = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    for to in ["127.74.1.12", "127.74.2.12", "127.74.1.11"] {
        for length in [0_usize, 1, 15, 60, 300, 1_400, 4_000] {
            // Version, kind and a sender that there is, so that more than the first byte is looked at.
            let mut forged = vec![1, 0, 3, 2];
            forged.resize(length.max(4), 0x5a);
            stranger
                .send_to(&forged[..length], (to, PORT))
                .expect("a datagram");
        }
        let mut stream = TcpStream::connect((to, PORT)).expect("a stream");
        stream.write_all(&[1; 4_096]).expect("a stream");
    }
    rig.until("all are counted", |rig| {
        let status = rig.status("NODE2").unwrap_or_default();
        let wire = status["counts"]["wire"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        let refused = wire
            .iter()
            .filter(|(name, _)| !["delivered", "hellos"].contains(&name.as_str()));
        refused.filter_map(|(_, count)| count.as_u64()).sum::<u64>() >= 16
    });
    let after = rig.status("NODE2").expect("a status");
    for field in ["coordinator", "nodes", "groups", "quorum"] {
        assert_eq!(before[field], after[field], "{field}");
    }
    assert_eq!(rig.web().as_deref(), Some("Hello from NODE1\n"));
    let journals = rig.path("state/NODE2/journal");
    let mut told = 0;
    for file in fs::read_dir(journals).expect("journals") {
        let text = fs::read(file.expect("a file").path()).expect("a journal");
        for record in Records::new(&*text) {
            if let Ok(Record::Entry(entry)) = record {
                told += u64::from(entry.kind() == "datagram-refused");
            }
        }
    }
    assert!(told > 0);
}

#[test]
fn what_a_machine_lacks_is_told_before_anything_starts() {
    let rig = Rig::new(75);
    let check = |text: &str| {
        let file = rig.path("checked.ron");
        fs::write(&file, text).expect("a file");
        finish(quorate().args(["node", "--check", "--config"]).arg(&file))
    };
    let sound = check(&rig.node("NODE1", ""));
    assert_eq!(
        (sound.code, &*sound.out),
        (0, "NODE1 can be run on this machine\n"),
        "{}",
        sound.err
    );
    let lacks = check(&rig.node("NODE4", "bind: { \"Publik\": \"127.0.0.1\" },"));
    assert_eq!(lacks.code, 1);
    assert!(
        lacks.err.contains("cluster LIVE75 has no node NODE4"),
        "{}",
        lacks.err
    );
    let renamed = rig.node("NODE1", "").replace("\"web\"", "\"wep\"");
    let lacks = check(&renamed);
    assert!(
        lacks
            .err
            .contains("WEB Server needs the service web, which has no command here"),
        "{}",
        lacks.err
    );
    assert!(lacks.err.contains("did you mean `wep`?"), "{}", lacks.err);
    let gone = rig
        .node("NODE1", "")
        .replace(env!("CARGO_BIN_EXE_quorate"), "/no/such/program");
    assert!(
        check(&gone)
            .err
            .contains("there is no program /no/such/program")
    );
    let wrong = check("(cluster: \"cluster.ron\", node: \"NODE1\", stat: \"s\")");
    assert_eq!(wrong.code, 64);
    assert!(
        wrong.err.contains("a node file has no field `stat`"),
        "{}",
        wrong.err
    );
    assert!(wrong.err.contains("checked.ron:1:41"), "{}", wrong.err);
}
