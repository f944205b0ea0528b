//! Every drill on failover passes; `docs/failover.md` says which sentence each is about.

mod support;

use support::run;

#[track_caller]
fn passes(file: &str, drills: usize) {
    let run = run(&["drill", &format!("scripts/drills/failover/{file}.rhai")]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let last = run.out.lines().last().unwrap_or_default();
    assert!(
        last.starts_with(&format!("{drills} drills: {drills} pass;")),
        "{last}"
    );
    // A failure moves what failed and nothing else.
    let calm = run.out.matches("other groups disturbed: 0\n").count();
    assert_eq!(calm, drills, "{}", run.out);
}

#[test]
fn planned() {
    passes("planned", 6);
}

#[test]
fn unplanned() {
    passes("unplanned", 21);
}

#[test]
fn rules() {
    passes("rules", 21);
}

#[test]
fn properties() {
    passes("properties", 3);
}

#[test]
fn names() {
    passes("names", 7);
}

#[test]
fn outages() {
    passes("outages", 6);
}

#[test]
fn clocks() {
    passes("clocks", 9);
}

#[test]
fn cluster_group() {
    passes("cluster-group", 13);
}

#[test]
fn every_drill_on_failover_has_a_test_here() {
    let source = include_str!("failover.rs");
    let folder = support::root().join("scripts/drills/failover");
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
