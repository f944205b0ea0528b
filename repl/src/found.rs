//! What is found in one file: a cluster file, a drill script, a policy or a resource script.

use std::collections::BTreeMap;
use std::path::Path;

use quorate_drill::{Finding, MAX_BYTES, findings_of, read_text};
use quorate_host::{Isolation, PluginSet, search_folders};
use quorate_model::{ClusterDefinition, Diagnostic, Diagnostics, Loaded, Severity};
use quorate_rehearse::{check_foreign, check_plugins};
use quorate_script::{
    attach_policies, check_policy, check_script_among, duplicate_drills, is_policy, mixed_alphabets,
};

use crate::args::PluginFolders;
use crate::resource_scripts;

/// The findings in one file, and its cluster if the file is sound.
pub(crate) fn check(
    file: &Path,
    limit: Option<u64>,
    plugins: &mut Plugins<'_>,
    drills: &mut BTreeMap<String, String>,
) -> Result<(Vec<Finding>, Option<ClusterDefinition>), String> {
    let name = file.display().to_string();
    let text = read_text(file, limit).map_err(|error| format!("cannot read {name}: {error}"))?;
    let read = |path: &Path| read_text(path, Some(MAX_BYTES));
    check_text(file, &text, plugins, drills, &read)
}

/// As [`check`], for a text that has been read already; `read` gives the cluster files that scripts name.
pub(crate) fn check_text(
    file: &Path,
    text: &str,
    plugins: &mut Plugins<'_>,
    drills: &mut BTreeMap<String, String>,
    read: &dyn Fn(&Path) -> Result<String, String>,
) -> Result<(Vec<Finding>, Option<ClusterDefinition>), String> {
    let (mut findings, definition) = look(file, text, plugins, drills, read)?;
    findings.extend(mixed_alphabets(&file.display().to_string(), text));
    Ok((findings, definition))
}

fn look(
    file: &Path,
    text: &str,
    plugins: &mut Plugins<'_>,
    drills: &mut BTreeMap<String, String>,
    read: &dyn Fn(&Path) -> Result<String, String>,
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
            let mut findings = check_script_among(file, text, read);
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
pub(crate) struct Plugins<'a> {
    folders: &'a PluginFolders,
    loaded: Option<PluginSet>,
}

impl Plugins<'_> {
    pub(crate) fn new(folders: &PluginFolders) -> Plugins<'_> {
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
        let mut found = check_plugins(&cluster.plugins, plugins);
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
