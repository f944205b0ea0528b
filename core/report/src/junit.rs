//! Runs as JUnit XML, which CI servers read.

use std::collections::BTreeSet;
use std::path::{Component, Path};

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};
use quorate_journal::Verdict;
use quorate_model::{Lasting, Time};

use crate::{Outage, Run};

/// Runs of drills as JUnit XML: a suite for each script, a case for each drill. Times are left out: a journal has virtual
/// time, and readers take these for how long a test takes.
#[derive(Debug, Default)]
pub struct Junit {
    suites: Vec<TestSuite>,
    /// The cases so far, each with its file.
    names: BTreeSet<(String, String)>,
}

impl Junit {
    /// Adds a run.
    pub fn add(&mut self, run: &Run) {
        let file = run
            .verdict
            .as_ref()
            .map_or("a journal without a verdict", |it| &it.file);
        let seen = |name: &str| self.names.contains(&(file.to_owned(), name.to_owned()));
        // A drill that ran several times is known by its seed.
        let name = match run.name() {
            name if seen(&name) => format!("{name} (seed {})", run.header.seed),
            name => name,
        };
        let case = case(run, file, &name);
        self.names.insert((file.to_owned(), name));
        match self.suites.last_mut() {
            Some(suite) if suite.name.as_str() == file => {
                suite.add_test_case(case);
            }
            _ => {
                let mut suite = TestSuite::new(file);
                suite.add_test_case(case);
                self.suites.push(suite);
            }
        }
    }

    /// The document.
    ///
    /// # Errors
    /// Where it cannot be written as XML.
    pub fn finish(self) -> Result<String, SerializeError> {
        let mut report = Report::new("quorate");
        report.add_test_suites(self.suites);
        xml(&report)
    }
}

/// A document as XML that the schema of CI servers (Jenkins' `junit-10.xsd`) accepts.
///
/// # Errors
/// Where it cannot be written as XML.
pub fn xml(report: &Report) -> Result<String, SerializeError> {
    // The schema knows no `disabled`, and calls the same number `skipped`. In texts and values a quote is `&quot;`, so what is
    // replaced here is an attribute.
    Ok(report.to_string()?.replace(" disabled=\"", " skipped=\""))
}

/// The class name for a script: readers take its dots for folders of a tree.
pub fn class(file: &str) -> String {
    let parts = Path::new(file).with_extension("");
    let parts = parts.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy().replace('.', "_")),
        _ => None,
    });
    parts.collect::<Vec<_>>().join(".")
}

/// What a verdict is to a CI server. An unknown one is an error: nobody looks again at a case that is not red.
pub fn status(verdict: Verdict) -> TestCaseStatus {
    match verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Skipped | Verdict::Known => TestCaseStatus::skipped(),
        Verdict::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Unknown | Verdict::Error => TestCaseStatus::non_success(NonSuccessKind::Error),
    }
}

fn case(run: &Run, file: &str, name: &str) -> TestCase {
    let Some(verdict) = &run.verdict else {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message("the journal has no verdict: it was cut short, or no drill wrote it");
        let mut case = TestCase::new(name, status);
        case.set_classname("journal");
        return case;
    };
    let mut status = status(verdict.verdict);
    let text = verdict.text.as_deref().unwrap_or_default();
    if verdict.verdict != Verdict::Pass {
        let first = text.lines().next().unwrap_or_default();
        status.set_message(match verdict.verdict {
            Verdict::Known => format!("a known fault: {first}"),
            _ => first.to_owned(),
        });
    }
    if !matches!(verdict.verdict, Verdict::Pass | Verdict::Skipped) {
        let place = verdict.place.as_deref().unwrap_or(file);
        status.set_type(verdict.verdict.as_str());
        status.set_description(format!("{place}: {text}\nrepeat: {}", verdict.repeat));
    }
    let mut case = TestCase::new(name, status);
    case.set_classname(class(file));
    case.set_system_out(told(run));
    case
}

/// How long it ran, and each outage.
fn told(run: &Run) -> String {
    let mut lines = vec![format!(
        "{} of virtual time",
        Lasting(run.until - Time::ZERO)
    )];
    for (group, outage) in run.outages() {
        let planned = if outage.planned { ", planned" } else { "" };
        lines.push(format!(
            "{}: out of service for {}{planned}{}",
            group.name,
            Lasting(outage.lasted()),
            phases(outage)
        ));
    }
    lines.join("\n")
}

fn phases(outage: &Outage) -> String {
    let parts: Vec<String> = outage
        .phases
        .iter()
        .map(|it| format!("{} {}", it.kind.as_str(), Lasting(it.lasted())))
        .collect();
    match parts.is_empty() {
        true => String::new(),
        false => format!(" ({})", parts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use quick_junit::Report;
    use quorate_journal::JOURNAL_SCHEMA;

    use super::*;
    use crate::Runs;

    #[test]
    fn every_verdict_has_its_case_and_a_journal_without_one_is_an_error() {
        let mut text = String::new();
        for verdict in ["pass", "fail", "unknown", "error", "known", "pass", ""] {
            text += &format!(
                "{{\"schema\":\"{JOURNAL_SCHEMA}\",\"seed\":7,\"cluster\":\"C\",\"civil_start_ms\":0,\"nodes\":[\"A\"]}}\n\
                 {{\"t\":5,\"n\":0,\"node\":\"A\",\"kind\":\"forming\"}}\n"
            );
            if !verdict.is_empty() {
                text += &format!(
                    "{{\"t\":6,\"n\":1,\"kind\":\"verdict\",\"drill\":\"{verdict} it\",\"file\":\"a/b.c.rhai\",\"verdict\":\"{verdict}\",\"text\":\"why\",\"place\":\"a/b.c.rhai:3:1\",\"repeat\":\"again\"}}\n"
                );
            }
        }
        let mut junit = Junit::default();
        for run in Runs::new(text.as_bytes()) {
            junit.add(&run.unwrap());
        }
        let xml = junit.finish().unwrap();
        for wanted in [
            r#"<testsuites name="quorate" tests="7" failures="1" errors="3">"#,
            r#"<testsuite name="a/b.c.rhai" tests="6" skipped="1" errors="2" failures="1">"#,
            r#"<testcase name="fail it" classname="a.b_c">"#,
            r#"<failure message="why" type="fail">a/b.c.rhai:3:1: why"#,
            "repeat: again",
            r#"<skipped message="a known fault: why""#,
            r#"<testcase name="pass it (seed 7)""#,
        ] {
            assert!(xml.contains(wanted), "no {wanted} in {xml}");
        }
        assert!(Report::deserialize_from_str(&xml).is_ok(), "{xml}");
    }
}
