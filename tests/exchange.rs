//! Exchange virtual servers from a user's view: the scenarios of "Understanding Exchange Server 2003 Clustering", its
//! rules, and the table of the tests that show each.

mod support;

use std::collections::BTreeSet;
use std::fs;

use quorate_model::Severity;
use quorate_model::rules::CATALOGUE;
use support::{root, run};

#[track_caller]
fn passes(file: &str, drills: usize) {
    support::passes(&format!("exchange/{file}"), drills);
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
    passes("dhcp-lease", 2);
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
fn probes() {
    passes("probes", 4);
}

#[test]
fn rules_at_run_time() {
    passes("rules-at-run-time", 6);
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

/// The rules that a deliberately wrong file breaks.
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
        let mut new = Vec::new();
        let log_and_databases = storage.split('|').skip(1);
        for disk in log_and_databases.filter(|disk| !old.contains(disk)) {
            new.extend(["--new-disk", disk]);
        }
        let told = [
            &[
                "cluster",
                "add-virtual-server",
                &file,
                "--name",
                name,
                "--address",
                address,
                "--storage-group",
                &storage,
            ][..],
            &new,
        ]
        .concat();
        run(&told)
    };
    let first = add("EVS1", "10.0.0.21", "Disk E:|EVS1 Disk X:");
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    let told = "added the disk EVS1 Disk X: to `disks`, which did not have it";
    assert!(first.out.contains(told), "{}", first.out);
    let second = add("EVS2", "10.0.0.22", "Disk G:|EVS2 Disk H:");
    assert_eq!(second.code, 0, "{}{}", second.out, second.err);
    let new = fs::read_to_string(&path).expect("the file");
    assert!(old.lines().all(|line| new.contains(line)), "{new}");
    assert!(
        second.out.contains("warning[active-active]"),
        "{}",
        second.out
    );
    assert!(!second.out.contains("the disk"), "{}", second.out);
    // Active/active: a warning, but no error.
    let check = run(&["check", &file]);
    assert_eq!(check.code, 0, "{}", check.out);
    assert!(check.out.contains("[active-active]"), "{}", check.out);

    let third = add("EVS3", "10.0.0.23", "Disk I:|EVS3 Disk J:");
    assert_eq!(third.code, 1);
    assert!(third.out.contains("[no-passive-node]"), "{}", third.out);
    let again = add("EVS2", "10.0.0.22", "Disk G:|EVS2 Disk H:");
    assert_eq!(again.code, 1);
    assert_eq!(again.out.matches("error[").count(), 1, "{}", again.out);
    assert!(again.out.contains("[duplicate-name]"), "{}", again.out);
    assert_eq!(
        fs::read_to_string(&path).expect("the file"),
        new,
        "it was changed"
    );
}

#[test]
fn a_mistyped_disk_is_not_added_and_a_dry_run_shows_the_difference() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cluster.ron");
    let old = fs::read_to_string(root().join("scripts/clusters/two-node-empty.ron")).expect("it");
    fs::write(&path, &old).expect("a copy");
    let file = path.display().to_string();
    let add = |disks: &str, more: &[&str]| {
        let storage = format!("First Storage Group|{disks}");
        let words = [
            "cluster",
            "add-virtual-server",
            &file,
            "--name",
            "EVS1",
            "--address",
            "10.0.0.21",
            "--storage-group",
            &storage,
        ];
        run(&[&words[..], more].concat())
    };
    let mistyped = add("EVS1 Disk E:|EVS1 Dsik F:", &[]);
    assert_eq!(mistyped.code, 64, "{}{}", mistyped.out, mistyped.err);
    for wanted in [
        "no disk \"EVS1 Dsik F:\"",
        "did you mean \"EVS1 Disk F:\"?",
        "--new-disk 'EVS1 Dsik F:'",
        "left as it is",
    ] {
        assert!(mistyped.err.contains(wanted), "{wanted}: {}", mistyped.err);
    }
    let known = add("EVS1 Disk E:|EVS1 Disk F:", &["--new-disk", "EVS1 Disk E:"]);
    assert_eq!(known.code, 64, "{}{}", known.out, known.err);
    assert!(known.err.contains("already"), "{}", known.err);

    let shown = add("EVS1 Disk E:|EVS1 Disk F:", &["--dry-run"]);
    assert_eq!(shown.code, 0, "{}{}", shown.out, shown.err);
    let mut lines = shown.out.lines();
    assert_eq!(lines.next(), Some(&*format!("--- {file}")));
    assert_eq!(lines.next(), Some(&*format!("+++ {file}")));
    assert!(lines.next().is_some_and(|line| line.starts_with("@@ ")));
    let added = shown.out.lines().filter(|line| line.starts_with('+'));
    assert!(
        added.clone().any(|line| line.contains("\"EVS1\"")),
        "{}",
        shown.out
    );
    // Lines far from the change are not shown.
    assert!(
        !shown.out.contains(old.lines().next().expect("a line")),
        "{}",
        shown.out
    );
    let now = fs::read_to_string(&path).expect("the file");
    assert_eq!(now, old, "it was changed");
}

/// The rows of the tables under the titles of `docs/exchange.md` that begin like this: the cells without the last
/// one, which names what shows the row, and that last cell if it is not empty.
fn rows(title: &str) -> Vec<(Vec<String>, Option<String>)> {
    let text = fs::read_to_string(root().join("docs/exchange.md")).expect("the page");
    let (_, section) = text
        .split_once(&format!("\n## {title}"))
        .unwrap_or_else(|| panic!("no section {title}"));
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(2);
    let cells = rows.map(|line| {
        let mut cells: Vec<String> = line
            .trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect();
        let shown = cells.pop().expect("a last cell");
        let shown = (shown != "–").then(|| shown.trim_matches('`').to_owned());
        (cells, shown)
    });
    cells.collect()
}

/// The text of the test or drill that a row names; the whole file if it only names that.
fn shown(what: &str, shown: &str) -> String {
    let (path, part) = match shown.split_once('#') {
        Some((path, part)) => (path, Some(part)),
        None => (shown, None),
    };
    let text = fs::read_to_string(root().join(path))
        .unwrap_or_else(|error| panic!("{what}: {path}: {error}"));
    let drill = path.ends_with(".rhai");
    let (begin, next) = match part {
        None => {
            assert!(drill && text.contains("drill("), "{what}: {path}");
            return text;
        }
        Some(title) if drill => (format!("drill(\"{title}\""), "\ndrill("),
        Some(function) => (format!("fn {function}("), "#[test]"),
    };
    let at = text
        .find(&begin)
        .unwrap_or_else(|| panic!("{what}: {path} has no {begin}"));
    let rest = &text[at..];
    let end = rest.find(next).unwrap_or(rest.len());
    rest[..end].to_owned()
}

#[test]
fn every_row_names_what_shows_it() {
    let rows = [rows("Rules and rec"), rows("Dependencies, limits")].concat();
    assert_eq!(rows.len(), 123, "a row has gone, or come");
    for (cells, by) in rows {
        assert_eq!(cells.len(), 3, "{cells:?}");
        let by = by.unwrap_or_else(|| panic!("{cells:?} is shown by nothing"));
        shown(&cells[0], &by);
    }
}

/// The paths of all parts of a JSON value, such as `findings[].rule`.
fn paths(value: &serde_json::Value, at: &str, into: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, field) in fields {
                let dot = if at.is_empty() { "" } else { "." };
                paths(field, &format!("{at}{dot}{name}"), into);
            }
        }
        serde_json::Value::Array(items) => {
            for item in items {
                paths(item, &format!("{at}[]"), into);
            }
        }
        _ => drop(into.insert(format!("`{at}`"))),
    }
}

#[test]
fn the_page_has_every_field_that_is_printed_for_machines() {
    let files = ["tests/clusters/bad.ron", "scripts/clusters/four-node.ron"];
    let run = run(&[&["check", "--addresses", "--format", "json"], &files[..]].concat());
    let told: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    let mut printed = BTreeSet::new();
    paths(&told, "", &mut printed);
    assert!(printed.remove("`schema`"));
    let rows = fs::read_to_string(root().join("docs/exchange.md")).expect("the page");
    let rows = rows.lines().filter_map(|line| line.strip_prefix("| "));
    let fields = rows.filter_map(|row| row.split(" | ").next());
    let fields = fields.filter(|field| field.contains("[]."));
    assert_eq!(printed, fields.map(str::to_owned).collect());
}

#[test]
fn every_section_of_the_text_has_rows() {
    let rows = [rows("Rules and rec"), rows("Dependencies, limits")].concat();
    let named: BTreeSet<&str> = rows.iter().map(|(cells, _)| cells[1].as_str()).collect();
    for section in [
        "Understanding Exchange Server 2003 Clustering",
        "Windows Clustering",
        "Exchange Virtual Servers",
        "Cluster Groups",
        "Quorum Disk Resource",
        "Cluster Configurations",
        "Active/Passive Clustering",
        "Active/Active Clustering",
        "Example of a Two-Node Cluster Topology",
        "Windows and Exchange Edition Requirements",
        "Understanding Failovers",
        "IP Addresses and Network Names",
    ] {
        assert!(named.contains(section), "no row for {section}");
    }
    assert_eq!(named.len(), 12, "{named:?}");
}

/// What a running cluster does about each rule: it refuses with the rule's id, or carries the order out and reports
/// the id, and a test or drill names that id. Otherwise the table says why that is impossible.
#[test]
fn every_rule_says_what_becomes_of_it_at_run_time() {
    let rows = rows("At run time");
    let ids: Vec<String> = CATALOGUE
        .iter()
        .map(|rule| format!("`{}`", rule.id))
        .collect();
    let named: Vec<&String> = rows.iter().map(|(cells, _)| &cells[0]).collect();
    assert_eq!(named, ids.iter().collect::<Vec<_>>());
    for ((cells, by), rule) in rows.iter().zip(CATALOGUE) {
        let says = cells[1].as_str();
        match by {
            None => assert!(
                says.starts_with("Cannot arise: ") && says.ends_with('.') && says.len() > 40,
                "{}: {says}",
                rule.id
            ),
            Some(by) => {
                let wanted = match rule.severity {
                    Severity::Error => "Refused: ",
                    Severity::Warning | Severity::Note => "Said: ",
                };
                let refused = says.starts_with(wanted) || says.starts_with("Refused: ");
                assert!(refused, "{}: {says}", rule.id);
                let text = shown(rule.id, by);
                assert!(text.contains(rule.id), "{by} does not name {}", rule.id);
            }
        }
    }
}

#[test]
fn every_rule_of_the_text_has_a_row() {
    let rows = rows("Rules and rec").into_iter();
    let rows: BTreeSet<String> = rows.map(|(cells, _)| cells[2].clone()).collect();
    // Rules about the file's form, with the original's error codes, or newer than the text belong to no part of it.
    let of_the_text = CATALOGUE.iter().filter(|rule| {
        let others = rule.section == "cluster file" || rule.section.starts_with("KB ");
        !others && !rule.section.starts_with(|c: char| c.is_ascii_digit())
    });
    for rule in of_the_text {
        assert!(
            rows.contains(&format!("`{}`", rule.id)),
            "no row for {}",
            rule.id
        );
    }
    for row in &rows {
        let id = row.trim_matches('`');
        assert!(
            CATALOGUE.iter().any(|rule| rule.id == id),
            "there is no rule {id}"
        );
    }
}
