//! Does nothing wrong: a thread of its own reports that it is online, and the library says so with `PLUGIN_THREADS`.
//! When that report comes is not the world's to decide, so a drill with it does not repeat.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::thread::{self, JoinHandle};

use quorate_bad_common::abi::{
    ERROR_GEN_FAILURE, ERROR_IO_PENDING, PLUGIN_STATELESS, PLUGIN_THREADS, QrHost, QrInstance,
    QrPlugin, QrResid, QrStr, QrTable, QrType, QrWork,
};
use quorate_bad_common::{block, kind, start};

static HOST: AtomicPtr<QrHost> = AtomicPtr::new(ptr::null_mut());

/// What an instance is: where the host knows it by, whether it is online, and the thread that says so.
struct Threads {
    instance: *const QrInstance,
    online: bool,
    reporter: Option<JoinHandle<()>>,
}

/// The instance behind a handle.
///
/// # Safety
///
/// `resid` came from `open` and was not closed.
unsafe fn of<'a>(resid: QrResid) -> &'a mut Threads {
    // SAFETY: the caller's promise.
    unsafe { &mut *resid.cast::<Threads>() }
}

extern "C" fn open(_: QrStr, instance: *const QrInstance, resid: *mut QrResid) -> u32 {
    let made = Box::new(Threads {
        instance,
        online: false,
        reporter: None,
    });
    // SAFETY: the host's place.
    unsafe { resid.write(Box::into_raw(made).cast()) };
    0
}

extern "C" fn close(resid: QrResid) {
    terminate(resid);
    // SAFETY: what `open` gave, once.
    drop(unsafe { Box::from_raw(resid.cast::<Threads>()) });
}

/// A number in the guise of a pointer, which any thread may hand back.
struct Number(*const QrInstance);

// SAFETY: nobody follows it.
unsafe impl Send for Number {}

extern "C" fn online(resid: QrResid, _: *mut QrWork) -> u32 {
    // SAFETY: an open instance; the host's table stays valid.
    let (threads, host) = unsafe { (of(resid), HOST.load(Ordering::Relaxed).as_ref()) };
    let Some(report) = host.and_then(|host| host.set_resource_status) else {
        return ERROR_GEN_FAILURE;
    };
    if std::mem::replace(&mut threads.online, true) {
        return 0;
    }
    let instance = Number(threads.instance);
    let answer = move || {
        let Number(instance) = { instance };
        // SAFETY: the host's handle, from a library with PLUGIN_THREADS.
        unsafe { report(instance, 0, 1) };
    };
    match thread::Builder::new().spawn(answer) {
        Ok(reporter) => {
            threads.reporter = Some(reporter);
            ERROR_IO_PENDING
        }
        Err(_) => ERROR_GEN_FAILURE,
    }
}

extern "C" fn offline(resid: QrResid, _: *mut QrWork) -> u32 {
    terminate(resid);
    0
}

extern "C" fn terminate(resid: QrResid) {
    // SAFETY: an open instance.
    let threads = unsafe { of(resid) };
    threads.online = false;
    if let Some(reporter) = threads.reporter.take() {
        // It does nothing that can fail, and after this it reports nothing more.
        let _ = reporter.join();
    }
}

static TYPES: &[QrType] = &[kind("Bad Threads", 0)];
static TABLE: QrTable = QrTable {
    open: Some(open),
    close: Some(close),
    online: Some(online),
    offline: Some(offline),
    terminate: Some(terminate),
    ..quorate_bad_common::TABLE
};
static PLUGIN: QrPlugin = QrPlugin {
    flags: PLUGIN_STATELESS | PLUGIN_THREADS,
    ..block("bad-threads", TYPES, startup)
};

unsafe extern "C" fn startup(
    name: QrStr,
    min: u32,
    max: u32,
    host: *const QrHost,
    table: *mut *const QrTable,
) -> u32 {
    HOST.store(host.cast_mut(), Ordering::Relaxed);
    // SAFETY: passed on.
    unsafe { start(name, (min, max), TYPES, &[&TABLE], table) }
}

/// The plugin's entry.
#[unsafe(no_mangle)]
pub extern "C" fn quorate_plugin_v1() -> *const QrPlugin {
    &raw const PLUGIN
}
