//! Names in an administrator's request match without case: it is carried out with the spelling of the definition.

use quorate_model::control::{ControlOf, ControlRequest};
use quorate_model::{ClusterDefinition, Name, Value, VirtualServerRequest, called};

use crate::io::{AdminOp, Object};

/// What a name may be the name of.
#[derive(Clone, Copy)]
enum Kind {
    Node,
    Group,
    Resource,
    Network,
    Disk,
}

impl Kind {
    fn spell(self, definition: &ClusterDefinition, name: &mut Name) {
        let found = match self {
            Kind::Node => definition.node(name).map(|node| &node.name),
            Kind::Group => definition.group(name).map(|group| &group.name),
            Kind::Resource => definition.resource(name).map(|(_, one)| &one.name),
            Kind::Network => {
                called(&definition.networks, name, |one| &one.name).map(|one| &one.name)
            }
            Kind::Disk => called(&definition.disks, name, |one| &one.name).map(|one| &one.name),
        };
        if let Some(found) = found.cloned() {
            *name = found;
        }
    }

    fn spell_text(self, definition: &ClusterDefinition, text: &mut String) {
        let mut name = Name::from(text.as_str());
        self.spell(definition, &mut name);
        *text = name.to_string();
    }
}

/// What a property's value refers to.
fn spell_value(definition: &ClusterDefinition, property: &str, value: &mut Value) {
    let is = |known: &str| property.eq_ignore_ascii_case(known);
    match value {
        Value::Text(text) if is("Disk") => Kind::Disk.spell_text(definition, text),
        Value::Text(text) if is("Network") => Kind::Network.spell_text(definition, text),
        Value::List(texts) if is("PreferredOwners") || is("PossibleOwners") => {
            for text in texts {
                Kind::Node.spell_text(definition, text);
            }
        }
        _ => {}
    }
}

fn spell_server(definition: &ClusterDefinition, request: &mut VirtualServerRequest) {
    Kind::Network.spell(definition, &mut request.network);
    for disk in &mut request.disks {
        Kind::Disk.spell(definition, disk);
    }
    for storage in &mut request.storage_groups {
        Kind::Disk.spell(definition, &mut storage.log_disk);
        Kind::Disk.spell(definition, &mut storage.database_disk);
    }
    let owners = request.preferred_owners.iter_mut();
    for owner in owners.chain(&mut request.possible_owners) {
        Kind::Node.spell(definition, owner);
    }
}

impl AdminOp {
    /// The request with every name of something that `definition` has in the spelling it has there. Names of what is
    /// to be made, and names of nothing, stay as they are.
    #[must_use]
    pub fn spelled(mut self, definition: &ClusterDefinition) -> AdminOp {
        match &mut self {
            AdminOp::GroupOnline { group } | AdminOp::GroupOffline { group } => {
                Kind::Group.spell(definition, group);
            }
            AdminOp::GroupMove { group, to } => {
                Kind::Group.spell(definition, group);
                if let Some(to) = to {
                    Kind::Node.spell(definition, to);
                }
            }
            AdminOp::ResourceOnline { resource }
            | AdminOp::ResourceOffline { resource }
            | AdminOp::ResourceFail { resource }
            | AdminOp::ResourceDelete { resource } => {
                Kind::Resource.spell(definition, resource);
            }
            AdminOp::SetProperty {
                object,
                property,
                value,
            } => {
                match object {
                    Object::Cluster => {}
                    Object::Node(name) => Kind::Node.spell(definition, name),
                    Object::Group(name) => Kind::Group.spell(definition, name),
                    Object::Resource(name) => Kind::Resource.spell(definition, name),
                }
                if let Some(value) = value {
                    spell_value(definition, property, value);
                }
            }
            AdminOp::NodePause { node }
            | AdminOp::NodeResume { node }
            | AdminOp::NodeEvict { node } => Kind::Node.spell(definition, node),
            AdminOp::SetPolicy { group, .. } => {
                if let Some(group) = group {
                    Kind::Group.spell(definition, group);
                }
            }
            AdminOp::NodeAdd { node } => {
                let written = std::mem::take(&mut node.interfaces).into_iter();
                node.interfaces = written
                    .map(|(mut network, address)| {
                        Kind::Network.spell(definition, &mut network);
                        (network, address)
                    })
                    .collect();
            }
            AdminOp::VirtualServerCreate { request } => spell_server(definition, request),
            AdminOp::ServiceStop => {}
        }
        self
    }
}

/// What is asked by a control code, with the names of what there is in the definition's spelling. A type is named as its plugin
/// spells it.
pub(crate) fn spell_control(definition: &ClusterDefinition, control: &mut ControlRequest) {
    match &mut control.of {
        ControlOf::Resource(name) => Kind::Resource.spell(definition, name),
        ControlOf::Type(_) => {}
    }
    if let Some(node) = &mut control.on {
        Kind::Node.spell(definition, node);
    }
}
