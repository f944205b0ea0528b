//! The frame of a call: what the plugin's calls back find while an entry runs.

use std::any::Any;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use quorate_abi::{
    ERROR_ACCESS_DENIED, ERROR_GEN_FAILURE, ERROR_NOT_READY, ERROR_SUCCESS, LOG_ERROR, QrInstance,
};
use quorate_model::monitor::ResourceSpec;
use quorate_model::{Name, Reason};

use super::vigil::Running;
use super::whom::Whom;
use crate::keeping::{Change, Float, Kept};
use crate::{Caller, ServiceResult, Services};

/// The `QrInstance` that a plugin holds. It is a number that is never used twice in a process, and is never followed as
/// a pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Handle(usize);

impl Handle {
    /// A new handle.
    #[expect(clippy::new_without_default, reason = "each is another")]
    pub fn new() -> Handle {
        // It begins at 1, so that no handle is NULL.
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        Handle(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// The handle that a plugin gave back.
    pub(crate) fn of(instance: *const QrInstance) -> Handle {
        Handle(instance.addr())
    }

    /// The handle in the form that the plugin gets.
    pub fn as_ptr(self) -> *const QrInstance {
        ptr::without_provenance(self.0)
    }
}

/// What a resource monitor knows of its resources; their plugins may ask for it. In the host this is the monitor's own
/// directory; in a monitor process it is the connection to the host.
pub trait Knowledge {
    /// A property as text: a private one, as it is set or by its type's default, or a common one.
    fn property(&self, resource: &str, name: &str) -> Option<Cow<'_, str>>;
    /// The open resources of type `kind` that `resource` depends on, directly or through others.
    fn providers(&self, resource: &str, kind: &str) -> Vec<Name>;
    /// Keeps a value that `resource` publishes about itself for now. An empty value takes it back. Returns whether that
    /// was possible.
    fn publish(&self, resource: &str, name: &str, value: &str) -> bool;
    /// A value that `resource` has published about itself.
    fn published(&self, resource: &str, name: &str) -> Option<String>;
    /// How many resources of type `kind` in other groups than `group` are Online or OnlinePending.
    fn online_here(&self, group: &str, kind: &str) -> u32;
    /// The resources of type `kind` in other groups than `group`, each with its group's name.
    fn others(&self, group: &str, kind: &str) -> Vec<(Name, Name)>;
    /// The one of [`others`](Self::others) with this number, from 0.
    fn other(&self, group: &str, kind: &str, index: usize) -> Option<(Name, Name)> {
        self.others(group, kind).into_iter().nth(index)
    }
    /// Stores a checkpoint of `resource`. Without bytes, it deletes the checkpoint.
    ///
    /// # Errors
    ///
    /// If there is no room for it.
    fn save_checkpoint(&self, resource: &str, key: &str, bytes: &[u8]) -> ServiceResult<()>;
    /// The bytes of a checkpoint of `resource`.
    ///
    /// # Errors
    ///
    /// If there is none.
    fn checkpoint(&self, resource: &str, key: &str) -> ServiceResult<Vec<u8>>;
    /// Writes a log line at once, and returns `true`. If it returns `false`, the line is kept until the entry has
    /// returned.
    fn log(&self, level: u32, text: &str) -> bool {
        let _ = (level, text);
        false
    }
}

/// One call of an entry of a plugin.
pub struct Frame<'a> {
    handle: Handle,
    /// The world; `None` if the machine is dead.
    services: RefCell<Option<&'a mut (dyn Services + 'a)>>,
    pub(super) known: &'a dyn Knowledge,
    pub(super) spec: &'a ResourceSpec,
    log: RefCell<Vec<(u32, String)>>,
    refused: RefCell<Option<Reason>>,
    panic: Cell<Option<Box<dyn Any + Send>>>,
    /// The library and the entry that is called, for whoever has to say where a process died.
    plugin: &'a str,
    entry: &'static str,
    /// Whether everything that the process shares is looked at, and not only how it computes.
    thorough: bool,
    /// How the host computes: its own code runs like that when the plugin calls it.
    float: Cell<Float>,
}

/// What a call has left for the monitor.
#[derive(Debug, Default)]
pub struct Traces {
    /// Lines for the cluster log: level and text.
    pub log: Vec<(u32, String)>,
    /// The last service call that was refused.
    pub refused: Option<Reason>,
    /// What the call changed of the process, and was put back.
    pub changes: Vec<Change>,
}

impl Traces {
    /// The last error that the plugin wrote to the cluster log. If `open` fails this is all that is known: there is no
    /// instance to ask for its last error.
    pub fn complaint(&self) -> Option<String> {
        let bad = self.log.iter().rev().find(|(level, _)| *level >= LOG_ERROR);
        let text = bad.map(|(_, text)| text.strip_prefix("open: ").unwrap_or(text).trim());
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    }
}

impl<'a> Frame<'a> {
    /// A call of an entry of the instance `handle`, which is the resource in `spec`. The plugin reaches the world
    /// through `services`, unless the machine is dead, and what its monitor knows through `known`.
    pub fn new(
        handle: Handle,
        services: Option<&'a mut (dyn Services + 'a)>,
        known: &'a dyn Knowledge,
        spec: &'a ResourceSpec,
    ) -> Frame<'a> {
        Frame {
            handle,
            services: RefCell::new(services),
            known,
            spec,
            log: RefCell::new(Vec::new()),
            refused: RefCell::new(None),
            panic: Cell::new(None),
            plugin: "",
            entry: "",
            thorough: false,
            float: Cell::new(Float::now()),
        }
    }

    /// Names the library and the entry that is called, for whoever has to say where a process died.
    #[must_use]
    pub fn calling(self, plugin: &'a str, entry: &'static str) -> Frame<'a> {
        Frame {
            plugin,
            entry,
            ..self
        }
    }

    /// Has all of the process looked at that plugins share, and not only how it computes. It takes some microseconds.
    #[must_use]
    pub fn thoroughly(self) -> Frame<'a> {
        Frame {
            thorough: true,
            ..self
        }
    }

    pub(super) fn write_log(&self, level: u32, text: String) {
        if self.known.log(level, &text) {
            return;
        }
        if let Ok(mut log) = self.log.try_borrow_mut() {
            log.push((level, text));
        }
    }

    /// The library, the resource and the entry that is called.
    pub(super) fn whom(&self) -> (&str, &str, &str) {
        (self.plugin, &self.spec.name, self.entry)
    }

    /// Runs `f` with what the call can reach, and a place for its lines for the log. `None` if the machine is dead.
    pub(crate) fn reach<R>(
        &self,
        f: impl FnOnce(
            &mut dyn Services,
            &dyn Knowledge,
            &ResourceSpec,
            &mut dyn FnMut(Vec<(u32, String)>),
        ) -> R,
    ) -> Option<R> {
        let mut services = self.services.try_borrow_mut().ok()?;
        let services = services.as_deref_mut()?;
        let mut log = |lines: Vec<(u32, String)>| {
            for (level, text) in lines {
                self.write_log(level, text);
            }
        };
        Some(f(services, self.known, self.spec, &mut log))
    }

    /// Notes what refused the call, if anything did.
    pub(crate) fn refuse(&self, reason: Option<Reason>) {
        if let Some(reason) = reason {
            self.refused.replace(Some(reason));
        }
    }

    fn caller(&self) -> Caller<'a> {
        Caller::of(self.spec)
    }
}

thread_local! {
    /// The innermost entry that runs on this thread.
    pub(super) static CURRENT: Cell<*const Frame<'static>> = const { Cell::new(ptr::null()) };
}

/// Runs `entry`. While it runs, calls of the plugin find `frame`.
///
/// # Panics
///
/// If the world panicked while the plugin called it, with the same payload. No panic may unwind through the plugin, so
/// it is held back until the plugin has returned.
pub fn enter<R>(frame: Frame<'_>, entry: impl FnOnce() -> R) -> (R, Traces) {
    struct Leave(*const Frame<'static>);
    impl Drop for Leave {
        fn drop(&mut self) {
            CURRENT.set(self.0);
        }
    }
    let kept = Kept::now(frame.thorough);
    frame.float.set(kept.float());
    let result = {
        let _running = Running::begin(Whom {
            plugin: frame.plugin,
            resource: &frame.spec.name,
            entry: frame.entry,
        });
        let _leave = Leave(CURRENT.replace(ptr::from_ref(&frame).cast()));
        entry()
    };
    let changes = kept.put_back();
    if let Some(payload) = frame.panic.take() {
        resume_unwind(payload);
    }
    let traces = Traces {
        log: frame.log.take(),
        refused: frame.refused.take(),
        changes,
    };
    (result, traces)
}

/// Runs `f` with the frame of the call that `instance` runs on this thread. A call from anywhere else is counted as a
/// stray one.
pub(crate) fn with<R>(
    instance: *const QrInstance,
    f: impl for<'f> FnOnce(&'f Frame<'f>) -> R,
) -> Option<R> {
    let answer = within(instance, f);
    if answer.is_none() {
        STRAYS.fetch_add(1, Ordering::Relaxed);
    }
    answer
}

/// As [`with`], but a call from elsewhere is allowed and not counted.
pub(super) fn within<R>(
    instance: *const QrInstance,
    f: impl for<'f> FnOnce(&'f Frame<'f>) -> R,
) -> Option<R> {
    let current: *const Frame<'_> = CURRENT.get().cast();
    // SAFETY: `enter` sets this thread's pointer while its frame lives, and no longer. The lifetime that `f` sees ends
    // before `enter` can go on.
    let frame = unsafe { current.as_ref() }?;
    if frame.handle != Handle::of(instance) {
        return None;
    }
    let theirs = Float::now();
    let ours = frame.float.get();
    let differs = !theirs.is_like(ours);
    if differs {
        ours.set();
    }
    let answer = match catch_unwind(AssertUnwindSafe(|| f(frame))) {
        Ok(result) => Some(result),
        Err(payload) => {
            frame.panic.set(Some(payload));
            None
        }
    };
    if differs {
        theirs.set();
    }
    answer
}

/// Answers a service call: 0, or the code of the error.
pub(super) fn serve(
    instance: *const QrInstance,
    f: impl for<'f> FnOnce(&mut dyn Services, Caller<'f>) -> ServiceResult<()>,
) -> u32 {
    serve_frame(instance, |frame, services| f(services, frame.caller()))
}

/// As [`serve`], for what the monitor itself answers: `f` gets the frame and not the world.
pub(super) fn serve_known(
    instance: *const QrInstance,
    f: impl for<'f> FnOnce(&'f Frame<'f>) -> ServiceResult<()>,
) -> u32 {
    serve_frame(instance, |frame, _| f(frame))
}

fn serve_frame(
    instance: *const QrInstance,
    f: impl for<'f> FnOnce(&'f Frame<'f>, &mut dyn Services) -> ServiceResult<()>,
) -> u32 {
    with(instance, |frame| {
        // It is already borrowed while the world answers a call. The world cannot call back in.
        let Ok(mut services) = frame.services.try_borrow_mut() else {
            return ERROR_ACCESS_DENIED;
        };
        let Some(services) = services.as_deref_mut() else {
            return ERROR_NOT_READY;
        };
        match f(frame, services) {
            Ok(()) => ERROR_SUCCESS,
            Err(error) => {
                let code = if error.code == ERROR_SUCCESS {
                    ERROR_GEN_FAILURE
                } else {
                    error.code
                };
                frame.refused.replace(Some(error));
                code
            }
        }
    })
    .unwrap_or(ERROR_ACCESS_DENIED)
}

/// The number of service calls that were made outside an entry of their instance.
static STRAYS: AtomicUsize = AtomicUsize::new(0);

/// How many service calls were made outside an entry of their instance, in this process.
pub fn strays() -> usize {
    STRAYS.load(Ordering::Relaxed)
}
