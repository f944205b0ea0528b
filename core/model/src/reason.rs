//! A reason, with its error code.

use serde::{Deserialize, Serialize};

/// Why something happened, went wrong or was refused. This is the one type for it, from a plugin's service call to
/// the answer that an administrator gets. It keeps the original's code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// A code of the original's, such as 5038 (resource failed) or 5050 (cluster node is down): see
    /// [`errors`](crate::errors). 0 where none fits, and never for an error.
    pub code: u32,
    /// One sentence: for a refusal what was refused, why, and what to do.
    pub text: String,
}

impl Reason {
    /// A reason with its code.
    pub fn new(code: u32, text: impl Into<String>) -> Self {
        Reason {
            code,
            text: text.into(),
        }
    }
}
