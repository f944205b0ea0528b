//! Plugins at a glance.

use quorate_drill::PluginReport;
use quorate_model::Name;

use crate::output::{Paint, Tone};

/// A list of names in one line.
pub(crate) fn join(names: &[Name]) -> String {
    let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    names.join(", ")
}

/// The plugins: version, file, loaded image, and which run in processes of their own or are quarantined. `release` is the
/// command that ends a quarantine, without the plugin's name.
pub(crate) fn plugins(plugins: &[PluginReport], release: &str, paint: Paint) -> String {
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
                "  quarantined on {}: {release} {} ends that",
                join(&plugin.quarantined),
                plugin.name
            );
            lines.push(paint.tone(Tone::Bad, &text));
        }
    }
    lines.join("\n")
}
