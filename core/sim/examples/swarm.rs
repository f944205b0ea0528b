//! Random faults on whole clusters. Each run is drawn from a seed; a failure is shrunk and kept.
//!
//! `cargo run --release -p quorate-sim --example swarm -- --seeds 2000`
//!
//! Exit status: 0 if everything held, 1 if not, 64 for a wrong argument or file.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "this is a program"
)]

#[allow(dead_code)]
#[path = "../tests/support/mod.rs"]
mod support;
#[path = "../tests/swarm/mod.rs"]
mod swarm;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use swarm::{By, Failure, Scenario};

const HELP: &str = "\
Random faults on whole clusters, drawn from seeds.

  --seeds N      so many seeds (200)
  --from N       the first seed (0)
  --steps N      the most faults in a run (30)
  --go-on 1      do not stop at the first failure, only count
  --keep FOLDER  where a failure is kept, shrunk (.)
  --both 1       also run each as drills go, where what need not be done is left out: the journal must be the same
  --plain 1      with the tests' own plain resource monitor instead of the shipped one and its plugins
  --draw 1       run nothing: write what is drawn as files into the folder of --keep
  --replay FILE  run a file that was kept, and print the journal
";

struct Options {
    first: u64,
    seeds: u64,
    steps: u64,
    go_on: bool,
    both: bool,
    draw: bool,
    keep: PathBuf,
    by: By,
    replay: Option<PathBuf>,
}

fn options() -> Result<Option<Options>, String> {
    let mut options = Options {
        first: 0,
        seeds: 200,
        steps: 30,
        go_on: false,
        both: false,
        draw: false,
        keep: PathBuf::from("."),
        by: By::Shipped,
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
            "--steps" => options.steps = number()?,
            "--go-on" => options.go_on = number()? > 0,
            "--both" => options.both = number()? > 0,
            "--draw" => options.draw = number()? > 0,
            "--plain" if number()? > 0 => options.by = By::Plain,
            "--plain" => options.by = By::Shipped,
            "--keep" => options.keep = PathBuf::from(&text),
            "--replay" => options.replay = Some(PathBuf::from(&text)),
            _ => return Err(format!("there is no {name}; --help says what there is")),
        }
    }
    Ok(Some(options))
}

fn replay(path: &Path, by: By) -> Result<ExitCode, String> {
    let at = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| at(&error))?;
    let scenario = Scenario::read(&text).map_err(|error| at(&error))?;
    let (world, result) = scenario.run_by(by);
    println!("{}", support::journal(&world));
    match result {
        Ok(()) => {
            println!("everything held");
            Ok(ExitCode::SUCCESS)
        }
        Err(Failure { what, detail }) => {
            println!("{what}: {detail}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Writes a run into the folder for such runs.
fn write(options: &Options, scenario: &Scenario, what: &str) -> Result<PathBuf, String> {
    let path = options.keep.join(format!("cluster-{}.txt", scenario.seed));
    std::fs::write(&path, format!("# {what}\n{scenario}"))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

fn keep(options: &Options, scenario: Scenario, failure: &Failure) -> Result<(), String> {
    let seed = scenario.seed;
    let before = scenario.steps.len();
    println!("seed {seed}: {}: {}", failure.what, failure.detail);
    let scenario = scenario.shrink(options.by, failure, 200);
    let path = write(options, &scenario, &failure.what)?;
    println!(
        "  shrunk from {before} steps to {}, kept in {}; --replay runs it again",
        scenario.steps.len(),
        path.display()
    );
    Ok(())
}

#[allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a long run says how long it took"
)]
fn many(options: &Options) -> Result<ExitCode, String> {
    let begun = std::time::Instant::now();
    let (mut failed, mut steps, mut hours) = (0, 0, 0.0);
    for done in 0..options.seeds {
        let seed = options.first + done;
        let scenario = Scenario::draw(seed, options.steps);
        if options.draw {
            write(options, &scenario, "as drawn")?;
            continue;
        }
        let (world, result) = scenario.run_by(options.by);
        steps += scenario.steps.len();
        hours += world.now().as_millis() as f64 / 3.6e6;
        if options.both {
            let (other, _) = scenario.run_as_drills(options.by);
            if support::journal(&other) != support::journal(&world) {
                println!("seed {seed}: what is left out in drills makes a difference");
                failed += 1;
                continue;
            }
        }
        if let Err(failure) = result {
            failed += 1;
            if !options.go_on {
                keep(options, scenario, &failure)?;
                return Ok(ExitCode::FAILURE);
            }
            println!("seed {seed}: {}: {}", failure.what, failure.detail);
        }
        if (done + 1) % 100 == 0 || done + 1 == options.seeds {
            println!(
                "{} seeds, {steps} faults, {hours:.0} hours of the clusters, {failed} failed, {} s",
                done + 1,
                begun.elapsed().as_secs()
            );
        }
    }
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn main() -> ExitCode {
    let result = match options() {
        Ok(Some(options)) => match &options.replay {
            Some(path) => replay(path, options.by),
            None => many(&options),
        },
        Ok(None) => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => Err(error),
    };
    result.unwrap_or_else(|error| {
        eprintln!("swarm: {error}");
        ExitCode::from(64)
    })
}
