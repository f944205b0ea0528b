//! Drills: opening a cluster for one, running its body, healing what it broke, reporting.

mod failure;
mod options;
mod remarks;
mod runner;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use quorate_drill::stage::{OpenError, Stage, StageRequest};
use quorate_drill::{ClientOutcome, DrillReport, Failure, GroupOutcome, Remark, Span, Verdict};
use quorate_model::{FaultId, Time};
use rhai::{FnPtr, Map, NativeCallContext, Position};

use crate::schedule;
use crate::session::{Inner, Session};
use crate::thrown::{Fallible, Thrown};
use crate::watch;

pub use failure::describe_line;
pub(crate) use failure::{failure_of, imported, is_interrupt, is_stop};
pub(crate) use options::{ClusterOptions, DrillOptions};
pub use runner::{Run, RunOptions, SCRIPT_STACK_BYTES, on_script_thread, run_script};

/// The seed of a drill that names none.
pub const DEFAULT_SEED: u64 = 1;

/// How long a cluster may take to come up before a drill's body begins.
const START_LIMIT: Span = Span(Duration::from_secs(30 * 60));

/// The drill that runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct DrillState {
    /// When it must have ended, on the world's clock.
    pub(crate) limit: Option<Time>,
    /// What showed nothing so far.
    pub(crate) remarks: Vec<Remark>,
    /// Whether anything was expected so far.
    pub(crate) expects: bool,
    /// Where.
    pub(crate) reached: BTreeSet<Position>,
    /// Where something was expected that was not so.
    pub(crate) unmet: BTreeSet<Position>,
    /// The last fault, and where it was made, as long as nothing was expected since.
    pub(crate) fault_left: Option<(Position, String)>,
    /// Every fault it made.
    pub(crate) faults: Vec<MadeFault>,
    /// How many lines the journal had when its body began.
    pub(crate) first_line: usize,
}

/// A fault that a drill made.
#[derive(Clone, Debug)]
pub(crate) struct MadeFault {
    /// Its number.
    pub(crate) handle: FaultId,
    /// Where the script made it.
    pub(crate) at: Position,
    /// What was broken.
    pub(crate) what: String,
    /// Whether the script says that nobody is to notice.
    pub(crate) may_go_unnoticed: bool,
}

/// Runs a drill: the native behind `drill(name, options, body)`. It returns normally whatever the verdict is, so
/// that one failure does not hide the drills after it; only an interrupt ends the script, and a failure where the run
/// is to end with the first.
pub(crate) fn drill(
    context: &NativeCallContext<'_>,
    name: &str,
    options: &Map,
    body: &FnPtr,
) -> Fallible<()> {
    let session = Session::of(context)?;
    let at = context.call_position();
    session.begin_act(context)?;
    if session.with(|inner| inner.drill.is_some()) {
        return Err(Thrown::mistake("a drill cannot begin inside another one").at(at));
    }
    let options = DrillOptions::read(options).map_err(|text| Thrown::mistake(text).at(at))?;
    let (file, folder, run) = session.with(|inner| {
        (
            inner.script.file.clone(),
            inner.script.folder.clone(),
            inner.options.clone(),
        )
    });
    let known = session.with(|inner| {
        // At a prompt a drill may be run again.
        let mut names = inner.reports.iter().map(|report| &report.name);
        !inner.script.file.is_empty() && names.any(|known| known == name)
    });
    if known {
        let text = format!(
            "there is a drill \"{name}\" in this script already: give this one a name of its own"
        );
        return Err(Thrown::mistake(text).at(at));
    }
    let seed = run.seed.or(options.seed).unwrap_or(DEFAULT_SEED);
    let mut report = DrillReport {
        repeat: repeat_command(&file, seed, name, &run.repeat_with),
        file,
        name: name.to_owned(),
        tags: options.tags.clone(),
        seed,
        verdict: Verdict::Skipped,
        skipped: None,
        filtered: false,
        failure: None,
        virtual_time: Time::ZERO,
        real_time: Duration::ZERO,
        groups: Vec::new(),
        clients: Vec::new(),
        disturbed: Vec::new(),
        unrepeatable: Vec::new(),
        crashes: Vec::new(),
        remarks: Vec::new(),
    };
    if let Some(text) = &run.filter
        && !name.contains(text.as_str())
        && !options.tags.contains(text)
    {
        report.filtered = true;
        report.skipped = Some(format!("its name and tags do not match \"{text}\""));
    } else {
        report.skipped = options
            .skip
            .clone()
            .or_else(|| missing_plugin(&session, &options));
    }
    if run.list && report.skipped.is_none() {
        report.skipped = Some("the drills are only listed".to_owned());
    }
    if report.skipped.is_some() {
        finish(&session, report);
        return Ok(());
    }

    session.wind_up();
    let began = Instant::now();
    session.with(|inner| inner.observer.drill_started(&report.file, name, seed));
    let outer = session.clear_stage();
    session.with(|inner| inner.drill = Some(DrillState::default()));
    let request = StageRequest {
        cluster: folder.join(&options.cluster),
        text: None,
        seed,
        start: options.start,
    };
    let result = play(context, &session, &request, &options, body);
    let interrupted = result
        .as_ref()
        .err()
        .is_some_and(|error| is_interrupt(error));
    match result {
        Ok(()) => report.verdict = Verdict::Pass,
        Err(error) => {
            let (verdict, mut failure) = failure_of(&session, &error);
            // Everything in a body is called from its drill.
            let own = (at.line(), at.position());
            failure
                .called_from
                .retain(|place| (Some(place.line), Some(place.column)) != own);
            report.verdict = verdict;
            report.failure = Some(failure);
        }
    }
    // Taken before healing: what the drill left is what its report is about.
    let ended = session.with(|inner| {
        let outcome = inner.guarded(|stage| {
            let outcome = (
                stage.now(),
                outcomes(stage),
                called(stage),
                stage.disturbed(),
                stage.unrepeatable(),
                crashes(stage),
            );
            stage.mark_end();
            stage.heal_all();
            outcome
        });
        if inner.options.journal && inner.stage.is_some() {
            let mut bytes = Vec::new();
            match inner.guarded(|stage| stage.write_journal(&mut bytes)) {
                Ok(Ok(())) => inner.journal.append(&mut bytes),
                Ok(Err(error)) => {
                    return Err(Box::new(Thrown::internal(format!("the journal: {error}"))));
                }
                Err(thrown) => return Err(thrown),
            }
        }
        outcome
    });
    match ended {
        Ok((time, groups, clients, disturbed, unrepeatable, crashes)) => {
            report.virtual_time = time;
            report.groups = groups;
            report.clients = clients;
            report.disturbed = disturbed;
            report.unrepeatable = unrepeatable;
            report.crashes = crashes;
        }
        Err(thrown) if report.verdict == Verdict::Pass => {
            report.verdict = Verdict::Error;
            report.failure = Some(Failure {
                message: thrown.message,
                internal: true,
                ..Failure::default()
            });
        }
        // There is a better reason already.
        Err(_) => {}
    }
    session.clear_stage();
    session.with(|inner| {
        let drill = inner.drill.take();
        report.remarks = drill.map(|drill| drill.remarks).unwrap_or_default();
        inner.stage = outer;
    });
    session.wind_up();
    report.real_time = began.elapsed();
    let enough = run.fail_fast && report.verdict != Verdict::Pass;
    finish(&session, report);
    if interrupted {
        Err(crate::session::interrupted(at))
    } else if enough {
        Err(crate::session::enough(at))
    } else {
        Ok(())
    }
}

/// The event of a resource monitor process that died.
pub(crate) const MONITOR_DIED: u32 = 1146;

/// Why a drill cannot run where a plugin that it needs was not built.
fn missing_plugin(session: &Session, options: &DrillOptions) -> Option<String> {
    let source = session.with(|inner| inner.source.clone());
    let (name, remedy) = options
        .plugins
        .iter()
        .find(|(name, _)| !source.has_plugin(name))?;
    let near = source.nearest_plugin(name);
    let near = near.map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
    Some(format!("the plugin `{name}` is not there: {remedy}{near}"))
}

/// Opens the cluster, waits until it is up, and runs the body.
fn play(
    context: &NativeCallContext<'_>,
    session: &Session,
    request: &StageRequest,
    options: &DrillOptions,
    body: &FnPtr,
) -> Fallible<()> {
    open(context, session, request)?;
    if !options.cold {
        settle_start(context, session)?;
    }
    let now = session.with_stage(context, |stage| stage.now())?;
    let lines = session
        .lines()
        .map_err(|thrown| thrown.at(context.call_position()))?;
    session.with(|inner| {
        inner.drill = Some(DrillState {
            first_line: lines.len(),
            limit: options.limit.map(|limit| now + limit.0),
            ..DrillState::default()
        });
    });
    let _ = body.call_within_context::<rhai::Dynamic>(context, ())?;
    watch::last_look(context, session)?;
    schedule::all_came_due(context, session)?;
    remarks::at_end(session, context.call_position());
    Ok(())
}

/// Opens a cluster in place of the one that is open.
pub(crate) fn open(
    context: &NativeCallContext<'_>,
    session: &Session,
    request: &StageRequest,
) -> Fallible<()> {
    let source = session.with(|inner| inner.source.clone());
    let stage = source.open(request).map_err(|error| {
        // A plugin that cannot be loaded is no fault of the files that were named.
        let (findings, unusable) = match &error {
            OpenError::Cluster { findings, .. } => (findings.clone(), true),
            OpenError::Other(_) => (Vec::new(), true),
            OpenError::Plugins(_) => (Vec::new(), false),
        };
        Thrown {
            findings,
            unusable,
            ..Thrown::mistake(error.to_string())
        }
        .at(context.call_position())
    })?;
    session.clear_stage();
    session.with(|inner| inner.stage = Some(stage));
    Ok(())
}

/// Waits until a freshly switched-on cluster stands still.
pub(crate) fn settle_start(context: &NativeCallContext<'_>, session: &Session) -> Fallible<()> {
    if watch::settle(context, session, START_LIMIT)? {
        return Ok(());
    }
    let why = watch::unsettled(context, session)?;
    Err(Thrown::unknown(format!(
        "the cluster was not up and settled {START_LIMIT} after it was switched on: {why}"
    ))
    .at(context.call_position()))
}

/// Every group as it is now.
fn outcomes(stage: &dyn Stage) -> Vec<GroupOutcome> {
    let groups = stage.group_statuses().into_iter();
    groups
        .map(|group| GroupOutcome {
            outage: stage.outage(&group.name),
            planned_outage: stage.planned_outage(&group.name),
            state: group.state.to_string(),
            stopped: group.stopped,
            owner: group.owner,
            is_virtual_server: group.is_virtual_server,
            name: group.name,
        })
        .collect()
}

/// What all clients saw up to now.
fn called(stage: &dyn Stage) -> Vec<ClientOutcome> {
    let all = (0..).map_while(|number| stage.client_report(number));
    all.map(|(group, calls, report)| ClientOutcome {
        group,
        calls,
        report,
    })
    .collect()
}

fn finish(session: &Session, report: DrillReport) {
    session.with(|inner: &mut Inner| {
        inner.observer.drill_ended(&report);
        inner.reports.push(report);
    });
}

/// How resource monitor processes died, as event 1146 has it, each kind of death with how often it came.
fn crashes(stage: &dyn Stage) -> Vec<String> {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for line in stage.notices(MONITOR_DIED) {
        let Some(text) = line.get("text").and_then(|text| text.as_str()) else {
            continue;
        };
        // Where a monitor as a whole was replaced no plugin is to blame.
        if !text.starts_with("Resource monitor of ") {
            continue;
        }
        // What becomes of it is for the journal.
        let text = text.split(". ").next().unwrap_or(text);
        match kinds.iter_mut().find(|(known, _)| known == text) {
            Some((_, times)) => *times += 1,
            None => kinds.push((text.to_owned(), 1)),
        }
    }
    let told = kinds.into_iter().map(|(text, times)| match times {
        1 => text,
        times => format!("{text}, {times} times"),
    });
    told.collect()
}

/// The command that runs this drill again, ready for a shell.
fn repeat_command(file: &str, seed: u64, name: &str, with: &[String]) -> String {
    let mut command = format!(
        "quorate drill {} --seed {seed} --filter {}",
        shell_word(file),
        shell_word(name)
    );
    for word in with {
        command.push(' ');
        command.push_str(&shell_word(word));
    }
    command
}

/// A word as a POSIX shell reads it back.
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
    fn the_command_survives_a_shell() {
        assert_eq!(
            repeat_command("drills/a.rhai", 7, "a lost node's server", &[]),
            "quorate drill drills/a.rhai --seed 7 --filter 'a lost node'\\''s server'"
        );
        let with = ["--plugin-dir".to_owned(), "my plugins".to_owned()];
        assert_eq!(
            repeat_command("a.rhai", 7, "one", &with),
            "quorate drill a.rhai --seed 7 --filter one --plugin-dir 'my plugins'"
        );
    }
}
