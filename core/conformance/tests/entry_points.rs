//! The crate as a plugin's own tests use it: the types of a library, the tests that apply, and one test of a type.
#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::env;
use std::path::PathBuf;

use quorate_conformance::{Case, Outcome, Settings, Verdict, describe, run, tests};

/// The path of a library, by its crate's name. Cargo builds it beside this test, as a dev-dependency.
fn library(name: &str) -> PathBuf {
    let deps = env::current_exe().unwrap().parent().unwrap().to_owned();
    deps.join(format!("lib{name}.so"))
}

/// Runs one test of a type. Returns the outcome, and the entries that were called.
fn check(name: &str, kind: &str, id: &str, avoid: &[&str]) -> (Outcome, Vec<String>) {
    let called = RefCell::new(Vec::new());
    let case = Case {
        file: library(name),
        kind: kind.to_owned(),
        settings: Settings {
            avoid: avoid.iter().map(|entry| (*entry).to_owned()).collect(),
            ..Settings::default()
        },
        witness: &|entry| called.borrow_mut().push(entry.to_owned()),
    };
    let test = tests().find(|test| test.id == id).unwrap();
    assert!(test.is_per_type());
    let outcome = run(test, &case);
    (outcome, called.into_inner())
}

// All in one test, because the tester expects a process of its own.
#[test]
fn a_test_names_what_is_broken_and_tells_what_it_calls() {
    let info = describe(&library("quorate_clusres")).unwrap();
    assert!(info.types.iter().any(|kind| kind.name == "Generic Service"));
    let error = describe(&library("quorate_bad_magic")).unwrap_err();
    assert!(error.to_string().contains("magic"), "{error}");

    let (good, called) = check("quorate_clusres", "Generic Service", "life-online", &[]);
    assert_eq!(good.verdict, Verdict::Passed, "{}", good.why);
    assert!(called.iter().any(|entry| entry == "online"), "{called:?}");

    let panics = describe(&library("quorate_bad_panic")).unwrap();
    let kind = &panics.types[0].name;
    let (bad, _) = check("quorate_bad_panic", kind, "life-online", &[]);
    assert_eq!(bad.verdict, Verdict::Failed, "{}", bad.why);
    let (avoided, called) = check("quorate_bad_panic", kind, "life-online", &["online"]);
    assert_eq!(avoided.verdict, Verdict::Skipped, "{}", avoided.why);
    assert!(!called.iter().any(|entry| entry == "online"), "{called:?}");
}
