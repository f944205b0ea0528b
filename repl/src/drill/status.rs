//! The status line on a terminal, which shows the progress of running drills.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use quorate_model::Time;

use super::jobs::Told;
use super::progress::REDRAW;
use crate::output::{Output, Tone};
use crate::report;

/// How long drills must have run before the time that is left is foretold.
const ENOUGH: Duration = Duration::from_secs(2);

/// The status line: how many drills have ended and how long the others will take, and the progress of the slowest one,
/// which has run longest.
#[derive(Debug)]
pub(super) struct Status {
    output: Output,
    /// The number of drills.
    of: usize,
    /// How many of them have ended.
    ended: usize,
    began: Instant,
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
            ended: 0,
            began: Instant::now(),
            bad: 0,
            runs: BTreeMap::new(),
            drawn: Instant::now(),
        }
    }

    /// Takes note of an event of a script.
    pub(super) fn heard(&mut self, script: usize, told: &Told) {
        match told {
            Told::Began { name, .. } => {
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
                self.ended += usize::from(!report.filtered);
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
            if let Some(text) = self.text(self.began.elapsed()) {
                let text = self.output.paint_err().tone(Tone::Faint, &text);
                self.output.status(&text);
            }
        }
    }

    /// The line, once drills have run for this long.
    fn text(&self, elapsed: Duration) -> Option<String> {
        let slowest = self.runs.values().min_by_key(|it| it.since)?;
        let mut counts = Vec::new();
        // A single drill needs no count.
        if self.of > 1 {
            counts.push(format!("{} of {} done", self.ended, self.of));
        }
        if self.runs.len() > 1 {
            counts.push(format!("{} running", self.runs.len()));
        }
        if self.bad > 0 {
            counts.push(format!("{} did not pass", self.bad));
        }
        if let Some(left) = left(elapsed, self.ended, self.of) {
            counts.push(format!("about {} left", report::real(left)));
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

/// How long the drills that have not ended will take, if they take as long as those that have; in whole seconds. `None`
/// as long as too little is known.
fn left(elapsed: Duration, ended: usize, of: usize) -> Option<Duration> {
    let (ended, of) = (u32::try_from(ended).ok()?, u32::try_from(of).ok()?);
    if ended == 0 || ended >= of || elapsed < ENOUGH {
        return None;
    }
    let left = elapsed / ended * (of - ended);
    Some(Duration::from_secs(left.as_secs().max(1)))
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

    fn ended(verdict: quorate_drill::Verdict) -> Told {
        let mut report = crate::report::tests::report();
        report.verdict = verdict;
        Told::Ended(Box::new(report))
    }

    #[test]
    fn the_line_counts_and_names_the_slowest() {
        let mut status = Status::new(Output::new(Colour::Never), 7);
        let now = Duration::from_secs(4);
        assert_eq!(status.text(now), None);
        status.heard(1, &began("slow"));
        status.heard(0, &began("quick"));
        status.heard(
            1,
            &Told::Step(Time::from_millis(1_500), "it waits".to_owned()),
        );
        status.heard(1, &Told::Passed(Time::from_millis(2_500)));
        assert_eq!(
            status.text(now).as_deref(),
            Some("  0 of 7 done, 2 running  0:00:02.500 slow: it waits")
        );
        status.heard(1, &ended(quorate_drill::Verdict::Fail));
        status.heard(1, &Told::Done(Box::default()));
        assert_eq!(
            status.text(now).as_deref(),
            Some(
                "  1 of 7 done, 1 did not pass, about 24s left  0:00:00.000 quick: starting the cluster"
            )
        );
        // Too early to say.
        let early = status.text(Duration::from_secs(1)).unwrap_or_default();
        assert!(!early.contains("left"), "{early}");
    }

    #[test]
    fn the_time_left_goes_by_what_has_ended() {
        let left = |seconds, ended, of| left(Duration::from_secs(seconds), ended, of);
        assert_eq!(left(60, 3, 12), Some(Duration::from_secs(180)));
        assert_eq!(left(60, 0, 12), None);
        assert_eq!(left(60, 12, 12), None);
        assert_eq!(left(2, 11, 12), Some(Duration::from_secs(1)));
    }
}
