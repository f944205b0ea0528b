//! Every drill on quorum and membership passes.

mod support;

use support::run;

#[track_caller]
fn passes(file: &str, drills: usize) {
    let run = run(&["drill", &format!("scripts/drills/quorum/{file}.rhai")]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let last = run.out.lines().last().unwrap_or_default();
    assert!(
        last.starts_with(&format!("{drills} drills: {drills} pass;")),
        "{last}"
    );
}

#[test]
fn networks() {
    passes("networks", 5);
}

#[test]
fn standard() {
    passes("standard", 6);
}

#[test]
fn majority() {
    passes("majority", 4);
}

#[test]
fn life() {
    passes("life", 20);
}

#[test]
fn one_way() {
    passes("one-way", 9);
}

#[test]
fn damage() {
    passes("damage", 15);
}

#[test]
fn every_quorum_drill_has_a_test_here() {
    let source = include_str!("quorum.rs");
    let folder = support::root().join("scripts/drills/quorum");
    for entry in std::fs::read_dir(folder).expect("the drills") {
        let path = entry.expect("a file").path();
        let name = path.file_stem().and_then(|name| name.to_str());
        let name = name.expect("a name");
        assert!(
            source.contains(&format!("passes(\"{name}\", ")),
            "{name} is not run by any test"
        );
    }
}
