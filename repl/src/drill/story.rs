//! What scripts that run at the same time tell, as one story in the order of the scripts.

use quorate_drill::Run;

use super::ending::Ending;
use super::jobs::{Listener, Told};
use super::progress::Progress;
use super::status::Status;
use crate::files::Meant;
use crate::output::Output;
use crate::report;

/// The story so far.
pub(super) struct Story<'a> {
    scripts: &'a [(Meant, String)],
    output: Output,
    progress: Progress,
    status: Status,
    /// The journals, one after the other.
    pub(super) journal: Vec<u8>,
    /// What it will end with.
    pub(super) ending: Ending,
}

impl<'a> Story<'a> {
    pub(super) fn new(
        scripts: &'a [(Meant, String)],
        brief: bool,
        expected: usize,
        output: Output,
        ending: Ending,
    ) -> Story<'a> {
        let mut progress = Progress::new(output);
        progress.brief = brief;
        Story {
            scripts,
            output,
            progress,
            status: Status::new(output, expected),
            journal: Vec::new(),
            ending,
        }
    }

    fn ran(&mut self, script: usize, run: Run) {
        if let Some(why) = &run.failure {
            let paint = self.output.paint_err();
            self.output.status("");
            self.output
                .err_line(report::failure(why, "error", paint).trim_end());
            self.output.err_line("");
        }
        if let Some((script, _)) = self.scripts.get(script) {
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
            // That is for the status line.
            Told::Passed(_) => {}
            Told::Wrote { error, bytes } => {
                self.output.status("");
                match error {
                    false => self.output.bytes(&bytes),
                    true => self.output.err_bytes(&bytes),
                }
            }
            Told::Journal(piece) => self.journal.extend(piece),
            Told::Done(run) => self.ran(script, *run),
            told => told.pass_on(&mut self.progress),
        }
    }

    fn idle(&mut self) {
        self.status.draw();
    }
}
