//! The objects in resource scripts.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use quorate_sdk::{Context, Error, ManagedService, Progress, SharedContext};
use rhai::{Dynamic, Engine, EvalAltResult, NativeCallContext, Position};

/// The result of a native function.
pub(super) type Fallible<T> = Result<T, Box<EvalAltResult>>;

/// The state that a script's functions share: the world of the present call, and the services that the script has
/// started.
#[derive(Clone, Debug, Default)]
pub(super) struct Stage(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    context: SharedContext,
    /// Every service that the script has started, by name.
    services: RefCell<BTreeMap<String, ManagedService>>,
    /// Services that this operation has already begun to start or stop.
    begun: RefCell<BTreeSet<String>>,
    again: Cell<bool>,
    /// The control code that the script is asked for, with its input.
    asked: RefCell<Option<(u32, Vec<u8>)>>,
    /// Whether a disk had not finished a request of the script.
    unfinished: Cell<bool>,
}

impl Stage {
    /// Runs `f` with `ctx` as the world of the script's functions.
    pub(super) fn run<R>(&self, ctx: &mut Context, f: impl FnOnce() -> R) -> R {
        ctx.share(&self.0.context, f)
    }

    /// Begins an operation (`again` is false) or continues it.
    pub(super) fn operation(&self, again: bool) {
        self.0.again.set(again);
        if !again {
            self.0.begun.borrow_mut().clear();
        }
    }

    /// Sets the control code that the script is asked for; `None` after the answer.
    pub(super) fn asked(&self, control: Option<(u32, Vec<u8>)>) {
        *self.0.asked.borrow_mut() = control;
    }

    /// The control code that the script is asked for.
    pub(super) fn control(&self) -> Result<(u32, Vec<u8>), Error> {
        let asked = self.0.asked.borrow().clone();
        asked
            .ok_or_else(|| Error::failed("no control code is asked: only `control` may look at it"))
    }

    /// Whether the last call broke off because a disk had not finished its request.
    pub(super) fn take_unfinished(&self) -> bool {
        self.0.unfinished.take()
    }

    pub(super) fn is_again(&self) -> bool {
        self.0.again.get()
    }

    pub(super) fn with<R>(
        &self,
        f: impl FnOnce(&mut Context) -> Result<R, Error>,
    ) -> Result<R, Error> {
        self.0.context.with(f)
    }

    /// Continues the start or stop of a service.
    fn drive(&self, ctx: &Context, name: &str, work: Option<u64>) -> Result<Progress, Error> {
        use quorate_sdk::Operation::{Offline, Online};
        let first = self.0.begun.borrow_mut().insert(name.to_owned());
        let mut services = self.0.services.borrow_mut();
        let service = services
            .entry(name.to_owned())
            .or_insert_with(|| ManagedService::new(name));
        match (work, first) {
            (Some(work), true) => service.start(ctx, work),
            (Some(_), false) => service.go_on(ctx, Online),
            (None, true) => service.stop(ctx),
            (None, false) => service.go_on(ctx, Offline),
        }
    }

    /// Starts a service. Returns its progress.
    pub(super) fn start(&self, ctx: &Context, name: &str, work: u64) -> Result<Progress, Error> {
        self.drive(ctx, name, Some(work))
    }

    /// Stops a service. Returns its progress.
    pub(super) fn stop(&self, ctx: &Context, name: &str) -> Result<Progress, Error> {
        self.drive(ctx, name, None)
    }

    /// Stops all services that were started. Returns their progress.
    pub(super) fn stop_all(&self, ctx: &Context) -> Result<Progress, Error> {
        let names: Vec<String> = self.0.services.borrow().keys().cloned().collect();
        let mut all = Progress::Done;
        for name in names {
            let one = self.stop(ctx, &name)?;
            if !one.is_done() {
                all = one;
            }
        }
        Ok(all)
    }

    /// Kills all services that were started and still run.
    pub(super) fn kill_all(&self, ctx: &Context) {
        for service in self.0.services.borrow_mut().values_mut() {
            service.kill(ctx);
        }
    }
}

/// Uses the world of the present call.
pub(super) fn ask<R>(
    call: &NativeCallContext<'_>,
    f: impl FnOnce(&Stage, &mut Context) -> Result<R, Error>,
) -> Fallible<R> {
    let stage: Stage = call
        .tag()
        .and_then(|tag| tag.clone().try_cast())
        .ok_or("this engine only checks scripts")?;
    let answer = stage.with(|ctx| f(&stage, ctx));
    answer.map_err(|error| {
        if error.is_unfinished() {
            stage.0.unfinished.set(true);
        }
        let text = Dynamic::from(error.text().to_owned());
        Box::new(EvalAltResult::ErrorRuntime(text, call.call_position()))
    })
}

/// The error for a wrong argument of a native function.
pub(super) fn mistake(text: impl Into<String>) -> Box<EvalAltResult> {
    let text = Dynamic::from(text.into());
    Box::new(EvalAltResult::ErrorRuntime(text, Position::NONE))
}

/// A service of the resource's own.
#[derive(Clone, Debug)]
pub(super) struct ServiceRef(pub(super) String);

/// A shared disk.
#[derive(Clone, Debug)]
pub(super) struct DiskRef(pub(super) String);

/// A network.
#[derive(Clone, Debug)]
pub(super) struct NetworkRef(pub(super) String);

/// A network name of a virtual server.
#[derive(Clone, Debug)]
pub(super) struct NetworkNameRef(pub(super) String);

/// A resource that this one depends on: its type, its index among those of the type, and its name.
#[derive(Clone, Debug)]
pub(super) struct ProviderRef {
    pub(super) kind: String,
    pub(super) index: usize,
    pub(super) name: String,
}

/// How far an operation got.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProgressRef(pub(super) Progress);

/// Gives the types the names that scripts and error messages know them by.
pub(super) fn name_types(engine: &mut Engine) {
    engine
        .register_type_with_name::<ServiceRef>("Service")
        .register_type_with_name::<DiskRef>("Disk")
        .register_type_with_name::<NetworkRef>("Network")
        .register_type_with_name::<NetworkNameRef>("NetworkName")
        .register_type_with_name::<ProviderRef>("Provider")
        .register_type_with_name::<ProgressRef>("Progress");
}

/// A wait: a number of milliseconds, or a text such as "500ms", "2s" or "1m".
pub(super) fn wait(value: &Dynamic) -> Fallible<Duration> {
    let millis = if let Ok(millis) = value.as_int() {
        u64::try_from(millis).ok()
    } else if let Ok(text) = value.clone().into_immutable_string() {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (count, unit) = text.split_at(digits);
        let unit = match unit {
            "ms" => Some(1),
            "s" => Some(1_000),
            "m" => Some(60_000),
            "h" => Some(3_600_000),
            _ => None,
        };
        unit.zip(count.parse::<u64>().ok())
            .and_then(|(unit, count)| count.checked_mul(unit))
    } else {
        None
    };
    // A `PendingTimeout` longer than a day makes no sense.
    match millis {
        Some(millis) if (1..=86_400_000).contains(&millis) => Ok(Duration::from_millis(millis)),
        _ => Err(mistake(format!(
            "`{value}` is no wait: write a number and a unit, such as \"500ms\", \"2s\" or \"1m\", a day at most"
        ))),
    }
}
