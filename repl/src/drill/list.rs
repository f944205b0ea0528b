//! `--list` and `--dry-run`: which drills there are and which would run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use quorate_drill::{DrillReport, Finding, MAX_BYTES, Severity};
use quorate_script::check_script;
use serde_json::json;

use super::args::DrillArgs;
use super::plan::{Plan, Sound, clusters};
use crate::args::Format;
use crate::exit::Exit;
use crate::found::{self, Plugins};
use crate::output::{Output, Paint, Tone};
use crate::report;

/// What a drill that is only listed is skipped for.
const LISTED: &str = quorate_drill::tell::LISTED;

/// Prints the drills of a plan.
pub(super) fn list(plan: &Plan, format: Option<Format>, mut output: Output) {
    if format == Some(Format::Json) {
        let drills: Vec<_> = plan.drills().map(entry).collect();
        let all = json!({ "schema": "quorate-drills/1", "drills": drills });
        output.line(&format!("{all:#}"));
        return;
    }
    let paint = output.paint();
    for drill in plan.drills() {
        let mut line = line(drill, paint);
        if !drill.tags.is_empty() {
            let tags = format!(" [{}]", drill.tags.join(", "));
            line.push_str(&paint.tone(Tone::Guide, &tags));
        }
        output.line(&line);
    }
    let number = plan.drills().count();
    output.line(&report::count(number, "drill", "drills"));
}

/// Why a drill would be skipped.
fn skipped(drill: &DrillReport) -> Option<&str> {
    drill.skipped.as_deref().filter(|why| *why != LISTED)
}

fn entry(drill: &DrillReport) -> serde_json::Value {
    json!({
        "name": drill.name,
        "tags": drill.tags,
        "file": drill.file,
        // The file that the drill stands in; another one if it is imported.
        "in": drill.place.file,
        "line": drill.place.line,
        "column": drill.place.column,
        "cluster": drill.cluster,
        "seed": drill.seed,
        "skipped": skipped(drill),
        "known_fault": drill.known,
    })
}

/// A drill with its place, and what is special about it.
fn line(drill: &DrillReport, paint: Paint) -> String {
    let place = format!("{}:{}:", drill.place.file, drill.place.line);
    let mut line = format!("{} {}", paint.tone(Tone::Faint, &place), drill.name);
    if let Some(why) = skipped(drill) {
        let text = format!(" (skipped: {why})");
        line.push_str(&paint.tone(Tone::Care, &text));
    } else if let Some(why) = &drill.known {
        let text = format!(" (a known fault: {why})");
        line.push_str(&paint.tone(Tone::Care, &text));
    }
    line
}

/// Checks the scripts and their cluster files, and prints what would run.
pub(super) fn dry_run(args: &DrillArgs, plan: &Plan, sound: &[Sound], mut output: Output) -> Exit {
    let mut plugins = Plugins::new(&args.plugins);
    let mut names = BTreeMap::new();
    let scripts = sound.iter().map(|(script, _)| script.path.clone());
    let mut exit = Exit::Pass;
    for file in scripts.chain(existing(clusters(plan.drills()))) {
        match found::check(&file, Some(MAX_BYTES), &mut plugins, &mut names) {
            Ok((findings, _)) => {
                let told = told(sound, &file);
                for finding in findings.iter().filter(|it| !told.contains(it)) {
                    if finding.severity == Severity::Error {
                        exit = Exit::Usage;
                    }
                    let paint = output.paint_err();
                    output.err_line(&report::finding(finding, paint));
                }
            }
            Err(why) => {
                output.error(&why);
                exit = Exit::Usage;
            }
        }
    }
    let paint = output.paint();
    let (mut run, mut left) = (0, 0);
    for drill in plan.drills() {
        let mut line = line(drill, paint);
        match skipped(drill) {
            Some(_) => left += 1,
            None => {
                run += 1;
                let last = drill.seed.wrapping_add(args.repeat - 1);
                let seeds = match args.repeat {
                    1 => format!(" (seed {last})"),
                    _ => format!(" (seeds {} to {last})", drill.seed),
                };
                line.push_str(&paint.tone(Tone::Faint, &seeds));
            }
        }
        output.line(&line);
    }
    let mut total = format!("{} would run", report::count(run, "drill", "drills"));
    if args.repeat > 1 {
        total.push_str(&format!(", {} times each", args.repeat));
    }
    if left > 0 {
        total.push_str(&format!("; {left} would be skipped"));
    }
    output.line(&format!("{total}; nothing was run"));
    exit
}

/// What was told of a script before.
fn told(sound: &[Sound], file: &Path) -> Vec<Finding> {
    let script = sound.iter().find(|(script, _)| script.path == file);
    script.map_or_else(Vec::new, |(script, text)| {
        check_script(&script.path.display().to_string(), text)
    })
}

/// Those that are there: one that is missing is found with the script that names it.
fn existing(files: Vec<PathBuf>) -> impl Iterator<Item = PathBuf> {
    let is_file = |path: &PathBuf| Path::new(path).is_file();
    files.into_iter().filter(is_file)
}
