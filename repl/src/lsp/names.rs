//! The names of a cluster file: where each is said, and a card of what it is.

use std::path::{Path, PathBuf};

use quorate_drill::Noun;
use quorate_model::{ClusterDefinition, same_name};

use super::cluster::{ClusterText, Named};
use super::drill::Script;
use super::workspace::Workspace;
use crate::files::plain;

/// A cluster file with its names.
pub(super) struct Names {
    pub(super) path: PathBuf,
    pub(super) names: Vec<Named>,
    /// What it describes, if it is sound.
    definition: Option<ClusterDefinition>,
}

impl Names {
    pub(super) fn of(path: &Path, text: &str) -> Names {
        let names = ClusterText::of(text).names();
        let loaded = quorate_model::parse(&path.display().to_string(), text);
        Names {
            path: path.to_owned(),
            names,
            definition: loaded.ok().map(|it| it.definition),
        }
    }

    /// The cluster files that a script may mean at an offset: that of the drill there, or those of all its drills.
    pub(super) fn at(
        workspace: &Workspace,
        script: &Script<'_>,
        path: &Path,
        offset: usize,
    ) -> Vec<Names> {
        let drills = script.drills();
        let here = drills.iter().rfind(|it| it.whole.contains(&offset));
        let mut files: Vec<PathBuf> = match here {
            Some(drill) => drill.cluster.iter().map(|it| beside(path, it)).collect(),
            None => {
                let all = drills.iter().filter_map(|it| it.cluster.as_ref());
                all.map(|it| beside(path, it)).collect()
            }
        };
        files.sort();
        files.dedup();
        let read = files.into_iter().filter_map(|file| {
            let text = workspace.text(&file).ok()?;
            Some(Names::of(&file, &text))
        });
        read.collect()
    }

    /// Where a name is said first: the thing itself, or the virtual server that a resource is of.
    pub(super) fn defined(&self, noun: Option<Noun>, name: &str) -> Option<&Named> {
        let defines = |it: &&Named| it.defines && noun.is_none_or(|noun| it.noun == noun);
        let exact = self.names.iter().filter(defines);
        let exact = exact.into_iter().find(|it| same_name(&it.text, name));
        if exact.is_some() || noun.is_some_and(|it| it != Noun::Resource) {
            return exact;
        }
        // The disks of virtual servers are resources of the same name.
        let disks = self
            .names
            .iter()
            .filter(|it| it.defines && it.noun == Noun::Disk);
        let disk = disks.into_iter().find(|it| same_name(&it.text, name));
        disk.or_else(|| self.server_of(name))
    }

    /// The virtual server whose name begins a resource's.
    fn server_of(&self, resource: &str) -> Option<&Named> {
        let servers = self.names.iter().filter(|it| it.is_server);
        servers.into_iter().find(|it| {
            let head = resource.get(..it.text.len()).unwrap_or_default();
            same_name(head, &it.text) && resource[head.len()..].starts_with(' ')
        })
    }

    /// All names of a noun, each with what it is in a few words.
    pub(super) fn all(&self, noun: Noun) -> Vec<(String, String)> {
        let Some(cluster) = &self.definition else {
            let said = self.names.iter().filter(|it| it.defines && it.noun == noun);
            return said
                .map(|it| (it.text.clone(), noun.word().to_owned()))
                .collect();
        };
        let told = |name: &str, what: String| (name.to_owned(), what);
        match noun {
            Noun::Node => {
                let nodes = cluster.nodes.iter();
                nodes
                    .map(|it| told(&it.name, format!("node {}", it.id)))
                    .collect()
            }
            Noun::Network => {
                let networks = cluster.networks.iter();
                networks
                    .map(|it| told(&it.name, format!("network, {}", it.role)))
                    .collect()
            }
            Noun::Disk => {
                let disks = cluster.disks.iter();
                disks
                    .map(|it| told(&it.name, "shared disk".to_owned()))
                    .collect()
            }
            Noun::Group => {
                let groups = cluster.groups.iter();
                let what = |count: usize| format!("group of {count} resources");
                groups
                    .map(|it| told(&it.name, what(it.resources.len())))
                    .collect()
            }
            Noun::Resource => {
                let groups = cluster.groups.iter();
                let resources = groups.flat_map(|it| &it.resources);
                resources
                    .map(|it| told(&it.name, it.kind.to_string()))
                    .collect()
            }
        }
    }

    /// A card of what a name is, as Markdown.
    pub(super) fn card(&self, noun: Option<Noun>, name: &str) -> Option<String> {
        let nouns = noun.map_or_else(|| Noun::ALL.to_vec(), |noun| vec![noun]);
        let mut cards = nouns
            .into_iter()
            .filter_map(|noun| self.card_of(noun, name));
        let file = self
            .path
            .file_name()
            .map_or_else(String::new, |it| it.to_string_lossy().into_owned());
        let card = cards.next()?;
        Some(format!("{card}\n\n*{file}*"))
    }

    fn card_of(&self, noun: Noun, name: &str) -> Option<String> {
        let Some(cluster) = &self.definition else {
            let said = self.defined(Some(noun), name)?;
            return Some(format!("**{}**, a {}", said.text, noun.word()));
        };
        let list = |names: &[quorate_model::Name]| {
            let names: Vec<&str> = names.iter().map(|it| it.as_str()).collect();
            names.join(", ")
        };
        match noun {
            Noun::Node => {
                let node = cluster.nodes.iter().find(|it| same_name(&it.name, name))?;
                let mut card = format!("**{}**, node {} of {}", node.name, node.id, cluster.name);
                for (network, address) in &node.interfaces {
                    card.push_str(&format!("\n- {network}: {address}"));
                }
                for (attribute, value) in &node.attributes {
                    card.push_str(&format!("\n- {attribute}: {value}"));
                }
                let home = |it: &&quorate_model::GroupDefinition| {
                    let first = it.properties.preferred_owners.first();
                    first.is_some_and(|it| same_name(it, name))
                };
                let at_home: Vec<&str> = cluster
                    .groups
                    .iter()
                    .filter(home)
                    .map(|it| it.name.as_str())
                    .collect();
                if !at_home.is_empty() {
                    card.push_str(&format!("\n- home of {}", at_home.join(", ")));
                }
                Some(card)
            }
            Noun::Group => {
                let group = cluster.groups.iter().find(|it| same_name(&it.name, name))?;
                let mut card = format!("**{}**, a group of {}", group.name, cluster.name);
                if !group.properties.preferred_owners.is_empty() {
                    let owners = list(&group.properties.preferred_owners);
                    card.push_str(&format!("\n- preferred owners: {owners}"));
                }
                for resource in &group.resources {
                    card.push_str(&format!("\n- {} ({})", resource.name, resource.kind));
                }
                Some(card)
            }
            Noun::Resource => {
                let mut found = cluster.groups.iter().flat_map(|group| {
                    let own = group.resources.iter();
                    own.map(move |resource| (group, resource))
                });
                let (group, resource) = found.find(|(_, it)| same_name(&it.name, name))?;
                let mut card = format!(
                    "**{}**, {} in the group {}",
                    resource.name, resource.kind, group.name
                );
                if !resource.depends_on.is_empty() {
                    card.push_str(&format!("\n- depends on {}", list(&resource.depends_on)));
                }
                if !resource.possible_owners.is_empty() {
                    let owners = list(&resource.possible_owners);
                    card.push_str(&format!("\n- possible owners: {owners}"));
                }
                Some(card)
            }
            Noun::Network => {
                let network = cluster
                    .networks
                    .iter()
                    .find(|it| same_name(&it.name, name))?;
                let mut card = format!("**{}**, a network: {}", network.name, network.role);
                for node in &cluster.nodes {
                    if let Some(address) = node.interfaces.get(&network.name) {
                        card.push_str(&format!("\n- {}: {address}", node.name));
                    }
                }
                Some(card)
            }
            Noun::Disk => {
                let disk = cluster.disks.iter().find(|it| same_name(&it.name, name))?;
                Some(format!(
                    "**{}**, a shared disk of {}",
                    disk.name, cluster.name
                ))
            }
        }
    }
}

/// A file that another one names, relative to its own folder.
pub(super) fn beside(path: &Path, named: &str) -> PathBuf {
    plain(&path.parent().unwrap_or(Path::new("")).join(named))
}
