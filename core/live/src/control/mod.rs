//! `quorate ctl` and the node it talks to: questions and answers, one JSON object a line, over a Unix socket.
//!
//! Everybody who reaches the socket may read. Orders are taken from root, from the user that the node runs as, and from
//! the group that the node file names.

mod client;
mod peers;
mod server;
mod status;

use std::sync::Arc;
use std::sync::mpsc::Sender;

use quorate_journal::Entry;
use quorate_model::AdminOp;
use serde::{Deserialize, Serialize};

pub use client::{Client, ClientError};
pub(crate) use peers::Admins;
pub use server::ControlError;
pub(crate) use server::{Owed, serve};
pub use status::{Counts, LiveStatus, NetworkCounts};
pub(crate) use status::{Kept, status_of};

/// What can be asked of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Request {
    /// How the cluster is, as this node sees it.
    Status,
    /// Everything that happens on this node, from now on.
    Watch,
    /// An order for the cluster, through this node.
    Order {
        /// The order.
        op: AdminOp,
    },
    /// Stop the cluster service of this node, after its groups have moved away, and end its process.
    Stop,
}

impl Request {
    /// Whether it changes anything.
    pub fn changes(&self) -> bool {
        match self {
            Request::Status | Request::Watch => false,
            Request::Order { .. } | Request::Stop => true,
        }
    }
}

/// A question by the control socket.
#[derive(Debug)]
pub(crate) struct Asked {
    /// What is asked.
    pub(crate) request: Request,
    /// Where the answers go: one, or one after the other for who watches.
    pub(crate) answers: Sender<Response>,
}

/// Takes a question. Returns false once nobody answers any more.
pub(crate) type Hear = Arc<dyn Fn(Asked) -> bool + Send + Sync>;

/// What a node answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Response {
    /// How the cluster is.
    Status(Box<LiveStatus>),
    /// Something that happened; more follow.
    Happened {
        /// As it stands in the journal.
        entry: Entry,
    },
    /// It was done, or accepted where it takes time.
    Done,
    /// The cluster, or the node, does not do it.
    Refused {
        /// The original's error code.
        code: u32,
        /// Why.
        text: String,
    },
    /// Nobody knows what became of it: the service ended before it answered.
    Lost {
        /// What is known.
        text: String,
    },
}
