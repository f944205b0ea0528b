//! The kinds of events in a journal, and the contents of their fields.

use std::fmt::Write as _;

use quorate_journal::{EventField, EventKind, Holds};

use crate::Noun;

/// The fields that any event may have, whatever its kind.
pub const COMMON: [(&str, &str); 6] = [
    (
        "t",
        "When, in microseconds since the cluster was switched on.",
    ),
    (
        "time",
        "The same as a Duration. Scripts have it, files do not.",
    ),
    ("n", "Its place in the journal, from 0."),
    (
        "node",
        "The node it happened on or to; left out where it concerns no single node.",
    ),
    (
        "because",
        "The number of the event that caused it; left out where a chain of causes begins, or the cause is not known.",
    ),
    ("kind", "Its kind."),
];

pub use quorate_journal::event_kinds as kinds;

/// The kind of this name.
pub fn kind(name: &str) -> Option<&'static EventKind> {
    kinds().iter().find(|kind| kind.name == name)
}

/// Whether events of some kind have a field of this name.
pub fn has_field(name: &str) -> bool {
    COMMON.iter().any(|(common, _)| *common == name)
        || kinds().iter().any(|kind| kind.field(name).is_some())
}

/// The names of all fields, each once.
pub fn field_names() -> Vec<&'static str> {
    let own = kinds().iter().flat_map(|kind| &kind.fields);
    let mut names: Vec<&str> = COMMON.iter().map(|(name, _)| *name).collect();
    names.extend(own.map(|field| field.name));
    names.sort_unstable();
    names.dedup();
    names
}

/// What kind of thing a field of names refers to; `None` for `subject`, which may refer to any.
pub fn noun(field: &EventField) -> Option<Noun> {
    if !matches!(field.holds, Holds::Name | Holds::Names) {
        return None;
    }
    match field.name {
        "subject" => None,
        "group" | "groups" => Some(Noun::Group),
        "network" => Some(Noun::Network),
        "resource" => Some(Noun::Resource),
        "disk" => Some(Noun::Disk),
        _ => Some(Noun::Node),
    }
}

/// The contents of a field, in words.
fn holds(field: &EventField) -> String {
    match field.holds {
        Holds::Flag => "true or false".to_owned(),
        Holds::Number => "a number".to_owned(),
        Holds::Text => "a text".to_owned(),
        Holds::Texts => "a list of texts".to_owned(),
        Holds::Fields => "a map".to_owned(),
        Holds::Word(words) => words
            .iter()
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", "),
        Holds::Name => noun(field).map_or("a name".to_owned(), |noun| {
            format!("a {}'s name", noun.word())
        }),
        Holds::Names => noun(field).map_or("names".to_owned(), |noun| {
            format!("names of {}s", noun.word())
        }),
    }
}

/// The reference of all kinds and their fields, as Markdown: `:doc events` and `docs/events.md`.
pub fn event_reference() -> String {
    let mut out = String::from(
        "# Events\n\nWhat a journal tells, one event a line, and what `events(#{…})` finds. A filter names the kind and \
         any of its\nfields; a kind, a field or a word that is not here is a mistake and told as one. In drills and in the \
         REPL this page is\n`:doc events`; it is generated from the code.\n\n## Every event\n\n| field | what it is |\n| --- | --- |\n",
    );
    for (name, text) in COMMON {
        let _ = writeln!(out, "| `{name}` | {text} |");
    }
    for kind in kinds() {
        let _ = write!(out, "\n## {}\n\n{}\n", kind.name, kind.text);
        if kind.fields.is_empty() {
            continue;
        }
        out.push_str("\n| field | holds | what it is |\n| --- | --- | --- |\n");
        for field in &kind.fields {
            let optional = if field.optional { ", or nothing" } else { "" };
            let _ = writeln!(
                out,
                "| `{}` | {}{optional} | {} |",
                field.name,
                holds(field),
                field.text
            );
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// `QUORATE_WRITE_DOCS=1` rewrites the page.
    #[test]
    fn the_page_of_events_is_what_the_code_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/events.md");
        if std::env::var_os("QUORATE_WRITE_DOCS").is_some() {
            std::fs::write(path, event_reference()).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(path).unwrap(),
            event_reference(),
            "docs/events.md is not what the code says: QUORATE_WRITE_DOCS=1 writes it anew"
        );
    }

    #[test]
    fn what_changes_is_told_as_from_and_to_everywhere() {
        for kind in kinds() {
            let has = |name| kind.field(name).is_some();
            assert!(!has("state") && !has("before") && !has("after"), "{kind:?}");
            assert!(!has("from") || has("to"), "{kind:?}");
            for (name, _) in COMMON {
                assert!(!has(name), "{kind:?}");
            }
        }
    }
}
