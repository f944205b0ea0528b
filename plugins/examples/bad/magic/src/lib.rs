//! Its block begins with the wrong word: the host must look no further.

use quorate_bad_common::abi::QrPlugin;

quorate_bad_common::export!(
    "bad-magic",
    "Bad Magic",
    |block| QrPlugin {
        magic: 0x0bad_f00d,
        ..block
    },
    |table| table
);
