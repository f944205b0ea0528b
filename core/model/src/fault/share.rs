//! Faults of the file share witness.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Repair, micros};
use crate::Name;

/// A file share witness does not answer, or has forgotten what it promised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum ShareFault {
    /// The file server does not answer.
    Share {
        /// The share, as `MNSFileShare` names it.
        share: Name,
    },
    /// The file server answers late: half of the delay comes before it carries the request out, and half after.
    SlowShare {
        /// The share.
        share: Name,
        /// Extra time for each request.
        #[serde(with = "micros")]
        delay: Duration,
    },
    /// One node does not get through to the file server.
    SharePath {
        /// The share.
        share: Name,
        /// The node.
        node: Name,
    },
    /// The file is gone. There is nothing to heal.
    ShareLost {
        /// The share.
        share: Name,
    },
}

impl ShareFault {
    /// The share.
    pub fn subject(&self) -> &Name {
        match self {
            ShareFault::Share { share }
            | ShareFault::SlowShare { share, .. }
            | ShareFault::SharePath { share, .. }
            | ShareFault::ShareLost { share } => share,
        }
    }

    pub(super) fn stands(&self) -> bool {
        match self {
            ShareFault::Share { .. }
            | ShareFault::SlowShare { .. }
            | ShareFault::SharePath { .. } => true,
            ShareFault::ShareLost { .. } => false,
        }
    }

    pub(super) fn is_mended_by(&self, repair: &Repair) -> bool {
        self.stands() && matches!(repair, Repair::Share(share) if share == self.subject())
    }
}

impl fmt::Display for ShareFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShareFault::Share { share } => write!(f, "file share {share} does not answer"),
            ShareFault::SlowShare { share, delay } => {
                write!(f, "file share {share} answers {delay:?} late")
            }
            ShareFault::SharePath { share, node } => {
                write!(f, "{node} does not get through to file share {share}")
            }
            ShareFault::ShareLost { share } => write!(f, "the witness file on {share} is lost"),
        }
    }
}
