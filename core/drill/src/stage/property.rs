//! The properties of a cluster and its parts.

use quorate_model::Value;

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
