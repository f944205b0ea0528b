//! `quorate report`.

use std::path::{Path, PathBuf};

use clap::Args;
use quorate_model::Time;
use quorate_report::{Diff, Run, Timeline, diff_page, summary};

use super::open::{self, Choice};
use crate::exit::Exit;
use crate::files;
use crate::output::Output;
use crate::report_files::{ReportFiles, Writer};

/// `quorate report`.
#[derive(Args, Debug)]
pub(crate) struct ReportArgs {
    /// Journals, as `quorate drill --journal` writes them; - is standard input, a folder the journals of a live cluster's nodes.
    #[arg(required = true, value_name = "JOURNAL", value_hint = clap::ValueHint::FilePath)]
    journals: Vec<PathBuf>,
    /// Print outages and a timeline of each run. So it is where no other report is asked for.
    #[arg(long)]
    text: bool,
    /// Compare two journals: the first event at which they part, and the outages of both.
    #[arg(long)]
    diff: bool,
    /// Only drills with this in their name.
    #[arg(long, value_name = "NAME")]
    drill: Option<String>,
    /// Only this group in timelines; may be given several times.
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
    /// Begin timelines at this instant, such as 0:01:30.5 or 90s.
    #[arg(long, value_name = "TIME", value_parser = open::instant)]
    from: Option<Time>,
    /// End timelines at this instant.
    #[arg(long, value_name = "TIME", value_parser = open::instant)]
    to: Option<Time>,
    /// How wide timelines may be.
    #[arg(long, value_name = "COLUMNS", default_value = "80", value_parser = open::width)]
    width: usize,
    #[command(flatten)]
    files: ReportFiles,
    /// Write how each drill ended to this file as JUnit XML, which CI servers read.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    junit: Option<PathBuf>,
}

/// Makes reports of journals.
pub(crate) fn report(args: &ReportArgs, mut output: Output) -> Exit {
    let done = match args.diff {
        true => compared(args, output),
        false => made(args, output),
    };
    match done {
        Ok(()) => Exit::Pass,
        Err(why) => {
            output.error(&why);
            Exit::Usage
        }
    }
}

/// The reports of each run, made as it is read.
fn made(args: &ReportArgs, mut output: Output) -> Result<(), String> {
    let asked = args.files.any() || args.junit.is_some();
    // A file that is written must not replace a journal.
    let mut taken: Vec<&Path> = args.journals.iter().map(PathBuf::as_path).collect();
    for path in args
        .files
        .paths()
        .into_iter()
        .flatten()
        .chain(args.junit.as_deref())
    {
        files::must_be_another(path, &taken)?;
        taken.push(path);
    }
    let mut writer = Writer::new(args.files.clone(), args.junit.clone());
    let mut first = true;
    for path in &args.journals {
        let mut choice = Choice::new(args.drill.as_deref());
        open::each_run(path, output, |run| {
            if !choice.takes(&run) {
                return Ok(());
            }
            if args.text || !asked {
                if !first {
                    output.line("");
                }
                first = false;
                output.bytes(text(args, path, &run)?.as_bytes());
            }
            writer.add(run)
        })?;
        choice.found(path)?;
    }
    writer.finish()
}

fn text(args: &ReportArgs, path: &Path, run: &Run) -> Result<String, String> {
    for name in &args.group {
        if run.group(name).is_none() {
            let groups: Vec<String> = run.groups.iter().map(|it| it.name.to_string()).collect();
            return Err(format!(
                "{}: there is no group \"{name}\" in \"{}\"; it has {}",
                open::name(path),
                run.name(),
                open::listed(&groups)
            ));
        }
    }
    let timeline = Timeline {
        width: args.width,
        from: args.from,
        to: args.to,
        groups: args.group.clone(),
    };
    let drawn = timeline.draw(run);
    Ok(format!("{}\n{drawn}", summary(run)))
}

/// Two journals side by side: each drill of one with the drill of the same name in the other.
fn compared(args: &ReportArgs, mut output: Output) -> Result<(), String> {
    let [one, other] = args.journals.as_slice() else {
        return Err(format!(
            "--diff compares two journals, and {} named: quorate report before.jsonl after.jsonl --diff",
            match args.journals.len() {
                1 => "one is".to_owned(),
                number => format!("{number} are"),
            }
        ));
    };
    let of_one = [
        ("--csv", args.files.csv.is_some()),
        ("--trace", args.files.trace.is_some()),
        ("--cluster-log", args.files.cluster_log.is_some()),
        ("--junit", args.junit.is_some()),
    ];
    if let Some((option, _)) = of_one.iter().find(|(_, given)| *given) {
        return Err(format!(
            "a comparison is text or a page (--html), and {option} is neither: leave --diff out, or {option}"
        ));
    }
    if let Some(page) = &args.files.html {
        files::must_be_another(page, &[one, other])?;
    }
    let before = open::runs(one, args.drill.as_deref(), output)?;
    let mut after = open::runs(other, args.drill.as_deref(), output)?;
    // Two single runs are compared whatever they are called.
    let single = before.len() == 1 && after.len() == 1;
    let mut pairs = Vec::new();
    let mut alone = Vec::new();
    for run in &before {
        let mut names = after.iter();
        match names.position(|it| single || it.name() == run.name()) {
            Some(place) => pairs.push((run, after.remove(place))),
            None => alone.push((one, run.name())),
        }
    }
    alone.extend(after.iter().map(|run| (other, run.name())));
    for (path, name) in &alone {
        output.warn(&format!("\"{name}\" is in {} only", open::name(path)));
    }
    if pairs.is_empty() {
        return Err("the two journals have no drill in common".to_owned());
    }
    let diffs: Vec<Diff<'_>> = pairs
        .iter()
        .map(|(one, other)| Diff::of(one, other))
        .collect();
    if let Some(path) = &args.files.html {
        let page = diff_page(&diffs);
        files::write(path, page.as_bytes())
            .map_err(|why| format!("cannot write the page {}: {why}", path.display()))?;
    }
    if args.text || args.files.html.is_none() {
        let texts: Vec<String> = diffs.iter().map(Diff::tell).collect();
        output.bytes(texts.join("\n").as_bytes());
    }
    Ok(())
}
