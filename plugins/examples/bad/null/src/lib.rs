//! Going online it writes to an address at which there is nothing: the process it runs in dies.

use std::ptr;

use quorate_bad_common::abi::{QrResid, QrTable, QrWork};

extern "C" fn online(_: QrResid, _: *mut QrWork) -> u32 {
    // Not 0 itself, which a debug build catches: a field of a structure at 0.
    let field = ptr::without_provenance_mut::<u64>(8);
    // SAFETY: none; it crashes, as it is meant to.
    unsafe { field.write_volatile(1) };
    0
}

quorate_bad_common::export!("bad-null", "Bad Null", |block| block, |table| QrTable {
    online: Some(online),
    ..table
});
