//! `quorate plugin check`: its results for good plugins, and for plugins with one fault each.

mod support;

use std::fs;
use std::process::Stdio;

use serde_json::Value;
use support::processes::{child_with, ends};
use support::{Run, finish, library, quorate, root, run};

/// Checks a library. Returns the run and its results.
fn check(name: &str, more: &[&str]) -> (Run, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("results.json");
    let run = finish(
        quorate()
            .args(["plugin", "check"])
            .arg(library(name))
            .arg("--json")
            .arg(&json)
            .args(more),
    );
    let text = fs::read_to_string(&json).expect("results");
    let results: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(results["schema"], "quorate-plugin-check/1");
    (run, results)
}

fn tests(results: &Value) -> &Vec<Value> {
    results["tests"].as_array().expect("tests")
}

/// The tests that failed or crashed (type, name and verdict), and all lines of their reasons.
fn bad(results: &Value) -> (Vec<(String, String, String)>, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let bad: Vec<_> = tests(results)
        .iter()
        .filter(|test| test["verdict"] == "failed" || test["verdict"] == "crashed")
        .collect();
    let names = bad
        .iter()
        .map(|test| {
            (
                text(&test["type"]),
                text(&test["id"]),
                text(&test["verdict"]),
            )
        })
        .collect();
    let lines: Vec<_> = bad.iter().map(|test| text(&test["why"])).collect();
    (names, lines.join("\n"))
}

/// Whether a test measures real time: on a slow machine it may warn.
fn by_the_clock(test: &Value) -> bool {
    test["id"] == "contract-quick" || test["id"] == "library-scan-time"
}

#[test]
fn the_shipped_plugins_have_nothing_failed() {
    for (name, types) in [
        ("clusres", 9),
        ("exres", 9),
        ("static_site", 1),
        ("witness", 1),
    ] {
        let (run, results) = check(name, &[]);
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        assert_eq!(bad(&results), (Vec::new(), String::new()));
        let warned = |test: &&Value| test["verdict"] == "warning" && !by_the_clock(test);
        assert_eq!(
            tests(&results).iter().filter(warned).count(),
            0,
            "{}",
            run.out
        );
        let mut kinds: Vec<_> = tests(&results).iter().map(|test| &test["type"]).collect();
        kinds.dedup();
        assert!(kinds.len() > types, "the library and each type: {kinds:?}");
        let mut ids: Vec<_> = tests(&results)
            .iter()
            .filter(|test| test["verdict"] == "passed")
            .map(|test| test["id"].to_string())
            .collect();
        ids.sort();
        ids.dedup();
        assert!(ids.len() >= 40, "only {} different tests pass", ids.len());
    }
}

/// The faults of a fixture: the tests that must fail, and texts in their reasons.
#[track_caller]
fn names(fixture: &str, wanted: &[(&str, &str, &str)], why: &[&str]) {
    let (run, results) = check(fixture, &["--brief"]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    let (found, lines) = bad(&results);
    let found: Vec<_> = found
        .iter()
        .map(|(kind, id, verdict)| (kind.as_str(), id.as_str(), verdict.as_str()))
        .collect();
    assert_eq!(found, wanted, "{fixture}:\n{lines}");
    for text in why {
        assert!(lines.contains(text), "{fixture}: no `{text}` in:\n{lines}");
    }
}

#[test]
fn a_library_that_cannot_be_loaded_is_named_by_the_field() {
    let failed = |id| [("", id, "failed")];
    names(
        "bad_magic",
        &failed("library-magic"),
        &["`magic` is 0x0badf00d"],
    );
    names(
        "bad_abi",
        &failed("library-abi-version"),
        &["is 0x200, expected 0x100"],
    );
}

#[test]
fn a_bad_table_is_named_by_what_it_lacks() {
    names(
        "bad_version",
        &[("Bad Version", "startup-table", "failed")],
        &["it offers 0x300"],
    );
    names(
        "bad_table",
        &[("Bad Table", "startup-table", "failed")],
        &["table field `size` is 32"],
    );
    names(
        "bad_entry",
        &[("Bad Entry", "startup-entries", "failed")],
        &["`is_alive` is NULL"],
    );
}

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
        "--time-limit",
        "3",
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
fn a_script_is_tested_whatever_else_is_where_plugins_are_looked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::copy(library("bad_load"), folder.path().join("libload.so")).expect("a copy");
    let mut command = quorate();
    command
        .args(["plugin", "check", "--filter", "life-alive"])
        .arg(root().join("scripts/resources/maintenance-flag.rhai"))
        .env("QUORATE_PLUGIN_PATH", folder.path())
        .env("BAD_LOAD", "crash initialiser");
    let run = finish(&mut command);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
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
fn a_file_that_is_no_plugin_fails_whatever_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = folder.path().join("libempty.so");
    fs::write(&empty, "").expect("a file");
    let empty = empty.to_str().expect("a name");
    for more in [&["--filter", "life"], &["--reproduce", "3"]] {
        let run = run(&[&["plugin", "check", empty], &more[..]].concat());
        assert_eq!(run.code, 1, "{}{}", run.out, run.err);
        assert!(run.out.contains("failed   library-entry"), "{}", run.out);
    }
}

#[test]
fn results_replace_nothing_that_the_command_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("libcopy.so");
    fs::copy(library("bad_magic"), &copy).expect("a copy");
    let results = folder.path().join("results").display().to_string();
    let copy = copy.to_str().expect("a name");
    for (json, junit) in [(&*results, copy), (copy, &*results), (&results, &results)] {
        let run = run(&["plugin", "check", copy, "--json", json, "--junit", junit]);
        assert_eq!(run.code, 64, "{}{}", run.out, run.err);
        assert!(
            run.err.contains("would replace another file"),
            "{}",
            run.err
        );
    }
    assert!(fs::read(copy).expect("a copy") == fs::read(library("bad_magic")).expect("it"));
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
fn a_type_that_lives_by_a_heartbeat_has_its_time_beside_another() {
    for kind in ["Sound Beat", "Sound Fast Beat"] {
        let (run, results) = check("bad_sound", &["--type", kind]);
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        let passed = |id: &str| {
            let test = tests(&results).iter().find(|test| test["id"] == id);
            test.is_some_and(|test| test["verdict"] == "passed")
        };
        for id in ["life-alive", "life-two-instances", "random-healthy"] {
            assert!(passed(id), "{kind}: {id}: {}", run.out);
        }
    }
}

#[test]
fn a_type_gets_a_provider_of_any_type_that_a_library_has() {
    for kind in ["Service", "Attendant", "Sibling"] {
        let kind = format!("Sound Above {kind}");
        let (run, results) = check("bad_sound", &["--type", &kind]);
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        let of = |verdict: &str| {
            let all = tests(&results).iter();
            all.filter(|test| test["verdict"] == verdict).count()
        };
        assert_eq!(of("unknown"), 0, "{}", run.out);
        assert!(of("passed") > 40, "{}", run.out);
    }
}

#[test]
fn providers_have_the_values_that_they_are_given() {
    let folder = tempfile::tempdir().expect("a folder");
    let values = folder.path().join("values.json");
    let ran = |given: &str| {
        fs::write(&values, given).expect("values");
        let path = values.to_str().expect("a name");
        let only = ["--type", "Sound Above Service", "--filter", "life-online"];
        let mut command = quorate();
        command.args(["plugin", "check", "--properties", path]);
        finish(command.args(only).arg(library("bad_sound")))
    };
    let above = "\"Sound Above Service\": { \"Wants\": \"db\" }";
    let run = ran(&format!("{{ {above} }}"));
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    let run = ran(&format!(
        "{{ {above}, \"Generic Service\": {{ \"ServiceName\": \"db\" }} }}"
    ));
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let run = ran(&format!(
        "{{ {above}, \"Generic Service\": {{ \"ServiceNome\": \"db\" }} }}"
    ));
    assert_eq!(run.code, 64, "{}{}", run.out, run.err);
    assert!(
        run.err.contains("did you mean `ServiceName`"),
        "{}",
        run.err
    );
}

#[test]
fn a_provider_that_is_nowhere_is_the_testers_lack_and_not_the_authors() {
    let late = ["--type", "Sound Above Late"];
    let (run, results) = check("bad_sound", &late);
    assert_eq!(run.code, 2, "{}{}", run.out, run.err);
    assert_eq!(bad(&results), (Vec::new(), String::new()));
    let why = "it asks for a provider of type `Bad Late`, and no library that is loaded here has that type";
    assert!(run.out.contains(why), "{}", run.out);
    assert!(run.out.contains("with --plugin-dir"), "{}", run.out);
    assert!(run.out.contains(" 1 unknown, "), "{}", run.out);

    let folder = tempfile::tempdir().expect("a folder");
    fs::copy(library("bad_late"), folder.path().join("liblate.so")).expect("a copy");
    let folder = folder.path().to_str().expect("a name");
    let (run, _) = check(
        "bad_sound",
        &[&late[..], &["--plugin-dir", folder]].concat(),
    );
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
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

/// Checks with these arguments, in a folder with files of this text.
fn check_in(files: &[(&str, &str)], arguments: &[&str]) -> (Run, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a folder").keep();
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("a file");
    }
    let mut command = quorate();
    command.current_dir(&folder).args(["plugin", "check"]);
    (finish(command.args(arguments)), folder)
}

#[test]
fn several_libraries_are_checked_at_once_and_told_apart() {
    let (one, other) = (library("bad_null"), library("bad_panic"));
    let (one, other) = (
        one.to_str().expect("a name"),
        other.to_str().expect("a name"),
    );
    let arguments = [
        one,
        other,
        "--include",
        "life-o*",
        "--exclude",
        "life-offline*",
        "--json",
        "all.json",
        "--junit",
        "all.xml",
    ];
    let (run, folder) = check_in(&[], &arguments);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    let text = fs::read_to_string(folder.join("all.json")).expect("results");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(all["schema"], "quorate-plugin-checks/1");
    let libraries = all["libraries"].as_array().expect("libraries");
    let plugins: Vec<_> = libraries.iter().map(|it| it["plugin"].as_str()).collect();
    assert_eq!(plugins, [Some("bad-null"), Some("bad-panic")]);
    for it in libraries {
        let ids: Vec<_> = tests(it).iter().map(|test| test["id"].as_str()).collect();
        let wanted = [
            "life-open-close",
            "life-open-leaves-offline",
            "life-online",
            "life-online-twice",
        ];
        assert_eq!(ids, wanted.map(Some));
    }
    assert!(run.out.contains("2 libraries, 8 tests: "), "{}", run.out);
    let junit = fs::read_to_string(folder.join("all.xml")).expect("results");
    assert!(
        junit.contains("bad-null: Bad Null") && junit.contains("bad-panic: Bad Panic"),
        "{junit}"
    );
    fs::remove_dir_all(folder).expect("the folder");
}

#[test]
fn known_failures_are_none_and_one_that_passes_is() {
    let panic = library("bad_panic");
    let panic = panic.to_str().expect("a name");
    let list = "# ticket 7\nBad Panic: life-online # it panics\ncontract-panics\n";
    let config = format!(
        r#"{{ "files": ["{panic}"], "known_failures": "known.txt", "exclude": ["library-*"], "time_limit": 30 }}"#
    );
    let files = [("known.txt", list), ("check.json", &*config)];
    let (run, folder) = check_in(&files, &["--config", "check.json", "--brief"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("known    life-online"), "{}", run.out);
    assert!(
        run.out.contains(" 0 failed, 0 crashed, 2 known, "),
        "{}",
        run.out
    );
    fs::remove_dir_all(folder).expect("the folder");

    let stale = "Bad Panic: life-open-close # it did not open\n";
    let arguments = [
        panic,
        "--known-failures",
        "known.txt",
        "--include",
        "life-open-close",
    ];
    let (run, folder) = check_in(&[("known.txt", stale)], &arguments);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.out.contains("take it out there"), "{}", run.out);
    fs::remove_dir_all(folder).expect("the folder");
}

#[test]
fn what_a_list_a_pattern_or_a_config_names_and_there_is_not_is_told() {
    let panic = library("bad_panic");
    let panic = panic.to_str().expect("a name");
    let known = ["--known-failures", "known.txt"];
    for (files, arguments, why) in [
        (
            vec![("known.txt", "life-onlin")],
            [&[panic][..], &known].concat(),
            "known.txt: line 1: no test",
        ),
        (
            vec![("known.txt", "Bad Panik: life-online")],
            [&[panic][..], &known].concat(),
            "did you mean `Bad Panic`?",
        ),
        (
            vec![],
            vec![panic, "--include", "live-online"],
            "did you mean `life-online`?",
        ),
        (vec![], vec![panic, panic], "is named twice"),
        (
            vec![("c.json", "{ \"file\": [] }")],
            vec!["--config", "c.json"],
            "did you mean `files`?",
        ),
        (
            vec![("c.json", "{}")],
            vec!["--config", "c.json"],
            "names a library",
        ),
    ] {
        let (run, folder) = check_in(&files, &arguments);
        assert_eq!(run.code, 64, "{arguments:?}: {}{}", run.out, run.err);
        assert!(run.err.contains(why), "{why}: {}", run.err);
        fs::remove_dir_all(folder).expect("the folder");
    }
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

#[test]
fn results_are_written_for_machines_and_repeat() {
    let folder = tempfile::tempdir().expect("a folder");
    let junit = folder.path().join("results.xml");
    let path = junit.display().to_string();
    let (_, results) = check("bad_twice", &["--junit", &path, "--filter", "contract-"]);
    let xml = fs::read_to_string(&junit).expect("results");
    for wanted in [
        "<testsuites name=\"bad-twice\"",
        "<testsuite name=\"Bad Twice\"",
        "<testcase name=\"contract-completes-once\" classname=\"Bad Twice\"",
        "<failure message=",
        "<skipped message=",
    ] {
        assert!(xml.contains(wanted), "no {wanted} in:\n{xml}");
    }
    let (_, again) = check("bad_twice", &["--filter", "contract-"]);
    let verdicts = |results: &Value| -> Vec<(String, String)> {
        let all = tests(results).iter();
        all.map(|test| (test["id"].to_string(), test["verdict"].to_string()))
            .collect()
    };
    assert_eq!(verdicts(&results), verdicts(&again));
}

#[test]
fn a_random_sequence_is_shown_again_by_its_seed() {
    let library = library("clusres").display().to_string();
    let show = |seed: &str| {
        run(&[
            "plugin",
            "check",
            &library,
            "--type",
            "Physical Disk",
            "--reproduce",
            seed,
        ])
    };
    let one = show("17");
    assert_eq!(one.code, 0, "{}{}", one.out, one.err);
    assert!(one.out.contains("2 tests: 2 passed"), "{}", one.out);
    assert!(
        one.out.contains(" ms, Tester 0: open") && one.out.contains("mount disk `Disk T0:`"),
        "{}",
        one.out
    );
    assert_eq!(one.out, show("17").out);
    assert_ne!(one.out, show("18").out);
}

#[test]
fn properties_are_the_author_s_where_there_is_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let values = folder.path().join("values.json");
    let path = values.display().to_string();
    fs::write(&values, r#"{"Bad Panic": {"In": "is_alive"}}"#).expect("a file");
    let (_, results) = check("bad_panic", &["--properties", &path]);
    let (found, lines) = bad(&results);
    assert!(lines.contains("asked to panic in is_alive"), "{lines}");
    assert!(!lines.contains("asked to panic in online"), "{lines}");
    assert!(
        found.iter().any(|(_, id, _)| id == "life-alive"),
        "{found:?}"
    );
    let library = library("bad_panic").display().to_string();
    for (given, why) in [
        (
            r#""Inn": "is_alive""#,
            "has no property `Inn`; did you mean `In`?",
        ),
        (r#""In": 7"#, "`In` is 7, but takes a text"),
    ] {
        fs::write(&values, format!(r#"{{"Bad Panic": {{{given}}}}}"#)).expect("a file");
        let refused = run(&["plugin", "check", &library, "--properties", &path]);
        assert_eq!(refused.code, 64, "{}", refused.out);
        assert!(refused.err.contains(why), "{why}: {}", refused.err);
    }
}

#[test]
fn a_script_is_tested_as_what_its_type_runs() {
    for name in ["web-server", "heartbeat-file", "maintenance-flag"] {
        let script = format!("scripts/resources/{name}.rhai");
        let run = run(&["plugin", "check", &script, "--brief"]);
        assert_eq!(run.code, 0, "{name}: {}{}", run.out, run.err);
        assert!(run.out.contains(" 0 failed, 0 crashed"), "{}", run.out);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("hopeful.rhai");
    fs::write(
        &script,
        "fn online() { let web = service(\"httpd\"); web.start() }\nfn is_alive() { true }\n",
    )
    .expect("a script");
    let path = script.display().to_string();
    let hopeful = run(&["plugin", "check", &path, "--brief", "--filter", "life-"]);
    assert_eq!(hopeful.code, 1, "{}{}", hopeful.out, hopeful.err);
    assert!(hopeful.out.contains("life-dead"), "{}", hopeful.out);
    // What keeps a type from going online is reported once, not by every test that needs it online.
    fs::write(&script, "fn online() { }\n").expect("a script");
    let lifeless = run(&["plugin", "check", &path, "--filter", "life-"]);
    assert_eq!(lifeless.code, 1, "{}{}", lifeless.out, lifeless.err);
    let told = lifeless
        .out
        .matches("there is no function is_alive")
        .count();
    assert_eq!(told, 1, "{}", lifeless.out);
    let alone = run(&["plugin", "check", &path, "--filter", "life-dead"]);
    assert!(alone.out.contains("no function is_alive"), "{}", alone.out);
    let refused = run(&["plugin", "check", &path, "--type", "IP Address"]);
    assert_eq!(refused.code, 64, "{}{}", refused.out, refused.err);
}

#[test]
fn what_cannot_be_checked_is_refused_with_a_reason() {
    let library = library("clusres").display().to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let latin = folder.path().join("latin.rhai");
    fs::write(
        &latin,
        b"fn is_alive() { true }\n// \xc3\xa9t\xc3\xa9\xe9\n",
    )
    .expect("a script");
    let latin = latin.display().to_string();
    for (arguments, reason) in [
        (vec!["nowhere.so"], "there is no such file"),
        (vec!["."], ".: this is a folder; name the library"),
        (
            vec![&latin],
            "latin.rhai:2:7: this is not UTF-8 (byte 0xe9); save",
        ),
        (
            vec![&library, "--json", "nowhere/results.json"],
            "nowhere/results.json: results cannot be written there: ",
        ),
        (
            vec![&library, "--junit", "."],
            ".: results cannot be written there: ",
        ),
        (vec![&library, "--filter", "no-such-test"], "--list shows"),
        (vec![&library, "--type", "Fysical Disk"], "`Physical Disk`"),
        (
            vec![&library, "--properties", "nowhere.json"],
            "nowhere.json",
        ),
        (vec![], "required"),
    ] {
        let run = run(&[&["plugin", "check"], arguments.as_slice()].concat());
        assert_eq!(run.code, 64, "{arguments:?}: {}{}", run.out, run.err);
        assert!(run.err.contains(reason), "{arguments:?}: {}", run.err);
    }
    let manifest = root().join("Cargo.toml").display().to_string();
    let no_library = run(&["plugin", "check", &manifest, "--brief"]);
    assert_eq!(no_library.code, 1, "{}", no_library.err);
    assert!(
        no_library.out.contains("library-entry") && no_library.out.contains("not a Quorate plugin"),
        "{}",
        no_library.out
    );
}

#[test]
fn the_document_lists_the_tests_as_the_program_does() {
    let list = run(&["plugin", "check", "--list"]);
    assert_eq!(list.code, 0, "{}", list.err);
    let listed: Vec<String> = list
        .out
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_once("  "))
        .map(|(id, about)| format!("| `{id}` | {} |", about.trim()))
        .collect();
    assert!(listed.len() >= 40, "{} tests", listed.len());
    let text = fs::read_to_string(root().join("docs/plugins.md")).expect("the document");
    let heads = [
        "library-",
        "startup-",
        "life-",
        "contract-",
        "arbitration-",
        "determinism-",
        "random-",
    ];
    let documented: Vec<&str> = text
        .lines()
        .filter(|line| {
            heads
                .iter()
                .any(|head| line.starts_with(&format!("| `{head}")))
        })
        .collect();
    assert_eq!(documented, listed);
}
