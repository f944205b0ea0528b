//! The properties of a cluster and its parts.

use quorate_model::{Name, PERSISTENT_STATE, PropertyDescriptor, Value};

/// The object that a property belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertyOf<'a> {
    /// The cluster itself.
    Cluster,
    /// The group of this name.
    Group(&'a str),
    /// The resource of this name.
    Resource(&'a str),
}

/// A property, its value, and the values it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyStatus {
    /// The original's name.
    pub name: String,
    /// Its value. A resource without a `PersistentState` of its own shows its group's.
    pub value: Option<Value>,
    /// Its value if nobody sets it; `None` if it must be set or is inherited.
    pub default: Option<Value>,
    /// The allowed values, in words, with the unit.
    pub takes: String,
    /// One sentence.
    pub doc: String,
    /// Whether it belongs to the resource's type rather than to all resources.
    pub private: bool,
}

impl PropertyStatus {
    /// A property that all clusters, groups or resources have, with its value.
    pub fn common(known: &PropertyDescriptor, value: Option<Value>) -> PropertyStatus {
        PropertyStatus {
            name: known.name.to_owned(),
            value,
            default: Some(known.default.clone()),
            takes: known.expected(),
            doc: known.doc.to_owned(),
            private: false,
        }
    }

    /// A group's wish to be online.
    pub fn group_persistent_state(wanted: bool) -> PropertyStatus {
        PropertyStatus::common(&PERSISTENT_STATE, Some(Value::Dword(u32::from(wanted))))
    }

    /// A resource's, which without one of its own has its group's.
    pub fn resource_persistent_state(wanted: Option<bool>) -> PropertyStatus {
        let wanted = wanted.map(|wanted| Value::Dword(u32::from(wanted)));
        PropertyStatus {
            default: None,
            takes: "0 or 1, or () for what the group has".to_owned(),
            ..PropertyStatus::common(&PERSISTENT_STATE, wanted)
        }
    }

    /// The nodes that may own a resource.
    pub fn possible_owners(owners: &[Name]) -> PropertyStatus {
        PropertyStatus {
            name: "PossibleOwners".to_owned(),
            value: Some(Value::List(
                owners.iter().map(ToString::to_string).collect(),
            )),
            default: Some(Value::List(Vec::new())),
            takes: "a list of nodes".to_owned(),
            doc: "The nodes that may own it; all if it is empty.".to_owned(),
            private: false,
        }
    }
}
