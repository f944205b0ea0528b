//! Faults of networks and cards.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::{Chance, Repair, micros};
use crate::Name;

/// A network, or a card in it, fails or misbehaves.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum NetworkFault {
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
        per_million: Chance,
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
}

impl NetworkFault {
    /// The cut that keeps sets of `nodes` from hearing each other, on one network or on all. Nodes that are in no
    /// set are together in one of their own; a node in several sets hears all of them.
    pub fn partition(network: Option<Name>, nodes: &[Name], sets: &[Vec<Name>]) -> NetworkFault {
        let mut sides: Vec<BTreeSet<&Name>> = sets.iter().map(|set| set.iter().collect()).collect();
        let named: BTreeSet<&Name> = sides.iter().flatten().copied().collect();
        sides.push(nodes.iter().filter(|name| !named.contains(name)).collect());
        let together = |a: &Name, b: &Name| {
            sides
                .iter()
                .any(|side| side.contains(a) && side.contains(b))
        };
        let links = nodes
            .iter()
            .flat_map(|from| nodes.iter().map(move |to| (from, to)))
            .filter(|(from, to)| from != to && !together(from, to))
            .map(|(from, to)| (from.clone(), to.clone()))
            .collect();
        NetworkFault::Cut { network, links }
    }

    /// The machine of a card; else the network, `None` for a cut on every one.
    pub fn subject(&self) -> Option<&Name> {
        match self {
            NetworkFault::Card { node, .. } => Some(node),
            NetworkFault::Network { network }
            | NetworkFault::Loss { network, .. }
            | NetworkFault::Latency { network, .. }
            | NetworkFault::Dhcp { network } => Some(network),
            NetworkFault::Cut { network, .. } => network.as_ref(),
        }
    }

    /// The network it is about; `None` is every one.
    pub fn network(&self) -> Option<&Name> {
        match self {
            NetworkFault::Card { network, .. }
            | NetworkFault::Network { network }
            | NetworkFault::Loss { network, .. }
            | NetworkFault::Latency { network, .. }
            | NetworkFault::Dhcp { network } => Some(network),
            NetworkFault::Cut { network, .. } => network.as_ref(),
        }
    }

    pub(super) fn is_mended_by(&self, repair: &Repair) -> bool {
        match self {
            NetworkFault::Card { node, network } => {
                matches!(repair, Repair::Card { node: n, network: w } if n == node && w == network)
            }
            NetworkFault::Network { network }
            | NetworkFault::Loss { network, .. }
            | NetworkFault::Latency { network, .. }
            | NetworkFault::Dhcp { network } => {
                matches!(repair, Repair::Network(it) if it == network)
            }
            NetworkFault::Cut { network, .. } => match repair {
                Repair::Partitions => true,
                Repair::Network(it) => Some(it) == network.as_ref(),
                Repair::Thaw(_) | Repair::Card { .. } | Repair::Disk(_) | Repair::Process(_) => {
                    false
                }
            },
        }
    }
}

impl fmt::Display for NetworkFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NetworkFault::Card { node, network } => {
                write!(f, "{node}'s card in {network} breaks")
            }
            NetworkFault::Network { network } => write!(f, "network {network} fails"),
            NetworkFault::Loss {
                network,
                per_million,
            } => write!(f, "network {network} loses {per_million} of datagrams"),
            NetworkFault::Latency { network, latency } => {
                write!(f, "network {network} takes {latency:?} one way")
            }
            NetworkFault::Cut { network, links } => {
                let links: Vec<String> = links
                    .iter()
                    .map(|(from, to)| format!("{from} to {to}"))
                    .collect();
                let network = network.as_ref().map_or("every network", Name::as_str);
                write!(f, "cut on {network}: {}", links.join(", "))
            }
            NetworkFault::Dhcp { network } => {
                write!(f, "the DHCP server of {network} falls silent")
            }
        }
    }
}
