//! `quorate plugin check`: the conformance tester.
//!
//! Each test runs this program again in a child process, so that a plugin that crashes or hangs ends a test and not
//! the tester.

pub(crate) mod child;
mod config;
mod given;
mod here;
mod report;
mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use clap::Args;
use parking_lot::Mutex;
use quorate_conformance::{Catalog, Choice, Group, KnownFailures, Test, Verdict, first_difference};
use quorate_host::{Isolation, LibraryInfo, PluginSet, search_folders};

use self::child::{Child, Run, SCRIPT_TYPE};
use crate::args::PluginFolders;
use crate::exit::Exit;
use crate::output::Output;

/// `quorate plugin check`.
#[derive(Args, Clone, Debug)]
pub(crate) struct CheckPluginArgs {
    /// The libraries of plugins, or the scripts (.rhai) of resources of the type Generic Script.
    #[arg(value_name = "FILE", required_unless_present_any = ["list", "config"])]
    files: Vec<PathBuf>,
    /// Read what is not on the command line from this file: JSON, with files, plugin_dirs, type, include, exclude,
    /// known_failures, properties and time_limit.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Write the results to this file as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the results to this file as JUnit XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Run only tests with this text in their name or in their group's.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Run only tests of this name, or of this group's; * stands for any text. May be repeated.
    #[arg(long, value_name = "NAME")]
    include: Vec<String>,
    /// Do not run tests of this name, or of this group's; * stands for any text. May be repeated.
    #[arg(long, value_name = "NAME")]
    exclude: Vec<String>,
    /// Tests that are known to fail, one a line: TYPE: TEST # why. That they fail is no failure of the run; that one passes
    /// is.
    #[arg(long, value_name = "FILE")]
    known_failures: Option<PathBuf>,
    /// Test only this resource type, and not the library as a whole.
    #[arg(long = "type", value_name = "NAME")]
    kind: Option<String>,
    /// Values of properties, where made-up ones will not do: JSON, {"Type": {"Property": value}}. Types of other plugins
    /// that the tested one depends on may be among them.
    #[arg(long, value_name = "FILE")]
    properties: Option<PathBuf>,
    #[command(flatten)]
    plugins: PluginFolders,
    /// Run this one test in this process, for a debugger or a sanitizer, and show all its calls.
    #[arg(long, value_name = "TEST", conflicts_with_all = ["json", "junit", "filter", "brief"])]
    in_process: Option<String>,
    /// Run one random sequence again, and show all its calls.
    #[arg(long, value_name = "SEED", value_parser = crate::args::seed)]
    reproduce: Option<u64>,
    /// How long a test may take before it counts as one that hangs, in seconds; 60 if it is not set.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    time_limit: Option<u64>,
    /// Show only what did not pass.
    #[arg(long)]
    brief: bool,
    /// List the tests, with a sentence each, and run none.
    #[arg(long)]
    list: bool,
}

/// The result of one test.
#[derive(Clone, Debug)]
pub(crate) struct Result {
    test: &'static Test,
    /// The type's name; empty for the tests of the library.
    kind: String,
    verdict: Verdict,
    why: String,
    took: Duration,
    trace: Vec<String>,
    /// What its process printed, if it did not pass.
    output: String,
}

/// All results, and what was tested.
#[derive(Clone, Debug)]
pub(crate) struct Results {
    file: PathBuf,
    /// `None` if the block cannot be read.
    library: Option<LibraryInfo>,
    tests: Vec<Result>,
}

impl Results {
    fn count(&self, verdict: Verdict) -> usize {
        let all = self.tests.iter();
        all.filter(|result| result.verdict == verdict).count()
    }

    fn exit(&self) -> Exit {
        if self.tests.iter().any(|result| result.verdict.is_bad()) {
            Exit::Fail
        } else if self.count(Verdict::Unknown) > 0 {
            Exit::Unknown
        } else {
            Exit::Pass
        }
    }
}

/// Carries out the command.
pub(crate) fn run(args: &CheckPluginArgs, output: &mut Output, cancel: &AtomicBool) -> Exit {
    if args.list {
        output.line(&report::list(output.paint()));
        return Exit::Pass;
    }
    match check(args, output, cancel) {
        Ok(exit) => exit,
        Err(why) => {
            output.error(&why);
            Exit::Usage
        }
    }
}

/// How long a test may take, in seconds, where nothing else is said.
const TIME_LIMIT: u64 = 60;

/// A file to test, and what its library says of itself.
struct Tested {
    file: PathBuf,
    child: Child,
    described: std::result::Result<LibraryInfo, String>,
    /// The one type to test.
    only: Option<String>,
}

fn check(
    args: &CheckPluginArgs,
    output: &mut Output,
    cancel: &AtomicBool,
) -> std::result::Result<Exit, String> {
    let args = &match &args.config {
        None => args.clone(),
        Some(path) => config::add(args, path)?,
    };
    given::must_be_usable(args)?;
    let choice = Choice {
        include: args.include.clone(),
        exclude: args.exclude.clone(),
    };
    choice.check()?;
    let known = given::known_failures(args)?;
    let mut tested = Vec::new();
    for file in &args.files {
        tested.push(learn(args, file, cancel)?);
        if cancel.load(Ordering::Relaxed) {
            return Ok(Exit::Interrupted);
        }
    }
    let libraries = tested.iter().filter_map(|it| it.described.as_ref().ok());
    let catalog = Catalog::new(
        libraries.cloned().collect(),
        &args.plugins.plugin_dir,
        Isolation::for_learning(),
    );
    given::must_know(args, &tested, &known, &catalog)?;
    if let Some(id) = &args.in_process {
        let [it] = tested.as_slice() else {
            let files = tested.len();
            return Err(format!(
                "--in-process runs one test of one file, and {files} are named"
            ));
        };
        let kinds = kinds(it.only.as_deref(), it.described.as_ref())?;
        return here::run(&it.child, id, &kinds, &catalog, output);
    }
    let mut all = Vec::new();
    for it in tested {
        let results = test(args, &choice, &known, &catalog, it, output, cancel)?;
        if cancel.load(Ordering::Relaxed) {
            return Ok(Exit::Interrupted);
        }
        // Of several libraries not each has the type that is asked for.
        let Some(results) = results else { continue };
        if !all.is_empty() {
            output.line("");
        }
        output.line(&report::text(&results, args.brief, output.paint()));
        all.push(results);
    }
    if all.len() > 1 {
        output.line(&format!("\n{}", report::totals(&all, output.paint())));
    }
    let write = |path: &Option<PathBuf>, text: std::result::Result<String, String>| match path {
        Some(path) => text.and_then(|text| {
            std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
        }),
        None => Ok(()),
    };
    write(&args.json, Ok(report::json(&all)))?;
    write(&args.junit, report::junit(&all))?;
    let exits = all.iter().map(Results::exit);
    Ok(exits.fold(Exit::Pass, Exit::and))
}

/// Has a library say what it is.
fn learn(
    args: &CheckPluginArgs,
    file: &Path,
    cancel: &AtomicBool,
) -> std::result::Result<Tested, String> {
    let script = is_script(file);
    let only = if script {
        if let Some(kind) = args.kind.as_deref().filter(|kind| *kind != SCRIPT_TYPE) {
            return Err(format!(
                "a script is of the type `{SCRIPT_TYPE}`, not `{kind}`"
            ));
        }
        Some(SCRIPT_TYPE.to_owned())
    } else {
        args.kind.clone()
    };
    let child = Child {
        file: if script {
            script_library()?
        } else {
            file.to_owned()
        },
        properties: args.properties.clone(),
        script: script
            .then(|| file.canonicalize())
            .transpose()
            .map_err(|error| format!("{}: {error}", file.display()))?,
        reproduce: args.reproduce,
        limit: Duration::from_secs(args.time_limit.unwrap_or(TIME_LIMIT)),
    };
    // What a library says of itself comes without its file.
    let described = child.describe(cancel)?.map(|library| LibraryInfo {
        path: child.file.clone(),
        ..library
    });
    Ok(Tested {
        file: file.to_owned(),
        child,
        described,
        only,
    })
}

/// Runs the tests of one file; `None` if its library has not the type that is asked for, and another one has.
fn test(
    args: &CheckPluginArgs,
    choice: &Choice,
    known: &KnownFailures,
    catalog: &Catalog,
    tested: Tested,
    output: &mut Output,
    cancel: &AtomicBool,
) -> std::result::Result<Option<Results>, String> {
    let Tested {
        file,
        child,
        described,
        only,
    } = tested;
    if let (Some(name), Ok(library)) = (&only, &described)
        && args.files.len() > 1
        && !library.types.iter().any(|kind| kind.name == *name)
        && catalog.provider(name).is_some()
    {
        return Ok(None);
    }
    let kinds = kinds(only.as_deref(), described.as_ref())?;
    let library = described.ok();
    let chosen: Vec<&'static Test> = quorate_conformance::tests()
        .filter(|test| match library {
            // Whatever was asked for, a file that is not a plugin has no other tests.
            None => !test.is_per_type(),
            Some(_) => {
                wanted(args, test) && choice.takes(test) && (only.is_none() || test.is_per_type())
            }
        })
        .collect();
    let tester = Tester {
        child: &child,
        catalog,
    };
    let mut tests = run_all(&tester, &chosen, &kinds, only.is_none(), output, cancel)?;
    for it in &mut tests {
        let why = std::mem::take(&mut it.why);
        (it.verdict, it.why) = known.judge(&it.kind, it.test, it.verdict, why);
    }
    Ok(Some(Results {
        file,
        library,
        tests,
    }))
}

/// Whether a file is a script in Rhai.
fn is_script(file: &Path) -> bool {
    file.extension().is_some_and(|it| it == "rhai")
}

/// The library with the type that runs scripts, at the place where the host would find it.
fn script_library() -> std::result::Result<PathBuf, String> {
    let (set, errors) = PluginSet::load_sound(&search_folders(&[]), Isolation::for_learning());
    match (set.library_of(SCRIPT_TYPE), errors) {
        (Some(library), _) => Ok(library.path.clone()),
        (None, Some(errors)) => Err(errors.to_string()),
        (None, None) => Err(format!("no plugin implements the type `{SCRIPT_TYPE}`")),
    }
}

fn wanted(args: &CheckPluginArgs, test: &Test) -> bool {
    let named = args
        .filter
        .as_deref()
        .is_none_or(|text| test.id.contains(text) || test.group.as_str().contains(text));
    let random = args.reproduce.is_none() || test.group == Group::Random;
    named && random
}

/// The types to test.
fn kinds(
    only: Option<&str>,
    described: std::result::Result<&LibraryInfo, &String>,
) -> std::result::Result<Vec<String>, String> {
    if let (Some(name), Err(why)) = (only, described) {
        return Err(format!(
            "the library does not say whether it has a type `{name}`: {why}; without --type the library's own tests say more"
        ));
    }
    let types: Vec<String> = described
        .iter()
        .flat_map(|library| library.types.iter().map(|kind| kind.name.clone()))
        .collect();
    match only {
        None => Ok(types),
        Some(name) if types.iter().any(|kind| kind == name) => Ok(vec![name.to_owned()]),
        Some(name) => {
            let there = values::hint(name, types.iter().map(String::as_str));
            Err(format!("the library has no type `{name}`{there}"))
        }
    }
}

/// What runs tests: their processes, and where what they need is found.
struct Tester<'a> {
    child: &'a Child,
    catalog: &'a Catalog,
}

/// The library's own tests first, then those of the types: one after the other for each type, and as many types at a
/// time as there are processors.
fn run_all(
    tester: &Tester<'_>,
    chosen: &[&'static Test],
    kinds: &[String],
    of_library: bool,
    output: &mut Output,
    cancel: &AtomicBool,
) -> std::result::Result<Vec<Result>, String> {
    let count = |per_type: bool| {
        chosen
            .iter()
            .filter(|it| it.is_per_type() == per_type)
            .count()
    };
    let all = count(false) + count(true) * kinds.len();
    let progress = Mutex::new((0_usize, *output));
    let tell = |test: &Test, kind: &str| {
        let mut progress = progress.lock();
        progress.0 += 1;
        let (done, mut output) = *progress;
        output.status(&format!("{done} of {all}  {kind} {}", test.id));
    };
    let mut results = Vec::new();
    if of_library {
        results = of(tester, chosen, "", &tell, cancel)?;
    }
    let next = AtomicUsize::new(0);
    let found: Mutex<BTreeMap<usize, std::result::Result<Vec<Result>, String>>> = Mutex::default();
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers.min(kinds.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(kind) = kinds.get(index) else { return };
                    let done = of(tester, chosen, kind, &tell, cancel);
                    found.lock().insert(index, done);
                }
            });
        }
    });
    output.status("");
    for (_, done) in found.into_inner() {
        results.extend(done?);
    }
    Ok(results)
}

/// The test that says whether calls take too long.
const QUICK: &str = "contract-quick";

/// Runs the tests of one type, or of the library. A call that crashed or hung is not repeated. A test that lacks a
/// provider is run again with one, if a library has it, and so are the later ones.
fn of(
    tester: &Tester<'_>,
    chosen: &[&'static Test],
    kind: &str,
    tell: &dyn Fn(&Test, &str),
    cancel: &AtomicBool,
) -> std::result::Result<Vec<Result>, String> {
    let mut results = Vec::new();
    let mut avoid: Vec<String> = Vec::new();
    let mut providers = Vec::new();
    let child = tester.child;
    // Whether the type's calls are too slow by themselves, once that matters.
    let mut slow = None;
    for test in chosen {
        if test.is_per_type() == kind.is_empty() || cancel.load(Ordering::Relaxed) {
            continue;
        }
        tell(test, kind);
        let mut run = child.run(test.id, kind, &avoid, &providers, cancel)?;
        while tester.catalog.supply(&run.wanted, &mut providers) {
            run = child.run(test.id, kind, &avoid, &providers, cancel)?;
        }
        if test.twice && run.verdict == Verdict::Passed {
            let again = child.run(test.id, kind, &avoid, &providers, cancel)?;
            run = compare(run, again);
        }
        if run.slow && test.id != QUICK {
            let quick = chosen.iter().find(|it| it.id == QUICK);
            let found = match (slow, quick) {
                (Some(found), _) => found,
                (None, Some(quick)) => {
                    let run = child.run(quick.id, kind, &avoid, &providers, cancel)?;
                    run.verdict.is_bad()
                }
                (None, None) => false,
            };
            slow = Some(found);
            if found {
                // One fault is one failure, and that test names it.
                run.verdict = Verdict::Skipped;
            }
        }
        avoid.extend(run.fatal.take());
        results.push(Result {
            test,
            kind: kind.to_owned(),
            verdict: run.verdict,
            why: run.why,
            took: run.took,
            trace: run.trace,
            output: run.output,
        });
    }
    Ok(results)
}

/// Compares two runs in two processes, and makes one result of them.
fn compare(one: Run, other: Run) -> Run {
    if other.verdict != Verdict::Passed {
        return other;
    }
    let mut run = Run {
        took: one.took + other.took,
        ..one
    };
    if let Some(text) = first_difference(&run.trace, &other.trace) {
        run.verdict = Verdict::Failed;
        run.why = format!("two processes differ: {text}");
    }
    run.trace.clear();
    run
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(trace: &[&str]) -> Run {
        Run {
            verdict: Verdict::Passed,
            why: "fine".to_owned(),
            trace: trace.iter().map(|&line| line.to_owned()).collect(),
            took: Duration::ZERO,
            wanted: Vec::new(),
            fatal: None,
            slow: false,
            output: String::new(),
        }
    }

    #[test]
    fn two_runs_pass_where_their_traces_are_the_same() {
        assert_eq!(compare(run(&["a"]), run(&["a"])).verdict, Verdict::Passed);
        let differ = compare(run(&["a", "b"]), run(&["a", "c"]));
        assert_eq!(differ.verdict, Verdict::Failed);
        assert!(differ.why.contains("`b` and `c`"), "{}", differ.why);
    }
}
