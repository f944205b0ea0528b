//! Networks: cards, links and cuts, and the fate of a datagram: it may be lost, late, doubled or damaged.

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_model::{
    Chance, ClusterDefinition, Name, NetworkFault, NetworkRole, NodeDefinition, same_name,
};

use super::Machine;
use crate::rng::Stream;

/// The longest delay of a doubled datagram's second copy, in multiples of the network's latency.
const DUPLICATE_LAG: u32 = 10;

#[derive(Debug)]
struct Network {
    name: Name,
    role: NetworkRole,
    dhcp: bool,
    /// The latency in the definition.
    base_latency: Duration,
    random: Stream,
    /// Random numbers for faults, so that a fault does not change the fate of other datagrams.
    troubles: Stream,
    /// How many datagrams receivers have refused since the world began.
    refused: u64,
    // Below this: what the active faults set.
    /// Whether the switch has power: every link depends on it.
    powered: bool,
    /// Whether it carries anything.
    carries: bool,
    dhcp_up: bool,
    /// The addresses for which a machine outside the cluster answers.
    strangers: BTreeSet<String>,
    latency: Duration,
    loss: Chance,
    medium: Trouble,
    /// What each machine's card adds to that.
    at_card: Vec<Trouble>,
    /// Whether each machine's card works; `None` where it has none.
    cards: Vec<Option<bool>>,
    /// Whether datagrams from one machine to another are cut off; each row is a sender.
    cut: Vec<Vec<bool>>,
}

/// What the faults of a network or of a card do to a datagram, beyond the network's own latency and loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Trouble {
    loss: Chance,
    latency: Duration,
    duplicate: Chance,
    reorder: Chance,
    by: Duration,
    corrupt: Chance,
}

/// The fate of a datagram that arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passage {
    pub(crate) takes: Duration,
    /// When a second copy arrives.
    pub(crate) again: Option<Duration>,
    /// Which bit is flipped: a number, taken modulo the number of bits.
    pub(crate) flipped: Option<u64>,
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
                troubles: Stream::new(seed, &format!("troubles/{}", network.name)),
                refused: 0,
                powered: true,
                carries: true,
                dhcp_up: true,
                strangers: BTreeSet::new(),
                latency,
                loss: Chance::NEVER,
                medium: Trouble::default(),
                at_card: vec![Trouble::default(); nodes.len()],
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

    /// Adds a machine.
    pub(crate) fn add_machine(&mut self, node: &NodeDefinition) {
        for network in &mut self.all {
            let card = node.interfaces.contains_key(&network.name);
            network.cards.push(card.then_some(true));
            network.at_card.push(Trouble::default());
            network.cut.iter_mut().for_each(|row| row.push(false));
            network.cut.push(vec![false; network.cards.len()]);
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        // Nodes spell names as the definition does.
        let spelled = self.all.iter().position(|network| network.name == *name);
        let sought = || self.all.iter().position(|it| same_name(&it.name, name));
        spelled.or_else(sought)
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
        self.all[network].powered && self.all[network].carries
    }

    /// Whether its switch has power.
    pub(crate) fn has_power(&self, network: usize) -> bool {
        self.all[network].powered
    }

    /// Counts a refused datagram; returns the new count.
    pub(crate) fn refuse(&mut self, network: usize) -> u64 {
        self.all[network].refused += 1;
        self.all[network].refused
    }

    /// How many datagrams receivers have refused on it.
    pub(crate) fn refused(&self, network: usize) -> u64 {
        self.all[network].refused
    }

    /// Its present one-way latency.
    pub(crate) fn latency(&self, network: usize) -> Duration {
        self.all[network].latency
    }

    /// Whether it has a DHCP server.
    pub(crate) fn has_dhcp(&self, network: usize) -> bool {
        self.all[network].dhcp
    }

    /// Whether a DHCP server answers on it.
    pub(crate) fn dhcp_answers(&self, network: usize) -> bool {
        self.all[network].dhcp && self.all[network].dhcp_up && self.is_up(network)
    }

    /// Whether a machine outside the cluster answers for the address on it.
    pub(crate) fn has_stranger(&self, network: usize, address: &str) -> bool {
        self.all[network].carries
            && self.all[network].powered
            && self.all[network].strangers.contains(address)
    }

    /// Whether the machine's card works: `None` if it has none.
    pub(crate) fn card(&self, network: usize, machine: Machine) -> Option<bool> {
        self.all[network].cards[machine]
    }

    /// Whether the machine's card has a link, which is all that the machine knows; `None` if it has no card.
    pub(crate) fn link(&self, network: usize, machine: Machine) -> Option<bool> {
        self.all[network].link(machine)
    }

    /// Whether the machine can use the network: its card has a link, and the network carries datagrams.
    pub(crate) fn usable(&self, network: usize, machine: Machine) -> bool {
        self.all[network].carries && self.link(network, machine) == Some(true)
    }

    /// Whether a datagram from one machine reaches another, unless it is lost at random.
    pub(crate) fn reaches(&self, network: usize, from: Machine, to: Machine) -> bool {
        self.usable(network, from)
            && self.usable(network, to)
            && (from == to || !self.all[network].cut[from][to])
    }

    /// Whether the machine has a working card in any network for clients.
    pub(crate) fn reaches_clients(&self, machine: Machine) -> bool {
        (0..self.all.len())
            .any(|network| self.role(network).carries_clients() && self.usable(network, machine))
    }

    /// Sends a datagram: its fate, or `None` if it is lost.
    pub(crate) fn send(&mut self, network: usize, from: Machine, to: Machine) -> Option<Passage> {
        let passes = self.reaches(network, from, to);
        let jitter_percent = self.jitter_percent;
        let network = &mut self.all[network];
        // Always two draws, so that a lost datagram does not change the fate of the next one.
        let lost = network
            .random
            .one_in_a_million_times(network.loss.per_million());
        let jitter = network.random.span(network.latency * jitter_percent / 100);
        if !passes || lost {
            return None;
        }
        let stretches = [network.at_card[from], network.medium, network.at_card[to]];
        let mut passage = Passage {
            takes: network.latency + jitter,
            again: None,
            flipped: None,
        };
        let (mut lost, mut twice) = (false, false);
        for trouble in stretches.iter().filter(|it| **it != Trouble::default()) {
            let random = &mut network.troubles;
            passage.takes += trouble.latency;
            lost |= random.one_in_a_million_times(trouble.loss.per_million());
            twice |= random.one_in_a_million_times(trouble.duplicate.per_million());
            let held = random.span(trouble.by);
            if random.one_in_a_million_times(trouble.reorder.per_million()) {
                passage.takes += held;
            }
            let place = random.next();
            if random.one_in_a_million_times(trouble.corrupt.per_million()) {
                passage.flipped = Some(place);
            }
        }
        if twice {
            let later = network.troubles.span(network.latency * DUPLICATE_LAG);
            passage.again = Some(passage.takes + later);
        }
        (!lost).then_some(passage)
    }

    /// The longest time of a datagram from one machine to another, without jitter.
    fn slowest(&self, network: usize, from: Machine, to: Machine) -> Duration {
        let network = &self.all[network];
        let stretches = [network.at_card[from], network.medium, network.at_card[to]];
        let troubles = stretches.iter().map(|it| it.latency + it.by);
        network.latency + troubles.sum::<Duration>()
    }

    /// The longest times of datagrams: by network, sender and receiver.
    pub(crate) fn delays(&self) -> Vec<Vec<Vec<Duration>>> {
        let networks = (0..self.all.len()).map(|network| {
            let machines = 0..self.all[network].cards.len();
            let rows = machines.clone().map(|from| {
                let row = machines.clone().map(|to| self.slowest(network, from, to));
                row.collect()
            });
            rows.collect()
        });
        networks.collect()
    }

    /// Applies the active faults; if two concern the same thing, the later one counts. Returns the links that
    /// changed.
    pub(crate) fn apply<'a>(
        &mut self,
        machines: &[Name],
        faults: impl Iterator<Item = &'a NetworkFault>,
    ) -> Vec<(Machine, usize, bool)> {
        let before: Vec<Vec<Option<bool>>> = self
            .all
            .iter()
            .map(|network| {
                let machines = 0..network.cards.len();
                machines.map(|machine| network.link(machine)).collect()
            })
            .collect();
        for network in &mut self.all {
            network.powered = true;
            network.carries = true;
            network.medium = Trouble::default();
            network.at_card.fill(Trouble::default());
            network.dhcp_up = true;
            network.strangers.clear();
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
            for (machine, before) in before[place].iter().enumerate() {
                if let Some(up) = network.link(machine)
                    && *before != Some(up)
                {
                    changed.push((machine, place, up));
                }
            }
        }
        changed
    }
}

impl Network {
    fn link(&self, machine: Machine) -> Option<bool> {
        self.cards[machine].map(|works| works && self.powered)
    }

    /// The troubles to which a fault adds: those of the card it names, otherwise those of the whole network.
    fn trouble(
        &mut self,
        card: Option<&Name>,
        index: &impl Fn(&Name) -> Option<Machine>,
    ) -> Option<&mut Trouble> {
        match card {
            None => Some(&mut self.medium),
            Some(node) => index(node).map(|machine| &mut self.at_card[machine]),
        }
    }

    fn apply(&mut self, fault: &NetworkFault, index: &impl Fn(&Name) -> Option<Machine>) {
        match fault {
            NetworkFault::Network { .. } => self.powered = false,
            NetworkFault::BlackHole { .. } => self.carries = false,
            NetworkFault::Dhcp { .. } => self.dhcp_up = false,
            NetworkFault::Stranger { address, .. } => drop(self.strangers.insert(address.clone())),
            NetworkFault::Loss {
                node: None,
                per_million,
                ..
            } => self.loss = *per_million,
            NetworkFault::Loss {
                node, per_million, ..
            } => {
                if let Some(trouble) = self.trouble(node.as_ref(), index) {
                    trouble.loss = *per_million;
                }
            }
            NetworkFault::Latency {
                node: None,
                latency,
                ..
            } => self.latency = *latency,
            NetworkFault::Latency { node, latency, .. } => {
                if let Some(trouble) = self.trouble(node.as_ref(), index) {
                    trouble.latency = *latency;
                }
            }
            NetworkFault::Duplicate {
                node, per_million, ..
            } => {
                if let Some(trouble) = self.trouble(node.as_ref(), index) {
                    trouble.duplicate = *per_million;
                }
            }
            NetworkFault::Reorder {
                node,
                per_million,
                by,
                ..
            } => {
                if let Some(trouble) = self.trouble(node.as_ref(), index) {
                    (trouble.reorder, trouble.by) = (*per_million, *by);
                }
            }
            NetworkFault::Corrupt {
                node, per_million, ..
            } => {
                if let Some(trouble) = self.trouble(node.as_ref(), index) {
                    trouble.corrupt = *per_million;
                }
            }
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
    fn a_switch_without_power_takes_every_link_and_a_black_hole_none() {
        let (mut networks, names) = networks();
        let network = Name::from("Public");
        let hole = NetworkFault::BlackHole {
            network: network.clone(),
        };
        assert!(networks.apply(&names, [&hole].into_iter()).is_empty());
        assert!(!networks.reaches(0, 0, 1));
        assert_eq!(networks.link(0, 0), Some(true));
        let dead = NetworkFault::Network { network };
        let lost = networks.apply(&names, [&dead].into_iter());
        assert_eq!(lost, [(0, 0, false), (1, 0, false), (2, 0, false)]);
        assert_eq!(networks.card(0, 0), Some(true), "the cards are sound");
    }

    #[test]
    fn a_card_troubles_its_own_machine_alone_and_both_ways() {
        let (mut networks, names) = networks();
        let (network, node) = (Name::from("Public"), Some(Name::from("NODE2")));
        let chance = Chance::of(1.0).unwrap();
        let faults = [
            NetworkFault::Latency {
                network: network.clone(),
                node: node.clone(),
                latency: Duration::from_secs(5),
            },
            NetworkFault::Duplicate {
                network: network.clone(),
                node: node.clone(),
                per_million: chance,
            },
            NetworkFault::Corrupt {
                network,
                node,
                per_million: chance,
            },
        ];
        networks.apply(&names, faults.iter());
        for (from, to) in [(0, 1), (1, 0)] {
            let passage = networks.send(0, from, to).expect("no loss");
            assert!(passage.takes >= Duration::from_secs(5));
            assert!(passage.again.is_some_and(|again| again >= passage.takes));
            assert!(passage.flipped.is_some());
        }
        let other = networks.send(0, 0, 2).expect("no loss");
        assert!(other.takes < Duration::from_millis(1));
        assert_eq!((other.again, other.flipped), (None, None));
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
            let took = networks.send(0, 0, 1).expect("no loss").takes;
            assert!((500..=600).contains(&took.as_micros()), "{took:?}");
        }
        let fault = NetworkFault::Loss {
            network: "Public".into(),
            node: None,
            per_million: Chance::of(0.25).unwrap(),
        };
        networks.apply(&names, [&fault].into_iter());
        let lost = (0..10_000)
            .filter(|_| networks.send(0, 0, 1).is_none())
            .count();
        assert!((2_300..2_700).contains(&lost), "{lost}");
    }

    #[test]
    fn a_network_is_up_while_its_switch_has_power_and_it_carries() {
        let (mut networks, names) = networks();
        let network = Name::from("Public");
        let (address, at) = ("10.0.0.99", "10.0.0.98");
        let stranger = NetworkFault::Stranger {
            network: network.clone(),
            address: address.into(),
        };
        let hole = NetworkFault::BlackHole {
            network: network.clone(),
        };
        let dead = NetworkFault::Network { network };
        let seen = |networks: &Networks| {
            let strangers = [address, at].map(|it| networks.has_stranger(0, it));
            (networks.is_up(0), networks.has_power(0), strangers)
        };
        networks.apply(&names, [&stranger].into_iter());
        assert_eq!(seen(&networks), (true, true, [true, false]));
        assert!(!networks.has_stranger(1, address), "it is on the other one");
        networks.apply(&names, [&stranger, &hole].into_iter());
        assert_eq!(seen(&networks), (false, true, [false, false]));
        networks.apply(&names, [&stranger, &dead].into_iter());
        assert_eq!(seen(&networks), (false, false, [false, false]));
    }

    #[test]
    fn the_longest_way_is_that_of_the_network_and_of_both_cards() {
        let (mut networks, names) = networks();
        let (slow, held) = (Duration::from_secs(5), Duration::from_secs(2));
        let network = Name::from("Public");
        let faults = [
            NetworkFault::Latency {
                network: network.clone(),
                node: Some("NODE2".into()),
                latency: slow,
            },
            NetworkFault::Reorder {
                network,
                node: None,
                per_million: Chance::of(0.5).unwrap(),
                by: held,
            },
        ];
        let way = Duration::from_micros(500);
        assert_eq!(networks.latency(0), way);
        networks.apply(&names, faults.iter());
        let delays = networks.delays();
        assert_eq!(delays.len(), 2);
        assert_eq!(delays[0].iter().map(Vec::len).collect::<Vec<_>>(), [3; 3]);
        assert_eq!(delays[0][0][2], way + held);
        assert_eq!(delays[0][0][1], way + held + slow);
        assert_eq!(delays[0][1][0], way + held + slow);
        assert_eq!(delays[1][0][1], networks.latency(1), "the other is sound");
    }

    #[test]
    fn what_comes_twice_comes_again_within_ten_times_the_way() {
        let (mut networks, names) = networks();
        let fault = NetworkFault::Duplicate {
            network: "Public".into(),
            node: None,
            per_million: Chance::of(1.0).unwrap(),
        };
        networks.apply(&names, [&fault].into_iter());
        let way = networks.latency(0);
        let mut latest = Duration::ZERO;
        for _ in 0..200 {
            let passage = networks.send(0, 0, 1).expect("no loss");
            let later = passage.again.expect("twice") - passage.takes;
            assert!(later <= way * DUPLICATE_LAG);
            latest = latest.max(later);
        }
        assert!(latest > way * (DUPLICATE_LAG - 2), "{latest:?}");
    }
}
