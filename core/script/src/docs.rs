//! The words of the drill language with their descriptions, for `:doc`, completion and reference pages.

use std::sync::OnceLock;

use rhai::Engine;

use crate::engine::bare;
use crate::lexicon::{Lexicon, Word, is_noun, is_word};

/// Everything that drills know: the same throughout a process, and read from the doc comments once.
static WORDS: OnceLock<Lexicon> = OnceLock::new();

/// Everything that drills know.
pub(crate) fn words() -> &'static Lexicon {
    WORDS.get_or_init(|| Lexicon::of(&bare()))
}

/// The same, perhaps without their doc comments. If nobody has read them yet, they are read from this engine, which must be
/// [`bare`].
pub(crate) fn words_of(bare: &Engine) -> &'static Lexicon {
    static WITHOUT_DOCS: OnceLock<Lexicon> = OnceLock::new();
    match WORDS.get() {
        Some(words) => words,
        None => WITHOUT_DOCS.get_or_init(|| Lexicon::without_docs(bare)),
    }
}

/// One way to use a word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WordDoc {
    /// The word.
    pub name: String,
    /// The object it is read of or called on, such as `Node`; `None` for a free function.
    pub on: Option<String>,
    /// How to write it: `node("NODE1").crash()`, `eventually(condition, within)`.
    pub usage: String,
    /// What it does, with its example.
    pub text: String,
    /// Its arguments, without the object: their names, and their types where there is only one.
    pub params: Vec<(String, Option<String>)>,
    /// The type of its value, where there is only one; `()` for none.
    pub gives: Option<String>,
    /// Whether it is read, without brackets.
    pub is_property: bool,
}

/// How a word is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// What runs, as the body of a drill: on `scripts/clusters/four-node.ron`, if no other is named.
    pub code: String,
    /// The cluster file that it is for, in the same folder.
    pub cluster: Option<String>,
    /// Whether it is typed at the prompt instead.
    pub at_prompt: bool,
}

impl WordDoc {
    /// What it does, without its example.
    pub fn told(&self) -> &str {
        let end = self.text.find("\nExample").unwrap_or(self.text.len());
        self.text[..end].trim_end()
    }

    /// Its example, which ends its doc comment: ``Example: `…` ``, ``Example with `dhcp.ron`: `…` `` or
    /// ``Example at the prompt: `…` ``.
    pub fn example(&self) -> Option<Example> {
        let (_, rest) = self.text.split_once("\nExample")?;
        let (head, code) = rest.split_once(": `")?;
        let (code, _) = code.rsplit_once('`')?;
        let cluster = head.trim().strip_prefix("with `");
        Some(Example {
            code: code.replace('\n', " "),
            cluster: cluster.map(|it| it.trim_end_matches('`').to_owned()),
            at_prompt: head.trim() == "at the prompt",
        })
    }
}

/// Every word of the drill language that has a description, in order of its name. Operators have none.
pub fn entries() -> Vec<WordDoc> {
    entries_of(words())
}

/// The same of another engine's own words.
pub fn entries_of_engine(engine: &rhai::Engine) -> Vec<WordDoc> {
    entries_of(&Lexicon::of(engine))
}

/// As [`entries`], for a given lexicon.
pub(crate) fn entries_of(lexicon: &Lexicon) -> Vec<WordDoc> {
    let told = |word: &&Word| {
        // Operators and conversions need no explanation.
        let plain = is_word(&word.name) && !word.name.starts_with("to_");
        plain && !word.docs.is_empty()
    };
    let mut entries: Vec<WordDoc> = lexicon.ours().filter(told).map(entry).collect();
    entries.sort();
    entries.dedup();
    entries
}

fn entry(word: &Word) -> WordDoc {
    let on = word
        .params
        .first()
        .and_then(|(_, kind)| *kind)
        .filter(|kind| {
            let noun = is_noun(kind);
            noun || (word.is_property && ["int", "float", "Error"].contains(kind))
        });
    let params = |skip: usize| {
        let names: Vec<&str> = word
            .params
            .iter()
            .skip(skip)
            .map(|(name, _)| name.as_str())
            .collect();
        names.join(", ")
    };
    let usage = match (on, word.is_property) {
        (Some(kind), true) => format!("{}.{}", example(kind), word.name),
        (Some(kind), false) => format!("{}.{}({})", example(kind), word.name, params(1)),
        (None, _) => format!("{}({})", word.name, params(0)),
    };
    let object = usize::from(on.is_some());
    let params_of = word.params.iter().skip(object);
    WordDoc {
        name: word.name.clone(),
        on: on.map(str::to_owned),
        usage,
        text: word.docs.clone(),
        params: params_of
            .map(|(name, kind)| (name.clone(), kind.map(str::to_owned)))
            .collect(),
        gives: word.returns.map(str::to_owned),
        is_property: word.is_property,
    }
}

/// The usual expression for an object of a type.
fn example(kind: &str) -> &str {
    match kind {
        "Node" => "node(name)",
        "Nic" => "node(name).nic(network)",
        "Path" => "node(name).path(disk)",
        "SystemDisk" => "node(name).system_disk()",
        "Group" => "group(name)",
        "Resource" => "resource(name)",
        "Service" => "service(resource)",
        "Network" => "network(name)",
        "Dns" => "dns()",
        "Witness" => "witness()",
        "Disk" => "disk(name)",
        "NetworkName" => "network_name(name)",
        "Provider" => "provider(kind)",
        "Progress" => "progress",
        "Quorum" => "quorum()",
        "Clients" => "clients(group, options)",
        "Fault" => "fault",
        "Duration" => "duration",
        "Event" => "event",
        "Answer" => "answer",
        "ResourceType" => "resource_type(name)",
        "Error" => "error",
        "int" => "5",
        "float" => "2.5",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon::NOUNS;

    #[test]
    fn whatever_is_read_says_whether_it_is_belief_or_truth() {
        let lexicon = words();
        let nouns: Vec<&str> = NOUNS
            .iter()
            .copied()
            // A duration is neither; an event is a record, and its kind says which of the two it is.
            .filter(|noun| !["Duration", "Event"].contains(noun))
            .collect();
        let mut read = 0;
        for word in lexicon.ours() {
            let on = word.params.first().and_then(|(_, kind)| *kind);
            let Some(on) = on.filter(|kind| nouns.contains(kind)) else {
                continue;
            };
            let gives = word.returns;
            let acts = gives.is_some_and(|kind| kind == "()" || nouns.contains(&kind));
            let plain = is_word(&word.name) && !word.name.starts_with("to_");
            if acts || !plain {
                continue;
            }
            read += 1;
            let marked = ["Belief: ", "Truth: "]
                .iter()
                .any(|mark| word.docs.starts_with(mark));
            assert!(marked, "{on}.{} says neither: {}", word.name, word.docs);
        }
        assert!(read > 35, "only {read} members that are read");
    }

    /// Otherwise a script that uses the word outside every drill is found wrong only when it runs.
    #[test]
    fn every_word_that_reads_the_cluster_is_known_to_need_one() {
        let lexicon = words();
        let on_stage = crate::check::literals::ON_STAGE;
        for word in lexicon.ours() {
            let first = word.params.first().and_then(|(_, kind)| *kind);
            let member = word.is_property || first.is_some_and(|kind| NOUNS.contains(&kind));
            let gives = word.returns;
            let reads = ["Belief: ", "Truth: "]
                .iter()
                .any(|mark| word.docs.starts_with(mark))
                || gives.is_some_and(|kind| kind != "Duration" && NOUNS.contains(&kind));
            let known = on_stage.contains(&word.name.as_str());
            assert!(
                member || !reads || known,
                "{} is not in ON_STAGE",
                word.name
            );
        }
        let unknown = on_stage.iter().find(|word| !lexicon.has(word));
        assert_eq!(unknown, None, "no such word");
    }
}
