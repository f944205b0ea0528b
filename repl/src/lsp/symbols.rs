//! What a file contains: drills and functions, or the things of a cluster.

use quorate_drill::Noun;
use quorate_script::WordDoc;
use serde_json::{Value, json};

use super::cluster::ClusterText;
use super::drill::Script;
use super::text::Text;

/// Kinds of symbols, by the protocol's numbers.
const CLASS: u8 = 5;
const METHOD: u8 = 6;
const FUNCTION: u8 = 12;
const OBJECT: u8 = 19;

pub(super) fn in_script(text: &Text, words: &[WordDoc]) -> Value {
    let script = Script::of(&text.text, words);
    let drills = script.drills().into_iter().map(|drill| {
        json!({
            "name": if drill.name.is_empty() { "drill" } else { &drill.name },
            "detail": drill.cluster.unwrap_or_default(),
            "kind": METHOD,
            "range": text.range(&drill.whole),
            "selectionRange": text.range(&drill.at),
        })
    });
    let functions = script.functions().into_iter().map(|(name, place, end)| {
        json!({
            "name": name,
            "kind": FUNCTION,
            "range": text.range(&(place.start..end)),
            "selectionRange": text.range(&place),
        })
    });
    drills.chain(functions).collect()
}

pub(super) fn in_cluster(text: &Text) -> Value {
    let names = ClusterText::of(&text.text).names().into_iter();
    let defined = names.filter(|it| it.defines && !it.text.is_empty());
    defined
        .map(|it| {
            let kind = if it.noun == Noun::Group {
                CLASS
            } else {
                OBJECT
            };
            json!({
                "name": it.text,
                "detail": it.noun.word(),
                "kind": kind,
                "range": text.range(&it.at),
                "selectionRange": text.range(&it.at),
            })
        })
        .collect()
}
