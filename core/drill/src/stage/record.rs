//! The records of a stage: its journal and its plugins.

use std::io;

use quorate_host::Reloaded;
use quorate_model::Name;
use serde_json::Value;

use super::{Entry, Line, NotOffered, StageError};
use crate::{DrillReport, PluginReport};

/// The action that is not offered on a stage without plugins.
const NO_PLUGINS: NotOffered = NotOffered("showing or changing plugins");

/// The journal: a drill writes into it and reads from it.
pub trait Record {
    /// Writes a drill's step into the journal.
    fn mark_step(&mut self, title: &str);
    /// Writes a drill's note into the journal.
    fn mark_note(&mut self, text: &str);
    /// Writes a remark into the journal: the name of its kind, and a sentence.
    fn mark_remark(&mut self, rule: &'static str, text: &str);
    /// Writes the end of a drill into the journal, and how many groups its faults disturbed.
    fn mark_end(&mut self);
    /// Writes what a drill showed into the journal.
    fn mark_verdict(&mut self, report: &DrillReport);
    /// The journal's lines from number `from` on.
    fn lines(&self, from: usize) -> Vec<Line>;
    /// How many lines the journal has.
    fn line_count(&self) -> usize {
        self.lines(0).len()
    }
    /// The same as events. A line that is none, as of a later version, is left out.
    fn entries(&self, from: usize) -> Vec<Entry> {
        let lines = self.lines(from).into_iter().map(Value::Object);
        lines
            .filter_map(|line| serde_json::from_value(line).ok())
            .collect()
    }

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
    /// Any error of the writer.
    fn write_journal(&self, out: &mut dyn io::Write) -> io::Result<()>;
}

/// The plugins that the resources run.
pub trait Plugins {
    /// The plugins, in the order they were found.
    ///
    /// # Errors
    ///
    /// If the stage cannot show its plugins.
    fn plugins(&self) -> Result<Vec<PluginReport>, NotOffered> {
        Err(NO_PLUGINS)
    }

    /// Reloads the plugin `name`, or each plugin whose file has changed. A resource uses the new code when it is next
    /// offline; nothing is stopped.
    ///
    /// # Errors
    ///
    /// If there is no such plugin, or its file cannot be loaded: the old code stays in place.
    fn reload_plugins(&mut self, name: Option<&str>) -> Result<Vec<Reloaded>, StageError> {
        let _ = name;
        Err(NO_PLUGINS.into())
    }

    /// Ends the quarantine of the plugin `name`, and returns the nodes on which it was quarantined.
    ///
    /// # Errors
    ///
    /// If there is no such plugin.
    fn release_plugin(&mut self, name: &str) -> Result<Vec<Name>, StageError> {
        let _ = name;
        Err(NO_PLUGINS.into())
    }

    /// The plugins in use that keep a run from repeating, such as those that run threads of their own.
    fn unrepeatable(&self) -> Vec<String>;
}
