//! The output of the REPL's commands.

use std::collections::BTreeMap;

use quorate_drill::stage::PropertyStatus;
use quorate_drill::{PluginReport, Status};
use quorate_model::Name;
use quorate_script::WordDoc;

use crate::output::{Paint, Tone};
use crate::report::cluster_tables;

/// The cluster at a glance.
pub(super) fn status(status: &Status, paint: Paint) -> String {
    let coordinator = status.coordinator.as_ref();
    let tables = cluster_tables(coordinator, &status.nodes, &status.groups, paint);
    let stopped = status.groups.iter().filter_map(|(group, _)| {
        let why = group.stopped.as_ref()?;
        let name = paint.tone(Tone::Care, &group.name);
        Some(format!("\n  {name}: {why}"))
    });
    format!(
        "{}\n\n{tables}{}{}",
        paint.tone(Tone::Strong, &status.headline()),
        paint.tone(Tone::Faint, "  * coordinates"),
        stopped.collect::<String>()
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
