//! From a file as it is written to its definition.

use std::collections::BTreeMap;

use crate::places::{Anchor, Places};
use crate::{
    ClusterDefinition, DiskDefinition, DiskFacts, Facts, Name, NetworkDefinition, NetworkFacts,
    NetworkRole, NodeDefinition, NodeFacts, NodeId, QuorumKind, rules, suggest,
};

use super::decoder::{Decoder, Say};
use super::format::{ClusterFile, Quorum};
use super::groups;
use super::properties;
use super::properties::attributes;
use crate::source::Spanned;

/// The one-way latency of a network where a file says nothing: 200 µs, usual for the period.
const LATENCY_US: u64 = 200;

/// A definition with all that came with it, before any rule has looked at it.
pub(crate) struct Built {
    pub(crate) definition: ClusterDefinition,
    pub(crate) facts: Facts,
    pub(crate) places: Places,
    /// The policy scripts that are named: for a group, or for the whole cluster.
    pub(crate) policies: Vec<(Option<Name>, Spanned<String>)>,
}

/// Builds the definition. Whatever is missing in `file` was noted by its reader and gets a default where there is
/// one.
pub(crate) fn build(decoder: &mut Decoder<'_>, file: &ClusterFile) -> Built {
    let mut places = Places::default();
    places.put(Anchor::Cluster, file.span);
    let mut facts = facts(decoder, file);
    setup(file, &mut facts, &mut places);
    let networks = networks(file, &mut facts, &mut places);
    let nodes = nodes(file, &mut facts, &mut places);
    let disks = disks(file, &mut facts, &mut places);

    if let Some(quorum) = &file.quorum {
        let span = match &quorum.value {
            Quorum::Standard(resource) => resource.span,
            Quorum::MajorityNodeSet(_) | Quorum::Local => quorum.span,
        };
        places.put(Anchor::Quorum, span);
    }
    let quorum = match file.quorum.as_ref().map(|quorum| &quorum.value) {
        Some(Quorum::Standard(resource)) => QuorumKind::Standard {
            resource: resource.value.as_str().into(),
        },
        Some(Quorum::MajorityNodeSet(_)) => QuorumKind::MajorityNodeSet,
        Some(Quorum::Local) | None => QuorumKind::Local,
    };

    let groups = groups::build(decoder, file, &quorum, &mut facts, &mut places);

    let definition = ClusterDefinition {
        name: file
            .name
            .as_ref()
            .map_or("", |name| name.value.as_str())
            .into(),
        quorum,
        nodes,
        networks,
        disks,
        groups,
        utc_offset_minutes: utc_offset(decoder, file),
        properties: properties::cluster(decoder, &file.properties),
        policy: None,
    };
    // The file gives local time.
    facts.civil_origin_ms -= i64::from(definition.utc_offset_minutes) * 60_000;
    Built {
        definition,
        facts,
        places,
        policies: policies(file),
    }
}

fn policies(file: &ClusterFile) -> Vec<(Option<Name>, Spanned<String>)> {
    let servers = file.virtual_servers.iter();
    let servers = servers.map(|server| (Some(server.name.value.as_str()), &server.policy));
    let groups = file.groups.iter();
    let groups = groups.map(|group| (Some(group.name.value.as_str()), &group.policy));
    std::iter::once((None, &file.policy))
        .chain(servers)
        .chain(groups)
        .filter_map(|(group, policy)| Some((group.map(Name::from), policy.clone()?)))
        .collect()
}

/// Rules that are not asked, since `file` lacks what they look at: all that they found would only follow from that.
pub(crate) fn unjudged(file: &ClusterFile) -> Vec<&'static str> {
    let mut rules = Vec::new();
    if file.networks.is_empty() || file.networks.iter().any(|network| network.role.is_none()) {
        rules.extend([
            "no-private-network",
            "node-without-cluster-network",
            "address-without-clients",
        ]);
    }
    if file.quorum.is_none() {
        rules.extend(["local-quorum-nodes", "crowded-cluster-group"]);
    }
    rules
}

fn facts(decoder: &mut Decoder<'_>, file: &ClusterFile) -> Facts {
    let mut facts = Facts::default();
    if let Some(start) = &file.start {
        match jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", &start.value)
            .and_then(|start| start.to_zoned(jiff::tz::TimeZone::UTC))
        {
            Ok(start) => facts.civil_origin_ms = start.timestamp().as_millisecond(),
            Err(_) => decoder.error(
                "out-of-range",
                start.span,
                Say::new("this is no date and time")
                    .found(format!("{:?}", start.value))
                    .expected("a time such as \"2003-06-12 08:00:00\""),
            ),
        }
    }
    for (service, ms) in &file.service_start_ms {
        facts
            .service_start_ms
            .insert(service.value.clone(), u64::from(*ms));
    }
    for id in &file.accept {
        if rules::rule(&id.value).is_some_and(|rule| rule.severity < crate::Severity::Error) {
            facts.accepted.insert(id.value.clone());
            continue;
        }
        let acceptable = rules::CATALOGUE
            .iter()
            .filter(|rule| rule.severity < crate::Severity::Error)
            .map(|rule| rule.id);
        let say = Say::new(match rules::rule(&id.value) {
            Some(_) => format!("`{}` is an error, which cannot be accepted", id.value),
            None => format!("there is no rule `{}`", id.value),
        });
        let near = suggest::nearest(&id.value, acceptable);
        let say = say.help(near.map(|near| format!("did you mean `{near}`?")));
        decoder.error("unknown-rule", id.span, say);
    }
    facts
}

/// The installed components and network DTC access.
fn setup(file: &ClusterFile, facts: &mut Facts, places: &mut Places) {
    if let Some(components) = &file.components {
        for (index, component) in components.iter().enumerate() {
            places.put(Anchor::Component(index), component.span);
        }
        let names = components.iter().map(|component| component.value.clone());
        facts.components = Some(names.collect());
    }
    if let Some(network_dtc) = &file.network_dtc {
        places.put(Anchor::NetworkDtc, network_dtc.span);
        facts.network_dtc = network_dtc.value;
    }
}

fn utc_offset(decoder: &mut Decoder<'_>, file: &ClusterFile) -> i32 {
    let Some(text) = &file.utc_offset else {
        return 0;
    };
    let offset = jiff::fmt::strtime::parse("%:z", &text.value)
        .ok()
        .and_then(|time| time.offset());
    match offset.map(|offset| offset.seconds() / 60) {
        // No time zone on earth is further from UTC.
        Some(minutes) if minutes.abs() <= 14 * 60 => minutes,
        _ => {
            let say = Say::new("this is no difference from UTC")
                .found(format!("{:?}", text.value))
                .expected("hours and minutes such as \"+01:00\", at most 14 hours");
            decoder.error("out-of-range", text.span, say);
            0
        }
    }
}

fn networks(file: &ClusterFile, facts: &mut Facts, places: &mut Places) -> Vec<NetworkDefinition> {
    let mut networks = Vec::new();
    for (index, network) in file.networks.iter().enumerate() {
        let name: Name = network.name.value.as_str().into();
        places.put(Anchor::Network(index), network.name.span);
        if let Some(subnet) = &network.subnet {
            places.put(Anchor::Subnet(index), subnet.span);
            let written = NetworkFacts {
                subnet: subnet.value,
            };
            facts.networks.entry(name.clone()).or_insert(written);
        }
        networks.push(NetworkDefinition {
            name,
            role: network.role.unwrap_or(NetworkRole::Mixed),
            latency_us: network.latency_us.map_or(LATENCY_US, u64::from),
            dhcp: network.dhcp,
        });
    }
    networks
}

fn nodes(file: &ClusterFile, facts: &mut Facts, places: &mut Places) -> Vec<NodeDefinition> {
    let mut nodes = Vec::new();
    for (index, node) in file.nodes.iter().enumerate() {
        let name: Name = node.name.value.as_str().into();
        places.put(Anchor::Node(index), node.name.span);
        let mut interfaces = BTreeMap::new();
        for (network, address) in &node.interfaces {
            let network_name: Name = network.value.as_str().into();
            // The finding must point at the network's name if nobody knows the network, and otherwise at the address.
            let known = file
                .networks
                .iter()
                .any(|known| known.name.value == network.value);
            let span = if known { address.span } else { network.span };
            places.put(Anchor::Interface(index, network_name.clone()), span);
            interfaces.insert(network_name, address.value.clone());
        }
        let default = NodeFacts::default();
        let windows = node.windows.or(file.windows);
        let written = NodeFacts {
            windows: windows.unwrap_or(default.windows),
            windows_named: windows.is_some(),
            exchange: node.exchange.or(file.exchange).unwrap_or(default.exchange),
            processors: node.processors.unwrap_or(default.processors),
            memory_mb: node.memory_mb.unwrap_or(default.memory_mb),
        };
        facts.nodes.insert(name.clone(), written);
        // A rule of its own reports too many nodes.
        let id = NodeId(u8::try_from(index + 1).unwrap_or(u8::MAX));
        nodes.push(NodeDefinition {
            id,
            name,
            interfaces,
            attributes: attributes(&node.attributes),
        });
    }
    nodes
}

fn disks(file: &ClusterFile, facts: &mut Facts, places: &mut Places) -> Vec<DiskDefinition> {
    let mut disks = Vec::new();
    for (index, disk) in file.disks.iter().enumerate() {
        let name: Name = disk.name.value.as_str().into();
        places.put(Anchor::Disk(index), disk.name.span);
        let written = DiskFacts {
            raid: disk.raid,
            spindle: disk.spindle.clone(),
        };
        facts.disks.insert(name.clone(), written);
        disks.push(DiskDefinition { name });
    }
    disks
}
