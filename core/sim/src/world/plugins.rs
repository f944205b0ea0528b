//! Plugins that are replaced while the world goes on.

use std::collections::BTreeSet;
use std::sync::Arc;

use quorate_host::{PluginSet, PluginStatus};
use quorate_machine::ResourceMonitor;
use quorate_model::Name;

use super::World;

impl World {
    /// Replaces the plugins: for each resource when it is next offline, and for every service that starts. Nothing is
    /// stopped. A run whose plugin files change does not repeat, so this is for trying things out.
    pub fn replace_plugins(&mut self, plugins: &Arc<PluginSet>) {
        self.monitors = Box::new(Arc::clone(plugins));
        for machine in 0..self.stations.len() {
            if let Some(monitor) = self.calls(machine).monitor_mut() {
                monitor.replace_plugins(Arc::clone(plugins));
            }
        }
        self.env.changed();
    }

    /// Ends a plugin's quarantine on every node. Returns the nodes on which it was quarantined.
    pub fn release_plugin(&mut self, plugin: &str) -> Vec<Name> {
        let mut released = Vec::new();
        for machine in 0..self.stations.len() {
            if let Some(monitor) = self.calls(machine).monitor_mut()
                && monitor.release_plugin(plugin)
            {
                released.push(self.name(machine));
            }
        }
        self.env.changed();
        released
    }

    /// The plugins in use that run threads of their own, in order. If there are any, the run does not repeat.
    pub fn unrepeatable(&self) -> Vec<String> {
        let resources = self.installed.groups.iter().chain(&self.current.groups);
        let plugins: BTreeSet<String> = resources
            .flat_map(|group| &group.resources)
            .filter_map(|resource| self.monitors.threads_of(&resource.kind))
            .collect();
        plugins.into_iter().collect()
    }

    /// For each running node, its resource monitor's report on its plugins.
    pub fn plugin_status(&self) -> Vec<(Name, Vec<PluginStatus>)> {
        let machines = 0..self.stations.len();
        let reports = machines.filter_map(|machine| {
            let monitor = self.stations[machine].service.monitor()?;
            Some((self.name(machine), monitor.plugin_status()))
        });
        reports.collect()
    }
}
