//! Datagrams between nodes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| quorate_node::fuzzing::datagram(bytes));
