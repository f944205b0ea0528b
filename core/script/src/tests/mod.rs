//! Tests of the whole crate on a fake cluster.

mod checking;
mod console;
mod drills;
mod fake;
mod time;

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use quorate_drill::{Run, RunOptions, Silent};

use self::fake::FakeSource;
use crate::run_script;

/// Runs a script on the fake cluster.
fn run(script: &str) -> Run {
    run_on(FakeSource::sound(), script, RunOptions::default())
}

/// Runs a script on another fake cluster.
fn run_on(source: FakeSource, script: &str, options: RunOptions) -> Run {
    let path = Path::new("t.rhai");
    let cancel = Arc::new(AtomicBool::new(false));
    run_script(
        path,
        script,
        Rc::new(source),
        options,
        Box::new(Silent),
        cancel,
    )
}

/// Wraps a body into a drill.
fn drill(body: &str) -> String {
    format!("drill(\"t\", #{{ cluster: \"fake.ron\" }}, || {{\n{body}\n}});")
}

/// Runs one drill body that must pass.
#[track_caller]
fn passes(body: &str) {
    let run = run(&drill(body));
    assert!(run.findings.is_empty(), "{:#?}", run.findings);
    assert_eq!(run.failure, None);
    for report in &run.reports {
        assert_eq!(
            report.verdict,
            quorate_drill::Verdict::Pass,
            "{:#?}",
            report.failure
        );
    }
    assert_eq!(run.reports.len(), 1);
}

/// Runs one drill body that must not pass, and gives its verdict and failure.
#[track_caller]
fn fails(body: &str) -> (quorate_drill::Verdict, quorate_drill::Failure) {
    let mut run = run(&drill(body));
    assert!(run.findings.is_empty(), "{:#?}", run.findings);
    let report = run.reports.pop().expect("a report");
    assert_ne!(report.verdict, quorate_drill::Verdict::Pass);
    (report.verdict, report.failure.expect("a failure"))
}
