//! `quorate plugin list`.

use std::path::Path;

use quorate_host::{
    Isolation, LibraryInfo, NearMiss, PluginSet, PropertyInfo, near_misses, search_folders,
};
use serde_json::json;

use super::reference;
use crate::args::PluginFolders;
use crate::exit::Exit;
use crate::output::{Output, Paint, Tone};

/// How plugins are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// As reference pages.
    Markdown,
    /// As manual pages.
    Man,
}

/// Shows the libraries that a search finds, and files in the given folders that are no plugins.
pub(super) fn run(
    names: &[String],
    how: How,
    plugins: &PluginFolders,
    output: &mut Output,
) -> Exit {
    let folders = search_folders(&plugins.plugin_dir);
    let (set, errors) = PluginSet::load_sound(&folders, Isolation::for_learning());
    let exit = if errors.is_some() {
        Exit::Usage
    } else {
        Exit::Pass
    };
    for error in errors.iter().flat_map(|errors| &errors.0) {
        output.error(&error.to_string());
    }
    if set.libraries().next().is_none() {
        return exit;
    }
    if let Some(error) = names
        .iter()
        .find_map(|name| set.require_library(name).err())
    {
        output.error(&error.to_string());
        return Exit::Usage;
    }
    let shown = || {
        let all = set.libraries();
        all.filter(|it| names.is_empty() || names.contains(&it.name))
    };
    match how {
        How::Markdown | How::Man => {
            let page = match how {
                How::Man => reference::man,
                _ => reference::markdown,
            };
            let pages: Vec<String> = shown().map(page).collect();
            output.line(pages.join("\n").trim_end());
        }
        How::Json => {
            let libraries: Vec<_> = shown().map(to_json).collect();
            let all = json!({ "schema": "quorate-plugins/1", "libraries": libraries });
            output.line(&format!("{all:#}"));
        }
        How::Text => {
            let paint = output.paint();
            let texts: Vec<String> = shown().map(|library| to_text(library, paint)).collect();
            output.line(texts.join("\n").trim_end());
        }
    }
    for folder in &plugins.plugin_dir {
        let mut files = set
            .libraries()
            .flat_map(|it| it.shadows.iter().chain([&it.path]));
        if !files.any(|file| file.parent() == Some(folder)) {
            let broken = errors.iter().flat_map(|errors| &errors.0);
            let mut broken = broken.filter_map(|error| error.file());
            if !broken.any(|file| file.parent() == Some(folder)) {
                output.warn(&empty(folder));
            }
        }
    }
    exit
}

/// The message about a given folder without a plugin.
fn empty(folder: &Path) -> String {
    let mut text = format!("{}: there is no plugin in this folder", folder.display());
    for NearMiss { file, why } in near_misses(folder, None) {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        text.push_str(&format!("\n  {name}: {why}"));
    }
    text
}

fn to_text(library: &LibraryInfo, paint: Paint) -> String {
    let mut out = format!(
        "{} {}  {}\n  {}\n  {}\n  ABI {}, {}{}{}{}\n",
        paint.tone(Tone::Strong, &library.name),
        library.version,
        paint.tone(Tone::Faint, &library.description),
        library.path.display(),
        paint.tone(
            Tone::Faint,
            &library.digest().unwrap_or_else(|error| error.to_string())
        ),
        library.abi_text(),
        library.target,
        if library.is_stateless() {
            ", keeps no state"
        } else {
            ""
        },
        if library.has_threads() {
            ", runs threads of its own: drills with it are not repeatable"
        } else {
            ""
        },
        if library.program {
            ", a program: it runs in a process of its own"
        } else {
            ""
        }
    );
    for shadowed in &library.shadows {
        out.push_str(&format!("  hides {}\n", shadowed.display()));
    }
    for kind in &library.types {
        let quorum = if kind.quorum_capable {
            ", quorum-capable"
        } else {
            ""
        };
        out.push_str(&format!(
            "\n  {}  {}\n    LooksAlive every {} ms, IsAlive every {} ms{quorum}\n",
            paint.tone(Tone::Guide, &kind.name),
            kind.doc,
            kind.looks_alive_ms,
            kind.is_alive_ms
        ));
        for property in &kind.properties {
            out.push_str(&format!("    {}\n", property_line(property, paint)));
        }
    }
    out
}

/// One property: name, kind and unit, range, default and when a change takes effect; below it its description.
fn property_line(property: &PropertyInfo, paint: Paint) -> String {
    let mut facts = vec![property.kind.as_str().to_owned()];
    if !property.unit.is_empty() {
        facts.push(property.unit.clone());
    }
    if property.kind == quorate_host::PropertyKind::Dword {
        facts.push(format!("{} to {}", property.min, property.max));
    }
    if property.required {
        facts.push("required".to_owned());
    } else if !property.default.is_empty() {
        facts.push(format!("default {}", property.default.replace('\n', ", ")));
    }
    if property.at_online {
        facts.push("at the next Online".to_owned());
    }
    format!(
        "{} {}\n        {}",
        paint.tone(Tone::Strong, &property.name),
        paint.tone(Tone::Faint, &format!("({})", facts.join(", "))),
        property.doc
    )
}

fn to_json(library: &LibraryInfo) -> serde_json::Value {
    let types: Vec<_> = library
        .types
        .iter()
        .map(|kind| {
            let properties: Vec<_> = kind
                .properties
                .iter()
                .map(|property| {
                    json!({
                        "name": property.name,
                        "kind": property.kind.as_str(),
                        "unit": property.unit,
                        "doc": property.doc,
                        "default": property.default,
                        "min": property.min,
                        "max": property.max,
                        "required": property.required,
                        "at_online": property.at_online,
                    })
                })
                .collect();
            json!({
                "name": kind.name,
                "doc": kind.doc,
                "looks_alive_ms": kind.looks_alive_ms,
                "is_alive_ms": kind.is_alive_ms,
                "pending_timeout_ms": kind.pending_timeout_ms,
                "quorum_capable": kind.quorum_capable,
                "properties": properties,
            })
        })
        .collect();
    json!({
        "name": library.name,
        "version": library.version,
        "description": library.description,
        "path": library.path.display().to_string(),
        "digest": library.digest().ok(),
        "program": library.program,
        "abi": library.abi_text(),
        "target": library.target,
        "stateless": library.is_stateless(),
        "threads": library.has_threads(),
        "separate_monitor": library.wants_separate_monitor(),
        "types": types,
    })
}
