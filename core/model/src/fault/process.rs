//! Faults of the processes behind a resource.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Repair, micros};
use crate::Name;

/// The processes behind a resource fail, or their program or script is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum ProcessFault {
    /// The processes of a resource died. There is nothing to heal.
    ServiceCrash {
        /// The resource.
        resource: Name,
    },
    /// The processes of a resource run but answer nothing, and do not stop when asked to. Healing lets
    /// those that still run answer again.
    Hang {
        /// The resource.
        resource: Name,
    },
    /// The processes of a resource answer late. Healing lets those that still run answer in time.
    SlowAnswers {
        /// The resource.
        resource: Name,
        /// How much later.
        #[serde(with = "micros")]
        delay: Duration,
    },
    /// The processes of a resource answer everybody with an error. Healing lets those that still run answer properly.
    WrongAnswers {
        /// The resource.
        resource: Name,
    },
    /// The processes of a resource answer a request with this text, on whichever node, also those that start later. Healing
    /// lets them answer it as they would.
    Answers {
        /// The resource.
        resource: Name,
        /// The request, without the end of its line.
        request: String,
        /// The first line of the answer.
        text: String,
    },
    /// The next starts of a resource's processes fail, on whichever node.
    FailStarts {
        /// The resource.
        resource: Name,
        /// How many starts still fail.
        left: u32,
    },
    /// The processes of a resource start more slowly.
    SlowStart {
        /// The resource.
        resource: Name,
        /// Extra time for each start.
        #[serde(with = "micros")]
        delay: Duration,
    },
    /// A machine's copy of a resource's script is gone. Healing puts it back.
    ScriptLost {
        /// The machine.
        node: Name,
        /// The script's path, as resources name it.
        path: String,
    },
}

impl ProcessFault {
    /// The resource, or the machine that lost a script.
    pub fn subject(&self) -> &Name {
        match self {
            ProcessFault::ServiceCrash { resource }
            | ProcessFault::Hang { resource }
            | ProcessFault::SlowAnswers { resource, .. }
            | ProcessFault::WrongAnswers { resource }
            | ProcessFault::Answers { resource, .. }
            | ProcessFault::FailStarts { resource, .. }
            | ProcessFault::SlowStart { resource, .. } => resource,
            ProcessFault::ScriptLost { node, .. } => node,
        }
    }

    pub(super) fn stands(&self) -> bool {
        match self {
            ProcessFault::ServiceCrash { .. } => false,
            ProcessFault::Hang { .. }
            | ProcessFault::SlowAnswers { .. }
            | ProcessFault::WrongAnswers { .. }
            | ProcessFault::Answers { .. }
            | ProcessFault::FailStarts { .. }
            | ProcessFault::SlowStart { .. }
            | ProcessFault::ScriptLost { .. } => true,
        }
    }

    pub(super) fn is_mended_by(&self, repair: &Repair) -> bool {
        match self {
            ProcessFault::Hang { resource }
            | ProcessFault::SlowAnswers { resource, .. }
            | ProcessFault::WrongAnswers { resource }
            | ProcessFault::Answers { resource, .. }
            | ProcessFault::FailStarts { resource, .. }
            | ProcessFault::SlowStart { resource, .. } => {
                matches!(repair, Repair::Process(it) if it == resource)
            }
            ProcessFault::ServiceCrash { .. } | ProcessFault::ScriptLost { .. } => false,
        }
    }
}

impl fmt::Display for ProcessFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProcessFault::ServiceCrash { resource } => {
                write!(f, "the service of {resource} crashes")
            }
            ProcessFault::Hang { resource } => write!(f, "the service of {resource} hangs"),
            ProcessFault::SlowAnswers { resource, delay } => {
                write!(f, "the service of {resource} answers {delay:?} later")
            }
            ProcessFault::WrongAnswers { resource } => {
                write!(f, "the service of {resource} answers with errors")
            }
            ProcessFault::Answers {
                resource,
                request,
                text,
            } => write!(
                f,
                "the service of {resource} answers {request:?} with {text:?}"
            ),
            ProcessFault::FailStarts { resource, left } => write!(
                f,
                "the next {left} starts of the service of {resource} fail"
            ),
            ProcessFault::SlowStart { resource, delay } => {
                write!(f, "the service of {resource} starts {delay:?} later")
            }
            ProcessFault::ScriptLost { node, path } => write!(f, "{node} loses its copy of {path}"),
        }
    }
}
