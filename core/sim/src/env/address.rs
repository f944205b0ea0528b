//! Addresses on cards, the directory of network names, and DHCP leases.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use quorate_host::ServiceResult;
use quorate_journal::WorldEvent;
use quorate_model::errors::{
    DNS_ERROR_RCODE_NAME_ERROR, DNS_ERROR_RCODE_REFUSED, ERROR_CLUSTER_IPADDR_IN_USE,
    ERROR_CLUSTER_NETWORK_NOT_FOUND, ERROR_IO_INCOMPLETE, ERROR_NETWORK_UNREACHABLE,
    ERROR_NOT_FOUND, ERROR_TIMEOUT,
};
use quorate_model::{ClusterDefinition, Fault, Name, NameFault, Reason, Time};

use super::{Environment, Machine};

/// How long a node waits for the name server: the four tries of the original's resolver, after 1, 2, 4 and 8 s.
const NAME_PATIENCE: Duration = Duration::from_secs(15);

/// The host numbers that DHCP servers give out, in the /24 of the nodes' own cards.
const POOL: std::ops::RangeInclusive<u8> = 200..=249;

/// The state of the name server.
struct NameServer {
    /// How long it takes to answer; `None` if it does not answer.
    takes: Option<Duration>,
    /// Whether it refuses registrations.
    refuses: bool,
}

#[derive(Debug)]
struct Lease {
    address: String,
    expires: Time,
}

/// The machines behind addresses, and the addresses behind names.
#[derive(Debug)]
pub(crate) struct Addresses {
    /// By machine: the addresses plumbed on it beside its own, by network and address, each with its resource.
    plumbed: Vec<BTreeMap<(usize, String), Name>>,
    /// By network name: the address, and the machine that registered it.
    directory: BTreeMap<String, (String, Machine)>,
    /// By network and resource.
    leases: BTreeMap<(usize, Name), Lease>,
    /// By network: the first three numbers of its addresses.
    prefixes: Vec<Option<[u8; 3]>>,
    lease_seconds: u32,
    /// By machine and network name: the address that the name server was asked to register, and since when the
    /// machine waits for the answer.
    asked: BTreeMap<(Machine, String), (String, Time)>,
}

impl Addresses {
    pub(crate) fn new(definition: &ClusterDefinition, lease_seconds: u32) -> Self {
        let prefixes = definition.networks.iter().map(|network| {
            let card = definition
                .nodes
                .iter()
                .find_map(|node| node.interfaces.get(&network.name))?;
            let [a, b, c, _] = card.parse::<Ipv4Addr>().ok()?.octets();
            Some([a, b, c])
        });
        Addresses {
            plumbed: vec![BTreeMap::new(); definition.nodes.len()],
            directory: BTreeMap::new(),
            leases: BTreeMap::new(),
            prefixes: prefixes.collect(),
            lease_seconds,
            asked: BTreeMap::new(),
        }
    }

    /// Adds a machine.
    pub(crate) fn add_machine(&mut self) {
        self.plumbed.push(BTreeMap::new());
    }

    /// The network in which the machine has the address plumbed, not counting its own addresses.
    pub(crate) fn network_of(&self, machine: Machine, address: &str) -> Option<usize> {
        self.plumbed[machine]
            .keys()
            .find(|(_, plumbed)| plumbed == address)
            .map(|(network, _)| *network)
    }

    /// Whether any machine has the address plumbed in the network, not counting their own addresses.
    pub(crate) fn is_plumbed(&self, network: usize, address: &str) -> bool {
        let key = (network, address.to_owned());
        self.plumbed
            .iter()
            .any(|plumbed| plumbed.contains_key(&key))
    }

    /// The address that a resource has on a machine.
    pub(crate) fn of(&self, machine: Machine, resource: &str) -> Option<&str> {
        let mut plumbed = self.plumbed[machine].iter();
        let found = plumbed.find(|(_, by)| by.as_str() == resource);
        found.map(|((_, address), _)| address.as_str())
    }

    fn has(&self, machine: Machine, network: usize, address: &str) -> bool {
        self.plumbed[machine].contains_key(&(network, address.to_owned()))
    }

    /// The address that a network name resolves to, for a caller that reaches the directory.
    pub(crate) fn lookup(&self, name: &str) -> Option<&str> {
        self.directory
            .get(name)
            .map(|(address, _)| address.as_str())
    }

    /// The machine lost power. The directory does not notice.
    pub(crate) fn drop_machine(&mut self, machine: Machine) {
        self.plumbed[machine].clear();
        self.asked.retain(|(by, _), _| *by != machine);
    }
}

fn error<T>(code: u32, text: impl Into<String>) -> ServiceResult<T> {
    Err(Reason::new(code, text))
}

impl Environment {
    fn network(&self, name: &str) -> ServiceResult<usize> {
        match self.networks.find(name) {
            Some(network) => Ok(network),
            None => error(
                ERROR_CLUSTER_NETWORK_NOT_FOUND,
                format!("there is no network {name}"),
            ),
        }
    }

    fn usable(&self, machine: Machine, network: usize) -> ServiceResult<()> {
        let (node, name) = (&self.hosts[machine].name, self.networks.name(network));
        match self.networks.card(network, machine) {
            None => error(
                ERROR_CLUSTER_NETWORK_NOT_FOUND,
                format!("{node} has no card in network {name}"),
            ),
            Some(false) => error(
                ERROR_NETWORK_UNREACHABLE,
                format!("{node}'s card in network {name} is broken"),
            ),
            Some(true) if !self.networks.has_power(network) => {
                error(ERROR_NETWORK_UNREACHABLE, format!("network {name} is down"))
            }
            Some(true) => Ok(()),
        }
    }

    /// Whether another machine answers for the address on the network, as an ARP request would show. A frozen machine
    /// does not answer, nor does one that cannot be reached.
    fn answers_elsewhere(&self, machine: Machine, network: usize, address: &str) -> Option<&Name> {
        (0..self.hosts.len()).find_map(|other| {
            let host = &self.hosts[other];
            let own = host.interfaces.get(self.networks.name(network));
            let has = own.is_some_and(|own| own == address)
                || (other != machine && self.addresses.has(other, network, address));
            let heard = self.networks.reaches(network, machine, other)
                && self.networks.reaches(network, other, machine);
            (has && host.runs() && heard).then_some(&host.name)
        })
    }

    pub(crate) fn address_add(
        &mut self,
        machine: Machine,
        resource: &str,
        network: &str,
        address: &str,
    ) -> ServiceResult<()> {
        let network = self.network(network)?;
        self.usable(machine, network)?;
        if self.addresses.has(machine, network, address) {
            return Ok(());
        }
        self.no_stranger(network, address)?;
        if let Some(other) = self.answers_elsewhere(machine, network, address) {
            return error(
                ERROR_CLUSTER_IPADDR_IN_USE,
                format!("{address} answers on {other}"),
            );
        }
        self.addresses.plumbed[machine].insert((network, address.to_owned()), resource.into());
        self.address_event(machine, network, address, true);
        Ok(())
    }

    pub(crate) fn address_remove(
        &mut self,
        machine: Machine,
        network: &str,
        address: &str,
    ) -> ServiceResult<()> {
        let network = self.network(network)?;
        if self.addresses.plumbed[machine]
            .remove(&(network, address.to_owned()))
            .is_some()
        {
            self.address_event(machine, network, address, false);
        }
        Ok(())
    }

    fn address_event(&mut self, machine: Machine, network: usize, address: &str, plumbed: bool) {
        let network = self.networks.name(network).clone();
        self.record(
            Some(machine),
            WorldEvent::Address {
                subject: address.to_owned(),
                network,
                plumbed,
            },
        );
        self.reach_changed();
    }

    pub(crate) fn address_works(
        &self,
        machine: Machine,
        network: &str,
        address: &str,
    ) -> ServiceResult<()> {
        let network = self.network(network)?;
        if !self.addresses.has(machine, network, address) {
            let node = &self.hosts[machine].name;
            return error(ERROR_NOT_FOUND, format!("{address} is not on {node}"));
        }
        self.usable(machine, network)?;
        self.no_stranger(network, address)
    }

    /// Fails if somebody outside the cluster answers for the address, as an ARP request would show.
    fn no_stranger(&self, network: usize, address: &str) -> ServiceResult<()> {
        match self.networks.has_stranger(network, address) {
            true => error(
                ERROR_CLUSTER_IPADDR_IN_USE,
                format!("{address} answers on a machine that is none of the cluster's"),
            ),
            false => Ok(()),
        }
    }

    /// The client network in which somebody outside the cluster answers for the address. That machine announced
    /// itself last, so everybody calls it.
    pub(crate) fn stranger_at(&self, address: &str) -> Option<&Name> {
        let mut networks = self.networks.names().enumerate();
        let found = networks.find(|(network, _)| {
            self.networks.role(*network).carries_clients()
                && self.networks.has_stranger(*network, address)
        });
        found.map(|(_, name)| name)
    }

    pub(crate) fn address_lease(
        &mut self,
        machine: Machine,
        resource: &str,
        network: &str,
    ) -> ServiceResult<(String, u32)> {
        let place = self.network(network)?;
        self.usable(machine, place)?;
        let seconds = self.addresses.lease_seconds;
        let silent = || {
            Reason::new(
                ERROR_TIMEOUT,
                format!("no DHCP server answers on {network}"),
            )
        };
        if !self.networks.dhcp_answers(place) {
            return Err(silent());
        }
        let [a, b, c] = self.addresses.prefixes[place].ok_or_else(silent)?;
        let key = (place, Name::from(resource));
        let now = self.now;
        let free = |wanted: &str| {
            !self.addresses.leases.iter().any(|(holder, lease)| {
                *holder != key && lease.address == wanted && lease.expires > now
            })
        };
        let mine = self
            .addresses
            .leases
            .get(&key)
            .map(|lease| lease.address.clone());
        let address = mine.filter(|mine| free(mine)).or_else(|| {
            POOL.map(|d| format!("{a}.{b}.{c}.{d}"))
                .find(|address| free(address))
        });
        let Some(address) = address else {
            return error(
                ERROR_TIMEOUT,
                format!("the DHCP server of {network} has no free address"),
            );
        };
        let expires = now + Duration::from_secs(seconds.into());
        self.addresses.leases.insert(
            key,
            Lease {
                address: address.clone(),
                expires,
            },
        );
        Ok((address, seconds))
    }

    fn directory(&self, machine: Machine) -> ServiceResult<()> {
        if self.networks.reaches_clients(machine) {
            return Ok(());
        }
        let node = &self.hosts[machine].name;
        error(
            ERROR_NETWORK_UNREACHABLE,
            format!("{node} reaches no name server: no public network works"),
        )
    }

    pub(crate) fn name_register(
        &mut self,
        machine: Machine,
        name: &str,
        address: &str,
    ) -> ServiceResult<()> {
        self.directory(machine)?;
        self.registered(machine, name, address)?;
        let entry = (address.to_owned(), machine);
        let before = self.addresses.directory.insert(name.to_owned(), entry);
        if before.is_none_or(|(before, _)| before != address) {
            self.name_event(machine, name, Some(address));
        }
        Ok(())
    }

    /// Asks the name server to register a name. It may refuse, or take its time.
    fn registered(&mut self, machine: Machine, name: &str, address: &str) -> ServiceResult<()> {
        let key = (machine, name.to_owned());
        let now = self.now;
        let server = self.name_server();
        let asked = self.addresses.asked.remove(&key);
        let since = asked.filter(|(it, _)| it == address).map_or(now, |it| it.1);
        let waited = now - since;
        if server.takes.is_some_and(|takes| takes <= waited) {
            return match server.refuses {
                true => error(
                    DNS_ERROR_RCODE_REFUSED,
                    format!("the name server refuses to register {name}"),
                ),
                false => Ok(()),
            };
        }
        if waited >= NAME_PATIENCE {
            return error(
                ERROR_TIMEOUT,
                format!("the name server does not answer for {name}"),
            );
        }
        self.addresses
            .asked
            .insert(key, (address.to_owned(), since));
        error(
            ERROR_IO_INCOMPLETE,
            format!("the name server has not answered for {name} yet"),
        )
    }

    /// The state that the active faults give the name server.
    fn name_server(&self) -> NameServer {
        let mut server = NameServer {
            takes: Some(Duration::ZERO),
            refuses: false,
        };
        for fault in self.faults.values() {
            match fault {
                Fault::Names(NameFault::NamesSilent) => server.takes = None,
                Fault::Names(NameFault::NamesRefused) => server.refuses = true,
                Fault::Names(NameFault::NamesSlow { delay }) => {
                    server.takes = server.takes.map(|takes| takes.max(*delay));
                }
                Fault::Machine(_)
                | Fault::Clock(_)
                | Fault::Network(_)
                | Fault::Disk(_)
                | Fault::Process(_)
                | Fault::Share(_) => {}
            }
        }
        server
    }

    /// The address that a client finds for a name, and how long that takes.
    pub(crate) fn found_by_clients(&self, name: &str) -> Result<(&str, Duration), String> {
        let takes = self.name_server().takes;
        let takes = takes
            .ok_or_else(|| format!("{name} does not resolve: the name server does not answer"))?;
        let address = self.addresses.lookup(name);
        let address = address.ok_or_else(|| format!("{name} does not resolve"))?;
        Ok((address, takes))
    }

    pub(crate) fn name_unregister(&mut self, machine: Machine, name: &str) -> ServiceResult<()> {
        self.addresses.asked.remove(&(machine, name.to_owned()));
        self.directory(machine)?;
        let server = self.name_server();
        if server.takes.is_none_or(|takes| takes >= NAME_PATIENCE) {
            return error(
                ERROR_TIMEOUT,
                format!("the name server does not answer for {name}"),
            );
        }
        if server.refuses {
            return error(
                DNS_ERROR_RCODE_REFUSED,
                format!("the name server refuses to take {name} off its list"),
            );
        }
        // A registration that another node has made since stays.
        if self
            .addresses
            .directory
            .get(name)
            .is_some_and(|(_, by)| *by == machine)
        {
            self.addresses.directory.remove(name);
            self.name_event(machine, name, None);
        }
        Ok(())
    }

    fn name_event(&mut self, machine: Machine, name: &str, address: Option<&str>) {
        self.record(
            Some(machine),
            WorldEvent::NameResolves {
                subject: name.to_owned(),
                address: address.map(str::to_owned),
            },
        );
        self.reach_changed();
    }

    pub(crate) fn name_resolve(&self, machine: Machine, name: &str) -> ServiceResult<String> {
        // A computer resolves its own names itself, even if it reaches nobody else.
        if let Some((address, keeper)) = self.addresses.directory.get(name)
            && *keeper == machine
        {
            return Ok(address.clone());
        }
        self.directory(machine)?;
        if self
            .name_server()
            .takes
            .is_none_or(|takes| takes >= NAME_PATIENCE)
        {
            return error(
                ERROR_TIMEOUT,
                format!("the name server does not answer for {name}"),
            );
        }
        match self.addresses.lookup(name) {
            Some(address) => Ok(address.to_owned()),
            None => error(
                DNS_ERROR_RCODE_NAME_ERROR,
                format!("{name} does not resolve"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::tests::environment;
    use quorate_model::{FaultId, NetworkFault};

    fn code<T: std::fmt::Debug>(result: ServiceResult<T>) -> u32 {
        result.expect_err("refused").code
    }

    #[test]
    fn an_address_that_answers_elsewhere_is_refused() {
        let mut env = environment(2);
        env.address_add(0, "IP", "Public", "10.0.0.21").unwrap();
        assert_eq!(
            code(env.address_add(1, "IP", "Public", "10.0.0.21")),
            ERROR_CLUSTER_IPADDR_IN_USE
        );
        assert_eq!(
            code(env.address_add(1, "IP", "Public", "10.0.0.1")),
            ERROR_CLUSTER_IPADDR_IN_USE
        );
        env.power_off(0);
        env.address_add(1, "IP", "Public", "10.0.0.21").unwrap();
        assert!(env.address_works(1, "Public", "10.0.0.21").is_ok());
        assert_eq!(
            code(env.address_works(0, "Public", "10.0.0.21")),
            ERROR_NOT_FOUND
        );
    }

    #[test]
    fn an_address_needs_card_and_network() {
        let mut env = environment(2);
        env.address_add(0, "IP", "Public", "10.0.0.21").unwrap();
        let card = NetworkFault::Card {
            node: "NODE1".into(),
            network: "Public".into(),
        };
        env.faults.insert(FaultId(1), card.into());
        env.apply_faults();
        assert_eq!(
            code(env.address_works(0, "Public", "10.0.0.21")),
            ERROR_NETWORK_UNREACHABLE
        );
        assert_eq!(
            code(env.name_register(0, "EVS1", "10.0.0.21")),
            ERROR_NETWORK_UNREACHABLE
        );
        assert_eq!(
            code(env.address_add(0, "IP", "Lab", "10.0.0.22")),
            ERROR_CLUSTER_NETWORK_NOT_FOUND
        );
    }

    #[test]
    fn a_name_follows_its_last_registration() {
        let mut env = environment(2);
        env.name_register(0, "EVS1", "10.0.0.21").unwrap();
        env.name_register(1, "EVS1", "10.0.0.22").unwrap();
        env.name_unregister(0, "EVS1").unwrap();
        assert_eq!(env.name_resolve(0, "EVS1").unwrap(), "10.0.0.22");
        env.name_unregister(1, "EVS1").unwrap();
        assert_eq!(
            code(env.name_resolve(0, "EVS1")),
            DNS_ERROR_RCODE_NAME_ERROR
        );
    }

    #[test]
    fn an_address_that_a_stranger_has_is_refused_and_works_no_longer() {
        let mut env = environment(2);
        env.address_add(0, "IP", "Public", "10.0.0.21").unwrap();
        let stranger = |address: &str| NetworkFault::Stranger {
            network: "Public".into(),
            address: address.to_owned(),
        };
        env.faults.insert(FaultId(1), stranger("10.0.0.21").into());
        env.faults.insert(FaultId(2), stranger("10.0.0.22").into());
        env.apply_faults();
        assert_eq!(
            code(env.address_works(0, "Public", "10.0.0.21")),
            ERROR_CLUSTER_IPADDR_IN_USE
        );
        assert_eq!(
            code(env.address_add(1, "IP2", "Public", "10.0.0.22")),
            ERROR_CLUSTER_IPADDR_IN_USE
        );
        env.faults.clear();
        env.apply_faults();
        env.address_works(0, "Public", "10.0.0.21").unwrap();
        env.address_add(1, "IP2", "Public", "10.0.0.22").unwrap();
    }

    #[test]
    fn a_name_server_refuses_is_slow_or_silent() {
        let mut env = environment(2);
        env.name_register(0, "EVS1", "10.0.0.21").unwrap();
        let second = Duration::from_secs(1);

        env.faults
            .insert(FaultId(1), NameFault::NamesRefused.into());
        assert_eq!(
            code(env.name_register(1, "EVS1", "10.0.0.22")),
            DNS_ERROR_RCODE_REFUSED
        );
        assert_eq!(
            code(env.name_unregister(0, "EVS1")),
            DNS_ERROR_RCODE_REFUSED
        );
        assert_eq!(
            env.found_by_clients("EVS1"),
            Ok(("10.0.0.21", Duration::ZERO))
        );

        env.faults.clear();
        let slow = NameFault::NamesSlow { delay: 3 * second };
        env.faults.insert(FaultId(2), slow.into());
        assert_eq!(
            code(env.name_register(1, "EVS1", "10.0.0.22")),
            ERROR_IO_INCOMPLETE
        );
        assert_eq!(env.found_by_clients("EVS1"), Ok(("10.0.0.21", 3 * second)));
        env.now += 3 * second;
        env.name_register(1, "EVS1", "10.0.0.22").unwrap();
        assert_eq!(env.found_by_clients("EVS1"), Ok(("10.0.0.22", 3 * second)));

        env.faults.clear();
        env.faults.insert(FaultId(3), NameFault::NamesSilent.into());
        assert_eq!(
            code(env.name_register(1, "EVS1", "10.0.0.23")),
            ERROR_IO_INCOMPLETE
        );
        env.now += NAME_PATIENCE;
        assert_eq!(
            code(env.name_register(1, "EVS1", "10.0.0.23")),
            ERROR_TIMEOUT
        );
        assert!(env.found_by_clients("EVS1").is_err());
        assert_eq!(code(env.name_resolve(0, "EVS1")), ERROR_TIMEOUT);
        assert_eq!(env.name_resolve(1, "EVS1").unwrap(), "10.0.0.22", "its own");
    }

    #[test]
    fn a_lease_is_renewed_and_runs_out() {
        let mut env = environment(2);
        let (first, seconds) = env.address_lease(0, "IP A", "Public").unwrap();
        assert_eq!(env.address_lease(0, "IP A", "Public").unwrap().0, first);
        let (second, _) = env.address_lease(0, "IP B", "Public").unwrap();
        assert_ne!(first, second);
        env.now += Duration::from_secs(u64::from(seconds) + 1);
        assert_eq!(env.address_lease(1, "IP C", "Public").unwrap().0, first);
        assert_ne!(env.address_lease(0, "IP A", "Public").unwrap().0, first);
        assert_eq!(code(env.address_lease(0, "IP A", "Private")), ERROR_TIMEOUT);
    }

    #[test]
    fn an_address_needs_a_network_with_power() {
        let mut env = environment(2);
        assert!(!env.addresses.is_plumbed(0, "10.0.0.21"));
        env.address_add(0, "IP", "Public", "10.0.0.21").unwrap();
        assert!(env.addresses.is_plumbed(0, "10.0.0.21"));
        let network = Name::from("Public");
        env.faults
            .insert(FaultId(1), NetworkFault::Network { network }.into());
        env.apply_faults();
        let refused = env.address_works(0, "Public", "10.0.0.21").unwrap_err();
        assert_eq!(refused.code, ERROR_NETWORK_UNREACHABLE);
        assert_eq!(refused.text, "network Public is down");
    }

    /// An ARP exchange needs both directions, the question's and the answer's.
    #[test]
    fn whoever_is_heard_one_way_alone_does_not_answer_for_its_address() {
        for (from, to) in [("NODE1", "NODE2"), ("NODE2", "NODE1")] {
            let mut env = environment(2);
            env.address_add(0, "IP", "Public", "10.0.0.21").unwrap();
            let cut = NetworkFault::Cut {
                network: None,
                links: vec![(from.into(), to.into())],
            };
            env.faults.insert(FaultId(1), cut.into());
            env.apply_faults();
            assert!(env.address_add(1, "IP", "Public", "10.0.0.21").is_ok());
        }
    }

    #[test]
    fn a_stranger_is_found_in_the_network_that_clients_use() {
        let mut env = environment(2);
        let address = "10.0.0.99";
        assert_eq!(env.stranger_at(address), None);
        for (network, found) in [("Private", None), ("Public", Some("Public"))] {
            let stranger = NetworkFault::Stranger {
                network: network.into(),
                address: address.into(),
            };
            env.faults.insert(FaultId(1), stranger.into());
            env.apply_faults();
            assert_eq!(env.stranger_at(address).map(Name::as_str), found);
        }
    }

    #[test]
    fn an_address_is_free_again_in_the_instant_in_which_its_lease_ends() {
        let mut env = environment(2);
        let (first, seconds) = env.address_lease(0, "one", "Public").unwrap();
        let lease = Duration::from_secs(seconds.into());
        env.now = Time::ZERO + (lease - Duration::from_micros(1));
        assert_ne!(env.address_lease(0, "two", "Public").unwrap().0, first);
        env.now = Time::ZERO + lease;
        assert_eq!(env.address_lease(0, "three", "Public").unwrap().0, first);
    }

    #[test]
    fn what_a_machine_asked_the_name_server_is_gone_with_its_power() {
        let mut env = environment(2);
        for machine in [0, 1] {
            let key = (machine, "EVS1".to_owned());
            let asked = &mut env.addresses.asked;
            asked.insert(key, ("10.0.0.21".to_owned(), Time::ZERO));
        }
        env.addresses.drop_machine(0);
        let left: Vec<Machine> = env.addresses.asked.keys().map(|(by, _)| *by).collect();
        assert_eq!(left, [1]);
    }
}
