//! Scripts of resources of the type Generic Script, for `quorate check`.

use std::path::Path;

use quorate_clusres::script::{CALLS, engine, refused};
use quorate_drill::{Finding, MAX_BYTES, Place, read_text};
use quorate_model::{ClusterDefinition, Severity, Value, types};
use quorate_script::{check_resource_script, is_nearly_resource_script, is_resource_script};

/// The functions that the type calls, and whether a script must have them.
fn calls() -> Vec<(&'static str, bool)> {
    CALLS
        .iter()
        .map(|call| (call.name, call.required))
        .collect()
}

/// Whether a text is a resource script rather than a drill script.
pub(crate) fn is_one(text: &str) -> bool {
    is_resource_script(text, &calls())
}

/// Whether a text that is neither was meant to be a resource script.
pub(crate) fn is_nearly_one(text: &str) -> bool {
    is_nearly_resource_script(text, &calls())
}

/// The findings in a resource script.
pub(crate) fn check(name: &str, text: &str) -> Vec<Finding> {
    let refused: Vec<_> = refused().collect();
    check_resource_script(name, text, &engine(), &calls(), &refused)
}

/// The findings in the scripts of a cluster's resources, each script once.
pub(crate) fn check_cluster(
    file: &Path,
    text: &str,
    definition: &ClusterDefinition,
) -> Vec<Finding> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut looked_at = Vec::new();
    let mut findings = Vec::new();
    let resources = definition.groups.iter().flat_map(|group| &group.resources);
    for resource in resources.filter(|it| it.kind == types::GENERIC_SCRIPT) {
        let Some(Value::Text(script)) = resource.properties.private.get("ScriptFilepath") else {
            continue;
        };
        if looked_at.contains(&script) {
            continue;
        }
        looked_at.push(script);
        let path = folder.join(script);
        match read_text(&path, Some(MAX_BYTES)) {
            Ok(source) => findings.extend(check(&path.display().to_string(), &source)),
            Err(error) => findings.push(Finding {
                place: place(file, text, script),
                rule: "script-missing".to_owned(),
                severity: Severity::Error,
                message: format!(
                    "the script of \"{}\" cannot be read: {error}",
                    resource.name
                ),
                help: Some(format!(
                    "put it at {}: the path counts from the folder of the cluster file",
                    path.display()
                )),
            }),
        }
    }
    findings
}

/// The place where a cluster file names a script.
fn place(file: &Path, text: &str, script: &str) -> Place {
    let quoted = format!("\"{script}\"");
    let found = text.lines().enumerate().find_map(|(line, text)| {
        let at = text.find(&quoted)?;
        text.contains("ScriptFilepath").then_some((line, at, text))
    });
    match found {
        Some((line, at, text)) => Place::on_line(
            &file.display().to_string(),
            line + 1,
            text[..at].chars().count() + 1,
            quoted.chars().count(),
            text,
        ),
        None => Place {
            file: file.display().to_string(),
            ..Place::default()
        },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const PAGE: &str = include_str!("../../docs/resources-in-rhai.md");

    /// The first column of the page's tables whose rows begin with a backquote.
    fn written() -> BTreeSet<String> {
        let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `"));
        rows.filter_map(|row| Some(row.split_once('`')?.0.to_owned()))
            .collect()
    }

    #[test]
    fn the_page_has_every_function_and_no_other() {
        let words = quorate_script::entries_of_engine(&engine())
            .into_iter()
            .map(|entry| {
                assert!(!entry.text.is_empty(), "{}", entry.usage);
                entry.usage.replace("service(resource)", "service(name)")
            });
        let calls = CALLS.iter().map(|call| call.name.to_owned());
        let known: BTreeSet<String> = words.chain(calls).collect();
        assert_eq!(written(), known);
    }

    #[test]
    fn the_page_says_of_each_call_what_the_type_says() {
        for call in CALLS {
            let must = if call.required { "must" } else { "may" };
            let row = format!("| `{}` | {must} | {} |", call.name, call.doc);
            assert!(PAGE.contains(&row), "{row}");
        }
    }
}
