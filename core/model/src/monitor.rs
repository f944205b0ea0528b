//! What the cluster service and the resource monitor of one node say to each other.
//!
//! The monitor is a process of its own in the original and may be one here: both enums are plain data.

use serde::{Deserialize, Serialize};

use crate::control::{ControlCode, ControlOf};
use crate::{Checkpoints, Name, Reason, ResourceProperties, ResourceState};

/// A resource as its monitor has to know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceSpec {
    /// The resource's name.
    pub name: Name,
    /// The resource type's name, such as `Physical Disk`.
    pub kind: Name,
    /// The group it lives in.
    pub group: Name,
    /// The resources it depends on, in the order of the definition.
    pub depends_on: Vec<Name>,
    /// Common and private properties.
    pub properties: ResourceProperties,
}

/// From the cluster service to its resource monitor. None of these blocks: answers are [`MonitorEvent`]s.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MonitorCommand {
    /// Creates an instance and leaves its resource offline. Opening an open resource replaces its spec.
    Open(ResourceSpec),
    /// New properties for an open instance; what a type reads only at Online takes effect there.
    Update(ResourceSpec),
    /// This node becomes the owner of a resource: the checkpoints that the database holds for it replace those that
    /// the monitor had.
    Restore {
        /// Which resource.
        resource: Name,
        /// All of them.
        checkpoints: Checkpoints,
    },
    /// Destroy the instance. A resource that is online is terminated first.
    Close {
        /// Which resource.
        resource: Name,
    },
    /// Bring into service.
    Online {
        /// Which resource.
        resource: Name,
    },
    /// Take out of service gracefully.
    Offline {
        /// Which resource.
        resource: Name,
    },
    /// Take out of service at once, cancelling what is under way. Ends Offline.
    Terminate {
        /// Which resource.
        resource: Name,
    },
    /// The administrator's "initiate failure": Failed at once, Terminate called.
    Fail {
        /// Which resource.
        resource: Name,
    },
    /// Gain the reservation of a quorum-capable resource and go on defending it.
    Arbitrate {
        /// Which resource.
        resource: Name,
    },
    /// Stop defending and give the reservation up.
    Release {
        /// Which resource.
        resource: Name,
    },
    /// A control code for a resource's instance, in whatever state, or for a type as a whole.
    Control {
        /// Which.
        of: ControlOf,
        /// The code.
        code: ControlCode,
        /// Handed back with the answer.
        request: u64,
        /// Input bytes.
        input: Vec<u8>,
    },
}

impl MonitorCommand {
    /// The resource the command is about; `None` if it is about a type.
    pub fn resource(&self) -> Option<&Name> {
        match self {
            Self::Open(spec) | Self::Update(spec) => Some(&spec.name),
            Self::Restore { resource, .. }
            | Self::Close { resource }
            | Self::Online { resource }
            | Self::Offline { resource }
            | Self::Terminate { resource }
            | Self::Fail { resource }
            | Self::Arbitrate { resource }
            | Self::Release { resource }
            | Self::Control {
                of: ControlOf::Resource(resource),
                ..
            } => Some(resource),
            Self::Control {
                of: ControlOf::Type(_),
                ..
            } => None,
        }
    }
}

/// From the resource monitor to its cluster service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MonitorEvent {
    /// A resource changed state on this node. Every change is reported, the pending ones too.
    State {
        /// Which resource.
        resource: Name,
        /// Its state now.
        state: ResourceState,
        /// Why, where the change was not simply what was asked for.
        reason: Option<Reason>,
    },
    /// The answer to [`MonitorCommand::Arbitrate`].
    Arbitrated {
        /// Which resource.
        resource: Name,
        /// Won, or why not.
        result: Result<(), Reason>,
    },
    /// A reservation that was won and defended is gone.
    QuorumLost {
        /// Which resource.
        resource: Name,
        /// What was seen.
        reason: Reason,
    },
    /// The answer to [`MonitorCommand::Control`].
    Controlled {
        /// From the command.
        request: u64,
        /// Output bytes, or why not.
        result: Result<Vec<u8>, Reason>,
    },
    /// A resource type stored a checkpoint. This comes before any change of state that the same call caused.
    Checkpoint {
        /// Which resource.
        resource: Name,
        /// The checkpoint's key.
        key: String,
        /// Its bytes; none where it was taken away.
        bytes: Vec<u8>,
    },
    /// What a resource type wrote to the cluster log.
    Log {
        /// Which resource.
        resource: Name,
        /// 0 information, 1 warning, 2 error, 3 severe.
        level: u32,
        /// At most 500 characters.
        text: String,
    },
    /// Something the administrator should see.
    Notice {
        /// The original's system event id, or 0.
        id: u32,
        /// The text.
        text: String,
    },
    /// A health check ran. Only failing and first answers are reported, so that journals stay readable.
    Health {
        /// Which resource.
        resource: Name,
        /// `LooksAlive` or `IsAlive`.
        check: HealthCheck,
        /// What it said.
        alive: bool,
        /// Why not, where the type said why.
        reason: Option<Reason>,
    },
}

/// The two health checks of a resource type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HealthCheck {
    /// The cheap one.
    LooksAlive,
    /// The thorough one, whose "no" means Failed.
    IsAlive,
}
