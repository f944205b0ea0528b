//! The rules that a cluster definition is checked against.

/// Every rule.
pub const CATALOGUE: &[&str] = &[];
