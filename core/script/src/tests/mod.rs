//! Tests of the whole crate on a fake cluster.
