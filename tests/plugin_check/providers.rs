//! What types get that depend on others, and their time.

use std::fs;

use super::{bad, check, tests};
use crate::support::{finish, library, quorate};

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
