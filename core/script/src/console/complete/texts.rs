//! Completion inside texts: names of the cluster's things, properties, control codes, kinds of events, states, files.

use std::path::Path;

use quorate_drill::stage::Stage;
use quorate_drill::{Noun, kinds as journal};
use quorate_model::control::{ControlObject, KnownControl};
use quorate_model::{GroupState, NodeState, ResourceState};

use super::super::Console;
use super::context::{Bracket, Context, last_word};
use super::{Completion, is_member};
use crate::vocabulary::named;

/// Whatever may stand in a text, each with one line about it.
type Texts = Vec<(String, String)>;

impl Console {
    /// The ways to go on with the text that begins at byte `at`.
    pub(super) fn texts(&self, text: &str, context: &Context, at: usize) -> Vec<Completion> {
        let (known, end) = self.known_texts(text, context, at).unwrap_or_default();
        let word = text[at..].to_lowercase();
        let fitting = known.into_iter();
        let fitting = fitting.filter(|(name, _)| name.to_lowercase().starts_with(&word));
        fitting
            .map(|(name, doc)| {
                // A folder goes on.
                let end = if name.ends_with('/') { "" } else { end };
                Completion::new(format!("{name}{end}"), name, &doc)
            })
            .collect()
    }

    /// What the text may be, and what follows it.
    fn known_texts(
        &self,
        text: &str,
        context: &Context,
        at: usize,
    ) -> Option<(Texts, &'static str)> {
        let before = text[..at].trim_end_matches('"').trim_end();
        if let Some(compared) = before.strip_suffix("==").or(before.strip_suffix("!=")) {
            return Some((self.compared(compared.trim_end())?, "\""));
        }
        if last_word(before) == "import" {
            return Some((files(&text[at..], &["rhai"]), "\" as "));
        }
        let open = context.around_lists()?;
        let in_list = context.open.last() != Some(open);
        match (open.bracket, &open.key) {
            (Bracket::Map, Some(key)) => {
                let (word, ..) = self.called(text, context, open)?;
                Some((self.option(word, key, &text[at..])?, "\""))
            }
            (Bracket::Map, None) | (Bracket::Curly | Bracket::Square, _) => None,
            (Bracket::Round, _) => {
                let (word, number, object) = self.called(text, context, open)?;
                if in_list {
                    let lists_nodes = matches!(word, "partition");
                    return lists_nodes.then(|| (self.names(Noun::Node), "\""));
                }
                self.argument(word, number, object, &text[at..])
            }
        }
    }

    /// What argument `number` of a word may be, and what follows it.
    fn argument(
        &self,
        word: &str,
        number: usize,
        object: Option<&str>,
        begun: &str,
    ) -> Option<(Texts, &'static str)> {
        match (word, object, number) {
            ("get" | "set", Some(object), 0) => {
                let end = if word == "get" { "\")" } else { "\", " };
                let found = self.properties_before(object)?.into_iter();
                let told = found.map(|it| {
                    let value = it
                        .value
                        .map(|value| format!("{value}; "))
                        .unwrap_or_default();
                    (it.name, format!("{value}{}", it.doc))
                });
                Some((told.collect(), end))
            }
            ("control", Some(object), 0) => {
                let of = match self.kind_before(object).as_deref() {
                    Some("ResourceType") => ControlObject::ResourceType,
                    _ => ControlObject::Resource,
                };
                let names = KnownControl::of(of);
                let told = names.map(|known| (known.name.to_owned(), known.doc.to_owned()));
                Some((told.collect(), "\")"))
            }
            ("cluster", None, 0) => Some((files(begun, &["ron"]), "\")")),
            ("set_policy", ..) => Some((files(begun, &["rhai"]), "\")")),
            ("resource_type", None, 0) => {
                let kinds = self
                    .session
                    .with(|play| play.stage()?.resource_types().ok());
                let told = kinds?
                    .into_iter()
                    .map(|name| (name.to_string(), String::new()));
                Some((told.collect(), "\")"))
            }
            _ => {
                let mut named = named::arguments(word);
                let (_, noun) = named.find(|(at, _)| *at == number)?;
                let member = object.is_some();
                let words = self.lexicon.functions(word).iter();
                let mut words = words.filter(|it| is_member(it) == member);
                let last = words.any(|it| it.params.len() - usize::from(member) == number + 1);
                let end = if last { "\")" } else { "\", " };
                Some((self.names(noun), end))
            }
        }
    }

    /// What an option may be.
    fn option(&self, word: &str, key: &str, begun: &str) -> Option<Texts> {
        match (word, key) {
            ("drill", "cluster") => Some(files(begun, &["ron"])),
            ("drill", "tags") => Some(self.tags()),
            ("events", "kind") => {
                let kinds = journal::kinds().iter();
                Some(
                    kinds
                        .map(|kind| (kind.name.clone(), kind.text.clone()))
                        .collect(),
                )
            }
            ("events", "node") | ("crash", "node") => Some(self.names(Noun::Node)),
            ("events", "subject" | "group" | "resource") => {
                let both = [Noun::Group, Noun::Resource];
                let wanted = both.into_iter().filter(|noun| match key {
                    "group" => *noun == Noun::Group,
                    "resource" => *noun == Noun::Resource,
                    _ => true,
                });
                Some(wanted.flat_map(|noun| self.names(noun)).collect())
            }
            ("control", "on" | "through") => Some(self.names(Noun::Node)),
            ("create_virtual_server", "preferred_owners") => Some(self.names(Noun::Node)),
            ("create_virtual_server", "disks" | "log_disk" | "database_disk") => {
                Some(self.names(Noun::Disk))
            }
            ("create_virtual_server", "network") => Some(self.names(Noun::Network)),
            ("start" | "start_service", "force_quorum") => Some(self.names(Noun::Node)),
            ("clients", "protocol") => {
                let known = self.session.with(|play| Some(play.stage()?.protocols().0));
                let told = known?.into_iter().map(|name| (name, String::new()));
                Some(told.collect())
            }
            _ => None,
        }
    }

    /// What a text may be that something is compared with.
    fn compared(&self, before: &str) -> Option<Texts> {
        let words = |words: &[&str]| {
            let told = words.iter().map(|word| ((*word).to_owned(), String::new()));
            Some(told.collect())
        };
        let member = match before.strip_suffix(')') {
            Some(_) => super::call_before(before)?.0,
            None => last_word(before),
        };
        let object = before
            .strip_suffix(member)
            .and_then(|it| it.strip_suffix('.'));
        match member {
            "owner" | "coordinator" => Some(self.names(Noun::Node)),
            "state" => match self.kind_before(object?).as_deref() {
                Some("Node") => words(NodeState::WORDS),
                Some("Resource") => words(ResourceState::WORDS),
                _ => words(GroupState::WORDS),
            },
            _ => None,
        }
    }

    /// The tags of the drills that were written in this session.
    fn tags(&self) -> Texts {
        let mut found = Vec::new();
        for (_, rest) in self
            .typed
            .match_indices("tags:")
            .map(|(at, it)| (at, &self.typed[at + it.len()..]))
        {
            let list = rest.split_once(']').map_or(rest, |(list, _)| list);
            let tags = list.split('"').skip(1).step_by(2);
            found.extend(tags.map(|tag| (tag.to_owned(), "A tag of this session.".to_owned())));
        }
        found.sort();
        found.dedup();
        found
    }

    /// The names of the open cluster's things of a kind, each with how it is.
    pub(super) fn names(&self, noun: Noun) -> Texts {
        self.session.with(|play| {
            let Some(stage) = play.stage() else {
                return Vec::new();
            };
            let names = noun.names(stage).into_iter();
            names
                .map(|name| {
                    let told = told(stage, noun, &name);
                    (name.to_string(), told)
                })
                .collect()
        })
    }
}

/// How something is, in a few words.
fn told(stage: &dyn Stage, noun: Noun, name: &str) -> String {
    let on = |owner: Option<quorate_model::Name>| match owner {
        Some(owner) => format!(" on {owner}"),
        None => String::new(),
    };
    let told = match noun {
        Noun::Node => stage.node(name).map(|it| {
            let groups: Vec<&str> = it.groups.iter().map(|group| group.as_str()).collect();
            match groups[..] {
                [] => it.state.as_str().to_owned(),
                _ => format!("{}, owns {}", it.state.as_str(), groups.join(", ")),
            }
        }),
        Noun::Group => stage
            .group(name)
            .map(|it| format!("{}{}", it.state.as_str(), on(it.owner))),
        Noun::Resource => stage
            .resource(name)
            .map(|it| format!("{}, {}{}", it.kind, it.state.as_str(), on(it.owner))),
        Noun::Network => stage.network(name).map(|it| format!("{:?}", it.role)),
        Noun::Disk => stage.disk(name).map(|it| match it.holder {
            Some(node) => format!("reserved by {node}"),
            None => "not reserved".to_owned(),
        }),
    };
    told.unwrap_or_default()
}

/// The files and folders whose paths may begin like this; of the files only those with one of these endings, where any are
/// named.
pub fn files(begun: &str, endings: &[&str]) -> Vec<(String, String)> {
    let (folder, start) = match begun.rfind('/') {
        Some(at) => begun.split_at(at + 1),
        None => ("", begun),
    };
    let read = if folder.is_empty() { "." } else { folder };
    let entries = std::fs::read_dir(Path::new(read))
        .into_iter()
        .flatten()
        .flatten();
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let hidden = name.starts_with('.') && !start.starts_with('.');
        if hidden || !name.starts_with(start) {
            continue;
        }
        if entry.path().is_dir() {
            found.push((format!("{folder}{name}/"), "A folder.".to_owned()));
        } else if endings.is_empty() || endings.iter().any(|it| name.ends_with(&format!(".{it}"))) {
            found.push((format!("{folder}{name}"), String::new()));
        }
    }
    found.sort();
    found
}
