//! Its Online is pending for a second, and then ends three times: two reports and a return.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use quorate_bad_common::abi::{
    ERROR_IO_PENDING, QrHost, QrInstance, QrPlugin, QrResid, QrStr, QrTable, QrType, QrWork,
};
use quorate_bad_common::{block, kind, start};

static HOST: AtomicPtr<QrHost> = AtomicPtr::new(ptr::null_mut());

/// What an instance is: where the host knows it by, and whether it is online.
struct Twice {
    instance: *const QrInstance,
    online: bool,
}

/// The instance behind a handle.
///
/// # Safety
///
/// `resid` came from `open` and was not closed.
unsafe fn of<'a>(resid: QrResid) -> &'a mut Twice {
    // SAFETY: the caller's promise.
    unsafe { &mut *resid.cast::<Twice>() }
}

extern "C" fn open(_: QrStr, instance: *const QrInstance, resid: *mut QrResid) -> u32 {
    let made = Box::new(Twice {
        instance,
        online: false,
    });
    // SAFETY: the host's place.
    unsafe { resid.write(Box::into_raw(made).cast()) };
    0
}

extern "C" fn close(resid: QrResid) {
    // SAFETY: what `open` gave, once.
    drop(unsafe { Box::from_raw(resid.cast::<Twice>()) });
}

extern "C" fn online(resid: QrResid, work: *mut QrWork) -> u32 {
    // SAFETY: an open instance, and the host's block.
    unsafe {
        if of(resid).online {
            return 0;
        }
        (*work).wait_ms = 1_000;
    }
    ERROR_IO_PENDING
}

extern "C" fn work(resid: QrResid, _: *mut QrWork) -> u32 {
    // SAFETY: an open instance; the host's table stays valid.
    let (twice, host) = unsafe { (of(resid), HOST.load(Ordering::Relaxed).as_ref()) };
    twice.online = true;
    if let Some(report) = host.and_then(|host| host.set_resource_status) {
        for checkpoint in 1..=2 {
            // SAFETY: the host's handle.
            unsafe { report(twice.instance, 0, checkpoint) };
        }
    }
    0
}

extern "C" fn offline(resid: QrResid, _: *mut QrWork) -> u32 {
    // SAFETY: an open instance.
    unsafe { of(resid) }.online = false;
    0
}

extern "C" fn terminate(resid: QrResid) {
    // SAFETY: an open instance.
    unsafe { of(resid) }.online = false;
}

static TYPES: &[QrType] = &[kind("Bad Twice", 0)];
static TABLE: QrTable = QrTable {
    open: Some(open),
    close: Some(close),
    online: Some(online),
    offline: Some(offline),
    terminate: Some(terminate),
    work: Some(work),
    ..quorate_bad_common::TABLE
};
static PLUGIN: QrPlugin = block("bad-twice", TYPES, startup);

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
