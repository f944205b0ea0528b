//! A test in a process of its own, which is this program again with the one `#[test]` function.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::mem::ManuallyDrop;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use quorate_host::{
    LibraryInfo, describe_end, end_with_parent, has_ended, kill_group, tell_parent,
};
use quorate_model::{Lasting, Value};
use serde::{Deserialize, Serialize};

use super::{SuiteError, name_of};
use crate::{
    Case, ENTRY_LEN, Outcome, Overrun, Provider, Settings, Test, Verdict, charge, describe,
    overrun, run, tests, too_slow,
};

/// The variable that names the file with the request, in a process that is to run one test.
const REQUEST: &str = "QUORATE_CONFORMANCE_REQUEST";
/// How often a process is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// What a process is to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    /// Which of its suites is meant.
    number: usize,
    /// The test; without one the library is described.
    test: Option<String>,
    kind: String,
    avoid: Vec<String>,
    /// Types and libraries.
    providers: Vec<(String, PathBuf)>,
    /// Where the answer goes: first the call that is running, and then, behind that, the result.
    report: PathBuf,
}

/// The result, as it is written behind the call.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    verdict: String,
    why: String,
    trace: Vec<String>,
    wanted: Vec<String>,
    library: Option<LibraryInfo>,
}

/// The request to this process, if it was started for one test.
pub(super) fn requested() -> Option<Request> {
    let path = env::var_os(REQUEST)?;
    let request = fs::read(path).ok();
    let request = request.and_then(|text| serde_json::from_slice(&text).ok());
    // Whoever asked is gone. This process is not to run all the tests in its place.
    Some(request.unwrap_or_else(|| std::process::exit(1)))
}

impl Request {
    pub(super) fn is_for(&self, number: usize) -> bool {
        self.number == number
    }

    /// Does what is asked for, and ends this process.
    pub(super) fn serve(
        &self,
        file: &Path,
        properties: &BTreeMap<String, BTreeMap<String, Value>>,
    ) -> ! {
        end_with_parent();
        let written = self.answer(file, properties);
        // Nothing else of this program is to run.
        std::process::exit(i32::from(written.is_err()))
    }

    fn answer(
        &self,
        file: &Path,
        properties: &BTreeMap<String, BTreeMap<String, Value>>,
    ) -> std::io::Result<()> {
        // What a plugin may have closed is not closed once more: the process ends after this.
        let report = ManuallyDrop::new(File::create(&self.report)?);
        let calls = Cell::new(0_u64);
        let witness = |entry: &str| {
            calls.set(calls.get() + 1);
            let padded = format!("{entry:ENTRY_LEN$.ENTRY_LEN$}{:20}", calls.get());
            // If it cannot be written it stays empty, which is noticed.
            let _ = report.write_all_at(padded.as_bytes(), 0);
        };
        witness("load");
        let found = self.test.as_deref();
        let told = match found.map(|id| tests().find(|test| test.id == id)) {
            None => Told {
                library: describe(file).ok(),
                ..Told::of(Outcome::default())
            },
            Some(None) => Told::of(Outcome::default()),
            Some(Some(test)) => {
                let providers = self.providers.iter().cloned();
                let case = Case {
                    file: file.to_owned(),
                    kind: self.kind.clone(),
                    settings: Settings {
                        properties: properties.clone(),
                        avoid: self.avoid.clone(),
                        providers: providers
                            .map(|(kind, library)| Provider { kind, library })
                            .collect(),
                        reproduce: None,
                    },
                    witness: &witness,
                };
                let mut outcome = run(test, &case);
                if !test.twice {
                    outcome.trace.clear();
                }
                Told::of(outcome)
            }
        };
        // A plugin may have closed this one, and its number may be another file's.
        let mut report = File::options().write(true).open(&self.report)?;
        report.seek(SeekFrom::Start(HEAD_LEN as u64))?;
        report.write_all(&serde_json::to_vec(&told)?)
    }
}

/// The length of what stands before the result: the call, and how many there were.
const HEAD_LEN: usize = ENTRY_LEN + 20;

impl Told {
    fn of(outcome: Outcome) -> Told {
        Told {
            verdict: outcome.verdict.as_str().to_owned(),
            why: outcome.why,
            trace: outcome.trace,
            wanted: outcome.wanted,
            library: None,
        }
    }
}

/// What starts processes for tests.
#[derive(Debug)]
pub(super) struct Apart {
    number: usize,
    limit: Duration,
    folder: tempfile::TempDir,
    /// What runs the calling `#[test]` function alone.
    arguments: Vec<String>,
}

/// How a test in a process has ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    /// The call in which the process died or hung.
    pub(super) fatal: Option<String>,
}

/// An end that is no success.
#[derive(Debug)]
enum End {
    /// Its own, in words.
    Itself(String),
    /// It was ended after the limit.
    Over(Overrun),
}

impl End {
    fn shown(&self) -> &str {
        match self {
            End::Itself(how) => how,
            End::Over(_) => "the process did not end",
        }
    }
}

impl Apart {
    pub(super) fn new(number: usize, limit: Duration) -> Result<Apart, SuiteError> {
        let own: Vec<String> = env::args().skip(1).collect();
        // The harness calls the thread by the function's whole name.
        let thread = std::thread::current();
        let arguments = match thread.name() {
            Some(name) if name != "main" => {
                let name = name.to_owned();
                vec![name, "--exact".to_owned(), "--nocapture".to_owned()]
            }
            _ if own.iter().any(|argument| argument == "--exact") => own,
            _ => return Err(SuiteError::NotInATest),
        };
        Ok(Apart {
            number,
            limit,
            folder: tempfile::tempdir().map_err(failed)?,
            arguments,
        })
    }

    /// The library's own description; `None` if its block is broken, or if its process did not come to an end.
    pub(super) fn describe(&self) -> Result<Option<LibraryInfo>, SuiteError> {
        let (_, told, _) = self.start(None, "", &Settings::default())?;
        Ok(told.and_then(|told| told.library))
    }

    /// Runs one test.
    pub(super) fn run(
        &self,
        test: &Test,
        kind: &str,
        settings: &Settings,
    ) -> Result<Ended, SuiteError> {
        let (end, told, entry) = self.start(Some(test), kind, settings)?;
        let outcome = |verdict, why| Outcome {
            verdict,
            why,
            ..Outcome::default()
        };
        Ok(match (end, told) {
            (None, Some(told)) => Ended {
                outcome: Outcome {
                    verdict: Verdict::from_name(&told.verdict).unwrap_or(Verdict::Failed),
                    why: told.why,
                    trace: told.trace,
                    wanted: told.wanted,
                },
                fatal: None,
            },
            (Some(end), Some(_)) => Ended {
                outcome: outcome(Verdict::Crashed, format!("{}, after the test", end.shown())),
                fatal: None,
            },
            (Some(End::Itself(end)), None) => {
                let why = format!("{end} in `{entry}`");
                let (verdict, why) = charge(&entry, Verdict::Crashed, why);
                Ended {
                    outcome: outcome(verdict, why),
                    fatal: Some(entry),
                }
            }
            (Some(End::Over(Overrun::Slow)), None) => Ended {
                outcome: outcome(Verdict::Failed, too_slow(self.limit, &entry)),
                fatal: None,
            },
            (Some(End::Over(Overrun::Hung)) | None, None) => {
                let limit = Lasting(self.limit);
                let why = format!("`{entry}` did not return: the limit is {limit}");
                let (verdict, why) = charge(&entry, Verdict::Failed, why);
                Ended {
                    outcome: outcome(verdict, why),
                    fatal: Some(entry),
                }
            }
        })
    }

    /// Starts a process and waits for its end: what its end was if that was no success of its own, what it told, and the call that it
    /// was in. A process that does not end is ended, and has told nothing.
    fn start(
        &self,
        test: Option<&Test>,
        kind: &str,
        settings: &Settings,
    ) -> Result<(Option<End>, Option<Told>, String), SuiteError> {
        let path = |name: &str| self.folder.path().join(name);
        let report = path("report");
        // What an earlier process told is not this one's.
        let _ = fs::remove_file(&report);
        let providers = settings.providers.iter();
        let request = Request {
            number: self.number,
            test: test.map(|test| test.id.to_owned()),
            kind: kind.to_owned(),
            avoid: settings.avoid.clone(),
            providers: providers
                .map(|it| (it.kind.clone(), it.library.clone()))
                .collect(),
            report: report.clone(),
        };
        let text = serde_json::to_vec(&request);
        let text = text.map_err(|error| SuiteError::Process(error.to_string()))?;
        fs::write(path("request"), text).map_err(failed)?;
        let said = File::create(path("said")).map_err(failed)?;
        let program = env::current_exe().map_err(failed)?;
        let began = Instant::now();
        let mut child = tell_parent(&mut Command::new(&program))
            .args(&self.arguments)
            .env(REQUEST, path("request"))
            .stdin(Stdio::null())
            .stdout(said.try_clone().map_err(failed)?)
            .stderr(said)
            // What a plugin starts is in the group as well, and ends with the test.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let (mut at, mut moved) = (Vec::new(), Instant::now());
        let over = loop {
            if has_ended(&child) {
                break None;
            }
            let now = fs::read(&report).unwrap_or_default();
            let head = now.get(..HEAD_LEN).unwrap_or_default();
            if head != at {
                (at, moved) = (head.to_vec(), Instant::now());
            }
            let over = overrun(self.limit, began.elapsed(), moved.elapsed());
            // One that has said what it found is at its end.
            if let Some(over) =
                over.filter(|over| *over != Overrun::Slow || told_in(&now).is_none())
            {
                break Some(over);
            }
            std::thread::sleep(LOOK);
        };
        kill_group(&mut child);
        let status = child.wait().map_err(failed)?;
        let bytes = fs::read(&report).unwrap_or_default();
        let Some(head) = bytes.get(..HEAD_LEN) else {
            let said = fs::read_to_string(path("said")).unwrap_or_default();
            let last = said.lines().rfind(|line| !line.trim().is_empty());
            return Err(SuiteError::Process(format!(
                "{} {} did not come as far as the suite: {}{}",
                name_of(&program),
                self.arguments.join(" "),
                describe_end(status),
                last.map_or_else(String::new, |line| format!("; it said: {line}"))
            )));
        };
        let entry = String::from_utf8_lossy(&head[..ENTRY_LEN])
            .trim()
            .to_owned();
        let told = told_in(&bytes);
        let end = match (over, &told) {
            (None, Some(_)) if status.success() => None,
            // An end in the midst of a call is no success, whatever its status.
            (None, _) => Some(End::Itself(describe_end(status))),
            (Some(over), _) => Some(End::Over(over)),
        };
        Ok((end, told, entry))
    }
}

/// What a test has said that it found, if it has.
fn told_in(report: &[u8]) -> Option<Told> {
    serde_json::from_slice(report.get(HEAD_LEN..)?).ok()
}

fn failed(error: std::io::Error) -> SuiteError {
    SuiteError::Process(format!("a process for a test: {error}"))
}
