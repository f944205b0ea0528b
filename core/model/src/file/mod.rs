//! Reading cluster files.

use std::path::Path;

use crate::{ClusterDefinition, Diagnostic, Diagnostics, Facts, Severity};

/// A cluster file that was read and found sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// What every node has installed.
    pub definition: ClusterDefinition,
    /// What only rules and the virtual world read.
    pub facts: Facts,
    /// Warnings and notes, in the order of the file. None of them is an error.
    pub warnings: Vec<Diagnostic>,
}

/// Reads and checks the cluster file at `path`.
///
/// # Errors
///
/// Everything that is wrong with it, each with its place; a file that cannot be read, or is not UTF-8, is one
/// finding without one (rule `file-unreadable`).
pub fn load(path: &Path) -> Result<Loaded, Diagnostics> {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&name, &text),
        Err(error) => {
            let mut finding = Diagnostic::new(
                "file-unreadable",
                Severity::Error,
                format!("the cluster file cannot be read: {error}"),
            );
            finding.file = name;
            Err(Diagnostics(vec![finding]))
        }
    }
}

/// Reads and checks a cluster file's text. `source_name` is what findings call the file.
///
/// # Errors
///
/// Everything that is wrong with it, each with its place. A syntax error is the only finding of its file.
pub fn parse(source_name: &str, text: &str) -> Result<Loaded, Diagnostics> {
    let _ = text;
    let mut finding = Diagnostic::new("syntax", Severity::Error, "cannot be read yet");
    finding.file = source_name.to_owned();
    Err(Diagnostics(vec![finding]))
}
