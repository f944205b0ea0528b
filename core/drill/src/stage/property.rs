//! What can be read of a cluster beside its status: properties.

use quorate_model::Value;

/// What has properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertyOf<'a> {
    /// The cluster itself.
    Cluster,
    /// The group of this name.
    Group(&'a str),
    /// The resource of this name.
    Resource(&'a str),
}

/// A property: its value, and what it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyStatus {
    /// The original's name.
    pub name: String,
    /// Its value; a resource without a `PersistentState` of its own has its group's.
    pub value: Option<Value>,
    /// What it is where nobody set it; `None` if it must be set, or is inherited.
    pub default: Option<Value>,
    /// What values it takes, in words, with the unit.
    pub takes: String,
    /// One sentence.
    pub doc: String,
    /// Whether it belongs to the resource's type, rather than to every resource.
    pub private: bool,
}
