//! Properties of groups and resources, with what a third party's type adds to them.

use quorate_host::PluginSet;
use quorate_model::{
    CLUSTER_PROPERTIES, ClusterDefinition, GROUP_PROPERTIES, PERSISTENT_STATE, RESOURCE_PROPERTIES,
    Value,
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

fn no_property<'a>(of: &str, property: &str, known: impl Iterator<Item = &'a str>) -> StageError {
    let hint = suggestion(property, known)
        .map(|hint| format!(": {hint}"))
        .unwrap_or_default();
    StageError(format!(
        "{of} has no property \"{property}\"{hint} [unknown-property]"
    ))
}

/// Refuses private properties that a resource's type does not have. The cluster file's own checks know the shipped types
/// only; what a third party's type has, its plugin says.
pub(super) fn check_private(
    definition: &ClusterDefinition,
    plugins: &PluginSet,
) -> Result<(), StageError> {
    let resources = definition.groups.iter().flat_map(|group| &group.resources);
    for resource in resources {
        let Some(kind) = plugins.type_info(&resource.kind) else {
            continue;
        };
        for name in resource.properties.private.keys() {
            if kind.property(name).is_none() {
                let known = kind.properties.iter().map(|known| known.name.as_str());
                let common = RESOURCE_PROPERTIES.iter().map(|known| known.name);
                let of = format!("\"{}\" ({})", resource.name, resource.kind);
                return Err(no_property(&of, name, known.chain(common)));
            }
        }
    }
    Ok(())
}

/// The default of a private property, which plugins state as text.
fn default_of(property: &quorate_host::PropertyInfo) -> Value {
    use quorate_host::PropertyKind;
    match property.kind {
        PropertyKind::Dword | PropertyKind::Bool => {
            Value::Dword(property.default.parse().unwrap_or_default())
        }
        PropertyKind::Text => Value::Text(property.default.clone()),
        PropertyKind::List => Value::List(property.default.lines().map(str::to_owned).collect()),
    }
}
