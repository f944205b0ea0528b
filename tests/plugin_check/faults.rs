//! Plugins with a fault: each is named by the test that finds it.

use super::{bad, check, names, tests};

#[test]
fn a_panic_is_a_failed_call_and_contained() {
    let kind = "Bad Panic";
    names(
        "bad_panic",
        &[
            (kind, "life-online", "failed"),
            (kind, "contract-panics", "failed"),
        ],
        &["asked to panic in online; it was contained"],
    );
}

#[test]
fn a_null_write_is_a_crash_with_its_call_and_ends_one_test() {
    names(
        "bad_null",
        &[("Bad Null", "life-online", "crashed")],
        &["SIGSEGV in `online`"],
    );
}

#[test]
fn a_call_that_is_slow_is_told_from_one_that_does_not_return() {
    let why = |filter: &str| {
        let arguments = [
            "--filter",
            filter,
            "--time-limit",
            "5",
            "--type",
            "Bad Slow",
        ];
        let (_, results) = check("bad_slow", &arguments);
        let tests = tests(&results).clone();
        let test = tests.iter().find(|test| test["id"] == filter);
        let test = test.expect("the test");
        let text = |key: &str| test[key].as_str().expect("a text").to_owned();
        (text("verdict"), text("why"))
    };
    let (verdict, told) = why("contract-quick");
    assert_eq!(verdict, "warning", "{told}");
    // It sleeps for 350 ms; on a slow machine the call takes longer.
    let took = told.split_once("`looks_alive` took ").map(|(_, rest)| rest);
    let took = took.and_then(|rest| rest.split([' ', ',', ':']).next());
    let took = took.and_then(|took| took.parse::<quorate_drill::Span>().ok());
    let long = took.is_some_and(|took| took.0.as_millis() >= 350);
    assert!(long, "{took:?}: {told}");
    let (verdict, told) = why("life-hundred-cycles");
    assert_eq!(verdict, "failed", "{told}");
    assert!(told.contains("its calls return, too slowly"), "{told}");
    assert!(told.contains("see contract-quick"), "{told}");
}

#[test]
fn a_type_whose_checks_take_far_too_long_has_one_failure_which_names_the_call() {
    let arguments = [
        "--type",
        "Bad Far Too Slow",
        "--filter",
        "contract",
        // Long enough for a few calls of 1.2 s on a busy machine.
        "--time-limit",
        "6",
    ];
    let (run, results) = check("bad_slow", &arguments);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    let (found, why) = bad(&results);
    let found: Vec<_> = found.iter().map(|(_, id, _)| id.as_str()).collect();
    assert_eq!(found, ["contract-quick"], "{why}");
    assert!(why.contains("`is_alive` never took less than 1"), "{why}");
    let skipped = tests(&results)
        .iter()
        .filter(|test| test["verdict"] == "skipped");
    let told = skipped.filter(|test| test["why"].to_string().contains("see contract-quick"));
    assert!(told.count() > 1, "{}", run.out);
}

#[test]
fn a_hang_in_a_call_that_not_every_story_has_is_named_too() {
    for (kind, test, entry) in [
        (
            "TypeControl",
            "contract-unknown-type-control",
            "resource_type_control",
        ),
        ("Extension", "contract-unknown-extension", "get_extension"),
        ("Arbitrate", "arbitration-wins", "arbitrate"),
        ("Release", "arbitration-release", "release"),
    ] {
        let kind = format!("Bad Hang {kind}");
        let arguments = ["--type", &kind, "--filter", test, "--time-limit", "3"];
        let (run, results) = check("bad_hang", &arguments);
        assert_eq!(run.code, 1, "{}{}", run.out, run.err);
        let (_, lines) = bad(&results);
        let wanted = format!("`{entry}` did not return: the limit is 3s");
        assert_eq!(lines, wanted, "{kind}: {test}");
    }
}

#[test]
fn a_hang_is_named_by_the_call_that_did_not_return() {
    // One test that makes every call. Nothing here ends by itself, so the limit may be short.
    let (run, results) = check(
        "bad_hang",
        &["--filter", "contract-inside-entries", "--time-limit", "5"],
    );
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    let lines: Vec<String> = tests(&results)
        .iter()
        .filter(|test| test["verdict"] != "passed")
        .map(|test| format!("{}: {}", test["type"], test["why"]))
        .collect();
    let wanted = [
        ("Open", "open"),
        ("Close", "close"),
        ("Online", "online"),
        ("Offline", "offline"),
        ("Terminate", "terminate"),
        ("LooksAlive", "looks_alive"),
        ("IsAlive", "is_alive"),
        ("Work", "work"),
        ("Control", "resource_control"),
        ("LastError", "last_error"),
    ];
    let wanted = wanted.map(|(kind, entry)| {
        format!("\"Bad Hang {kind}\": \"`{entry}` did not return: the limit is 5s\"")
    });
    assert_eq!(lines, wanted);
}

#[test]
fn an_online_without_an_end_is_named_once_and_not_in_every_test() {
    names(
        "bad_never",
        &[
            ("Bad Never", "life-online", "failed"),
            ("Bad Never", "contract-pending", "failed"),
        ],
        &["`online` is pending for longer than PendingTimeout without getting on"],
    );
}

#[test]
fn a_report_after_close_and_a_second_end_are_named() {
    names(
        "bad_late",
        &[("Bad Late", "contract-silent-after-close", "failed")],
        &["1 reports on an instance that is closed"],
    );
    names(
        "bad_twice",
        &[("Bad Twice", "contract-completes-once", "failed")],
        &["the end of one `online` was reported 2 times"],
    );
}

#[test]
fn a_quorum_resource_that_leaves_no_time_to_defend_it_is_named() {
    let (run, results) = check("bad_hasty", &["--include", "arbitration-*"]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    let (found, lines) = bad(&results);
    let names: Vec<_> = found.iter().map(|(_, id, _)| id.as_str()).collect();
    assert!(names.contains(&"arbitration-times"), "{lines}");
    assert!(names.contains(&"arbitration-defends"), "{lines}");
}

#[test]
fn a_plugin_that_closes_what_is_not_its_own_is_named_once() {
    names(
        "bad_closes",
        &[("Bad Closes", "contract-descriptors", "failed")],
        &["it closed descriptors that are not its own (4 of 4 that the tester had open)"],
    );
}

#[test]
fn what_is_said_for_another_instance_is_named_as_that() {
    let kinds = ["Bad Other Line", "Bad Other Status"];
    let test = "contract-own-handle";
    names(
        "bad_other",
        &kinds.map(|kind| (kind, test, "failed")),
        &[
            "`is_alive` of `Tester 0` gave the line `all is well` under the handle of `Tester 1`",
            "`is_alive` of `Tester 0` gave a status under the handle of `Tester 1`",
        ],
    );
}

#[test]
fn each_leak_is_named() {
    names(
        "bad_leak",
        &[
            ("Bad Leak Descriptors", "life-leak-descriptors", "failed"),
            ("Bad Leak Threads", "life-leak-threads", "failed"),
            ("Bad Leak Threads", "contract-threads-declared", "failed"),
            ("Bad Leak Memory", "life-leak-memory", "failed"),
        ],
        &["50 file descriptors more", "50 threads more", "KiB a life"],
    );
}

#[test]
fn threads_that_are_declared_are_no_fault() {
    let (run, results) = check("bad_threads", &["--brief"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(bad(&results), (Vec::new(), String::new()));
    assert!(run.out.contains("PLUGIN_THREADS"), "{}", run.out);
}

#[test]
fn what_differs_from_run_to_run_is_named() {
    let kind = "Bad Chance";
    names(
        "bad_chance",
        &[
            (kind, "determinism-two-processes", "failed"),
            (kind, "determinism-one-process", "failed"),
        ],
        &["two processes differ: at line", "`online: 997, wait "],
    );
}
