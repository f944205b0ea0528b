//! Faults of the name server.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Repair, micros};

/// The name server, which clients and nodes reach over any public network, fails or misbehaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum NameFault {
    /// It does not answer: names neither resolve nor can be registered.
    NamesSilent,
    /// It refuses every registration. Names that are registered still resolve.
    NamesRefused,
    /// Each answer takes longer.
    NamesSlow {
        /// The extra time.
        #[serde(with = "micros")]
        delay: Duration,
    },
}

impl NameFault {
    pub(super) fn is_mended_by(&self, repair: &Repair) -> bool {
        match self {
            NameFault::NamesSilent | NameFault::NamesRefused | NameFault::NamesSlow { .. } => {
                *repair == Repair::Names
            }
        }
    }
}

impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameFault::NamesSilent => write!(f, "the name server falls silent"),
            NameFault::NamesRefused => write!(f, "the name server refuses registrations"),
            NameFault::NamesSlow { delay } => {
                write!(f, "the name server takes {delay:?} to answer")
            }
        }
    }
}
