//! Suites as an author's own tests run them: each test of a suite is this program again, in a process of its own.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::time::Duration;

use quorate_conformance::{Report, Suite, SuiteError, Value, Verdict};

/// The library of a fixture, which cargo builds beside this test.
fn library(name: &str) -> PathBuf {
    let program = std::env::current_exe().unwrap();
    program.with_file_name(format!("libquorate_{name}.so"))
}

/// The findings of a report that did not pass, as lines.
fn told(report: &Report) -> Vec<String> {
    let text = report.to_string();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_sound_type_passes_with_providers_of_another_library_and_values_for_them() {
    Suite::of_package("quorate-bad-sound")
        .of_type("Sound Above Service")
        .of_type("Sound Beat")
        .include("life-*")
        .include("determinism")
        .exclude("life-leak-*")
        .exclude("life-hundred-cycles")
        .value(
            "Generic Service",
            "ServiceName",
            Value::Text("db".to_owned()),
        )
        .value("Sound Above Service", "Wants", Value::Text("db".to_owned()))
        .assert();
}

#[test]
fn what_crashes_is_named_with_its_call_and_takes_no_other_test_along() {
    let report = Suite::of_file(library("bad_null"))
        .include("life-*")
        .run()
        .unwrap();
    assert!(!report.is_sound());
    let lines = told(&report);
    assert!(
        lines[0].starts_with("crashed Bad Null: life-online: SIGSEGV")
            && lines[0].ends_with("in `online`"),
        "{lines:?}"
    );
    assert_eq!(report.count(Verdict::Crashed), 1, "{lines:?}");
    assert!(report.count(Verdict::Passed) >= 2, "{lines:?}");
}

#[test]
fn a_call_that_does_not_return_is_named() {
    let report = Suite::of_file(library("bad_hang"))
        .of_type("Bad Hang IsAlive")
        .include("life-alive")
        .time_limit(Duration::from_secs(2))
        .run()
        .unwrap();
    let lines = told(&report);
    let wanted = "failed Bad Hang IsAlive: life-alive: `is_alive` did not return: the limit is 2s";
    assert_eq!(lines[0], wanted);
}

#[test]
fn calls_that_return_too_slowly_are_not_called_hung() {
    let report = Suite::of_file(library("bad_slow"))
        .of_type("Bad Slow")
        .include("life-hundred-cycles")
        .time_limit(Duration::from_secs(8))
        .run()
        .unwrap();
    let lines = told(&report);
    let wanted =
        "failed Bad Slow: life-hundred-cycles: not done within 8s: its calls return, too slowly";
    assert!(lines[0].starts_with(wanted), "{lines:?}");
}

#[test]
fn a_program_is_sent_to_the_command_that_tests_it() {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/examples");
    let program = examples.join("python-file-server/quorate-plugin-python-file-server");
    let why = Suite::of_file(program).run().unwrap_err().to_string();
    assert!(why.contains("use `quorate plugin check`"), "{why}");
}

#[test]
fn a_known_failure_is_none_until_it_passes() {
    let suite = Suite::of_file(library("bad_panic"))
        .include("life-online")
        .include("life-open-close");
    suite
        .known_failure("Bad Panic", "life-online", "it panics")
        .assert();
}

#[test]
fn a_known_failure_that_passes_is_told() {
    let report = Suite::of_file(library("bad_panic"))
        .include("life-open-close")
        .known_failure("Bad Panic", "life-open-close", "it did not open")
        .run()
        .unwrap();
    assert!(!report.is_sound());
    assert!(told(&report)[0].contains("take it out"), "{report}");
}

#[test]
fn what_there_is_not_is_named_and_nothing_runs() {
    let error = Suite::of_file("libnowhere.so").run().unwrap_err();
    assert_eq!(error, SuiteError::NoFile("libnowhere.so".into()));
    let wrong = |suite: Suite| suite.run().unwrap_err().to_string();
    let sound = || Suite::of_file(library("bad_sound"));
    let why = wrong(sound().include("life-onlin"));
    assert!(why.contains("did you mean `life-online`?"), "{why}");
    let why = wrong(sound().known_failure("Sound Beat", "life-ded", ""));
    assert!(why.contains("did you mean `life-dead`?"), "{why}");
}

#[test]
fn a_type_that_there_is_not_is_named() {
    let error = Suite::of_file(library("bad_sound"))
        .of_type("Sound Beet")
        .run();
    let why = error.unwrap_err().to_string();
    assert!(
        why.contains("no type `Sound Beet`") && why.contains("`Sound Beat`"),
        "{why}"
    );
}
