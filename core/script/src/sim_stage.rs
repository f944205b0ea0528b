//! The virtual world as a stage.

use std::path::PathBuf;

use quorate_model::Diagnostics;

use crate::finding::{Finding, Place};
use crate::stage::{OpenError, Stage, StageRequest, StageSource};

/// Opens virtual clusters, with the plugins found in a list of folders.
#[derive(Clone, Debug, Default)]
pub struct SimSource {
    #[allow(dead_code)]
    folders: Vec<PathBuf>,
}

impl SimSource {
    /// Plugins are searched in `folders` first, then where the host searches by itself.
    pub fn new(folders: Vec<PathBuf>) -> SimSource {
        SimSource { folders }
    }
}

impl StageSource for SimSource {
    fn open(&self, request: &StageRequest) -> Result<Box<dyn Stage>, OpenError> {
        let _ = request;
        Err(OpenError::Other(
            "the virtual world is still being built".to_owned(),
        ))
    }
}

/// What the reader of cluster files found, with the lines it is about.
pub fn findings_of(diagnostics: &Diagnostics, source: &str) -> Vec<Finding> {
    diagnostics
        .iter()
        .map(|found| {
            let text = match found.line {
                0 => String::new(),
                line => source.lines().nth(line - 1).unwrap_or_default().to_owned(),
            };
            let mut message = found.message.clone();
            match (&found.found, &found.expected) {
                (Some(found), Some(expected)) => {
                    message.push_str(&format!(" (found {found}, expected {expected})"));
                }
                (Some(found), None) => message.push_str(&format!(" (found {found})")),
                (None, Some(expected)) => message.push_str(&format!(" (expected {expected})")),
                (None, None) => {}
            }
            Finding {
                place: Place {
                    file: found.file.clone(),
                    line: found.line,
                    column: found.column,
                    length: found.length.max(1),
                    text,
                },
                rule: found.rule.to_owned(),
                severity: found.severity,
                message,
                help: found.help.clone(),
            }
        })
        .collect()
}
