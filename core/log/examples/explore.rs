//! Searches every state that a small cluster of logs can reach, within bounds.
//!
//! `cargo run --release -p quorate-log --example explore -- --terms 2 --entries 2 --crashes 1`
//!
//! Exit status: 0 if every state was seen and every invariant held (with `--bug`: if the bug was found), 1 if not, 2 if
//! the memory cap came first (the verdict is "unknown"), 64 for a wrong argument.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a program"
)]

#[path = "../tests/model/mod.rs"]
mod model;

use std::process::ExitCode;

use model::{Bounds, Progress, Verdict};
use quorate_log::Bug;

const HELP: &str = "\
Searches every state of a small cluster of logs.

  --nodes N        nodes (3)
  --witness 1      and a witness
  --terms N        terms (2)
  --entries N      entries of a log; the no-op of each term counts (2)
  --crashes N      crashes (1)
  --link N         messages under way from one node to another (1)
  --repeat N       1: a message may arrive twice (0)
  --writes N       writes under way at a node (1)
  --pre-votes N    1: pre-votes go over the wire; 0: each is granted at once (0)
  --threads N      threads (2)
  --memory-gb N    give up when the process is larger (12)
  --bug NAME       plant a bug, which is to be found:
                   vote-ignores-log, acknowledge-early, commit-old-term or count-live
";

struct Options {
    bounds: Bounds,
    threads: usize,
    memory_gb: u64,
}

fn options() -> Result<Option<Options>, String> {
    let mut options = Options {
        bounds: Bounds {
            nodes: 3,
            witness: false,
            terms: 2,
            entries: 2,
            crashes: 1,
            link: 1,
            repeat: false,
            writes: 1,
            pre_votes: false,
            bug: None,
        },
        threads: 2,
        memory_gb: 12,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        if name == "--help" || name == "-h" {
            return Ok(None);
        }
        let text = arguments
            .next()
            .ok_or(format!("{name} needs a value after it"))?;
        if name == "--bug" {
            options.bounds.bug = Some(bug(&text)?);
            continue;
        }
        let number: u8 = text
            .parse()
            .map_err(|_| format!("{name}: {text:?} is not a number from 0 to 255"))?;
        match name.as_str() {
            "--nodes" if (1..=5).contains(&number) => options.bounds.nodes = number,
            "--nodes" => return Err(format!("--nodes: 1 to 5 can be searched, not {number}")),
            "--witness" => options.bounds.witness = number > 0,
            "--terms" => options.bounds.terms = number.into(),
            "--entries" => options.bounds.entries = number.into(),
            "--link" if number >= 1 => options.bounds.link = number.into(),
            "--link" => return Err("--link: at least one message must be allowed".into()),
            "--repeat" => options.bounds.repeat = number > 0,
            "--crashes" => options.bounds.crashes = number,
            "--writes" if number >= 1 => options.bounds.writes = number.into(),
            "--writes" => return Err("--writes: at least one write must be allowed".into()),
            "--pre-votes" => options.bounds.pre_votes = number > 0,
            "--threads" => options.threads = usize::from(number).max(1),
            "--memory-gb" => options.memory_gb = number.into(),
            _ => return Err(format!("there is no {name}; --help says what there is")),
        }
    }
    Ok(Some(options))
}

fn bug(name: &str) -> Result<Bug, String> {
    let found = Bug::ALL.into_iter().find(|bug| bug.name() == name);
    found.ok_or_else(|| {
        let names = Bug::ALL.map(Bug::name).join(", ");
        format!("--bug: there is no bug {name:?}, only {names}")
    })
}

#[allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a search takes its time"
)]
fn main() -> ExitCode {
    let options = match options() {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprintln!("explore: {message}");
            return ExitCode::from(64);
        }
    };
    println!("{:?}", options.bounds);
    let bug = options.bounds.bug;
    let begun = std::time::Instant::now();
    let say = |word: &str, progress: Progress| {
        println!(
            "{word} {} unique states of {} generated, depth {}, {:.1} GB, {} s",
            progress.unique,
            progress.generated,
            progress.depth,
            progress.peak as f64 / 1e9,
            begun.elapsed().as_secs()
        );
    };
    let so_far = |progress| say("so far", progress);
    let most = options.memory_gb << 30;
    let (verdict, progress) = model::search(options.bounds, options.threads, most, so_far);
    let broken = match verdict {
        Verdict::Unknown => {
            say("unknown: the memory cap came first after", progress);
            return ExitCode::from(2);
        }
        Verdict::Holds => {
            say("every invariant holds in all", progress);
            false
        }
        Verdict::Broken(actions, violation) => {
            for action in actions {
                println!("  {action:?}");
            }
            say("broken after", progress);
            if let Some(violation) = violation {
                println!("{violation}");
            }
            true
        }
    };
    match bug {
        Some(bug) if !broken => println!("{} was not found within these bounds", bug.name()),
        Some(bug) => println!("{} was found", bug.name()),
        None => {}
    }
    match broken == bug.is_some() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
