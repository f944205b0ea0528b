//! What the REPL's commands show.

use std::collections::BTreeMap;

use quorate_script::{Entry, Status};

use crate::output::{Paint, Tone};
use crate::report::{Table, state_tone};

/// The cluster at a glance.
pub(super) fn status(status: &Status, paint: Paint) -> String {
    let mut nodes = Table::new(&["node", "state", "owns"]);
    for node in &status.nodes {
        let groups: Vec<&str> = node.groups.iter().map(|name| name.as_str()).collect();
        let mark = if status.coordinator.as_ref() == Some(&node.name) {
            " *"
        } else {
            ""
        };
        nodes.row(vec![
            (Tone::Strong, format!("{}{mark}", node.name)),
            (state_tone(node.state.as_str()), node.state.to_string()),
            (Tone::Plain, groups.join(", ")),
        ]);
    }
    let mut groups = Table::new(&["group / resource", "state", "owner / type"]);
    for (group, resources) in &status.groups {
        let owner = group
            .owner
            .as_ref()
            .map_or_else(|| "-".to_owned(), ToString::to_string);
        groups.row(vec![
            (Tone::Strong, group.name.to_string()),
            (state_tone(group.state.as_str()), group.state.to_string()),
            (Tone::Plain, owner),
        ]);
        for resource in resources {
            groups.row(vec![
                (Tone::Plain, format!("  {}", resource.name)),
                (
                    state_tone(resource.state.as_str()),
                    resource.state.to_string(),
                ),
                (Tone::Faint, resource.kind.to_string()),
            ]);
        }
    }
    format!(
        "{}\n\n{}\n\n{}\n{}",
        paint.tone(Tone::Strong, &status.headline()),
        nodes.render(2, paint),
        groups.render(2, paint),
        paint.tone(Tone::Faint, "  * coordinates")
    )
}

/// Every word, by what it belongs to.
pub(super) fn words(entries: &[Entry], paint: Paint) -> String {
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
