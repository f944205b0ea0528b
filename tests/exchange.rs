//! Exchange virtual servers as a user meets them: the scenarios of the source text, its rules, and the table that says
//! what shows which.

mod support;

use std::collections::BTreeSet;
use std::fs;

use quorate_model::rules::CATALOGUE;
use support::{root, run};

#[track_caller]
fn passes(file: &str, drills: usize) {
    let run = run(&["drill", &format!("scripts/drills/exchange/{file}.rhai")]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let noun = if drills == 1 { "drill" } else { "drills" };
    let last = run.out.lines().last().unwrap_or_default();
    assert!(
        last.starts_with(&format!("{drills} {noun}: {drills} pass;")),
        "{last}"
    );
}

#[test]
fn active_passive_failures() {
    passes("active-passive-failures", 1);
}

#[test]
fn active_active_failures() {
    passes("active-active-failures", 1);
}

#[test]
fn third_node() {
    passes("third-node", 1);
}

#[test]
fn create_and_delete() {
    passes("create-and-delete", 1);
}

#[test]
fn quorum_disk_used() {
    passes("quorum-disk-used", 1);
}

#[test]
fn dhcp_lease() {
    passes("dhcp-lease", 1);
}

#[test]
fn public_card() {
    passes("public-card", 2);
}

#[test]
fn node_added() {
    passes("node-added", 4);
}

#[test]
fn log_replay() {
    passes("log-replay", 3);
}

#[test]
fn load() {
    passes("load", 3);
}

#[test]
fn link_state() {
    passes("link-state", 1);
}

#[test]
fn storage_groups() {
    passes("storage-groups", 1);
}

#[test]
fn limits() {
    passes("limits", 2);
}

#[test]
fn evicted_to_two() {
    passes("evicted-to-two", 2);
}

#[test]
fn rules_at_run_time() {
    passes("rules-at-run-time", 5);
}

#[test]
fn every_exchange_drill_has_a_test_here() {
    let source = include_str!("exchange.rs");
    for entry in fs::read_dir(root().join("scripts/drills/exchange")).expect("the drills") {
        let path = entry.expect("a file").path();
        let name = path.file_stem().expect("a name").to_string_lossy();
        assert!(
            source.contains(&format!("passes(\"{name}\", ")),
            "{name} is not run by any test"
        );
    }
}

/// The rules that a deliberately bad file breaks.
const BROKEN: [&str; 21] = [
    "edition",
    "netbios-name",
    "no-private-network",
    "too-few-addresses",
    "dhcp-address",
    "disk-shared",
    "no-passive-node",
    "storage-group-limit",
    "log-beside-database",
    "several-mtas",
    "mta-not-first",
    "msdtc-affects-group",
    "crowded-cluster-group",
    "unsupported-component",
    "nntp-missing",
    "network-dtc-access",
    "front-end-clustered",
    "hardware-differs",
    "quorum-disk-raid",
    "quorum-disk-used",
    "shared-spindle",
];

#[test]
fn a_bad_file_shows_all_its_findings_in_one_run() {
    let json = run(&["check", "--format", "json", "tests/clusters/bad.ron"]);
    assert_eq!(json.code, 1, "{}", json.err);
    let told: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    let findings = told["findings"].as_array().expect("findings");
    let found: BTreeSet<&str> = findings
        .iter()
        .filter_map(|finding| finding["rule"].as_str())
        .collect();
    for rule in BROKEN {
        assert!(found.contains(rule), "{rule} is not among {found:?}");
    }
    for finding in findings {
        assert!(
            finding["section"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
        assert!(
            finding["why"]
                .as_str()
                .is_some_and(|text| text.ends_with('.'))
        );
        assert!(
            finding["line"].as_u64().is_some_and(|line| line > 0),
            "{finding}"
        );
    }

    let text = run(&["check", "tests/clusters/bad.ron"]);
    let at = |title: &str| {
        text.out
            .find(title)
            .unwrap_or_else(|| panic!("{title}: {}", text.out))
    };
    assert!(at("== Errors: ") < at("== Warnings: "));
    at("== Errors: Active/Passive Clustering");
    at("== Warnings: Cluster Groups");
    assert!(text.out.contains("= why: ") && text.out.contains("= help: "));
    assert!(!text.out.contains('\u{1b}'), "no colours in a pipe");
    let coloured = run(&["--color", "always", "check", "tests/clusters/bad.ron"]);
    assert!(
        coloured.out.contains("\u{1b}["),
        "colours where they are wanted"
    );
}

#[test]
fn the_address_plan_is_printed() {
    let text = run(&["check", "--addresses", "scripts/clusters/four-node.ron"]);
    assert_eq!(text.code, 0, "{}", text.err);
    assert!(
        text.out.contains("MAIL3") && text.out.contains("192.168.0.14"),
        "{}",
        text.out
    );
    assert!(
        text.out
            .contains("2 x 4 nodes + 3 virtual servers + 1 = 12"),
        "{}",
        text.out
    );
    let json = run(&[
        "check",
        "--addresses",
        "--format",
        "json",
        "scripts/clusters/four-node.ron",
    ]);
    let told: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(
        told["addresses"][0]["plan"].as_array().map(Vec::len),
        Some(12)
    );
    assert_eq!(told["addresses"][0]["recommended"], 12);
}

#[test]
fn a_virtual_server_is_added_to_a_file_that_keeps_its_comments() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cluster.ron");
    let old = fs::read_to_string(root().join("scripts/clusters/two-node-empty.ron")).expect("it");
    fs::write(&path, &old).expect("a copy");
    let file = path.display().to_string();
    let add = |name: &str, address: &str, disks: &str| {
        let storage = format!("First Storage Group|{name} {disks}");
        run(&[
            "cluster",
            "add-virtual-server",
            &file,
            "--name",
            name,
            "--address",
            address,
            "--storage-group",
            &storage,
        ])
    };
    let first = add("EVS1", "10.0.0.21", "Disk E:|EVS1 Disk F:");
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    let second = add("EVS2", "10.0.0.22", "Disk G:|EVS2 Disk H:");
    assert_eq!(second.code, 0, "{}{}", second.out, second.err);
    let new = fs::read_to_string(&path).expect("the file");
    assert!(old.lines().all(|line| new.contains(line)), "{new}");
    // Active/active: a warning, and no error.
    let check = run(&["check", &file]);
    assert_eq!(check.code, 0, "{}", check.out);
    assert!(check.out.contains("[active-active]"), "{}", check.out);

    let third = add("EVS3", "10.0.0.23", "Disk I:|EVS3 Disk J:");
    assert_eq!(third.code, 1);
    assert!(third.out.contains("[no-passive-node]"), "{}", third.out);
    assert_eq!(
        fs::read_to_string(&path).expect("the file"),
        new,
        "it was changed"
    );
}

/// The cells of the rows of both tables: rule or kind, and what shows it.
fn rows() -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join("docs/exchange.md")).expect("the page");
    let rows = text.lines().filter(|line| line.starts_with("| "));
    let cells = rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 4, "{line}");
        (cells[2].to_owned(), cells[3].to_owned())
    });
    cells.filter(|(_, shown)| shown.starts_with('`')).collect()
}

#[test]
fn every_row_names_what_shows_it() {
    let rows = rows();
    assert!(rows.len() > 60, "{}", rows.len());
    for (what, shown) in rows {
        let (path, function) = match shown.trim_matches('`').split_once('#') {
            Some((path, function)) => (path.to_owned(), Some(function.to_owned())),
            None => (shown.trim_matches('`').to_owned(), None),
        };
        let text = fs::read_to_string(root().join(&path))
            .unwrap_or_else(|error| panic!("{what}: {path}: {error}"));
        match function {
            Some(function) => assert!(
                text.contains(&format!("fn {function}(")),
                "{what}: {path} has no test {function}"
            ),
            None => assert!(path.ends_with(".rhai") && text.contains("drill("), "{path}"),
        }
    }
}

#[test]
fn every_rule_of_the_text_has_a_row() {
    let rows: BTreeSet<String> = rows().into_iter().map(|(rule, _)| rule).collect();
    // Of the file's own making, or the original's error codes: no part of the text.
    let of_the_text = CATALOGUE.iter().filter(|rule| {
        rule.section != "cluster file" && !rule.section.starts_with(|c: char| c.is_ascii_digit())
    });
    for rule in of_the_text {
        assert!(
            rows.contains(&format!("`{}`", rule.id)),
            "no row for {}",
            rule.id
        );
    }
    for row in rows.iter().filter(|row| row.starts_with('`')) {
        let id = row.trim_matches('`');
        assert!(
            CATALOGUE.iter().any(|rule| rule.id == id),
            "there is no rule {id}"
        );
    }
}
