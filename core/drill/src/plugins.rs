//! The plugins of a stage, as an operator sees them.

use std::path::PathBuf;

use quorate_model::Name;

/// One plugin library of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginReport {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its file.
    pub path: PathBuf,
    /// How often it was reloaded.
    pub reloads: u32,
    /// Nodes and resources that still run the code from before the last reload.
    pub outdated: Vec<(Name, Name)>,
    /// Nodes and resources that run in a separate resource monitor process, with the process's id.
    pub apart: Vec<(Name, Name, u32)>,
    /// Resources with properties that their types do not take, or no longer take, and why.
    pub misfits: Vec<(Name, String)>,
    /// The nodes on which it is quarantined.
    pub quarantined: Vec<Name>,
    /// How the last of its processes died on a node.
    pub last_deaths: Vec<(Name, String)>,
}
