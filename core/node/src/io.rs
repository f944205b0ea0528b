//! What goes into a node and what comes out: the whole of its contact with a world.

use std::collections::BTreeMap;
use std::sync::Arc;

use quorate_journal::Event;
use quorate_model::control::ControlRequest;
use quorate_model::monitor::{MonitorCommand, MonitorEvent};
use quorate_model::{AdminOp, ClusterDefinition, Name, NodeId, Reason, StartSwitches, Time};
use serde::{Deserialize, Serialize};

use crate::message::Message;
use crate::witness_file::{WitnessReply, WitnessRequest};

/// What a node is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeConfig {
    /// Which of the configured nodes this is.
    pub id: NodeId,
    /// The cluster as installed; used where the disk holds nothing newer.
    pub definition: ClusterDefinition,
    /// Larger at each boot of this node.
    pub incarnation: u64,
    /// Seed of this boot's own generator (election jitter, random placement).
    pub seed: u64,
    /// Civil time, in milliseconds since 1970 UTC, at [`Time::ZERO`] of the clock that `handle` is given.
    pub civil_origin_ms: i64,
    /// How far this machine's local time is ahead of what the cluster's definition says, in minutes; 0 as a rule.
    pub local_shift_minutes: i32,
    /// How the service was asked to start.
    pub switches: StartSwitches,
    /// Whether this node was added to a cluster that existed before. Until it has a copy of the database it waits for
    /// that cluster, and does not vote to form one.
    pub joins: bool,
}

/// The files of the node's own system disk, as they were found at boot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BootImage {
    /// File contents by name.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Something that happened to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A message arrived.
    Message {
        /// Who sent it.
        from: NodeId,
        /// The network it came in on.
        network: Name,
        /// What it says.
        message: Message,
    },
    /// The resource monitor reports.
    Monitor(MonitorEvent),
    /// The resource monitor has answered an [`Output::AskMonitor`].
    MonitorAnswers,
    /// A disk request ended.
    Disk(DiskDone),
    /// The link of the node's own card changed.
    Link {
        /// The card's network.
        network: Name,
        /// Whether the card works.
        up: bool,
    },
    /// The machine's civil time was stepped. No timer runs by it.
    ClockStep {
        /// By so many milliseconds; back, below zero.
        by_ms: i64,
    },
    /// The machine's local time has moved against UTC, as it does when daylight saving begins. No timer runs by it.
    LocalTime {
        /// How far it is ahead of what the cluster's definition says, in minutes, from now on.
        shift_minutes: i32,
    },
    /// An administrator asks for something.
    Admin {
        /// Handed back with the reply.
        request: u64,
        /// What is asked.
        op: AdminOp,
    },
    /// An administrator asks a resource, or a resource type, by a control code.
    Control {
        /// Handed back with the answer.
        request: u64,
        /// What is asked.
        control: ControlRequest,
    },
    /// A file share witness has answered.
    Witness(WitnessReply),
    /// [`Output::Halt`] was carried out: the resource monitor has ended everything, and each resource has answered that
    /// it is down. Given once, after that output; not given where a resource has not answered.
    Ended,
    /// Nothing but time passed.
    Wake,
}

/// Something a node wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send a datagram; it may be lost.
    Send {
        /// To whom.
        to: NodeId,
        /// On which network.
        network: Name,
        /// What.
        message: Message,
    },
    /// Send the same datagram on many ways, in this order; each may be lost.
    SendAll {
        /// To whom, and on which network.
        ways: Arc<[(NodeId, Name)]>,
        /// What.
        message: Message,
    },
    /// Tell the resource monitor.
    Monitor(MonitorCommand),
    /// Ask the resource monitor for a sign of life. It gives it by [`Input::MonitorAnswers`], when it has dealt with what
    /// it was told before.
    AskMonitor,
    /// End the resource monitor with everything that it has started, and start another, which has no resource open.
    ReplaceMonitor,
    /// Use a disk. Requests to one device are carried out in order.
    Disk(DiskRequest),
    /// Ask a file share witness.
    Witness(WitnessRequest),
    /// Something worth a line in the journal.
    Event(Event),
    /// The answer to [`Input::Admin`].
    Reply {
        /// From the request.
        request: u64,
        /// Done (or accepted), or refused and why.
        result: Result<(), Reason>,
    },
    /// The answer to [`Input::Control`]. It comes within [`crate::bounds::CONTROL_PATIENCE`] of the node's own clock.
    Controlled {
        /// From the request.
        request: u64,
        /// What the type, or the resource monitor in its place, answered; or the error with its code.
        result: Result<Vec<u8>, Reason>,
    },
    /// The cluster service has stopped itself. Nothing comes after this. The monitor has been told to
    /// terminate everything; a service control manager starts the service again after a minute.
    Halt {
        /// Why.
        reason: Reason,
        /// Whether the service should be started again: not after an ordered stop or an eviction.
        restart: bool,
    },
}

/// Where a file lives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Device {
    /// The node's own system disk.
    System,
    /// A shared disk, by its name in the definition. Only the holder of its reservation gets through,
    /// and only while it is mounted.
    Shared(Name),
}

/// A request to a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskRequest {
    /// Handed back with the completion.
    pub ticket: u64,
    /// Which disk.
    pub device: Device,
    /// What to do.
    pub op: DiskOp,
}

/// An operation on a disk's files. Each is durable when its completion says so, and not before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiskOp {
    /// Append to a file (made if missing) and flush it. A crash may leave any prefix.
    Append {
        /// File name.
        file: String,
        /// What to add.
        bytes: Vec<u8>,
    },
    /// Replace a file as a whole and flush: a crash leaves the old or the new one.
    Replace {
        /// File name.
        file: String,
        /// The new contents.
        bytes: Vec<u8>,
    },
    /// Cut a file to a length and flush.
    Truncate {
        /// File name.
        file: String,
        /// Bytes to keep.
        len: u64,
    },
    /// Remove a file if it is there.
    Remove {
        /// File name.
        file: String,
    },
    /// Read every file whose name begins with `prefix`.
    ReadAll {
        /// Beginning of the names.
        prefix: String,
    },
}

impl DiskOp {
    /// What it does to the files of a disk that is sound, and what it finds: nothing but for
    /// [`ReadAll`](DiskOp::ReadAll).
    pub fn carry_out(self, files: &mut BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
        match self {
            DiskOp::Append { file, bytes } => files.entry(file).or_default().extend(bytes),
            DiskOp::Replace { file, bytes } => {
                files.insert(file, bytes);
            }
            DiskOp::Truncate { file, len } => {
                if let Some(contents) = files.get_mut(&file) {
                    contents.truncate(usize::try_from(len).unwrap_or(usize::MAX));
                }
            }
            DiskOp::Remove { file } => {
                files.remove(&file);
            }
            DiskOp::ReadAll { prefix } => {
                let found = files.range(prefix.clone()..);
                let found = found.take_while(|(name, _)| name.starts_with(&prefix));
                let copied = found.map(|(name, contents)| (name.clone(), contents.clone()));
                return copied.collect();
            }
        }
        BTreeMap::new()
    }
}

/// How a disk request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskDone {
    /// From the request.
    pub ticket: u64,
    /// The files for [`DiskOp::ReadAll`], nothing for the others; or what went wrong.
    pub result: Result<BTreeMap<String, Vec<u8>>, DiskError>,
}

/// Why a disk refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DiskError {
    /// Another node holds the reservation, or nobody does.
    NotReserved,
    /// Not mounted here.
    NotMounted,
    /// The device does not answer or reports an error.
    Device,
    /// There is no room for it.
    Full,
    /// It takes no writes.
    WriteProtected,
    /// It was written, and could not be flushed. What is on the medium is not known, whatever can be read now.
    NotFlushed,
}

/// What can be read of a node from outside, for status and for the world's checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Whether this node is a member of a cluster that has quorum, as far as it knows.
    pub has_quorum: bool,
    /// Whether this node coordinates and knows that it still does.
    pub coordinates: bool,
    /// The coordinator it follows.
    pub coordinator: Option<NodeId>,
    /// Log term.
    pub term: u64,
    /// View number.
    pub view: u64,
    /// Members of the view.
    pub members: Vec<NodeId>,
    /// How many log entries were applied, and the digest of all of them in order.
    pub applied: (u64, u64),
    /// The highest log position this node knows to be committed.
    pub committed: u64,
    /// Since when (own clock) it has had no quorum.
    pub without_quorum_since: Option<Time>,
}
