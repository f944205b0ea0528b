//! `quorate check`.

use std::path::Path;

use quorate_model::Severity;
use quorate_script::{Finding, check_script, findings_of};
use serde_json::json;

use crate::cli::{CheckArgs, Format};
use crate::exit::Exit;
use crate::output::{Output, Tone};
use crate::report;

/// Checks the files named and prints everything found in them, in one run.
pub(crate) fn run(args: &CheckArgs, output: &mut Output) -> Exit {
    let mut findings = Vec::new();
    let mut unreadable = false;
    for file in &args.files {
        match check(file) {
            Ok(mut found) => findings.append(&mut found),
            Err(text) => {
                output.error(&text);
                unreadable = true;
            }
        }
    }
    match args.format {
        Format::Json => output.line(&to_json(&findings)),
        Format::Text => to_text(&findings, args.files.len(), output),
    }
    let errors = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    let exit = if errors { Exit::Fail } else { Exit::Pass };
    exit.and(if unreadable { Exit::Usage } else { Exit::Pass })
}

/// Everything found in one file.
fn check(file: &Path) -> Result<Vec<Finding>, String> {
    let name = file.display().to_string();
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("cannot read {name}: {error}"))?;
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("rhai") => Ok(check_script(&name, &text)),
        Some("ron") => Ok(match quorate_model::parse(&name, &text) {
            Ok(loaded) => findings_of(&quorate_model::Diagnostics(loaded.warnings), &text),
            Err(found) => findings_of(&found, &text),
        }),
        _ => Err(format!(
            "{name} is neither a cluster file (.ron) nor a drill script (.rhai)"
        )),
    }
}

fn to_text(findings: &[Finding], files: usize, output: &mut Output) {
    let paint = output.paint();
    for finding in findings {
        output.line(&report::finding(finding, paint));
    }
    let number = |severity| {
        findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let mut parts = Vec::new();
    for (severity, one, many, tone) in [
        (Severity::Error, "error", "errors", Tone::Bad),
        (Severity::Warning, "warning", "warnings", Tone::Care),
        (Severity::Note, "note", "notes", Tone::Guide),
    ] {
        let found = number(severity);
        if found > 0 {
            parts.push(paint.tone(tone, &report::count(found, one, many)));
        }
    }
    let what = if parts.is_empty() {
        paint.tone(Tone::Good, "no findings")
    } else {
        parts.join(", ")
    };
    output.line(&format!(
        "{what} in {}",
        report::count(files, "file", "files")
    ));
}

fn to_json(findings: &[Finding]) -> String {
    let list: Vec<_> = findings
        .iter()
        .map(|finding| {
            json!({
                "rule": finding.rule,
                "severity": finding.severity.to_string(),
                "message": finding.message,
                "file": finding.place.file,
                "line": finding.place.line,
                "column": finding.place.column,
                "length": finding.place.length,
                "help": finding.help,
            })
        })
        .collect();
    format!(
        "{:#}",
        json!({ "schema": "quorate-check/1", "findings": list })
    )
}
