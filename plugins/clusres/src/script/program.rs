//! One compiled script, and its memory between calls.

use quorate_sdk::{
    Context, DISK_PATIENCE, Error, Operation, Patience, Progress, SERVICE_POLL, codes,
};
use rhai::{AST, Blob, CallFnOptions, Dynamic, Engine, EvalAltResult, Map, Scope};

use super::CALLS;
use super::handles::{ProgressRef, Stage};

/// A script that a resource runs.
#[derive(Debug)]
pub(super) struct Program {
    path: String,
    text: String,
    engine: Engine,
    ast: AST,
    stage: Stage,
    /// `this` in the script's functions.
    memory: Dynamic,
    /// The tolerance for disks that its checks use.
    patience: Patience,
    /// The check that waits for a disk.
    waits: Option<&'static str>,
}

impl Program {
    /// Compiles a script without running any of it.
    pub(super) fn compile(path: &str, text: String) -> Result<Program, Error> {
        let mut engine = super::engine();
        let stage = Stage::default();
        engine.set_default_tag(Dynamic::from(stage.clone()));
        let told = stage.clone();
        engine.on_print(move |line| tell(&told, line));
        let told = stage.clone();
        engine.on_debug(move |line, _, at| tell(&told, &format!("{at}: {line}")));
        // Some editors put a byte order mark before a text in UTF-8.
        let script = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let ast = engine.compile(script).map_err(|error| {
            let at = place(path, error.position());
            Error::failed(format!("{at}: {}", error.err_type()))
        })?;
        let program = Program {
            path: path.to_owned(),
            text,
            engine,
            ast,
            stage,
            memory: Map::new().into(),
            patience: Patience::new(DISK_PATIENCE),
            waits: None,
        };
        for call in CALLS {
            let mut written = program
                .ast
                .iter_functions()
                .filter(|it| it.name == call.name);
            match written.next().map(|it| it.params.len()) {
                None if call.required => {
                    let what = format!(
                        "{path}: there is no function {0}: write fn {0}()",
                        call.name
                    );
                    return Err(Error::failed(what));
                }
                Some(params) if params > 0 => {
                    let what = format!("{path}: {} takes no arguments", call.name);
                    return Err(Error::failed(what));
                }
                _ => {}
            }
        }
        Ok(program)
    }

    /// Whether it has this path and text.
    pub(super) fn is(&self, path: &str, text: &str) -> bool {
        self.path == path && self.text == text
    }

    fn has(&self, name: &str) -> bool {
        self.ast.iter_functions().any(|it| it.name == name)
    }

    /// Calls one of the script's functions.
    fn call(&mut self, ctx: &mut Context, name: &str) -> Result<Dynamic, Error> {
        let Program {
            engine,
            ast,
            stage,
            memory,
            path,
            ..
        } = self;
        let called = stage.run(ctx, || {
            let options = CallFnOptions::new().bind_this_ptr(memory);
            engine.call_fn_with_options::<Dynamic>(options, &mut Scope::new(), ast, name, ())
        });
        let unfinished = stage.take_unfinished();
        called.map_err(|error| {
            let error = explain(path, name, *error);
            if unfinished {
                Error::new(codes::ERROR_IO_INCOMPLETE, error.text())
            } else {
                error
            }
        })
    }

    /// Calls the function of an operation. Returns its progress. If a disk has not finished a request, the operation
    /// is pending, as if the script had said so.
    fn operate(&mut self, ctx: &mut Context, name: &str) -> Result<Progress, Error> {
        let Some(said) = Error::finished(self.call(ctx, name))? else {
            return Ok(Progress::pending(SERVICE_POLL));
        };
        if said.is_unit() {
            return Ok(Progress::Done);
        }
        if let Some(progress) = said.clone().try_cast::<ProgressRef>() {
            return Ok(progress.0);
        }
        match said.as_bool() {
            Ok(true) => Ok(Progress::Done),
            Ok(false) => Err(Error::failed(format!("{}: {name} said false", self.path))),
            Err(kind) => Err(Error::failed(format!(
                "{}: {name} may say true, false, nothing or pending(\"2s\"), and said {said} ({kind})",
                self.path
            ))),
        }
    }

    /// Calls a function without a result. An error is logged.
    fn tidy(&mut self, ctx: &mut Context, name: &str) {
        if self.has(name)
            && let Err(error) = self.call(ctx, name)
        {
            ctx.log().warning(error.text());
        }
    }

    /// `open`.
    pub(super) fn open(&mut self, ctx: &mut Context) -> Result<(), Error> {
        self.stage.operation(false);
        if !self.has("open") {
            return Ok(());
        }
        let progress = self.operate(ctx, "open")?;
        if progress.is_done() {
            return Ok(());
        }
        let what = format!("{}: open may not be pending: online may", self.path);
        Err(Error::failed(what))
    }

    /// Begins an operation.
    pub(super) fn begin(&mut self, ctx: &mut Context, what: Operation) -> Result<Progress, Error> {
        self.all_through();
        self.stage.operation(false);
        self.step(ctx, what)
    }

    /// Continues a pending operation.
    pub(super) fn go_on(&mut self, ctx: &mut Context, what: Operation) -> Result<Progress, Error> {
        self.stage.operation(true);
        self.step(ctx, what)
    }

    fn step(&mut self, ctx: &mut Context, what: Operation) -> Result<Progress, Error> {
        match what {
            Operation::Online => self.operate(ctx, "online"),
            Operation::Offline if self.has("offline") => self.operate(ctx, "offline"),
            _ => {
                let progress = self.stage.stop_all(ctx)?;
                if progress.is_done() {
                    self.tidy(ctx, "terminate");
                }
                Ok(progress)
            }
        }
    }

    /// Calls `terminate`, and ends everything that still runs.
    pub(super) fn terminate(&mut self, ctx: &mut Context) {
        self.stage.operation(false);
        self.tidy(ctx, "terminate");
        self.stage.kill_all(ctx);
    }

    fn all_through(&mut self) {
        self.patience.forget();
        self.waits = None;
    }

    /// Repeats the check that waits for a disk.
    pub(super) fn check_again(&mut self, ctx: &mut Context) -> Result<(), Error> {
        match self.waits {
            Some(name) => self.check(ctx, &[name]),
            None => Ok(()),
        }
    }

    /// Calls the first of the checks `names` that the script has.
    pub(super) fn check(&mut self, ctx: &mut Context, names: &[&'static str]) -> Result<(), Error> {
        let Some(name) = names.iter().copied().find(|name| self.has(name)) else {
            return Err(Error::failed(format!("{}: there is no check", self.path)));
        };
        let said = match self.call(ctx, name) {
            Ok(said) => said,
            // The disk may need more time: the later result counts.
            Err(error) if error.is_unfinished() => {
                self.waits = Some(name);
                return self.patience.judge(ctx, Err(error));
            }
            Err(error) => return Err(error),
        };
        if self.waits == Some(name) {
            self.all_through();
        }
        match said.as_bool() {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::failed(format!("{}: {name} said false", self.path))),
            Err(kind) => Err(Error::failed(format!(
                "{}: {name} must say true or false, and said {said} ({kind})",
                self.path
            ))),
        }
    }

    /// `control`.
    pub(super) fn control(
        &mut self,
        ctx: &mut Context,
        code: u32,
        input: &[u8],
    ) -> Result<Vec<u8>, Error> {
        if !self.has("control") {
            return Err(Error::unhandled());
        }
        self.stage.asked(Some((code, input.to_vec())));
        let said = self.call(ctx, "control");
        self.stage.asked(None);
        let said = said?;
        if said.is_unit() {
            return Err(Error::unhandled());
        }
        if let Ok(text) = said.as_immutable_string_ref() {
            return Ok(text.as_bytes().to_vec());
        }
        match said.try_cast_result::<Blob>() {
            Ok(bytes) => Ok(bytes),
            Err(said) => Err(Error::failed(format!(
                "{}: control may say a text, a blob or nothing, and said {said} ({})",
                self.path,
                said.type_name()
            ))),
        }
    }

    /// `close`.
    pub(super) fn close(mut self, ctx: &mut Context) {
        self.tidy(ctx, "close");
    }
}

/// Writes a script's output to the cluster log.
fn tell(stage: &Stage, line: &str) {
    // Outside of a call there is no log, and no script that could print.
    let _ = stage.with(|ctx| {
        ctx.log().info(line);
        Ok(())
    });
}

/// `path:line:column`.
fn place(path: &str, at: rhai::Position) -> String {
    match (at.line(), at.position()) {
        (Some(line), Some(column)) => format!("{path}:{line}:{column}"),
        (Some(line), None) => format!("{path}:{line}"),
        _ => path.to_owned(),
    }
}

/// The error of a call, with its place.
fn explain(path: &str, name: &str, mut error: EvalAltResult) -> Error {
    while let EvalAltResult::ErrorInFunctionCall(_, _, inner, _) = error {
        error = *inner;
    }
    let at = match error.position() {
        // No place, as for a call that took too long.
        rhai::Position::NONE => format!("{path}: in {name}"),
        at => place(path, at),
    };
    let text = match &error {
        EvalAltResult::ErrorRuntime(thrown, _) => thrown.to_string(),
        _ => {
            error.clear_position();
            error.to_string()
        }
    };
    Error::failed(format!("{at}: {text}"))
}
