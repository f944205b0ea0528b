//! The reference of the drill language, `docs/language.md`, made of the words' doc comments.

mod arguments;
mod sections;

use std::fmt::Write as _;

use quorate_model::{
    CLUSTER_PROPERTIES, GROUP_PROPERTIES, PropertyDescriptor, RESOURCE_PROPERTIES, Unit, Value,
    types,
};

use crate::docs::{WordDoc, entries};
use arguments::{argument, gives};

use crate::vocabulary::options;
use sections::{ERRORS, HEAD, OPERATORS, PROPERTIES, SECTIONS, Section};

/// The page, as Markdown.
pub fn language_reference() -> String {
    let entries = entries();
    let mut out = HEAD.to_owned();
    out.push_str("\n| about | words |\n| --- | --- |\n");
    for section in SECTIONS {
        let names: Vec<&str> = of(section, &entries)
            .iter()
            .map(|it| it.name.as_str())
            .collect();
        let mut once = Vec::new();
        for name in names {
            if !once.contains(&name) {
                once.push(name);
            }
        }
        let once: Vec<String> = once.iter().map(|name| format!("`{name}`")).collect();
        let title = section.title;
        let _ = writeln!(
            out,
            "| [{title}](#{}) | {} |",
            anchor(title),
            once.join(" ")
        );
    }
    out.push_str(ERRORS);
    for section in SECTIONS {
        let _ = write!(out, "\n## {}\n\n{}\n", section.title, section.text);
        for entry in of(section, &entries) {
            word(&mut out, entry);
        }
    }
    out.push_str(OPERATORS);
    properties(&mut out);
    out
}

/// Where a heading is found.
fn anchor(title: &str) -> String {
    let kept = title
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| match c {
        ' ' => '-',
        c => c.to_ascii_lowercase(),
    })
    .collect()
}

/// The words of a section: those that stand alone in its order, then members.
fn of<'e>(section: &Section, entries: &'e [WordDoc]) -> Vec<&'e WordDoc> {
    let mut found = Vec::new();
    for name in section.words {
        let free = entries.iter().filter(|it| it.on.is_none());
        found.extend(free.filter(|it| it.name == *name));
    }
    for noun in section.nouns {
        found.extend(entries.iter().filter(|it| it.on.as_deref() == Some(*noun)));
    }
    found
}

fn word(out: &mut String, entry: &WordDoc) {
    let _ = write!(out, "\n### `{}`\n\n{}\n", entry.usage, entry.told());
    if !entry.params.is_empty() {
        out.push('\n');
    }
    for (name, kind) in &entry.params {
        let what = argument(&entry.name, name).unwrap_or_default();
        let kind = match kind.as_deref() {
            Some("function") => "a function; ",
            Some("int") => "a whole number; ",
            Some("float") => "a number; ",
            Some("bool") => "true or false; ",
            Some("map") => "a map; ",
            Some("array") => "a list; ",
            Some("string") => "a text; ",
            _ => "",
        };
        let _ = writeln!(out, "- `{name}`: {kind}{what}.");
        if ["options", "switches", "filter"].contains(&name.as_str()) {
            for (key, text) in options::told(&entry.name) {
                let _ = writeln!(out, "  - `{key}`: {text}");
            }
        }
    }
    if let Some(what) = entry.gives.as_deref().and_then(gives) {
        let _ = write!(out, "\nGives {what}.\n");
    }
    if let Some(example) = entry.example() {
        let head = match (&example.cluster, example.at_prompt) {
            (Some(cluster), _) => format!("\nOn `scripts/clusters/{cluster}`:\n"),
            (None, true) => "\nAt the prompt of `quorate repl`:\n".to_owned(),
            (None, false) => String::new(),
        };
        let code = statements(&example.code).join("\n");
        let _ = write!(out, "{head}\n```rhai\n{code}\n```\n");
    }
}

/// One statement a line, and what is in a block further in.
fn statements(code: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    // What is open: blocks of statements, and anything else.
    let mut open: Vec<bool> = Vec::new();
    let mut quote = None;
    let mut closed = false;
    let end = |line: &mut String, lines: &mut Vec<String>, open: &[bool]| {
        let text = std::mem::take(line);
        if !text.trim().is_empty() {
            let depth = open.iter().filter(|it| **it).count();
            lines.push(format!("{}{}", "    ".repeat(depth), text.trim()));
        }
    };
    for (at, c) in code.char_indices() {
        if let Some(wanted) = quote {
            line.push(c);
            quote = (c != wanted).then_some(wanted);
            continue;
        }
        let goes_on = [")", ";", ",", "catch", "else"];
        if closed && c != ' ' {
            closed = false;
            if !goes_on.iter().any(|it| code[at..].starts_with(it)) {
                end(&mut line, &mut lines, &open);
            }
        }
        match c {
            '"' | '`' => quote = Some(c),
            '(' | '[' => open.push(false),
            '{' if line.ends_with('#') => open.push(false),
            '{' => {
                line.push(c);
                end(&mut line, &mut lines, &open);
                open.push(true);
                continue;
            }
            '}' if open.last() == Some(&true) => {
                end(&mut line, &mut lines, &open);
                open.pop();
                closed = true;
            }
            ')' | ']' | '}' => {
                open.pop();
            }
            _ => {}
        }
        line.push(c);
        if c == ';' && open.last() != Some(&false) {
            end(&mut line, &mut lines, &open);
        }
    }
    let rest = line.trim();
    if !rest.is_empty() {
        let stop = if rest.ends_with(['}', ';']) { "" } else { ";" };
        lines.push(format!("{rest}{stop}"));
    }
    lines
}

fn properties(out: &mut String) {
    out.push_str(PROPERTIES);
    for (title, rows) in [
        ("Of the quorum", CLUSTER_PROPERTIES),
        ("Of every group", GROUP_PROPERTIES),
        ("Of every resource", RESOURCE_PROPERTIES),
    ] {
        table(out, title, rows);
    }
    for kind in types::ALL {
        let rows = types::private_properties(kind).unwrap_or_default();
        if !rows.is_empty() {
            table(out, &format!("Of a resource of the type {kind}"), rows);
        }
    }
}

fn table(out: &mut String, title: &str, rows: &[PropertyDescriptor]) {
    let _ = write!(
        out,
        "\n### {title}\n\n| property | takes | default | what it is |\n| --- | --- | --- | --- |\n"
    );
    for row in rows {
        let default = match (&row.default, row.unit) {
            (Value::Text(text), _) if text.is_empty() => "empty".to_owned(),
            (Value::List(list), _) if list.is_empty() => "empty".to_owned(),
            (value, Unit::None | Unit::Count) => value.to_string(),
            (value, unit) => format!("{value}{}", unit.suffix()),
        };
        let _ = writeln!(
            out,
            "| `{}` | {} | {default} | {} |",
            row.name,
            row.expected(),
            row.doc
        );
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_word_has_its_section_and_an_example() {
        let entries = entries();
        for entry in &entries {
            let sections = SECTIONS
                .iter()
                .filter(|section| of(section, &entries).contains(&entry));
            assert_eq!(sections.count(), 1, "sections of {}", entry.usage);
            let example = entry.example();
            let example = example.unwrap_or_else(|| panic!("{} has no example", entry.usage));
            let used = example.code.contains(entry.name.as_str());
            assert!(used, "the example of {} is about others", entry.usage);
        }
        assert!(entries.len() > 250, "{}", entries.len());
    }

    #[test]
    fn a_section_names_no_word_that_there_is_not() {
        let entries = entries();
        for section in SECTIONS {
            for name in section.words {
                let there = entries.iter().any(|it| it.on.is_none() && it.name == *name);
                assert!(there, "{}: {name}", section.title);
            }
            for noun in section.nouns {
                let there = entries.iter().any(|it| it.on.as_deref() == Some(*noun));
                assert!(there, "{}: {noun}", section.title);
            }
        }
    }

    #[test]
    fn every_argument_and_option_is_explained() {
        for entry in entries() {
            for (name, _) in &entry.params {
                assert!(
                    argument(&entry.name, name).is_some(),
                    "{}: {name}",
                    entry.usage
                );
            }
            let told: BTreeSet<&str> = options::told(&entry.name).map(|(key, _)| key).collect();
            if let Some(keys) = options::of(&entry.name)
                && entry
                    .params
                    .iter()
                    .any(|(_, kind)| kind.as_deref() == Some("map"))
            {
                assert_eq!(told, keys.iter().copied().collect(), "{}", entry.usage);
            }
        }
    }

    #[test]
    fn an_example_is_shown_one_statement_a_line() {
        assert_eq!(
            statements(
                "let a = f(#{ b: 1 }); g(\"x\", || { h(); i() }); for j in k { l(); } note(`b; ${a}`); run(\"1; m\")"
            ),
            [
                "let a = f(#{ b: 1 });",
                "g(\"x\", || {",
                "    h();",
                "    i()",
                "});",
                "for j in k {",
                "    l();",
                "}",
                "note(`b; ${a}`);",
                "run(\"1; m\");"
            ]
        );
    }

    #[test]
    fn the_page_is_made_from_the_doc_comments() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/language.md");
        let page = language_reference();
        if std::env::var_os("QUORATE_WRITE_DOCS").is_some() {
            std::fs::write(path, page).unwrap();
            return;
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == page,
            "docs/language.md is not what the doc comments say; QUORATE_WRITE_DOCS=1 writes it anew"
        );
    }
}
