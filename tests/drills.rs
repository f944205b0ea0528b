//! Every shipped drill passes, and the first one prints the right output.

mod support;

#[track_caller]
fn passes(file: &str, drills: usize) -> String {
    let run = support::passes(file, drills);
    assert!(!run.out.contains('\u{1b}'), "colours in a pipe");
    run.out
}

#[test]
fn lost_node_tells_verdict_times_and_outages() {
    let out = passes("lost-node", 1);
    let at = |text: &str| {
        out.find(text)
            .unwrap_or_else(|| panic!("no {text:?} in:\n{out}"))
    };
    // The steps of the story, in order.
    assert!(at("a lost node's virtual server moves to the standby") < at("NODE3 loses power"));
    assert!(at("NODE3 loses power") < at("a second node fails: no standby is left"));
    assert!(at("a second node fails: no standby is left") < at("  pass  "));
    // Verdict, virtual time, real time.
    let verdict = out
        .lines()
        .find(|line| line.starts_with("  pass  "))
        .unwrap_or_default();
    let words: Vec<&str> = verdict.split_whitespace().collect();
    assert_eq!(words[2..6], ["of", "virtual", "time", "in"], "{verdict}");
    assert!(
        words[1].starts_with("3") && words[1].contains('m'),
        "half an hour and a little: {verdict}"
    );
    assert!(words[6].ends_with('s'), "{verdict}");
    // Each virtual server's outage.
    let row = |name: &str| -> Vec<String> {
        let row = out
            .lines()
            .find(|line| line.trim_start().starts_with(name))
            .unwrap_or_default();
        row.split_whitespace().map(str::to_owned).collect()
    };
    assert_eq!(row("EVS1"), ["EVS1", "Online", "NODE1", "0s"]);
    assert_eq!(row("EVS2"), ["EVS2", "Failed", "NODE2", "30m"]);
    assert_eq!(row("EVS3")[..3], ["EVS3", "Online", "NODE4"]);
    assert_ne!(row("EVS3")[3], "0s");
    at("other groups disturbed: 0");
}

#[test]
fn hours() {
    passes("hours", 3);
}

#[test]
fn belief_and_truth() {
    passes("belief-and-truth", 5);
}

#[test]
fn planned_move() {
    passes("planned-move", 1);
}

#[test]
fn store_crash() {
    passes("store-crash", 2);
}

#[test]
fn second_failure_no_standby() {
    passes("second-failure-no-standby", 1);
}

#[test]
fn second_failure_quorum_owner() {
    passes("second-failure-quorum-owner", 1);
}

#[test]
fn active_active_survivor() {
    passes("active-active-survivor", 1);
}

#[test]
fn majority_lost() {
    passes("majority-lost", 1);
}

#[test]
fn coordinator_lost() {
    passes("coordinator-lost", 2);
}

#[test]
fn partition() {
    passes("partition", 3);
}

#[test]
fn every_shipped_drill_has_a_test_here() {
    let source = include_str!("drills.rs");
    let folder = support::root().join("scripts/drills");
    for entry in std::fs::read_dir(folder).expect("the drills") {
        let path = entry.expect("a file").path();
        if path
            .extension()
            .is_some_and(|extension| extension == "rhai")
        {
            let name = path
                .file_stem()
                .and_then(|name| name.to_str())
                .expect("a name")
                .to_owned();
            assert!(
                source.contains(&format!("passes(\"{name}\", ")),
                "{name} is not run by any test"
            );
        }
    }
}
