//! The output of the REPL's commands.

use std::collections::BTreeMap;

use quorate_drill::stage::PropertyStatus;
use quorate_drill::{PluginReport, Status};
use quorate_model::Name;
use quorate_script::WordDoc;

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
    let mut stopped = String::new();
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
        stopped.extend(group.stopped.as_ref().map(|why| {
            let name = paint.tone(Tone::Care, &group.name);
            format!("\n  {name}: {why}")
        }));
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
        "{}\n\n{}\n\n{}\n{}{stopped}",
        paint.tone(Tone::Strong, &status.headline()),
        nodes.render(2, paint),
        groups.render(2, paint),
        paint.tone(Tone::Faint, "  * coordinates")
    )
}

/// A list of names in one line.
pub(super) fn join(names: &[Name]) -> String {
    let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    names.join(", ")
}

/// The plugins: version, file, loaded image, and which run in processes of their own or are quarantined.
pub(super) fn plugins(plugins: &[PluginReport], paint: Paint) -> String {
    let mut lines = Vec::new();
    for plugin in plugins {
        let image = match plugin.reloads {
            0 => String::new(),
            1 => "  reloaded once".to_owned(),
            times => format!("  reloaded {times} times"),
        };
        let name = paint.tone(Tone::Strong, &plugin.name);
        lines.push(format!("{name} {}{image}", plugin.version));
        let path = plugin.path.display().to_string();
        lines.push(format!("  {}", paint.tone(Tone::Faint, &path)));
        for (node, resource) in &plugin.outdated {
            lines.push(format!(
                "  {resource} on {node} still runs the image from before"
            ));
        }
        for (node, resource, process) in &plugin.apart {
            lines.push(format!("  {resource} on {node} runs in process {process}"));
        }
        for (resource, wrong) in &plugin.misfits {
            let text = format!("  {resource}: {wrong}");
            lines.push(paint.tone(Tone::Bad, &text));
        }
        for (node, death) in &plugin.last_deaths {
            lines.push(format!("  last death on {node}: {death}"));
        }
        if !plugin.quarantined.is_empty() {
            let text = format!(
                "  quarantined on {}: :plugin release {} ends that",
                join(&plugin.quarantined),
                plugin.name
            );
            lines.push(paint.tone(Tone::Bad, &text));
        }
    }
    lines.join("\n")
}

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
