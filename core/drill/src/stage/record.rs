//! What a stage keeps: its journal, and its plugins.

use std::io;

use quorate_host::Reloaded;
use quorate_model::Name;

use super::{Line, NotOffered, StageError};
use crate::PluginReport;

/// What is said where there is no plugin to be read or changed.
const NO_PLUGINS: NotOffered = NotOffered("showing or changing plugins");

/// The journal: what a drill writes into it, and what it reads there.
pub trait Record {
    /// Writes a drill's step into the journal.
    fn mark_step(&mut self, title: &str);
    /// Writes a drill's note into the journal.
    fn mark_note(&mut self, text: &str);
    /// Writes into the journal that something in a drill showed nothing: the name of the remark's kind, and a sentence.
    fn mark_remark(&mut self, rule: &'static str, text: &str);
    /// Writes the end of a drill into the journal, and how many groups its faults disturbed.
    fn mark_end(&mut self);
    /// The journal's lines from number `from` on.
    fn lines(&self, from: usize) -> Vec<Line>;
    /// The journal's lines with a notice of this id.
    fn notices(&self, id: u32) -> Vec<Line> {
        let mut lines = self.lines(0);
        lines.retain(|line| line.get("id") == Some(&id.into()));
        lines
    }

    /// Writes the whole journal, one JSON object per line, header first.
    ///
    /// # Errors
    ///
    /// Whatever the writer says.
    fn write_journal(&self, out: &mut dyn io::Write) -> io::Result<()>;
}

/// The plugins that the resources run.
pub trait Plugins {
    /// The plugins, in the order they were found.
    ///
    /// # Errors
    ///
    /// If the stage has none to show.
    fn plugins(&self) -> Result<Vec<PluginReport>, NotOffered> {
        Err(NO_PLUGINS)
    }

    /// Takes the plugin `name` anew from its file, or each whose file has changed: for each resource when it is next
    /// offline. Nothing is stopped.
    ///
    /// # Errors
    ///
    /// If there is no such plugin, or its file cannot be loaded: the image that was loaded before stays in place.
    fn reload_plugins(&mut self, name: Option<&str>) -> Result<Vec<Reloaded>, StageError> {
        let _ = name;
        Err(NO_PLUGINS.into())
    }

    /// Ends the quarantine of the plugin `name`, and gives the nodes on which it was in any.
    ///
    /// # Errors
    ///
    /// If there is no such plugin.
    fn release_plugin(&mut self, name: &str) -> Result<Vec<Name>, StageError> {
        let _ = name;
        Err(NO_PLUGINS.into())
    }

    /// The plugins in use that run threads of their own, or whatever else keeps a run from repeating.
    fn unrepeatable(&self) -> Vec<String>;
}
