//! What a plugin does to its process, and what becomes of it.

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use super::{bad, by_the_clock, check, names, tests};
use crate::support::processes::{child_with, ends};
use crate::support::{finish, library, quorate};

#[test]
fn what_a_plugin_does_to_the_process_it_shares_is_named() {
    let (run, results) = check("bad_habits", &["--filter", "contract-"]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let told = tests(&results).iter().filter(|test| {
        !matches!(test["verdict"].as_str(), Some("passed" | "skipped")) && !by_the_clock(test)
    });
    let told: Vec<_> = told
        .map(|test| (text(&test["type"]), text(&test["id"]), text(&test["why"])))
        .collect();
    let wanted = [
        (
            "Bad Rounding",
            "contract-floating-point",
            "`online` changes the rounding, the traps",
        ),
        (
            "Bad Traps",
            "contract-floating-point",
            "`looks_alive` changes the rounding, the traps",
        ),
        (
            "Bad Mask",
            "contract-signals",
            "`online` changes the signals that the thread blocks",
        ),
        (
            "Bad Handler",
            "contract-signals",
            "`online` changes what the process does at SIGINT",
        ),
        (
            "Bad Handler Later",
            "contract-signals",
            "`is_alive` changes what the process does at SIGINT",
        ),
        (
            "Bad Alarm",
            "contract-timers",
            "`online` changes a timer, which sends SIGALRM",
        ),
        ("Bad Umask", "contract-limits", "`online` changes the umask"),
        (
            "Bad Limit",
            "contract-limits",
            "`online` changes the limit RLIMIT_",
        ),
        (
            "Bad Locale",
            "contract-locale",
            "`online` changes the locale",
        ),
        (
            "Bad Print",
            "contract-output",
            "it prints `online, says the plugin`",
        ),
        ("Bad File", "contract-files", "it writes 21 bytes by itself"),
    ];
    let named: Vec<_> = told
        .iter()
        .map(|(kind, id, _)| (kind.as_str(), id.as_str()))
        .collect();
    assert_eq!(named, wanted.map(|(kind, id, _)| (kind, id)), "{told:#?}");
    for ((kind, _, why), (_, _, wanted)) in told.iter().zip(wanted) {
        assert!(why.contains(wanted), "{kind}: {why}");
    }
}

#[test]
fn what_becomes_of_the_process_after_the_test_counts_and_is_blamed_on_no_call() {
    for (how, why) in [
        ("crash", "SIGSEGV at the end of the process, after the test"),
        (
            "hang",
            "the process did not end: the limit is 3s, after the test",
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let json = folder.path().join("results.json");
        let mut command = quorate();
        command
            .args([
                "plugin",
                "check",
                "--filter",
                "life-alive",
                "--time-limit",
                "3",
            ])
            .arg("--json")
            .arg(&json)
            .arg(library("bad_load"))
            .env("BAD_LOAD", format!("{how} finaliser"));
        let run = finish(&mut command);
        assert_eq!(run.code, 1, "{}{}", run.out, run.err);
        let results = fs::read_to_string(&json).expect("results");
        let (found, lines) = bad(&serde_json::from_str(&results).expect("JSON"));
        let wanted = ["Bad Load", "life-alive", "crashed"].map(str::to_owned);
        assert_eq!(found, [wanted.into()]);
        assert_eq!(lines, why);
    }
}

#[test]
fn a_library_that_dies_while_it_is_loaded_is_told_where_its_types_are_asked_for() {
    let mut command = quorate();
    command
        .args(["plugin", "check", "--type", "Bad Load"])
        .arg(library("bad_load"))
        .env("BAD_LOAD", "crash initialiser");
    let run = finish(&mut command);
    assert_eq!(run.code, 64, "{}{}", run.out, run.err);
    let wanted = "does not say whether it has a type `Bad Load`: its process died while it was loaded: SIGSEGV";
    assert!(run.err.contains(wanted), "{}", run.err);
}

#[test]
fn what_a_plugin_has_started_ends_with_the_test() {
    let started = tempfile::NamedTempFile::new().expect("a file");
    let mut command = quorate();
    command
        .args(["plugin", "check", "--filter", "life-alive"])
        .arg(library("bad_load"))
        .env("BAD_LOAD", "leave startup")
        .env("BAD_LOAD_FILE", started.path());
    let run = finish(&mut command);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let started = fs::read_to_string(started.path()).expect("a file");
    assert_eq!(started.lines().count(), 1, "{started}");
    for line in started.lines() {
        ends(line.parse().expect("a number"));
    }
}

#[test]
fn a_test_whose_tester_is_gone_already_does_not_begin() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |tester: u32| {
        let mut command = quorate();
        command
            .args(["plugin", "run-test", "--report"])
            .arg(folder.path().join("report"))
            .arg(library("bad_late"))
            .env("QUORATE_PARENT", tester.to_string());
        finish(&mut command).code
    };
    assert_eq!(run(std::process::id()), 0);
    // It was killed, and so has no status.
    assert_eq!(run(1), -1);
}

#[test]
fn a_test_ends_with_the_tester_that_is_killed() {
    let mut tester = quorate()
        .args([
            "plugin",
            "check",
            "--time-limit",
            "3600",
            "--filter",
            "startup-table",
        ])
        .arg(library("bad_load"))
        .env("BAD_LOAD", "hang startup")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let test = child_with(tester.id(), "startup-table");
    tester.kill().expect("a tester");
    tester.wait().expect("a tester");
    ends(test);
}

#[test]
fn an_end_of_the_process_is_no_success() {
    names(
        "bad_quit",
        &[("Bad Quit", "life-alive", "crashed")],
        &["exit with status 0 in `is_alive`"],
    );
}

#[test]
fn what_is_done_to_the_process_is_named() {
    names(
        "bad_place",
        &[
            ("Bad Place Directory", "contract-process", "failed"),
            ("Bad Place Environment", "contract-process", "failed"),
        ],
        &[
            "the working directory is / afterwards",
            "the variable QUORATE_BAD_PLACE",
        ],
    );
    let (_, results) = check(
        "bad_place",
        &["--type", "Bad Place Program", "--filter", "process"],
    );
    let why = &tests(&results)[0]["why"];
    assert_eq!(tests(&results)[0]["verdict"], "warning", "{why}");
    assert!(
        why.to_string()
            .contains("programs that it started itself still run"),
        "{why}"
    );
}
