//! Why there is nothing to ask.

use quorate_drill::Finding;
use quorate_live::{Client, ClientError, LiveStatus, Request, Response};

/// Why a question cannot be put.
pub(super) enum Unusable {
    /// What was typed, or a file that it names.
    Arguments(String),
    /// What is wrong with a file, and what follows from that.
    Findings(Vec<Finding>, String),
    /// The node.
    Client(ClientError),
}

impl From<ClientError> for Unusable {
    fn from(error: ClientError) -> Self {
        Unusable::Client(error)
    }
}

/// How the cluster is.
pub(super) fn status(client: &mut Client) -> Result<LiveStatus, Unusable> {
    match client.ask(&Request::Status)? {
        Response::Status(status) => Ok(*status),
        other => Err(Unusable::Arguments(format!(
            "the node gave no status: {other:?}"
        ))),
    }
}
