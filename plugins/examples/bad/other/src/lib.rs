//! Keeps the instance that was opened last in a static, and speaks for it whichever instance is asked: in a line for the
//! cluster log, or in a status, a type for each.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use quorate_bad_common::abi::{
    LOG_INFORMATION, QrHost, QrInstance, QrPlugin, QrResid, QrStr, QrTable, QrType,
};
use quorate_bad_common::{block, kind, start, text};

static HOST: AtomicPtr<QrHost> = AtomicPtr::new(ptr::null_mut());
static LAST: AtomicPtr<QrInstance> = AtomicPtr::new(ptr::null_mut());

fn host() -> Option<&'static QrHost> {
    // SAFETY: the host's table stays valid.
    unsafe { HOST.load(Ordering::Relaxed).as_ref() }
}

extern "C" fn open(_: QrStr, instance: *const QrInstance, resid: *mut QrResid) -> u32 {
    LAST.store(instance.cast_mut(), Ordering::Relaxed);
    // SAFETY: the host's place.
    unsafe { resid.write(instance.cast_mut().cast()) };
    0
}

extern "C" fn line(_: QrResid) -> u32 {
    if let Some(log) = host().and_then(|host| host.log_event) {
        // SAFETY: the host follows no handle, and borrows the text for the call.
        unsafe {
            log(
                LAST.load(Ordering::Relaxed),
                LOG_INFORMATION,
                text("all is well"),
            )
        };
    }
    1
}

extern "C" fn status(_: QrResid) -> u32 {
    if let Some(report) = host().and_then(|host| host.set_resource_status) {
        // SAFETY: the host follows no handle.
        unsafe { report(LAST.load(Ordering::Relaxed), 0, 1) };
    }
    1
}

static TYPES: &[QrType] = &[kind("Bad Other Line", 0), kind("Bad Other Status", 0)];
static LINE: QrTable = QrTable {
    open: Some(open),
    is_alive: Some(line),
    ..quorate_bad_common::TABLE
};
static STATUS: QrTable = QrTable {
    open: Some(open),
    is_alive: Some(status),
    ..quorate_bad_common::TABLE
};
// It keeps state of its own, so it does not claim otherwise.
static PLUGIN: QrPlugin = QrPlugin {
    flags: 0,
    ..block("bad-other", TYPES, startup)
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
    unsafe { start(name, (min, max), TYPES, &[&LINE, &STATUS], table) }
}

/// The plugin's entry.
#[unsafe(no_mangle)]
pub extern "C" fn quorate_plugin_v1() -> *const QrPlugin {
    &raw const PLUGIN
}
