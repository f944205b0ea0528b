//! `quorate drill`.

mod ending;
mod progress;

use std::cell::RefCell;
use std::fs;
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use quorate_model::Severity;
use quorate_script::{
    MAX_BYTES, RunOptions, Silent, SimSource, StageSource, check_script, read_text, run_script,
};

use self::ending::Ending;
pub(crate) use self::progress::Progress;
use self::progress::Shared;
use crate::cli::DrillArgs;
use crate::exit::Exit;
use crate::files::{Meant, meant};
use crate::output::Output;
use crate::report;

/// Runs the drills of the files and folders named. A file that cannot be used is told of, and the others run.
pub(crate) fn run(args: &DrillArgs, mut output: Output, cancel: &Arc<AtomicBool>) -> Exit {
    // Every script is checked before the first cluster starts: who waits for drills wants to know of mistakes at once.
    let scripts = meant(&args.paths, &["rhai"]);
    let mut ending = Ending::default();
    let mut sound = Vec::new();
    for script in scripts {
        match usable(&script, output) {
            Ok(text) => sound.push((script, text)),
            Err(why) => ending.unusable(&script.path, why),
        }
    }

    // Wherever a plugin may go meanwhile.
    let journal_file = args.journal.as_deref().map(std::path::absolute);
    let plugins = SimSource::new(args.plugins.plugin_dir.clone()).isolated(args.apart.settings());
    if let Err(why) = plugins.check_isolation() {
        output.error(&why);
        return Exit::Usage;
    }
    let source: Rc<dyn StageSource> = Rc::new(plugins);
    let options = RunOptions {
        seed: args.seed,
        filter: args.filter.clone(),
        journal: args.journal.is_some(),
        repeat_with: repeat_with(args),
        list: false,
        timeout: Some(args.timeout),
    };
    let one = |script: &Meant, text: &str, options: RunOptions, observer| {
        let (source, cancel) = (source.clone(), cancel.clone());
        run_script(&script.path, text, source, options, observer, cancel)
    };
    let began = Instant::now();
    let mut journal = Vec::new();
    let mut progress = Progress::new(output);
    progress.brief = args.brief;
    if output.is_live() {
        let list = RunOptions {
            list: true,
            ..options.clone()
        };
        let listed = sound.iter().map(|(script, text)| {
            let run = one(script, text, list.clone(), Box::new(Silent));
            run.reports.iter().filter(|it| !it.filtered).count()
        });
        progress.expect(listed.sum());
    }
    let progress = Rc::new(RefCell::new(progress));
    for (script, text) in &sound {
        let observer = Box::new(Shared(progress.clone()));
        let mut run = one(script, text, options.clone(), observer);
        journal.append(&mut run.journal);
        if let Some(why) = &run.failure {
            let paint = output.paint_err();
            output.status("");
            output.err_line(report::failure(why, "error", paint).trim_end());
            output.err_line("");
        }
        let interrupted = run.interrupted || cancel.load(Ordering::Relaxed);
        ending.ran(script, run);
        if interrupted {
            ending.exit = Exit::Interrupted;
            break;
        }
    }
    if let (Some(path), Some(file)) = (&args.journal, journal_file)
        && let Err(error) = file.and_then(|file| write_journal(&file, &journal))
    {
        output.error(&format!(
            "cannot write the journal {}: {error}",
            path.display()
        ));
        ending.exit = ending.exit.and(Exit::Usage);
    }
    if let Some(why) = ending.nothing_ran(args.filter.as_deref()) {
        output.error(&why);
        return Exit::Usage;
    }
    ending.tell(began.elapsed(), &mut output);
    ending.exit
}

/// The text of a script, if it can be run; otherwise why not, in a few words. What is found in it is printed.
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

/// The options that decide what runs, besides seed and filter, as the command line has them.
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

fn write_journal(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}
