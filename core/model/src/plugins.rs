//! What a cluster file says of the plugins that its resources' types come from. Nothing here loads them.

use crate::Diagnostic;

/// A cluster file says how a plugin is to run. Whether there is such a plugin is known to whoever loads plugins.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginSettings {
    /// The plugin's name, such as `exres`.
    pub plugin: String,
    /// Whether its resources run in a resource monitor process; `None` leaves that to the plugin.
    pub separate_monitor: Option<bool>,
    /// A finding without words at the place where it is named.
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
        let mut finding = self.place.clone();
        finding.rule = rule;
        finding.message = message.into();
        finding
    }
}
