//! `quorate check`.

use std::collections::BTreeMap;
use std::path::Path;

use quorate_drill::{Finding, MAX_BYTES};
use quorate_model::rules::{self, AddressEntry, address_plan};
use quorate_model::{ClusterDefinition, Severity, types};
use serde_json::json;

use crate::args::Format;
use crate::cli::CheckArgs;
use crate::exit::Exit;
use crate::files::{Meant, meant};
use crate::found::{Plugins, check};
use crate::output::{Output, Tone};
use crate::report;

/// The section for rules on the form of cluster files.
const CLUSTER_FILE: &str = "cluster file";

/// The most findings that are listed. More would help nobody, and a file of one long line may have thousands.
const LISTED: usize = 300;

/// Checks the files named and prints all findings in one run.
pub(crate) fn run(args: &CheckArgs, output: &mut Output) -> Exit {
    let mut findings = Vec::new();
    let mut plans = Vec::new();
    let mut checked = 0;
    let mut plugins = Plugins::new(&args.plugins);
    let limit = (!args.any_size).then_some(MAX_BYTES);
    let mut drills = BTreeMap::new();
    let files = meant(&args.files, &["ron", "rhai"]);
    for Meant { path: file, .. } in &files {
        match check(file, limit, &mut plugins, &mut drills) {
            Ok((mut found, definition)) => {
                checked += 1;
                findings.append(&mut found);
                let plan = definition.filter(|_| args.addresses).map(Plan::of);
                plans.extend(plan.map(|plan| (file.display().to_string(), plan)));
            }
            Err(text) => {
                output.error(&text);
            }
        }
    }
    if findings.len() > LISTED {
        // The gravest findings come first, so that they are never among those left out.
        findings.sort_by_key(|finding| match finding.severity {
            Severity::Error => 0,
            Severity::Warning => 1,
            Severity::Note => 2,
        });
    }
    match args.format {
        Format::Json => output.line(&to_json(&findings, args.addresses.then_some(&*plans))),
        Format::Text => {
            for (file, plan) in &plans {
                plan.to_text(file, output);
            }
            if checked > 0 {
                to_text(&findings, checked, output);
            }
        }
    }
    let errors = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    let exit = if errors { Exit::Fail } else { Exit::Pass };
    exit.and(if checked < files.len() {
        Exit::Usage
    } else {
        Exit::Pass
    })
}

/// A cluster's addresses, and the number that the text recommends.
struct Plan {
    entries: Vec<AddressEntry>,
    nodes: usize,
    servers: usize,
}

impl Plan {
    fn of(definition: ClusterDefinition) -> Plan {
        let groups = definition.groups.iter();
        let servers = groups.filter(|group| group.has_resource_of(types::SYSTEM_ATTENDANT));
        Plan {
            entries: address_plan(&definition),
            nodes: definition.nodes.len(),
            servers: servers.count(),
        }
    }

    fn recommended(&self) -> usize {
        2 * self.nodes + self.servers + 1
    }

    fn to_text(&self, file: &str, output: &mut Output) {
        let paint = output.paint();
        output.line(&paint.tone(Tone::Strong, &format!("address plan of {file}")));
        let mut table = report::Table::new(&["address", "network", "name", "owner"]);
        for entry in &self.entries {
            let address = if entry.is_static {
                (Tone::Plain, entry.address.clone())
            } else {
                (Tone::Care, "by DHCP".to_owned())
            };
            table.row(vec![
                address,
                (Tone::Plain, entry.network.clone()),
                (Tone::Strong, entry.name.clone()),
                (Tone::Faint, entry.owner.to_string()),
            ]);
        }
        output.line(&table.render(2, paint));
        let fixed = self.entries.iter().filter(|entry| entry.is_static).count();
        output.line(&format!(
            "  {fixed} static addresses; recommended: 2 x {} nodes + {} virtual servers + 1 = {}\n",
            self.nodes,
            self.servers,
            self.recommended()
        ));
    }
}

/// The section of the text for a finding's rule; scripts have rules of their own.
fn section(finding: &Finding) -> &'static str {
    rule_of(finding).map_or("scripts", |rule| rule.section)
}

/// The rule of cluster files for a finding. Scripts have rules of their own with the same ids.
fn rule_of(finding: &Finding) -> Option<&'static rules::Rule> {
    let script = Path::new(&finding.place.file)
        .extension()
        .is_some_and(|end| end == "rhai");
    rules::rule(&finding.rule).filter(|rule| !(script && rule.section == CLUSTER_FILE))
}

/// The findings that are listed: the gravest come first.
fn listed(findings: &[Finding]) -> &[Finding] {
    &findings[..findings.len().min(LISTED)]
}

/// Findings by severity, gravest first, and by section, in the order of each section's first finding.
fn grouped(findings: &[Finding]) -> Vec<(Severity, &'static str, Vec<&Finding>)> {
    let mut groups: Vec<(Severity, &'static str, Vec<&Finding>)> = Vec::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        for finding in findings.iter().filter(|it| it.severity == severity) {
            let section = section(finding);
            let known = groups
                .iter_mut()
                .find(|(known, of, _)| (*known, *of) == (severity, section));
            match known {
                Some((_, _, group)) => group.push(finding),
                None => groups.push((severity, section, vec![finding])),
            }
        }
    }
    groups
}

const fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Care,
        Severity::Note => Tone::Guide,
    }
}

fn to_text(findings: &[Finding], files: usize, output: &mut Output) {
    let paint = output.paint();
    for (severity, section, group) in grouped(listed(findings)) {
        let title = match severity {
            Severity::Error => "Errors",
            Severity::Warning => "Warnings",
            Severity::Note => "Notes",
        };
        let title = paint.tone(tone(severity), &format!("{title}: {section}"));
        output.line(&format!("{}{title}\n", paint.tone(Tone::Faint, "== ")));
        for finding in group {
            let mut text = report::finding(finding, paint);
            if let Some(rule) = rule_of(finding) {
                let mark = paint.tone(Tone::Guide, "=");
                let width = finding.place.line.to_string().len().max(2);
                text.push_str(&format!("{} {mark} why: {}\n", " ".repeat(width), rule.why));
            }
            output.line(&text);
        }
    }
    if findings.len() > LISTED {
        output.line(&format!("and {} more\n", findings.len() - LISTED));
    }
    let mut parts = Vec::new();
    for (severity, one, many) in [
        (Severity::Error, "error", "errors"),
        (Severity::Warning, "warning", "warnings"),
        (Severity::Note, "note", "notes"),
    ] {
        let found = findings.iter().filter(|it| it.severity == severity).count();
        if found > 0 {
            parts.push(paint.tone(tone(severity), &report::count(found, one, many)));
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

fn to_json(findings: &[Finding], plans: Option<&[(String, Plan)]>) -> String {
    let list: Vec<_> = listed(findings)
        .iter()
        .map(|finding| {
            json!({
                "rule": finding.rule,
                "severity": finding.severity.to_string(),
                "section": section(finding),
                "message": finding.message,
                "why": rules::rule(&finding.rule).map(|rule| rule.why),
                "file": finding.place.file,
                "line": finding.place.line,
                "column": finding.place.column,
                "length": finding.place.length,
                "help": finding.help,
            })
        })
        .collect();
    let mut all = json!({ "schema": "quorate-check/1", "findings": list });
    if findings.len() > LISTED {
        all["more"] = (findings.len() - LISTED).into();
    }
    if let Some(plans) = plans {
        all["addresses"] = plans
            .iter()
            .map(|(file, plan)| {
                json!({ "file": file, "recommended": plan.recommended(), "plan": plan.entries })
            })
            .collect();
    }
    format!("{all:#}")
}
