//! `quorate check` reports every mistake with its place.

mod support;

use std::fs;

use support::{root, run};

const CLUSTERS: [&str; 5] = [
    "four-node",
    "eight-node",
    "two-node-active-passive",
    "two-node-active-active",
    "five-node-majority",
];

/// A mistake: the text whose first occurrence is replaced, its replacement, and a text that the finding must contain.
const MISTAKES: [(&str, &str, &str); 15] = [
    ("name: \"CLUSTER1\"", "nmae: \"CLUSTER1\"", "nmae"),
    (
        "address: \"10.0.0.20\"",
        "address: \"10.0.0.999\"",
        "10.0.0.999",
    ),
    ("role: Internal", "role: Internl", "Internl"),
    (
        "subnet: \"10.0.0.0/24\"",
        "subnet: \"10.0.0.0/99\"",
        "10.0.0.0/99",
    ),
    (
        "\"Public\": \"10.0.0.11\"",
        "\"Pubic\": \"10.0.0.11\"",
        "Pubic",
    ),
    ("(name: \"NODE2\"", "(name: \"NODE1\"", "NODE1"),
    ("\"10.0.0.12\"", "\"10.0.0.11\"", "10.0.0.11"),
    ("\"192.168.0.12\"", "\"172.16.0.12\"", "172.16.0.12"),
    (
        "preferred_owners: [\"NODE1\"",
        "preferred_owners: [\"NOD1\"",
        "NOD1",
    ),
    (
        "disks: [\"EVS1 Disk E:\", ",
        "disks: [\"EVS1 Disk X:\", ",
        "EVS1 Disk X:",
    ),
    ("role: Mixed", "role: \"Mixed\"", "Mixed"),
    ("network: \"Public\"", "network: 5", "5"),
    (
        "network_name: \"MAIL1\"",
        "network_name: [\"MAIL1\"]",
        "found a list",
    ),
    (
        "start: \"2003-06-12 08:00:00\"",
        "start: \"2003-13-12 08:00:00\"",
        "2003-13-12",
    ),
    ("quorum: ", "quorom: ", "quorom"),
];

fn findings(file: &str) -> (i32, Vec<serde_json::Value>) {
    let run = run(&["check", "--format", "json", file]);
    let report: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    (
        run.code,
        report["findings"].as_array().expect("findings").clone(),
    )
}

#[test]
fn shipped_files_are_sound() {
    for cluster in CLUSTERS {
        let (code, found) = findings(&format!("scripts/clusters/{cluster}.ron"));
        assert_eq!(code, 0, "{cluster}: {found:#?}");
        assert!(
            found.iter().all(|it| it["severity"] == "note"),
            "{cluster}: {found:#?}"
        );
    }
    let drills = run(&[
        "check",
        "scripts/drills/lost-node.rhai",
        "scripts/drills/partition.rhai",
    ]);
    assert_eq!(
        (drills.code, drills.out.trim()),
        (0, "no findings in 2 files")
    );
}

#[test]
fn each_mistake_in_each_cluster_file_is_named_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    for cluster in CLUSTERS {
        let sound = fs::read_to_string(root().join(format!("scripts/clusters/{cluster}.ron")))
            .expect("a file");
        for (number, (from, to, says)) in MISTAKES.into_iter().enumerate() {
            let at = sound
                .find(from)
                .unwrap_or_else(|| panic!("{cluster} has no {from:?}"));
            let line = sound[..at].matches('\n').count() + 1;
            let broken = sound.replacen(from, to, 1);
            let path = folder.path().join(format!("{cluster}-{number}.ron"));
            fs::write(&path, broken).expect("a file");
            let (code, found) = findings(&path.display().to_string());
            assert_eq!(code, 1, "{cluster}, {to}: {found:#?}");
            let hit = found.iter().any(|it| {
                let told = format!("{} {}", it["message"], it["help"]);
                it["severity"] == "error" && it["line"] == line && told.contains(says)
            });
            assert!(
                hit,
                "{cluster}: {to} at line {line} is not named: {found:#?}"
            );
        }
    }
}

#[test]
fn all_mistakes_of_a_file_are_reported_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut text =
        fs::read_to_string(root().join("scripts/clusters/four-node.ron")).expect("a file");
    let chosen = [
        MISTAKES[0],
        MISTAKES[2],
        MISTAKES[4],
        MISTAKES[8],
        MISTAKES[9],
        MISTAKES[13],
    ];
    for (from, to, _) in chosen {
        text = text.replacen(from, to, 1);
    }
    let path = folder.path().join("many.ron");
    fs::write(&path, text).expect("a file");
    let run = run(&["check", &path.display().to_string()]);
    assert_eq!(run.code, 1);
    for (_, _, says) in chosen {
        assert!(run.out.contains(says), "{says} is missing in:\n{}", run.out);
    }
    assert!(run.out.contains("did you mean"), "{}", run.out);
    assert!(
        run.out.contains("-->") && run.out.contains('^'),
        "{}",
        run.out
    );
}

#[test]
fn a_file_that_ends_too_early_is_a_mistake_with_a_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = fs::read_to_string(root().join("scripts/clusters/four-node.ron")).expect("a file");
    let path = folder.path().join("cut.ron");
    fs::write(&path, text.trim_end().trim_end_matches(')')).expect("a file");
    let (code, found) = findings(&path.display().to_string());
    assert_eq!((code, found.len()), (1, 1), "{found:#?}");
    assert!(
        found[0]["line"].as_u64().is_some_and(|line| line > 1),
        "{found:#?}"
    );
}

#[test]
fn a_script_that_cannot_be_read_is_not_explained_by_the_rules_of_cluster_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("half.rhai");
    fs::write(&path, "fn is_alive() { service(\"x\").").expect("a file");
    let script = run(&["check", &path.display().to_string()]);
    assert_eq!(script.code, 1, "{}{}", script.out, script.err);
    assert!(script.out.contains("half.rhai:1:30"), "{}", script.out);
    assert!(script.out.contains("Errors: scripts"), "{}", script.out);
    assert!(!script.out.contains("RON"), "{}", script.out);
}

#[test]
fn files_that_cannot_be_read_are_a_matter_of_usage() {
    let missing = run(&["check", "no/such/file.ron"]);
    assert_eq!(missing.code, 64);
    assert!(missing.err.contains("no/such/file.ron"), "{}", missing.err);
    let strange = run(&["check", "Cargo.toml"]);
    assert_eq!(strange.code, 64);
    assert!(
        strange.err.contains("neither a cluster file"),
        "{}",
        strange.err
    );
}

#[test]
fn a_file_that_is_not_there_is_said_so_in_words() {
    for (args, wanted) in [
        (
            &["check", "scripts/clusters/four-nodes.ron"][..],
            "there is no such file (did you mean `scripts/clusters/four-node.ron`?)",
        ),
        (
            &["drill", "scripts/drills/lost-nod.rhai"],
            "there is no such file (did you mean `scripts/drills/lost-node.rhai`?)",
        ),
        (
            &["repl", "scripts/cluster/four-node.ron"],
            "there is no folder scripts/cluster",
        ),
        (
            &["repl", "scripts/drills/lost-node.rhai"],
            "is a script, and a cluster file (.ron) is wanted: `quorate drill scripts/drills/lost-node.rhai` runs it",
        ),
    ] {
        let run = run(args);
        assert_eq!(run.code, 64, "{args:?}: {}{}", run.out, run.err);
        assert!(run.err.contains(wanted), "{args:?}: {}", run.err);
        assert!(!run.err.contains("os error"), "{args:?}: {}", run.err);
    }
}

#[test]
fn a_folder_stands_for_the_files_in_it() {
    let run = run(&["check", "scripts/policies", "scripts/clusters/dhcp.ron"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let folder = support::root().join("scripts/policies");
    let files = std::fs::read_dir(folder).expect("the policies").count();
    assert!(files > 1, "{files} policies");
    let wanted = format!("{} files", files + 1);
    assert!(run.out.contains(&wanted), "{wanted}: {}", run.out);
}
