//! Says that it was compiled against version 2.0 of the contract.

use quorate_bad_common::abi::QrPlugin;

quorate_bad_common::export!(
    "bad-abi",
    "Bad ABI",
    |block| QrPlugin {
        abi_version: 0x200,
        ..block
    },
    |table| table
);
