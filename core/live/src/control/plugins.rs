//! Plugins as a node has them.

use std::path::PathBuf;

use quorate_host::{LibraryInfo, PluginStatus, Reloaded};
use quorate_model::Name;
use serde::{Deserialize, Serialize};

/// A plugin on a node that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginState {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its file.
    pub path: PathBuf,
    /// Its resource types.
    pub types: Vec<String>,
    /// How often its file was read again since the process of the node was started.
    pub reloads: u32,
    /// The resources that still run the image from before the last of those times.
    pub outdated: Vec<Name>,
    /// The resources that run in a process of their own, with its id.
    pub apart: Vec<(Name, u32)>,
    /// Whether it is quarantined: its resources fail without being called.
    pub quarantined: bool,
    /// How the last of its processes died.
    pub last_death: Option<String>,
}

impl PluginState {
    /// `known` is what the resource monitor says of it, while there is one.
    pub(crate) fn of(library: &LibraryInfo, reloads: u32, known: Option<&PluginStatus>) -> Self {
        let types = library.types.iter().map(|kind| kind.name.clone());
        PluginState {
            name: library.name.clone(),
            version: library.version.clone(),
            path: library.path.clone(),
            types: types.collect(),
            reloads,
            outdated: known.map(|it| it.outdated.clone()).unwrap_or_default(),
            apart: known.map(|it| it.apart.clone()).unwrap_or_default(),
            quarantined: known.is_some_and(|it| it.quarantined),
            last_death: known.and_then(|it| it.last_death.clone()),
        }
    }
}

/// A plugin whose file was read again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginReloaded {
    /// Its name.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// Its version before.
    pub before: String,
    /// Its version now.
    pub now: String,
}

impl From<Reloaded> for PluginReloaded {
    fn from(reloaded: Reloaded) -> Self {
        PluginReloaded {
            name: reloaded.plugin,
            path: reloaded.path,
            before: reloaded.before,
            now: reloaded.now,
        }
    }
}
