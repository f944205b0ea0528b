//! The reports of a run that are made of its journals.

use std::time::Duration;

use quorate_drill::{Observer, Run};
use quorate_report::Runs;

use super::ending::Ending;
use super::reports::Report;
use crate::files::Meant;
use crate::report_files::Writer;

/// The reports, and the journals of the running script.
pub(super) struct Sheets {
    writer: Writer,
    bytes: Vec<u8>,
    /// Why one of them could not be written.
    failed: Option<String>,
}

impl Sheets {
    pub(super) fn new(writer: Writer) -> Sheets {
        Sheets {
            writer,
            bytes: Vec::new(),
            failed: None,
        }
    }
}

impl Observer for Sheets {}

impl Report for Sheets {
    fn journal(&mut self, piece: &[u8]) {
        self.bytes.extend(piece);
    }

    fn script_ended(&mut self, _: &Meant, _: &Run) {
        for run in Runs::new(&*std::mem::take(&mut self.bytes)) {
            let added = run
                .map_err(|why| format!("the journal that was just written cannot be read: {why}"));
            let added = added.and_then(|run| self.writer.add(run));
            self.failed = self.failed.take().or(added.err());
        }
    }

    fn run_ended(&mut self, _: &Ending, _: Duration) -> Result<(), String> {
        if let Some(why) = self.failed.take() {
            return Err(why);
        }
        std::mem::take(&mut self.writer).finish()
    }
}
