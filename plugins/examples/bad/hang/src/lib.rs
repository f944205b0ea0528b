//! A type for each entry: that entry does not return.

use std::ffi::c_void;
use std::{ptr, thread};

use quorate_bad_common::abi::{
    ERROR_GEN_FAILURE, ERROR_INVALID_FUNCTION, ERROR_IO_PENDING, QrInstance, QrResid, QrStr,
    QrTable, QrWork, TYPE_QUORUM_CAPABLE,
};

fn hang() {
    loop {
        thread::park();
    }
}

extern "C" fn open(_: QrStr, _: *const QrInstance, _: *mut QrResid) -> u32 {
    hang();
    0
}
extern "C" fn nothing(_: QrResid) {
    hang();
}
extern "C" fn operate(_: QrResid, _: *mut QrWork) -> u32 {
    hang();
    0
}
extern "C" fn check(_: QrResid) -> u32 {
    hang();
    1
}
extern "C" fn pending(_: QrResid, _: *mut QrWork) -> u32 {
    ERROR_IO_PENDING
}
extern "C" fn control(
    _: QrResid,
    _: u32,
    _: *const u8,
    _: u64,
    _: *mut u8,
    _: u64,
    _: *mut u64,
) -> u32 {
    hang();
    ERROR_INVALID_FUNCTION
}

extern "C" fn type_control(
    _: QrStr,
    _: u32,
    _: *const u8,
    _: u64,
    _: *mut u8,
    _: u64,
    _: *mut u64,
) -> u32 {
    hang();
    ERROR_INVALID_FUNCTION
}
extern "C" fn failing(_: QrResid, _: *mut QrWork) -> u32 {
    ERROR_GEN_FAILURE
}
extern "C" fn last_error(_: QrResid, _: *mut u8, _: u64) -> u64 {
    hang();
    0
}
extern "C" fn extension(_: QrStr) -> *const c_void {
    hang();
    ptr::null()
}
extern "C" fn won(_: QrResid, _: *mut QrWork) -> u32 {
    0
}
extern "C" fn released(_: QrResid) -> u32 {
    0
}

quorate_bad_common::export_types!("bad-hang", |block| block, |table| [
    "Bad Hang Open": QrTable { open: Some(open), ..table },
    "Bad Hang Close": QrTable { close: Some(nothing), ..table },
    "Bad Hang Online": QrTable { online: Some(operate), ..table },
    "Bad Hang Offline": QrTable { offline: Some(operate), ..table },
    "Bad Hang Terminate": QrTable { terminate: Some(nothing), ..table },
    "Bad Hang LooksAlive": QrTable { looks_alive: Some(check), ..table },
    "Bad Hang IsAlive": QrTable { is_alive: Some(check), ..table },
    "Bad Hang Work": QrTable { online: Some(pending), work: Some(operate), ..table },
    "Bad Hang Control": QrTable { resource_control: Some(control), ..table },
    "Bad Hang TypeControl": QrTable { resource_type_control: Some(type_control), ..table },
    "Bad Hang LastError": QrTable { online: Some(failing), last_error: Some(last_error), ..table },
    "Bad Hang Extension": QrTable { get_extension: Some(extension), ..table },
    "Bad Hang Arbitrate" [TYPE_QUORUM_CAPABLE]: QrTable {
        arbitrate: Some(operate), release: Some(released), ..table
    },
    "Bad Hang Release" [TYPE_QUORUM_CAPABLE]: QrTable { arbitrate: Some(won), release: Some(check), ..table },
]);
