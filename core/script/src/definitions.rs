//! The words as a definition file of Rhai's, for editors and tools that read those.

use std::fmt::Write as _;

use crate::docs::{WordDoc, entries};

/// The text of `editors/quorate.d.rhai`: every word with its types and what it does.
pub fn language_definitions() -> String {
    let mut out = "module static;\n".to_owned();
    for entry in entries() {
        out.push('\n');
        for line in entry.text.lines() {
            let _ = writeln!(out, "{}", format!("/// {line}").trim_end());
        }
        let _ = writeln!(out, "{}", signature(&entry));
    }
    out
}

fn signature(entry: &WordDoc) -> String {
    let kind = |it: Option<&str>| match it {
        Some("string") => "String".to_owned(),
        Some("array") => "Array".to_owned(),
        Some("map") => "Map".to_owned(),
        Some("function") => "Fn".to_owned(),
        Some("blob") => "Blob".to_owned(),
        Some(other) => other.to_owned(),
        None => "?".to_owned(),
    };
    let object = entry
        .on
        .as_ref()
        .map(|on| format!("{}: {on}", on.to_lowercase()));
    let params = entry
        .params
        .iter()
        .map(|(name, it)| format!("{name}: {}", kind(it.as_deref())));
    let all: Vec<String> = object.into_iter().chain(params).collect();
    let get = if entry.is_property { "get " } else { "" };
    format!(
        "fn {get}{}({}) -> {};",
        entry.name,
        all.join(", "),
        kind(entry.gives.as_deref())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_that_are_shipped_are_the_words() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../editors/quorate.d.rhai");
        let text = language_definitions();
        if std::env::var_os("QUORATE_WRITE_DOCS").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            kept == text,
            "editors/quorate.d.rhai is not what the code says: QUORATE_WRITE_DOCS=1 writes it anew"
        );
    }

    #[test]
    fn every_word_is_defined_once_for_each_kind_of_arguments() {
        let text = language_definitions();
        let defined: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("fn "))
            .collect();
        assert_eq!(defined.len(), entries().len());
        assert!(text.contains("fn get owner(group: Group) -> "), "{text}");
        assert!(defined.iter().all(|line| line.ends_with(';')));
    }
}
