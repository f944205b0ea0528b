//! A test in a child process: the parent's side, and the hidden command for the child.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::mem::ManuallyDrop;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use quorate_conformance::{
    Case, ENTRY_LEN, Overrun, Provider, Settings, Test, Verdict, charge, overrun, too_slow,
};
use quorate_host::{
    LibraryInfo, describe_end, end_with_parent, has_ended, kill_group, tell_parent,
};
use quorate_model::Lasting;
use serde::Deserialize;
use serde_json::{Value, json};

use super::values;
use crate::exit::Exit;

/// A report begins with the name of the entry that is being called, filled with blanks, so that a process that dies
/// has left the place. After it, how many bytes hold the number of calls so far, which tells a slow test from one that hangs.
const COUNT_LEN: usize = 20;
/// The length of a report's head.
const HEAD_LEN: usize = ENTRY_LEN + COUNT_LEN;
/// The type that runs scripts, and its property for the script.
pub(super) const SCRIPT_TYPE: &str = "Generic Script";
const SCRIPT_PROPERTY: &str = "ScriptFilepath";
/// How much of what a process printed is kept, in bytes: the end of it.
const PRINTED_MAX: usize = 256 * 1_024;
/// How often a child process is checked.
const LOOK: Duration = Duration::from_millis(2);

/// The hidden command: one test in this process.
#[derive(Args, Debug)]
pub(crate) struct RunTestArgs {
    /// The plugin's library.
    #[arg(value_name = "FILE.so")]
    file: PathBuf,
    /// The test's name; without it the library is described.
    #[arg(long)]
    test: Option<String>,
    /// The resource type.
    #[arg(long = "type", default_value = "")]
    kind: String,
    /// Values of properties.
    #[arg(long)]
    properties: Option<PathBuf>,
    /// The script to test, of a resource in Rhai.
    #[arg(long)]
    script: Option<PathBuf>,
    /// An entry not to call.
    #[arg(long)]
    avoid: Vec<String>,
    /// A type of which there is to be a provider, and the library that has it.
    #[arg(long, num_args = 2, value_names = ["TYPE", "FILE"])]
    provider: Vec<OsString>,
    /// The one random sequence to run.
    #[arg(long)]
    reproduce: Option<u64>,
    /// Where to write what was found.
    #[arg(long)]
    report: PathBuf,
}

/// Runs the hidden command.
pub(crate) fn run(args: &RunTestArgs) -> Exit {
    end_with_parent();
    // What a plugin may have closed is not closed once more: the process ends after this.
    let report = File::create(&args.report).map(ManuallyDrop::new);
    match report {
        Ok(report) if write_report(args, &report).is_ok() => Exit::Pass,
        _ => Exit::Internal,
    }
}

fn write_report(args: &RunTestArgs, report: &File) -> std::io::Result<()> {
    let calls = Cell::new(0_u64);
    let witness = |entry: &str| {
        calls.set(calls.get() + 1);
        let padded = format!("{entry:ENTRY_LEN$.ENTRY_LEN$}{:COUNT_LEN$}", calls.get());
        // If the report cannot be written it stays empty, which the parent notices.
        let _ = report.write_all_at(padded.as_bytes(), 0);
    };
    witness("load");
    let found = match &args.test {
        None => describe(&args.file),
        Some(id) => run_test(args, id, &witness, false),
    };
    // A plugin may have closed this one, and its number may be another file's.
    let mut report = File::options().write(true).open(&args.report)?;
    std::io::Seek::seek(&mut report, std::io::SeekFrom::Start(HEAD_LEN as u64))?;
    report.write_all(found.to_string().as_bytes())
}

/// Runs a test in this process, and says on the standard error which entry is called before it is.
pub(crate) fn run_here(child: &Child, test: &Test, kind: &str, providers: &[Provider]) -> Run {
    let named = providers.iter().flat_map(|it| {
        [
            OsString::from(&it.kind),
            it.library.clone().into_os_string(),
        ]
    });
    let args = RunTestArgs {
        file: child.file.clone(),
        test: None,
        kind: kind.to_owned(),
        properties: child.properties.clone(),
        script: child.script.clone(),
        avoid: Vec::new(),
        provider: named.collect(),
        reproduce: child.reproduce,
        report: PathBuf::new(),
    };
    let began = Instant::now();
    let calls = Cell::new(0_u64);
    let witness = |entry: &str| {
        calls.set(calls.get() + 1);
        // At once, so that it stands before whatever the call does. If nobody reads it, it is not needed.
        let _ = writeln!(std::io::stderr(), "{:>6}  {entry}", calls.get());
    };
    let found = run_test(&args, test.id, &witness, true);
    told(&found, began.elapsed())
}

fn run_test(args: &RunTestArgs, id: &str, witness: &dyn Fn(&str), whole: bool) -> Value {
    let failed = |why: String| json!({ "verdict": "failed", "why": why, "trace": [] });
    let Some(test) = quorate_conformance::tests().find(|test| test.id == id) else {
        return failed(format!("there is no test `{id}`"));
    };
    let mut properties = match args.properties.as_deref().map(values::read) {
        Some(Err(why)) => return failed(why),
        Some(Ok(properties)) => properties,
        None => BTreeMap::new(),
    };
    if let Some(script) = &args.script {
        properties
            .entry(SCRIPT_TYPE.to_owned())
            .or_default()
            .insert(
                SCRIPT_PROPERTY.to_owned(),
                quorate_model::Value::Text(script.display().to_string()),
            );
    }
    let case = Case {
        file: args.file.clone(),
        kind: args.kind.clone(),
        settings: Settings {
            properties,
            avoid: args.avoid.clone(),
            providers: providers(&args.provider),
            reproduce: args.reproduce,
        },
        witness,
    };
    let outcome = quorate_conformance::run(test, &case);
    let trace = if whole || test.twice || args.reproduce.is_some() {
        outcome.trace
    } else {
        Vec::new()
    };
    json!({
        "verdict": outcome.verdict.as_str(), "why": outcome.why, "trace": trace, "wanted": outcome.wanted,
    })
}

/// Types and libraries, one after the other.
fn providers(named: &[OsString]) -> Vec<Provider> {
    let pairs = named.as_chunks::<2>().0.iter();
    pairs
        .map(|[kind, library]| Provider {
            kind: kind.to_string_lossy().into_owned(),
            library: library.into(),
        })
        .collect()
}

fn describe(file: &Path) -> Value {
    match quorate_conformance::describe(file) {
        Err(error) => json!({ "broken": error.to_string() }),
        Ok(info) => json!(info),
    }
}

/// The common settings of the child processes of one check.
#[derive(Clone, Debug)]
pub(crate) struct Child {
    pub(crate) file: PathBuf,
    pub(crate) properties: Option<PathBuf>,
    /// The full path of the tested script.
    pub(crate) script: Option<PathBuf>,
    pub(crate) reproduce: Option<u64>,
    pub(crate) limit: Duration,
}

/// The result of one test in one process.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) verdict: Verdict,
    pub(crate) why: String,
    pub(crate) trace: Vec<String>,
    pub(crate) took: Duration,
    /// The types of providers that were asked for, and that there was nothing of.
    pub(crate) wanted: Vec<String>,
    /// The entry in which the process died or hung.
    pub(crate) fatal: Option<String>,
    /// Whether it was not done within the limit although every call returned.
    pub(crate) slow: bool,
    /// What its process printed, if it did not pass.
    pub(crate) output: String,
}

/// How a process ended.
#[derive(Debug, PartialEq)]
enum End {
    Itself(ExitStatus),
    /// Its last call has not returned.
    Hung,
    /// It took too long, although every call returned.
    Slow,
    Cancelled,
}

impl From<Overrun> for End {
    fn from(over: Overrun) -> End {
        match over {
            Overrun::Hung => End::Hung,
            Overrun::Slow => End::Slow,
        }
    }
}

impl Child {
    /// The library's own description; or an error if its block is broken or its code crashes.
    pub(crate) fn describe(
        &self,
        cancel: &AtomicBool,
    ) -> Result<Result<LibraryInfo, String>, String> {
        let (end, _, report, said) = self.start(&[], cancel)?;
        let said = last_words(&said);
        let found = report.and_then(|(_, body)| body);
        Ok(match (end, found) {
            (_, Some(found)) => LibraryInfo::deserialize(&found)
                .map_err(|_| found["broken"].as_str().unwrap_or_default().to_owned()),
            (End::Itself(status), None) => Err(format!(
                "its process died while it was loaded: {}{said}",
                describe_end(status)
            )),
            (End::Hung | End::Slow, None) => {
                Err(format!("it was not loaded within {}", Lasting(self.limit)))
            }
            (End::Cancelled, None) => Err("interrupted".to_owned()),
        })
    }

    /// Runs one test.
    pub(crate) fn run(
        &self,
        test: &str,
        kind: &str,
        avoid: &[String],
        providers: &[Provider],
        cancel: &AtomicBool,
    ) -> Result<Run, String> {
        let mut arguments: Vec<OsString> = vec!["--test".into(), test.into()];
        arguments.extend(["--type".into(), kind.into()]);
        if let Some(path) = &self.properties {
            arguments.extend(["--properties".into(), path.into()]);
        }
        if let Some(path) = &self.script {
            arguments.extend(["--script".into(), path.into()]);
        }
        if let Some(seed) = self.reproduce {
            arguments.extend(["--reproduce".into(), seed.to_string().into()]);
        }
        for entry in avoid {
            arguments.extend(["--avoid".into(), entry.into()]);
        }
        for Provider { kind, library } in providers {
            arguments.extend(["--provider".into(), kind.into(), library.into()]);
        }
        let (end, took, report, printed) = self.start(&arguments, cancel)?;
        let said = last_words(&printed);
        let (entry, body) = report.unwrap_or_else(|| ("load".to_owned(), None));
        let ended = |verdict, why: String, fatal| Run {
            verdict,
            why,
            trace: Vec::new(),
            took,
            wanted: Vec::new(),
            fatal,
            slow: false,
            output: String::new(),
        };
        let limit = Lasting(self.limit);
        // What happened to the process after its test is another finding.
        let afterwards = match (&end, &body) {
            (End::Itself(status), Some(_)) if !status.success() => Some(format!(
                "{} at the end of the process{said}",
                describe_end(*status)
            )),
            (End::Hung | End::Slow, Some(_)) => {
                Some(format!("the process did not end: the limit is {limit}"))
            }
            _ => None,
        };
        let mut run = match (end, body) {
            (_, Some(body)) => match (told(&body, took), afterwards) {
                (run, Some(more)) if run.verdict.is_bad() => Run {
                    why: format!("{}; {more}", run.why),
                    ..run
                },
                (_, Some(more)) => ended(Verdict::Crashed, format!("{more}, after the test"), None),
                (run, None) => run,
            },
            (End::Hung, _) => {
                let why = format!("`{entry}` did not return: the limit is {limit}");
                let (verdict, why) = charge(&entry, Verdict::Failed, why);
                ended(verdict, why, Some(entry))
            }
            (End::Slow, _) => Run {
                slow: true,
                ..ended(Verdict::Failed, too_slow(self.limit, &entry), None)
            },
            (End::Cancelled, _) => ended(Verdict::Skipped, "interrupted".to_owned(), None),
            (End::Itself(status), None) => {
                let why = format!("{} in `{entry}`{said}", describe_end(status));
                let (verdict, why) = charge(&entry, Verdict::Crashed, why);
                ended(verdict, why, Some(entry))
            }
        };
        if run.verdict.is_bad() || run.fatal.is_some() {
            let from = printed.len().saturating_sub(PRINTED_MAX);
            run.output = String::from_utf8_lossy(&printed[from..]).into_owned();
        }
        Ok(run)
    }

    /// Starts this program with the hidden command and waits for its end, at most for the limit.
    #[allow(clippy::type_complexity, reason = "used twice, just above")]
    fn start(
        &self,
        arguments: &[OsString],
        cancel: &AtomicBool,
    ) -> Result<(End, Duration, Option<(String, Option<Value>)>, Vec<u8>), String> {
        let failed = |error: std::io::Error| format!("a process for a test: {error}");
        let folder = tempfile::tempdir().map_err(failed)?;
        let (report, said) = (folder.path().join("report"), folder.path().join("said"));
        let out = File::create(&said).map_err(failed)?;
        let program = std::env::current_exe().map_err(failed)?;
        let began = Instant::now();
        let mut child = tell_parent(&mut Command::new(program))
            .args(["plugin", "run-test"])
            .arg("--report")
            .arg(&report)
            .args(arguments)
            .arg("--")
            .arg(&self.file)
            .stdin(Stdio::null())
            .stdout(out.try_clone().map_err(failed)?)
            .stderr(out)
            // Processes that a plugin starts are in the group as well, and end with the test.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let (mut head, mut moved) = (Vec::new(), Instant::now());
        let end = loop {
            let now = fs::read(&report).unwrap_or_default();
            if now.get(..HEAD_LEN) != head.get(..HEAD_LEN) {
                (head, moved) = (now, Instant::now());
            }
            if has_ended(&child) {
                kill_group(&mut child);
                break End::Itself(child.wait().map_err(failed)?);
            }
            let end = if cancel.load(Ordering::Relaxed) {
                Some(End::Cancelled)
            } else {
                let over = overrun(self.limit, began.elapsed(), moved.elapsed()).map(End::from);
                // One that has said what it found is at its end.
                let done = || read(&report).is_some_and(|(_, body)| body.is_some());
                over.filter(|end| *end != End::Slow || !done())
            };
            if let Some(end) = end {
                kill_group(&mut child);
                child.wait().map_err(failed)?;
                break end;
            }
            std::thread::sleep(LOOK);
        };
        let took = began.elapsed();
        let said = fs::read(&said).unwrap_or_default();
        Ok((end, took, read(&report), said))
    }
}

/// A report: the last entry called, and the results if the process got so far.
fn read(report: &Path) -> Option<(String, Option<Value>)> {
    let bytes = fs::read(report).ok()?;
    let (head, body) = bytes.split_at_checked(HEAD_LEN)?;
    let entry = String::from_utf8_lossy(&head[..ENTRY_LEN])
        .trim()
        .to_owned();
    Some((entry, serde_json::from_slice(body).ok()))
}

fn told(body: &Value, took: Duration) -> Run {
    let verdict = body["verdict"].as_str().and_then(Verdict::from_name);
    let texts = |key: &str| -> Vec<String> {
        let all = body[key].as_array().into_iter().flatten();
        all.filter_map(|text| text.as_str().map(str::to_owned))
            .collect()
    };
    Run {
        verdict: verdict.unwrap_or(Verdict::Failed),
        why: one_line(body["why"].as_str().unwrap_or_default()),
        trace: texts("trace"),
        took,
        wanted: texts("wanted"),
        fatal: None,
        slow: false,
        output: String::new(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The last output of a process that died, for the end of a line.
fn last_words(said: &[u8]) -> String {
    const LONGEST: usize = 200;
    let text = String::from_utf8_lossy(said);
    let line = text.lines().find(|line| !line.trim().is_empty());
    line.map_or_else(String::new, |line| {
        let short: String = line.trim().chars().take(LONGEST).collect();
        format!("; it said: {short}")
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_where_its_process_was_whether_it_got_to_the_end_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report");
        assert_eq!(read(&path), None);
        fs::write(&path, format!("{:HEAD_LEN$}", "online")).unwrap();
        assert_eq!(read(&path), Some(("online".to_owned(), None)));
        fs::write(&path, format!("{:HEAD_LEN$}{{\"a\":1}}", "close")).unwrap();
        assert_eq!(
            read(&path),
            Some(("close".to_owned(), Some(json!({ "a": 1 }))))
        );
    }

    #[test]
    fn last_words_are_short() {
        assert_eq!(last_words(b""), "");
        assert_eq!(last_words(b"\n oh no \nmore"), "; it said: oh no");
        assert!(last_words("x".repeat(1_000).as_bytes()).len() < 300);
    }
}
