//! Hands out a table of version 3.0, whatever it was asked for.

use quorate_bad_common::abi::QrTable;

quorate_bad_common::export!("bad-version", "Bad Version", |block| block, |table| {
    QrTable {
        version: 0x300,
        ..table
    }
});
