//! `quorate drill`.

mod ending;
mod jobs;
mod journal;
mod junit;
mod progress;
mod reports;
mod status;
mod story;

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use quorate_drill::{MAX_BYTES, RunOptions, Silent, StageSource, read_text};
use quorate_model::Severity;
use quorate_script::{check_script, run_script};

use self::ending::Ending;
pub(crate) use self::jobs::worker;
use self::jobs::{End, Jobs};
use self::journal::Journal;
use self::junit::Junit;
pub(crate) use self::progress::Progress;
use self::reports::Report;
use self::story::Story;
use crate::cli::{self, DrillArgs};
use crate::exit::Exit;
use crate::files::{self, Meant, meant};
use crate::interrupt;
use crate::output::{Output, Tone};
use crate::report;
use crate::source;

/// Runs the drills of the given files and folders in child processes. An unusable file is reported, and the others
/// run.
///
/// A drill whose plugins run in processes of their own has the same verdict and the same journal, byte for byte, and
/// there a crash or a hang is an event of the drill. So if a child process dies before it has finished, or a call in
/// it does not return, the drills run again in that way.
pub(crate) fn run(args: &DrillArgs, mut output: Output, cancel: &Arc<AtomicBool>) -> Exit {
    // Every script is checked before the first cluster starts, so that mistakes are reported at once.
    let scripts = meant(&args.paths, &["rhai"]);
    let mut unusable = Ending::default();
    let mut sound = Vec::new();
    // An output file must not replace a script.
    let mut taken: Vec<&Path> = scripts.iter().map(|it| it.path.as_path()).collect();
    for path in written(args).iter().filter_map(|(path, _)| path.as_ref()) {
        if let Err(why) = files::must_be_another(path, &taken) {
            output.error(&why);
            return Exit::Usage;
        }
        taken.push(path);
    }
    for script in scripts {
        match usable(&script, output) {
            Ok(text) => sound.push((script, text)),
            Err(why) => unusable.unusable(&script.path, why),
        }
    }

    // No plugin code runs in this process.
    let plugins = source::clusters(&args.plugins, &args.apart);
    if let Err(why) = plugins.check_isolation() {
        output.error(&why);
        return Exit::Usage;
    }
    let expected = match output.is_live() {
        true => count(args, &sound, Rc::new(plugins), cancel),
        false => 0,
    };
    // A terminal stops, continues and interrupts all processes. Without one, this process passes an interrupt on.
    let terminal = [
        io::stdin().is_terminal(),
        io::stdout().is_terminal(),
        io::stderr().is_terminal(),
    ]
    .contains(&true);
    if terminal {
        interrupt::leave_below();
    }
    let mut jobs = Jobs {
        scripts: &sound,
        number: args.jobs.unwrap_or_else(cli::cores),
        fail_fast: args.fail_fast,
        apart: false,
        live: output.is_live(),
        terminal,
        limit: args.apart.settings().call_limit,
    };
    loop {
        let began = Instant::now();
        let ending = unusable.clone();
        let reports = reports(args, output);
        let mut story = Story::new(&sound, reports, expected, output, ending);
        let why = match jobs.run(cancel, &mut story) {
            Ok(End::Over { left }) => {
                story.ending.left = left;
                return close(args, story, began, jobs.apart, output);
            }
            Ok(End::Interrupted) => {
                story.ending.exit = Exit::Interrupted;
                return close(args, story, began, jobs.apart, output);
            }
            Ok(End::Gone(why)) => why,
            Err(error) => {
                output.error(&format!(
                    "no process can be started for the drills: {error}"
                ));
                return Exit::Internal;
            }
        };
        let why = why.unwrap_or_else(|| args.apart.too_long());
        output.status("");
        if jobs.apart || args.apart.all() {
            let again = if jobs.apart { " again" } else { "" };
            output.error(&format!(
                "the process that ran the drills is gone{again} ({why}), with no plugin in it: this is a mistake in quorate"
            ));
            return Exit::Internal;
        }
        let label = output.paint_err().tone(Tone::Care, "warning");
        output.err_line(&format!(
            "{label}: the process that ran the drills is gone ({why}): a plugin in it took it along. They run again, with \
             each plugin in a process of its own (as --isolate all has it)."
        ));
        jobs.apart = true;
    }
}

/// The work that is left after the drills.
fn close(
    args: &DrillArgs,
    story: Story<'_>,
    began: Instant,
    apart: bool,
    mut output: Output,
) -> Exit {
    output.status("");
    if let Some(why) = story.ending.nothing_ran(args.filter.as_deref()) {
        output.error(&why);
        return Exit::Usage;
    }
    let mut exit = story.ending.exit;
    if let Err(failed) = story.close(began.elapsed()) {
        failed.iter().for_each(|why| output.error(why));
        exit = exit.and(Exit::Usage);
    }
    if apart && exit == Exit::Pass {
        output.error(
            "every drill passes with its plugins kept apart, and without that one of them takes its host down: mend it, or \
             keep it apart with --isolate NAME",
        );
        return Exit::Fail;
    }
    exit
}

/// The option for a report that is a file, and what writes the file.
type Written<'a> = (&'a Option<PathBuf>, fn(PathBuf) -> Box<dyn Report>);

/// The reports that are files.
fn written(args: &DrillArgs) -> [Written<'_>; 2] {
    [
        (&args.journal, |path| Box::new(Journal::new(path))),
        (&args.junit, |path| Box::new(Junit::new(path))),
    ]
}

/// The requested reports. Files come first, so that an error in writing one stands below the story.
fn reports(args: &DrillArgs, output: Output) -> Vec<Box<dyn Report>> {
    let files = written(args).into_iter();
    let files = files.filter_map(|(path, report)| Some(report(path.clone()?)));
    let mut reports: Vec<Box<dyn Report>> = files.collect();
    let mut progress = Progress::new(output);
    progress.brief = args.brief;
    reports.push(Box::new(progress));
    reports
}

/// The options of a run of scripts.
fn run_options(args: &DrillArgs) -> RunOptions {
    RunOptions {
        seed: args.seed,
        filter: args.filter.clone(),
        fail_fast: args.fail_fast,
        journal: args.journal.is_some(),
        repeat_with: repeat_with(args),
        list: false,
        timeout: Some(args.timeout),
    }
}

/// The number of drills.
fn count(
    args: &DrillArgs,
    scripts: &[(Meant, String)],
    source: Rc<dyn StageSource>,
    cancel: &Arc<AtomicBool>,
) -> usize {
    let listed = scripts.iter().map(|(script, text)| {
        let list = RunOptions {
            list: true,
            ..run_options(args)
        };
        let (source, cancel) = (source.clone(), cancel.clone());
        let run = run_script(&script.path, text, source, list, Box::new(Silent), cancel);
        run.reports.iter().filter(|it| !it.filtered).count()
    });
    listed.sum()
}

/// The text of a script if it can be run, otherwise a short reason. Prints its findings.
fn usable(script: &Meant, mut output: Output) -> Result<String, String> {
    let refuse = |why: String| {
        let mut output = output;
        output.error(&format!("cannot run {}: {why}", script.path.display()));
        why
    };
    if script.path.is_dir() {
        return Err(refuse(match fs::read_dir(&script.path) {
            Ok(_) => "there is no drill script (.rhai) in this folder".to_owned(),
            Err(error) => format!("the folder cannot be searched: {error}"),
        }));
    }
    if script.path.extension().is_some_and(|end| end == "ron") {
        let why = "a cluster file is no drill: name a script (.rhai); `quorate check` looks for mistakes in cluster files";
        return Err(refuse(why.to_owned()));
    }
    let text = read_text(&script.path, Some(MAX_BYTES)).map_err(refuse)?;
    let found = check_script(&script.path.display().to_string(), &text);
    for finding in &found {
        let paint = output.paint_err();
        output.err_line(&report::finding(finding, paint));
    }
    let errors = found.iter().filter(|it| it.severity == Severity::Error);
    match errors.count() {
        0 => Ok(text),
        number => Err(format!(
            "{}; no drill was run",
            report::count(number, "mistake", "mistakes")
        )),
    }
}

/// The options of the command line that decide what runs, besides seed and filter.
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
