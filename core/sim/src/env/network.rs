//! Networks: cards, latency, loss and cuts. Datagrams may be lost or late, never corrupted.

use std::time::Duration;

use quorate_model::{Chance, ClusterDefinition, Name, NetworkFault, NetworkRole, NodeDefinition};

use super::Machine;
use crate::rng::Stream;

#[derive(Debug)]
struct Network {
    name: Name,
    role: NetworkRole,
    dhcp: bool,
    /// As defined.
    base_latency: Duration,
    random: Stream,
    // What the active faults make of it.
    up: bool,
    dhcp_up: bool,
    latency: Duration,
    loss: Chance,
    /// Whether each machine's card works; `None` where it has none.
    cards: Vec<Option<bool>>,
    /// Whether datagrams from one machine to another are cut off: row by sender.
    cut: Vec<Vec<bool>>,
}

/// Every network of the cluster.
#[derive(Debug)]
pub(crate) struct Networks {
    all: Vec<Network>,
    jitter_percent: u32,
}

impl Networks {
    pub(crate) fn new(definition: &ClusterDefinition, seed: u64, jitter_percent: u32) -> Self {
        let nodes = &definition.nodes;
        let all = definition.networks.iter().map(|network| {
            let latency = Duration::from_micros(network.latency_us);
            let card = |has: bool| has.then_some(true);
            Network {
                name: network.name.clone(),
                role: network.role,
                dhcp: network.dhcp,
                base_latency: latency,
                random: Stream::new(seed, &format!("network/{}", network.name)),
                up: true,
                dhcp_up: true,
                latency,
                loss: Chance::NEVER,
                cards: nodes
                    .iter()
                    .map(|node| card(node.interfaces.contains_key(&network.name)))
                    .collect(),
                cut: vec![vec![false; nodes.len()]; nodes.len()],
            }
        });
        Networks {
            all: all.collect(),
            jitter_percent,
        }
    }

    /// One more machine.
    pub(crate) fn add_machine(&mut self, node: &NodeDefinition) {
        for network in &mut self.all {
            let card = node.interfaces.contains_key(&network.name);
            network.cards.push(card.then_some(true));
            network.cut.iter_mut().for_each(|row| row.push(false));
            network.cut.push(vec![false; network.cards.len()]);
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.all.iter().position(|network| network.name == *name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &Name> {
        self.all.iter().map(|network| &network.name)
    }

    pub(crate) fn name(&self, network: usize) -> &Name {
        &self.all[network].name
    }

    pub(crate) fn role(&self, network: usize) -> NetworkRole {
        self.all[network].role
    }

    /// Whether the network carries anything.
    pub(crate) fn is_up(&self, network: usize) -> bool {
        self.all[network].up
    }

    /// Whether a DHCP server answers on it.
    pub(crate) fn dhcp_answers(&self, network: usize) -> bool {
        self.all[network].dhcp && self.all[network].dhcp_up
    }

    /// Whether the machine's card works: `None` if it has none.
    pub(crate) fn card(&self, network: usize, machine: Machine) -> Option<bool> {
        self.all[network].cards[machine]
    }

    /// Whether the machine can use the network: a working card in a network that is up.
    pub(crate) fn usable(&self, network: usize, machine: Machine) -> bool {
        self.all[network].up && self.all[network].cards[machine] == Some(true)
    }

    /// Whether a datagram from one machine reaches another, losses apart.
    pub(crate) fn reaches(&self, network: usize, from: Machine, to: Machine) -> bool {
        self.usable(network, from)
            && self.usable(network, to)
            && (from == to || !self.all[network].cut[from][to])
    }

    /// Whether the machine has a working card in some network that clients come in on.
    pub(crate) fn reaches_clients(&self, machine: Machine) -> bool {
        (0..self.all.len())
            .any(|network| self.role(network).carries_clients() && self.usable(network, machine))
    }

    /// Sends a datagram: how long it takes, or `None` if it is lost.
    pub(crate) fn send(&mut self, network: usize, from: Machine, to: Machine) -> Option<Duration> {
        let passes = self.reaches(network, from, to);
        let jitter_percent = self.jitter_percent;
        let network = &mut self.all[network];
        // Always two draws, so that one lost datagram does not shift the fate of the next.
        let lost = network
            .random
            .one_in_a_million_times(network.loss.per_million());
        let jitter = network.random.span(network.latency * jitter_percent / 100);
        (passes && !lost).then_some(network.latency + jitter)
    }

    /// Sets everything to what the active faults say; later ones win where two speak of one thing. Returns
    /// the cards that changed.
    pub(crate) fn apply<'a>(
        &mut self,
        machines: &[Name],
        faults: impl Iterator<Item = &'a NetworkFault>,
    ) -> Vec<(Machine, usize, bool)> {
        let before: Vec<Vec<Option<bool>>> = self
            .all
            .iter()
            .map(|network| network.cards.clone())
            .collect();
        for network in &mut self.all {
            network.up = true;
            network.dhcp_up = true;
            network.latency = network.base_latency;
            network.loss = Chance::NEVER;
            network
                .cards
                .iter_mut()
                .flatten()
                .for_each(|works| *works = true);
            network
                .cut
                .iter_mut()
                .flatten()
                .for_each(|cut| *cut = false);
        }
        let index = |name: &Name| machines.iter().position(|machine| machine == name);
        for fault in faults {
            let named = fault.network();
            for network in &mut self.all {
                if named.is_none_or(|name| *name == network.name) {
                    network.apply(fault, &index);
                }
            }
        }
        let mut changed = Vec::new();
        for (place, network) in self.all.iter().enumerate() {
            for (machine, works) in network.cards.iter().enumerate() {
                if let (Some(works), true) = (works, before[place][machine] != *works) {
                    changed.push((machine, place, *works));
                }
            }
        }
        changed
    }
}

impl Network {
    fn apply(&mut self, fault: &NetworkFault, index: &impl Fn(&Name) -> Option<Machine>) {
        match fault {
            NetworkFault::Network { .. } => self.up = false,
            NetworkFault::Dhcp { .. } => self.dhcp_up = false,
            NetworkFault::Loss { per_million, .. } => self.loss = *per_million,
            NetworkFault::Latency { latency, .. } => self.latency = *latency,
            NetworkFault::Card { node, .. } => {
                if let Some(card) = index(node).and_then(|machine| self.cards[machine].as_mut()) {
                    *card = false;
                }
            }
            NetworkFault::Cut { links, .. } => {
                for (from, to) in links {
                    if let (Some(from), Some(to)) = (index(from), index(to)) {
                        self.cut[from][to] = true;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::tests::definition;

    fn networks() -> (Networks, Vec<Name>) {
        let definition = definition(3);
        let names = definition
            .nodes
            .iter()
            .map(|node| node.name.clone())
            .collect();
        (Networks::new(&definition, 1, 20), names)
    }

    #[test]
    fn both_ends_need_a_working_card() {
        let (mut networks, names) = networks();
        assert!(networks.reaches(0, 0, 1));
        let fault = NetworkFault::Card {
            node: "NODE2".into(),
            network: "Public".into(),
        };
        assert_eq!(
            networks.apply(&names, [&fault].into_iter()),
            [(1, 0, false)]
        );
        assert!(!networks.reaches(0, 0, 1));
        assert!(!networks.reaches(0, 1, 0));
        assert!(networks.reaches(0, 0, 2));
        assert!(
            networks.reaches(1, 0, 1),
            "the other network is not touched"
        );
        assert_eq!(networks.apply(&names, std::iter::empty()), [(1, 0, true)]);
    }

    #[test]
    fn a_cut_works_in_its_own_direction_only() {
        let (mut networks, names) = networks();
        let links = vec![("NODE1".into(), "NODE2".into())];
        let fault = NetworkFault::Cut {
            network: None,
            links,
        };
        networks.apply(&names, [&fault].into_iter());
        assert!(networks.send(0, 0, 1).is_none());
        assert!(networks.send(1, 0, 1).is_none());
        assert!(networks.send(0, 1, 0).is_some());
    }

    #[test]
    fn latency_has_jitter_within_its_bound_and_loss_its_rate() {
        let (mut networks, names) = networks();
        for _ in 0..1_000 {
            let took = networks.send(0, 0, 1).expect("no loss");
            assert!((500..=600).contains(&took.as_micros()), "{took:?}");
        }
        let fault = NetworkFault::Loss {
            network: "Public".into(),
            per_million: Chance::of(0.25).unwrap(),
        };
        networks.apply(&names, [&fault].into_iter());
        let lost = (0..10_000)
            .filter(|_| networks.send(0, 0, 1).is_none())
            .count();
        assert!((2_300..2_700).contains(&lost), "{lost}");
    }
}
