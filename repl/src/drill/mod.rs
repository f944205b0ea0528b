//! `quorate drill`.

pub(crate) mod args;
mod ending;
mod github;
mod jobs;
mod journal;
mod junit;
mod last;
mod list;
mod options;
mod plan;
mod progress;
mod reports;
mod sheets;
mod spread;
mod status;
mod story;

use std::cell::RefCell;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use quorate_drill::{MAX_BYTES, StageSource, read_text};
use quorate_model::Severity;
use quorate_script::check_script;

pub(crate) use self::args::{DrillArgs, EXAMPLES};
use self::ending::Ending;
use self::github::Annotations;
pub(crate) use self::jobs::worker;
use self::jobs::{End, Jobs, Part};
use self::journal::Journal;
use self::junit::Junit;
use self::options::run_options;
use self::plan::{Plan, Sound};
use self::progress::Much;
pub(crate) use self::progress::Progress;
use self::reports::Report;
use self::sheets::Sheets;
use self::story::Story;
use crate::args::Format;
use crate::exit::Exit;
use crate::files::{self, Meant, meant};
use crate::interrupt;
use crate::output::Output;
use crate::report;
use crate::report_files::Writer;
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
    unusable.fail_fast = args.fail_fast;
    unusable.repeats = args.repeat > 1;
    if let Err(why) = nothing_taken(args, &scripts).and_then(|()| plan::each_once(&args.variables))
    {
        output.error(&why);
        return Exit::Usage;
    }
    let mut annotations = Annotations::wanted(output);
    let mut sound: Vec<Sound> = Vec::new();
    for script in scripts {
        match usable(&script, output, &mut annotations) {
            Ok(text) => sound.push((script, text.into())),
            Err(why) => unusable.unusable(&script.path, why),
        }
    }
    // No plugin code runs in this process.
    let plugins = source::clusters(&args.plugins, &args.apart);
    let known = plan::no_stranger(&args.variables, &sound, None);
    if let Err(why) = plugins.check_isolation().and(known) {
        output.error(&why);
        return Exit::Usage;
    }
    let wanted = &args.wanted;
    let only = args.list || args.dry_run;
    let planned = only || wanted.failed || wanted.shard.is_some() || output.is_live();
    let mut plan = None;
    if planned {
        let source: Rc<dyn StageSource> = Rc::new(plugins);
        match Plan::of(args, &run_options(args), &sound, &source, cancel) {
            Ok(made) => plan = Some(made),
            Err(why) => {
                output.error(&why);
                return Exit::Usage;
            }
        }
    }
    if let Some(plan) = &plan {
        if only {
            return unusable.exit.and(shown(args, plan, &sound, output));
        }
        if let Some(why) = &plan.idle
            && unusable.exit == Exit::Pass
            && plan.broken().next().is_none()
        {
            output.line(why);
            return Exit::Pass;
        }
    }
    let parts = plan::parts(&sound, plan.as_ref(), args.repeat);
    let expected = plan.map_or(0, |plan| plan.drills().count());
    let times = usize::try_from(args.repeat).unwrap_or(usize::MAX);
    if args.in_process {
        let expected = expected.saturating_mul(times);
        return run_here(args, &sound, parts, expected, &unusable, output, cancel);
    }
    run_parts(
        args,
        &sound,
        &parts,
        expected.saturating_mul(times),
        &unusable,
        output,
        cancel,
    )
}

/// Prints what there is, or what would run.
fn shown(args: &DrillArgs, plan: &Plan, sound: &[Sound], mut output: Output) -> Exit {
    let mut exit = Exit::Pass;
    for why in plan.broken() {
        let paint = output.paint_err();
        output.err_line(report::failure(why, "error", paint).trim_end());
        exit = Exit::Usage;
    }
    if let Some(why) = &plan.idle
        && args.format != Some(Format::Json)
    {
        output.line(why);
        return exit;
    }
    let idle = plan.idle.is_some() || sound.is_empty();
    if plan.drills().next().is_none() && exit == Exit::Pass && !idle {
        let all = plan.everything();
        output.error(&ending::nothing(&all, &args.wanted.choice()));
        return Exit::Usage;
    }
    match args.dry_run {
        true => exit.and(list::dry_run(args, plan, sound, output)),
        false => {
            list::list(plan, args.format, output);
            exit
        }
    }
}

/// Runs the parts in this process.
fn run_here(
    args: &DrillArgs,
    sound: &[Sound],
    parts: Vec<Part>,
    expected: usize,
    unusable: &Ending,
    output: Output,
    cancel: &Arc<AtomicBool>,
) -> Exit {
    // What observes a script is kept by it, and this process runs nothing else.
    let parts: &'static [Part] = parts.leak();
    let began = Instant::now();
    let reports = reports(args, output);
    let story = Story::new(parts, reports, expected, output, unusable.clone());
    let story = Rc::new(RefCell::new(story));
    let end = jobs::here::run(args, parts, cancel, &story);
    let Ok(story) = Rc::try_unwrap(story) else {
        return Exit::Internal;
    };
    let mut story = story.into_inner();
    match end {
        End::Over { left } => story.ending.left = left,
        End::Interrupted { left } => {
            story.ending.left = left;
            story.ending.exit = Exit::Interrupted;
        }
        End::Gone(_) => return Exit::Internal,
    }
    close(args, sound, story, began, false, output)
}

/// Runs the parts, again with all plugins kept apart if a plugin takes its process down.
fn run_parts(
    args: &DrillArgs,
    sound: &[Sound],
    parts: &[Part],
    expected: usize,
    unusable: &Ending,
    mut output: Output,
    cancel: &Arc<AtomicBool>,
) -> Exit {
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
        scripts: parts,
        number: args.jobs.unwrap_or_else(args::cores),
        fail_fast: args.fail_fast,
        apart: false,
        live: output.is_live(),
        terminal,
        limit: args.apart.settings().call_limit,
    };
    loop {
        let began = Instant::now();
        let reports = reports(args, output);
        let mut story = Story::new(parts, reports, expected, output, unusable.clone());
        let why = match jobs.run(cancel, &mut story) {
            Ok(End::Over { left }) => {
                story.ending.left = left;
                return close(args, sound, story, began, jobs.apart, output);
            }
            Ok(End::Interrupted { left }) => {
                story.ending.left = left;
                story.ending.exit = Exit::Interrupted;
                return close(args, sound, story, began, jobs.apart, output);
            }
            Ok(End::Gone(gone)) => gone.told(&args.apart.too_long()),
            Err(error) => {
                output.error(&format!(
                    "no process can be started for the drills: {error}"
                ));
                return Exit::Internal;
            }
        };
        output.status("");
        if jobs.apart || args.apart.all() {
            let again = if jobs.apart { " again" } else { "" };
            output.error(&format!(
                "the process that ran the drills is gone{again} ({why}), with no plugin in it: this is a mistake in quorate"
            ));
            return Exit::Internal;
        }
        output.warn(&format!(
            "the process that ran the drills is gone ({why}): a plugin in it took it along. They run again, with \
             each plugin in a process of its own (as --isolate all has it)."
        ));
        jobs.apart = true;
    }
}

/// The work that is left after the drills.
fn close(
    args: &DrillArgs,
    sound: &[Sound],
    story: Story<'_>,
    began: Instant,
    apart: bool,
    mut output: Output,
) -> Exit {
    output.status("");
    let choice = args.wanted.choice();
    if let Some(why) = story.ending.nothing_ran(&choice) {
        output.error(&why);
        return Exit::Usage;
    }
    for why in story.ending.unknown_tags(&choice) {
        output.warn(&why);
    }
    if let Err(why) = last::keep(&args.wanted, &story.ending) {
        output.warn(&why);
    }
    let mut exit = story.ending.exit;
    // Only scripts that ran to their ends have asked for everything.
    let over = exit != Exit::Interrupted && story.ending.left == 0;
    let stranger = match over {
        true => plan::no_stranger(&args.variables, sound, Some(&story.ending.asked)),
        false => Ok(()),
    };
    if let Err(failed) = story.close(began.elapsed()) {
        failed.iter().for_each(|why| output.error(why));
        exit = exit.and(Exit::Usage);
    }
    if let Err(why) = stranger {
        output.error(&why);
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

/// An output file must not replace a script, nor another output file.
fn nothing_taken(args: &DrillArgs, scripts: &[Meant]) -> Result<(), String> {
    let mut taken: Vec<&Path> = scripts.iter().map(|it| it.path.as_path()).collect();
    let written = written(args);
    let named = written.iter().filter_map(|(path, _)| path.as_deref());
    for path in named.chain(args.reports.paths().into_iter().flatten()) {
        files::must_be_another(path, &taken)?;
        taken.push(path);
    }
    Ok(())
}

/// The option for a report that is a file, and what writes the file.
type Written<'a> = (
    &'a Option<PathBuf>,
    fn(&DrillArgs, PathBuf) -> Box<dyn Report>,
);

/// The reports that are files.
fn written(args: &DrillArgs) -> [Written<'_>; 2] {
    [
        (&args.journal, |_, path| Box::new(Journal::new(path))),
        (&args.junit, |args, path| {
            Box::new(Junit::new(path, args.repeat > 1))
        }),
    ]
}

/// The requested reports. Files come first, so that an error in writing one stands below the story.
fn reports(args: &DrillArgs, output: Output) -> Vec<Box<dyn Report>> {
    let files = written(args).into_iter();
    let files = files.filter_map(|(path, report)| Some(report(args, path.clone()?)));
    let mut reports: Vec<Box<dyn Report>> = files.collect();
    if args.reports.any() {
        reports.push(Box::new(Sheets::new(Writer::new(
            args.reports.clone(),
            None,
        ))));
    }
    let mut progress = Progress::new(output);
    progress.seeds = args.repeat > 1;
    progress.much = match (args.quiet, args.brief) {
        (true, _) => Much::Nothing,
        (false, true) => Much::Line,
        (false, false) => Much::All,
    };
    reports.push(Box::new(progress));
    if let Some(annotations) = Annotations::wanted(output) {
        reports.push(Box::new(annotations));
    }
    reports
}

/// The text of a script if it can be run, otherwise a short reason. Prints its findings.
fn usable(
    script: &Meant,
    mut output: Output,
    annotations: &mut Option<Annotations>,
) -> Result<String, String> {
    let mut refuse = |why: String| {
        let mut output = output;
        if let Some(annotations) = annotations.as_mut() {
            annotations.unusable(&script.path, &why);
        }
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
    let text = read_text(&script.path, Some(MAX_BYTES)).map_err(&mut refuse)?;
    let found = check_script(&script.path.display().to_string(), &text);
    for finding in &found {
        let paint = output.paint_err();
        output.err_line(&report::finding(finding, paint));
        if let Some(annotations) = annotations.as_mut() {
            annotations.finding(finding);
        }
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
