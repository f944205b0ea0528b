//! The arguments of `quorate drill`.

use std::fmt;
use std::num::NonZero;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use quorate_drill::{Choice, Span, SpanError};

use crate::args::{Apart, Format, PluginFolders, seed};
use crate::report_files::ReportFiles;

/// The examples below the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  quorate drill scripts/drills                    every drill in a folder and below
  quorate drill lost-node.rhai --seed 42          the same story with other luck
  quorate drill lost-node.rhai --repeat 100       the story a hundred times, each time with other luck
  quorate drill lost-node.rhai --filter standby   only drills with this in their name, or as a tag
  quorate drill scripts/drills --tag quorum --not-tag slow
  quorate drill scripts/drills --failed           only those that did not pass when they last ran
  quorate drill lost-node.rhai --var patience=90s the value of var(\"patience\", 5.minutes)
  quorate drill lost-node.rhai --journal run.jsonl
  quorate drill scripts/drills --list             which drills there are, with their tags
  quorate drill scripts/drills --brief            a line for each, and the reasons of those that do not pass
  quorate drill scripts/drills --shard 2/5        a fifth of them, for one of five machines
  quorate drill scripts/drills --junit drills.xml the same for a CI server
  quorate drill lost-node.rhai --html run.html    a page with the timeline, to look at and to show
  quorate drill scripts/drills -j 1 --fail-fast   one file after the other, up to the first failure

A file that cannot be run is told of, and counted; the others run. The journal is one JSON object a line: a header for each drill, then its events. The same seed, script and plugins \
write the same bytes.";

/// `quorate drill`.
#[derive(Args, Debug)]
pub(crate) struct DrillArgs {
    /// Drill scripts (.rhai), or folders to search for them.
    #[arg(required = true, value_name = "FILE|FOLDER")]
    pub(crate) paths: Vec<PathBuf>,
    /// The real time that a drill may take, such as 90s, 10m or 1h: one that takes longer is stopped where it is, its
    /// verdict is unknown, and the next one begins.
    #[arg(long, value_name = "TIME", value_parser = timeout, default_value = "10m")]
    pub(crate) timeout: Duration,
    /// A seed in place of the one each drill names.
    #[arg(long, value_name = "N", value_parser = seed)]
    pub(crate) seed: Option<u64>,
    /// Run each drill this many times: with its seed, the next one, and so on. The outages of the virtual servers are
    /// summed up at the end.
    #[arg(long, value_name = "N", value_parser = times, default_value = "1", hide_default_value = true)]
    pub(crate) repeat: u64,
    /// Give drills the value of a variable, which they read by var("NAME", default). May be repeated.
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = variable)]
    pub(crate) variables: Vec<(String, String)>,
    /// Write everything that happens to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// Write how each drill ended to this file as JUnit XML, which CI servers read.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reports: ReportFiles,
    #[command(flatten)]
    pub(crate) wanted: Wanted,
    /// Run nothing; print the drills that would run, with their places and tags.
    #[arg(long)]
    pub(crate) list: bool,
    /// How to print the list.
    #[arg(long, value_name = "FORMAT", requires = "list")]
    pub(crate) format: Option<Format>,
    /// Run nothing; check the scripts and their cluster files as `quorate check` does, and print what would run.
    #[arg(long, conflicts_with = "list")]
    pub(crate) dry_run: bool,
    /// Print one line for each drill, and more only of those that do not pass.
    #[arg(long)]
    pub(crate) brief: bool,
    /// Print only the drills that do not pass, and the totals.
    #[arg(long, short, conflicts_with = "brief")]
    pub(crate) quiet: bool,
    /// How many files run at a time, each in a process of its own; as many as there are cores if not said. What is printed
    /// and written is the same with any number.
    #[arg(long, short, value_name = "N", value_parser = jobs)]
    pub(crate) jobs: Option<usize>,
    /// End with the first drill, in the order of the files, that does not pass. The files after it are left out.
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Run everything in this process, one file after the other, for a debugger or a sanitizer: plugins are loaded from files that
    /// it can read, nothing runs again, and nobody looks whether a call returns.
    #[arg(long, conflicts_with_all = ["isolate", "jobs"])]
    pub(crate) in_process: bool,
    /// Evaluate conditions although nothing that they read has changed, and end a drill in which one has: for tests of
    /// Quorate itself.
    #[arg(long, hide = true)]
    pub(crate) doubt: bool,
    #[command(flatten)]
    pub(crate) plugins: PluginFolders,
    #[command(flatten)]
    pub(crate) apart: Apart,
}

/// Which of the drills run.
#[derive(Args, Debug)]
pub(crate) struct Wanted {
    /// Run only drills with this text in their name, or with this tag.
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// Take the text of --filter for a whole name.
    #[arg(long, requires = "filter")]
    pub(crate) exact: bool,
    /// Run only drills with this tag. May be repeated: one of the tags is enough.
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// Leave out drills with this tag. May be repeated.
    #[arg(long = "not-tag", value_name = "TAG")]
    pub(crate) not_tags: Vec<String>,
    /// Run only the drills that did not pass when they last ran, on this machine. Which ones that are is kept in
    /// quorate/last-drills.json below $XDG_STATE_HOME, which is ~/.local/state if it is not set.
    #[arg(long)]
    pub(crate) failed: bool,
    /// Keep in this folder which drills did not pass, and look there for --failed.
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    /// Run one of several parts of the drills: with 2/5 the second, the seventh and so on, in the order of the files. The
    /// five parts are all of them, each once.
    #[arg(long, value_name = "PART/PARTS")]
    pub(crate) shard: Option<Shard>,
}

impl Wanted {
    /// What names and tags choose.
    pub(crate) fn choice(&self) -> Choice {
        Choice {
            text: self.filter.clone(),
            exact: self.exact,
            tags: self.tags.clone(),
            not_tags: self.not_tags.clone(),
            names: None,
        }
    }
}

/// One of several parts of all drills, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    part: usize,
    parts: NonZero<usize>,
}

impl Shard {
    /// Whether the drill with this number, counted from 0, is in it.
    pub(crate) fn has(self, number: usize) -> bool {
        number % self.parts == self.part - 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.parts)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let malformed =
            || "write which part of how many: 2/5 is the second of five parts".to_owned();
        let (part, parts) = text.split_once('/').ok_or_else(malformed)?;
        let part: usize = part.parse().map_err(|_| malformed())?;
        let parts: usize = parts.parse().map_err(|_| malformed())?;
        let parts = NonZero::new(parts).ok_or("there is at least one part: 1/1 is all drills")?;
        match part {
            0 => Err(format!("parts are counted from 1: the first is 1/{parts}")),
            _ if part > parts.get() => Err(format!(
                "there are only {parts} parts: the last is {parts}/{parts}"
            )),
            part => Ok(Shard { part, parts }),
        }
    }
}

/// A duration of real time, longer than zero.
fn timeout(text: &str) -> Result<Duration, String> {
    let Span(span) = text.parse().map_err(|error: SpanError| error.to_string())?;
    match span.is_zero() {
        true => Err("a drill needs some time: such as 90s, 10m or 1h".to_owned()),
        false => Ok(span),
    }
}

/// A number of jobs.
fn jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!(
            "how many files run at a time is a whole number from 1 on, such as {}",
            cores()
        )),
        Ok(number) => Ok(number),
    }
}

/// A number of repetitions.
fn times(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("how often a drill runs is a whole number from 1 on".to_owned()),
        Ok(number) => Ok(number),
    }
}

/// A variable and its value.
fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err("write the name of a variable and its value, such as patience=90s".to_owned()),
    }
}

/// The number of processor cores.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_all_drills_each_once() {
        let shards: Vec<Shard> = (1..=3)
            .map(|part| format!("{part}/3").parse().expect("a part"))
            .collect();
        for number in 0..10 {
            let of = shards.iter().filter(|it| it.has(number)).count();
            assert_eq!(of, 1, "{number}");
        }
        for (text, wanted) in [
            ("0/5", "the first is 1/5"),
            ("6/5", "the last is 5/5"),
            ("1/0", "at least one part"),
            ("2", "the second of five"),
            ("a/b", "the second of five"),
            ("-1/2", "the second of five"),
        ] {
            let why = text.parse::<Shard>().expect_err(text);
            assert!(why.contains(wanted), "{text}: {why}");
        }
    }
}
