//! The events of scripts that run at the same time, in the order of the scripts.

use std::time::Duration;

use quorate_drill::{Run, Verdict};

use super::ending::Ending;
use super::jobs::{Listener, Part, Told};
use super::reports::Report;
use super::status::Status;
use crate::output::Output;

/// The story so far.
pub(super) struct Story<'a> {
    parts: &'a [Part],
    output: Output,
    /// The reports that get the events.
    reports: Vec<Box<dyn Report>>,
    status: Status,
    /// The totals at the end.
    pub(super) ending: Ending,
}

impl<'a> Story<'a> {
    pub(super) fn new(
        parts: &'a [Part],
        reports: Vec<Box<dyn Report>>,
        expected: usize,
        output: Output,
        ending: Ending,
    ) -> Story<'a> {
        Story {
            parts,
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

    fn ran(&mut self, part: usize, mut run: Run) {
        let Some(part) = self.parts.get(part) else {
            return;
        };
        if part.offset > 0 {
            // The first run of the script has said this.
            run.reports.retain(|it| it.verdict != Verdict::Skipped);
            let file = part.script.path.display().to_string();
            if self.ending.broken().iter().any(|(known, _)| *known == file) {
                run.failure = None;
            }
        }
        for report in &mut self.reports {
            report.script_ended(&part.script, &run);
        }
        self.ending.ran(&part.script, run, part.offset == 0);
    }

    /// Whether an event of a later run of a script was told of in its first run.
    fn is_known(&self, part: usize, told: &Told) -> bool {
        let again = self.parts.get(part).is_some_and(|part| part.offset > 0);
        again && matches!(told, Told::Ended(report) if report.verdict == Verdict::Skipped)
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
            told if self.is_known(script, &told) => {}
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
