//! The options of a run of scripts.

use quorate_drill::RunOptions;

use super::args::DrillArgs;

/// The options that the command line gives.
pub(super) fn run_options(args: &DrillArgs) -> RunOptions {
    RunOptions {
        seed: args.seed,
        offset: 0,
        choice: args.wanted.choice(),
        variables: args.variables.iter().cloned().collect(),
        fail_fast: args.fail_fast,
        journal: args.journal.is_some() || args.reports.any(),
        repeat_with: repeat_with(args),
        list: false,
        timeout: Some(args.timeout),
    }
}

/// The options of the command line that decide what runs, besides the seed, the variables and the choice.
fn repeat_with(args: &DrillArgs) -> Vec<String> {
    let mut words = Vec::new();
    let folders = args.plugins.plugin_dir.iter();
    let folders = folders.map(|folder| folder.display().to_string());
    for (option, values) in [
        ("--plugin-dir", folders.collect()),
        ("--isolate", args.apart.isolate.clone()),
    ] {
        words.extend(
            values
                .into_iter()
                .flat_map(|value| [option.to_owned(), value]),
        );
    }
    words
}
