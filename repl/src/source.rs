//! The clusters for drills and for the REPL.

use std::sync::Arc;

use quorate_rehearse::{PolicyLanguage, SimSource};
use quorate_script::{RhaiPolicies, attach_policies};

use crate::args::{Apart, PluginFolders};

/// Opens virtual clusters, with the plugins of these folders and policies in Rhai.
pub(crate) fn clusters(plugins: &PluginFolders, apart: &Apart) -> SimSource {
    SimSource::new(plugins.plugin_dir.clone())
        .isolated(apart.settings())
        .policies(PolicyLanguage {
            attach: attach_policies,
            run: Arc::new(RhaiPolicies),
        })
}
