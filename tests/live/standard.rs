//! Quorums that stand on something besides the nodes: a shared disk, which on one machine is a folder, and a file share.

use std::fs;

use crate::rig::{NODES, Rig};
use crate::support::{finish, quorate};

const MAJORITY: &str = "quorum: MajorityNodeSet,";

fn write(rig: &Rig, cluster: &str, more: &str) {
    fs::write(rig.path("cluster.ron"), cluster).expect("a file");
    for node in NODES {
        fs::write(rig.path(&format!("{node}.ron")), rig.node(node, more)).expect("a file");
    }
}

#[test]
fn a_quorum_disk_that_is_a_folder_goes_to_another_node_with_all_that_was_acknowledged() {
    let mut rig = Rig::new(99);
    let standard = rig
        .cluster(3)
        .replace(MAJORITY, "quorum: Standard(resource: \"Disk Q:\"),")
        .replace("disks: [],", "disks: [(name: \"Disk Q:\")],");
    write(&rig, &standard, "");
    let check = |rig: &Rig| {
        let file = rig.path("NODE1.ron");
        finish(quorate().args(["node", "--check", "--config"]).arg(file))
    };
    let lacks = check(&rig);
    assert_eq!(lacks.code, 1, "{}", lacks.err);
    assert!(lacks.err.contains("disk-not-here"), "{}", lacks.err);
    assert!(lacks.err.contains("Dir(\"/path\")"), "{}", lacks.err);
    write(
        &rig,
        &standard,
        "disks: { \"disk q:\": Dir(\"shared/q\") },",
    );
    let honest = check(&rig);
    assert_eq!(honest.code, 0, "{}", honest.err);
    assert!(
        honest.err.contains("is lost with the machine"),
        "{}",
        honest.err
    );

    NODES.into_iter().for_each(|node| rig.start(node));
    rig.until("all is in service", |rig| {
        rig.web().is_some() && rig.up() == 3
    });
    let holder = |rig: &Rig| {
        let text = fs::read_to_string(rig.path("shared/q/reservation")).unwrap_or_default();
        NODES
            .into_iter()
            .find(|node| text.trim().ends_with(&format!("/{node}")))
    };
    let first = holder(&rig).expect("a node holds the disk");
    let other = NODES
        .into_iter()
        .find(|node| *node != first)
        .expect("another");
    assert!(rig.path("shared/q/files/MSCS").is_dir());
    for threshold in ["3", "4", "5"] {
        rig.ordered(other, &["set", "WEB", "FailoverThreshold", threshold]);
    }
    rig.kill(first);
    rig.until(
        "another node wins the disk, and the group is served",
        |rig| {
            holder(rig).is_some_and(|now| now != first)
                && rig
                    .web()
                    .is_some_and(|from| from != format!("Hello from {first}\n"))
        },
    );
    let got = rig.ctl(other, &["get", "WEB", "FailoverThreshold"]);
    assert_eq!((got.code, &*got.out), (0, "5\n"), "{}", got.err);
    rig.ordered(other, &["set", "WEB", "FailoverThreshold", "6"]);
    rig.start(first);
    rig.until("it comes back", |rig| rig.up() == 3);
}

#[test]
fn of_two_nodes_the_one_that_is_left_has_a_quorum_by_the_file_share_witness() {
    let mut rig = Rig::new(100);
    let share = r#"quorum: MajorityNodeSet(MNSFileShare: "\\\\FILES\\witness"),"#;
    let witness = rig
        .cluster(2)
        .replace(MAJORITY, share)
        .replace("\"NODE2\", \"NODE3\"", "\"NODE2\"");
    fs::create_dir(rig.path("share")).expect("a folder");
    write(
        &rig,
        &witness,
        r#"shares: { "\\\\files\\WITNESS": "share" },"#,
    );
    let check = || {
        let file = rig.path("NODE1.ron");
        finish(quorate().args(["node", "--check", "--config"]).arg(file))
    };
    let unmarked = check();
    assert_eq!(unmarked.code, 1, "{}", unmarked.err);
    assert!(
        unmarked.err.contains("is not mounted at"),
        "{}",
        unmarked.err
    );
    fs::write(rig.path("share/lock"), "").expect("a file");
    let marked = check();
    assert_eq!(marked.code, 0, "{}", marked.err);
    rig.start("NODE1");
    rig.start("NODE2");
    rig.until("NODE1 serves", |rig| {
        rig.web().as_deref() == Some("Hello from NODE1\n") && rig.up() == 2
    });
    rig.kill("NODE1");
    rig.until("NODE2 serves", |rig| {
        rig.web().as_deref() == Some("Hello from NODE2\n")
    });
    rig.ordered("NODE2", &["set", "WEB", "FailoverThreshold", "7"]);
    assert!(rig.path("share/witness").is_file());
    rig.start("NODE1");
    rig.until("it comes back", |rig| rig.up() == 2);
    let got = rig.ctl("NODE1", &["get", "WEB", "FailoverThreshold"]);
    assert_eq!(&*got.out, "7\n", "{}", got.err);
}
