//! Completion: what may stand at the end of a line that is being typed.

use quorate_drill::stage::{PropertyOf, Stage};
use rhai::Dynamic;

use super::Console;
use quorate_model::control::{ControlObject, KnownControl};

use crate::handles::{GroupRef, QuorumRef, ResourceRef};
use crate::lexicon::{NOUNS, Word};
use crate::vocabulary::named;

impl Console {
    /// Completions at the end of `line`: the start of the word to complete, in bytes, and its possible completions,
    /// in order.
    pub fn complete(&self, line: &str) -> (usize, Vec<String>) {
        if let Some(found) = self.complete_name(line) {
            return found;
        }
        let start = line.len() - last_word(line).len();
        let word = &line[start..];
        let mut found: Vec<String> = match line[..start].strip_suffix('.') {
            Some(before) => {
                let nouns: Vec<&str> = match self.noun_before(before) {
                    Some(kind) => vec![kind],
                    None => NOUNS.to_vec(),
                };
                nouns
                    .into_iter()
                    .flat_map(|kind| {
                        let methods = self.lexicon.methods_of(kind);
                        self.lexicon.properties_of(kind).chain(methods)
                    })
                    .filter(|name| name.starts_with(word) && !name.starts_with("to_"))
                    .map(str::to_owned)
                    .collect()
            }
            None if word.is_empty() => Vec::new(),
            None => self
                .docs()
                .into_iter()
                .filter(|entry| entry.on.is_none())
                .map(|entry| entry.name)
                .chain(self.scope.iter().map(|(name, ..)| name.to_owned()))
                .filter(|name| name.starts_with(word))
                .collect(),
        };
        found.sort();
        found.dedup();
        (start, found)
    }

    /// Completes a name inside the quotes of `node("…`, `group("…` and the like, and a property inside those of
    /// `….get("…` and `….set("…`.
    fn complete_name(&self, line: &str) -> Option<(usize, Vec<String>)> {
        let quote = line.rfind('"')?;
        if line.matches('"').count().is_multiple_of(2) {
            return None;
        }
        // The contents of other texts are unknown.
        let (names, end) = self.names_behind(&line[..quote]).unwrap_or_default();
        let word = line[quote + 1..].to_lowercase();
        let found = names
            .iter()
            .filter(|name| name.to_lowercase().starts_with(&word))
            .map(|name| format!("{name}{end}"))
            .collect();
        Some((quote + 1, found))
    }

    /// The possible texts for the first argument of the call in `before`, and what follows the text.
    fn names_behind(&self, before: &str) -> Option<(Vec<String>, &'static str)> {
        let before = before.trim_end().strip_suffix('(')?;
        let word = last_word(before);
        Some(match word {
            "get" | "set" => {
                let of = before[..before.len() - word.len()].strip_suffix('.')?;
                let end = if word == "get" { "\")" } else { "\", " };
                (self.properties_before(of)?, end)
            }
            "control" => {
                let of = before[..before.len() - word.len()].strip_suffix('.')?;
                let object = match self.noun_before(of) {
                    Some("ResourceType") => ControlObject::ResourceType,
                    _ => ControlObject::Resource,
                };
                let names = KnownControl::of(object).map(|known| known.name.to_owned());
                (names.collect(), "\")")
            }
            word => {
                let member = before[..before.len() - word.len()].ends_with('.');
                let words = self.lexicon.functions(word).iter();
                let mut words = words.filter(|it| is_member(it) == member);
                let end = match words.any(|it| it.params.len() - usize::from(member) == 1) {
                    true => "\")",
                    false => "\", ",
                };
                (self.names(word)?, end)
            }
        })
    }

    /// The names that the first argument of a word can be, in the cluster that is open.
    fn names(&self, word: &str) -> Option<Vec<String>> {
        self.session.with(|play| {
            let stage: &dyn Stage = play.stage()?;
            let mut named = named::arguments(word);
            let names = match named.find(|(number, _)| *number == 0) {
                Some((_, noun)) => noun.names(stage),
                None if word == "resource_type" => stage.resource_types().unwrap_or_default(),
                None => return None,
            };
            Some(names.iter().map(ToString::to_string).collect())
        })
    }

    /// The names of the properties of what stands right before a dot.
    fn properties_before(&self, before: &str) -> Option<Vec<String>> {
        let (group, resource);
        let of = match self.variable(before) {
            Some(value) if value.is::<QuorumRef>() => PropertyOf::Cluster,
            Some(value) if value.is::<GroupRef>() => {
                group = value.clone_cast::<GroupRef>();
                PropertyOf::Group(&group.name)
            }
            Some(value) if value.is::<ResourceRef>() => {
                resource = value.clone_cast::<ResourceRef>();
                PropertyOf::Resource(&resource.name)
            }
            Some(_) => return None,
            None => match call_before(before)? {
                ("quorum", _) => PropertyOf::Cluster,
                ("group", Some(name)) => PropertyOf::Group(name),
                ("resource", Some(name)) => PropertyOf::Resource(name),
                _ => return None,
            },
        };
        let found = self.properties_of(of).ok()?;
        Some(found.into_iter().map(|it| it.name).collect())
    }

    /// The variable that stands right before a dot.
    fn variable(&self, before: &str) -> Option<&Dynamic> {
        let name = last_word(before);
        let member = before[..before.len() - name.len()].ends_with('.');
        self.scope.get(name).filter(|_| !member)
    }

    /// The type of what stands right before a dot: a variable, or an object written as `node("…")` and the like.
    fn noun_before(&self, before: &str) -> Option<&'static str> {
        if let Some(value) = self.variable(before) {
            let name = self.engine.map_type_name(value.type_name());
            return noun_called(name);
        }
        let (word, _) = call_before(before)?;
        let mut results = self.lexicon.functions(word).iter();
        results.find_map(|it| noun_called(it.returns.as_deref()?))
    }
}

/// Whether a word is called on an object.
fn is_member(word: &Word) -> bool {
    let object = word.params.first().and_then(|(_, kind)| kind.as_deref());
    object.and_then(noun_called).is_some()
}

/// The noun of this name, if it is one.
fn noun_called(name: &str) -> Option<&'static str> {
    NOUNS.iter().find(|noun| **noun == name).copied()
}

/// The trailing letters, digits and underscores of a text.
fn last_word(text: &str) -> &str {
    let start = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_alphanumeric() || *c == '_')
        .last()
        .map_or(text.len(), |(at, _)| at);
    &text[start..]
}

/// The function called at the end of a text, with its argument if that is a single text: `resource("…")`.
fn call_before(text: &str) -> Option<(&str, Option<&str>)> {
    let inner = text.trim_end().strip_suffix(')')?;
    // A name may contain brackets, so its quotes say where it begins.
    if let Some(quoted) = inner.strip_suffix('"')
        && let Some((before, name)) = quoted.rsplit_once('"')
        && let Some(before) = before.trim_end().strip_suffix('(')
    {
        return Some((last_word(before), Some(name)));
    }
    let open = inner.rfind('(')?;
    Some((last_word(&inner[..open]), None))
}
