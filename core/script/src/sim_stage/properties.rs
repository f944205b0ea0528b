//! Properties of groups and resources, with what a third party's type adds to them.

use quorate_host::{PluginSet, PropertyInfo, PropertyKind, TypeInfo};
use quorate_model::{
    CLUSTER_PROPERTIES, Diagnostic, ForeignResource, GROUP_PROPERTIES, PERSISTENT_STATE,
    PropertyError, RESOURCE_PROPERTIES, Value, types,
};

use super::{POLICY, SimStage};
use crate::finding::suggestion;
use crate::stage::{Stage, StageError};

/// The property of a resource that names the nodes which may own it; empty means all.
const POSSIBLE_OWNERS: &str = "PossibleOwners";

impl SimStage {
    /// A property of the cluster itself.
    pub(super) fn property_of_cluster(&self, property: &str) -> Result<Value, StageError> {
        self.definition().properties.get(property).ok_or_else(|| {
            let known = CLUSTER_PROPERTIES.iter().map(|known| known.name);
            no_property("cluster", property, known)
        })
    }

    /// A group's property.
    pub(super) fn property_of_group(
        &self,
        group: &str,
        property: &str,
    ) -> Result<Value, StageError> {
        let definition = self
            .definition()
            .group(group)
            .ok_or_else(|| StageError(format!("there is no group \"{group}\"")))?;
        if property.eq_ignore_ascii_case(POLICY) {
            let file = self.policy(Some(group)).unwrap_or_default();
            return Ok(Value::Text(file));
        }
        if property.eq_ignore_ascii_case(PERSISTENT_STATE.name)
            && let Ok(status) = self.world.group(group)
        {
            return Ok(Value::Dword(u32::from(status.persistent_state)));
        }
        definition.properties.get(property).ok_or_else(|| {
            no_property(
                "group",
                property,
                GROUP_PROPERTIES
                    .iter()
                    .map(|known| known.name)
                    .chain([PERSISTENT_STATE.name, POLICY]),
            )
        })
    }

    /// A resource's property; `None` where it has none of its own.
    pub(super) fn property_of_resource(
        &self,
        resource: &str,
        property: &str,
    ) -> Result<Option<Value>, StageError> {
        let (_, definition) = self
            .definition()
            .resource(resource)
            .ok_or_else(|| StageError(format!("there is no resource \"{resource}\"")))?;
        if property.eq_ignore_ascii_case(POSSIBLE_OWNERS) {
            let owners = definition.possible_owners.iter();
            return Ok(Some(Value::List(owners.map(ToString::to_string).collect())));
        }
        if property.eq_ignore_ascii_case(PERSISTENT_STATE.name)
            && let Ok(status) = self.world.resource(resource)
        {
            let own = status.persistent_state;
            return Ok(own.map(|wanted| Value::Dword(u32::from(wanted))));
        }
        if let Some(value) = definition.properties.get(property) {
            return Ok(Some(value));
        }
        // Not set: what the type takes it to be.
        let kind = self.plugins.type_info(&definition.kind);
        if let Some(known) = kind.and_then(|kind| kind.property(property)) {
            return Ok(Some(default_of(known)));
        }
        let common = RESOURCE_PROPERTIES.iter().map(|known| known.name);
        let private = kind
            .iter()
            .flat_map(|kind| &kind.properties)
            .map(|known| known.name.as_str());
        Err(no_property(
            &definition.kind,
            property,
            common
                .chain(private)
                .chain([PERSISTENT_STATE.name, POSSIBLE_OWNERS]),
        ))
    }
}

impl SimStage {
    /// Refuses a value that a resource's private property does not take. The cluster knows what the shipped types take;
    /// of others only their plugin does.
    pub(super) fn check_private(
        &self,
        resource: &str,
        property: &str,
        value: &Value,
    ) -> Result<(), StageError> {
        let known = self
            .definition()
            .resource(resource)
            .filter(|(_, it)| types::private_properties(&it.kind).is_none())
            .and_then(|(_, it)| self.plugins.type_info(&it.kind))
            .and_then(|kind| kind.property(property));
        match known.map(|known| check_value(known, value)) {
            Some(Err(error)) => Err(StageError(format!("{error} [{}]", error.rule()))),
            Some(Ok(())) | None => Ok(()),
        }
    }
}

fn no_property<'a>(of: &str, property: &str, known: impl Iterator<Item = &'a str>) -> StageError {
    let hint = suggestion(property, known)
        .map(|hint| format!(": {hint}"))
        .unwrap_or_default();
    StageError(format!(
        "{of} has no property \"{property}\"{hint} [unknown-property]"
    ))
}

/// What is wrong with the resources of types that are not shipped. The cluster file's own checks know the shipped types
/// only; what a third party's type has, its plugin says.
pub(super) fn check_foreign(foreign: &[ForeignResource], plugins: &PluginSet) -> Vec<Diagnostic> {
    let mut wrong = Vec::new();
    for resource in foreign {
        let Some(kind) = plugins.type_info(&resource.kind) else {
            if let Err(errors) = plugins.require([resource.kind.as_str()]) {
                wrong.push(resource.error_at_kind("unknown-type", errors.to_string()));
            }
            continue;
        };
        for given in &resource.properties {
            match kind.property(&given.name) {
                Some(known) => {
                    if let Err(error) = check_value(known, &given.value) {
                        wrong.push(given.error_at_value(error.rule(), error.to_string()));
                    }
                }
                None => {
                    let known = kind.properties.iter().map(|known| known.name.as_str());
                    let common = RESOURCE_PROPERTIES.iter().map(|known| known.name);
                    let finding = given.error_at_name(
                        "unknown-property",
                        format!(
                            "the type `{}` has no property `{}`",
                            resource.kind, given.name
                        ),
                    );
                    let near = suggestion(&given.name, known.chain(common));
                    let near = near.or_else(|| own_properties(kind));
                    wrong.push(Diagnostic {
                        help: near,
                        ..finding
                    });
                }
            }
        }
        for known in kind.properties.iter().filter(|known| known.required) {
            let same = |name: &str| name.eq_ignore_ascii_case(&known.name);
            if !resource.properties.iter().any(|given| same(&given.name)) {
                let message = format!(
                    "`{}` lacks the property `{}`, which its type `{}` needs",
                    resource.resource, known.name, resource.kind
                );
                let finding = resource.error("required-property", message);
                wrong.push(finding.help(format!("set it: {}, {}", known.doc, expected(known))));
            }
        }
    }
    wrong.sort_by_key(|finding| (finding.line, finding.column));
    wrong
}

fn own_properties(kind: &TypeInfo) -> Option<String> {
    let names: Vec<_> = kind.properties.iter().map(|known| &*known.name).collect();
    (!names.is_empty()).then(|| format!("its own are {}", names.join(", ")))
}

/// Whether a private property takes a value, by what its plugin says of it.
pub(super) fn check_value(known: &PropertyInfo, value: &Value) -> Result<(), PropertyError> {
    let (least, most) = match (known.kind, value) {
        (PropertyKind::Text, Value::Text(_)) | (PropertyKind::List, Value::List(_)) => {
            return Ok(());
        }
        (PropertyKind::Dword, Value::Dword(_)) => (known.min, known.max),
        (PropertyKind::Bool, Value::Dword(_)) => (0, 1),
        _ => {
            return Err(PropertyError::WrongType {
                name: known.name.clone(),
                found: value.to_string(),
                expected: expected(known),
            });
        }
    };
    match value {
        Value::Dword(number) if !(least..=most).contains(&u64::from(*number)) => {
            Err(PropertyError::OutOfRange {
                name: known.name.clone(),
                found: value.to_string(),
                expected: expected(known),
            })
        }
        _ => Ok(()),
    }
}

/// What a private property takes, in words.
fn expected(known: &PropertyInfo) -> String {
    match known.kind {
        PropertyKind::Text => "a text".to_owned(),
        PropertyKind::List => "a list of texts".to_owned(),
        PropertyKind::Bool => "0 or 1".to_owned(),
        PropertyKind::Dword => {
            let range = match (known.min, known.max) {
                (0, most) if most >= u64::from(u32::MAX) => "a number".to_owned(),
                (least, most) if most >= u64::from(u32::MAX) => {
                    format!("a number, at least {least}")
                }
                (least, most) => format!("a number from {least} to {most}"),
            };
            match &*known.unit {
                "" => range,
                unit => format!("{range} {unit}"),
            }
        }
    }
}

/// The default of a private property, which plugins state as text.
fn default_of(property: &PropertyInfo) -> Value {
    match property.kind {
        PropertyKind::Dword | PropertyKind::Bool => {
            Value::Dword(property.default.parse().unwrap_or_default())
        }
        PropertyKind::Text => Value::Text(property.default.clone()),
        PropertyKind::List => Value::List(property.default.lines().map(str::to_owned).collect()),
    }
}
