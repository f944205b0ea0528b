//! The status line on a terminal, which shows the progress of running drills.

use std::collections::BTreeMap;
use std::time::Instant;

use quorate_model::Time;

use super::jobs::Told;
use super::progress::REDRAW;
use crate::output::{Output, Tone};
use crate::report;

/// The status line: how many drills have begun, and the progress of the one that has run longest.
#[derive(Debug)]
pub(super) struct Status {
    output: Output,
    /// The number of drills.
    of: usize,
    begun: usize,
    /// How many have not passed so far.
    bad: usize,
    /// The running drill of each script.
    runs: BTreeMap<usize, Running>,
    drawn: Instant,
}

#[derive(Debug)]
struct Running {
    name: String,
    step: String,
    now: Time,
    since: Instant,
}

impl Status {
    pub(super) fn new(output: Output, of: usize) -> Status {
        Status {
            output,
            of,
            begun: 0,
            bad: 0,
            runs: BTreeMap::new(),
            drawn: Instant::now(),
        }
    }

    /// Takes note of an event of a script.
    pub(super) fn heard(&mut self, script: usize, told: &Told) {
        match told {
            Told::Began { name, .. } => {
                self.begun += 1;
                let running = Running {
                    name: name.clone(),
                    step: "starting the cluster".to_owned(),
                    now: Time::ZERO,
                    since: Instant::now(),
                };
                self.runs.insert(script, running);
            }
            Told::Passed(now) => {
                if let Some(running) = self.runs.get_mut(&script) {
                    running.now = *now;
                }
            }
            Told::Step(now, title) => {
                if let Some(running) = self.runs.get_mut(&script) {
                    running.now = *now;
                    running.step.clone_from(title);
                }
            }
            Told::Ended(report) => {
                self.runs.remove(&script);
                self.bad += usize::from(!report.verdict.is_fine());
            }
            Told::Done(_) => {
                self.runs.remove(&script);
            }
            _ => {}
        }
    }

    /// Draws it, unless it was drawn a moment ago.
    pub(super) fn draw(&mut self) {
        if self.output.is_live() && self.drawn.elapsed() >= REDRAW {
            self.drawn = Instant::now();
            if let Some(text) = self.text() {
                let text = self.output.paint_err().tone(Tone::Faint, &text);
                self.output.status(&text);
            }
        }
    }

    fn text(&self) -> Option<String> {
        let slowest = self.runs.values().min_by_key(|it| it.since)?;
        let mut counts = Vec::new();
        // A single drill needs no count.
        if self.of > 1 {
            counts.push(format!("{} of {}", self.begun, self.of));
        }
        if self.runs.len() > 1 {
            counts.push(format!("{} at a time", self.runs.len()));
        }
        if self.bad > 0 {
            counts.push(format!("{} did not pass", self.bad));
        }
        let mut counts = counts.join(", ");
        if !counts.is_empty() {
            counts.push_str("  ");
        }
        // The terminal's width cuts it off.
        Some(format!(
            "  {counts}{} {}: {}",
            report::clock(slowest.now),
            slowest.name,
            slowest.step
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Colour;

    fn began(name: &str) -> Told {
        Told::Began {
            file: String::new(),
            name: name.to_owned(),
            seed: 1,
        }
    }

    #[test]
    fn the_line_counts_and_names_what_has_run_longest() {
        let mut status = Status::new(Output::new(Colour::Never), 7);
        assert_eq!(status.text(), None);
        status.heard(1, &began("slow"));
        status.heard(0, &began("quick"));
        status.heard(
            1,
            &Told::Step(Time::from_millis(1_500), "it waits".to_owned()),
        );
        status.heard(1, &Told::Passed(Time::from_millis(2_500)));
        assert_eq!(
            status.text().as_deref(),
            Some("  2 of 7, 2 at a time  0:00:02.500 slow: it waits")
        );
        status.heard(1, &Told::Done(Box::default()));
        assert_eq!(
            status.text().as_deref(),
            Some("  2 of 7  0:00:00.000 quick: starting the cluster")
        );
    }
}
