//! All tests of a library from an author's own test, each in a process of its own.

mod apart;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quorate_host::direct::is_program;
use quorate_host::{Isolation, LibraryInfo};
use quorate_model::Value;

use self::apart::{Apart, Ended};
use super::{
    Catalog, Choice, KnownFailures, Provider, Settings, Test, Verdict, first_difference, tests,
};

/// How long a test may take before it counts as one that hangs, where nothing else is said.
const TIME_LIMIT: Duration = Duration::from_secs(60);

thread_local! {
    /// How many suites this thread, which is that of one `#[test]` function, has run.
    static SUITES: Cell<usize> = const { Cell::new(0) };
}

/// The tests of one library, to be run from a `#[test]` function.
///
/// Each test runs in a process of its own: this program is started again, with that `#[test]` function alone, and there the
/// suite runs the one test in place of all. So nothing but the suite belongs into the function, and it has to be the same
/// whenever it is called.
///
/// ```no_run
/// use quorate_conformance::Suite;
///
/// // With `#[test]` above it, and nothing else in it.
/// fn it_keeps_the_contract() {
///     Suite::of_package("web-proxy")
///         .value("Web Proxy", "Port", quorate_conformance::Value::Dword(3_128))
///         .known_failure("Web Proxy", "life-dead", "it does not look at its cache's disk yet")
///         .assert();
/// }
/// ```
#[derive(Debug)]
pub struct Suite {
    file: PathBuf,
    kinds: Vec<String>,
    folders: Vec<PathBuf>,
    properties: BTreeMap<String, BTreeMap<String, Value>>,
    choice: Choice,
    known: Result<KnownFailures, String>,
    limit: Duration,
}

/// What one test has found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The test.
    pub test: &'static Test,
    /// The resource type; empty for tests of the library.
    pub kind: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// The reason, on one line.
    pub why: String,
}

/// What all tests have found.
#[derive(Clone, Debug)]
pub struct Report {
    /// The library; `None` if its block cannot be read.
    pub library: Option<LibraryInfo>,
    /// The findings, in the order in which the tests were run.
    pub findings: Vec<Finding>,
}

/// Why no test could be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SuiteError {
    /// There is no such file.
    NoFile(PathBuf),
    /// A pattern, a test or a type that there is not, with what was probably meant.
    Unknown(String),
    /// It was not called from a `#[test]` function, so that no process can be started with that function alone.
    NotInATest,
    /// A process for a test could not be started, or did not come as far as the suite.
    Process(String),
}

impl fmt::Display for SuiteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFile(file) => write!(
                f,
                "{}: there is no such file; build the library first: cargo does so for a crate whose `crate-type` has \
                 \"cdylib\" and \"rlib\"",
                file.display()
            ),
            Self::Unknown(why) | Self::Process(why) => f.write_str(why),
            Self::NotInATest => f.write_str(
                "a suite is run from a #[test] function: each of its tests runs that function again, in a process of its own",
            ),
        }
    }
}

impl std::error::Error for SuiteError {}

impl Suite {
    /// The tests of the library in `file`.
    pub fn of_file(file: impl Into<PathBuf>) -> Suite {
        Suite {
            file: file.into(),
            kinds: Vec::new(),
            folders: Vec::new(),
            properties: BTreeMap::new(),
            choice: Choice::default(),
            known: Ok(KnownFailures::default()),
            limit: TIME_LIMIT,
        }
    }

    /// The tests of the library that cargo has built of a package, such as `web-proxy`, beside this test or a folder above.
    pub fn of_package(package: &str) -> Suite {
        let name = format!("lib{}.so", package.replace('-', "_"));
        let program = std::env::current_exe().unwrap_or_default();
        let folders = program.ancestors().skip(1).take(2);
        let mut files = folders.map(|folder| folder.join(&name));
        let first = files.next().unwrap_or_else(|| PathBuf::from(&name));
        let found = if first.is_file() {
            Some(first.clone())
        } else {
            files.find(|file| file.is_file())
        };
        Suite::of_file(found.unwrap_or(first))
    }

    /// Tests this type alone, and not the library as a whole. May be called again for another one.
    #[must_use]
    pub fn of_type(mut self, kind: &str) -> Suite {
        self.kinds.push(kind.to_owned());
        self
    }

    /// Runs tests of this name or group, in which `*` stands for any text; see [`Choice`].
    #[must_use]
    pub fn include(mut self, pattern: &str) -> Suite {
        self.choice.include.push(pattern.to_owned());
        self
    }

    /// Does not run tests of this name or group, in which `*` stands for any text; see [`Choice`].
    #[must_use]
    pub fn exclude(mut self, pattern: &str) -> Suite {
        self.choice.exclude.push(pattern.to_owned());
        self
    }

    /// A value for a property, where a made-up one will not do.
    #[must_use]
    pub fn value(mut self, kind: &str, property: &str, value: Value) -> Suite {
        let values = self.properties.entry(kind.to_owned()).or_default();
        values.insert(property.to_owned(), value);
        self
    }

    /// A folder with plugins that the tested types may depend on.
    #[must_use]
    pub fn plugin_dir(mut self, folder: impl Into<PathBuf>) -> Suite {
        self.folders.push(folder.into());
        self
    }

    /// A test that is known to fail for a type, or for the library where `kind` is empty, and why.
    #[must_use]
    pub fn known_failure(mut self, kind: &str, test: &str, why: &str) -> Suite {
        if let Ok(known) = &mut self.known {
            let kind = (!kind.is_empty()).then_some(kind);
            if let Err(why) = known.add(kind, test, why) {
                self.known = Err(why);
            }
        }
        self
    }

    /// How long a test may take before it counts as one that hangs: 60 s without this.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Suite {
        self.limit = limit;
        self
    }

    /// Runs the tests, and fails the calling test with all that was found wrong or could not be found out.
    ///
    /// # Panics
    /// If a test has failed, crashed or is unknown, or if none could be run.
    pub fn assert(&self) {
        match self.run() {
            Ok(report) if report.is_sound() => {}
            Ok(report) => panic!("{}\n{report}", self.file.display()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Runs the tests.
    ///
    /// # Errors
    /// If none could be run.
    pub fn run(&self) -> Result<Report, SuiteError> {
        let number = SUITES.replace(SUITES.get() + 1);
        if let Some(request) = apart::requested() {
            if request.is_for(number) {
                request.serve(&self.file, &self.properties);
            }
            // Another suite of this process is meant.
            return Ok(Report {
                library: None,
                findings: Vec::new(),
            });
        }
        if !self.file.is_file() {
            return Err(SuiteError::NoFile(self.file.clone()));
        }
        if is_program(&self.file) {
            return Err(SuiteError::Unknown(format!(
                "{} is a program, which runs below a monitor of `quorate`, and a suite has none: use `quorate plugin check`",
                self.file.display()
            )));
        }
        self.choice.check().map_err(SuiteError::Unknown)?;
        let known = self.known.as_ref();
        let known = known.map_err(|why| SuiteError::Unknown(why.clone()))?;
        let apart = Apart::new(number, self.limit)?;
        let library = apart.describe()?;
        let kinds = self.tested(library.as_ref(), known)?;
        let catalog = Catalog::new(
            library.iter().cloned().collect(),
            &self.folders,
            Isolation::default(),
        );
        let mut findings = Vec::new();
        if self.kinds.is_empty() {
            findings.extend(self.of(&apart, &catalog, "")?);
        }
        for kind in &kinds {
            findings.extend(self.of(&apart, &catalog, kind)?);
        }
        for finding in &mut findings {
            let why = std::mem::take(&mut finding.why);
            let (kind, test, verdict) = (&finding.kind, finding.test, finding.verdict);
            (finding.verdict, finding.why) = known.judge(kind, test, verdict, why);
        }
        Ok(Report { library, findings })
    }

    /// The types to test.
    fn tested(
        &self,
        library: Option<&LibraryInfo>,
        known: &KnownFailures,
    ) -> Result<Vec<String>, SuiteError> {
        let there: Vec<String> = library
            .iter()
            .flat_map(|library| library.types.iter().map(|kind| kind.name.clone()))
            .collect();
        let named = self.kinds.iter().map(String::as_str).chain(known.kinds());
        for name in named.filter(|_| library.is_some()) {
            if !there.iter().any(|kind| kind == name) {
                let all = there.join("`, `");
                return Err(SuiteError::Unknown(format!(
                    "the library has no type `{name}`; those it has: `{all}`"
                )));
            }
        }
        Ok(if self.kinds.is_empty() {
            there
        } else {
            self.kinds.clone()
        })
    }

    /// Runs the tests of one type, or of the library. A call that crashed or hung is not repeated, and a test that lacks a
    /// provider runs again with one.
    fn of(&self, apart: &Apart, catalog: &Catalog, kind: &str) -> Result<Vec<Finding>, SuiteError> {
        let mut found = Vec::new();
        let mut avoid: Vec<String> = Vec::new();
        let mut providers: Vec<Provider> = Vec::new();
        let chosen = tests().filter(|test| test.is_per_type() != kind.is_empty());
        for test in chosen.filter(|test| self.choice.takes(test)) {
            let settings = |avoid: &[String], providers: &[Provider]| Settings {
                avoid: avoid.to_vec(),
                providers: providers.to_vec(),
                ..Settings::default()
            };
            let mut ended = apart.run(test, kind, &settings(&avoid, &providers))?;
            while catalog.supply(&ended.outcome.wanted, &mut providers) {
                ended = apart.run(test, kind, &settings(&avoid, &providers))?;
            }
            if test.twice && ended.outcome.verdict == Verdict::Passed {
                let again = apart.run(test, kind, &settings(&avoid, &providers))?;
                ended = twice(ended, again);
            }
            avoid.extend(ended.fatal);
            found.push(Finding {
                test,
                kind: kind.to_owned(),
                verdict: ended.outcome.verdict,
                why: ended.outcome.why,
            });
        }
        Ok(found)
    }
}

/// What two runs of a test in two processes come to.
fn twice(mut one: Ended, other: Ended) -> Ended {
    if other.outcome.verdict != Verdict::Passed {
        return other;
    }
    if let Some(text) = first_difference(&one.outcome.trace, &other.outcome.trace) {
        one.outcome.verdict = Verdict::Failed;
        one.outcome.why = format!("two processes differ: {text}");
    }
    one
}

impl Report {
    /// Whether nothing has failed or crashed, and nothing is unknown.
    pub fn is_sound(&self) -> bool {
        let mut all = self.findings.iter();
        !all.any(|it| it.verdict.is_bad() || it.verdict == Verdict::Unknown)
    }

    /// How many tests have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        let all = self.findings.iter();
        all.filter(|it| it.verdict == verdict).count()
    }
}

impl fmt::Display for Report {
    /// A line for each test that did not pass and was not skipped, and how many there are of each verdict.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |it: &&Finding| !matches!(it.verdict, Verdict::Passed | Verdict::Skipped);
        for it in self.findings.iter().filter(told) {
            let kind = match &*it.kind {
                "" => String::new(),
                kind => format!("{kind}: "),
            };
            writeln!(f, "{} {kind}{}: {}", it.verdict, it.test.id, it.why)?;
        }
        let counts = Verdict::ALL.map(|it| (self.count(it), it));
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<_> = counts.map(|(count, it)| format!("{count} {it}")).collect();
        write!(f, "{} tests: {}", self.findings.len(), counts.join(", "))
    }
}

/// The part of a path that a message shows.
fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |it| it.to_string_lossy().into_owned(),
    )
}
