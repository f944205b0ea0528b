//! Key files.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| quorate_wire::fuzzing::key_file(bytes));
