//! What a name on the command line means in a cluster, and what a value means for a property.

use std::fmt;

use quorate_live::LiveStatus;
use quorate_model::{
    CLUSTER_PROPERTIES, GROUP_PROPERTIES, Name, Object, PERSISTENT_STATE, PropertyKind,
    RESOURCE_PROPERTIES, Value, descriptor, nearest, same_name, types,
};

/// Something that has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Cluster,
    Node(Name),
    Group(Name),
    Resource(Name),
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Named::Cluster => write!(f, "the cluster"),
            Named::Node(name) => write!(f, "node {name}"),
            Named::Group(name) => write!(f, "group {name}"),
            Named::Resource(name) => write!(f, "resource {name}"),
        }
    }
}

/// What a name means: `cluster`, or what is called so, with its kind before it where several things are.
pub(super) fn find(text: &str, status: &LiveStatus) -> Result<Named, String> {
    if text.eq_ignore_ascii_case("cluster") {
        return Ok(Named::Cluster);
    }
    let all: Vec<Named> = all(status);
    let (kind, name) = match text.split_once(':') {
        Some((kind, name)) if ["node", "group", "resource"].contains(&kind) => (Some(kind), name),
        _ => (None, text),
    };
    let of_kind = |it: &&Named| kind.is_none_or(|kind| it.kind() == kind);
    let fits = |it: &&Named| same_name(it.name(), name);
    let found: Vec<&Named> = all.iter().filter(of_kind).filter(fits).collect();
    match &*found {
        [one] => Ok((*one).clone()),
        [] => {
            let known = all.iter().filter(of_kind).map(Named::name);
            let near = nearest(name, known);
            let near = near.map_or_else(String::new, |near| format!(": did you mean \"{near}\"?"));
            let kind = kind.unwrap_or("node, group or resource");
            Err(format!("there is no {kind} \"{name}\"{near}"))
        }
        several => {
            let ways = several
                .iter()
                .map(|it| format!("{}:{}", it.kind(), it.name()));
            let ways: Vec<String> = ways.collect();
            Err(format!(
                "\"{name}\" is several things: say {}",
                ways.join(" or ")
            ))
        }
    }
}

fn all(status: &LiveStatus) -> Vec<Named> {
    let nodes = status.nodes.iter().map(|it| Named::Node(it.name.clone()));
    let mut all: Vec<Named> = nodes.collect();
    for (group, resources) in &status.groups {
        all.push(Named::Group(group.name.clone()));
        all.extend(resources.iter().map(|it| Named::Resource(it.name.clone())));
    }
    all
}

impl Named {
    fn kind(&self) -> &'static str {
        match self {
            Named::Cluster => "cluster",
            Named::Node(_) => "node",
            Named::Group(_) => "group",
            Named::Resource(_) => "resource",
        }
    }

    fn name(&self) -> &str {
        match self {
            Named::Cluster => "cluster",
            Named::Node(name) | Named::Group(name) | Named::Resource(name) => name,
        }
    }

    pub(super) fn object(self) -> Object {
        match self {
            Named::Cluster => Object::Cluster,
            Named::Node(name) => Object::Node(name),
            Named::Group(name) => Object::Group(name),
            Named::Resource(name) => Object::Resource(name),
        }
    }

    /// The value of a property, as the node's database has it.
    pub(super) fn read(&self, property: &str, status: &LiveStatus) -> Result<Value, String> {
        let definition = &status.definition;
        let (value, known) = match self {
            Named::Cluster => (definition.properties.get(property), CLUSTER_PROPERTIES),
            Named::Group(name) => {
                let group = definition.group(name);
                (
                    group.and_then(|it| it.properties.get(property)),
                    GROUP_PROPERTIES,
                )
            }
            Named::Resource(name) => {
                let resource = definition.resource(name);
                let value = resource.and_then(|(_, it)| it.properties.get(property));
                (value, RESOURCE_PROPERTIES)
            }
            Named::Node(_) => return Err(format!("{self} has no properties that can be read")),
        };
        value.ok_or_else(|| {
            let near = nearest(property, known.iter().map(|it| it.name));
            let near = near.map_or_else(String::new, |near| format!(": did you mean {near}?"));
            format!("{self} has no property {property}{near}")
        })
    }

    /// A value as the property takes it. The cluster checks it.
    pub(super) fn value(
        &self,
        property: &str,
        text: &str,
        status: &LiveStatus,
    ) -> Result<Value, String> {
        let known = match self {
            Named::Cluster => descriptor(CLUSTER_PROPERTIES, property),
            Named::Node(_) => None,
            Named::Group(_) => descriptor(GROUP_PROPERTIES, property),
            Named::Resource(name) => {
                let mut resources = status.groups.iter().flat_map(|(_, resources)| resources);
                let resource = resources.find(|it| it.name == *name);
                let private = resource.and_then(|it| types::private_properties(&it.kind));
                descriptor(RESOURCE_PROPERTIES, property).or_else(|| descriptor(private?, property))
            }
        };
        let persistent = same_name(property, PERSISTENT_STATE.name);
        let known = known.or_else(|| persistent.then_some(&PERSISTENT_STATE));
        let number = || match text {
            "true" => Some(1),
            "false" => Some(0),
            // The original's -1 is the DWORD 0xFFFFFFFF.
            "-1" => Some(u32::MAX),
            other => other.parse().ok(),
        };
        let list = || {
            let parts = text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty());
            Value::List(parts.map(str::to_owned).collect())
        };
        let owners = ["PreferredOwners", "PossibleOwners"];
        match known.map(|known| &known.kind) {
            Some(PropertyKind::Dword { .. } | PropertyKind::Bool) => match number() {
                Some(number) => Ok(Value::Dword(number)),
                None => {
                    let expected = known.map(|known| known.expected()).unwrap_or_default();
                    Err(format!(
                        "{property} takes {expected}, and \"{text}\" is none"
                    ))
                }
            },
            Some(PropertyKind::Choice(choices)) => {
                let word = choices.iter().find(|(_, word)| same_name(word, text));
                let number = word.map(|(number, _)| *number).or_else(number);
                number.map(Value::Dword).ok_or_else(|| {
                    let expected = known.map(|known| known.expected()).unwrap_or_default();
                    format!("{property} takes {expected}, and \"{text}\" is none")
                })
            }
            Some(PropertyKind::Text) => Ok(Value::Text(text.to_owned())),
            Some(PropertyKind::List) => Ok(list()),
            None if owners.iter().any(|it| same_name(it, property)) => Ok(list()),
            None => Ok(number().map_or_else(|| Value::Text(text.to_owned()), Value::Dword)),
        }
    }
}
