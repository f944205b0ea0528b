//! The block that a plugin hands out.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| quorate_host::fuzzing::block(bytes));
