//! Hover and "go to definition": what a place is about.

use std::path::{Path, PathBuf};

use quorate_model::{FieldKind, rules};
use quorate_script::WordDoc;
use quorate_script::editing;

use super::cluster::{ClusterText, field};
use super::complete::{file_named, property};
use super::drill::{Meaning, Script};
use super::language::Language;
use super::names::{Names, beside};
use super::text::Text;
use super::tokens::Kind;
use super::workspace::Workspace;

use std::ops::Range;

/// The text of a place as Markdown, and the place.
pub(super) type Hover = Option<(String, Range<usize>)>;

/// Where something is said: a file and a range there.
pub(super) type Target = Option<(PathBuf, Range<usize>)>;

fn told(word: &WordDoc) -> String {
    let mut text = format!("```rhai\n{}\n```\n{}", word.usage, word.told());
    if let Some(example) = word.example() {
        text.push_str(&format!("\n\n```rhai\n{}\n```", example.code));
    }
    text
}

/// What a rule's id stands for.
fn rule(id: &str) -> Option<String> {
    let rule = rules::rule(id)?;
    Some(format!(
        "**{}** ({}, {})\n\n{}\n\n{}",
        rule.id, rule.severity, rule.section, rule.why, rule.remedy
    ))
}

/// In a script.
pub(super) fn in_script(
    workspace: &Workspace,
    path: &Path,
    text: &Text,
    language: &Language,
    offset: usize,
) -> Hover {
    let words = language.words.as_slice();
    let script = Script::of(&text.text, words);
    let tokens = &script.tokens;
    let at = tokens.at(offset)?;
    let place = tokens.all[at].range.clone();
    if tokens.kind(at) == Some(Kind::Quoted) {
        let said = tokens.quoted(at);
        let noun = match script.meaning(at) {
            Some(Meaning::Name(noun)) => noun,
            Some(Meaning::Property(kind)) => return Some((property(&kind, said)?, place)),
            Some(_) => return None,
            None => None,
        };
        let clusters = Names::at(workspace, &script, path, offset);
        let card = clusters.iter().find_map(|it| it.card(noun, said))?;
        return Some((card, place));
    }
    let name = tokens.text(at);
    let call = language
        .call(name)
        .filter(|_| at > 0 && tokens.is_word(at - 1, "fn"));
    let texts: Vec<String> = if let Some(call) = call {
        vec![told(call)]
    } else if at > 0 && tokens.is(at - 1, '.') {
        let kind = script.kind_before(at - 1);
        let of = |it: &&WordDoc| match &kind {
            Some(kind) => it.on.as_ref() == Some(kind),
            None => it.on.is_some(),
        };
        let uses = words.iter().filter(|it| it.name == name).filter(of);
        uses.map(told).collect()
    } else if tokens.is(at + 1, ':') {
        let frames = tokens.frames(at);
        let map = frames.last().filter(|it| it.is_map)?;
        let call = frames
            .iter()
            .rev()
            .find(|it| it.open < map.open && it.word.is_some());
        let word = call.and_then(|it| it.word).map_or("", |it| tokens.text(it));
        let options = editing::options(word).into_iter();
        let option = options.filter(|(key, _)| *key == name);
        option
            .map(|(key, text)| format!("`{key}`, option of `{word}`: {text}."))
            .collect()
    } else {
        editing::uses(words, None, name).map(told).collect()
    };
    (!texts.is_empty()).then(|| (texts.join("\n\n---\n\n"), place))
}

/// In a cluster file.
pub(super) fn in_cluster(path: &Path, text: &Text, offset: usize) -> Hover {
    let cluster = ClusterText::of(&text.text);
    let tokens = &cluster.tokens;
    let at = tokens.at(offset)?;
    let place = tokens.all[at].range.clone();
    let frames = tokens.frames(at);
    if tokens.is(at + 1, ':') {
        let (record, last) = cluster.record(&frames)?;
        if frames.len() == last + 1 {
            let field = field(record, tokens.text(at))?;
            let must = if field.required {
                " (must be there)"
            } else {
                ""
            };
            let text = format!(
                "`{}` of {}{must}\n\n{}",
                field.name, field.record, field.text
            );
            return Some((text, place));
        }
        let (own, _) = cluster.value(at)?;
        let kind = match (own.kind, record) {
            (FieldKind::Settings, "a cluster") => "Quorum",
            (FieldKind::Settings, "a resource") | (FieldKind::SettingsByResource, _) => "Resource",
            (FieldKind::Settings, _) => "Group",
            _ => return None,
        };
        return Some((property(kind, cluster.plain(at))?, place));
    }
    let said = cluster.plain(at);
    let (own, _) = cluster.value(at)?;
    if own.name == "accept" {
        return Some((rule(said)?, place));
    }
    let (noun, _) = cluster.noun(at)?;
    let names = Names::of(path, &text.text);
    Some((names.card(Some(noun), said)?, place))
}

/// Where what stands at a place in a script is said.
pub(super) fn definition_in_script(
    workspace: &Workspace,
    path: &Path,
    text: &Text,
    words: &[WordDoc],
    offset: usize,
) -> Target {
    let script = Script::of(&text.text, words);
    let tokens = &script.tokens;
    let at = tokens.at(offset)?;
    if tokens.kind(at) == Some(Kind::Word) {
        let functions = script.functions().into_iter();
        let mut own = functions.filter(|(name, ..)| name == tokens.text(at));
        return own.next().map(|(_, range, _)| (path.to_owned(), range));
    }
    if let Some(file) = file_named(path, &script, at) {
        return Some((file, 0..0));
    }
    let noun = match script.meaning(at) {
        Some(Meaning::Name(noun)) => noun,
        Some(_) => return None,
        None => None,
    };
    let clusters = Names::at(workspace, &script, path, offset);
    let said = tokens.quoted(at);
    clusters.iter().find_map(|it| {
        let named = it.defined(noun, said)?;
        Some((it.path.clone(), named.at.clone()))
    })
}

/// Where what stands at a place in a cluster file is said.
pub(super) fn definition_in_cluster(path: &Path, text: &Text, offset: usize) -> Target {
    let cluster = ClusterText::of(&text.text);
    let tokens = &cluster.tokens;
    let at = tokens.at(offset)?;
    let said = cluster.plain(at);
    let (own, of) = cluster.value(at)?;
    if own.name == "policy" || of.is_some_and(|it| it.eq_ignore_ascii_case("ScriptFilepath")) {
        return Some((beside(path, said), 0..0));
    }
    let names = Names::of(path, &text.text);
    let mut named = names
        .names
        .iter()
        .filter(|it| it.at.start <= offset && offset <= it.at.end);
    let noun = named.next()?.noun;
    let defined = names
        .defined(Some(noun), said)
        .or_else(|| names.defined(None, said))?;
    Some((path.to_owned(), defined.at.clone()))
}
