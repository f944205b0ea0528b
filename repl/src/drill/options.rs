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
        repeat_with: words(
            "--plugin-dir",
            args.plugins.plugin_dir.iter().map(|it| it.display()),
        ),
        repeat_where: words("--isolate", args.apart.isolate.iter()),
        list: false,
        // All scripts are before the first one runs.
        checked: true,
        doubt: args.doubt,
        timeout: Some(args.timeout),
    }
}

/// An option as it is typed, with each of its values.
fn words(option: &str, values: impl Iterator<Item = impl ToString>) -> Vec<String> {
    values
        .flat_map(|value| [option.to_owned(), value.to_string()])
        .collect()
}
