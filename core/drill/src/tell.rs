//! Runs drills: opens the cluster, runs the body, heals its faults, and reports.

use std::time::{Duration, Instant};

use quorate_model::Time;

use crate::face::{Face, begin_act, on_stage};
use crate::options::{DEFAULT_SEED, DrillOptions};
use crate::outcome::{called, crashes, outcomes, slow_calls};
use crate::play::{DrillState, Play};
use crate::stage::{OpenError, StageRequest};
use crate::variables::Variables;
use crate::watch::last_look;
use crate::{DrillReport, Failure, Span, Thrown, Verdict, led, remarks, schedule, settle};

pub use crate::face::Stop;

/// Why a drill is skipped when the drills are only listed.
pub const LISTED: &str = "the drills are only listed";

/// How long a cluster may take to come up before the body of a drill begins.
const START_LIMIT: Span = Span(Duration::from_secs(30 * 60));

/// A language for whole drills.
pub trait Teller: Face {
    /// The verdict and failure for an error that ended a drill's body.
    fn explain(&self, error: &Self::Error) -> (Verdict, Failure);

    /// Starts the real-time limit anew for what runs next.
    fn wind_up(&self);

    /// The error that ends the whole run.
    fn stopped(&self, why: Stop) -> Self::Error;
}

/// Runs a drill. It returns normally whatever the verdict is, so that one failure does not hide the drills after it.
/// Only an interrupt ends the run, or a drill that does not pass if the run is to end with the first of these.
///
/// # Errors
///
/// A drill inside another one, or with a name that is taken in the same text; and whatever ends the run.
pub fn drill<F: Teller>(
    face: &F,
    name: &str,
    options: &DrillOptions,
    body: &F::Function,
) -> Result<(), F::Error> {
    let at = face.here();
    let (file, folder, run) = face.with(|play| {
        (
            play.text.file.clone(),
            play.text.folder.clone(),
            play.options.clone(),
        )
    });
    let known = face.with(|play| {
        // At a prompt a drill may be run again, so its name may be there already.
        let mut names = play.reports.iter().map(|report| &report.name);
        !play.text.file.is_empty() && names.any(|known| known == name)
    });
    if known {
        let text = format!(
            "there is a drill \"{name}\" in this script already: give this one a name of its own"
        );
        return Err(face.raise(Thrown::mistake(text), at));
    }
    let seed = run.seed.or(options.seed).unwrap_or(DEFAULT_SEED);
    let seed = seed.wrapping_add(run.offset);
    let mut report = DrillReport {
        repeat: String::new(),
        file,
        name: name.to_owned(),
        place: face.place(),
        cluster: options.cluster.clone(),
        tags: options.tags.clone(),
        seed,
        verdict: Verdict::Skipped,
        skipped: None,
        known: options.known.clone(),
        filtered: false,
        failure: None,
        virtual_time: Time::ZERO,
        real_time: Duration::ZERO,
        groups: Vec::new(),
        clients: Vec::new(),
        disturbed: Vec::new(),
        unrepeatable: Vec::new(),
        crashes: Vec::new(),
        slow: Vec::new(),
        remarks: Vec::new(),
    };
    if let Some(why) = run.choice.leaves_out(name, &options.tags) {
        report.filtered = true;
        report.skipped = Some(why);
    } else {
        let missing = || face.with(|play| missing_plugin(play, options));
        report.skipped = options.skip.clone().or_else(missing);
    }
    if run.list && report.skipped.is_none() {
        report.skipped = Some(LISTED.to_owned());
    }
    if report.skipped.is_some() {
        face.with(|play| {
            report.repeat = repeated(&report, play, false);
            finish(play, report);
        });
        return Ok(());
    }

    face.wind_up();
    quorate_host::take_slow_calls();
    let began = Instant::now();
    let (outer, told) = face.with(|play| {
        play.variables.begin();
        play.observer.drill_started(&report.file, name, seed);
        let told = play.told;
        let outer = play.leave();
        play.drill = Some(DrillState::default());
        (outer, told)
    });
    let request = StageRequest {
        cluster: folder.join(&options.cluster),
        text: None,
        seed,
        start: options.start,
    };
    let result = play_body(face, &request, options, body);
    let stop = result.as_ref().err().and_then(F::stop);
    match result {
        Ok(()) => report.verdict = Verdict::Pass,
        Err(error) => {
            let (verdict, mut failure) = face.explain(&error);
            // Every call in a body comes from its drill, so that place says nothing.
            failure
                .called_from
                .retain(|place| (place.line, place.column) != (at.line, at.column));
            report.verdict = verdict;
            report.failure = Some(failure);
        }
    }
    expected(&mut report);
    face.with(|play| {
        // The journal is the same wherever plugins run.
        report.repeat = repeated(&report, play, true);
        let taken_down = take_down(play, &mut report);
        report.repeat = repeated(&report, play, false);
        if let Err(thrown) = taken_down
            // Otherwise there is a better reason already.
            && report.verdict == Verdict::Pass
        {
            report.verdict = Verdict::Error;
            report.failure = Some(Failure {
                message: thrown.message,
                internal: true,
                ..Failure::default()
            });
        }
        play.leave();
        let drill = play.drill.take();
        report.remarks = drill.map(|drill| drill.remarks).unwrap_or_default();
        play.stage = outer;
        play.told = told;
    });
    face.wind_up();
    report.real_time = began.elapsed();
    report.slow = slow_calls(report.real_time, quorate_host::take_slow_calls());
    let enough = run.fail_fast && !report.verdict.is_fine();
    face.with(|play| finish(play, report));
    if stop == Some(Stop::Interrupted) {
        Err(face.stopped(Stop::Interrupted))
    } else if enough {
        Err(face.stopped(Stop::Enough))
    } else {
        Ok(())
    }
}

/// Checks that a drill may begin here.
///
/// # Errors
///
/// Inside a condition, or inside another drill.
pub fn begin<F: Face>(face: &F) -> Result<(), F::Error> {
    begin_act(face)?;
    if face.with(|play| play.drill.is_some()) {
        let thrown = Thrown::mistake("a drill cannot begin inside another one");
        return Err(face.raise(thrown, face.here()));
    }
    Ok(())
}

/// Puts the state that a drill left into its report, heals its faults, and keeps its journal if that is wanted.
fn take_down<C>(play: &mut Play<C>, report: &mut DrillReport) -> Result<(), Box<Thrown>> {
    // Before healing: the report is about the state that the drill left.
    let told = &*report;
    let outcome = play.guarded(|stage| {
        let outcome = (
            stage.now(),
            outcomes(stage),
            called(stage),
            stage.disturbed(),
            stage.unrepeatable(),
            crashes(stage),
        );
        stage.mark_end();
        stage.mark_verdict(told);
        stage.heal_all();
        outcome
    });
    let shows = matches!(report.verdict, Verdict::Fail | Verdict::Unknown);
    let failure = report.failure.as_mut().filter(|_| shows);
    if (play.options.journal || failure.is_some()) && play.stage.is_some() {
        let mut bytes = Vec::new();
        match play.guarded(|stage| stage.write_journal(&mut bytes))? {
            Ok(()) => {
                if let Some(failure) = failure {
                    led::tell(failure, &bytes);
                }
                if play.options.journal {
                    play.journal.append(&mut bytes);
                }
            }
            Err(error) => {
                return Err(Box::new(Thrown::internal(format!("the journal: {error}"))));
            }
        }
    }
    let (time, groups, clients, disturbed, unrepeatable, crashes) = outcome?;
    report.virtual_time = time;
    report.groups = groups;
    report.clients = clients;
    report.disturbed = disturbed;
    report.unrepeatable = unrepeatable;
    report.crashes = crashes;
    Ok(())
}

/// Why a drill cannot run: a plugin that it needs was not built.
fn missing_plugin<C>(play: &Play<C>, options: &DrillOptions) -> Option<String> {
    let source = &play.source;
    let (name, remedy) = options
        .plugins
        .iter()
        .find(|(name, _)| !source.has_plugin(name))?;
    let near = source.nearest_plugin(name);
    let near = near.map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
    Some(format!("the plugin `{name}` is not there: {remedy}{near}"))
}

/// Opens the cluster, waits until it is up, and runs the body.
fn play_body<F: Face>(
    face: &F,
    request: &StageRequest,
    options: &DrillOptions,
    body: &F::Function,
) -> Result<(), F::Error> {
    open(face, request)?;
    if !options.cold {
        settle_start(face)?;
    }
    let (now, first_line) = on_stage(face, |stage| (stage.now(), stage.line_count()))?;
    face.with(|play| {
        play.drill = Some(DrillState {
            first_line,
            limit: options.limit.map(|limit| now + limit.0),
            ..DrillState::default()
        });
    });
    face.perform(body)?;
    last_look(face)?;
    schedule::all_came_due(face)?;
    let at = face.here();
    face.with(|play| remarks::at_end(play, at));
    Ok(())
}

/// Opens a cluster in place of the open one.
///
/// # Errors
///
/// If it cannot be opened. The open cluster stays then.
pub fn open<F: Face>(face: &F, request: &StageRequest) -> Result<(), F::Error> {
    let source = face.with(|play| play.source());
    let stage = source.open(request).map_err(|error| {
        // A plugin that cannot be loaded does not make the named files unusable.
        let (findings, unusable) = match &error {
            OpenError::Cluster { findings, .. } => (findings.clone(), true),
            OpenError::Other(_) => (Vec::new(), true),
            OpenError::Plugins(_) => (Vec::new(), false),
        };
        let thrown = Thrown {
            findings,
            unusable,
            ..Thrown::mistake(error.to_string())
        };
        face.raise(thrown, face.here())
    })?;
    face.with(|play| play.enter(stage));
    Ok(())
}

/// Waits until a cluster that was just switched on has settled.
///
/// # Errors
///
/// If it does not within half an hour.
pub fn settle_start<F: Face>(face: &F) -> Result<(), F::Error> {
    if settle::settle(face, START_LIMIT)? {
        return Ok(());
    }
    let why = settle::unsettled(face)?;
    let text =
        format!("the cluster was not up and settled {START_LIMIT} after it was switched on: {why}");
    Err(face.raise(Thrown::unknown(text), face.here()))
}

/// Takes a known fault for what it is, and one that is gone for a failure.
fn expected(report: &mut DrillReport) {
    let Some(why) = &report.known else { return };
    match report.verdict {
        Verdict::Fail => report.verdict = Verdict::Known,
        Verdict::Pass => {
            report.verdict = Verdict::Fail;
            report.failure = Some(Failure {
                message: format!(
                    "it was expected to fail ({why}), and it passes: the known fault is gone, so take `expect` and `because` out of its options"
                ),
                place: Some(report.place.clone()),
                ..Failure::default()
            });
        }
        // Neither is what was expected, nor shows that it is gone.
        Verdict::Known | Verdict::Skipped | Verdict::Unknown | Verdict::Error => {}
    }
}

fn finish<C>(play: &mut Play<C>, report: DrillReport) {
    play.observer.drill_ended(&report);
    play.reports.push(report);
}

/// The command that runs this drill again. `wherever` leaves out where its plugins run.
fn repeated<C>(report: &DrillReport, play: &Play<C>, wherever: bool) -> String {
    let options = &play.options;
    let mut with = options.repeat_with.clone();
    if !wherever {
        with.extend(options.repeat_where.iter().cloned());
    }
    repeat_command(report, &play.variables, &with)
}

/// The command that runs this drill again, ready for a shell.
fn repeat_command(report: &DrillReport, variables: &Variables, with: &[String]) -> String {
    let mut command = format!(
        "quorate drill {} --seed {} --filter {} --exact",
        shell_word(&report.file),
        report.seed,
        shell_word(&report.name)
    );
    for (name, value) in variables.used() {
        command.push_str(" --var ");
        command.push_str(&shell_word(&format!("{name}={value}")));
    }
    for word in with {
        command.push(' ');
        command.push_str(&shell_word(word));
    }
    command
}

/// A word quoted for a POSIX shell.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(shell_word("drills/a.rhai"), "drills/a.rhai");
        assert_eq!(shell_word("a lost node's"), "'a lost node'\\''s'");
        assert_eq!(shell_word(""), "''");
    }
}
