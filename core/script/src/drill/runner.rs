//! Running a script file from the first line to the last.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use quorate_drill::stage::StageSource;
use quorate_drill::{DrillReport, Failure, Finding, Observer, Severity};
use rhai::Scope;
use serde::{Deserialize, Serialize};

use super::failure::{explain, is_enough, is_interrupt};
use crate::check::check_script;
use crate::engine::engine;
use crate::outline::Expected;
use crate::session::{ScriptText, Session, panic_text};

/// The stack of a thread that runs scripts, in bytes: enough for the call depth the engine allows, in debug and
/// release builds alike.
pub const SCRIPT_STACK_BYTES: usize = 16 << 20;

/// How a run is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// A seed in place of the one each drill names.
    pub seed: Option<u64>,
    /// Run only drills whose name contains this, or that carry it as a tag.
    pub filter: Option<String>,
    /// Whether the drills are only to be listed: each is reported as skipped, and none runs.
    pub list: bool,
    /// Whether a script ends with its first drill that does not pass.
    pub fail_fast: bool,
    /// Whether the journals are wanted.
    pub journal: bool,
    /// The real time that a drill may take, and the script between two drills: a story that does not end is stopped. Any if
    /// none is said.
    pub timeout: Option<Duration>,
    /// What else the command says that decides what runs, such as where plugins are: for the command that repeats a
    /// drill.
    pub repeat_with: Vec<String>,
}

/// What running a script gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Mistakes found before anything ran. If one of them is an error, nothing did.
    pub findings: Vec<Finding>,
    /// The drills, in the order of the script.
    pub reports: Vec<DrillReport>,
    /// The journals of the drills that ran, one after the other, each with its header line.
    pub journal: Vec<u8>,
    /// Why the script ended early, outside every drill.
    pub failure: Option<Failure>,
    /// Whether it was stopped from outside.
    pub interrupted: bool,
}

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
    let findings = check_script(&file, text);
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
    let session = Session::new(source, options, observer, cancel);
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    session.with(|inner| {
        inner.script = ScriptText {
            file: file.clone(),
            source: text.to_owned(),
            folder,
            expected: Expected::default(),
        };
    });
    let engine = engine(&session);
    // Natives are guarded one by one; this keeps a panic of the engine's own from taking the process along.
    let result = catch_unwind(AssertUnwindSafe(|| {
        let ast = engine
            .compile(text)
            .map_err(|error| Box::new(rhai::EvalAltResult::from(error)))?;
        session.with(|inner| inner.script.expected = Expected::of(&ast));
        engine.run_ast_with_scope(&mut Scope::new(), &ast)
    }));
    let mut run = session.with(|inner| Run {
        findings,
        reports: std::mem::take(&mut inner.reports),
        journal: std::mem::take(&mut inner.journal),
        failure: None,
        interrupted: false,
    });
    match result {
        Ok(Ok(())) => {}
        Ok(Err(error)) if is_enough(&error) => {}
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
    session.clear_stage();
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
