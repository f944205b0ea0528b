//! `quorate check`.

use std::collections::BTreeMap;
use std::path::Path;

use quorate_drill::{Finding, MAX_BYTES, findings_of, read_text};
use quorate_host::{Isolation, PluginSet, search_folders};
use quorate_model::rules::{self, AddressEntry, address_plan};
use quorate_model::{ClusterDefinition, Diagnostic, Diagnostics, Loaded, Severity, types};
use quorate_rehearse::{check_foreign, check_plugin_names};
use quorate_script::{
    attach_policies, check_policy, check_script_with_clusters, duplicate_drills, is_policy,
    mixed_alphabets,
};
use serde_json::json;

use crate::args::{Format, PluginFolders};
use crate::cli::CheckArgs;
use crate::exit::Exit;
use crate::files::{Meant, meant};
use crate::output::{Output, Tone};
use crate::report;
use crate::resource_scripts;

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

/// The findings in one file, and its cluster if the file is sound.
fn check(
    file: &Path,
    limit: Option<u64>,
    plugins: &mut Plugins<'_>,
    drills: &mut BTreeMap<String, String>,
) -> Result<(Vec<Finding>, Option<ClusterDefinition>), String> {
    let name = file.display().to_string();
    let text = read_text(file, limit).map_err(|error| format!("cannot read {name}: {error}"))?;
    let (mut findings, definition) = look(file, &text, plugins, drills)?;
    findings.extend(mixed_alphabets(&name, &text));
    Ok((findings, definition))
}

/// As [`check`], for a text that has been read already.
fn look(
    file: &Path,
    text: &str,
    plugins: &mut Plugins<'_>,
    drills: &mut BTreeMap<String, String>,
) -> Result<(Vec<Finding>, Option<ClusterDefinition>), String> {
    let name = file.display().to_string();
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("rhai") if resource_scripts::is_one(text) => {
            Ok((resource_scripts::check(&name, text), None))
        }
        Some("rhai") if is_policy(file, text) => Ok((check_policy(&name, text), None)),
        Some("rhai") if resource_scripts::is_nearly_one(text) => {
            Ok((resource_scripts::check(&name, text), None))
        }
        Some("rhai") => {
            let mut findings = check_script_with_clusters(file, text);
            findings.extend(duplicate_drills(&name, text, drills));
            Ok((findings, None))
        }
        Some("ron") => Ok(match quorate_model::parse(&name, text) {
            Ok(mut loaded) => {
                let policies = attach_policies(file, text, &mut loaded);
                let warnings = std::mem::take(&mut loaded.warnings);
                let found = plugins.check(&loaded, warnings)?;
                let mut findings = findings_of(&found, text);
                findings.extend(resource_scripts::check_cluster(
                    file,
                    text,
                    &loaded.definition,
                ));
                findings.extend(policies.err().unwrap_or_default());
                (findings, Some(loaded.definition))
            }
            Err(found) => (findings_of(&plugins.known(found), text), None),
        }),
        _ => Err(format!(
            "{name} is neither a cluster file (.ron) nor a script (.rhai)"
        )),
    }
}

/// The plugins. They are loaded once, and only if a file needs them.
struct Plugins<'a> {
    folders: &'a PluginFolders,
    loaded: Option<PluginSet>,
}

impl Plugins<'_> {
    fn new(folders: &PluginFolders) -> Plugins<'_> {
        Plugins {
            folders,
            loaded: None,
        }
    }

    fn load(&mut self) -> Result<&PluginSet, String> {
        if self.loaded.is_none() {
            let folders = search_folders(&self.folders.plugin_dir);
            let set = PluginSet::load_under(&folders, Isolation::for_learning())
                .map_err(|it| it.to_string())?;
            self.loaded = Some(set);
        }
        self.loaded
            .as_ref()
            .ok_or_else(|| "no plugins are loaded".to_owned())
    }

    /// The findings in an unsound file, without the remarks on types that some plugin does have.
    fn known(&mut self, mut found: Diagnostics) -> Diagnostics {
        let is_remark = |it: &Diagnostic| it.rule == "unknown-type";
        if found.iter().any(is_remark)
            && let Ok(plugins) = self.load()
        {
            let names: Vec<String> = plugins.type_names().map(|it| format!("`{it}`")).collect();
            let has = |text: &str| names.iter().any(|name| text.contains(name));
            found.0.retain(|it| !(is_remark(it) && has(&it.message)));
        }
        found
    }

    /// The findings of the plugins about a cluster file, together with `warnings`. An unknown type or plugin stays a
    /// warning unless the folders of plugins are given: files are also checked on machines without the plugins.
    fn check(
        &mut self,
        cluster: &Loaded,
        mut warnings: Vec<Diagnostic>,
    ) -> Result<Diagnostics, String> {
        if cluster.foreign.is_empty() && cluster.plugins.is_empty() {
            return Ok(Diagnostics(warnings));
        }
        let told = !self.folders.plugin_dir.is_empty();
        let plugins = match self.load() {
            Ok(plugins) => plugins,
            Err(why) if told => return Err(why),
            // A cluster file may be checked on a machine without plugins.
            Err(why) => {
                for it in &mut warnings {
                    if it.rule == "unknown-type" {
                        it.help = Some(why.clone());
                    }
                }
                return Ok(Diagnostics(warnings));
            }
        };
        let mut found = check_plugin_names(&cluster.plugins, plugins);
        found.extend(check_foreign(&cluster.foreign, plugins));
        for it in &mut found {
            if !told && matches!(it.rule, "unknown-type" | "unknown-plugin") {
                it.severity = Severity::Warning;
            }
        }
        // The plugins have made better findings.
        warnings.retain(|it| it.rule != "unknown-type");
        warnings.append(&mut found);
        Ok(Diagnostics(warnings))
    }
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
