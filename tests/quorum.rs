//! Every drill on quorum and membership passes.

mod support;

use support::run;

#[track_caller]
fn passes(file: &str, drills: usize) {
    support::passes(&format!("quorum/{file}"), drills);
}

#[test]
fn large() {
    passes("large", 2);
}

#[test]
fn networks() {
    passes("networks", 5);
}

#[test]
fn carriers() {
    passes("carriers", 8);
}

#[test]
fn unsound_networks() {
    passes("unsound-networks", 9);
}

#[test]
fn short() {
    passes("short", 6);
}

#[test]
fn regroup() {
    passes("regroup", 10);
}

#[test]
fn standard() {
    passes("standard", 9);
}

#[test]
fn system_disks() {
    passes("system-disks", 13);
}

#[test]
fn quorum_disk() {
    passes("quorum-disk", 8);
}

#[test]
fn majority() {
    passes("majority", 11);
}

#[test]
fn life() {
    passes("life", 52);
}

#[test]
fn one_way() {
    passes("one-way", 17);
}

#[test]
fn damage() {
    passes("damage", 15);
}

#[test]
fn start_switches() {
    passes("start", 10);
}

#[test]
fn local() {
    passes("local", 3);
}

#[test]
fn a_local_quorum_is_for_one_node() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = support::root().join("scripts/clusters/two-node-active-passive.ron");
    let text = std::fs::read_to_string(file).expect("a cluster");
    let path = folder.path().join("two.ron");
    let standard = r#"Standard(resource: "Disk Q:")"#;
    assert!(text.contains(standard));
    std::fs::write(&path, text.replace(standard, "Local")).expect("a file");
    let run = run(&["check", &path.display().to_string()]);
    assert_ne!(run.code, 0);
    let told = run.out + &run.err;
    assert!(
        told.contains("Local quorum is for a cluster of one node"),
        "{told}"
    );
}

#[test]
fn identity() {
    passes("identity", 10);
}

#[test]
fn every_quorum_drill_has_a_test_here() {
    support::all_are_run("scripts/drills/quorum", include_str!("quorum.rs"));
}

#[test]
fn witness() {
    passes("witness", 16);
}

#[test]
fn checkpoints() {
    passes("checkpoints", 17);
}
