//! Takes a time to go online that it draws from the process's own randomness, as a hash map's order would have it.

use std::hash::{BuildHasher, Hasher, RandomState};

use quorate_bad_common::abi::{ERROR_IO_PENDING, QrInstance, QrResid, QrStr, QrTable, QrWork};

/// Whether it is online.
struct Chance(bool);

/// The instance behind a handle.
///
/// # Safety
///
/// `resid` came from `open` and was not closed.
unsafe fn of<'a>(resid: QrResid) -> &'a mut Chance {
    // SAFETY: the caller's promise.
    unsafe { &mut *resid.cast::<Chance>() }
}

extern "C" fn open(_: QrStr, _: *const QrInstance, resid: *mut QrResid) -> u32 {
    // SAFETY: the host's place.
    unsafe { resid.write(Box::into_raw(Box::new(Chance(false))).cast()) };
    0
}

extern "C" fn close(resid: QrResid) {
    // SAFETY: what `open` gave, once.
    drop(unsafe { Box::from_raw(resid.cast::<Chance>()) });
}

extern "C" fn online(resid: QrResid, work: *mut QrWork) -> u32 {
    let drawn = RandomState::new().build_hasher().finish() % 30_000;
    // SAFETY: an open instance, and the host's block.
    unsafe {
        if of(resid).0 {
            return 0;
        }
        (*work).wait_ms = 1 + drawn as u32;
    }
    ERROR_IO_PENDING
}

extern "C" fn work(resid: QrResid, _: *mut QrWork) -> u32 {
    // SAFETY: an open instance.
    unsafe { of(resid) }.0 = true;
    0
}

extern "C" fn offline(resid: QrResid, _: *mut QrWork) -> u32 {
    // SAFETY: an open instance.
    unsafe { of(resid) }.0 = false;
    0
}

extern "C" fn terminate(resid: QrResid) {
    // SAFETY: an open instance.
    unsafe { of(resid) }.0 = false;
}

quorate_bad_common::export!("bad-chance", "Bad Chance", |block| block, |table| QrTable {
    open: Some(open),
    close: Some(close),
    online: Some(online),
    offline: Some(offline),
    terminate: Some(terminate),
    work: Some(work),
    ..table
});
