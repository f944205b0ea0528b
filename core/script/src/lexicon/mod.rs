//! All functions of an engine by name, with their parameters and results.

mod syntax;
pub(crate) mod walk;

use std::collections::BTreeMap;
use std::iter;

use rhai::Engine;

pub(crate) use syntax::syntax;

/// One function, getter or method.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Word {
    /// Its name; for a getter without the engine's prefix.
    pub(crate) name: String,
    /// Whether it is read as a property.
    pub(crate) is_property: bool,
    /// Its parameters: names and types. The first one of a method is its object.
    pub(crate) params: Vec<(String, Kind)>,
    /// The type of its result.
    pub(crate) returns: Kind,
    /// Its doc comment, markers removed. Empty in a lexicon without them.
    pub(crate) docs: String,
    /// Whether it is one of this project's rather than of the engine.
    pub(crate) is_ours: bool,
}

/// A type by the name that scripts use, or `None` for any or an unknown type.
pub(crate) type Kind = Option<&'static str>;

/// Types to which scripts cannot add properties: an unknown property of one is always a mistake.
pub(crate) const NOUNS: [&str; 18] = [
    "Duration",
    "Node",
    "Nic",
    "Path",
    "SystemDisk",
    "Group",
    "Resource",
    "ResourceType",
    "Answer",
    "Service",
    "Network",
    "Dns",
    "Disk",
    "Witness",
    "Quorum",
    "Clients",
    "Event",
    "Fault",
];

/// More such types, which only resource scripts have.
const RESOURCE_NOUNS: [&str; 3] = ["NetworkName", "Progress", "Provider"];

/// Whether a type is one that scripts cannot add properties to.
pub(crate) fn is_noun(kind: &str) -> bool {
    nouns().any(|noun| *noun == kind)
}

fn nouns() -> impl Iterator<Item = &'static &'static str> {
    NOUNS.iter().chain(&RESOURCE_NOUNS)
}

/// The functions by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lexicon {
    functions: BTreeMap<String, Vec<Word>>,
    properties: BTreeMap<String, Vec<Word>>,
}

impl Lexicon {
    /// Everything `engine` knows.
    pub(crate) fn of(engine: &Engine) -> Lexicon {
        Lexicon::read(engine, true)
    }

    /// The same without doc comments, which are most of the work.
    pub(crate) fn without_docs(engine: &Engine) -> Lexicon {
        Lexicon::read(engine, false)
    }

    fn read(engine: &Engine, docs: bool) -> Lexicon {
        let mut lexicon = Lexicon::default();
        for standard in [false, true] {
            for word in collect(engine, standard, &lexicon, docs) {
                let map = if word.is_property {
                    &mut lexicon.properties
                } else {
                    &mut lexicon.functions
                };
                let known = map.entry(word.name.clone()).or_default();
                if !known.iter().any(|it| it.params == word.params) {
                    known.push(word);
                }
            }
        }
        lexicon
    }

    /// Whether some function has this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.functions.contains_key(name)
    }

    /// The functions and methods called `name`.
    pub(crate) fn functions(&self, name: &str) -> &[Word] {
        self.functions.get(name).map_or(&[], Vec::as_slice)
    }

    /// The properties called `name`.
    pub(crate) fn properties(&self, name: &str) -> &[Word] {
        self.properties.get(name).map_or(&[], Vec::as_slice)
    }

    /// Every function name that is a word.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.functions
            .keys()
            .map(String::as_str)
            .filter(|name| is_word(name))
    }

    /// Names of what can be called on an object of type `kind`.
    pub(crate) fn methods_of(&self, kind: &str) -> impl Iterator<Item = &str> {
        members(&self.functions, kind).filter(|name| is_word(name))
    }

    /// Names of what can be read of an object of type `kind`.
    pub(crate) fn properties_of(&self, kind: &str) -> impl Iterator<Item = &str> {
        members(&self.properties, kind)
    }

    /// Every word of ours.
    pub(crate) fn ours(&self) -> impl Iterator<Item = &Word> {
        self.functions
            .values()
            .chain(self.properties.values())
            .flatten()
            .filter(|word| word.is_ours)
    }
}

fn members<'a>(map: &'a BTreeMap<String, Vec<Word>>, kind: &str) -> impl Iterator<Item = &'a str> {
    map.iter()
        .filter(move |(_, words)| {
            words.iter().any(|word| {
                word.params
                    .first()
                    .is_some_and(|(_, first)| *first == Some(kind))
            })
        })
        .map(|(name, _)| name.as_str())
}

/// Whether a function's name is one that a script can write.
pub(crate) fn is_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic())
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The words that `known` does not have yet: ours, or, if `standard`, also those of the engine's own packages. That collection has
/// ours among the others.
fn collect(engine: &Engine, standard: bool, known: &Lexicon, docs: bool) -> Vec<Word> {
    engine.collect_fn_metadata(
        None,
        |info| {
            let data = info.metadata;
            let (name, is_property) = match data.name.strip_prefix("get$") {
                Some(property) => (property, true),
                None => (data.name.as_str(), false),
            };
            if name.contains('$') {
                return None;
            }
            let params = || {
                let told = data.params_info.iter().map(|param| {
                    let (name, kind) = param.split_once(':').unwrap_or((param, ""));
                    (name.trim(), kind_of(kind))
                });
                told.chain(iter::repeat(("_", None))).take(data.num_params)
            };
            let words = match is_property {
                true => known.properties(name),
                false => known.functions(name),
            };
            let same = |word: &Word| {
                let mut both = params().zip(&word.params);
                word.params.len() == data.num_params
                    && both.all(|((name, kind), (of, it))| name == of && kind == *it)
            };
            if words.iter().any(same) {
                return None;
            }
            let docs = match docs {
                true => plain(data.comments.iter().map(|line| line.as_str())),
                false => String::new(),
            };
            Some(Word {
                name: name.to_owned(),
                is_property,
                params: params().map(|(of, it)| (of.to_owned(), it)).collect(),
                returns: kind_of(&data.return_type),
                docs,
                is_ours: !standard,
            })
        },
        standard,
    )
}

/// The script name of a Rust type as the macros spell it.
fn kind_of(rust: &str) -> Kind {
    let bare = rust.trim();
    let bare = bare.strip_prefix('&').unwrap_or(bare).trim_start();
    let bare = bare.strip_prefix("mut ").unwrap_or(bare).trim_start();
    let result = bare
        .strip_prefix("Fallible")
        .or_else(|| bare.strip_prefix("RhaiResultOf"))
        .and_then(|rest| rest.trim_start().strip_prefix('<'));
    let inner = match result {
        Some(rest) => rest.strip_suffix('>').unwrap_or(rest),
        None => bare,
    };
    let last = inner.rsplit("::").next().unwrap_or(inner);
    Some(match last.trim() {
        "Span" => "Duration",
        "str" | "String" | "ImmutableString" => "string",
        "i64" | "INT" => "int",
        "f64" | "FLOAT" => "float",
        "bool" => "bool",
        "char" => "char",
        "FnPtr" => "function",
        "Array" => "array",
        "Map" => "map",
        "Blob" => "blob",
        "Thrown" => "Error",
        "()" => "()",
        other => {
            let noun = other.strip_suffix("Ref")?;
            nouns().find(|it| **it == noun)?
        }
    })
}

/// Doc comments as text.
fn plain<'a>(comments: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for line in comments.flat_map(str::lines) {
        let line = line.trim();
        let line = line.strip_prefix("///").unwrap_or(line);
        let line = line.strip_prefix("/**").unwrap_or(line);
        let line = line.strip_suffix("*/").unwrap_or(line);
        out.push_str(line.strip_prefix(' ').unwrap_or(line));
        out.push('\n');
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_types_become_the_names_scripts_use() {
        for (rust, name) in [
            ("&mut NodeRef", Some("Node")),
            ("Fallible<GroupRef>", Some("Group")),
            ("Fallible < Span >", Some("Duration")),
            ("&str", Some("string")),
            ("Dynamic", None),
            ("NativeCallContext", None),
        ] {
            assert_eq!(kind_of(rust), name, "{rust}");
        }
    }

    #[test]
    fn the_lexicon_knows_ours_and_the_engines() {
        let lexicon = Lexicon::of(&crate::engine::bare());
        let node = lexicon.functions("node");
        assert_eq!(node.len(), 1);
        assert_eq!((node[0].returns, node[0].is_ours), (Some("Node"), true));
        assert!(lexicon.properties_of("Group").any(|name| name == "owner"));
        assert!(lexicon.methods_of("Node").any(|name| name == "crash"));
        assert!(lexicon.functions("reduce").iter().all(|word| !word.is_ours));
        assert!(lexicon.has("reduce"));
    }

    #[test]
    fn a_lexicon_without_doc_comments_has_the_same_words() {
        let engine = crate::engine::bare();
        let mut with = Lexicon::of(&engine);
        assert!(
            with.functions("node")
                .iter()
                .all(|word| !word.docs.is_empty())
        );
        let maps = [&mut with.functions, &mut with.properties];
        for word in maps.into_iter().flat_map(BTreeMap::values_mut).flatten() {
            word.docs.clear();
        }
        let without = Lexicon::without_docs(&engine);
        assert!(without.ours().all(|word| word.docs.is_empty()));
        assert_eq!(with.functions, without.functions);
        assert_eq!(with.properties, without.properties);
    }
}
