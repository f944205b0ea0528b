//! The end of a run of drills: those that did not pass, once more, and the totals.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use quorate_drill::{Choice, DrillReport, Run, Verdict, suggestion};
use quorate_model::Time;

use super::spread;
use crate::exit::Exit;
use crate::files::Meant;
use crate::output::{Output, Paint, Tone};
use crate::report;

/// The results of a run so far.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    /// Its exit status.
    pub(super) exit: Exit,
    reports: Vec<DrillReport>,
    /// The numbers of those reports that an interrupt has cut short.
    cut: BTreeSet<usize>,
    /// The names of all drills of the scripts that ran to their ends.
    whole: BTreeMap<String, BTreeSet<String>>,
    /// The variables that the scripts asked for.
    pub(super) asked: BTreeSet<String>,
    /// Files that were unusable or ended early, with the reason.
    broken: Vec<(String, String)>,
    /// Files without a drill that were found in folders.
    empty: usize,
    /// Files that were left out after the first drill that did not pass, or after an interrupt.
    pub(super) left: usize,
    /// Whether a run ends with the first drill that does not pass.
    pub(super) fail_fast: bool,
    /// Whether each drill runs several times.
    pub(super) repeats: bool,
}

impl Default for Ending {
    fn default() -> Ending {
        Ending {
            exit: Exit::Pass,
            reports: Vec::new(),
            cut: BTreeSet::new(),
            whole: BTreeMap::new(),
            asked: BTreeSet::new(),
            broken: Vec::new(),
            empty: 0,
            left: 0,
            fail_fast: false,
            repeats: false,
        }
    }
}

impl Ending {
    /// Records a file that cannot be run.
    pub(super) fn unusable(&mut self, path: &Path, why: String) {
        self.exit = self.exit.and(Exit::Usage);
        self.broken.push((path.display().to_string(), why));
    }

    /// Scripts that were unusable, or ended outside their drills, each with the reason.
    pub(super) fn broken(&self) -> &[(String, String)] {
        &self.broken
    }

    /// The drills that ran to their ends.
    pub(super) fn concluded(&self) -> impl Iterator<Item = &DrillReport> {
        let all = self.reports.iter().enumerate();
        let concluded = all.filter(|(number, report)| {
            report.verdict != Verdict::Skipped && !self.cut.contains(number)
        });
        concluded.map(|(_, report)| report)
    }

    /// The scripts that ran to their ends, each with the names of all its drills.
    pub(super) fn whole(&self) -> &BTreeMap<String, BTreeSet<String>> {
        &self.whole
    }

    /// Records a run of a script, its `first` or another.
    pub(super) fn ran(&mut self, script: &Meant, run: Run, first: bool) {
        self.exit = self.exit.and(status_of(&run));
        self.asked.extend(run.asked.iter().cloned());
        self.mark(script, &run);
        let file = script.path.display().to_string();
        let silent = run.reports.is_empty() && !run.interrupted;
        match run.failure {
            Some(why) => {
                let first = why.message.lines().next().unwrap_or_default();
                self.broken.push((file, first.to_owned()));
            }
            // A later run has fewer reports: what is skipped was told of in the first.
            None if !first => {}
            // A file that was named should contain a drill.
            None if silent && script.named => {
                self.unusable(&script.path, "there is no drill in it".to_owned());
            }
            None if silent => self.empty += 1,
            None => {}
        }
        self.reports.extend(run.reports);
    }

    /// Notes whether the script ran to its end, and the drill that an interrupt has cut short.
    fn mark(&mut self, script: &Meant, run: &Run) {
        let last = run.reports.last().map(|it| it.verdict);
        if run.interrupted && last == Some(Verdict::Unknown) {
            self.cut.insert(self.reports.len() + run.reports.len() - 1);
        }
        let fine = run.reports.iter().all(|it| it.verdict.is_fine());
        if run.failure.is_none() && !run.interrupted && (fine || !self.fail_fast) {
            let names = run.reports.iter().map(|it| it.name.clone());
            let file = script.path.display().to_string();
            self.whole.entry(file).or_default().extend(names);
        }
    }

    /// Why nothing ran, if there is nothing else to say.
    pub(super) fn nothing_ran(&self, choice: &Choice) -> Option<String> {
        let meant = self.reports.iter().any(|it| !it.filtered);
        match meant || self.exit != Exit::Pass {
            true => None,
            false => Some(nothing(&self.reports, choice)),
        }
    }

    /// A sentence for each tag that is asked for, and that no drill has.
    pub(super) fn unknown_tags(&self, choice: &Choice) -> Vec<String> {
        // What did not run to its end may have more drills.
        if self.exit == Exit::Interrupted || self.left > 0 || !self.broken.is_empty() {
            return Vec::new();
        }
        let wanted = choice.tags.iter().chain(&choice.not_tags);
        let unknown = wanted.filter(|tag| !tags(&self.reports).contains(tag.as_str()));
        let told = unknown.map(|tag| {
            let help = help(tag, tags(&self.reports));
            format!("no drill has the tag \"{tag}\"{help}")
        });
        told.collect()
    }

    /// Prints all drills that did not pass again, since they may be a thousand lines above, and the totals.
    pub(super) fn tell(&self, real: Duration, output: &mut Output) {
        let paint = output.paint();
        for line in self.again(paint) {
            output.line(&line);
        }
        if self.repeats {
            for line in spread::table(&self.reports, paint) {
                output.line(&line);
            }
        }
        output.line(&self.total(real, paint));
    }

    fn again(&self, paint: Paint) -> Vec<String> {
        let bad: Vec<&DrillReport> = self
            .reports
            .iter()
            .filter(|it| !it.verdict.is_fine())
            .collect();
        let mut lines = Vec::new();
        // A single drill has its whole report right above.
        if self.reports.iter().filter(|it| !it.filtered).count() + self.broken.len() > 1 {
            for report in bad {
                lines.extend(again(report, paint));
            }
        }
        for (file, why) in &self.broken {
            let verdict = paint.tone(Tone::Bad, Verdict::Error.as_str());
            lines.push(format!("  {verdict}  {file}: {why}"));
        }
        if !lines.is_empty() {
            lines.insert(0, paint.tone(Tone::Strong, "did not pass:"));
        }
        lines
    }

    /// The last line: the number of drills, their verdicts, the time.
    fn total(&self, real: Duration, paint: Paint) -> String {
        let mut parts = Vec::new();
        for verdict in [
            Verdict::Pass,
            Verdict::Fail,
            Verdict::Unknown,
            Verdict::Error,
            Verdict::Known,
            Verdict::Skipped,
        ] {
            let of = self.reports.iter().filter(|it| it.verdict == verdict);
            let number = of.count();
            if number > 0 {
                let text = match verdict {
                    Verdict::Known => report::count(number, "known fault", "known faults"),
                    _ => format!("{number} {verdict}"),
                };
                parts.push(paint.tone(report::verdict_tone(verdict), &text));
            }
        }
        let mut care = |number: usize, text: &str| {
            if number > 0 {
                parts.push(paint.tone(Tone::Care, &format!("{number} {text}")));
            }
        };
        let reports = self.reports.iter();
        care(
            reports.filter(|it| !it.unrepeatable.is_empty()).count(),
            "not repeatable",
        );
        let reports = self.reports.iter();
        care(
            reports.filter(|it| !it.crashes.is_empty()).count(),
            "with plugins that died",
        );
        let reports = self.reports.iter();
        care(
            reports.filter(|it| !it.remarks.is_empty()).count(),
            "with remarks",
        );
        if self.exit == Exit::Interrupted {
            parts.push(paint.tone(Tone::Care, "interrupted"));
        }
        let mut clauses = Vec::new();
        let drills = report::count(self.reports.len(), "drill", "drills");
        clauses.push(match parts.is_empty() {
            true => drills,
            false => format!("{drills}: {}", parts.join(", ")),
        });
        if !self.broken.is_empty() {
            let files = report::count(self.broken.len(), "file", "files");
            clauses.push(paint.tone(Tone::Bad, &format!("{files} with an error")));
        }
        if self.empty > 0 {
            let files = report::count(self.empty, "file", "files");
            clauses.push(paint.tone(Tone::Care, &format!("{files} without a drill")));
        }
        if self.left > 0 {
            let files = match self.repeats {
                true => report::count(self.left, "run of a file", "runs of files"),
                false => report::count(self.left, "file", "files"),
            };
            clauses.push(paint.tone(Tone::Care, &format!("{files} left out")));
        }
        let passed = self.reports.iter().map(|it| it.virtual_time.0).sum();
        clauses.push(format!(
            "{} of virtual time in {}",
            report::passed(Time(passed)),
            report::real(real)
        ));
        clauses.join("; ")
    }
}

/// Why no drill of these is chosen.
pub(super) fn nothing(reports: &[DrillReport], choice: &Choice) -> String {
    if reports.is_empty() || choice.wanted().is_empty() {
        return "there is no drill in what was named".to_owned();
    }
    let asked = match (&choice.text, &choice.tags[..]) {
        (Some(text), []) if choice.exact => help(text, reports.iter().map(|it| it.name.as_str())),
        (None, [tag]) => help(tag, tags(reports)),
        _ => String::new(),
    };
    format!("no drill {}{asked}", choice.wanted())
}

/// The tags of all drills.
fn tags(reports: &[DrillReport]) -> BTreeSet<&str> {
    let tags = reports.iter().flat_map(|it| &it.tags);
    tags.map(String::as_str).collect()
}

fn help<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    suggestion(text, known).map_or_else(String::new, |help| format!(": {help}"))
}

/// A short report of a drill that did not pass: verdict, name and place, the first line of the reason, and the
/// command to repeat it.
fn again(report: &DrillReport, paint: Paint) -> Vec<String> {
    let verdict = paint.tone(
        report::verdict_tone(report.verdict),
        report.verdict.as_str(),
    );
    let name = paint.tone(Tone::Strong, &report.name);
    let mut lines = Vec::new();
    let why = report.failure.as_ref();
    let place = why.and_then(|why| why.place.as_ref());
    let place = place.map_or_else(|| report.file.clone(), ToString::to_string);
    let place = paint.tone(Tone::Faint, &format!("({place})"));
    lines.push(format!("  {verdict}  {name} {place}"));
    if let Some(first) = why.and_then(|why| why.message.lines().next()) {
        lines.push(format!("    {first}"));
    }
    let repeat = paint.tone(Tone::Guide, "repeat:");
    lines.push(format!("    {repeat} {}", report.repeat));
    lines
}

/// The exit status of one script's run.
fn status_of(run: &Run) -> Exit {
    let reports = run.reports.iter();
    let failures = reports.filter_map(|report| report.failure.as_ref());
    let mut exit = failures
        .chain(&run.failure)
        .map(|why| match (why.internal, why.unusable) {
            (true, _) => Exit::Internal,
            (false, true) => Exit::Usage,
            (false, false) => Exit::Pass,
        })
        .fold(Exit::Pass, Exit::and);
    // A script that ends outside its drills counts as an unusable file.
    if run.failure.is_some() {
        exit = exit.and(Exit::Usage);
    }
    run.reports.iter().fold(exit, |exit, report| {
        exit.and(match report.verdict {
            Verdict::Pass | Verdict::Skipped | Verdict::Known => Exit::Pass,
            Verdict::Unknown => Exit::Unknown,
            Verdict::Fail | Verdict::Error => Exit::Fail,
        })
    })
}
