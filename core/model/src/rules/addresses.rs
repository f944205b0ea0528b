//! Networks and addresses.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::Serialize;

use crate::places::Anchor;
use crate::{ClusterDefinition, Name, ResourceDefinition, Value, types};

use super::{Findings, Subject};

/// One line of a cluster's address plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AddressEntry {
    /// The address, as it is written; empty for one that a DHCP server gives.
    pub address: String,
    /// The network it is on; empty where it is not said.
    pub network: String,
    /// The node or IP Address resource that has it.
    pub owner: Name,
    /// The name that belongs to it: the node's, or that of the Network Name resource on it.
    pub name: String,
    /// Whether it is a static address.
    pub is_static: bool,
}

/// The whole address plan: each node's cards, then every IP Address resource, the cluster's own first. A cluster
/// with a public and a private network, n nodes and e virtual servers has 2n + e + 1 lines.
pub fn address_plan(definition: &ClusterDefinition) -> Vec<AddressEntry> {
    let mut plan = Vec::new();
    for node in &definition.nodes {
        for (network, address) in &node.interfaces {
            plan.push(AddressEntry {
                address: address.clone(),
                network: network.to_string(),
                owner: node.name.clone(),
                name: node.name.to_string(),
                is_static: true,
            });
        }
    }
    for group in &definition.groups {
        for resource in &group.resources {
            if *resource.kind != *types::IP_ADDRESS {
                continue;
            }
            let text = |name: &str| match resource.properties.private.get(name) {
                Some(Value::Text(text)) => text.clone(),
                _ => String::new(),
            };
            let names = group.resources.iter().filter(|other| {
                *other.kind == *types::NETWORK_NAME && other.depends_on.contains(&resource.name)
            });
            let is_static = !uses_dhcp(resource);
            plan.push(AddressEntry {
                address: if is_static {
                    text("Address")
                } else {
                    String::new()
                },
                network: text("Network"),
                owner: resource.name.clone(),
                name: names.map(network_name).next().unwrap_or_default(),
                is_static,
            });
        }
    }
    plan
}

/// The name that a Network Name resource registers.
fn network_name(resource: &ResourceDefinition) -> String {
    match resource.properties.private.get("Name") {
        Some(Value::Text(name)) if !name.is_empty() => name.clone(),
        _ => resource.name.to_string(),
    }
}

/// Nodes, the cluster and the virtual servers each have a NetBIOS name of their own.
pub(super) fn netbios_name(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    const LONGEST: usize = 15;
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    let nodes = subject.definition.nodes.iter().enumerate();
    let nodes = nodes.map(|(n, node)| {
        let owner = format!("the node `{}`", node.name);
        (Anchor::Node(n), node.name.to_string(), owner)
    });
    let named = subject
        .resources()
        .filter(|(_, _, _, resource)| *resource.kind == *types::NETWORK_NAME);
    let named = named.map(|(g, r, _, resource)| {
        let anchor = Anchor::Property(g, r, "Name");
        (
            anchor,
            network_name(resource),
            format!("`{}`", resource.name),
        )
    });
    for (anchor, name, owner) in nodes.chain(named) {
        if name.chars().count() > LONGEST {
            findings
                .add(anchor, format!("the name of {owner} is too long"))
                .found(format!("{name:?}, {} characters", name.chars().count()))
                .expected(format!("at most {LONGEST}"));
        } else if let Some(earlier) = owners.get(&name.to_uppercase()) {
            // Two nodes of one name have a finding of their own.
            if !matches!(anchor, Anchor::Node(_)) {
                let text = format!("{name} is the name of {earlier} and of {owner}");
                findings.add(anchor, text);
            }
        } else {
            owners.insert(name.to_uppercase(), owner);
        }
    }
}

/// A static address of the plan.
struct Planned<'a> {
    anchor: Anchor,
    /// Who has it, in words.
    owner: String,
    network: Option<Name>,
    text: &'a str,
    address: Option<Ipv4Addr>,
}

/// Every static address: one for each card, and one for each IP Address resource without DHCP.
fn plan<'a>(subject: &Subject<'a>) -> Vec<Planned<'a>> {
    let mut plan = Vec::new();
    for (n, node) in subject.definition.nodes.iter().enumerate() {
        for (network, text) in &node.interfaces {
            plan.push(Planned {
                anchor: Anchor::Interface(n, network.clone()),
                owner: format!("`{}` on `{network}`", node.name),
                network: Some(network.clone()),
                text,
                address: text.parse().ok(),
            });
        }
    }
    for (g, r, _, resource) in subject.resources() {
        if *resource.kind != *types::IP_ADDRESS || uses_dhcp(resource) {
            continue;
        }
        let text = match resource.properties.private.get("Address") {
            Some(Value::Text(text)) => text.as_str(),
            _ => "",
        };
        let network = match resource.properties.private.get("Network") {
            Some(Value::Text(network)) => Some(network.as_str().into()),
            _ => None,
        };
        plan.push(Planned {
            anchor: Anchor::Property(g, r, "Address"),
            owner: format!("`{}`", resource.name),
            network,
            text,
            address: text.parse().ok(),
        });
    }
    plan
}

fn uses_dhcp(resource: &ResourceDefinition) -> bool {
    matches!(
        resource.properties.private.get("EnableDhcp"),
        Some(Value::Dword(1))
    )
}

/// An address is an IPv4 address.
pub(super) fn bad_address(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for planned in plan(subject) {
        if planned.address.is_none() {
            findings
                .add(
                    planned.anchor,
                    format!("the address of {} is none", planned.owner),
                )
                .found(format!("{:?}", planned.text))
                .expected("an IPv4 address such as \"10.0.0.20\"");
        }
    }
}

/// Nobody shares an address.
pub(super) fn duplicate_address(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let mut owners: BTreeMap<Ipv4Addr, String> = BTreeMap::new();
    for planned in plan(subject) {
        let Some(address) = planned.address else {
            continue;
        };
        match owners.get(&address) {
            Some(earlier) => {
                let text = format!(
                    "{address} is the address of {earlier} and of {}",
                    planned.owner
                );
                findings.add(planned.anchor, text);
            }
            None => {
                owners.insert(address, planned.owner);
            }
        }
    }
}

/// A network's subnet: from the file, or at run time from the mask of the first virtual address on it and a node's
/// card.
fn subnet(subject: &Subject<'_>, network: &Name) -> Option<Ipv4Net> {
    if let Some(facts) = subject.facts.networks.get(network) {
        return Some(facts.subnet);
    }
    let text =
        |resource: &ResourceDefinition, name: &str| match resource.properties.private.get(name) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        };
    let mask: Ipv4Addr = subject.resources().find_map(|(_, _, _, resource)| {
        let on = *resource.kind == *types::IP_ADDRESS
            && text(resource, "Network").as_deref() == Some(network.as_str());
        on.then(|| text(resource, "SubnetMask")?.parse().ok())?
    })?;
    let mut nodes = subject.definition.nodes.iter();
    let card: Ipv4Addr = nodes.find_map(|node| node.interfaces.get(network)?.parse().ok())?;
    Ipv4Net::with_netmask(card, mask).ok()
}

/// An address lies in the subnet of its network, and is neither of the two reserved addresses.
pub(super) fn address_outside_subnet(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for planned in plan(subject) {
        let (Some(address), Some(network)) = (planned.address, planned.network) else {
            continue;
        };
        let Some(subnet) = subnet(subject, &network) else {
            continue;
        };
        let reserved = subnet.prefix_len() < 31
            && (address == subnet.network() || address == subnet.broadcast());
        if subnet.contains(&address) && !reserved {
            continue;
        }
        let other = subject
            .facts
            .networks
            .iter()
            .find(|(_, facts)| facts.subnet.contains(&address));
        let help = other
            .filter(|_| !reserved)
            .map(|(other, _)| format!("it lies in the subnet of `{other}`"));
        let text = if reserved {
            format!(
                "the address of {} is one that no host can have",
                planned.owner
            )
        } else {
            format!(
                "the address of {} does not lie in the subnet of `{network}`",
                planned.owner
            )
        };
        findings
            .add(planned.anchor, text)
            .found(address.to_string())
            .expected(format!("an address in {subnet}"))
            .help(help);
    }
}

/// Two networks with overlapping subnets cannot be told apart.
pub(super) fn overlapping_subnets(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let networks = &subject.definition.networks;
    let subnet = |name: &Name| subject.facts.networks.get(name).map(|facts| facts.subnet);
    for (n, network) in networks.iter().enumerate() {
        for earlier in networks
            .iter()
            .take(n)
            .filter(|earlier| earlier.name != network.name)
        {
            let (Some(ours), Some(theirs)) = (subnet(&network.name), subnet(&earlier.name)) else {
                continue;
            };
            if ours.contains(&theirs) || theirs.contains(&ours) {
                let text = format!(
                    "the subnets of `{}` and `{}` overlap",
                    earlier.name, network.name
                );
                findings
                    .add(Anchor::Subnet(n), text)
                    .found(format!("{theirs} and {ours}"));
            }
        }
    }
}

/// Every node has a card in a network that carries cluster messages.
pub(super) fn node_without_cluster_network(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let definition = subject.definition;
    for (n, node) in definition.nodes.iter().enumerate() {
        let hears = definition.networks.iter().any(|network| {
            network.role.carries_cluster() && node.interfaces.contains_key(&network.name)
        });
        if !hears && definition.nodes.len() > 1 {
            findings.add(
                Anchor::Node(n),
                format!(
                    "`{}` has no card in any network that carries cluster messages",
                    node.name
                ),
            );
        }
    }
}

/// A virtual address is on a network for clients.
pub(super) fn address_without_clients(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (g, r, _, resource) in subject.resources() {
        let network = match resource.properties.private.get("Network") {
            Some(Value::Text(network)) if *resource.kind == *types::IP_ADDRESS => network,
            _ => continue,
        };
        let internal = subject
            .definition
            .networks
            .iter()
            .any(|known| *known.name == **network && !known.role.carries_clients());
        if internal {
            findings.add(
                Anchor::Property(g, r, "Network"),
                format!("`{}` is on `{network}`, where no client is", resource.name),
            );
        }
    }
}

/// An address from DHCP is lost if its lease is not renewed.
pub(super) fn dhcp_address(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (g, r, _, resource) in subject.resources() {
        if *resource.kind == *types::IP_ADDRESS && uses_dhcp(resource) {
            let text = format!("`{}` gets its address by DHCP", resource.name);
            findings.add(Anchor::Property(g, r, "EnableDhcp"), text);
        }
    }
}

/// With a network of its own the cluster survives the failure of a public card.
pub(super) fn no_private_network(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let definition = subject.definition;
    let private = definition
        .networks
        .iter()
        .any(|network| network.role.carries_cluster() && !network.role.carries_clients());
    if !private && definition.nodes.len() > 1 && !definition.networks.is_empty() {
        findings.add(Anchor::Network(0), "the cluster has no private network");
    }
}

/// Two addresses a node, one for the cluster, one for each virtual server: 2n + e + 1.
pub(super) fn too_few_addresses(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let nodes = subject.definition.nodes.len();
    let servers = subject.virtual_servers().count();
    let (have, wanted) = (plan(subject).len(), 2 * nodes + servers + 1);
    if nodes > 1 && servers > 0 && have < wanted {
        findings
            .add(
                Anchor::Cluster,
                "the cluster has fewer static addresses than recommended",
            )
            .found(have.to_string())
            .expected(format!(
                "2 x {nodes} nodes + {servers} virtual servers + 1 = {wanted}"
            ));
    }
}
