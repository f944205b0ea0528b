//! Plugins: which there are, a file that was built anew, the end of a quarantine.

use std::sync::Arc;

use quorate_machine::ResourceMonitor;
use quorate_model::errors::{ERROR_GEN_FAILURE, ERROR_NOT_FOUND};

use super::Driver;
use crate::control::{PluginReloaded, PluginState, Response};

fn refused(code: u32, text: String) -> Response {
    Response::Refused { code, text }
}

impl Driver {
    /// The plugins as they are here.
    pub(super) fn plugins(&self) -> Response {
        let monitor = self.service.monitor();
        let known = monitor.map(|it| it.plugin_status()).unwrap_or_default();
        let libraries = self.plan.plugins.libraries();
        let plugins = libraries.map(|library| {
            let known = known.iter().find(|it| it.plugin == library.name);
            let reloads = self.reloads.get(&library.name).copied();
            PluginState::of(library, reloads.unwrap_or_default(), known)
        });
        Response::Plugins {
            node: self.name().clone(),
            plugins: plugins.collect(),
        }
    }

    /// Reads the file of a plugin again, or of each whose file has changed.
    pub(super) fn reload_plugins(&mut self, plugin: Option<&str>) -> Response {
        let (set, reloaded) = match self.plan.plugins.reload(plugin) {
            Ok(done) => done,
            Err(why) => return refused(ERROR_GEN_FAILURE, why.to_string()),
        };
        if !reloaded.is_empty() {
            self.plan.plugins = Arc::new(set);
            let plugins = Arc::clone(&self.plan.plugins);
            if let Some(monitor) = self.service.monitor_mut() {
                monitor.replace_plugins(plugins);
            }
        }
        for library in &reloaded {
            *self.reloads.entry(library.plugin.clone()).or_default() += 1;
        }
        Response::Reloaded {
            plugins: reloaded.into_iter().map(PluginReloaded::from).collect(),
        }
    }

    /// Ends the quarantine of a plugin.
    pub(super) fn release_plugin(&mut self, plugin: &str) -> Response {
        let mut known = self.plan.plugins.libraries().map(|it| it.name.as_str());
        if !known.any(|name| name == plugin) {
            let known: Vec<&str> = self
                .plan
                .plugins
                .libraries()
                .map(|it| it.name.as_str())
                .collect();
            let near = quorate_model::nearest(plugin, known.iter().copied());
            let near = near.map_or_else(String::new, |near| format!(" (did you mean {near}?)"));
            let known = known.join(", ");
            let text = format!("there is no plugin {plugin}{near}; loaded are {known}");
            return refused(ERROR_NOT_FOUND, text);
        }
        let monitor = self.service.monitor_mut();
        match monitor.is_some_and(|monitor| monitor.release_plugin(plugin)) {
            true => Response::Done,
            false => {
                let text = format!("{plugin} is not quarantined on {}", self.name());
                refused(ERROR_NOT_FOUND, text)
            }
        }
    }
}
