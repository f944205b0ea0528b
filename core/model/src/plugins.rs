//! What a cluster file says about the plugins of its resource types. Nothing here loads them.

use crate::file::format::Resource;
use crate::source::{Span, Spanned};
use crate::{Diagnostic, PERSISTENT_STATE, RESOURCE_PROPERTIES, Value};

/// How a cluster file wants a plugin to run. Whether such a plugin exists is for whoever loads plugins to find out.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginSettings {
    /// The plugin's name, such as `exres`.
    pub plugin: String,
    /// Whether its resources run in a resource monitor process; `None` leaves that decision to the plugin.
    pub separate_monitor: Option<bool>,
    /// A finding at the place where the plugin is named, still without a message.
    place: Diagnostic,
}

impl PluginSettings {
    pub(crate) fn new(plugin: String, separate_monitor: Option<bool>, place: Diagnostic) -> Self {
        PluginSettings {
            plugin,
            separate_monitor,
            place,
        }
    }

    /// An error at the place where the plugin is named.
    pub fn error(&self, rule: &'static str, message: impl Into<String>) -> Diagnostic {
        worded(&self.place, rule, message)
    }
}

/// A resource of a cluster file whose type is not a shipped one. Only its plugin knows which properties the type has,
/// so whoever loads plugins checks them. This keeps the places in the file that such a check must point at.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignResource {
    /// The resource's name.
    pub resource: String,
    /// Its type.
    pub kind: String,
    /// Whether it is the quorum resource.
    pub is_quorum: bool,
    /// The private properties that the file gives it, in its order.
    pub properties: Vec<ForeignProperty>,
    /// Findings at the places where the resource and its type are named, still without a message.
    name_place: Diagnostic,
    kind_place: Diagnostic,
}

/// A private property of a [`ForeignResource`].
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignProperty {
    /// Its name, as it is written.
    pub name: String,
    /// Its value.
    pub value: Value,
    name_place: Diagnostic,
    value_place: Diagnostic,
}

impl ForeignResource {
    /// Collects what the file says about the resource; `place` turns a span into a finding.
    pub(crate) fn new(
        written: &Resource,
        kind: &Spanned<String>,
        is_quorum: bool,
        place: impl Fn(Span) -> Diagnostic,
    ) -> Self {
        let common = |name: &str| {
            let mut common = RESOURCE_PROPERTIES.iter().chain([&PERSISTENT_STATE]);
            common.any(|known| known.name.eq_ignore_ascii_case(name))
        };
        let private = written.properties.iter();
        ForeignResource {
            resource: written.name.value.clone(),
            kind: kind.value.clone(),
            is_quorum,
            properties: private
                .filter(|(name, _)| !common(&name.value))
                .map(|(name, value)| ForeignProperty {
                    name: name.value.clone(),
                    value: value.value.clone(),
                    name_place: place(name.span),
                    value_place: place(value.span),
                })
                .collect(),
            name_place: place(written.name.span),
            kind_place: place(kind.span),
        }
    }

    /// An error where the resource is named.
    pub fn error(&self, rule: &'static str, message: impl Into<String>) -> Diagnostic {
        worded(&self.name_place, rule, message)
    }

    /// An error where its type is named.
    pub fn error_at_kind(&self, rule: &'static str, message: impl Into<String>) -> Diagnostic {
        worded(&self.kind_place, rule, message)
    }
}

impl ForeignProperty {
    /// An error where the property is named.
    pub fn error_at_name(&self, rule: &'static str, message: impl Into<String>) -> Diagnostic {
        worded(&self.name_place, rule, message)
    }

    /// An error at its value.
    pub fn error_at_value(&self, rule: &'static str, message: impl Into<String>) -> Diagnostic {
        worded(&self.value_place, rule, message)
    }
}

fn worded(place: &Diagnostic, rule: &'static str, message: impl Into<String>) -> Diagnostic {
    Diagnostic {
        rule,
        message: message.into(),
        ..place.clone()
    }
}
