//! Policy scripts: the drills that use them, and the findings of `quorate check`.

mod support;

use std::fs;

use support::{root, run, run_with};

#[track_caller]
fn passes(file: &str, drills: usize) {
    support::passes(&format!("policies/{file}"), drills);
}

#[test]
fn the_shipped_policies_decide() {
    passes("policies", 6);
}

#[test]
fn a_policy_that_fails_falls_back_to_the_built_in_decision() {
    passes("fallbacks", 7);
}

#[test]
fn every_drill_on_policies_is_run_here() {
    let folder = root().join("scripts/drills/policies");
    for entry in fs::read_dir(folder).expect("the drills") {
        let path = entry.expect("a file").path();
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        assert!(["policies", "fallbacks"].contains(&name.as_str()), "{name}");
    }
}

#[test]
fn the_same_run_twice_gives_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = |name: &str| {
        let file = folder.path().join(name).display().to_string();
        let script = "scripts/drills/policies/policies.rhai";
        let filter = "keep the standby free";
        let run = run(&["drill", script, "--filter", filter, "--journal", &file]);
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        fs::read(file).expect("a journal")
    };
    let first = journal("first");
    let text = String::from_utf8(first.clone()).expect("text");
    assert!(text.contains("\"kind\":\"policy\""));
    assert!(first == journal("second"), "two runs differ");
}

/// Checks a policy script and expects these texts in the findings.
#[track_caller]
fn checked(text: &str, wanted: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("policies");
    fs::create_dir(&path).expect("a folder");
    let file = path.join("test.rhai").display().to_string();
    fs::write(&file, text).expect("a script");
    let run = run(&["check", &file]);
    assert_eq!(
        run.code,
        i32::from(!wanted.is_empty()),
        "{}{}",
        run.out,
        run.err
    );
    for part in wanted {
        assert!(run.out.contains(part), "no {part:?} in:\n{}", run.out);
    }
}

#[test]
fn check_finds_the_mistakes_of_a_policy() {
    checked("fn choose_owner(group, candidates) { candidates[0] }", &[]);
    checked(
        "fn choose_onwer(group, candidates) { candidates[0] }",
        &[
            "no-policy-function",
            "test.rhai:1:4",
            "did you mean \"choose_owner\"?",
        ],
    );
    checked(
        "fn rank(node) { 1 }",
        &[
            "no-policy-function",
            "fn on_resource_failed(resource, failure)",
        ],
    );
    checked(
        "fn choose_owner(group) { () }",
        &[
            "wrong-arity",
            "called with 2 arguments, and takes 1",
            "fn choose_owner(group, candidates)",
        ],
    );
    checked(
        "fn choose_owner(group, candidates) {\n    if group.cuase == \"Failback\" { return stay(); }\n}",
        &[
            "unknown-field",
            "test.rhai:2:14",
            "a group has no field \"cuase\"",
            "\"cause\"",
        ],
    );
    checked(
        "fn choose_owner(group, candidates) {\n    candidates.filter(|it| it.laod > 3)[0]\n}",
        &["unknown-field", "\"laod\"", "did you mean \"load\"?"],
    );
    checked(
        "fn on_resource_failed(resource, failure) { wiat(\"5m\") }",
        &["unknown-function", "did you mean \"wait\"?"],
    );
    checked(
        "fn on_resource_failed(resource, failure) { wait() }",
        &["wrong-arity", "wait(duration)"],
    );
    checked(
        "fn choose_owner(group, candidates) { candidate[0] }",
        &["unknown-variable", "did you mean \"candidates\"?"],
    );
    // Words that drills have and policies do not.
    for word in [
        "node(\"NODE1\").crash()",
        "timestamp()",
        "rand()",
        "sleep(1)",
    ] {
        checked(
            &format!("fn choose_owner(group, candidates) {{ {word}; () }}"),
            &["unknown-"],
        );
    }
    // Attributes belong to the cluster file, and the fields of a script's own maps to the script.
    checked(
        "fn choose_owner(group, candidates) {\n    let best = #{ rank: 1 };\n    if group.attributes.tier == best.rank { stay() }\n}",
        &[],
    );
}

#[test]
fn a_cluster_file_that_names_a_missing_or_broken_policy_is_told_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let sound =
        fs::read_to_string(root().join("scripts/clusters/five-node-racks.ron")).expect("it");
    let file = folder.path().join("cluster.ron");
    let line = sound
        .lines()
        .position(|line| line.contains("policy: "))
        .expect("a policy")
        + 1;
    for (policy, wanted) in [
        (
            "gone.rhai".to_owned(),
            [
                "policy-unreadable",
                "\"gone.rhai\" cannot be read",
                "relative to the cluster file",
            ],
        ),
        (
            root()
                .join("tests/policies/broken.rhai")
                .display()
                .to_string(),
            ["policy-broken", "has mistakes", "broken.rhai:3:16"],
        ),
    ] {
        let text = sound.replace("../policies/least-loaded.rhai", &policy);
        fs::write(&file, text).expect("a cluster file");
        let path = file.display().to_string();
        let run = run(&["check", &path]);
        assert_eq!(run.code, 1, "{}", run.out);
        assert!(
            run.out.contains(&format!("cluster.ron:{line}:13")),
            "{}",
            run.out
        );
        for part in wanted {
            assert!(run.out.contains(part), "no {part:?} in:\n{}", run.out);
        }
        // The cluster does not open with it, either.
        let drill = support::script(
            folder.path(),
            "test.rhai",
            "drill(\"x\", #{ cluster: \"cluster.ron\" }, || { run(\"1s\"); });",
        );
        let run = support::run(&["drill", &drill]);
        assert_ne!(run.code, 0);
        assert!((run.out + &run.err).contains(wanted[0]));
    }
}

#[test]
fn a_policy_is_set_and_read_in_the_console() {
    let run = run_with(
        &["repl", "scripts/clusters/five-node-racks.ron"],
        "policy()\n\
         group(\"Orders\").set_policy(\"scripts/policies/quiet-hours.rhai\")\n\
         group(\"Orders\").policy\n\
         set_policy(())\n\
         policy()\n\
         :doc set_policy\n\
         group(\"Orders\").set(\"Policy\", \"tests/policies/broken.rhai\")\n",
    );
    for part in [
        "\"../policies/least-loaded.rhai\"",
        "\"scripts/policies/quiet-hours.rhai\"",
        "has mistakes, and nothing was changed [policy-broken]",
        "relative to the drill",
    ] {
        let all = format!("{}{}", run.out, run.err);
        assert!(all.contains(part), "no {part:?} in:\n{all}");
    }
    let run = run_with(
        &["repl", "scripts/clusters/five-node-racks.ron"],
        "set_policy(\"tests/policies/nowhere.rhai\")\n",
    );
    assert!(run.err.contains("[policy-unreadable]"), "{}", run.err);
}
