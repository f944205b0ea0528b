//! Libraries, before any of their code runs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| quorate_host::fuzzing::library(bytes));
