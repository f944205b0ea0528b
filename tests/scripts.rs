//! Drill scripts that do not pass: their messages and exit statuses.

mod support;

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use support::{quorate, run, script};

/// Runs a script with one drill of this body.
fn drill(body: &str) -> support::Run {
    whole(&format!(
        "drill(\"a drill\", #{{ cluster: \"CLUSTERS/two-node-active-passive.ron\" }}, || {{\n{body}\n}});"
    ))
}

fn whole(text: &str) -> support::Run {
    let folder = tempfile::tempdir().expect("a folder");
    let file = script(folder.path(), "test.rhai", text);
    run(&["drill", &file])
}

#[track_caller]
fn says(text: &str, wanted: &[&str]) {
    for part in wanted {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

#[test]
fn an_unknown_function_is_found_before_anything_runs() {
    let run = drill("step(\"never reached\");\nnodde(\"NODE1\").crash();");
    assert_eq!(run.code, 64);
    says(
        &run.err,
        &[
            "unknown-function",
            "test.rhai:3:1",
            "nodde(\"NODE1\").crash();",
            "did you mean \"node\"?",
        ],
    );
    says(&run.out, &["no drill was run"]);
    assert!(!run.out.contains("never reached"), "{}", run.out);
}

#[test]
fn a_wrong_number_of_arguments_is_found_before_anything_runs() {
    let run = drill("eventually(|| true);");
    assert_eq!(run.code, 64);
    says(
        &run.err,
        &[
            "wrong-arity",
            "takes 2 or 3 arguments, and 1 is given",
            "eventually(condition, within)",
        ],
    );
}

#[test]
fn a_script_that_does_not_parse_is_told_with_its_place() {
    let run = whole("drill(\"x\", #{ cluster: 5 }, || {\n");
    assert_eq!(run.code, 64);
    says(&run.err, &["error[syntax]", "test.rhai:"]);
}

#[test]
fn what_cannot_be_run_is_in_the_summary_and_the_others_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = "drill(\"good\", #{ cluster: \"CLUSTERS/four-node.ron\" }, || { run(\"1s\"); expect(now() > \"1s\"); });";
    script(folder.path(), "a.rhai", good);
    script(folder.path(), "b.rhai", "nonsense();");
    script(folder.path(), "c.rhai", &good.replace("good", "as good"));
    std::fs::write(folder.path().join("d.rhai"), [0xff, 0xfe, 0]).expect("a file");
    let missing = folder.path().join("missing.rhai").display().to_string();
    let run = run(&["drill", &folder.path().display().to_string(), &missing]);
    assert_eq!(run.code, 64, "{}{}", run.out, run.err);
    let end = run.out.split_once("did not pass:").expect("a list").1;
    says(
        end,
        &[
            "b.rhai: 1 mistake; no drill was run",
            "d.rhai: ",
            "missing.rhai: ",
            "2 drills: 2 pass; 3 files with an error; ",
        ],
    );
}

#[test]
fn a_run_of_nothing_but_a_bad_file_has_a_summary_that_reads() {
    let run = whole("nonsense();");
    assert_eq!(run.code, 64);
    let last = run.out.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("0 drills; 1 file with an error; 0s of"),
        "{last}"
    );
}

#[test]
fn a_cluster_file_that_is_not_there_is_a_matter_of_usage() {
    let missing = whole("drill(\"a\", #{ cluster: \"no-such.ron\" }, || { run(\"1s\"); });");
    assert_eq!(missing.code, 64, "{}{}", missing.out, missing.err);
    says(&missing.out, &["no-such.ron", "1 drill: 1 error;"]);
    let outside = whole("cluster(\"no-such.ron\");");
    assert_eq!(outside.code, 64, "{}{}", outside.out, outside.err);
}

#[test]
fn what_failed_is_listed_again_at_the_end() {
    let run = whole(
        "for number in 0..3 { drill(`drill ${number}`, #{ cluster: \"CLUSTERS/two-node-active-passive.ron\" }, || {\n\
         expect(number == 2);\n}); }",
    );
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    let end = run.out.split_once("did not pass:").expect("a list").1;
    says(
        end,
        &[
            "fail  drill 0 (",
            "test.rhai:2:",
            "fail  drill 1",
            "3 drills: 1 pass, 2 fail;",
        ],
    );
    assert!(!end.contains("drill 2"), "{end}");
    assert_eq!(end.matches("repeat: quorate drill ").count(), 2, "{end}");
}

#[test]
fn a_brief_run_has_a_line_for_each_drill_that_passes() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = script(
        folder.path(),
        "test.rhai",
        "for number in 0..2 { drill(`drill ${number}`, #{ cluster: \"CLUSTERS/two-node-active-passive.ron\" }, || {\n\
         step(\"a step\"); run(\"1s\"); expect(now() > \"1s\");\n}); }",
    );
    let run = run(&["drill", "--brief", &file]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(run.out.lines().count(), 3, "{}", run.out);
    assert!(run.out.starts_with("  pass  drill 0 ("), "{}", run.out);
}

#[test]
fn a_failure_shows_line_caret_values_events_and_how_to_repeat_it() {
    let run = drill(
        "node(\"NODE1\").crash();\neventually(|| group(\"EVS1\").owner == \"NODE2\", \"5m\");\nexpect(outage(\"EVS1\") < 2.seconds);",
    );
    assert_eq!(run.code, 1);
    says(
        &run.out,
        &[
            "fail: this was expected to be true",
            "test.rhai:4:8",
            "expect(outage(\"EVS1\") < 2.seconds);\n",
            "       ^^^^^^",
            "= found: ",
            "= wanted: < 2s",
            "= last events:",
            "EVS1",
            "repeat: quorate drill ",
            "--seed 1 --filter 'a drill'",
            "1 drill: 1 fail;",
        ],
    );
}

#[test]
fn the_command_that_repeats_a_failure_repeats_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "drill(\"it's a drill\", #{ cluster: \"CLUSTERS/four-node.ron\", seed: 5 }, || { expect(now() < \"1s\"); });\n\
                drill(\"another\", #{ cluster: \"CLUSTERS/four-node.ron\" }, || { });";
    let first = run(&["drill", &script(folder.path(), "test.rhai", text)]);
    let line = first
        .out
        .lines()
        .find_map(|line| line.trim().strip_prefix("repeat: "))
        .expect("a command");
    let line = line.replacen("quorate", env!("CARGO_BIN_EXE_quorate"), 1);
    let again = Command::new("sh")
        .args(["-c", &line])
        .current_dir(support::root())
        .output()
        .expect("a shell");
    assert_eq!(again.status.code(), Some(1));
    let out = String::from_utf8_lossy(&again.stdout);
    let found = |out: &str| {
        out.lines()
            .find(|line| line.contains("found:"))
            .map(str::to_owned)
    };
    assert!(found(&out).is_some());
    assert_eq!(found(&out), found(&first.out));
    assert!(out.contains("1 fail, 1 skipped"), "{out}");
}

#[test]
fn a_drill_that_runs_out_of_time_is_unknown() {
    let run = whole(
        "drill(\"x\", #{ cluster: \"CLUSTERS/four-node.ron\", limit: \"1m\" }, || { run(\"1h\"); });",
    );
    assert_eq!(run.code, 2, "{}", run.out);
    says(&run.out, &["1 unknown"]);
}

#[test]
fn mistakes_while_a_drill_runs_are_errors_with_a_place() {
    let run = drill("node(\"NODE9\").crash();");
    assert_eq!(run.code, 1);
    says(
        &run.out,
        &[
            "no node \"NODE9\"",
            "did you mean",
            "test.rhai:2:1",
            "1 error",
        ],
    );
    let refused = drill("node(\"NODE2\").evict();");
    assert_eq!(refused.code, 1);
    says(&refused.out, &["5009"]);
}

#[test]
fn a_broken_cluster_file_is_shown_with_its_mistakes() {
    let folder = tempfile::tempdir().expect("a folder");
    let cluster = std::fs::read_to_string(support::root().join("scripts/clusters/four-node.ron"))
        .expect("a file")
        .replacen("role: Internal", "role: Internl", 1);
    std::fs::write(folder.path().join("broken.ron"), cluster).expect("a file");
    let text = "drill(\"x\", #{ cluster: \"broken.ron\" }, || { });";
    let run = run(&["drill", &script(folder.path(), "test.rhai", text)]);
    assert_eq!(run.code, 64);
    says(
        &run.out,
        &["broken.ron:", "Internl", "did you mean", "has mistakes"],
    );
}

#[test]
fn files_and_filters_that_match_nothing_are_a_matter_of_usage() {
    assert_eq!(run(&["drill", "no/such/file.rhai"]).code, 64);
    let none = run(&[
        "drill",
        "scripts/drills/lost-node.rhai",
        "--filter",
        "xyzzy",
    ]);
    assert_eq!(none.code, 64);
    says(&none.err, &["xyzzy"]);
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(
        run(&["drill", &folder.path().display().to_string()]).code,
        64
    );
}

#[test]
fn ctrl_c_ends_a_run_with_its_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "drill(\"endless\", #{ cluster: \"CLUSTERS/four-node.ron\" }, || {\n\
                step(\"begun\"); loop { run(\"100h\"); } });";
    let file = script(folder.path(), "test.rhai", text);
    let mut child = quorate()
        .args(["drill", &file])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    while !line.contains("begun") {
        line.clear();
        assert_ne!(
            out.read_line(&mut line).expect("a line"),
            0,
            "it ended before it had begun"
        );
    }
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill");
    assert!(kill.success());
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("the rest");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    says(&rest, &["interrupted", "of virtual time"]);
}
