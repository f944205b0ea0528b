//! A cluster file as an editor sees it: which record a place is in, and which texts are names.

use std::ops::Range;

use quorate_drill::Noun;
use quorate_model::{FILE_FIELDS, FieldKind, FileField};

use super::tokens::{Frame, Kind, Tokens};

/// A text that is a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) noun: Noun,
    pub(super) text: String,
    /// Its place, between its quotes.
    pub(super) at: Range<usize>,
    /// Whether it says that there is such a thing, rather than speaking of it.
    pub(super) defines: bool,
    /// Whether it is a virtual server, whose resources begin with its name.
    pub(super) is_server: bool,
}

pub(super) struct ClusterText<'t> {
    pub(super) tokens: Tokens<'t>,
}

impl<'t> ClusterText<'t> {
    pub(super) fn of(text: &'t str) -> ClusterText<'t> {
        ClusterText {
            tokens: Tokens::of(text),
        }
    }

    /// The record that a place is in, as messages call it, and which of the brackets is its own.
    pub(super) fn record(&self, frames: &[Frame]) -> Option<(&'static str, usize)> {
        let mut record: Option<(&'static str, usize)> = None;
        for (number, frame) in frames.iter().enumerate() {
            if frame.mark != '(' {
                continue;
            }
            let Some((outer, _)) = record else {
                record = Some(("a cluster", number));
                continue;
            };
            let around = number.checked_sub(1).and_then(|it| frames.get(it))?;
            let name = match around.mark {
                '(' if frame
                    .word
                    .is_some_and(|it| self.tokens.is_word(it, "Standard")) =>
                {
                    "a Standard quorum"
                }
                '(' if frame.word.is_some() => "a Majority Node Set",
                '(' => return None,
                _ => match field(outer, self.tokens.text(around.under?))?.kind {
                    FieldKind::Records(of)
                    | FieldKind::RecordsOrTexts(of)
                    | FieldKind::RecordsByName(of) => of,
                    _ => return None,
                },
            };
            record = Some((name, number));
        }
        record
    }

    /// What the text or word at a token is a value of: the record, its field, and the key in the field's map.
    pub(super) fn value(&self, at: usize) -> Option<(&'static FileField, Option<&'t str>)> {
        let frames = self.tokens.frames(at);
        let (record, last) = self.record(&frames)?;
        let inner = &frames[last + 1..];
        let key = frames[last].key?;
        let field = field(record, self.tokens.text(key))?;
        let map = inner.iter().rev().find(|it| it.mark == '{');
        let of = map.and_then(|it| it.key).map(|it| self.plain(it));
        Some((field, of))
    }

    /// A key, without its quotes if it has some.
    pub(super) fn plain(&self, at: usize) -> &'t str {
        match self.tokens.kind(at) {
            Some(Kind::Quoted) => self.tokens.quoted(at),
            _ => self.tokens.text(at),
        }
    }

    /// The texts that are names, in the order of the file.
    pub(super) fn names(&self) -> Vec<Named> {
        let tokens = &self.tokens;
        let quoted = (0..tokens.all.len()).filter(|at| tokens.kind(*at) == Some(Kind::Quoted));
        let names = quoted.filter_map(|at| {
            let (noun, defines) = match tokens.is(at + 1, ':') {
                // The keys of `interfaces` are networks.
                true => self.key(at)?,
                false => self.noun(at)?,
            };
            let record = self.value(at).map(|(field, _)| field.record);
            Some(Named {
                noun,
                text: tokens.quoted(at).to_owned(),
                at: tokens.inside(at),
                defines,
                is_server: defines && record == Some("a virtual server"),
            })
        });
        names.collect()
    }

    fn key(&self, at: usize) -> Option<(Noun, bool)> {
        let frames = self.tokens.frames(at);
        let under = frames.last()?.under?;
        let (record, _) = self.record(&frames)?;
        (record == "a node" && self.tokens.text(under) == "interfaces")
            .then_some((Noun::Network, false))
    }

    /// The noun of a text that is a value, and whether it defines it.
    pub(super) fn noun(&self, at: usize) -> Option<(Noun, bool)> {
        let frames = self.tokens.frames(at);
        let (record, last) = self.record(&frames)?;
        frames[last].key?;
        let (field, of) = self.value(at)?;
        noun_of(record, field.name, of)
    }

    /// Whether a place is where a field's name is written, rather than a value.
    pub(super) fn is_key(&self, frames: &[Frame]) -> bool {
        frames
            .last()
            .is_some_and(|it| it.mark != '[' && it.key.is_none())
    }
}

/// The noun of a value of a field, and whether it defines it.
pub(super) fn noun_of(record: &str, field: &str, of: Option<&str>) -> Option<(Noun, bool)> {
    Some(match (record, field) {
        ("a node", "name") => (Noun::Node, true),
        ("a network", "name") => (Noun::Network, true),
        ("a disk", "name") | ("a cluster", "disks") => (Noun::Disk, true),
        ("a virtual server" | "a group", "name") => (Noun::Group, true),
        ("a resource", "name") => (Noun::Resource, true),
        (_, "preferred_owners" | "possible_owners") => (Noun::Node, false),
        ("a virtual server", "disks") | (_, "log_disk" | "database_disk") => (Noun::Disk, false),
        ("a cluster" | "a virtual server", "network") => (Noun::Network, false),
        ("a resource", "depends_on") => (Noun::Resource, false),
        ("a Standard quorum", "resource") => (Noun::Disk, false),
        (_, "properties" | "resource_properties") => {
            let known = |wanted: &str| of.is_some_and(|it| it.eq_ignore_ascii_case(wanted));
            let noun = match () {
                () if known("Disk") => Noun::Disk,
                () if known("Network") => Noun::Network,
                () if known("PreferredOwners") || known("PossibleOwners") => Noun::Node,
                () => return None,
            };
            (noun, false)
        }
        _ => return None,
    })
}

/// A field by its record and name.
pub(super) fn field(record: &str, name: &str) -> Option<&'static FileField> {
    FILE_FIELDS
        .iter()
        .find(|it| it.record == record && it.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUR: &str = include_str!("../../../scripts/clusters/four-node.ron");
    const SCRIPTS: &str = include_str!("../../../scripts/clusters/two-node-scripts.ron");

    fn told(text: &str, defines: bool) -> Vec<(Noun, String)> {
        let names = ClusterText::of(text).names().into_iter();
        names
            .filter(|it| it.defines == defines)
            .map(|it| (it.noun, it.text))
            .collect()
    }

    #[test]
    fn the_names_of_a_cluster_file_are_those_that_the_reader_finds() {
        for text in [FOUR, SCRIPTS] {
            let loaded = quorate_model::parse("x.ron", text)
                .expect("a sound file")
                .definition;
            let names = told(text, true);
            let of = |noun| {
                let found = names.iter().filter(|(it, _)| *it == noun);
                found.map(|(_, name)| name.as_str()).collect::<Vec<_>>()
            };
            let nodes: Vec<&str> = loaded.nodes.iter().map(|it| it.name.as_str()).collect();
            assert_eq!(of(Noun::Node), nodes);
            let groups = loaded.groups.iter().map(|it| it.name.as_str());
            let own = groups.filter(|it| *it != "Cluster Group");
            assert_eq!(of(Noun::Group), own.collect::<Vec<_>>());
            assert_eq!(of(Noun::Disk).len(), loaded.disks.len());
            assert_eq!(of(Noun::Network).len(), loaded.networks.len());
        }
        let spoken = told(FOUR, false);
        let count = |noun| spoken.iter().filter(|(it, _)| *it == noun).count();
        assert_eq!(count(Noun::Node), 6, "two preferred owners each");
        assert_eq!(
            count(Noun::Network),
            11,
            "two of each node, one of each server"
        );
        assert_eq!(count(Noun::Disk), 1 + 3 * 4);
        let spoken = told(SCRIPTS, false);
        assert!(
            spoken.contains(&(Noun::Resource, "Web Name".to_owned())),
            "{spoken:?}"
        );
        assert!(
            spoken.contains(&(Noun::Network, "Public".to_owned())),
            "{spoken:?}"
        );
    }

    #[test]
    fn a_place_in_a_file_that_is_not_whole_has_its_record() {
        for (text, record) in [
            ("(nodes: [(name: \"A\", ", "a node"),
            ("(quorum: Standard(", "a Standard quorum"),
            ("(groups: [(name: \"G\", resources: [(", "a resource"),
            ("(virtual_servers: [(storage_groups: [(", "a storage group"),
            ("(plugins: { \"a\": (", "a plugin"),
            ("(", "a cluster"),
        ] {
            let cluster = ClusterText::of(text);
            let frames = cluster.tokens.frames(cluster.tokens.all.len());
            assert_eq!(
                cluster.record(&frames).map(|it| it.0),
                Some(record),
                "{text}"
            );
            assert!(cluster.is_key(&frames), "{text}");
        }
    }
}
