//! Sealed envelopes between real machines.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| quorate_wire::fuzzing::envelope(bytes));
