//! Properties of the cluster, its groups and its resources, with what a resource's type adds to them.

use quorate_drill::stage::{Configuration, POLICY, Part, PropertyOf, PropertyStatus, StageError};
use quorate_model::{CLUSTER_PROPERTIES, GROUP_PROPERTIES, RESOURCE_PROPERTIES, Value, types};

use crate::stage::SimStage;

impl SimStage {
    /// The properties of the cluster, of a group or of a resource.
    pub(crate) fn properties_of(
        &self,
        of: PropertyOf<'_>,
    ) -> Result<Vec<PropertyStatus>, StageError> {
        match of {
            PropertyOf::Cluster => Ok(self.properties_of_cluster()),
            PropertyOf::Group(name) => self.properties_of_group(name),
            PropertyOf::Resource(name) => self.properties_of_resource(name),
        }
    }

    fn properties_of_cluster(&self) -> Vec<PropertyStatus> {
        let own = &self.definition().properties;
        let known = CLUSTER_PROPERTIES.iter();
        known
            .map(|it| PropertyStatus::common(it, own.get(it.name)))
            .collect()
    }

    fn properties_of_group(&self, group: &str) -> Result<Vec<PropertyStatus>, StageError> {
        let definition = self
            .definition()
            .group(group)
            .ok_or_else(|| StageError::Refused(format!("there is no group \"{group}\"")))?;
        let known = GROUP_PROPERTIES.iter();
        let mut all: Vec<_> = known
            .map(|it| PropertyStatus::common(it, definition.properties.get(it.name)))
            .collect();
        let wanted = self
            .world
            .at(Part::Rest)
            .group(group)
            .ok()
            .map(|it| it.persistent_state);
        let wanted = wanted.unwrap_or(definition.persistent_state);
        all.push(PropertyStatus::group_persistent_state(wanted));
        all.push(PropertyStatus {
            name: POLICY.to_owned(),
            value: Some(Value::Text(self.policy(Some(group)).unwrap_or_default())),
            default: Some(Value::Text(String::new())),
            takes: "the file of a policy script".to_owned(),
            doc: "The group's own policy; the cluster's if it is empty.".to_owned(),
            private: false,
        });
        Ok(all)
    }

    fn properties_of_resource(&self, resource: &str) -> Result<Vec<PropertyStatus>, StageError> {
        let (_, definition) = self
            .definition()
            .resource(resource)
            .ok_or_else(|| StageError::Refused(format!("there is no resource \"{resource}\"")))?;
        let set = &definition.properties;
        let kind = self.plugins.type_info(&definition.kind);
        let private = kind.iter().flat_map(|kind| &kind.properties);
        let mut all: Vec<_> = private
            .map(|known| {
                // A property that is not set has the type's default.
                let default = known.default_value();
                PropertyStatus {
                    name: known.name.clone(),
                    value: Some(set.get(&known.name).unwrap_or_else(|| default.clone())),
                    default: (!known.required).then_some(default),
                    takes: known.takes(),
                    doc: known.doc.clone(),
                    private: true,
                }
            })
            .collect();
        // A property that the script alone knows, or one that the type had before it was reloaded.
        let (takes, doc) = if definition.kind == *types::GENERIC_SCRIPT {
            (
                "what the script makes of it",
                "A property of the script's own.".to_owned(),
            )
        } else {
            (
                "nothing",
                format!("No property of {} any more.", definition.kind),
            )
        };
        let own = set
            .private
            .iter()
            .filter(|(name, _)| kind.is_some_and(|kind| kind.property(name).is_none()));
        all.extend(own.map(|(name, value)| PropertyStatus {
            name: name.clone(),
            value: Some(value.clone()),
            default: None,
            takes: takes.to_owned(),
            doc: doc.clone(),
            private: true,
        }));
        let known = RESOURCE_PROPERTIES.iter();
        all.extend(known.map(|it| PropertyStatus::common(it, set.get(it.name))));
        let own = self.world.at(Part::Rest).resource(resource).ok();
        let own = own.map_or(definition.persistent_state, |it| it.persistent_state);
        all.push(PropertyStatus::resource_persistent_state(own));
        all.push(PropertyStatus::possible_owners(&definition.possible_owners));
        Ok(all)
    }

    /// Refuses a value that a resource's private property does not take, and a reset of a required one. The cluster
    /// checks those of the shipped types; only the plugin can check those of other types.
    pub(crate) fn check_private(
        &self,
        resource: &str,
        property: &str,
        value: Option<&Value>,
    ) -> Result<(), StageError> {
        let known = self
            .definition()
            .resource(resource)
            .filter(|(_, it)| types::private_properties(&it.kind).is_none())
            .and_then(|(_, it)| self.plugins.type_info(&it.kind))
            .and_then(|kind| kind.property(property));
        match (known, value) {
            (Some(known), Some(value)) => known
                .check(value)
                .map_err(|error| StageError::Refused(format!("{error} [{}]", error.rule()))),
            (Some(known), None) if known.required => Err(StageError::Refused(format!(
                "`{}` has no default: it is required [required-property]",
                known.name
            ))),
            _ => Ok(()),
        }
    }

    /// Whether a resource may have properties that its type does not list.
    pub(crate) fn takes_any_property(&self, resource: &str) -> bool {
        let known = self.definition().resource(resource);
        known.is_some_and(|(_, it)| types::takes_any_property(&it.kind))
    }
}
