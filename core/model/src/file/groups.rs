//! Groups, in their short forms and in full.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::places::{Anchor, Places};
use crate::{
    CLUSTER_GROUP, ClusterGroupRequest, FILE_SHARE_WITNESS, Facts, GroupDefinition, Name,
    NetworkRole, QuorumKind, ResourceDefinition, StorageGroup, Value, VirtualServerFacts,
    VirtualServerRequest, same_name, suggest, types,
};

use super::decoder::{Decoder, Say};
use super::format::{ClusterFile, Group, Network, Quorum, Resource, VirtualServer};
use super::properties::{self, attributes};
use crate::source::{Span, Spanned};

/// A group and the places of its parts.
struct Draft {
    group: GroupDefinition,
    span: Span,
    preferred_owners: Vec<Span>,
    resources: Vec<ResourceSpans>,
}

/// The places of a resource's parts.
#[derive(Clone, Default)]
struct ResourceSpans {
    name: Span,
    kind: Option<Span>,
    depends_on: Vec<Span>,
    possible_owners: Vec<Span>,
    properties: BTreeMap<&'static str, Span>,
}

/// Every group, the default one first, with the places of all their parts.
pub(crate) fn build(
    decoder: &mut Decoder<'_>,
    file: &ClusterFile,
    quorum: &QuorumKind,
    facts: &mut Facts,
    places: &mut Places,
) -> Vec<GroupDefinition> {
    let mut drafts = Vec::new();
    drafts.extend(cluster_group(decoder, file, quorum));
    for (index, server) in file.virtual_servers.iter().enumerate() {
        let load = VirtualServerFacts {
            users: server.users,
            cpu_percent: server.cpu_percent,
            front_end: server.front_end,
        };
        facts
            .virtual_servers
            .insert(server.name.value.as_str().into(), load);
        drafts.push(virtual_server(decoder, file, server, index == 0));
    }
    drafts.extend(file.groups.iter().map(|written| group(decoder, written)));
    name_witness(decoder, file, &mut drafts);
    // The default group comes first wherever it is written.
    drafts.sort_by_key(|draft| draft.group.name != CLUSTER_GROUP);
    let mut groups = Vec::new();
    for (index, mut draft) in drafts.into_iter().enumerate() {
        providers_first(&mut draft);
        put_places(places, index, &draft);
        groups.push(draft.group);
    }
    groups
}

/// The network of an address where the file does not name it: one whose subnet contains it, preferably for clients;
/// otherwise the first network for clients.
fn network_of(file: &ClusterFile, address: &str) -> Name {
    let all = || file.networks.iter();
    let for_clients = |network: &&Network| network.role.is_none_or(NetworkRole::carries_clients);
    let holds = |network: &&Network| match (&network.subnet, address.parse::<Ipv4Addr>()) {
        (Some(subnet), Ok(address)) => subnet.value.contains(&address),
        _ => false,
    };
    all()
        .find(|network| for_clients(network) && holds(network))
        .or_else(|| all().find(holds))
        .or_else(|| all().find(for_clients))
        .or_else(|| file.networks.first())
        .map_or("", |network| network.name.value.as_str())
        .into()
}

fn subnet_mask(file: &ClusterFile, network: &Name) -> String {
    let found = file
        .networks
        .iter()
        .find(|known| known.name.value == **network);
    found
        .and_then(|network| network.subnet.as_ref())
        .map_or_else(String::new, |subnet| subnet.value.netmask().to_string())
}

/// Whether the file has a resource of this name in one of its groups.
fn is_written(file: &ClusterFile, name: &Name) -> bool {
    let mut all = file.groups.iter().flat_map(|group| &group.resources);
    all.any(|resource| resource.name.value == **name)
}

/// The default group from the short form: the cluster's name, address and quorum.
fn cluster_group(
    decoder: &mut Decoder<'_>,
    file: &ClusterFile,
    quorum: &QuorumKind,
) -> Option<Draft> {
    let Some(address) = &file.address else {
        let written = file
            .groups
            .iter()
            .any(|group| group.name.value == CLUSTER_GROUP);
        if !written {
            let say = Say::new("a cluster lacks the field `address`").help(Some(
                "add `address: \"…\"`, or write the group `Cluster Group` in full".to_owned(),
            ));
            decoder.error("missing-field", file.span, say);
        }
        return None;
    };
    let network = file.network.as_ref().map_or_else(
        || network_of(file, &address.value),
        |network| network.value.as_str().into(),
    );
    let request = ClusterGroupRequest {
        name: file
            .name
            .as_ref()
            .map_or_else(String::new, |name| name.value.clone()),
        address: address.value.clone(),
        subnet_mask: subnet_mask(file, &network),
        network,
        quorum: quorum.clone(),
        msdtc: file.msdtc,
    };
    let mut group = request.expand();
    if let QuorumKind::Standard { resource } = quorum
        && is_written(file, resource)
    {
        // It is in another group, where whatever depends on it would have to be, too.
        group.resources.retain(|it| it.name != *resource);
        for it in &mut group.resources {
            it.depends_on.retain(|provider| provider != resource);
        }
    }
    let quorum_span = match file.quorum.as_ref() {
        Some(Spanned {
            value: Quorum::Standard(resource),
            ..
        }) => resource.span,
        Some(quorum) => quorum.span,
        None => file.span,
    };
    let name_span = file.name.as_ref().map_or(file.span, |name| name.span);
    let network_span = file
        .network
        .as_ref()
        .map_or(address.span, |network| network.span);
    let resources = group
        .resources
        .iter()
        .map(|resource| match &*resource.kind {
            types::IP_ADDRESS => ResourceSpans {
                name: address.span,
                properties: BTreeMap::from([("Address", address.span), ("Network", network_span)]),
                ..ResourceSpans::default()
            },
            types::PHYSICAL_DISK | types::MAJORITY_NODE_SET => ResourceSpans {
                name: quorum_span,
                ..ResourceSpans::default()
            },
            _ => ResourceSpans {
                name: name_span,
                ..ResourceSpans::default()
            },
        })
        .collect();
    Some(Draft {
        group,
        span: name_span,
        preferred_owners: Vec::new(),
        resources,
    })
}

/// Stores a file share witness that the quorum's short form names as a property of the quorum resource.
fn name_witness(decoder: &mut Decoder<'_>, file: &ClusterFile, drafts: &mut [Draft]) {
    let quorum = file.quorum.as_ref().map(|quorum| &quorum.value);
    let Some(Quorum::MajorityNodeSet(Some(share))) = quorum else {
        return;
    };
    let resources = drafts
        .iter_mut()
        .flat_map(|draft| draft.group.resources.iter_mut().zip(&mut draft.resources));
    // Without such a resource, the rule `majority-without-resource` reports it.
    let Some((resource, spans)) = resources
        .into_iter()
        .find(|(resource, _)| *resource.kind == *types::MAJORITY_NODE_SET)
    else {
        return;
    };
    let private = &mut resource.properties.private;
    let written = private
        .keys()
        .any(|name| name.eq_ignore_ascii_case(FILE_SHARE_WITNESS));
    if written {
        let say = Say::new(format!(
            "the file share witness stands here and at `{}`",
            resource.name
        ))
        .help(Some("take one of the two out".to_owned()));
        decoder.error("duplicate-field", share.span, say);
        return;
    }
    private.insert(
        FILE_SHARE_WITNESS.to_owned(),
        Value::Text(share.value.clone()),
    );
    spans.properties.insert(FILE_SHARE_WITNESS, share.span);
}

fn to_names(texts: &[Spanned<String>]) -> Vec<Name> {
    texts
        .iter()
        .map(|text| text.value.as_str().into())
        .collect()
}

fn to_spans(texts: &[Spanned<String>]) -> Vec<Span> {
    texts.iter().map(|text| text.span).collect()
}

/// A virtual server's group from the short form.
fn virtual_server(
    decoder: &mut Decoder<'_>,
    file: &ClusterFile,
    server: &VirtualServer,
    first: bool,
) -> Draft {
    let address = server.address.as_ref();
    let address_text = address.map_or("", |address| address.value.as_str());
    let address_span = address.map_or(server.span, |address| address.span);
    let network = server.network.as_ref().map_or_else(
        || network_of(file, address_text),
        |network| network.value.as_str().into(),
    );

    // Without a list of its own, it has the disks of its storage groups.
    let mut disks: Vec<Spanned<String>> = server.disks.clone();
    if disks.is_empty() {
        for disk in server
            .storage_groups
            .iter()
            .flat_map(|group| [&group.log_disk, &group.database_disk])
        {
            if !disks.iter().any(|known| known.value == disk.value) {
                disks.push(disk.clone());
            }
        }
    }
    let request = VirtualServerRequest {
        name: server.name.value.as_str().into(),
        network_name: server
            .network_name
            .as_ref()
            .unwrap_or(&server.name)
            .value
            .clone(),
        address: address_text.to_owned(),
        subnet_mask: subnet_mask(file, &network),
        network,
        disks: to_names(&disks),
        storage_groups: server
            .storage_groups
            .iter()
            .map(|group| StorageGroup {
                name: group.name.value.clone(),
                log_disk: group.log_disk.value.as_str().into(),
                database_disk: group.database_disk.value.as_str().into(),
            })
            .collect(),
        preferred_owners: to_names(&server.preferred_owners),
        possible_owners: to_names(&server.possible_owners),
        mta: server.mta.unwrap_or(first),
        imap4: server.imap4,
        pop3: server.pop3,
        exclusive: file.nodes.len() > 2,
    };
    let mut group = request.expand();
    group.attributes = attributes(&server.attributes);
    for (name, declared) in [("users", server.users), ("cpu_percent", server.cpu_percent)] {
        if let Some(number) = declared {
            group
                .attributes
                .insert(name.to_owned(), Value::Dword(number));
        }
    }
    properties::set_group(decoder, &mut group, &server.properties);

    let network_span = server
        .network
        .as_ref()
        .map_or(address_span, |network| network.span);
    let mut disk_spans = disks.iter().map(|disk| disk.span);
    let storage_span = server.storage_groups_span.unwrap_or(server.name.span);
    let resources = group
        .resources
        .iter()
        .map(|resource| {
            let (name, places) = match &*resource.kind {
                types::IP_ADDRESS => (
                    address_span,
                    vec![("Address", address_span), ("Network", network_span)],
                ),
                types::NETWORK_NAME => {
                    let name = server.network_name.as_ref().unwrap_or(&server.name);
                    (name.span, vec![("Name", name.span)])
                }
                types::PHYSICAL_DISK => (disk_spans.next().unwrap_or(server.name.span), vec![]),
                types::INFORMATION_STORE => {
                    (server.name.span, vec![("StorageGroups", storage_span)])
                }
                _ => (server.name.span, vec![]),
            };
            ResourceSpans {
                name,
                properties: places.into_iter().collect(),
                possible_owners: to_spans(&server.possible_owners),
                ..ResourceSpans::default()
            }
        })
        .collect();
    let mut draft = Draft {
        group,
        span: server.name.span,
        preferred_owners: to_spans(&server.preferred_owners),
        resources,
    };
    for (name, written) in &server.resource_properties {
        let prefix = format!("{} ", server.name.value);
        let known = draft.group.resources.iter_mut().find(|resource| {
            same_name(&resource.name, &name.value)
                || same_name(&resource.name, &format!("{prefix}{}", name.value))
        });
        if let Some(resource) = known {
            properties::set_resource(decoder, resource, written, name.span);
        } else {
            let all: Vec<&str> = draft
                .group
                .resources
                .iter()
                .map(|resource| resource.name.as_str())
                .collect();
            let full = format!("{prefix}{}", name.value);
            let near = suggest::nearest(&name.value, all.iter().copied())
                .or_else(|| suggest::nearest(&full, all.iter().copied()));
            let say = Say::new(format!(
                "`{}` has no resource `{}`",
                server.name.value, name.value
            ))
            .help(near.map(|near| format!("did you mean `{near}`?")));
            decoder.error("unknown-resource", name.span, say);
        }
    }
    draft
}

/// A group that is written in full.
fn group(decoder: &mut Decoder<'_>, written: &Group) -> Draft {
    let mut group = GroupDefinition {
        name: written.name.value.as_str().into(),
        properties: Default::default(),
        resources: Vec::new(),
        persistent_state: true,
        policy: None,
        attributes: attributes(&written.attributes),
    };
    properties::set_group(decoder, &mut group, &written.properties);
    let mut preferred_owners = to_spans(&written.preferred_owners);
    if !written.preferred_owners.is_empty() {
        group.properties.preferred_owners = to_names(&written.preferred_owners);
    } else if let Some((_, list)) = written
        .properties
        .iter()
        .find(|(name, _)| name.value.eq_ignore_ascii_case("PreferredOwners"))
    {
        preferred_owners = vec![list.span; group.properties.preferred_owners.len()];
    }
    let mut resources = Vec::new();
    for written in &written.resources {
        let (definition, spans) = resource(decoder, written);
        group.resources.push(definition);
        resources.push(spans);
    }
    Draft {
        group,
        span: written.name.span,
        preferred_owners,
        resources,
    }
}

fn resource(decoder: &mut Decoder<'_>, written: &Resource) -> (ResourceDefinition, ResourceSpans) {
    let mut definition = ResourceDefinition {
        name: written.name.value.as_str().into(),
        kind: written
            .kind
            .as_ref()
            .map_or("", |kind| kind.value.as_str())
            .into(),
        depends_on: to_names(&written.depends_on),
        possible_owners: to_names(&written.possible_owners),
        persistent_state: None,
        properties: Default::default(),
    };
    properties::set_resource(
        decoder,
        &mut definition,
        &written.properties,
        written.name.span,
    );
    let mut places = BTreeMap::new();
    for property in types::private_properties(&definition.kind).unwrap_or(&[]) {
        let set = written
            .properties
            .iter()
            .find(|(name, _)| name.value == property.name);
        if let Some((_, value)) = set {
            places.insert(property.name, value.span);
        }
    }
    if let Some((_, action)) = written
        .properties
        .iter()
        .find(|(name, _)| name.value.eq_ignore_ascii_case("RestartAction"))
    {
        places.insert("RestartAction", action.span);
    }
    let spans = ResourceSpans {
        name: written.name.span,
        kind: written.kind.as_ref().map(|kind| kind.span),
        depends_on: to_spans(&written.depends_on),
        possible_owners: to_spans(&written.possible_owners),
        properties: places,
    };
    (definition, spans)
}

/// Orders a group's resources: providers before dependents, otherwise as written. Resources in a loop come last.
fn providers_first(draft: &mut Draft) {
    let resources = std::mem::take(&mut draft.group.resources);
    let spans = std::mem::take(&mut draft.resources);
    let mut waiting: Vec<_> = resources.into_iter().zip(spans).collect();
    let mut placed: Vec<(ResourceDefinition, ResourceSpans)> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready = waiting.iter().position(|(resource, _)| {
            resource.depends_on.iter().all(|needed| {
                *needed == resource.name || !waiting.iter().any(|(other, _)| other.name == *needed)
            })
        });
        placed.push(waiting.remove(ready.unwrap_or(0)));
    }
    (draft.group.resources, draft.resources) = placed.into_iter().unzip();
}

fn put_places(places: &mut Places, group: usize, draft: &Draft) {
    places.put(Anchor::Group(group), draft.span);
    for (index, span) in draft.preferred_owners.iter().enumerate() {
        places.put(Anchor::PreferredOwner(group, index), *span);
    }
    for (resource, spans) in draft.resources.iter().enumerate() {
        places.put(Anchor::Resource(group, resource), spans.name);
        if let Some(span) = spans.kind {
            places.put(Anchor::Kind(group, resource), span);
        }
        for (index, span) in spans.depends_on.iter().enumerate() {
            places.put(Anchor::Dependency(group, resource, index), *span);
        }
        for (index, span) in spans.possible_owners.iter().enumerate() {
            places.put(Anchor::PossibleOwner(group, resource, index), *span);
        }
        for (name, span) in &spans.properties {
            places.put(Anchor::Property(group, resource, name), *span);
        }
    }
}
