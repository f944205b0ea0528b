//! Completion of foreign words.

use quorate_script::{Completion, Console};

use super::cluster_exe::{self, OBJECTS, Of, VERBS};
use super::line::{fits, full};
use super::ours;
use super::powershell::{self, CMDLETS, Takes};
use super::table::Here;

/// The ways to go on with a line in foreign words; `None` where it is in ours.
pub(in super::super) fn complete(
    console: &Console,
    line: &str,
) -> Option<(usize, Vec<Completion>)> {
    let first = line.split(char::is_whitespace).next().unwrap_or_default();
    let begins = line.len() > first.len();
    let (start, mut found) = if begins && cluster_exe::is_one(&format!("{first} x")) {
        if line[first.len()..]
            .trim_start()
            .starts_with(['(', '=', '.'])
        {
            return None;
        }
        cluster(console, line)
    } else if begins && powershell::is_one(line) {
        cmdlet(console, line)
    } else if !begins && (first.contains('-') || first.starts_with(char::is_uppercase)) {
        let all = CMDLETS.iter();
        (
            0,
            all.map(|it| way(it.name, it.name, about(&it.here)))
                .collect(),
        )
    } else {
        return None;
    };
    let typed = line[start..].to_lowercase();
    found.retain(|it| it.text.to_lowercase().starts_with(&typed));
    found.sort();
    found.dedup_by(|one, other| one.text == other.text);
    // What is no foreign word may be one of ours.
    (!found.is_empty() || begins).then_some((start, found))
}

fn about(here: &Here) -> String {
    match (ours(here), here) {
        (Some(ours), _) => ours.to_owned(),
        (None, Here::Not(instead)) => format!("Not here: {instead}"),
        (None, _) => String::new(),
    }
}

fn way(text: &str, shown: &str, doc: impl Into<String>) -> Completion {
    Completion {
        text: text.to_owned(),
        shown: shown.to_owned(),
        doc: doc.into(),
    }
}

/// The parts of a line with their first bytes: those that are finished, and where the one begins that is not.
fn begun(line: &str) -> (Vec<&str>, usize) {
    let (mut parts, mut start, mut quote) = (Vec::new(), 0, None);
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, c) if c.is_whitespace() => {
                if at > start {
                    parts.push(&line[start..at]);
                }
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    (parts, start)
}

fn cluster(console: &Console, line: &str) -> (usize, Vec<Completion>) {
    let (parts, start) = begun(line);
    let word = &line[start..];
    let object = |typed: &str| {
        let mut named = OBJECTS.iter().filter(|(_, word, _)| !word.is_empty());
        named
            .find(|(_, word, _)| fits(word, typed))
            .map(|(of, _, noun)| (*of, *noun))
    };
    let verbs = |of: Of| -> Vec<Completion> {
        let all = VERBS.iter().filter(|verb| verb.of == of);
        let told = all.map(|verb| {
            let value = if verb.takes.starts_with(':') || verb.takes.starts_with("[:") {
                ":"
            } else {
                ""
            };
            let word = full(verb.word);
            let shown = format!("/{word}{}", verb.takes);
            way(&format!("/{word}{value}"), &shown, about(&verb.here))
        });
        told.collect()
    };
    match parts[..] {
        [_] => {
            let objects = ["group", "res", "node"];
            let mut found: Vec<Completion> = objects.iter().map(|it| way(it, it, "")).collect();
            found.extend(verbs(Of::Cluster));
            (start, found)
        }
        [_, typed] if !typed.starts_with('/') && !word.starts_with('/') => match object(typed) {
            Some((_, noun)) if !noun.is_empty() => (start, names(console, noun)),
            _ => (start, Vec::new()),
        },
        [_, typed, ..] => {
            let (of, _) = object(typed).unwrap_or((Of::Cluster, ""));
            if let Some((verb, _)) = word.split_once(':') {
                let nodes = [
                    "/move",
                    "/moveto",
                    "/setowners",
                    "/addowner",
                    "/removeowner",
                ];
                let at = start + verb.len() + 1;
                let takes = nodes.iter().any(|it| it.eq_ignore_ascii_case(verb));
                let found = if takes {
                    names(console, "node")
                } else {
                    Vec::new()
                };
                return (at, found);
            }
            let last = parts.last().copied().unwrap_or_default();
            let properties = ["/prop", "/properties", "/priv", "/privproperties"];
            if properties.iter().any(|it| it.eq_ignore_ascii_case(last)) {
                let name = parts.get(2).map_or("", |name| name.trim_matches('"'));
                let all = console.properties(name).unwrap_or_default();
                let told = all
                    .iter()
                    .map(|it| way(&format!("{}=", it.name), &it.name, &*it.doc));
                return (start, told.collect());
            }
            (start, verbs(of))
        }
        [] => (start, Vec::new()),
    }
}

fn cmdlet(console: &Console, line: &str) -> (usize, Vec<Completion>) {
    // Behind a bar another command begins.
    let from = line.rfind('|').map_or(0, |bar| bar + 1);
    let from = line.len() - line[from..].trim_start().len();
    let (parts, start) = begun(&line[from..]);
    let start = from + start;
    let word = &line[start..];
    let known = parts.first().and_then(|name| {
        let mut all = CMDLETS.iter();
        all.find(|it| it.name.eq_ignore_ascii_case(name))
    });
    let Some(known) = known else {
        let all = CMDLETS.iter();
        let told = all.map(|it| way(it.name, it.name, about(&it.here)));
        return (start, told.collect());
    };
    if word.starts_with('-') {
        let told = known.parameters.iter().map(|it| {
            let doc = match it.kind {
                Takes::Not(instead) => format!("Not here: {instead}"),
                _ => String::new(),
            };
            let name = format!("-{}", it.name);
            way(&name, &name, doc)
        });
        return (start, told.collect());
    }
    let last = parts.last().copied().unwrap_or_default().to_lowercase();
    let noun = match last.as_str() {
        "-node" | "-owners" => "node",
        "-group" => "group",
        "-resource" => "resource",
        _ if parts.len() == 1 || last == "-name" => known.noun,
        _ if known.name == "Move-ClusterGroup" && parts.len() == 2 => "node",
        _ => "",
    };
    (start, names(console, noun))
}

/// The names of the things that a noun is for, in quotes where they have blanks.
fn names(console: &Console, noun: &str) -> Vec<Completion> {
    if noun.is_empty() || noun == "quorum" {
        return Vec::new();
    }
    let (_, found) = console.complete(&format!("{noun}(\""));
    let named = found.into_iter().map(|it| {
        let text = match it.shown.contains(' ') {
            true => format!("\"{}\"", it.shown),
            false => it.shown.clone(),
        };
        Completion { text, ..it }
    });
    named.collect()
}
