//! Networks and cards that fail.

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_model::{Chance, FaultId, Name, NetworkFault, ResourceDefinition, Value, types};

use super::super::World;
use super::some_time;
use crate::WorldError;
use crate::env::Machine;

/// Refuses a probability of 0.
fn some_chance(chance: Chance) -> Result<(), WorldError> {
    match chance {
        Chance::NEVER => Err(WorldError::Nothing {
            why: "a probability of 0 never hits a datagram".to_owned(),
        }),
        _ => Ok(()),
    }
}

impl World {
    pub(super) fn check_network_fault(&self, fault: &NetworkFault) -> Result<(), WorldError> {
        match fault {
            NetworkFault::Card { node, network } => self.has_card(Some(node), network),
            NetworkFault::Network { network } | NetworkFault::BlackHole { network } => {
                self.network(network).map(drop)
            }
            NetworkFault::Loss {
                network,
                node,
                per_million,
            }
            | NetworkFault::Duplicate {
                network,
                node,
                per_million,
            }
            | NetworkFault::Corrupt {
                network,
                node,
                per_million,
            } => {
                self.has_card(node.as_ref(), network)?;
                some_chance(*per_million)
            }
            NetworkFault::Reorder {
                network,
                node,
                per_million,
                by,
            } => {
                self.has_card(node.as_ref(), network)?;
                some_chance(*per_million)?;
                some_time("how long datagrams are held back", *by)
            }
            NetworkFault::Latency {
                network,
                node: Some(node),
                latency,
            } => {
                self.has_card(Some(node), network)?;
                some_time("the latency that a card adds", *latency)
            }
            NetworkFault::Latency {
                network, latency, ..
            } => {
                let place = self.network(network)?;
                match self.env.networks.latency(place) == *latency {
                    true => Err(WorldError::Nothing {
                        why: format!("the latency of {network} is {latency:?} already"),
                    }),
                    false => Ok(()),
                }
            }
            NetworkFault::Dhcp { network } => {
                match self.env.networks.has_dhcp(self.network(network)?) {
                    true => Ok(()),
                    false => Err(WorldError::Nothing {
                        why: format!("{network} has no DHCP server"),
                    }),
                }
            }
            NetworkFault::Stranger { network, address } => {
                let place = self.network(network)?;
                let groups = self.groups_with_address(network, address);
                match groups.is_empty() && !self.env.addresses.is_plumbed(place, address) {
                    true => Err(WorldError::Nothing {
                        why: format!("no resource has the address {address} in {network}"),
                    }),
                    false => Ok(()),
                }
            }
            NetworkFault::Cut { network, links } => {
                if let Some(network) = network {
                    self.network(network)?;
                }
                for (from, to) in links {
                    self.machine(from)?;
                    self.machine(to)?;
                }
                match links.iter().any(|(from, to)| from != to) {
                    true => Ok(()),
                    false => Err(WorldError::Nothing {
                        why: "this cut leaves every node connected to every other: put the nodes on two sides at \
                              least"
                            .to_owned(),
                    }),
                }
            }
        }
    }

    /// Checks that the network exists and that the machine, if one is named, has a card in it.
    fn has_card(&self, node: Option<&Name>, network: &Name) -> Result<(), WorldError> {
        let place = self.network(network)?;
        let Some(node) = node else {
            return Ok(());
        };
        match self.env.networks.card(place, self.machine(node)?) {
            Some(_) => Ok(()),
            None => Err(WorldError::NoCard {
                node: node.clone(),
                network: network.clone(),
            }),
        }
    }

    /// For a card, the groups of its machine. For a network, all groups. For a cut, the groups of the nodes at its
    /// ends, except those in the largest set of nodes that still hear each other. For a DHCP server, the groups with
    /// an address from it.
    pub(super) fn touched_by_network(&self, fault: &NetworkFault) -> BTreeSet<Name> {
        if let Some(node) = fault.card() {
            return self.groups_of_node(node);
        }
        match fault {
            NetworkFault::Card { .. }
            | NetworkFault::Network { .. }
            | NetworkFault::BlackHole { .. }
            | NetworkFault::Loss { .. }
            | NetworkFault::Latency { .. }
            | NetworkFault::Duplicate { .. }
            | NetworkFault::Reorder { .. }
            | NetworkFault::Corrupt { .. } => self.all_groups(),
            NetworkFault::Cut { links, .. } => self
                .cut_off(links)
                .into_iter()
                .flat_map(|machine| self.groups_on(machine))
                .collect(),
            NetworkFault::Dhcp { network } => self.groups_with_lease(network),
            NetworkFault::Stranger { network, address } => {
                self.groups_with_address(network, address)
            }
        }
    }

    /// The machines at the ends of a cut, except those in the largest set that still hear each other; all of them if
    /// two sets are equally large.
    fn cut_off(&self, links: &[(Name, Name)]) -> Vec<Machine> {
        let hosts = &self.env.hosts;
        let apart = |a: Machine, b: Machine| {
            let is = |name: &Name, machine: Machine| *name == hosts[machine].name;
            links
                .iter()
                .any(|(from, to)| (is(from, a) && is(to, b)) || (is(from, b) && is(to, a)))
        };
        let mut sets: Vec<Vec<Machine>> = Vec::new();
        for machine in 0..hosts.len() {
            match sets
                .iter_mut()
                .find(|set| set.iter().all(|other| !apart(machine, *other)))
            {
                Some(set) => set.push(machine),
                None => sets.push(vec![machine]),
            }
        }
        let most = sets.iter().map(Vec::len).max().unwrap_or(0);
        let alone = sets.iter().filter(|set| set.len() == most).count() == 1;
        sets.into_iter()
            .filter(|set| !alone || set.len() < most)
            .flatten()
            .collect()
    }

    /// The groups with a resource whose configured or leased address this is.
    fn groups_with_address(&self, network: &str, address: &str) -> BTreeSet<Name> {
        let machines = 0..self.env.hosts.len();
        let has = |resource: &ResourceDefinition| {
            let private = &resource.properties.private;
            let text = |name: &str, wanted: &str| {
                private.get(name) == Some(&Value::Text(wanted.to_owned()))
            };
            let leased = |machine| self.env.addresses.of(machine, &resource.name) == Some(address);
            resource.kind == types::IP_ADDRESS
                && text("Network", network)
                && (text("Address", address) || machines.clone().any(leased))
        };
        let groups = self.current.groups.iter();
        groups
            .filter(|group| group.resources.iter().any(has))
            .map(|group| group.name.clone())
            .collect()
    }

    fn groups_with_lease(&self, network: &str) -> BTreeSet<Name> {
        let leased = |resource: &ResourceDefinition| {
            let private = &resource.properties.private;
            private.get("Network") == Some(&Value::Text(network.to_owned()))
                && private
                    .get("EnableDhcp")
                    .is_some_and(|value| *value != Value::Dword(0))
        };
        let groups = self.current.groups.iter();
        groups
            .filter(|group| group.resources.iter().any(leased))
            .map(|group| group.name.clone())
            .collect()
    }

    /// A card breaks: the node is told that the link is down.
    ///
    /// # Errors
    /// Unknown names; [`WorldError::NoCard`].
    pub fn fail_card(&mut self, node: &str, network: &str) -> Result<FaultId, WorldError> {
        self.inject(NetworkFault::Card {
            node: node.into(),
            network: network.into(),
        })
    }

    /// The switch of a network loses power: nothing is carried, and every card in the network loses its link.
    ///
    /// # Errors
    /// An unknown network.
    pub fn fail_network(&mut self, network: &str) -> Result<FaultId, WorldError> {
        self.inject(NetworkFault::Network {
            network: network.into(),
        })
    }

    /// A network loses datagrams with this probability, 0 to 1.
    ///
    /// # Errors
    /// An unknown network; a probability out of range.
    pub fn network_loss(&mut self, network: &str, probability: f64) -> Result<FaultId, WorldError> {
        let per_million = Chance::of(probability).ok_or_else(|| WorldError::Range {
            what: "the loss of a network",
            wanted: "from 0 to 1",
            found: probability.to_string(),
        })?;
        self.inject(NetworkFault::Loss {
            network: network.into(),
            node: None,
            per_million,
        })
    }

    /// Replaces a network's one-way latency.
    ///
    /// # Errors
    /// An unknown network.
    pub fn network_latency(
        &mut self,
        network: &str,
        latency: Duration,
    ) -> Result<FaultId, WorldError> {
        self.inject(NetworkFault::Latency {
            network: network.into(),
            node: None,
            latency,
        })
    }

    /// Cuts the nodes into sets that do not hear each other, on one network or on all: see
    /// [`NetworkFault::partition`].
    ///
    /// # Errors
    /// Unknown names.
    pub fn partition(
        &mut self,
        network: Option<&str>,
        sets: &[Vec<Name>],
    ) -> Result<FaultId, WorldError> {
        for name in sets.iter().flatten() {
            self.machine(name)?;
        }
        let network = network.map(Name::from);
        self.inject(NetworkFault::partition(network, &self.nodes(), sets))
    }

    /// Cuts one direction: datagrams from `from` do not reach `to`, on one network or on all.
    ///
    /// # Errors
    /// Unknown names.
    pub fn cut(
        &mut self,
        network: Option<&str>,
        from: &str,
        to: &str,
    ) -> Result<FaultId, WorldError> {
        let links = vec![(from.into(), to.into())];
        self.inject(NetworkFault::Cut {
            network: network.map(Name::from),
            links,
        })
    }
}
