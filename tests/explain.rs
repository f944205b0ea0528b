//! `quorate explain` and `quorate report`, run as a user would: journals of drills of different kinds, explained.
//!
//! If an explanation differs for a good reason, `INSTA_UPDATE=always cargo test -p quorate --test explain` writes it
//! again. Read each changed line before you keep it.

mod support;

use std::path::PathBuf;

use support::{Run, root, run};

/// The journal of one drill of a script, in a folder that is removed with the guard.
struct Told {
    folder: tempfile::TempDir,
    journal: PathBuf,
}

#[track_caller]
fn told(script: &str, drill: &str, options: &[&str]) -> Told {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("run.jsonl");
    let script = format!("scripts/drills/{script}.rhai");
    let path = journal.display().to_string();
    let mut args = vec![
        "drill",
        &script,
        "--filter",
        drill,
        "--journal",
        &path,
        "--brief",
    ];
    args.extend(options);
    let run = run(&args);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    Told { folder, journal }
}

impl Told {
    fn path(&self) -> String {
        self.journal.display().to_string()
    }

    /// A file beside the journal, with this text.
    fn beside(&self, name: &str, text: &[u8]) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.journal).expect("a journal")
    }
}

/// Holds a text to the file of this name in `tests/explain`.
#[track_caller]
fn is_as_ever(story: &str, text: &str) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(root().join("tests/explain"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(story, text));
}

#[track_caller]
fn is_explained(story: &str, script: &str, drill: &str, question: &[&str]) {
    let told = told(script, drill, &[]);
    let path = told.path();
    let mut args = vec!["explain", &path];
    args.extend(question);
    let run = run(&args);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{}", run.out);
    is_as_ever(story, &run.out);
}

#[test]
fn a_lost_node() {
    is_explained("a-lost-node", "lost-node", "", &[]);
}

#[test]
fn a_planned_move() {
    is_explained("a-planned-move", "planned-move", "", &[]);
}

#[test]
fn a_node_that_is_cut_off() {
    is_explained(
        "a-node-that-is-cut-off",
        "partition",
        "a node cut from the rest",
        &[],
    );
}

#[test]
fn a_majority_that_is_lost() {
    is_explained(
        "a-majority-that-is-lost",
        "majority-lost",
        "",
        &["--group", "EVS3"],
    );
}

#[test]
fn a_crash_that_is_restarted() {
    is_explained(
        "a-crash-that-is-restarted",
        "failover/unplanned",
        "unplanned 2: the next IsAlive",
        &[],
    );
}

#[test]
fn a_resource_past_its_threshold() {
    is_explained(
        "a-resource-past-its-threshold",
        "failover/unplanned",
        "unplanned 6: all resources move",
        &[],
    );
}

#[test]
fn a_resource_that_is_not_restarted() {
    is_explained(
        "a-resource-that-is-not-restarted",
        "failover/unplanned",
        "unplanned 4: a resource that is not to be restarted",
        &[],
    );
}

#[test]
fn a_group_that_does_not_fail_back() {
    is_explained(
        "a-group-that-does-not-fail-back",
        "failover/unplanned",
        "unplanned 10: failback is off",
        &["--group", "evs1"],
    );
}

#[test]
fn a_rest_between_rounds() {
    is_explained(
        "a-rest-between-rounds",
        "failover/rules",
        "rests: a condition that clears within seconds",
        &[],
    );
}

#[test]
fn a_silent_name_server() {
    is_explained(
        "a-silent-name-server",
        "failover/names",
        "names: a silent name server keeps clients out",
        &[],
    );
}

#[test]
fn an_instant_in_an_outage() {
    is_explained(
        "an-instant-in-an-outage",
        "lost-node",
        "",
        &["--group", "EVS3", "--at", "0:01:20"],
    );
}

#[test]
fn a_policy_decides() {
    is_explained(
        "a-policy-decides",
        "policies/policies",
        "keep the standby free: where only the kept node is left",
        &[],
    );
}

#[test]
fn preferences_that_were_set_on_the_way() {
    is_explained(
        "preferences-that-were-set-on-the-way",
        "failover/unplanned",
        "unplanned 8: a group that fails again",
        &["--group", "EVS1"],
    );
}

#[test]
fn the_periods_that_are_told_are_those_that_nodes_keep() {
    use quorate_node::bounds;
    use quorate_report::periods;
    let told = [
        periods::INTERFACE_SILENCE,
        periods::MEMBER_SILENCE,
        periods::REGROUP_GRACE,
        periods::TAKEOVER_MARGIN,
        periods::TAKEOVER_WAIT,
        periods::SERVICE_RESTART,
    ];
    let kept = [
        bounds::INTERFACE_SILENCE,
        bounds::MEMBER_SILENCE,
        bounds::REGROUP_GRACE,
        bounds::TAKEOVER_MARGIN,
        bounds::TAKEOVER_WAIT,
        bounds::SERVICE_RESTART,
    ];
    assert_eq!(told, kept);
}

#[test]
fn a_report_as_text() {
    let told = told("lost-node", "", &[]);
    let run = run(&["report", &told.path()]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    is_as_ever("a-report-as-text", &run.out);
    let widest = run.out.lines().map(|it| it.chars().count()).max();
    let timeline = run.out.lines().skip_while(|it| !it.is_empty());
    let drawn = timeline.take_while(|it| !it.starts_with("fault 1:"));
    assert!(
        drawn.clone().count() > 8 && drawn.clone().all(|it| it.len() <= 80),
        "{widest:?}"
    );
}

#[test]
fn two_runs_side_by_side() {
    let one = told("lost-node", "", &[]);
    let same = run(&["report", &one.path(), &one.path(), "--diff"]);
    assert_eq!(same.code, 0);
    assert!(
        same.out.contains("the same, event for event"),
        "{}",
        same.out
    );
    let other = told("lost-node", "", &["--seed", "8"]);
    let differ = run(&["report", &one.path(), &other.path(), "--diff"]);
    assert_eq!((differ.code, differ.err.as_str()), (0, ""));
    is_as_ever("two-runs-side-by-side", &differ.out);
}

#[test]
fn what_cannot_be_read_is_told_in_a_sentence() {
    let told = told("lost-node", "", &[]);
    let text = told.text();
    let refused = |args: &[&str], words: &[&str]| {
        let run: Run = run(args);
        assert_eq!((run.code, run.out.as_str()), (64, ""), "{}", run.err);
        for word in words {
            assert!(run.err.contains(word), "{word}: {}", run.err);
        }
    };
    for command in ["explain", "report"] {
        refused(
            &[command, "no-such.jsonl"],
            &["there is no file no-such.jsonl"],
        );
        refused(
            &[command, "scripts"],
            &["no journal (*.jsonl) in the folder"],
        );
        let empty = told.beside("empty.jsonl", b"");
        refused(&[command, &empty], &["is empty", "quorate drill --journal"]);
        let newer = text.replacen("quorate-journal/2", "quorate-journal/3", 1);
        let newer = told.beside("newer.jsonl", newer.as_bytes());
        refused(
            &[command, &newer],
            &["line 1", "quorate-journal/3", "quorate-journal/2"],
        );
        let spoilt = told.beside("spoilt.jsonl", text.replacen("\"t\":", "t:", 1).as_bytes());
        refused(&[command, &spoilt], &["line 2, column", "JSON"]);
        let path = told.path();
        refused(
            &[command, &path, "--group", "EVS9"],
            &["no group \"EVS9\"", "EVS3"],
        );
        refused(
            &[command, &path, "--drill", "standbi"],
            &["\"standbi\"", "standby"],
        );
    }
    let path = told.path();
    refused(
        &["explain", &path, "--at", "9:00:00"],
        &["9:00:00.000 is not in it"],
    );
    refused(
        &["explain", &path, "--at", "soon"],
        &["is no instant", "0:01:30.5"],
    );
    refused(
        &["report", &path, "--diff"],
        &["compares two journals, and one is named"],
    );
}

#[test]
fn a_journal_that_was_cut_short_is_told_as_far_as_it_goes() {
    let told = told("lost-node", "", &[]);
    let text = told.text();
    let whole = text.find("\"group-owner\"").expect("a takeover");
    let cut = told.beside("cut.jsonl", &text.as_bytes()[..whole]);
    let run = run(&["explain", &cut, "--group", "EVS3"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.err.contains("has no end") && run.err.contains("what stands before it is told"));
    assert!(run.out.contains("to the end of the run,"), "{}", run.out);
}

#[test]
fn a_journal_may_come_through_a_pipe() {
    let told = told("lost-node", "", &[]);
    let file = std::fs::File::open(&told.journal).expect("a journal");
    let piped = support::quorate()
        .args(["report", "-"])
        .stdin(file)
        .output()
        .expect("quorate runs");
    let named = run(&["report", &told.path()]);
    assert_eq!(String::from_utf8_lossy(&piped.stdout), named.out);
}

#[test]
fn of_several_drills_the_one_that_did_not_pass_is_explained() {
    let told = told("lost-node", "", &[]);
    let text = told.text();
    let failed = text.replace("\"verdict\":\"pass\"", "\"verdict\":\"fail\"");
    let failed = failed.replace("moves to the standby\"", "moves elsewhere\"");
    let both = told.beside("both.jsonl", format!("{text}{failed}").as_bytes());
    let chosen = run(&["explain", &both]);
    assert_eq!(chosen.code, 0, "{}", chosen.err);
    assert!(chosen.out.contains("moves elsewhere: fail") && chosen.err.contains("did not pass"));
    let twice = told.beside("twice.jsonl", format!("{text}{text}").as_bytes());
    let asked = run(&["explain", &twice]);
    assert_eq!(asked.code, 64);
    assert!(
        asked
            .err
            .contains("there are 2 drills in it; name one with --drill")
    );
}
