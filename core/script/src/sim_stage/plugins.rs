//! What the plugins of a cluster are doing, for people to read.

use super::SimStage;
use crate::PluginReport;

impl SimStage {
    /// Each plugin, and what its copies on the nodes are doing.
    pub(super) fn plugin_reports(&self) -> Vec<PluginReport> {
        let nodes = self.world.plugin_status();
        let of = |name: &str| {
            let name = name.to_owned();
            nodes.iter().flat_map(move |(node, all)| {
                let name = name.clone();
                let mine = all.iter().filter(move |it| it.plugin == name);
                mine.map(move |it| (node, it))
            })
        };
        self.plugins
            .libraries()
            .map(|library| {
                let name = library.name.as_str();
                PluginReport {
                    name: name.to_owned(),
                    version: library.version.clone(),
                    path: library.path.clone(),
                    reloads: self.reloads.get(name).copied().unwrap_or_default(),
                    outdated: of(name)
                        .flat_map(|(node, it)| {
                            it.outdated.iter().map(|of| (node.clone(), of.clone()))
                        })
                        .collect(),
                    apart: of(name)
                        .flat_map(|(node, it)| {
                            let each = it.apart.iter();
                            each.map(|(of, id)| (node.clone(), of.clone(), *id))
                        })
                        .collect(),
                    quarantined: of(name)
                        .filter(|(_, it)| it.quarantined)
                        .map(|(node, _)| node.clone())
                        .collect(),
                    last_deaths: of(name)
                        .filter_map(|(node, it)| Some((node.clone(), it.last_death.clone()?)))
                        .collect(),
                }
            })
            .collect()
    }
}
