//! Networks: cards, links and cuts, and the fate of a datagram: it may be lost, late, doubled or damaged.

mod stream;
#[cfg(test)]
mod tests;

pub(crate) use stream::StreamPassage;

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_model::{
    Chance, ClusterDefinition, Name, NetworkFault, NetworkRole, NodeDefinition, called,
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
    /// The most that something may take longer than that.
    jitter: Duration,
    loss: Chance,
    medium: Trouble,
    /// Whether that, or what a card adds to it, is any trouble.
    troubled: bool,
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

impl Passage {
    /// It arrives once, as it was sent.
    pub(crate) fn is_plain(&self) -> bool {
        self.again.is_none() && self.flipped.is_none()
    }
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
                jitter: jitter(latency, jitter_percent),
                loss: Chance::NEVER,
                medium: Trouble::default(),
                troubled: false,
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
        let all = self.all.iter().enumerate();
        called(all, name, |(_, network)| &network.name).map(|(place, _)| place)
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
        let network = &mut self.all[network];
        let (lost, jitter) = network.draw();
        if !passes || lost {
            return None;
        }
        let mut passage = Passage {
            takes: network.latency + jitter,
            again: None,
            flipped: None,
        };
        if !network.troubled {
            return Some(passage);
        }
        let stretches = network.stretches(from, to);
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
        let stretches = network.stretches(from, to);
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
        let jitter_percent = self.jitter_percent;
        for network in &mut self.all {
            network.jitter = jitter(network.latency, jitter_percent);
            let mut all = network.at_card.iter().chain([&network.medium]);
            network.troubled = all.any(|trouble| *trouble != Trouble::default());
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

/// The most that something takes longer where a network has this latency.
fn jitter(latency: Duration, percent: u32) -> Duration {
    latency * percent / 100
}

impl Network {
    /// Whether something that is sent is lost, and its extra delay. Always two draws, whatever is sent, so that the fate of
    /// one thing does not change that of the next.
    fn draw(&mut self) -> (bool, Duration) {
        let lost = self.random.one_in_a_million_times(self.loss.per_million());
        (lost, self.random.span(self.jitter))
    }

    /// What troubles there are on the way from one machine to another.
    fn stretches(&self, from: Machine, to: Machine) -> [Trouble; 3] {
        [self.at_card[from], self.medium, self.at_card[to]]
    }

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
