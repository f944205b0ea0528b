//! Its table says that it ends after `online`: what lies behind must not be read.

use std::mem::offset_of;

use quorate_bad_common::abi::QrTable;

quorate_bad_common::export!("bad-table", "Bad Table", |block| block, |table| QrTable {
    size: offset_of!(QrTable, offline) as u32,
    ..table
});
