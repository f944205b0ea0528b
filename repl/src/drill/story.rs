//! The events of scripts that run at the same time, in the order of the scripts.

use std::time::Duration;

use quorate_drill::Run;

use super::ending::Ending;
use super::jobs::{Listener, Told};
use super::reports::Report;
use super::status::Status;
use crate::files::Meant;
use crate::output::Output;

/// The story so far.
pub(super) struct Story<'a> {
    scripts: &'a [(Meant, String)],
    output: Output,
    /// The reports that get the events.
    reports: Vec<Box<dyn Report>>,
    status: Status,
    /// The totals at the end.
    pub(super) ending: Ending,
}

impl<'a> Story<'a> {
    pub(super) fn new(
        scripts: &'a [(Meant, String)],
        reports: Vec<Box<dyn Report>>,
        expected: usize,
        output: Output,
        ending: Ending,
    ) -> Story<'a> {
        Story {
            scripts,
            output,
            reports,
            status: Status::new(output, expected),
            ending,
        }
    }

    /// Ends the story: all scripts have run, in this much real time.
    ///
    /// # Errors
    /// A sentence for each report that cannot be written.
    pub(super) fn close(mut self, took: Duration) -> Result<(), Vec<String>> {
        let reports = self.reports.iter_mut();
        let closed = reports.map(|report| report.run_ended(&self.ending, took));
        let failed: Vec<String> = closed.filter_map(Result::err).collect();
        match failed.is_empty() {
            true => Ok(()),
            false => Err(failed),
        }
    }

    fn ran(&mut self, script: usize, run: Run) {
        if let Some((script, _)) = self.scripts.get(script) {
            for report in &mut self.reports {
                report.script_ended(script, &run);
            }
            self.ending.ran(script, run);
        }
    }
}

impl Listener for Story<'_> {
    fn heard(&mut self, script: usize, told: &Told) {
        self.status.heard(script, told);
    }

    fn told(&mut self, script: usize, told: Told) {
        match told {
            // This is for the status line only.
            Told::Passed(_) => {}
            Told::Wrote { error, bytes } => {
                self.output.status("");
                match error {
                    false => self.output.bytes(&bytes),
                    true => self.output.err_bytes(&bytes),
                }
            }
            Told::Journal(piece) => {
                for report in &mut self.reports {
                    report.journal(&piece);
                }
            }
            Told::Done(run) => self.ran(script, *run),
            told => {
                for report in &mut self.reports {
                    told.pass_on(report.as_mut());
                }
            }
        }
    }

    fn idle(&mut self) {
        self.status.draw();
    }
}
