//! `quorate report`.

use std::path::{Path, PathBuf};

use clap::Args;
use quorate_model::Time;
use quorate_report::{Diff, Run, Timeline, summary};

use super::open::{self, Choice};
use crate::exit::Exit;
use crate::output::Output;

/// `quorate report`.
#[derive(Args, Debug)]
pub(crate) struct ReportArgs {
    /// Journals, as `quorate drill --journal` writes them; - is standard input.
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
}

/// Makes reports of journals.
pub(crate) fn report(args: &ReportArgs, mut output: Output) -> Exit {
    let done = match args.diff {
        true => compared(args, output),
        false => texts(args, output),
    };
    match done {
        Ok(()) => Exit::Pass,
        Err(why) => {
            output.error(&why);
            Exit::Usage
        }
    }
}

/// The text of each run, printed as it is read.
fn texts(args: &ReportArgs, mut output: Output) -> Result<(), String> {
    let mut first = true;
    for path in &args.journals {
        let mut choice = Choice::new(args.drill.as_deref());
        open::each_run(path, output, |run| {
            if choice.takes(&run) {
                if !first {
                    output.line("");
                }
                first = false;
                output.bytes(text(args, path, &run)?.as_bytes());
            }
            Ok(())
        })?;
        choice.found(path)?;
    }
    Ok(())
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
    let before = open::runs(one, args.drill.as_deref(), output)?;
    let mut after = open::runs(other, args.drill.as_deref(), output)?;
    // Two single runs are compared whatever they are called.
    let single = before.len() == 1 && after.len() == 1;
    let mut first = true;
    let mut alone = Vec::new();
    for run in &before {
        let partner = after
            .iter()
            .position(|it| single || it.name() == run.name());
        let Some(partner) = partner.map(|place| after.remove(place)) else {
            alone.push((one, run.name()));
            continue;
        };
        if !first {
            output.line("");
        }
        first = false;
        output.bytes(Diff::of(run, &partner).tell().as_bytes());
    }
    alone.extend(after.iter().map(|run| (other, run.name())));
    for (path, name) in &alone {
        output.warn(&format!("\"{name}\" is in {} only", open::name(path)));
    }
    match first {
        true => Err("the two journals have no drill in common".to_owned()),
        false => Ok(()),
    }
}
