//! Begins to go online and never gets there: pending for ever, without getting on.

use quorate_bad_common::abi::{ERROR_IO_PENDING, QrResid, QrTable, QrWork};

extern "C" fn begin(_: QrResid, work: *mut QrWork) -> u32 {
    // SAFETY: the host's structure, for this call.
    unsafe { (*work).wait_ms = 1_000 };
    ERROR_IO_PENDING
}

quorate_bad_common::export!("bad-never", "Bad Never", |block| block, |table| QrTable {
    online: Some(begin),
    work: Some(begin),
    ..table
});
