//! Completion: what may stand at the end of an input that is being typed.

mod context;
mod texts;

use quorate_drill::stage::{PropertyOf, PropertyStatus};
use rhai::Dynamic;

pub use texts::files;

use context::{Bracket, Context, Open, call_before, last_word};

use super::Console;
use crate::docs::WordDoc;
use crate::handles::{GroupRef, QuorumRef, ResourceRef};
use crate::lexicon::{NOUNS, Word};
use crate::vocabulary::{named, options};

/// One way to go on.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Completion {
    /// What replaces the word that was begun, with what follows it, such as `("` or `")`.
    pub text: String,
    /// As a list shows it: a name, or a word with its arguments.
    pub shown: String,
    /// One line about it; empty where there is nothing to say.
    pub doc: String,
}

impl Completion {
    fn new(text: impl Into<String>, shown: impl Into<String>, doc: &str) -> Completion {
        Completion {
            text: text.into(),
            shown: shown.into(),
            doc: first_sentence(doc),
        }
    }
}

/// The byte where the word begins that is completed, and the ways to go on, in order.
type Completions = (usize, Vec<Completion>);

/// Words of the language itself, which are no functions.
const KEYWORDS: [(&str, &str); 14] = [
    ("let", "Gives a value a name: let server = group(\"EVS1\")."),
    ("const", "As let, for a value that never changes."),
    (
        "fn",
        "Makes a function: fn away(g) { g.owner != \"NODE1\" }.",
    ),
    ("if", "What follows happens only if the condition holds."),
    (
        "else",
        "What happens where the condition of an if does not hold.",
    ),
    ("for", "Once for each item: for node in nodes() { … }."),
    (
        "while",
        "Again and again for as long as the condition holds.",
    ),
    ("loop", "Again and again until break."),
    (
        "switch",
        "One of several, by a value: switch x { 1 => …, _ => … }.",
    ),
    ("return", "Ends a function with a value."),
    (
        "try",
        "Goes on after a mistake: try { … } catch (error) { … }.",
    ),
    ("throw", "Ends with a mistake of one's own."),
    (
        "import",
        "Reads a file of functions: import \"library\" as l.",
    ),
    ("true", "The opposite of false."),
];

impl Console {
    /// Completions at the end of `text`: the start of the word to complete, in bytes, and the ways to go on, in order.
    pub fn complete(&self, text: &str) -> (usize, Vec<Completion>) {
        let context = Context::of(text);
        if context.opaque {
            return (text.len(), Vec::new());
        }
        let (start, mut found) = match context.quoted {
            Some(at) => (at, self.texts(text, &context, at)),
            None => self.words(text, &context),
        };
        found.sort();
        found.dedup_by(|one, other| one.text == other.text);
        // What is refused on a cluster that really runs is no way to go on.
        found.retain(|it| {
            let word = it.text.split(['(', ':']).next().unwrap_or_default();
            context.quoted.is_some() || !self.is_refused(word)
        });
        (start, found)
    }

    /// Outside texts: members, keys of option maps, words and variables.
    fn words(&self, text: &str, context: &Context) -> Completions {
        let start = text.len() - last_word(text).len();
        let (before, word) = text.split_at(start);
        let fits = |name: &str| name.starts_with(word);
        if let Some(object) = before.strip_suffix('.') {
            return (start, self.members(object, word));
        }
        if let Some(open) = context.open.last()
            && open.bracket == Bracket::Map
            && open.key.is_none()
        {
            return (start, self.keys(text, context, open, word));
        }
        if word.is_empty() {
            return (start, Vec::new());
        }
        let docs = self.docs();
        let words = docs
            .iter()
            .filter(|entry| entry.on.is_none() && fits(&entry.name));
        let mut found: Vec<Completion> = words.map(|entry| self.word(entry)).collect();
        let variables = self.scope.iter().filter(|(name, ..)| fits(name));
        found.extend(variables.map(|(name, _, value)| {
            let kind = self.engine.map_type_name(value.type_name());
            Completion::new(name, name, &format!("A variable: {kind}"))
        }));
        let functions = self.functions.iter_functions();
        found.extend(functions.filter(|it| fits(it.name)).map(|it| {
            let end = if it.params.is_empty() { "()" } else { "(" };
            Completion::new(format!("{}{end}", it.name), it.to_string(), "Your own.")
        }));
        let keywords = KEYWORDS.iter().filter(|(name, _)| fits(name));
        found.extend(keywords.map(|(name, doc)| Completion::new(*name, *name, doc)));
        (start, found)
    }

    /// A free word with its brackets, and a quote where a name comes first.
    fn word(&self, entry: &WordDoc) -> Completion {
        let words = self.lexicon.functions(&entry.name);
        let named = named::arguments(&entry.name).any(|(number, _)| number == 0);
        let bare = words.iter().all(|it| it.params.is_empty());
        let end = match (named, bare) {
            (true, _) => "(\"",
            (_, true) => "()",
            _ => "(",
        };
        Completion::new(format!("{}{end}", entry.name), &entry.usage, &entry.text)
    }

    /// What can be read of an object, or called on it.
    fn members(&self, object: &str, word: &str) -> Vec<Completion> {
        let kind = self.kind_before(object);
        let kinds: Vec<&str> = match &kind {
            Some(kind) => vec![kind],
            None => NOUNS.to_vec(),
        };
        let mut found = Vec::new();
        for kind in kinds {
            for name in self.lexicon.properties_of(kind) {
                let of_kind = of_kind(self.lexicon.properties(name), kind);
                let doc = of_kind.map_or("", |it| it.docs.as_str());
                found.push(Completion::new(name, name, doc));
            }
            for name in self.lexicon.methods_of(kind) {
                let overloads = self.lexicon.functions(name);
                let Some(one) = of_kind(overloads, kind) else {
                    continue;
                };
                let arguments = one.params.iter().skip(1).map(|(name, _)| name.as_str());
                let arguments: Vec<&str> = arguments.collect();
                let mut all = overloads.iter().filter(|it| is_on(it, kind));
                let named = named::arguments(name).any(|(number, _)| number == 0)
                    || matches!(name, "get" | "set") && NOUNS.contains(&kind);
                let end = match (named, all.all(|it| it.params.len() == 1)) {
                    (true, _) => "(\"",
                    (_, true) => "()",
                    _ => "(",
                };
                let shown = format!("{name}({})", arguments.join(", "));
                found.push(Completion::new(format!("{name}{end}"), shown, &one.docs));
            }
        }
        found.retain(|it| it.text.starts_with(word) && !it.text.starts_with("to_"));
        found
    }

    /// The options that a map does not have yet.
    fn keys(&self, text: &str, context: &Context, open: &Open, word: &str) -> Vec<Completion> {
        let Some(called) = self.called(text, context, open) else {
            return Vec::new();
        };
        let all = options::described(called.0);
        let free = all.into_iter().filter(|(key, _)| !open.keys.contains(key));
        let fitting = free.filter(|(key, _)| key.starts_with(word));
        fitting
            .map(|(key, doc)| Completion::new(format!("{key}: "), key, &doc))
            .collect()
    }

    /// The word whose arguments a bracket is among, and the number of the argument. A map in a list counts as its list.
    fn called<'a>(
        &self,
        text: &'a str,
        context: &Context,
        inner: &Open,
    ) -> Option<(&'a str, usize, Option<&'a str>)> {
        let mut open = inner.clone();
        while open.bracket != Bracket::Round {
            open = context.outside(&open)?.clone();
            if open.bracket == Bracket::Curly {
                return None;
            }
        }
        let before = text[..open.at].trim_end();
        let word = last_word(before);
        let object = before[..before.len() - word.len()].strip_suffix('.');
        (!word.is_empty()).then_some((word, open.commas, object))
    }

    /// The properties of what stands right before a dot.
    fn properties_before(&self, before: &str) -> Option<Vec<PropertyStatus>> {
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
        self.properties_of(of).ok()
    }

    /// The variable that stands right before a dot.
    fn variable(&self, before: &str) -> Option<&Dynamic> {
        let name = last_word(before);
        let member = before[..before.len() - name.len()].ends_with('.');
        self.scope.get(name).filter(|_| !member)
    }

    /// The type of what stands right before a dot: a variable, a number, a text, or an object written as `node("…")` and
    /// the like.
    fn kind_before(&self, before: &str) -> Option<String> {
        if let Some(value) = self.variable(before) {
            let name = self.engine.map_type_name(value.type_name());
            return self.known_kind(name);
        }
        let before = before.trim_end();
        let word = last_word(before);
        if !word.is_empty() && word.chars().all(|c| c.is_ascii_digit() || c == '_') {
            let float = before[..before.len() - word.len()].ends_with('.');
            return Some(if float { "float" } else { "int" }.to_owned());
        }
        if before.ends_with('"') {
            return Some("string".to_owned());
        }
        if before.ends_with(']') {
            return None;
        }
        if !word.is_empty() {
            // A member: what all that have it give.
            let given = self.lexicon.properties(word).iter();
            let mut kinds: Vec<&str> = given.filter_map(|it| it.returns).collect();
            kinds.dedup();
            return match kinds[..] {
                [only] => self.known_kind(only),
                _ => None,
            };
        }
        let (word, _) = call_before(before)?;
        let results = self.lexicon.functions(word).iter();
        let mut kinds = results.filter_map(|it| self.known_kind(it.returns?));
        kinds.next()
    }

    /// A type that has members.
    fn known_kind(&self, kind: &str) -> Option<String> {
        let has = NOUNS.contains(&kind)
            || self.lexicon.methods_of(kind).next().is_some()
            || self.lexicon.properties_of(kind).next().is_some();
        has.then(|| kind.to_owned())
    }
}

/// Whether a word is called on an object of this type.
fn is_on(word: &Word, kind: &str) -> bool {
    let first = word.params.first();
    first.is_some_and(|(_, first)| *first == Some(kind))
}

/// The first of several words that is called on an object of this type.
fn of_kind<'a>(words: &'a [Word], kind: &str) -> Option<&'a Word> {
    words.iter().find(|it| is_on(it, kind))
}

/// Whether a word is called on an object of ours.
fn is_member(word: &Word) -> bool {
    NOUNS.iter().any(|noun| is_on(word, noun))
}

/// The first sentence of a description, on one line.
fn first_sentence(text: &str) -> String {
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let ends = line.match_indices(". ").map(|(at, _)| at);
    // An abbreviation or a path is no end: what follows an end begins with a capital letter.
    let mut ends = ends.filter(|at| line[at + 2..].starts_with(char::is_uppercase));
    match ends.next() {
        Some(at) => line[..=at].to_owned(),
        None => line,
    }
}
