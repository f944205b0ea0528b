//! What nodes say to each other.

use serde::{Deserialize, Serialize};

/// A datagram between two nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// Placeholder until the node is in place.
    Nothing,
}
