//! Names in a cluster file match without case. Every reference gets the spelling of the definition it refers to.

use crate::{CLUSTER_GROUP, Value, called, same_name};

use super::format::{ClusterFile, Properties, Quorum, VirtualServer};
use crate::source::Spanned;

/// The names that a file defines.
struct Defined {
    nodes: Vec<String>,
    networks: Vec<String>,
    disks: Vec<String>,
    /// Resources that are written in full.
    resources: Vec<String>,
}

/// If `text` names something in `known`, gives it the spelling used there.
fn spell(text: &mut String, known: &[String]) {
    if let Some(found) = called(known.iter(), text, |name| name) {
        text.clone_from(found);
    }
}

fn spell_all(texts: &mut [Spanned<String>], known: &[String]) {
    for text in texts {
        spell(&mut text.value, known);
    }
}

/// Spells the references in the properties of a group or resource.
fn spell_properties(properties: &mut Properties, defined: &Defined) {
    for (name, value) in properties {
        let known = |wanted: &str| name.value.eq_ignore_ascii_case(wanted);
        match &mut value.value {
            Value::Text(text) if known("Disk") => spell(text, &defined.disks),
            Value::Text(text) if known("Network") => spell(text, &defined.networks),
            Value::List(texts) if known("PreferredOwners") || known("PossibleOwners") => {
                texts
                    .iter_mut()
                    .for_each(|text| spell(text, &defined.nodes));
            }
            _ => {}
        }
    }
}

fn spell_server(server: &mut VirtualServer, defined: &Defined) {
    if let Some(network) = &mut server.network {
        spell(&mut network.value, &defined.networks);
    }
    spell_all(&mut server.disks, &defined.disks);
    for storage in &mut server.storage_groups {
        spell(&mut storage.log_disk.value, &defined.disks);
        spell(&mut storage.database_disk.value, &defined.disks);
    }
    spell_all(&mut server.preferred_owners, &defined.nodes);
    spell_all(&mut server.possible_owners, &defined.nodes);
    spell_properties(&mut server.properties, defined);
    for (_, properties) in &mut server.resource_properties {
        spell_properties(properties, defined);
    }
}

/// Gives every reference in `file` the spelling of what it refers to.
pub(super) fn as_defined(file: &mut ClusterFile) {
    fn names<'n>(all: impl Iterator<Item = &'n Spanned<String>>) -> Vec<String> {
        all.map(|name| name.value.clone()).collect()
    }
    let written = file.groups.iter().flat_map(|group| &group.resources);
    let defined = Defined {
        nodes: names(file.nodes.iter().map(|node| &node.name)),
        networks: names(file.networks.iter().map(|network| &network.name)),
        disks: names(file.disks.iter().map(|disk| &disk.name)),
        resources: names(written.map(|resource| &resource.name)),
    };
    if let Some(network) = &mut file.network {
        spell(&mut network.value, &defined.networks);
    }
    if let Some(Spanned {
        value: Quorum::Standard(resource),
        ..
    }) = &mut file.quorum
    {
        // In the short form of the Cluster Group, the disk's resource has the disk's name.
        spell(&mut resource.value, &defined.disks);
        spell(&mut resource.value, &defined.resources);
    }
    for node in &mut file.nodes {
        for (network, _) in &mut node.interfaces {
            spell(&mut network.value, &defined.networks);
        }
    }
    for server in &mut file.virtual_servers {
        spell_server(server, &defined);
    }
    for group in &mut file.groups {
        if same_name(&group.name.value, CLUSTER_GROUP) {
            group.name.value = CLUSTER_GROUP.to_owned();
        }
        spell_all(&mut group.preferred_owners, &defined.nodes);
        spell_properties(&mut group.properties, &defined);
        for resource in &mut group.resources {
            spell_all(&mut resource.depends_on, &defined.resources);
            spell_all(&mut resource.possible_owners, &defined.nodes);
            spell_properties(&mut resource.properties, &defined);
        }
    }
}
