//! `quorate plugin check`: its results for good plugins, and for plugins with one fault each.

mod support;

#[path = "plugin_check/choice.rs"]
mod choice;
#[path = "plugin_check/faults.rs"]
mod faults;
#[path = "plugin_check/process.rs"]
mod process;
#[path = "plugin_check/providers.rs"]
mod providers;

use std::fs;

use serde_json::Value;
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
