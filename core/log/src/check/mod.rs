//! The invariants a cluster of logs is held against.
