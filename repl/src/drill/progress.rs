//! The progress of drills, for people who watch.

use std::time::{Duration, Instant};

use quorate_drill::{DrillReport, Observer, Remark, Run};
use quorate_model::Time;

use super::ending::Ending;
use super::reports::Report;
use crate::files::Meant;
use crate::output::{Output, Tone};
use crate::report;

/// How often the status line is drawn at most.
pub(super) const REDRAW: Duration = Duration::from_millis(100);

/// Shows the progress of drills: lines as they come, and on a terminal a status line with the virtual time.
pub(crate) struct Progress {
    output: Output,
    /// The drill that is running.
    name: String,
    /// Its present step.
    step: String,
    drawn: Instant,
    /// How much is told of drills that pass.
    pub(super) much: Much,
    /// Whether the drills run several times, so that a line names the seed.
    pub(super) seeds: bool,
}

/// How much is told of drills that pass. What did not pass is told of in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Much {
    /// Everything, as it happens.
    All,
    /// A line for each.
    Line,
    /// Nothing.
    Nothing,
}

impl Progress {
    pub(crate) fn new(output: Output) -> Progress {
        Progress {
            output,
            name: String::new(),
            step: String::new(),
            drawn: Instant::now(),
            much: Much::All,
            seeds: false,
        }
    }

    /// Prints a drill's remarks.
    fn remarks(&mut self, ended: &DrillReport) {
        for remark in &ended.remarks {
            let text = report::remark(remark, self.output.paint());
            self.line(&format!("    {text}"));
        }
    }

    fn line(&mut self, text: &str) {
        self.output.status("");
        self.output.line(text);
    }
}

impl Observer for Progress {
    fn drill_started(&mut self, file: &str, name: &str, seed: u64) {
        self.name = name.to_owned();
        self.step = "starting the cluster".to_owned();
        if self.much != Much::All {
            return;
        }
        let paint = self.output.paint();
        let origin = paint.tone(Tone::Faint, &format!("({file}, seed {seed})"));
        self.line(&format!("{} {origin}", paint.tone(Tone::Strong, name)));
    }

    fn time_passed(&mut self, now: Time) {
        if self.output.is_live() && self.drawn.elapsed() >= REDRAW {
            self.drawn = Instant::now();
            let clock = report::clock(now);
            // The terminal's width cuts it off.
            let text = format!("  {clock} {}: {}", self.name, self.step);
            let text = self.output.paint_err().tone(Tone::Faint, &text);
            self.output.status(&text);
        }
    }

    fn step(&mut self, now: Time, title: &str) {
        self.step = title.to_owned();
        if self.much != Much::All {
            return;
        }
        let at = self.output.paint().tone(Tone::Faint, &report::clock(now));
        self.line(&format!("  {at}  {title}"));
    }

    fn note(&mut self, now: Time, text: &str) {
        if self.much != Much::All {
            return;
        }
        let paint = self.output.paint();
        let (at, text) = (
            paint.tone(Tone::Faint, &report::clock(now)),
            paint.tone(Tone::Faint, text),
        );
        self.line(&format!("  {at}    {text}"));
    }

    fn remark(&mut self, remark: &Remark) {
        // They are printed below the drill's own line.
        if self.much != Much::All {
            return;
        }
        let paint = self.output.paint();
        let at = paint.tone(Tone::Faint, &report::clock(remark.at));
        let text = report::remark(remark, paint);
        self.line(&format!("  {at}  {text}"));
    }

    fn drill_ended(&mut self, ended: &DrillReport) {
        // Filtered drills are only counted.
        let fine = ended.verdict.is_fine();
        if ended.filtered || (fine && self.much == Much::Nothing) {
            return;
        }
        let paint = self.output.paint();
        if self.much == Much::Line && fine {
            self.line(&report::brief(ended, self.seeds, paint));
            self.remarks(ended);
            return;
        }
        if self.much != Much::All {
            self.line(&paint.tone(Tone::Strong, &ended.name));
            self.remarks(ended);
        }
        self.line(&report::summary(ended, paint));
    }
}

impl Report for Progress {
    fn script_ended(&mut self, _: &Meant, run: &Run) {
        if let Some(why) = &run.failure {
            let text = report::failure(why, "error", self.output.paint_err());
            self.output.status("");
            self.output.err_line(text.trim_end());
            self.output.err_line("");
        }
    }

    fn run_ended(&mut self, ending: &Ending, took: Duration) -> Result<(), String> {
        ending.tell(took, &mut self.output);
        Ok(())
    }
}
