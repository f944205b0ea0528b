//! The journals of a run's drills in one file, in the order of the scripts.

use std::path::PathBuf;
use std::time::Duration;

use quorate_drill::Observer;

use super::ending::Ending;
use super::reports::Report;
use crate::files;

/// The file, which is written after all drills.
pub(super) struct Journal {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Journal {
    pub(super) fn new(path: PathBuf) -> Journal {
        Journal {
            path,
            bytes: Vec::new(),
        }
    }
}

impl Observer for Journal {}

impl Report for Journal {
    fn journal(&mut self, piece: &[u8]) {
        self.bytes.extend(piece);
    }

    fn run_ended(&mut self, _: &Ending, _: Duration) -> Result<(), String> {
        files::write(&self.path, &self.bytes)
            .map_err(|error| format!("cannot write the journal {}: {error}", self.path.display()))
    }
}
