//! Conditions are passed over while nothing that they read has changed.

mod support;

use support::run;

#[test]
fn no_condition_of_the_shipped_drills_is_passed_over_that_has_changed() {
    let run = run(&["drill", "scripts/drills", "--doubt", "--quiet"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let drills: usize = run
        .out
        .split_whitespace()
        .next()
        .and_then(|count| count.parse().ok())
        .unwrap_or_default();
    assert!(drills > 400, "{}", run.out);
}
