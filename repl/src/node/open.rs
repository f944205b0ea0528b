//! The cluster file and the plugins of a node.

use std::sync::Arc;

use quorate_drill::{MAX_BYTES, findings_of, read_text};
use quorate_host::{Isolation, PluginSet, search_folders};
use quorate_live::Settings;
use quorate_model::{ClusterDefinition, Diagnostics};
use quorate_node::Policies;
use quorate_rehearse::{check_foreign, check_plugins};
use quorate_script::{RhaiPolicies, attach_policies};

use super::tell;
use crate::args::PluginFolders;
use crate::output::Output;
use crate::report;

/// What a node is run with.
pub(super) struct Opened {
    pub(super) definition: ClusterDefinition,
    pub(super) plugins: Arc<PluginSet>,
    pub(super) policies: Arc<dyn Policies>,
}

/// Reads the cluster file and loads the plugins. `None` if something is wrong with them, which is told.
pub(super) fn open(
    settings: &Settings,
    folders: &PluginFolders,
    output: &mut Output,
) -> Option<Opened> {
    let path = settings.cluster();
    let name = path.display().to_string();
    let text = match read_text(&path, Some(MAX_BYTES)) {
        Ok(text) => text,
        Err(why) => {
            output.error(&format!("cannot read the cluster file {name}: {why}"));
            return None;
        }
    };
    let mut loaded = match quorate_model::parse(&name, &text) {
        Ok(loaded) => loaded,
        Err(found) => {
            tell(&found, &text, output);
            return None;
        }
    };
    if let Err(found) = attach_policies(&path, &text, &mut loaded) {
        let paint = output.paint_err();
        for finding in found {
            output.err_line(&report::finding(&finding, paint));
        }
        return None;
    }
    let mut isolation = Isolation::default();
    for it in &loaded.plugins {
        if let Some(apart) = it.separate_monitor {
            isolation.libraries.insert(it.plugin.clone(), apart);
        }
    }
    let mut all = settings.plugins();
    all.extend(folders.plugin_dir.iter().cloned());
    let plugins = match PluginSet::load_under(&search_folders(&all), isolation) {
        Ok(plugins) => plugins,
        Err(errors) => {
            output.error(&errors.to_string());
            return None;
        }
    };
    let mut wrong = check_plugins(&loaded.plugins, &plugins);
    wrong.extend(check_foreign(&loaded.foreign, &plugins));
    if !wrong.is_empty() {
        let paint = output.paint_err();
        for finding in findings_of(&Diagnostics(wrong), &text) {
            output.err_line(&report::finding(&finding, paint));
        }
        return None;
    }
    let groups = loaded.definition.groups.iter();
    let resources = groups.flat_map(|group| &group.resources);
    if let Err(errors) = plugins.require(resources.map(|it| it.kind.as_str())) {
        output.error(&errors.to_string());
        return None;
    }
    Some(Opened {
        definition: loaded.definition,
        plugins: Arc::new(plugins),
        policies: Arc::new(RhaiPolicies),
    })
}
