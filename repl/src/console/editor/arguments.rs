//! What may follow the commands that begin with a colon.

use quorate_script::{Completion, Console, files};

use super::super::{commands, live};

/// The ways to go on with a command: where the word begins, and what it may be. `is_live` says that the cluster really
/// runs, and `snapshots` are the names that `:restore` and `:diff` take.
pub(super) fn complete(
    console: &Console,
    line: &str,
    is_live: bool,
    snapshots: &[String],
) -> (usize, Vec<Completion>) {
    let Some((command, rest)) = line.split_once(char::is_whitespace) else {
        let fitting = commands::all().filter(|it| it.name.starts_with(line));
        let fitting = fitting.filter(|it| !is_live || live::is_offered(it.bare()));
        let found = fitting.map(|it| {
            let here = live::said(it.bare()).filter(|_| is_live);
            way(it.name, here.map_or(it.text, |(_, text)| text))
        });
        return (0, found.collect());
    };
    if is_live && !live::is_offered(command.trim_start_matches(':')) {
        return (line.len(), Vec::new());
    }
    let start = line.len() - rest.trim_start().len();
    let (start, mut found) = match command {
        ":restore" | ":diff" => {
            let names = snapshots.iter().map(|name| way(name, ""));
            (start, names.collect())
        }
        _ => arguments(console, command, line, start, is_live),
    };
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
    is_live: bool,
) -> (usize, Vec<Completion>) {
    let usage = commands::all().filter(|it| it.name == command).map(|it| {
        let here = live::said(it.bare()).filter(|_| is_live);
        here.map_or(it.usage, |(usage, _)| usage)
    });
    let usage: String = usage.collect();
    let last = after_blank(line).unwrap_or(start);
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
            "EXPR" | "INPUT" | "DURATION" => {
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

/// Where the last word of a line begins; `None` if it is the only one. A blank may have several bytes.
fn after_blank(line: &str) -> Option<usize> {
    let (at, blank) = line.char_indices().rfind(|(_, it)| it.is_whitespace())?;
    Some(at + blank.len_utf8())
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

#[cfg(test)]
mod tests {
    use super::after_blank;

    #[test]
    fn a_word_begins_after_its_blank_however_long_that_is() {
        for (line, word) in [
            (":why EVS", "EVS"),
            (":why\u{a0}EVS", "EVS"),
            (":why\u{3000}", ""),
        ] {
            assert_eq!(after_blank(line).map(|at| &line[at..]), Some(word));
        }
        assert_eq!(after_blank(":why"), None);
    }
}
