//! Random faults on clusters of logs. Each cluster is drawn from a seed; a failure is shrunk and kept.
//!
//! `cargo run --release -p quorate-log --example log_swarm -- --seeds 1000000`
//!
//! Exit status: 0 if every invariant held (with `--bug`: if the bug was found), 1 if not, 64 for a wrong
//! argument or file.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a program"
)]

#[path = "../tests/harness/mod.rs"]
mod harness;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use harness::{Case, Plan};
use quorate_log::Bug;
use quorate_log::check::Violation;

const HELP: &str = "\
Random faults on clusters of logs, drawn from seeds.

  --seeds N      so many seeds (10000)
  --from N       the first seed (0)
  --threads N    threads (2)
  --bug NAME     plant a bug, and stop when it is found:
                 vote-ignores-log, acknowledge-early, commit-old-term, count-live
  --keep FOLDER  where a failure is kept, shrunk (.)
  --replay FILE  run a file that was kept, and say all that happens
";

struct Options {
    first: u64,
    seeds: u64,
    threads: u64,
    bug: Option<Bug>,
    keep: PathBuf,
    replay: Option<PathBuf>,
}

fn options() -> Result<Option<Options>, String> {
    let mut options = Options {
        first: 0,
        seeds: 10_000,
        threads: 2,
        bug: None,
        keep: PathBuf::from("."),
        replay: None,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        if name == "--help" || name == "-h" {
            return Ok(None);
        }
        let text = arguments
            .next()
            .ok_or(format!("{name} needs a value after it"))?;
        let number = || -> Result<u64, String> {
            text.parse()
                .map_err(|_| format!("{name}: {text:?} is not a number"))
        };
        match name.as_str() {
            "--seeds" => options.seeds = number()?,
            "--from" => options.first = number()?,
            "--threads" => options.threads = number()?.max(1),
            "--bug" => options.bug = Some(harness::bug(&text)?),
            "--keep" => options.keep = PathBuf::from(&text),
            "--replay" => options.replay = Some(PathBuf::from(&text)),
            _ => return Err(format!("there is no {name}; --help says what there is")),
        }
    }
    Ok(Some(options))
}

/// Runs one file and prints everything that happens.
fn replay(path: &Path) -> Result<ExitCode, String> {
    let at = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| at(&error))?;
    let case = Case::read(&text).map_err(|error| at(&error))?;
    let (found, world) = match case.plan.run(true) {
        Ok(world) => (None, world),
        Err(failed) => {
            let (violation, world) = *failed;
            (Some(violation), world)
        }
    };
    println!("{}", world.trace.unwrap_or_default().join("\n"));
    let Some(violation) = found else {
        println!("every invariant holds");
        return Ok(ExitCode::SUCCESS);
    };
    println!("{violation}");
    Ok(ExitCode::FAILURE)
}

/// Shrinks a failure and keeps it as a file.
fn keep(options: &Options, plan: Plan, violation: &Violation) -> Result<(), String> {
    let seed = plan.seed;
    let before = plan.ops.len();
    let plan = plan.shrink(violation);
    println!(
        "seed {seed}: {violation}\n  shrunk from {before} steps to {}",
        plan.ops.len()
    );
    let bug = plan.bug.map_or("failure", Bug::name);
    let path = options.keep.join(format!("{bug}-{seed}.txt"));
    let case = Case {
        plan,
        breaks: Some(violation.invariant.to_owned()),
    };
    std::fs::write(&path, case.to_string())
        .map_err(|error| format!("{}: {error}", path.display()))?;
    println!("  kept in {}; --replay runs it again", path.display());
    Ok(())
}

/// The totals over all seeds.
#[derive(Default)]
struct Tally {
    done: AtomicU64,
    elections: AtomicU64,
    acknowledged: AtomicU64,
    /// Runs in which the planted bug made a difference.
    reached: AtomicU64,
    stop: AtomicBool,
}

#[allow(clippy::disallowed_types, reason = "a long run says how long it took")]
fn swarm(options: &Options) -> Result<ExitCode, String> {
    let begun = std::time::Instant::now();
    let tally = Tally::default();
    let failure = std::sync::Mutex::new(None::<(Plan, Violation)>);
    let say = |word: &str| {
        println!(
            "{word} {} seeds, {} elections, {} updates acknowledged, {} s",
            tally.done.load(Ordering::Relaxed),
            tally.elections.load(Ordering::Relaxed),
            tally.acknowledged.load(Ordering::Relaxed),
            begun.elapsed().as_secs()
        );
    };
    let work = |thread: u64| {
        let seeds = options.first + thread..options.first + options.seeds;
        for seed in seeds.step_by(usize::try_from(options.threads).unwrap_or(1)) {
            if tally.stop.load(Ordering::Relaxed) {
                return;
            }
            let mut plan = Plan::draw(seed);
            plan.bug = options.bug;
            let (violation, world) = match plan.run(false) {
                Ok(world) => (None, world),
                Err(failed) => {
                    let (violation, world) = *failed;
                    (Some(violation), world)
                }
            };
            let add = |counter: &AtomicU64, n: u64| counter.fetch_add(n, Ordering::Relaxed);
            add(&tally.done, 1);
            add(&tally.elections, world.elections);
            add(&tally.acknowledged, world.acknowledged.len() as u64);
            add(&tally.reached, u64::from(world.hits() > 0));
            if let Some(violation) = violation {
                tally.stop.store(true, Ordering::Relaxed);
                if let Ok(mut failure) = failure.lock() {
                    // The failure with the lowest seed counts, whichever thread found it first.
                    if failure.as_ref().is_none_or(|(plan, _)| seed < plan.seed) {
                        *failure = Some((plan, violation));
                    }
                }
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..options.threads)
            .map(|thread| scope.spawn(move || work(thread)))
            .collect();
        let mut ticks = 0u32;
        while threads.iter().any(|thread| !thread.is_finished()) {
            #[allow(clippy::disallowed_methods, reason = "progress is said now and then")]
            std::thread::sleep(Duration::from_millis(50));
            ticks += 1;
            if ticks.is_multiple_of(200) {
                say("so far");
            }
        }
    });
    let failure = failure.into_inner().map_err(|error| error.to_string())?;
    if let Some(bug) = options.bug {
        println!(
            "{} made a difference in {} runs",
            bug.name(),
            tally.reached.load(Ordering::Relaxed)
        );
    }
    match failure {
        Some((plan, violation)) => {
            say("broken after");
            keep(options, plan, &violation)?;
            Ok(if options.bug.is_some() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        None => {
            say("every invariant holds in");
            Ok(if options.bug.is_some() {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            })
        }
    }
}

fn main() -> ExitCode {
    let run = |options: Options| match &options.replay {
        Some(path) => replay(path),
        None => swarm(&options),
    };
    let result = match options() {
        Ok(Some(options)) => run(options),
        Ok(None) => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => Err(error),
    };
    result.unwrap_or_else(|error| {
        eprintln!("log_swarm: {error}");
        ExitCode::from(64)
    })
}
