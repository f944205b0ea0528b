//! `quorate explain`.

use std::path::PathBuf;

use clap::Args;
use quorate_model::Time;
use quorate_report::{Explain, Run};

use super::open;
use crate::exit::Exit;
use crate::output::Output;

/// `quorate explain`.
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// The journal, as `quorate drill --journal` writes it; - is standard input, a folder the journals of a live cluster's nodes.
    #[arg(value_name = "JOURNAL", value_hint = clap::ValueHint::FilePath)]
    journal: PathBuf,
    /// Explain one group: why it was not online, why it moved, why it did not go back.
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// Explain how it was at an instant, such as 0:01:30.5 or 90s.
    #[arg(long, value_name = "TIME", value_parser = open::instant)]
    at: Option<Time>,
    /// The drill, by a part of its name, where the journal has several.
    #[arg(long, value_name = "NAME")]
    drill: Option<String>,
    /// How wide lines may be.
    #[arg(long, value_name = "COLUMNS", default_value = "80", value_parser = open::width)]
    width: usize,
}

/// Explains a run.
pub(crate) fn explain(args: &ExplainArgs, mut output: Output) -> Exit {
    match tell(args, output) {
        Ok(text) => {
            output.bytes(text.as_bytes());
            Exit::Pass
        }
        Err(why) => {
            output.error(&why);
            Exit::Usage
        }
    }
}

fn tell(args: &ExplainArgs, output: Output) -> Result<String, String> {
    let run = chosen(args, output)?;
    let explain = Explain {
        group: args.group.clone(),
        at: args.at,
        width: args.width,
    };
    let told = explain.tell(&run);
    told.map_err(|why| format!("{}: {why}", open::name(&args.journal)))
}

/// The run to explain: the only one, the named one, or the only one that did not pass.
fn chosen(args: &ExplainArgs, mut output: Output) -> Result<Run, String> {
    let mut runs = open::runs(&args.journal, args.drill.as_deref(), output)?;
    if runs.len() == 1 {
        return Ok(runs.remove(0));
    }
    let all = runs.len();
    let names: Vec<String> = runs.iter().map(Run::name).collect();
    runs.retain(|run| run.verdict.as_ref().is_none_or(|it| !it.verdict.is_fine()));
    match runs.len() {
        1 => {
            let run = runs.remove(0);
            let name = run.name();
            output.warn(&format!(
                "of {all} drills in it \"{name}\" alone did not pass, and is explained; --drill NAME names another"
            ));
            Ok(run)
        }
        _ => Err(format!(
            "{}: there are {all} drills in it; name one with --drill: {}",
            open::name(&args.journal),
            open::listed(&names)
        )),
    }
}
