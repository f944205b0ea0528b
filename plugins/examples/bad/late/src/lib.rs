//! Keeps the last instance that was closed in mind, and reports on it when the next one is opened.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use quorate_bad_common::abi::{QrHost, QrInstance, QrPlugin, QrResid, QrStr, QrTable, QrType};
use quorate_bad_common::{block, kind, start};

static HOST: AtomicPtr<QrHost> = AtomicPtr::new(ptr::null_mut());
static CLOSED: AtomicPtr<QrInstance> = AtomicPtr::new(ptr::null_mut());

extern "C" fn open(_: QrStr, instance: *const QrInstance, resid: *mut QrResid) -> u32 {
    let closed = CLOSED.swap(ptr::null_mut(), Ordering::Relaxed);
    // SAFETY: the host's table stays valid.
    let host = unsafe { HOST.load(Ordering::Relaxed).as_ref() };
    if let Some(report) = host.and_then(|host| host.set_resource_status)
        && !closed.is_null()
    {
        // SAFETY: the host follows no handle.
        unsafe { report(closed, 0, 1) };
    }
    // SAFETY: the host's place.
    unsafe { resid.write(instance.cast_mut().cast()) };
    0
}

extern "C" fn close(resid: QrResid) {
    CLOSED.store(resid.cast(), Ordering::Relaxed);
}

static TYPES: &[QrType] = &[kind("Bad Late", 0)];
static TABLE: QrTable = QrTable {
    open: Some(open),
    close: Some(close),
    ..quorate_bad_common::TABLE
};
// It keeps state of its own, so it does not claim otherwise.
static PLUGIN: QrPlugin = QrPlugin {
    flags: 0,
    ..block("bad-late", TYPES, startup)
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
