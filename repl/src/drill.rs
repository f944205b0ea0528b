//! `quorate drill`.

use std::cell::RefCell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use quorate_model::{Severity, Time};
use quorate_script::{
    DrillReport, MAX_BYTES, Observer, Remark, Run, RunOptions, SimSource, StageSource, Verdict,
    check_script, read_text, run_script,
};

use crate::cli::DrillArgs;
use crate::exit::Exit;
use crate::output::{Output, Tone};
use crate::report;

/// How often the status line is drawn at most.
const REDRAW: Duration = Duration::from_millis(100);

/// Runs the drills of the files and folders named.
pub(crate) fn run(args: &DrillArgs, mut output: Output, cancel: &Arc<AtomicBool>) -> Exit {
    let files = match scripts(&args.paths) {
        Ok(files) => files,
        Err(text) => {
            output.error(&text);
            return Exit::Usage;
        }
    };
    // Every script is checked before the first cluster starts.
    let mut sources = Vec::new();
    let mut mistakes = 0;
    for file in files {
        match read_text(&file, Some(MAX_BYTES)) {
            Ok(text) => {
                let found = check_script(&file.display().to_string(), &text);
                for finding in &found {
                    let paint = output.paint_err();
                    output.err_line(&report::finding(finding, paint));
                }
                mistakes += found
                    .iter()
                    .filter(|it| it.severity == Severity::Error)
                    .count();
                sources.push((file, text));
            }
            Err(error) => {
                output.error(&format!("cannot read {}: {error}", file.display()));
                mistakes += 1;
            }
        }
    }
    if mistakes > 0 {
        output.error(&format!(
            "{}; no drill was run",
            report::count(mistakes, "mistake", "mistakes")
        ));
        return Exit::Usage;
    }

    // Wherever a plugin may go meanwhile.
    let journal_file = args.journal.as_deref().map(std::path::absolute);
    let plugins = SimSource::new(args.plugins.plugin_dir.clone()).isolated(args.apart.settings());
    if let Err(why) = plugins.check_isolation() {
        output.error(&why);
        return Exit::Usage;
    }
    let source: Rc<dyn StageSource> = Rc::new(plugins);
    let options = RunOptions {
        seed: args.seed,
        filter: args.filter.clone(),
        journal: args.journal.is_some(),
        timeout: Some(args.timeout),
        repeat_with: repeat_with(args),
    };
    let began = Instant::now();
    let mut reports = Vec::new();
    let mut journal = Vec::new();
    let mut exit = Exit::Pass;
    let progress = Rc::new(RefCell::new(Progress::new(output)));
    for (file, text) in &sources {
        let observer = Box::new(Shared(progress.clone()));
        let mut run = run_script(
            file,
            text,
            source.clone(),
            options.clone(),
            observer,
            cancel.clone(),
        );
        exit = exit.and(status_of(&run));
        journal.append(&mut run.journal);
        if let Some(why) = &run.failure {
            let paint = output.paint_err();
            output.err_line(&report::failure(why, "error", paint));
        }
        reports.append(&mut run.reports);
        if run.interrupted || cancel.load(Ordering::Relaxed) {
            exit = Exit::Interrupted;
            break;
        }
    }
    if let (Some(path), Some(file)) = (&args.journal, journal_file)
        && let Err(error) = file.and_then(|file| write_journal(&file, &journal))
    {
        output.error(&format!(
            "cannot write the journal {}: {error}",
            path.display()
        ));
        exit = exit.and(Exit::Usage);
    }
    let meant = reports.iter().any(|it| !it.filtered);
    if !meant && exit == Exit::Pass {
        output.error(&match &args.filter {
            Some(text) => format!("no drill has \"{text}\" in its name or as a tag"),
            None => "there is no drill in what was named".to_owned(),
        });
        return Exit::Usage;
    }
    output.line(&total(&reports, began.elapsed(), exit, output));
    exit
}

/// The options that decide what runs, besides seed and filter, as the command line has them.
fn repeat_with(args: &DrillArgs) -> Vec<String> {
    let mut words = Vec::new();
    let folders = args.plugins.plugin_dir.iter();
    let folders = folders.map(|folder| folder.display().to_string());
    for (option, values) in [
        ("--plugin-dir", folders.collect()),
        ("--isolate", args.apart.isolate.clone()),
    ] {
        words.extend(
            values
                .into_iter()
                .flat_map(|value| [option.to_owned(), value]),
        );
    }
    words
}

/// The exit status of one script's run.
fn status_of(run: &Run) -> Exit {
    let mut exit = match &run.failure {
        Some(why) if why.internal => Exit::Internal,
        Some(_) => Exit::Fail,
        None => Exit::Pass,
    };
    for report in &run.reports {
        let internal = report.failure.as_ref().is_some_and(|why| why.internal);
        exit = exit.and(match report.verdict {
            Verdict::Pass | Verdict::Skipped => Exit::Pass,
            Verdict::Unknown => Exit::Unknown,
            Verdict::Error if internal => Exit::Internal,
            Verdict::Fail | Verdict::Error => Exit::Fail,
        });
    }
    exit
}

/// The last line: how many drills, how they ended, in what time.
fn total(reports: &[DrillReport], real: Duration, exit: Exit, output: Output) -> String {
    let mut parts = Vec::new();
    for verdict in [
        Verdict::Pass,
        Verdict::Fail,
        Verdict::Unknown,
        Verdict::Error,
        Verdict::Skipped,
    ] {
        let number = reports
            .iter()
            .filter(|report| report.verdict == verdict)
            .count();
        if number > 0 {
            let text = format!("{number} {verdict}");
            parts.push(output.paint().tone(report::verdict_tone(verdict), &text));
        }
    }
    let unrepeatable = reports
        .iter()
        .filter(|report| !report.unrepeatable.is_empty())
        .count();
    if unrepeatable > 0 {
        let text = format!("{unrepeatable} not repeatable");
        parts.push(output.paint().tone(Tone::Care, &text));
    }
    let crashed = reports.iter().filter(|it| !it.crashes.is_empty()).count();
    if crashed > 0 {
        let text = format!("{crashed} with plugins that died");
        parts.push(output.paint().tone(Tone::Care, &text));
    }
    let remarked = reports.iter().filter(|it| !it.remarks.is_empty()).count();
    if remarked > 0 {
        let text = format!("{remarked} with remarks");
        parts.push(output.paint().tone(Tone::Care, &text));
    }
    if exit == Exit::Interrupted {
        parts.push(output.paint().tone(Tone::Care, "interrupted"));
    }
    let virtual_time = reports.iter().map(|report| report.virtual_time.0).sum();
    format!(
        "{}: {}; {} of virtual time in {}",
        report::count(reports.len(), "drill", "drills"),
        parts.join(", "),
        report::clock(Time(virtual_time)),
        report::real(real)
    )
}

/// The scripts that are meant, in order, each once.
fn scripts(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = found.len();
            search(path, &mut found)
                .map_err(|error| format!("cannot search {}: {error}", path.display()))?;
            if found.len() == before {
                return Err(format!(
                    "there is no drill script (.rhai) in {}",
                    path.display()
                ));
            }
        } else if path.exists() {
            found.push(path.clone());
        } else {
            return Err(format!("there is no file or folder {}", path.display()));
        }
    }
    let mut unique: Vec<PathBuf> = Vec::new();
    for file in found {
        if !unique.contains(&file) {
            unique.push(file);
        }
    }
    Ok(unique)
}

/// The scripts in a folder and below, in order of their names.
fn search(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<_>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            search(&path, found)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "rhai")
        {
            found.push(path);
        }
    }
    Ok(())
}

fn write_journal(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}

/// Shows how drills go on: lines as they come, and on a terminal a status line with the virtual time.
pub(crate) struct Progress {
    output: Output,
    /// The drill that runs.
    name: String,
    /// The step it is at.
    step: String,
    drawn: Instant,
}

impl Progress {
    pub(crate) fn new(output: Output) -> Progress {
        Progress {
            output,
            name: String::new(),
            step: String::new(),
            drawn: Instant::now(),
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
        let paint = self.output.paint();
        let origin = paint.tone(Tone::Faint, &format!("({file}, seed {seed})"));
        self.line(&format!("{} {origin}", paint.tone(Tone::Strong, name)));
    }

    fn time_passed(&mut self, now: Time) {
        if self.output.is_live() && self.drawn.elapsed() >= REDRAW {
            self.drawn = Instant::now();
            // Longer than the terminal is wide, the line could not be taken away again.
            let text: String = format!("  {} {}: {}", report::clock(now), self.name, self.step)
                .chars()
                .take(78)
                .collect();
            let text = self.output.paint_err().tone(Tone::Faint, &text);
            self.output.status(&text);
        }
    }

    fn step(&mut self, now: Time, title: &str) {
        self.step = title.to_owned();
        let at = self.output.paint().tone(Tone::Faint, &report::clock(now));
        self.line(&format!("  {at}  {title}"));
    }

    fn note(&mut self, now: Time, text: &str) {
        let paint = self.output.paint();
        let (at, text) = (
            paint.tone(Tone::Faint, &report::clock(now)),
            paint.tone(Tone::Faint, text),
        );
        self.line(&format!("  {at}    {text}"));
    }

    fn remark(&mut self, remark: &Remark) {
        let paint = self.output.paint();
        let at = paint.tone(Tone::Faint, &report::clock(remark.at));
        let text = report::remark(remark, paint);
        self.line(&format!("  {at}  {text}"));
    }

    fn drill_ended(&mut self, ended: &DrillReport) {
        // Drills that were filtered out are only counted.
        if ended.filtered {
            return;
        }
        let summary = report::summary(ended, self.output.paint());
        self.line(&summary);
    }
}

/// One progress for several scripts.
struct Shared(Rc<RefCell<Progress>>);

impl Observer for Shared {
    fn drill_started(&mut self, file: &str, name: &str, seed: u64) {
        self.0.borrow_mut().drill_started(file, name, seed);
    }
    fn time_passed(&mut self, now: Time) {
        self.0.borrow_mut().time_passed(now);
    }
    fn step(&mut self, now: Time, title: &str) {
        self.0.borrow_mut().step(now, title);
    }
    fn note(&mut self, now: Time, text: &str) {
        self.0.borrow_mut().note(now, text);
    }
    fn remark(&mut self, remark: &Remark) {
        self.0.borrow_mut().remark(remark);
    }
    fn drill_ended(&mut self, report: &DrillReport) {
        self.0.borrow_mut().drill_ended(report);
    }
}
