//! Names in an administrator's request match without case. A request is carried out with the definition's spelling.

use crate::control::{ControlOf, ControlRequest};
use crate::{AdminOp, ClusterDefinition, Name, Object, Value, VirtualServerRequest, called};

/// The kind of thing that a name stands for.
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

/// Spells the names in a property's value as the definition does.
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
    /// The request with the names of existing things spelled as in `definition`. Names of things that it is to
    /// create, and unknown names, stay as they are.
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

impl ControlRequest {
    /// The request with the names of existing things spelled as in `definition`. A type is spelled as its plugin
    /// spells it.
    #[must_use]
    pub fn spelled(mut self, definition: &ClusterDefinition) -> ControlRequest {
        match &mut self.of {
            ControlOf::Resource(name) => Kind::Resource.spell(definition, name),
            ControlOf::Type(_) => {}
        }
        if let Some(node) = &mut self.on {
            Kind::Node.spell(definition, node);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use crate::control::ControlCode;

    use super::*;

    fn shipped(file: &str) -> ClusterDefinition {
        let folder =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/clusters");
        crate::load(&folder.join(file)).unwrap().definition
    }

    /// The request, spelled as the four-node cluster spells its names.
    fn spelled(op: AdminOp) -> AdminOp {
        op.spelled(&shipped("four-node.ron"))
    }

    fn set(object: Object, property: &str, value: Value) -> AdminOp {
        AdminOp::SetProperty {
            object,
            property: property.into(),
            value: Some(value),
        }
    }

    #[test]
    fn names_of_what_there_is_are_spelled_as_the_cluster_has_them() {
        let group = || "EVS1".into();
        for (written, meant) in [
            (
                AdminOp::GroupOnline {
                    group: "evs1".into(),
                },
                AdminOp::GroupOnline { group: group() },
            ),
            (
                AdminOp::GroupMove {
                    group: "Evs1".into(),
                    to: Some("node4".into()),
                },
                AdminOp::GroupMove {
                    group: group(),
                    to: Some("NODE4".into()),
                },
            ),
            (
                AdminOp::ResourceFail {
                    resource: "evs1 smtp".into(),
                },
                AdminOp::ResourceFail {
                    resource: "EVS1 SMTP".into(),
                },
            ),
            (
                AdminOp::NodePause {
                    node: "Node2".into(),
                },
                AdminOp::NodePause {
                    node: "NODE2".into(),
                },
            ),
            (
                AdminOp::NodePause {
                    node: "node9".into(),
                },
                AdminOp::NodePause {
                    node: "node9".into(),
                },
            ),
            (
                AdminOp::SetPolicy {
                    group: Some("evs1".into()),
                    policy: None,
                },
                AdminOp::SetPolicy {
                    group: Some(group()),
                    policy: None,
                },
            ),
        ] {
            assert_eq!(spelled(written), meant);
        }
    }

    /// What a value names depends on the property: a text that is not a name stays as it is written.
    #[test]
    fn a_value_is_spelled_where_its_property_names_something() {
        let text = |text: &str| Value::Text(text.into());
        let list = |texts: &[&str]| Value::List(texts.iter().map(|it| (*it).into()).collect());
        let object = || Object::Resource("EVS1 SMTP".into());
        for (property, written, meant) in [
            ("disk", text("disk q:"), text("Disk Q:")),
            ("Network", text("PUBLIC"), text("Public")),
            ("Description", text("disk q:"), text("disk q:")),
            ("Description", text("PUBLIC"), text("PUBLIC")),
            ("Network", text("disk q:"), text("disk q:")),
            ("Disk", text("PUBLIC"), text("PUBLIC")),
            (
                "PreferredOwners",
                list(&["node1", "NODE9"]),
                list(&["NODE1", "NODE9"]),
            ),
            ("possibleowners", list(&["Node2"]), list(&["NODE2"])),
            ("AntiAffinityClassNames", list(&["node1"]), list(&["node1"])),
        ] {
            let op = spelled(set(object(), property, written));
            assert_eq!(op, set(object(), property, meant), "{property}");
        }
    }

    #[test]
    fn a_control_code_goes_to_what_is_meant() {
        let definition = shipped("four-node.ron");
        let control = ControlRequest {
            of: ControlOf::Resource("evs1 smtp".into()),
            on: Some("node3".into()),
            code: ControlCode(0x0120_0000),
            input: Vec::new(),
        };
        let control = control.spelled(&definition);
        assert_eq!(control.of, ControlOf::Resource("EVS1 SMTP".into()));
        assert_eq!(control.on, Some("NODE3".into()));
    }

    #[test]
    fn what_a_virtual_server_is_to_use_is_spelled_and_what_it_is_to_be_called_is_not() {
        let storage = crate::StorageGroup {
            name: "evs1".into(),
            log_disk: "disk q:".into(),
            database_disk: "disk q:".into(),
        };
        let mut request = VirtualServerRequest {
            network_name: "node1".into(),
            network: "public".into(),
            disks: vec!["disk q:".into()],
            storage_groups: vec![storage],
            preferred_owners: vec!["node1".into()],
            possible_owners: vec!["node2".into()],
            ..VirtualServerRequest::new("evs1", "10.0.0.99")
        };
        spell_server(&shipped("four-node.ron"), &mut request);
        assert_eq!((&*request.name, &*request.network_name), ("evs1", "node1"));
        assert_eq!(request.network, "Public");
        assert_eq!(request.disks, ["Disk Q:"]);
        let storage = &request.storage_groups[0];
        assert_eq!((&*storage.name, &*storage.log_disk), ("evs1", "Disk Q:"));
        assert_eq!(storage.database_disk, "Disk Q:");
        assert_eq!(request.preferred_owners, ["NODE1"]);
        assert_eq!(request.possible_owners, ["NODE2"]);
    }
}
