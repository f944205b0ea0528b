//! Tests of a plugin against the contract, call by call.
//!
//! An author's own tests hold a library to it like this:
//!
//! ```no_run
//! use quorate_conformance::Suite;
//!
//! // With `#[test]` above it, and nothing else in it.
//! fn it_keeps_the_contract() {
//!     // target/debug/libmy_types.so, which cargo has built beside the tests.
//!     Suite::of_package("my-types").exclude("life-leak-*").assert();
//! }
//! ```
//!
//! Each test calls the plugin's code, which may do anything. So [`Suite`] runs each in a process of its own, which is this
//! test's program again, and says which call a process died in, or which did not return. `quorate plugin check` does the
//! same from the command line.
//!
//! What both stand on:
//!
//! - [`describe`] says which types a library has.
//! - [`tests`] is the list of the tests; one that [is per type](Test::is_per_type) is run for each of them. [`Choice`] says
//!   which of them, [`KnownFailures`] which may fail.
//! - [`run`] runs one on a [`Case`], in this process, and returns its [`Outcome`]. Before an entry is called, its name is
//!   passed to a witness.
//! - [`Catalog`] finds what a type depends on in other libraries.
//! - [`first_difference`] compares the traces of a test that is [run twice](Test::twice).
//!
//! ```no_run
//! use quorate_conformance::{Case, Settings, describe, run, tests};
//!
//! let file = std::path::PathBuf::from("target/debug/libmy_types.so");
//! for kind in describe(&file)?.types {
//!     for test in tests().filter(|test| test.is_per_type()) {
//!         let case = Case {
//!             file: file.clone(),
//!             kind: kind.name.clone(),
//!             settings: Settings::default(),
//!             witness: &|_entry| {},
//!         };
//!         let outcome = run(test, &case);
//!         assert!(!outcome.verdict.is_bad(), "{}: {}", test.id, outcome.why);
//!     }
//! }
//! # Ok::<(), quorate_host::PluginError>(())
//! ```
//!
//! The plugin gets the tables of the real host, but behind them are a small world of the tester and virtual time. No
//! answer is forced: a test breaks the world, and looks at what the plugin says.

mod arbitration;
mod bench;
mod buffers;
mod catalog;
mod choice;
mod contract;
mod descriptors;
mod determinism;
mod habits;
mod known;
mod leaks;
mod library;
mod life;
mod mix;
mod process;
mod properties;
mod random;
mod refusals;
mod startup;
mod suite;
mod witness;
mod world;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use quorate_host::direct::{Image, is_program, read_block};
use quorate_host::{LibraryInfo, PluginError};
use quorate_model::Lasting;
pub use quorate_model::Value;

pub use self::catalog::Catalog;
pub use self::choice::Choice;
pub use self::determinism::first_difference;
pub use self::known::KnownFailures;
pub use self::suite::{Finding, Report, Suite, SuiteError};

/// The result of a test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The contract holds.
    Passed,
    /// The test does not apply to this library or type, or could not get far enough because something else is wrong.
    #[default]
    Skipped,
    /// Something is allowed, but probably not intended.
    Warning,
    /// The tester lacks something, such as a provider that the type depends on: nothing is said about the plugin.
    Unknown,
    /// It fails, and stands in a list of [known failures](KnownFailures).
    Known,
    /// The contract is broken, or a call did not return.
    Failed,
    /// The process died during a call.
    Crashed,
}

impl Verdict {
    /// All verdicts.
    pub const ALL: [Verdict; 7] = [
        Verdict::Passed,
        Verdict::Skipped,
        Verdict::Warning,
        Verdict::Unknown,
        Verdict::Known,
        Verdict::Failed,
        Verdict::Crashed,
    ];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Known => "known",
            Self::Failed => "failed",
            Self::Crashed => "crashed",
        }
    }

    /// The verdict of this name.
    pub fn from_name(name: &str) -> Option<Verdict> {
        Self::ALL
            .into_iter()
            .find(|verdict| verdict.as_str() == name)
    }

    /// Whether the plugin is at fault.
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Failed | Self::Crashed)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A test's verdict, and the reason on one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// The reason, on one line.
    pub why: String,
    /// The calls and their results, for tests that are [run twice](Test::twice) or reproduced.
    pub trace: Vec<String>,
    /// The types of providers that the type under test asked for, and that there was nothing of. If a loaded library has
    /// one of them, the test should be run again with it among [`Settings::providers`].
    pub wanted: Vec<String>,
}

/// What a test is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// The library and its block, before any of its types is started.
    Library,
    /// The start-up function and the tables it hands out.
    Startup,
    /// The life of an instance.
    Life,
    /// What every single call must keep: how long it may take, on which thread it runs, what it may answer.
    Contract,
    /// The quorum resource.
    Arbitration,
    /// That the same calls give the same results.
    Determinism,
    /// Random sequences of legal calls.
    Random,
}

impl Group {
    /// All groups, in the order in which they are run.
    pub const ALL: [Group; 7] = [
        Group::Library,
        Group::Startup,
        Group::Life,
        Group::Contract,
        Group::Arbitration,
        Group::Determinism,
        Group::Random,
    ];

    /// Its title.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Library => "library",
            Self::Startup => "start-up",
            Self::Life => "life cycle",
            Self::Contract => "contract",
            Self::Arbitration => "arbitration",
            Self::Determinism => "determinism",
            Self::Random => "random sequences",
        }
    }
}

/// A test.
pub struct Test {
    /// Its name, such as `life-online`.
    pub id: &'static str,
    /// What it is about.
    pub group: Group,
    /// What it requires, in one sentence.
    pub about: &'static str,
    /// Whether it is run in two processes, which must give the same trace.
    pub twice: bool,
    run: fn(&Case<'_>) -> Check,
}

impl Test {
    /// Whether it is run for each resource type, and not once for the library.
    pub fn is_per_type(&self) -> bool {
        self.group != Group::Library
    }
}

impl fmt::Debug for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

const fn test(
    id: &'static str,
    group: Group,
    about: &'static str,
    run: fn(&Case<'_>) -> Check,
) -> Test {
    Test {
        id,
        group,
        about,
        twice: false,
        run,
    }
}

/// A type of which the tester's world is to have a provider: a resource that those under test depend on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Provider {
    /// The resource type.
    pub kind: String,
    /// The library that has it.
    pub library: PathBuf,
}

/// The settings for testing a plugin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Values of private properties, by resource type and name. Properties without one here get a made-up value.
    /// Those of providers count, too.
    pub properties: BTreeMap<String, BTreeMap<String, Value>>,
    /// Entries that are known to crash or hang. A test that is about to call one is skipped.
    pub avoid: Vec<String>,
    /// The types of which there are to be providers beside those that are always there (IP Address, Network Name,
    /// Physical Disk and Generic Application). One that another of them depends on comes before that.
    pub providers: Vec<Provider>,
    /// The number of a random sequence. Only that one is run, and all its calls are traced.
    pub reproduce: Option<u64>,
}

/// The library, and the type of it, that a test is run on.
pub struct Case<'a> {
    /// The library.
    pub file: PathBuf,
    /// The type's name; empty for the tests of the library.
    pub kind: String,
    /// The settings.
    pub settings: Settings,
    /// Called with the name of each entry before that is called.
    pub witness: &'a dyn Fn(&str),
}

impl fmt::Debug for Case<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("file", &self.file)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl Case<'_> {
    /// Announces a call of an entry to the witness. Stops the test if the entry is to be avoided.
    fn before(&self, entry: &str) -> Result<(), Stop> {
        // As much as a witness may have room for.
        let entry = entry.get(..ENTRY_LEN).unwrap_or(entry).trim_end();
        if self.settings.avoid.iter().any(|avoided| avoided == entry) {
            if is_of_a_provider(entry) {
                let text =
                    format!("`{entry}` crashes or hangs, and it cannot be tested without one");
                return Err(Stop::unknown(text));
            }
            let text = format!("`{entry}` crashes or hangs: see the test that found it");
            return Err(Stop::skipped(text));
        }
        (self.witness)(entry);
        Ok(())
    }
}

/// The longest name of a call, in bytes: that of an entry, or of an entry of a provider.
pub const ENTRY_LEN: usize = 64;

/// Whether the name of a call, as a witness is told it, is that of a call of a provider's library and not of the tested one.
fn is_of_a_provider(entry: &str) -> bool {
    entry.contains(" of ")
}

/// Whose fault it is that a process died in a call, or that the call did not return: where that was a call of a provider, the
/// tested type has shown nothing.
pub fn charge(entry: &str, verdict: Verdict, why: String) -> (Verdict, String) {
    if !is_of_a_provider(entry) {
        return (verdict, why);
    }
    let why = format!(
        "{why}; that is a call of what it depends on, and none of its own: test that type for itself, or name another library \
         that has it"
    );
    (Verdict::Unknown, why)
}

/// How a test that takes longer than it may is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overrun {
    /// Its present call does not return.
    Hung,
    /// Its calls return, and there are too many of them for how long they take.
    Slow,
}

/// Whether a test has to be ended that has run for `took`, of which `call` in the present call.
pub fn overrun(limit: Duration, took: Duration, call: Duration) -> Option<Overrun> {
    if took <= limit {
        None
    } else if call > limit / 2 {
        // A call that takes more than half of the limit will not return.
        Some(Overrun::Hung)
    } else {
        // The present call began lately, so it may still return: only the time before it counts.
        (took.saturating_sub(call) > limit).then_some(Overrun::Slow)
    }
}

/// What is said of a test that was ended for being slow, whose last call was `entry`.
pub fn too_slow(limit: Duration, entry: &str) -> String {
    let limit = Lasting(limit);
    format!(
        "not done within {limit}: its calls return, too slowly for this test (the last was `{entry}`); see contract-quick"
    )
}

/// Why a test stops early: its verdict, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stop {
    verdict: Verdict,
    why: String,
    /// The calls until then, if a trace was asked for.
    trace: Vec<String>,
}

impl Stop {
    fn new(verdict: Verdict, why: impl Into<String>) -> Stop {
        Stop {
            verdict,
            why: why.into(),
            trace: Vec::new(),
        }
    }

    fn failed(why: impl Into<String>) -> Stop {
        Stop::new(Verdict::Failed, why)
    }

    fn warning(why: impl Into<String>) -> Stop {
        Stop::new(Verdict::Warning, why)
    }

    fn unknown(why: impl Into<String>) -> Stop {
        Stop::new(Verdict::Unknown, why)
    }

    fn skipped(why: impl Into<String>) -> Stop {
        Stop::new(Verdict::Skipped, why)
    }
}

/// The result of a test: a note if it passed, or why it stopped.
type Check = Result<Note, Stop>;

/// What a test that passed reports, and its trace.
#[derive(Clone, Debug, Default)]
struct Note {
    why: String,
    trace: Vec<String>,
}

fn passed(why: impl Into<String>) -> Check {
    Ok(Note {
        why: why.into(),
        trace: Vec::new(),
    })
}

/// An error about a library, without its path: every line is about the same file.
fn fault(error: &PluginError) -> String {
    let text = error.to_string();
    let path = error.file().map(|file| format!("{}: ", file.display()));
    path.and_then(|path| text.strip_prefix(&path).map(str::to_owned))
        .unwrap_or(text)
}

/// Fails the test unless `holds`.
fn ensure(holds: bool, why: impl FnOnce() -> String) -> Result<(), Stop> {
    if holds {
        Ok(())
    } else {
        Err(Stop::failed(why()))
    }
}

/// How long an entry should take at most. If it takes longer, that is only a warning: the machine may be slow, and that
/// is not the plugin's fault.
const ENTRY_MAX: Duration = Duration::from_millis(300);

/// All tests, in the order in which they are run.
pub fn tests() -> impl Iterator<Item = &'static Test> {
    [
        library::TESTS,
        startup::TESTS,
        life::TESTS,
        leaks::TESTS,
        contract::TESTS,
        process::TESTS,
        descriptors::TESTS,
        habits::TESTS,
        buffers::TESTS,
        refusals::TESTS,
        arbitration::TESTS,
        determinism::TESTS,
        random::TESTS,
    ]
    .into_iter()
    .flatten()
}

/// Whether a test says anything of a plugin that is a program.
fn applies_to_programs(test: &Test) -> bool {
    // What it logs comes through the host, which gives it to the right resource; what it prints is no output of the tester's.
    const OF_THE_PROCESS: [&str; 17] = [
        "contract-log-lines",
        "contract-own-handle",
        "contract-inside-entries",
        "contract-silent-after-close",
        "contract-output",
        "life-leak-descriptors",
        "life-leak-threads",
        "life-leak-memory",
        "contract-threads-declared",
        "contract-process",
        "contract-descriptors",
        "contract-floating-point",
        "contract-signals",
        "contract-timers",
        "contract-limits",
        "contract-locale",
        "contract-files",
    ];
    !matches!(test.group, Group::Library | Group::Startup) && !OF_THE_PROCESS.contains(&test.id)
}

/// Runs one test in this process.
pub fn run(test: &Test, case: &Case<'_>) -> Outcome {
    if is_program(&case.file) && !applies_to_programs(test) {
        return Outcome {
            verdict: Verdict::Skipped,
            why: "a program has no block and no table, and is not in the tester's process"
                .to_owned(),
            trace: Vec::new(),
            wanted: Vec::new(),
        };
    }
    bench::take_wanted();
    let (verdict, why, trace) = match (test.run)(case) {
        Ok(note) => (Verdict::Passed, note.why, note.trace),
        Err(stop) => (stop.verdict, stop.why, stop.trace),
    };
    Outcome {
        verdict,
        why,
        trace,
        wanted: bench::take_wanted(),
    }
}

/// What a library says of itself in its block. Apart from its entry, none of its functions is called.
///
/// # Errors
///
/// If it is not a plugin, or if its block is broken.
pub fn describe(file: &std::path::Path) -> Result<LibraryInfo, PluginError> {
    if is_program(file) {
        return Image::open_for(file, witness::host()).map(|image| image.info);
    }
    let (_, block) = Image::entry(file, file)?;
    // SAFETY: the block is what the library's entry returned, and the library stays mapped.
    unsafe { read_block(file, block) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn tests_have_names_of_their_own_and_say_what_they_ask_for() {
        let mut seen = BTreeSet::new();
        let mut groups = Vec::new();
        for test in tests() {
            assert!(seen.insert(test.id), "{} twice", test.id);
            assert!(
                test.id
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "{}",
                test.id
            );
            assert!(
                test.about.len() > 10 && !test.about.ends_with('.') && !test.about.contains('\n'),
                "{}",
                test.id
            );
            if groups.last() != Some(&test.group) {
                groups.push(test.group);
            }
        }
        assert_eq!(groups, Group::ALL, "each group in one piece");
        assert!(seen.len() >= 40, "{} tests", seen.len());
    }

    #[test]
    fn a_call_that_does_not_return_is_told_from_many_that_do_whenever_it_begins() {
        let over = |took, call| {
            let seconds = Duration::from_secs;
            overrun(seconds(10), seconds(took), seconds(call))
        };
        assert_eq!(over(10, 10), None);
        assert_eq!(over(11, 11), Some(Overrun::Hung));
        assert_eq!(over(11, 2), None, "it began at 9 s, and may return");
        assert_eq!(over(15, 6), Some(Overrun::Hung), "it did not");
        assert_eq!(
            over(12, 1),
            Some(Overrun::Slow),
            "it did: this is the next one"
        );
    }

    #[test]
    fn verdicts_have_names() {
        for verdict in Verdict::ALL {
            assert_eq!(Verdict::from_name(verdict.as_str()), Some(verdict));
        }
        assert_eq!(Verdict::from_name("perfect"), None);
    }
}
