//! Its table has no `is_alive`, which cannot be done without.

use quorate_bad_common::abi::QrTable;

quorate_bad_common::export!("bad-entry", "Bad Entry", |block| block, |table| QrTable {
    is_alive: None,
    ..table
});
