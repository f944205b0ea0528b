//! The frames of a resource monitor process.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| quorate_host::fuzzing::frames(bytes));
