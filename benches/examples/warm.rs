//! `warm FILE [TIMES [FILTER]]`: runs the drills of a file so many times in this process, without an observer, and nothing
//! else: for profilers, which cannot follow `quorate drill` into the processes that it starts.
//!
//! What one further run costs is the difference between two numbers of times.

use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;

use quorate_drill::{Choice, RunOptions, Silent, StageSource, Verdict};
use quorate_rehearse::SimSource;
use quorate_script::{on_script_thread, run_script};

fn main() -> ExitCode {
    quorate_host::share_heap();
    let mut arguments = std::env::args().skip(1);
    let Some(file) = arguments.next() else {
        return usage("a file with drills");
    };
    let times = arguments.next().map_or(Ok(1), |times| times.parse());
    let Ok(times) = times else {
        return usage("how many times");
    };
    let filter = arguments.next();
    match on_script_thread(move || run(Path::new(&file), times, filter)) {
        Ok(passed) if passed => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

#[expect(clippy::print_stderr, reason = "a program for developers")]
fn usage(missing: &str) -> ExitCode {
    eprintln!("usage: warm FILE [TIMES [FILTER]]: {missing} is missing");
    ExitCode::from(2)
}

/// Whether all drills passed, each time.
fn run(file: &Path, times: u32, filter: Option<String>) -> bool {
    let Ok(text) = quorate_drill::read_text(file, None) else {
        return false;
    };
    let source: Rc<dyn StageSource> = Rc::new(SimSource::new(Vec::new()));
    (0..times).all(|_| {
        let options = RunOptions {
            choice: Choice {
                text: filter.clone(),
                ..Choice::default()
            },
            ..RunOptions::default()
        };
        let observer = Box::new(Silent);
        let run = run_script(
            file,
            &text,
            Rc::clone(&source),
            options,
            observer,
            Default::default(),
        );
        let passed = run.reports.iter().filter(|it| it.verdict == Verdict::Pass);
        let skipped = run
            .reports
            .iter()
            .filter(|it| it.verdict == Verdict::Skipped);
        let (passed, skipped) = (passed.count(), skipped.count());
        passed > 0 && passed + skipped == run.reports.len()
    })
}
