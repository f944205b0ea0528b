//! What a drill may break. A fault changes the world; it never dictates what a plugin or a node answers.

use std::fmt;
use std::time::Duration;

use quorate_model::Name;
use serde::Serialize;

/// The number of an injected fault, with which it is healed. Numbers count up from 1 and are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct FaultId(pub u64);

impl fmt::Display for FaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Something broken. Faults overlap freely: a card works when no active fault says otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Fault {
    /// A machine lost power. Healing switches it on.
    Crash {
        /// The machine.
        node: Name,
    },
    /// A machine stands still. Healing thaws it.
    Freeze {
        /// The machine.
        node: Name,
    },
    /// The cluster service's process was killed. Healing starts the service.
    ServiceStop {
        /// The machine.
        node: Name,
    },
    /// A network card is broken.
    Card {
        /// The machine.
        node: Name,
        /// The card's network.
        network: Name,
    },
    /// A network carries nothing.
    Network {
        /// The network.
        network: Name,
    },
    /// A network loses datagrams.
    Loss {
        /// The network.
        network: Name,
        /// How many of a million.
        per_million: u32,
    },
    /// A network's one-way latency, in place of its own.
    Latency {
        /// The network.
        network: Name,
        /// The latency.
        #[serde(serialize_with = "micros")]
        latency: Duration,
    },
    /// Datagrams from one node to another do not arrive, in the direction given.
    Cut {
        /// The network; `None` is every network.
        #[serde(skip_serializing_if = "Option::is_none")]
        network: Option<Name>,
        /// Sender and receiver.
        links: Vec<(Name, Name)>,
    },
    /// A network's DHCP server does not answer.
    Dhcp {
        /// The network.
        network: Name,
    },
    /// A disk reports errors.
    Disk {
        /// The disk.
        disk: Name,
    },
    /// Part of a file is not what was written, or gone. There is nothing to heal.
    FileDamage {
        /// The shared disk, or the machine whose system disk it is.
        disk: Name,
        /// The file.
        file: String,
        /// What is wrong with it.
        damage: Damage,
    },
    /// Everything on a machine's system disk is gone. There is nothing to heal.
    Wipe {
        /// The machine.
        node: Name,
    },
    /// A machine is going to lose power in the middle of its next write to a file. Healing before that takes it
    /// back; afterwards it switches the machine on.
    CrashWriting {
        /// The machine.
        node: Name,
        /// The file, on whichever disk.
        file: String,
        /// How many bytes of the write are on the disk then.
        kept: u64,
    },
    /// A disk takes longer.
    SlowDisk {
        /// The disk.
        disk: Name,
        /// What each request takes on top.
        #[serde(serialize_with = "micros")]
        delay: Duration,
    },
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
    /// The next starts of a resource's processes fail, on whichever node.
    FailStarts {
        /// The resource.
        resource: Name,
        /// How many are left.
        left: u32,
    },
    /// The processes of a resource start more slowly.
    SlowStart {
        /// The resource.
        resource: Name,
        /// What a start takes on top.
        #[serde(serialize_with = "micros")]
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

/// What may be wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Damage {
    /// A bit of one byte is flipped.
    FlippedBit {
        /// Which byte, from 0; the one in the middle if none is named.
        #[serde(skip_serializing_if = "Option::is_none")]
        byte: Option<u64>,
    },
    /// The last bytes never got to the disk.
    LostTail {
        /// How many.
        bytes: u64,
    },
    /// There is no such file any more.
    Lost,
}

fn micros<S: serde::Serializer>(span: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(span.as_micros()).unwrap_or(u64::MAX))
}

impl fmt::Display for Fault {
    /// One sentence without a full stop, such as `NODE3 loses power`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Crash { node } => write!(f, "{node} loses power"),
            Fault::Freeze { node } => write!(f, "{node} freezes"),
            Fault::ServiceStop { node } => write!(f, "the cluster service of {node} is killed"),
            Fault::Card { node, network } => write!(f, "{node}'s card in {network} breaks"),
            Fault::Network { network } => write!(f, "network {network} fails"),
            Fault::Loss {
                network,
                per_million,
            } => {
                write!(
                    f,
                    "network {network} loses {} % of datagrams",
                    f64::from(*per_million) / 1e4
                )
            }
            Fault::Latency { network, latency } => {
                write!(f, "network {network} takes {latency:?} one way")
            }
            Fault::Cut { network, links } => {
                let links: Vec<String> = links
                    .iter()
                    .map(|(from, to)| format!("{from} to {to}"))
                    .collect();
                let network = network.as_ref().map_or("every network", Name::as_str);
                write!(f, "cut on {network}: {}", links.join(", "))
            }
            Fault::Dhcp { network } => write!(f, "the DHCP server of {network} falls silent"),
            Fault::Disk { disk } => write!(f, "disk {disk} fails"),
            Fault::FileDamage { disk, file, damage } => match damage {
                Damage::FlippedBit { byte: Some(byte) } => {
                    write!(f, "a bit of byte {byte} of {file} on {disk} is flipped")
                }
                Damage::FlippedBit { byte: None } => {
                    write!(f, "a bit in the middle of {file} on {disk} is flipped")
                }
                Damage::LostTail { bytes } => {
                    write!(f, "the last {bytes} bytes of {file} on {disk} are lost")
                }
                Damage::Lost => write!(f, "{file} on {disk} is lost"),
            },
            Fault::Wipe { node } => write!(f, "the system disk of {node} is wiped"),
            Fault::CrashWriting { node, file, kept } => {
                write!(
                    f,
                    "{node} loses power after {kept} bytes of its next write to {file}"
                )
            }
            Fault::SlowDisk { disk, delay } => write!(f, "disk {disk} slows down by {delay:?}"),
            Fault::ServiceCrash { resource } => write!(f, "the service of {resource} crashes"),
            Fault::Hang { resource } => write!(f, "the service of {resource} hangs"),
            Fault::FailStarts { resource, left } => {
                write!(
                    f,
                    "the next {left} starts of the service of {resource} fail"
                )
            }
            Fault::SlowStart { resource, delay } => {
                write!(f, "the service of {resource} starts {delay:?} later")
            }
            Fault::ScriptLost { node, path } => write!(f, "{node} loses its copy of {path}"),
        }
    }
}

impl Fault {
    /// The name of what was broken: a node, network, disk or resource; `None` for a cut on every network.
    pub fn subject(&self) -> Option<&Name> {
        match self {
            Fault::Crash { node }
            | Fault::Freeze { node }
            | Fault::ServiceStop { node }
            | Fault::Wipe { node }
            | Fault::CrashWriting { node, .. }
            | Fault::Card { node, .. }
            | Fault::ScriptLost { node, .. } => Some(node),
            Fault::Network { network }
            | Fault::Loss { network, .. }
            | Fault::Latency { network, .. }
            | Fault::Dhcp { network } => Some(network),
            Fault::Cut { network, .. } => network.as_ref(),
            Fault::Disk { disk }
            | Fault::SlowDisk { disk, .. }
            | Fault::FileDamage { disk, .. } => Some(disk),
            Fault::ServiceCrash { resource }
            | Fault::Hang { resource }
            | Fault::FailStarts { resource, .. }
            | Fault::SlowStart { resource, .. } => Some(resource),
        }
    }
}
