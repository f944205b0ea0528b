//! What may follow the commands that begin with a colon.

use quorate_script::{Completion, Console, files};

use super::super::commands;

/// The ways to go on with a command: where the word begins, and what it may be.
pub(super) fn complete(console: &Console, line: &str) -> (usize, Vec<Completion>) {
    let Some((command, rest)) = line.split_once(char::is_whitespace) else {
        let fitting = commands::all().filter(|it| it.name.starts_with(line));
        let found = fitting.map(|it| way(it.name, it.text));
        return (0, found.collect());
    };
    let start = line.len() - rest.trim_start().len();
    let (start, mut found) = arguments(console, command, line, start);
    let begun = line[start..].to_lowercase();
    found.retain(|it| it.text.to_lowercase().starts_with(&begun));
    found.sort();
    found.dedup_by(|one, other| one.text == other.text);
    (start, found)
}

/// What a command takes. Most say it by what they take themselves: GROUP, NODE, FILE, or one of several words.
fn arguments(
    console: &Console,
    command: &str,
    line: &str,
    start: usize,
) -> (usize, Vec<Completion>) {
    let usage = commands::all()
        .filter(|it| it.name == command)
        .map(|it| it.usage);
    let usage: String = usage.collect();
    let last = line.rfind(char::is_whitespace).map_or(start, |at| at + 1);
    match command {
        ":doc" => {
            let docs = console.docs();
            let found = docs.iter().map(|entry| way(&entry.name, &entry.text));
            return (start, found.collect());
        }
        ":properties" => {
            let both = [call(console, "group"), call(console, "resource")];
            return (start, both.concat());
        }
        ":plugin" => return (last, plugins(console, &line[start..last])),
        _ => {}
    }
    let mut found = Vec::new();
    let is_first = last <= start;
    for part in usage.split(['|', '[', ']', ' ']).map(str::trim) {
        match part {
            "GROUP" => return (start, call(console, "group")),
            "NODE" => return (start, call(console, "node")),
            "RESOURCE" => return (start, call(console, "resource")),
            "FILE" => {
                let paths = files(&line[last..], &[]);
                let paths = paths.into_iter();
                return (last, paths.map(|(path, doc)| way(&path, &doc)).collect());
            }
            "EXPR" | "DURATION" => {
                let (at, ways) = console.complete(&line[start..]);
                return (start + at, ways);
            }
            word if is_first
                && word.len() > 1
                && word.chars().all(|c| c.is_ascii_lowercase() || c == '-') =>
            {
                found.push(way(word, ""));
            }
            _ => {}
        }
    }
    (start, found)
}

/// The commands of `:plugin`, and after two of them the names of plugins.
fn plugins(console: &Console, before: &str) -> Vec<Completion> {
    match before.trim() {
        "" => vec![
            way("list", "The plugins, and where each comes from."),
            way("reload", "Reads the file of a plugin again."),
            way("release", "Ends the quarantine of a plugin."),
        ],
        "reload" | "release" => {
            let plugins = console.plugins().and_then(Result::ok).unwrap_or_default();
            let told = plugins.iter().map(|it| way(&it.name, &it.version));
            told.collect()
        }
        _ => Vec::new(),
    }
}

/// The names that a word of the language takes.
fn call(console: &Console, word: &str) -> Vec<Completion> {
    let (_, found) = console.complete(&format!("{word}(\""));
    let named = found.into_iter().map(|it| Completion {
        text: it.shown.clone(),
        ..it
    });
    named.collect()
}

fn way(text: &str, doc: &str) -> Completion {
    let line = doc.lines().next().unwrap_or_default();
    Completion {
        text: text.to_owned(),
        shown: text.to_owned(),
        doc: line.to_owned(),
    }
}
