//! Results as text for people, as JSON and as JUnit XML.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use quorate_conformance::{Group, Test, Verdict};
use serde_json::json;

use super::child::Run;
use super::{Result, Results, is_script};
use crate::output::{Paint, Tone};
use crate::report::count;

/// The schema of the JSON.
const SCHEMA: &str = "quorate-plugin-check/1";
/// The schema of the JSON about several libraries.
const SCHEMA_OF_SEVERAL: &str = "quorate-plugin-checks/1";

fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Passed => Tone::Good,
        Verdict::Skipped => Tone::Faint,
        Verdict::Warning | Verdict::Unknown | Verdict::Known => Tone::Care,
        Verdict::Failed | Verdict::Crashed => Tone::Bad,
    }
}

/// The list of tests, by group.
pub(super) fn list(paint: Paint) -> String {
    let width = quorate_conformance::tests()
        .map(|test| test.id.len())
        .max()
        .unwrap_or(0);
    let mut out = Vec::new();
    for group in Group::ALL {
        if !out.is_empty() {
            out.push(String::new());
        }
        out.push(paint.tone(Tone::Strong, group.as_str()));
        for test in quorate_conformance::tests().filter(|test| test.group == group) {
            let name = paint.cell(Tone::Guide, test.id, width + 2);
            out.push(format!("  {name}{}", test.about));
        }
    }
    out.join("\n")
}

/// All results as text for people.
pub(super) fn text(results: &Results, brief: bool, paint: Paint) -> String {
    let title = match &results.library {
        Some(library) if is_script(&results.file) => {
            format!("a script, run by {} {}", library.name, library.version)
        }
        Some(library) => format!("{} {}", library.name, library.version),
        None => "a library whose block cannot be read".to_owned(),
    };
    let mut out = format!(
        "{}  {}\n",
        paint.tone(Tone::Strong, &title),
        paint.tone(Tone::Faint, &results.file.display().to_string())
    );
    let width = results
        .tests
        .iter()
        .map(|result| result.test.id.len())
        .max()
        .unwrap_or(0);
    let failed = results.tests.iter().any(|it| it.verdict.is_bad());
    let mut at: Option<(&str, Group)> = None;
    for result in &results.tests {
        let passed = matches!(result.verdict, Verdict::Passed | Verdict::Skipped);
        if brief && passed {
            continue;
        }
        let here = (result.kind.as_str(), result.test.group);
        if at != Some(here) {
            let of = match here {
                ("", group) => group.as_str().to_owned(),
                (kind, group) => format!("{kind}: {}", group.as_str()),
            };
            out.push_str(&format!("\n  {}\n", paint.tone(Tone::Strong, &of)));
            at = Some(here);
        }
        let verdict = paint.cell(tone(result.verdict), result.verdict.as_str(), 9);
        let name = paint.cell(Tone::Plain, result.test.id, width + 2);
        let line = format!("    {verdict}{name}{}", why(results, result));
        out.push_str(line.trim_end());
        out.push('\n');
        for line in result.output.lines() {
            out.push_str(&format!("      | {}\n", paint.tone(Tone::Faint, line)));
        }
        // If a test has failed, the output of passed tests would only be in the way.
        let shown = !failed || result.verdict.is_bad();
        for line in result.trace.iter().filter(|_| shown) {
            out.push_str(&format!("      {}\n", paint.tone(Tone::Faint, line)));
        }
    }
    out.push('\n');
    out.push_str(&summary(results, paint));
    out
}

/// One result that nothing else is shown with: its calls, and then the verdict.
pub(super) fn one(test: &Test, kind: &str, run: &Run, paint: Paint) -> String {
    let mut out = String::new();
    for line in &run.trace {
        out.push_str(&format!("  {}\n", paint.tone(Tone::Faint, line)));
    }
    let verdict = paint.tone(tone(run.verdict), run.verdict.as_str());
    let of = match kind {
        "" => String::new(),
        kind => format!("{kind}: "),
    };
    out.push_str(format!("{of}{}: {verdict}  {}", test.id, run.why).trim_end());
    out
}

/// The reason of a result, without the parts that the test it refers to shows a few lines above.
fn why<'a>(results: &Results, result: &'a Result) -> &'a str {
    const REFERENCE: &str = "see life-online";
    let told = || {
        results.tests.iter().any(|other| {
            other.kind == result.kind
                && other.test.id == "life-online"
                && (other.verdict.is_bad() || other.verdict == Verdict::Unknown)
        })
    };
    match result.why.find(REFERENCE) {
        Some(at) if result.verdict == Verdict::Skipped && told() => {
            &result.why[..at + REFERENCE.len()]
        }
        _ => &result.why,
    }
}

fn summary(results: &Results, paint: Paint) -> String {
    sum(std::slice::from_ref(results), paint)
}

/// How many tests of all libraries have which verdict.
pub(super) fn totals(all: &[Results], paint: Paint) -> String {
    format!(
        "{}, {}",
        count(all.len(), "library", "libraries"),
        sum(all, paint)
    )
}

fn sum(all: &[Results], paint: Paint) -> String {
    let of = |verdict: Verdict| all.iter().map(|it| it.count(verdict)).sum::<usize>();
    let warnings = if of(Verdict::Warning) == 1 {
        "warning"
    } else {
        "warnings"
    };
    let numbers = [
        (Verdict::Passed, "passed"),
        (Verdict::Failed, "failed"),
        (Verdict::Crashed, "crashed"),
        (Verdict::Known, "known"),
        (Verdict::Warning, warnings),
        (Verdict::Unknown, "unknown"),
        (Verdict::Skipped, "skipped"),
    ];
    // Most testers lack nothing, and most plugins have no known failures.
    let rare = [Verdict::Unknown, Verdict::Known];
    let numbers = numbers
        .iter()
        .filter(|(it, _)| of(*it) > 0 || !rare.contains(it));
    let numbers = numbers.map(|&(verdict, name)| {
        let number = of(verdict);
        let tone = if number == 0 {
            Tone::Plain
        } else {
            tone(verdict)
        };
        paint.tone(tone, &format!("{number} {name}"))
    });
    let tests = all.iter().map(|it| it.tests.len()).sum();
    format!(
        "{}: {}",
        count(tests, "test", "tests"),
        numbers.collect::<Vec<_>>().join(", ")
    )
}

/// All results as JSON: those of one library, or a list of those of several.
pub(super) fn json(all: &[Results]) -> String {
    match all {
        [one] => format!("{:#}\n", of_library(one)),
        all => {
            let all: Vec<_> = all.iter().map(of_library).collect();
            format!(
                "{:#}\n",
                json!({ "schema": SCHEMA_OF_SEVERAL, "libraries": all })
            )
        }
    }
}

fn of_library(results: &Results) -> serde_json::Value {
    let tests: Vec<_> = results
        .tests
        .iter()
        .map(|result| {
            json!({
                "id": result.test.id,
                "group": result.test.group.as_str(),
                "type": (!result.kind.is_empty()).then_some(&result.kind),
                "about": result.test.about,
                "verdict": result.verdict.as_str(),
                "why": result.why,
                "output": (!result.output.is_empty()).then_some(&result.output),
                "ms": u64::try_from(result.took.as_millis()).unwrap_or(u64::MAX),
            })
        })
        .collect();
    let summary: serde_json::Map<String, serde_json::Value> = Verdict::ALL
        .into_iter()
        .map(|verdict| (verdict.as_str().to_owned(), results.count(verdict).into()))
        .collect();
    let library = results.library.as_ref();
    json!({
        "schema": SCHEMA,
        "file": results.file.display().to_string(),
        "plugin": library.map(|it| &it.name),
        "version": library.map(|it| &it.version),
        "summary": summary,
        "tests": tests,
    })
}

/// All results as JUnit XML: a suite for each library and each type. A warning is a passed test with a message.
pub(super) fn junit(all: &[Results]) -> std::result::Result<String, String> {
    let names = all.iter().map(|results| match &results.library {
        Some(library) => library.name.clone(),
        None => results.file.display().to_string(),
    });
    let names: Vec<String> = names.collect();
    let mut report = Report::new(names.join(", "));
    for (results, name) in all.iter().zip(&names) {
        for suite in results.tests.chunk_by(|a, b| a.kind == b.kind) {
            let kind = match suite.first().map_or("", |result| result.kind.as_str()) {
                "" => "library",
                kind => kind,
            };
            let mut cases = TestSuite::new(match all {
                [_] => kind.to_owned(),
                _ => format!("{name}: {kind}"),
            });
            for result in suite {
                cases.add_test_case(case(result, name));
            }
            report.add_test_suite(cases);
        }
    }
    report.to_string().map_err(|error| error.to_string())
}

fn case(result: &Result, plugin: &str) -> TestCase {
    let status = match result.verdict {
        Verdict::Passed | Verdict::Warning => TestCaseStatus::success(),
        Verdict::Skipped | Verdict::Known => TestCaseStatus::skipped(),
        Verdict::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Crashed | Verdict::Unknown => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    let mut status = status;
    if !matches!(result.verdict, Verdict::Passed | Verdict::Warning) {
        status.set_message(result.why.as_str());
    }
    let mut case = TestCase::new(result.test.id, status);
    case.set_classname(if result.kind.is_empty() {
        plugin
    } else {
        &result.kind
    });
    case.set_time(result.took);
    if matches!(result.verdict, Verdict::Passed | Verdict::Warning) {
        case.set_system_out(format!("{}: {}", result.verdict, result.why));
    }
    case
}
