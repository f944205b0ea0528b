//! Streams between real machines, at either end.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| quorate_wire::fuzzing::stream(bytes));
