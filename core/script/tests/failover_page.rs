//! Every drill that `docs/failover.md` names is there, and every failover drill is named.
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
