//! The names in a drill's cluster file, which the drill may use.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use quorate_drill::{Noun, beside, missing};
use quorate_model::{ClusterDefinition, Loaded, Value, types};

/// Where a script's cluster files are, and what they say.
pub(super) struct Files<'a> {
    /// The script's folder.
    pub(super) folder: &'a Path,
    /// The text of a file, or why it cannot be read.
    pub(super) read: &'a dyn Fn(&Path) -> Result<String, String>,
}

/// The names of one cluster.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The file, as the script names it.
    pub(super) file: String,
    names: BTreeMap<Noun, BTreeSet<String>>,
    /// The types of resources.
    kinds: BTreeMap<String, String>,
    /// The protocols of the cluster's services.
    pub(super) protocols: BTreeSet<String>,
    /// Whether third parties' types may use other protocols.
    pub(super) foreign: bool,
    /// Beginnings of names: the drill makes virtual servers whose resources begin with these.
    made: BTreeSet<String>,
    /// The kinds of things whose names are only known when the drill runs.
    open: BTreeSet<Noun>,
}

/// Why the names of a cluster file are unknown: the rule, the message and what to do.
pub(super) type Unread = (&'static str, String, Option<String>);

impl Known {
    /// Reads the cluster file that a script in `folder` names.
    pub(super) fn read(files: &Files<'_>, named: &str) -> Result<Known, Unread> {
        let path = files.folder.join(named);
        let text = (files.read)(&path).map_err(|why| {
            // The nearest name is shown as the script would write it.
            let why = match path.exists() {
                true => why,
                false => missing(&path),
            };
            let message = format!("the drill's cluster file \"{named}\" cannot be read: {why}");
            ("cluster-missing", message, nearest_file(&path, named))
        })?;
        let name = path.display().to_string();
        if path.extension().is_some_and(|end| end == "rhai") {
            let message = format!("\"{named}\" is a script, and a cluster file (.ron) is wanted");
            let help = "name the file that describes the cluster".to_owned();
            return Err(("cluster-broken", message, Some(help)));
        }
        match quorate_model::parse(&name, &text) {
            Ok(loaded) => Ok(Known::of(named, &loaded)),
            Err(found) => {
                let errors = found.iter().count();
                let noun = if errors == 1 { "mistake" } else { "mistakes" };
                let message = format!("the drill's cluster file \"{named}\" has {errors} {noun}");
                let help = format!("run `quorate check {name}`");
                Err(("cluster-broken", message, Some(help)))
            }
        }
    }

    fn of(file: &str, loaded: &Loaded) -> Known {
        let ClusterDefinition {
            nodes,
            networks,
            disks,
            groups,
            ..
        } = &loaded.definition;
        let mut known = Known {
            file: file.to_owned(),
            protocols: types::PROTOCOLS.iter().map(|&it| it.to_owned()).collect(),
            foreign: !loaded.foreign.is_empty(),
            ..Known::default()
        };
        for node in nodes {
            known.add(Noun::Node, &node.name);
        }
        for network in networks {
            known.add(Noun::Network, &network.name);
        }
        for disk in disks {
            known.add(Noun::Disk, &disk.name);
        }
        for group in groups {
            known.add(Noun::Group, &group.name);
            for resource in &group.resources {
                known.add(Noun::Resource, &resource.name);
                let (name, kind) = (resource.name.to_string(), resource.kind.to_string());
                // A type that takes any property may use any protocol.
                known.foreign |= types::takes_any_property(&resource.kind);
                known.kinds.insert(name, kind);
                if let Some(Value::Text(protocol)) = resource.properties.private.get("Protocol") {
                    known.protocols.insert(protocol.to_ascii_lowercase());
                }
            }
        }
        known
    }

    pub(super) fn add(&mut self, noun: Noun, name: &str) {
        self.names.entry(noun).or_default().insert(name.to_owned());
    }

    /// Adds a virtual server that the drill makes, with all its resources.
    pub(super) fn make(&mut self, name: &str) {
        self.add(Noun::Group, name);
        self.made.insert(format!("{name} "));
    }

    /// Things of this kind may have any name.
    pub(super) fn open(&mut self, noun: Noun) {
        self.open.insert(noun);
    }

    /// Whether there may be a `noun` of this name. Case does not matter.
    pub(super) fn has(&self, noun: Noun, name: &str) -> bool {
        let wanted = name.to_lowercase();
        self.open.contains(&noun)
            || self.names(noun).any(|it| it.to_lowercase() == wanted)
            || noun == Noun::Resource && self.made.iter().any(|made| name.starts_with(made))
    }

    /// The names there are.
    pub(super) fn names(&self, noun: Noun) -> impl Iterator<Item = &str> {
        self.names
            .get(&noun)
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    /// The type of a resource.
    pub(super) fn kind(&self, resource: &str) -> Option<&str> {
        self.kinds.get(resource).map(String::as_str)
    }
}

/// The cluster file with the nearest name in the folder of a missing one.
fn nearest_file(path: &Path, named: &str) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let near = beside(path, ".ron")?;
    let before = named.strip_suffix(wanted).unwrap_or_default();
    Some(format!("did you mean \"{before}{near}\"?"))
}
