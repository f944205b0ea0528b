//! Checks of any file, and of several files together.

use quorate_drill::{Finding, Place, Severity};

use std::collections::BTreeMap;

/// Reports drills with the same name in several files. `known` has the names from earlier files, each with its file.
pub fn duplicate_drills(
    file: &str,
    source: &str,
    known: &mut BTreeMap<String, String>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in source.lines().enumerate() {
        let Some(name) = line
            .strip_prefix("drill(\"")
            .and_then(|rest| rest.split('"').next())
        else {
            continue;
        };
        match known.get(name) {
            Some(first) if first != file => findings.push(Finding {
                place: Place::on_line(file, number + 1, 7, name.chars().count() + 2, line),
                rule: "duplicate-drill".to_owned(),
                severity: Severity::Warning,
                message: format!("there is a drill \"{name}\" already, in {first}"),
                help: Some(
                    "give each drill a name of its own: it is what reports and --filter go by"
                        .to_owned(),
                ),
            }),
            Some(_) => {}
            None => {
                known.insert(name.to_owned(), file.to_owned());
            }
        }
    }
    findings
}

/// Words with letters of two alphabets, such as `NODE1` with a Cyrillic letter: they look like another word but
/// differ from it. Comments on lines of their own are ignored.
pub fn mixed_alphabets(file: &str, source: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in source.lines().enumerate() {
        if line.is_ascii() || line.trim_start().starts_with("//") {
            continue;
        }
        let mut column = 1;
        for word in line.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_') {
            let letters = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_');
            let latin = letters.chars().any(|c| alphabet(c) == Some("Latin"));
            let other = letters
                .chars()
                .find(|c| alphabet(*c).is_some_and(|it| it != "Latin"));
            if let (true, Some(letter)) = (latin, other) {
                let plain = alphabet(letter).unwrap_or_default();
                findings.push(Finding {
                    place: Place::on_line(file, number + 1, column, letters.chars().count(), line),
                    rule: "mixed-alphabets".to_owned(),
                    severity: Severity::Warning,
                    message: format!(
                        "\"{letters}\" has letters of two alphabets: \"{letter}\" is {plain}"
                    ),
                    help: Some(
                        "type the word anew: it is not the one that it looks like".to_owned(),
                    ),
                });
            }
            column += word.chars().count();
        }
    }
    findings
}

/// The alphabet of a letter that is easily taken for one of another alphabet.
fn alphabet(letter: char) -> Option<&'static str> {
    match letter {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' => Some("Latin"),
        '\u{370}'..='\u{3ff}' => Some("Greek"),
        '\u{400}'..='\u{52f}' => Some("Cyrillic"),
        '\u{ff21}'..='\u{ff5a}' => Some("a wide form"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_look_alike_are_told_apart() {
        let found = mixed_alphabets(
            "a.ron",
            "// N\u{41e}DE1\n  name: \"N\u{41e}DE1\", \"\u{41c}\u{430}\u{448}\u{430}\", \"Zürich\"",
        );
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            (
                found[0].place.line,
                found[0].place.column,
                found[0].place.length
            ),
            (2, 10, 5)
        );
        assert_eq!(found[0].severity, Severity::Warning);
    }

    #[test]
    fn drills_of_one_name_are_found_over_files() {
        let mut known = BTreeMap::new();
        let drill = "drill(\"a\", #{}, || {});";
        assert!(duplicate_drills("a.rhai", drill, &mut known).is_empty());
        let found = duplicate_drills("b.rhai", drill, &mut known);
        assert!(found[0].message.contains("a.rhai"), "{found:?}");
    }
}
