//! Runs a script file.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use quorate_drill::stage::StageSource;
use quorate_drill::tell::Stop;
use quorate_drill::{DrillText, Failure, Observer, Play, Run, RunOptions, Severity, panic_text};
use rhai::Scope;

use super::failure::{explain, failure_of};
use crate::check::check_script;
use crate::engine::engine;
use crate::outline::expected_of;
use crate::session::{Session, is_interrupt, stop_of};

/// The stack of a thread that runs scripts, in bytes: enough for the call depth the engine allows, in debug and
/// release builds alike.
pub const SCRIPT_STACK_BYTES: usize = 16 << 20;

/// Checks the script `text` of the file `path`, then runs its drills on clusters from `source`.
///
/// Must be called on a thread with a stack of at least [`SCRIPT_STACK_BYTES`] (see [`on_script_thread`]).
/// `cancel` may be set from another thread: the run then ends soon, as [`Run::interrupted`].
pub fn run_script(
    path: &Path,
    text: &str,
    source: Rc<dyn StageSource>,
    options: RunOptions,
    observer: Box<dyn Observer>,
    cancel: Arc<AtomicBool>,
) -> Run {
    let file = path.display().to_string();
    let findings = match options.checked {
        true => Vec::new(),
        false => check_script(&file, text),
    };
    if findings
        .iter()
        .any(|finding| finding.severity == Severity::Error)
    {
        return Run {
            findings,
            ..Run::default()
        };
    }
    let timeout = options.timeout;
    let session = Session::new(source, options, observer, cancel, failure_of);
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    session.with(|play| {
        *play.text_mut() = DrillText {
            file: file.clone(),
            source: text.to_owned(),
            folder,
            expected: Vec::new(),
        };
    });
    let engine = engine(&session);
    // Each native function catches its own panics; this one catches a panic of the engine, so that the process goes
    // on.
    let result = catch_unwind(AssertUnwindSafe(|| {
        let ast = engine
            .compile(text)
            .map_err(|error| Box::new(rhai::EvalAltResult::from(error)))?;
        session.with(|play| play.text_mut().expected = expected_of(&ast));
        engine.run_ast_with_scope(&mut Scope::new(), &ast)
    }));
    let (reports, journal) = session.with(Play::take_reports);
    let asked = session.with(|play| play.asked());
    let mut run = Run {
        findings,
        reports,
        journal,
        failure: None,
        interrupted: false,
        asked,
    };
    match result {
        Ok(Ok(())) => {}
        Ok(Err(error)) if stop_of(&error) == Some(Stop::Enough) => {}
        Ok(Err(error)) if is_interrupt(&error) => run.interrupted = true,
        Ok(Err(error)) => run.failure = Some(explain(&error, &file, text, timeout).1),
        Err(panic) => {
            run.failure = Some(Failure {
                message: format!("the script engine panicked: {}", panic_text(&*panic)),
                internal: true,
                ..Failure::default()
            });
        }
    }
    session.with(Play::leave);
    run
}

/// Runs `work` on a thread whose stack fits scripts, and waits for it.
///
/// # Errors
///
/// If the thread cannot be made, or its panic's message.
pub fn on_script_thread<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, String> {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("script".to_owned())
            .stack_size(SCRIPT_STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|error| format!("cannot start the script's thread: {error}"))?
            .join()
            .map_err(|panic| panic_text(&*panic))
    })
}
