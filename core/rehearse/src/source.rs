//! Where virtual clusters come from: a cluster file and plugins.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use quorate_drill::stage::{OpenError, Stage, StageRequest, StageSource};
use quorate_drill::{MAX_BYTES, findings_of, read_text};
use quorate_host::{Isolation, PluginSet, search_folders};
use quorate_model::{Diagnostics, Facts, PluginSettings, nearest};
use quorate_sim::{Load, ServiceTimes, World, WorldOptions};

use crate::foreign::{check_foreign, check_plugins};
use crate::noted::Noted;
use crate::policies::PolicyLanguage;
use crate::stage::{Loaded, SimStage};

/// Opens virtual clusters with the plugins found in a list of folders. The plugins are loaded once, when the first
/// cluster is opened.
#[derive(Debug, Default)]
pub struct SimSource {
    folders: Vec<PathBuf>,
    isolation: Isolation,
    plugins: Loaded,
    policies: Option<PolicyLanguage>,
    /// The working directory that relative paths start from.
    home: Option<PathBuf>,
}

impl SimSource {
    /// Searches `folders` for plugins first, then the host's own places. Relative paths of clusters start from the
    /// present working directory: if a plugin has changed that, opening a cluster changes it back.
    pub fn new(folders: Vec<PathBuf>) -> SimSource {
        SimSource {
            folders,
            home: std::env::current_dir().ok(),
            ..SimSource::default()
        }
    }

    /// Uses other settings for resource monitor processes.
    pub fn isolated(self, isolation: Isolation) -> SimSource {
        SimSource { isolation, ..self }
    }

    /// Uses policy scripts in this language. Without one, a cluster file that names any cannot be opened.
    pub fn policies(self, language: PolicyLanguage) -> SimSource {
        SimSource {
            policies: Some(language),
            ..self
        }
    }

    /// Whether every plugin that is to run in a process of its own exists. If no plugins can be loaded at all, this
    /// is no error: opening a cluster says why.
    ///
    /// # Errors
    ///
    /// The first name that no plugin has.
    pub fn check_isolation(&self) -> Result<(), String> {
        if !self
            .isolation
            .libraries
            .keys()
            .any(|name| name != Isolation::ALL)
        {
            return Ok(());
        }
        let folders = search_folders(&self.folders);
        let Ok(mut set) = PluginSet::load_under(&folders, self.isolation.clone()) else {
            return Ok(());
        };
        set.isolate(self.isolation.clone())
            .map_err(|error| error.to_string())
    }

    /// The plugins; loads them as `isolation` says if that has not been done.
    fn plugins(&self, isolation: &Isolation) -> Result<Arc<PluginSet>, OpenError> {
        let mut plugins = self.plugins.borrow_mut();
        let load = || {
            let folders = search_folders(&self.folders);
            let mut set = PluginSet::load_under(&folders, isolation.clone())
                .map_err(|errors| errors.to_string())?;
            set.isolate(self.isolation.clone())
                .map_err(|error| error.to_string())?;
            Ok(Arc::new(set))
        };
        plugins
            .get_or_insert_with(load)
            .clone()
            .map_err(OpenError::Plugins)
    }

    /// The plugins as a cluster file wants them to run. The operator's own settings count more.
    fn plugins_for(
        &self,
        path: &Path,
        text: &str,
        settings: &[PluginSettings],
    ) -> Result<Arc<PluginSet>, OpenError> {
        let mut isolation = self.isolation.clone();
        for it in settings {
            if let Some(apart) = it.separate_monitor
                && self.isolation.said(&it.plugin).is_none()
            {
                isolation.libraries.insert(it.plugin.clone(), apart);
            }
        }
        let mut plugins = self.plugins(&isolation)?;
        let unknown = check_plugins(settings, &plugins);
        if !unknown.is_empty() {
            return Err(OpenError::Cluster {
                path: path.to_path_buf(),
                findings: findings_of(&Diagnostics(unknown), text),
            });
        }
        if *plugins.isolation() != isolation {
            Arc::make_mut(&mut plugins)
                .isolate(isolation)
                .map_err(|error| OpenError::Plugins(error.to_string()))?;
        }
        Ok(plugins)
    }
}

impl StageSource for SimSource {
    fn open(&self, request: &StageRequest) -> Result<Box<dyn Stage>, OpenError> {
        // A plugin may have changed the working directory, and the user's paths start from the old one.
        let there = std::env::current_dir().ok();
        if let Some(home) = self.home.as_ref().filter(|_| there != self.home) {
            // If this fails, reading the file reports that it is not there.
            let _ = std::env::set_current_dir(home);
        }
        let path = &request.cluster;
        if path.extension().is_some_and(|end| end == "rhai") {
            let path = path.display();
            return Err(OpenError::Other(format!(
                "{path} is a script, and a cluster file (.ron) is wanted: `quorate drill {path}` runs it"
            )));
        }
        let text = match &request.text {
            Some(text) => text.clone(),
            None => read_text(path, Some(MAX_BYTES)).map_err(|error| {
                let path = path.display();
                OpenError::Other(format!("cannot read the cluster file {path}: {error}"))
            })?,
        };
        let read = quorate_model::parse(&path.display().to_string(), &text);
        let mut loaded = read.map_err(|found| OpenError::Cluster {
            path: path.clone(),
            findings: findings_of(&found, &text),
        })?;
        match &self.policies {
            Some(language) => {
                (language.attach)(path, &text, &mut loaded).map_err(|findings| {
                    OpenError::Cluster {
                        path: path.clone(),
                        findings,
                    }
                })?;
            }
            None if loaded.policies.is_empty() => {}
            None => {
                let path = path.display();
                return Err(OpenError::Other(format!(
                    "the cluster file {path} names policy scripts, and nothing here can run them"
                )));
            }
        }
        let plugins = self.plugins_for(path, &text, &loaded.plugins)?;
        let wrong = check_foreign(&loaded.foreign, &plugins);
        if !wrong.is_empty() {
            return Err(OpenError::Cluster {
                path: path.clone(),
                findings: findings_of(&Diagnostics(wrong), &text),
            });
        }
        let kinds = loaded
            .definition
            .groups
            .iter()
            .flat_map(|group| &group.resources);
        plugins
            .require(kinds.map(|resource| resource.kind.as_str()))
            .map_err(|errors| OpenError::Plugins(errors.to_string()))?;
        if let Some(start) = request.start {
            let offset = i64::from(loaded.definition.utc_offset_minutes) * 60_000;
            let local = loaded.facts.civil_origin_ms + offset;
            loaded.facts.civil_origin_ms = start.beginning(local) - offset;
        }
        let options = options(request.seed, &loaded.facts);
        let mut world = World::open(loaded.definition, plugins.clone(), options);
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        world.set_scripts(Box::new(move |script| {
            let path = folder.join(script);
            read_text(&path, Some(MAX_BYTES))
                .map_err(|error| format!("cannot read {}: {error}", path.display()))
        }));
        if let Some(language) = &self.policies {
            world.set_policies(Arc::clone(&language.run));
        }
        world.start_all();
        Ok(Box::new(SimStage {
            world: Noted::new(world),
            facts: loaded.facts,
            plugins,
            loaded: Rc::clone(&self.plugins),
            reloads: BTreeMap::new(),
            orders: BTreeMap::new(),
            next: 1,
        }))
    }

    fn nearest_plugin(&self, name: &str) -> Option<String> {
        let set = self.plugins(&self.isolation).ok()?;
        let names = set.libraries().map(|it| it.name.as_str());
        nearest(name, names).map(str::to_owned)
    }

    fn has_plugin(&self, name: &str) -> bool {
        self.plugins(&self.isolation)
            .map_or(true, |set| set.libraries().any(|it| it.name == name))
    }
}

/// The settings of a world that a cluster file gives.
fn options(seed: u64, facts: &Facts) -> WorldOptions {
    let mut options = WorldOptions {
        civil_start_ms: facts.civil_origin_ms,
        ..WorldOptions::with_seed(seed)
    };
    for (group, server) in &facts.virtual_servers {
        let load = Load {
            users: server.users.unwrap_or_default(),
            cpu_percent: server.cpu_percent.unwrap_or_default(),
        };
        options.loads.insert(group.clone(), load);
    }
    for (service, ms) in &facts.service_start_ms {
        let times = options.service_times(service);
        let start = Duration::from_millis(*ms);
        options
            .services
            .insert(service.clone(), ServiceTimes { start, ..times });
    }
    options
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const CLUSTER: &str = r#"(
    name: "CLUSTER1",
    address: "10.0.0.20",
    quorum: Local,
    policy: "quiet.rhai",
    networks: [(name: "Public", role: Mixed, subnet: "10.0.0.0/24")],
    nodes: [(name: "NODE1", interfaces: { "Public": "10.0.0.11" })],
)"#;

    fn open(source: &SimSource) -> OpenError {
        let request = StageRequest {
            cluster: PathBuf::from("cluster.ron"),
            text: Some(CLUSTER.to_owned()),
            seed: 1,
            start: None,
        };
        source.open(&request).err().unwrap()
    }

    #[test]
    fn policies_that_nothing_can_run_are_refused_and_not_left_out() {
        let error = open(&SimSource::new(Vec::new()));
        assert_eq!(
            error.to_string(),
            "the cluster file cluster.ron names policy scripts, and nothing here can run them"
        );
    }
}
