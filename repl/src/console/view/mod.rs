//! The output of the REPL's commands.

mod cards;
mod status;
mod tree;

use std::collections::BTreeMap;

use quorate_drill::stage::PropertyStatus;
use quorate_script::WordDoc;

use crate::output::{Paint, Tone};

pub(super) use cards::{card, list, map, table};
pub(super) use status::{everything, status};
pub(super) use tree::tree;

/// Properties: value, allowed values and description. A value that was set is highlighted.
pub(super) fn properties(properties: &[PropertyStatus], paint: Paint) -> String {
    let mut lines = Vec::new();
    for private in [true, false] {
        let mut some = properties
            .iter()
            .filter(|it| it.private == private)
            .peekable();
        if private && some.peek().is_some() {
            lines.push(paint.tone(Tone::Faint, "of its type"));
        } else if !private && !lines.is_empty() {
            lines.push(paint.tone(Tone::Faint, "of every resource"));
        }
        for property in some {
            let value = match &property.value {
                Some(value) => value.to_string(),
                None => "inherited".to_owned(),
            };
            let tone = if property.value == property.default {
                Tone::Plain
            } else {
                Tone::Care
            };
            lines.push(format!(
                "  {} = {}  {}",
                paint.tone(Tone::Strong, &property.name),
                paint.tone(tone, &value),
                paint.tone(Tone::Faint, &format!("({})", property.takes)),
            ));
            lines.push(format!("      {}", property.doc));
        }
    }
    lines.join("\n")
}

/// Every word, by what it belongs to.
pub(super) fn words(entries: &[WordDoc], paint: Paint) -> String {
    let mut by_noun: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in entries {
        let words = by_noun
            .entry(entry.on.as_deref().unwrap_or(""))
            .or_default();
        if !words.contains(&entry.name.as_str()) {
            words.push(&entry.name);
        }
    }
    let lines = by_noun.iter().map(|(noun, words)| {
        let noun = if noun.is_empty() { "(anywhere)" } else { noun };
        format!("{}{}", paint.cell(Tone::Guide, noun, 12), words.join(" "))
    });
    lines.collect::<Vec<_>>().join("\n")
}
