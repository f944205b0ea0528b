//! Why something is as it is, with its code.

use serde::{Deserialize, Serialize};

/// Why something happened, went wrong or was refused: the one form in which that is told, from a plugin's service call to an
/// administrator's answer. It keeps the original's code.
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
