//! The state of a cluster's plugins, for people to read.

use quorate_drill::PluginReport;
use quorate_drill::stage::Part;
use quorate_host::LibraryInfo;
use quorate_model::{Name, types};

use crate::stage::SimStage;

impl SimStage {
    /// Each plugin, and the state of its copies on the nodes.
    pub(crate) fn plugin_reports(&self) -> Vec<PluginReport> {
        let nodes = self.world.at(Part::Rest).plugin_status();
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
                    misfits: self.misfits(library),
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

    /// Properties that the types of a library no longer take. They were valid when they were set, but the library has
    /// been reloaded since.
    fn misfits(&self, library: &LibraryInfo) -> Vec<(Name, String)> {
        let resources = self.definition().groups.iter().flat_map(|it| &it.resources);
        let mut wrong = Vec::new();
        for resource in resources {
            let Some(kind) = library.types.iter().find(|it| *it.name == *resource.kind) else {
                continue;
            };
            let mut say = |text| wrong.push((resource.name.clone(), text));
            let given = &resource.properties.private;
            for (name, value) in given {
                match kind.property(name).map(|known| known.check(value)) {
                    Some(Ok(())) => {}
                    Some(Err(error)) => say(error.to_string()),
                    // A script may use any property.
                    None if kind.name == types::GENERIC_SCRIPT => {}
                    None => say(format!("`{}` has no property `{name}`", kind.name)),
                }
            }
            let required = kind.properties.iter().filter(|known| known.required);
            let is_given =
                |wanted: &str| given.keys().any(|name| name.eq_ignore_ascii_case(wanted));
            for known in required.filter(|known| !is_given(&known.name)) {
                say(format!(
                    "`{}` needs the property `{}`",
                    kind.name, known.name
                ));
            }
        }
        wrong
    }
}
