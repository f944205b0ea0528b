//! `quorate ctl` and the node it talks to: questions and answers, one JSON object a line, over a Unix socket.
//!
//! Everybody who reaches the socket may read. Orders are taken from root, from the user that the node runs as, and from
//! the group that the node file names.

mod client;
mod peers;
mod plugins;
mod server;
mod status;

use std::sync::Arc;
use std::sync::mpsc::Sender;

use quorate_journal::Entry;
use quorate_model::control::ControlRequest;
use quorate_model::{AdminOp, Name};
use serde::{Deserialize, Serialize};

pub use client::{Client, ClientError};
pub(crate) use peers::Admins;
pub use plugins::{PluginReloaded, PluginState};
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
    /// Ask a resource, or a resource type, by a control code.
    Control {
        /// What is asked.
        control: ControlRequest,
    },
    /// The plugins as this node has them.
    Plugins,
    /// Read the file of a plugin again. Nothing is stopped: a resource runs what is new when it is next brought online.
    ReloadPlugins {
        /// Which plugin; without a name, each whose file has changed.
        plugin: Option<String>,
    },
    /// End the quarantine of a plugin on this node.
    ReleasePlugin {
        /// Which plugin.
        plugin: String,
    },
    /// Stop the cluster service of this node, after its groups have moved away, and end its process.
    Stop,
}

impl Request {
    /// Whether it changes anything.
    pub fn changes(&self) -> bool {
        match self {
            Request::Status | Request::Watch | Request::Plugins => false,
            // The well-known codes ask, and no more. Of others nobody knows what they do.
            Request::Control { control } => control.code.name().is_none(),
            Request::Order { .. }
            | Request::ReloadPlugins { .. }
            | Request::ReleasePlugin { .. }
            | Request::Stop => true,
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
    /// What a resource or a resource type has said to a control code.
    Said {
        /// The bytes.
        bytes: Vec<u8>,
        /// The same as a text, if it is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// The plugins.
    Plugins {
        /// The node that has them.
        node: Name,
        /// In the order in which they were found.
        plugins: Vec<PluginState>,
    },
    /// The plugins that were read again.
    Reloaded {
        /// None if no file has changed.
        plugins: Vec<PluginReloaded>,
    },
    /// The cluster, the node or the resource does not do it.
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
