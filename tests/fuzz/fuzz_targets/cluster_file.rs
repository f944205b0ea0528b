//! Cluster files.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| quorate_model::fuzzing::cluster_file(bytes));
