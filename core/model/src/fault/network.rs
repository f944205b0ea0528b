//! Faults of networks and cards.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Chance, Repair, micros};
use crate::Name;

/// A network, or a card in it, fails or misbehaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum NetworkFault {
    /// A network card is broken: it has no link.
    Card {
        /// The machine.
        node: Name,
        /// The card's network.
        network: Name,
    },
    /// A network's switch has no power: nothing is carried, and every card in the network loses its link.
    Network {
        /// The network.
        network: Name,
    },
    /// A network carries nothing, and no card notices: the links stay up.
    BlackHole {
        /// The network.
        network: Name,
    },
    /// Datagrams are lost at random.
    Loss {
        /// The network.
        network: Name,
        /// The machine whose card loses datagrams, both ways; `None` means the whole network.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<Name>,
        /// How many of a million.
        per_million: Chance,
    },
    /// Datagrams take longer or shorter.
    Latency {
        /// The network.
        network: Name,
        /// The machine whose card adds this to all that it sends and receives. With `None` it replaces the one-way
        /// latency of the whole network.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<Name>,
        /// The latency.
        #[serde(with = "micros")]
        latency: Duration,
    },
    /// Datagrams arrive twice at random, the second time a little later.
    Duplicate {
        /// The network.
        network: Name,
        /// The machine whose card in the network does it; `None` is the whole network.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<Name>,
        /// How many of a million.
        per_million: Chance,
    },
    /// Datagrams are held back at random, so that later ones overtake them.
    Reorder {
        /// The network.
        network: Name,
        /// The machine whose card in the network does it; `None` is the whole network.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<Name>,
        /// How many of a million.
        per_million: Chance,
        /// The longest that one is held back.
        #[serde(with = "micros")]
        by: Duration,
    },
    /// A bit of a datagram is flipped at random. Its receiver finds that the checksum does not match and drops it.
    Corrupt {
        /// The network.
        network: Name,
        /// The machine whose card in the network does it; `None` is the whole network.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<Name>,
        /// How many of a million.
        per_million: Chance,
    },
    /// Datagrams from one node to another do not arrive, in the direction given.
    Cut {
        /// The network; `None` is every network.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        network: Option<Name>,
        /// Sender and receiver.
        links: Vec<(Name, Name)>,
    },
    /// A network's DHCP server does not answer.
    Dhcp {
        /// The network.
        network: Name,
    },
    /// A machine outside the cluster has an address of a virtual server, and answers for it.
    Stranger {
        /// The network.
        network: Name,
        /// The address.
        address: String,
    },
}

impl NetworkFault {
    /// The cut that separates sets of `nodes` on one network, or on all. Nodes in no set form one more set together;
    /// a node in several sets hears all of them.
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

    /// The machine whose card it is, or else the network; `None` for a cut on every network.
    pub fn subject(&self) -> Option<&Name> {
        self.card().or_else(|| self.network())
    }

    /// The machine whose card it is about; `None` if it is about the whole network, or about links.
    pub fn card(&self) -> Option<&Name> {
        match self {
            NetworkFault::Card { node, .. } => Some(node),
            NetworkFault::Loss { node, .. }
            | NetworkFault::Latency { node, .. }
            | NetworkFault::Duplicate { node, .. }
            | NetworkFault::Reorder { node, .. }
            | NetworkFault::Corrupt { node, .. } => node.as_ref(),
            NetworkFault::Network { .. }
            | NetworkFault::BlackHole { .. }
            | NetworkFault::Cut { .. }
            | NetworkFault::Dhcp { .. }
            | NetworkFault::Stranger { .. } => None,
        }
    }

    /// The network it is about; `None` is every one.
    pub fn network(&self) -> Option<&Name> {
        match self {
            NetworkFault::Card { network, .. }
            | NetworkFault::Network { network }
            | NetworkFault::BlackHole { network }
            | NetworkFault::Loss { network, .. }
            | NetworkFault::Latency { network, .. }
            | NetworkFault::Duplicate { network, .. }
            | NetworkFault::Reorder { network, .. }
            | NetworkFault::Corrupt { network, .. }
            | NetworkFault::Dhcp { network }
            | NetworkFault::Stranger { network, .. } => Some(network),
            NetworkFault::Cut { network, .. } => network.as_ref(),
        }
    }

    fn is_cut(&self) -> bool {
        matches!(self, NetworkFault::Cut { .. })
    }

    pub(super) fn is_mended_by(&self, repair: &Repair) -> bool {
        match repair {
            Repair::Card { node, network } => {
                self.card() == Some(node) && self.network() == Some(network)
            }
            Repair::Network(network) => self.card().is_none() && self.network() == Some(network),
            Repair::Partitions => self.is_cut(),
            Repair::Thaw(_)
            | Repair::Names
            | Repair::Monitor(_)
            | Repair::Disk(_)
            | Repair::Path { .. }
            | Repair::Process(_)
            | Repair::Share(_) => false,
        }
    }

    /// Whose datagrams are meant: the network's, or those of a machine's card in it.
    fn whose(&self) -> String {
        let network = self.network().map_or("", Name::as_str);
        match self.card() {
            Some(node) => format!("{node}'s card in {network}"),
            None => format!("network {network}"),
        }
    }
}

impl fmt::Display for NetworkFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = self.whose();
        match self {
            NetworkFault::Card { .. } => write!(f, "{whose} breaks"),
            NetworkFault::Network { .. } => write!(f, "{whose} fails"),
            NetworkFault::BlackHole { .. } => {
                write!(f, "{whose} swallows everything, and its links stay up")
            }
            NetworkFault::Loss { per_million, .. } => {
                write!(f, "{whose} loses {per_million} of datagrams")
            }
            NetworkFault::Latency {
                node: None,
                latency,
                ..
            } => write!(f, "{whose} takes {latency:?} one way"),
            NetworkFault::Latency { latency, .. } => write!(f, "{whose} takes {latency:?} longer"),
            NetworkFault::Duplicate { per_million, .. } => {
                write!(f, "{whose} delivers {per_million} of datagrams twice")
            }
            NetworkFault::Reorder {
                per_million, by, ..
            } => write!(
                f,
                "{whose} holds {per_million} of datagrams back by up to {by:?}"
            ),
            NetworkFault::Corrupt { per_million, .. } => {
                write!(f, "{whose} corrupts {per_million} of datagrams")
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
            NetworkFault::Stranger { address, .. } => {
                write!(f, "a stranger in {whose} answers for {address}")
            }
        }
    }
}
