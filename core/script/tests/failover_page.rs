//! Every drill that `docs/failover.md` names exists, every failover drill is named there, and each checks in the
//! journal that its situation did arise.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The names of the drills in a folder's scripts, each on a line of its own.
fn drills(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let names = text
            .lines()
            .filter_map(|line| line.strip_prefix("drill(\""));
        found.extend(names.filter_map(|rest| rest.split('"').next().map(str::to_owned)));
    }
    found
}

#[test]
fn the_failover_page_names_every_drill_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/failover.md")).unwrap();
    let named: BTreeSet<String> = page
        .lines()
        .filter(|line| line.starts_with('|'))
        .filter_map(|line| line.rsplit('|').nth(1))
        .filter_map(|cell| cell.trim().strip_prefix('`')?.strip_suffix('`'))
        .map(str::to_owned)
        .collect();
    assert_eq!(named, drills(&root.join("scripts/drills/failover")));
    assert!(named.len() > 20);
}

/// The bodies of the drills in a script, by name.
fn bodies(text: &str) -> Vec<(&str, &str)> {
    let parts = text.split("\ndrill(\"").skip(1);
    parts.filter_map(|part| part.split_once('"')).collect()
}

/// Whether a drill's body checks the journal: in the statement itself, or by a value that it read there before.
fn expects_events(body: &str) -> bool {
    let reads =
        |statement: &str| statement.contains("events(#{") || statement.contains("numbers(#{");
    let statements: Vec<&str> = body.split(';').map(str::trim).collect();
    let read: Vec<&str> = statements
        .iter()
        .filter(|statement| reads(statement))
        .filter_map(|statement| {
            statement
                .rsplit_once("let ")?
                .1
                .split_once(" =")
                .map(|it| it.0)
        })
        .collect();
    statements.iter().any(|statement| {
        // A loop or a condition may come before it.
        let Some(at) = statement
            .find("expect(")
            .or_else(|| statement.find("expect_eq("))
        else {
            return false;
        };
        let expected = &statement[at..];
        let names = |name: &&str| {
            ["[", ".", ","]
                .iter()
                .any(|after| expected.contains(&format!("{name}{after}")))
        };
        reads(expected) || read.iter().any(names)
    })
}

#[test]
fn every_failover_drill_expects_something_of_the_journal() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut seen = 0;
    for entry in fs::read_dir(root.join("scripts/drills/failover")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        for (name, body) in bodies(&text) {
            assert!(
                expects_events(body),
                "{name}: nothing shows that its situation arose"
            );
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn an_expectation_of_the_journal_is_told_from_others() {
    for good in [
        "expect_eq(events(#{ kind: \"x\" }), [])",
        "let a = events(#{ kind: \"x\" }); for b in c { expect(a[0].n < 3) }",
        "let a = numbers(#{ kind: \"x\" }); run(\"1m\"); expect_eq(a.len(), 1)",
    ] {
        assert!(expects_events(good), "{good}");
    }
    for bad in [
        "expect_eq(group(\"EVS1\").state, \"Failed\")",
        "let a = events(#{ kind: \"x\" }); expect(group(\"A\").is_online)",
        "eventually(|| events(#{ kind: \"x\" }).len() > 0, \"1m\")",
    ] {
        assert!(!expects_events(bad), "{bad}");
    }
}
