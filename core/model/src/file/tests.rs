//! The shipped cluster files, and what is said about broken copies of them.

use proptest::prelude::*;

use crate::*;

const SHIPPED: &[(&str, &str)] = &[
    (
        "four-node.ron",
        include_str!("../../../../scripts/clusters/four-node.ron"),
    ),
    (
        "eight-node.ron",
        include_str!("../../../../scripts/clusters/eight-node.ron"),
    ),
    (
        "two-node-active-passive.ron",
        include_str!("../../../../scripts/clusters/two-node-active-passive.ron"),
    ),
    (
        "two-node-active-active.ron",
        include_str!("../../../../scripts/clusters/two-node-active-active.ron"),
    ),
    (
        "five-node-majority.ron",
        include_str!("../../../../scripts/clusters/five-node-majority.ron"),
    ),
];

fn shipped(name: &str) -> &'static str {
    SHIPPED.iter().find(|(known, _)| *known == name).unwrap().1
}

fn good(name: &str) -> Loaded {
    parse(name, shipped(name)).unwrap_or_else(|findings| panic!("{findings}"))
}

#[test]
fn shipped_files_load_with_nothing_to_warn_of() {
    for (name, text) in SHIPPED {
        let loaded = parse(name, text).unwrap_or_else(|findings| panic!("{findings}"));
        let notes: Vec<&str> = loaded.warnings.iter().map(|note| note.rule).collect();
        let accepted: &[&str] = if *name == "two-node-active-active.ron" {
            &["active-active"]
        } else {
            &[]
        };
        assert_eq!(notes, accepted, "{name}");
        assert!(
            loaded
                .warnings
                .iter()
                .all(|finding| finding.severity == Severity::Note)
        );
        assert!(
            rules::check(&loaded.definition, &loaded.facts).len() == notes.len(),
            "{name}"
        );
    }
}
