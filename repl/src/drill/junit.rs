//! A run of drills as JUnit XML: a suite for each script, a case for each drill.

use std::path::PathBuf;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};
use quorate_drill::{DrillReport, Failure, Observer, Run, Verdict};
use quorate_report::{class, status, xml};

use super::ending::Ending;
use super::reports::Report;
use crate::files::{self, Meant};
use crate::output::Paint;
use crate::report;

/// No colours: it is read by programs.
const PLAIN: Paint = Paint(false);

/// The file, which is written after all drills.
pub(super) struct Junit {
    path: PathBuf,
    /// Whether the drills run several times, so that a case is known by its seed.
    seeds: bool,
    suites: Vec<TestSuite>,
}

impl Junit {
    pub(super) fn new(path: PathBuf, seeds: bool) -> Junit {
        Junit {
            path,
            seeds,
            suites: Vec::new(),
        }
    }

    fn document(&self, ending: &Ending, took: Duration) -> Result<String, String> {
        let mut document = Document::new("quorate drill");
        document.set_time(took);
        document.add_test_suites(self.suites.iter().cloned());
        // Scripts that could not be run have no suite yet.
        let told = |file: &str| self.suites.iter().any(|it| it.name.as_str() == file);
        for (file, why) in ending.broken().iter().filter(|(file, _)| !told(file)) {
            let mut suite = TestSuite::new(file);
            suite.add_test_case(broken(file, why, why));
            document.add_test_suite(suite);
        }
        xml(&document).map_err(|error| error.to_string())
    }
}

impl Observer for Junit {}

impl Report for Junit {
    fn script_ended(&mut self, script: &Meant, run: &Run) {
        let file = script.path.display().to_string();
        let known = self.suites.pop_if(|it| it.name.as_str() == file);
        let mut suite = known.unwrap_or_else(|| TestSuite::new(&file));
        for drill in run.reports.iter().filter(|it| !it.filtered) {
            suite.add_test_case(case(drill, &file, self.seeds));
        }
        if let Some(failure) = &run.failure {
            let text = report::failure(failure, "error", PLAIN);
            suite.add_test_case(broken(&file, first_line(failure), &text));
        }
        if !suite.test_cases.is_empty() {
            self.suites.push(suite);
        }
    }

    fn run_ended(&mut self, ending: &Ending, took: Duration) -> Result<(), String> {
        let written = self.document(ending, took).and_then(|text| {
            files::write(&self.path, text.as_bytes()).map_err(|error| error.to_string())
        });
        written
            .map_err(|error| format!("cannot write the results {}: {error}", self.path.display()))
    }
}

/// The case of a drill.
fn case(drill: &DrillReport, file: &str, seeds: bool) -> TestCase {
    let mut status = status(drill.verdict);
    if let Some(why) = &drill.skipped {
        status.set_message(why.as_str());
    }
    if let Some(why) = &drill.failure {
        let text = report::failure(why, drill.verdict.as_str(), PLAIN);
        let first = first_line(why);
        let message = match (&drill.known, drill.verdict) {
            (Some(known), Verdict::Known) => format!("a known fault: {known} ({first})"),
            _ => first.to_owned(),
        };
        status.set_message(message).set_type(drill.verdict.as_str());
        status.set_description(format!("{text}repeat: {}", drill.repeat));
    }
    let name = match seeds {
        true => format!("{} (seed {})", drill.name, drill.seed),
        false => drill.name.clone(),
    };
    let mut case = TestCase::new(name, status);
    case.set_classname(class(file));
    case.set_time(drill.real_time);
    if drill.verdict != Verdict::Skipped {
        case.set_system_out(told(drill));
    }
    case
}

/// The text below a drill's name in a report for people.
fn told(drill: &DrillReport) -> String {
    let mut lines = vec![report::outcome(drill, PLAIN)];
    let remarks = drill.remarks.iter();
    lines.extend(remarks.map(|it| report::remark(it, PLAIN)));
    lines.join("\n")
}

/// The case for a script that ended outside its drills, or could not be run.
fn broken(file: &str, why: &str, text: &str) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(why).set_description(text);
    let mut case = TestCase::new("the script", status);
    case.set_classname(class(file));
    case
}

fn first_line(failure: &Failure) -> &str {
    failure.message.lines().next().unwrap_or_default()
}
