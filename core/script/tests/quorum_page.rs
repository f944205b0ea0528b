//! Every drill that `docs/quorum.md` names is there, and every quorum drill is named.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The name that follows `drill(`, with `…` for what a script puts in.
fn name(line: &str) -> Option<String> {
    let rest = line.trim_start().strip_prefix("drill(")?;
    let quote = rest.chars().next()?;
    let mut text = rest[1..].split(quote).next()?.to_owned();
    while let Some(from) = text.find("${") {
        let to = from + text[from..].find('}')?;
        text.replace_range(from..=to, "…");
    }
    Some(text)
}

#[test]
fn the_quorum_page_names_every_drill_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut drills = BTreeSet::new();
    for entry in fs::read_dir(root.join("scripts/drills/quorum")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        drills.extend(text.lines().filter_map(name));
    }
    let page = fs::read_to_string(root.join("docs/quorum.md")).unwrap();
    let named: BTreeSet<String> = page
        .lines()
        .filter(|line| line.starts_with('|'))
        .filter_map(|line| line.rsplit('|').nth(1))
        .filter_map(|cell| cell.trim().strip_prefix('`')?.strip_suffix('`'))
        .map(str::to_owned)
        .collect();
    assert_eq!(named, drills);
    assert!(named.len() > 40);
}
