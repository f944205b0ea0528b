//! Every drill on failover passes; `docs/failover.md` says which statement each is about.

mod support;

#[track_caller]
fn passes(file: &str, drills: usize) {
    let run = support::passes(&format!("failover/{file}"), drills);
    // A failure moves the failed group and nothing else.
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
    support::all_are_run("scripts/drills/failover", include_str!("failover.rs"));
}
