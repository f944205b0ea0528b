//! Several libraries, and which tests of theirs.

use std::fs;

use serde_json::Value;

use super::tests;
use crate::support::{Run, finish, library, quorate};

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
