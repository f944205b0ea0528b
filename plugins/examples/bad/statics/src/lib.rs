//! Counts its instances in a `static` and says so: every node must get a copy of its own. Online fails with the
//! count, so that a test can read it.

use std::sync::atomic::{AtomicU32, Ordering};

use quorate_bad_common::abi::{QrInstance, QrPlugin, QrResid, QrStr, QrTable, QrWork};

static OPENED: AtomicU32 = AtomicU32::new(0);

extern "C" fn open(_: QrStr, _: *const QrInstance, _: *mut QrResid) -> u32 {
    OPENED.fetch_add(1, Ordering::Relaxed);
    0
}

extern "C" fn online(_: QrResid, _: *mut QrWork) -> u32 {
    OPENED.load(Ordering::Relaxed)
}

quorate_bad_common::export!(
    "bad-statics",
    "Bad Statics",
    |block| QrPlugin { flags: 0, ..block },
    |table| QrTable {
        open: Some(open),
        online: Some(online),
        ..table
    }
);
