//! Closes every descriptor of the process in `online`, as a program that becomes a daemon does: most are not its own.

use quorate_bad_common::abi::{QrResid, QrTable, QrWork};

extern "C" fn online(_: QrResid, _: *mut QrWork) -> u32 {
    for descriptor in 3..256 {
        // SAFETY: no memory is touched; whoever owns the descriptor uses another file afterwards, or none, which is what is
        // wrong.
        unsafe { libc::close(descriptor) };
    }
    0
}

quorate_bad_common::export!("bad-closes", "Bad Closes", |block| block, |table| QrTable {
    online: Some(online),
    ..table
});
