//! Searches every state that a small cluster of logs can come to, within bounds.
//!
//! `cargo run --release -p quorate-log --example explore -- --terms 2 --entries 2 --crashes 1`
//!
//! Exit status: 0 if every state was seen and every invariant held, 1 if one broke, 2 if the memory cap
//! came first (the verdict is "unknown"), 64 for a wrong argument.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a program"
)]

#[path = "../tests/model/mod.rs"]
mod model;

use std::process::ExitCode;
use std::time::Duration;

use model::{Bounds, Cluster};
use stateright::{Checker as _, Model as _};

const HELP: &str = "\
Searches every state of a small cluster of logs.

  --nodes N        nodes (3)
  --terms N        terms (2)
  --entries N      entries of a log; the no-op of each term counts (2)
  --crashes N      crashes (1)
  --link N         messages under way from one node to another (1)
  --repeat N       1: a message may arrive twice (0)
  --writes N       writes under way at a node (1)
  --pre-votes N    1: pre-votes go over the wire; 0: each is granted at once (0)
  --threads N      threads (2)
  --memory-gb N    give up when the process is larger (12)
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
            terms: 2,
            entries: 2,
            crashes: 1,
            link: 1,
            repeat: false,
            writes: 1,
            pre_votes: false,
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
            .ok_or(format!("{name} needs a number after it"))?;
        let number: u8 = text
            .parse()
            .map_err(|_| format!("{name}: {text:?} is not a number from 0 to 255"))?;
        match name.as_str() {
            "--nodes" if (1..=5).contains(&number) => options.bounds.nodes = number,
            "--nodes" => return Err(format!("--nodes: 1 to 5 can be searched, not {number}")),
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

/// What the process has in memory, in bytes, where the system says so.
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096)
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
    let begun = std::time::Instant::now();
    let checker = Cluster::new(options.bounds)
        .checker()
        .threads(options.threads)
        .spawn_dfs();
    let mut peak = 0;
    let say = |word: &str, peak: u64| {
        println!(
            "{word} {} unique states of {} generated, depth {}, {:.1} GB, {} s",
            checker.unique_state_count(),
            checker.state_count(),
            checker.max_depth(),
            peak as f64 / 1e9,
            begun.elapsed().as_secs()
        );
    };
    let mut ticks = 0u32;
    while !checker.is_done() {
        std::thread::sleep(Duration::from_millis(100));
        peak = peak.max(resident().unwrap_or(0));
        ticks += 1;
        if peak > options.memory_gb << 30 {
            say("unknown: the memory cap came first after", peak);
            return ExitCode::from(2);
        }
        if ticks.is_multiple_of(100) {
            say("so far", peak);
        }
    }
    if let Some(path) = checker.discovery("every invariant holds") {
        let last = path.last_state().broken.clone();
        for action in path.into_actions() {
            println!("  {action:?}");
        }
        say("broken after", peak);
        if let Some(violation) = last {
            println!("{violation}");
        }
        return ExitCode::from(1);
    }
    say("every invariant holds in all", peak);
    ExitCode::SUCCESS
}
