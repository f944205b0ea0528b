//! What happens around the nodes.

use quorate_model::{Fault, FaultId, Name};
use serde::{Deserialize, Serialize};

use crate::words::{ReservationChange, ServiceEnd, ServiceStep, Verdict};

crate::described::described! {
/// What happens in the world outside the nodes' own logic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum WorldEvent {
    /// Something was broken.
    FaultInjected {
        /// Its number.
        id: FaultId,
        /// The name of what was broken.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<Name>,
        /// What was broken.
        fault: Fault,
        /// The same as a sentence.
        text: String,
    },
    /// A fault was healed.
    FaultHealed {
        /// Its number.
        id: FaultId,
        /// The name of what had been broken.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<Name>,
        /// What had been broken.
        fault: Fault,
    },
    /// A machine was switched on, or went off.
    Power {
        /// Whether it is on now.
        on: bool,
        /// Why.
        reason: String,
    },
    /// A machine stood still, or went on.
    Frozen {
        /// Whether it stands still now.
        frozen: bool,
    },
    /// The process of the cluster service started or ended.
    ClusterService {
        /// Whether it runs now.
        running: bool,
        /// Why.
        reason: String,
    },
    /// A machine refused a datagram that was damaged on its way. Said of the first on each network, the tenth, the
    /// hundredth and so on.
    DatagramRefused {
        /// The network.
        network: Name,
        /// Who sent it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sender: Option<Name>,
        /// What is wrong with it.
        reason: String,
        /// How many there were on this network until now.
        count: u64,
    },
    /// Everything that belongs to the cluster was taken off a machine (forcecleanup).
    CleanedUp {},
    /// A service behind a resource changed state.
    Service {
        /// The resource.
        subject: Name,
        /// The service's name.
        service: String,
        /// The state before.
        from: ServiceStep,
        /// The state now.
        to: ServiceStep,
        /// Why, where it was not simply asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<ServiceEnd>,
        /// What it was given at its start.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        parameters: String,
        /// The directory it was started in, where one was named.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        directory: String,
    },
    /// A disk's reservation was taken, given up or broken.
    Reservation {
        /// The disk.
        subject: Name,
        /// The node that held it before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Name>,
        /// The node that holds it now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Name>,
        /// How.
        how: ReservationChange,
    },
    /// A disk was mounted or dismounted.
    Mount {
        /// The disk.
        subject: Name,
        /// Whether it is mounted on the node now.
        mounted: bool,
    },
    /// An address was plumbed or taken away.
    Address {
        /// The address.
        subject: String,
        /// Its network.
        network: Name,
        /// Whether it is plumbed on the node now.
        plumbed: bool,
    },
    /// A network name resolves to something else now.
    NameResolves {
        /// The network name.
        subject: String,
        /// To what; `None` when it is gone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    /// An administrator asked for something.
    Asked {
        /// The request's number.
        request: u64,
        /// What was asked.
        text: String,
    },
    /// An administrator was answered.
    Answered {
        /// The request's number.
        request: u64,
        /// The error code, or 0.
        code: u32,
        /// Why it was refused, or what a control code gave.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// What clients feel changed.
    Client {
        /// The group.
        subject: Name,
        /// How many users call it.
        users: u32,
        /// Whether they are answered now.
        answered: bool,
        /// Whether answers take longer than 250 ms, or some users get none: five times what an idle node takes, which
        /// is what a node at 80 % of its capacity takes.
        #[serde(default)]
        slow: bool,
        /// Why not, or why slowly.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A group came into full service or left it, by what a client would find.
    ServiceLevel {
        /// The group.
        subject: Name,
        /// Whether every resource of it is online, and in reach, on one running node.
        online: bool,
        /// Where it left service, whether somebody wanted that: an administrator's move or offline, an ordered stop of
        /// its node's service, or a failback.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        planned: Option<bool>,
    },
    /// A fault moved or stopped a group that it was not about.
    Disturbed {
        /// The group.
        subject: Name,
    },
    /// A drill ended.
    End {
        /// How many groups were disturbed in it.
        disturbed: usize,
        /// Which.
        groups: Vec<Name>,
        /// The plugins that ran threads of their own, so that the drill does not repeat.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unrepeatable: Vec<String>,
    },
    /// What a drill showed.
    Verdict {
        /// The drill's name.
        drill: String,
        /// Its script, as it was named.
        file: String,
        /// How it ended.
        verdict: Verdict,
        /// Why, where it did not pass.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// The place in the script: file, line and column.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<String>,
        /// The command that runs it again.
        repeat: String,
    },
    /// A drill's step begins.
    Step {
        /// Its title.
        title: String,
    },
    /// A drill's remark.
    Note {
        /// Its text.
        text: String,
    },
    /// Something in a drill showed nothing.
    Remark {
        /// What it is about, such as `held-at-once`.
        rule: String,
        /// One sentence.
        text: String,
    },
    /// An invariant does not hold.
    Breach {
        /// Which invariant.
        invariant: String,
        /// What was seen.
        text: String,
        /// The event after which it was seen.
        cause: String,
    },
}
}
