//! One mistake in a script or cluster file, with its place.

use std::fmt;

pub use quorate_model::Severity;
use quorate_model::{Diagnostics, nearest};
use serde::{Deserialize, Serialize};

/// A place in the text of a drill, small and ordered as in the text. [`Place::in_source`] turns it into a [`Place`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// The line, from 1; 0 if none is known.
    pub line: usize,
    /// The column, counted in characters from 1; 0 if none is known.
    pub column: usize,
}

impl Spot {
    /// No place.
    pub const NONE: Spot = Spot { line: 0, column: 0 };

    /// Whether no line is known.
    pub const fn is_none(self) -> bool {
        self.line == 0
    }
}

/// A place in a file. Lines and columns count characters from 1; a line of 0 means the whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The file, as it was named.
    pub file: String,
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
    /// How many characters are meant, at least 1.
    pub length: usize,
    /// The line's text, without its end. Of a long line only the part around the column, with `…` where it was cut.
    pub text: String,
    /// How many columns of the line come before the start of `text`.
    pub skipped: usize,
}

/// How many characters of a line are shown at most.
const SHOWN: usize = 160;
/// How many of them come before the place itself.
const BEFORE: usize = 60;

impl Place {
    /// A place on a line whose text is `text`.
    pub fn on_line(file: &str, line: usize, column: usize, length: usize, text: &str) -> Place {
        let start = if text.chars().nth(SHOWN).is_some() {
            column.saturating_sub(BEFORE + 1)
        } else {
            0
        };
        let mut rest = text.chars().skip(start);
        let mut shown: String = rest.by_ref().take(SHOWN).collect();
        if rest.next().is_some() {
            shown.push('…');
        }
        if start > 0 {
            shown.insert(0, '…');
        }
        Place {
            file: file.to_owned(),
            line,
            column,
            length: length.max(1),
            text: shown,
            // The mark of the cut takes one column itself.
            skipped: start.saturating_sub(1),
        }
    }

    /// The place `spot` in the file `file` with the contents `source`. It covers the word that begins there.
    pub fn in_source(file: &str, source: &str, spot: Spot) -> Place {
        let line = spot.line;
        let column = spot.column.max(1);
        let text = match line {
            0 => "",
            line => source.lines().nth(line - 1).unwrap_or_default(),
        };
        let word = text
            .chars()
            .skip(column - 1)
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .count();
        Place::on_line(file, line, column, word, text)
    }
}

impl fmt::Display for Place {
    /// `file:line:column`, as editors and terminals follow it. Without a file, as for a typed line, only the rest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line if self.file.is_empty() => write!(f, "line {line}, column {}", self.column),
            line => write!(f, "{}:{}:{}", self.file, line, self.column),
        }
    }
}

/// One mistake or remark.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// A stable name of the rule that found it, such as `unknown-function`.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence: what is wrong.
    pub message: String,
    /// What to do about it, for instance a did-you-mean.
    pub help: Option<String>,
}

impl fmt::Display for Finding {
    /// `file:line:column: error: message [rule] (help)` on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}: {} [{}]",
            self.place, self.severity, self.message, self.rule
        )?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// The findings of the cluster file's reader, with the lines they point at.
pub fn findings_of(diagnostics: &Diagnostics, source: &str) -> Vec<Finding> {
    diagnostics
        .iter()
        .map(|found| {
            let text = match found.line {
                0 => "",
                line => source.lines().nth(line - 1).unwrap_or_default(),
            };
            let mut message = found.message.clone();
            match (&found.found, &found.expected) {
                (Some(found), Some(expected)) => {
                    message.push_str(&format!(" (found {found}, expected {expected})"));
                }
                (Some(found), None) => message.push_str(&format!(" (found {found})")),
                (None, Some(expected)) => message.push_str(&format!(" (expected {expected})")),
                (None, None) => {}
            }
            Finding {
                place: Place::on_line(&found.file, found.line, found.column, found.length, text),
                rule: found.rule.to_owned(),
                severity: found.severity,
                message,
                help: found.help.clone(),
            }
        })
        .collect()
}

/// `did you mean "x"?` if something is near; otherwise the list of the known names, if it is short.
pub fn suggestion<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(wanted, known.iter().copied()) {
        Some(name) => Some(format!("did you mean \"{name}\"?")),
        None if !known.is_empty() && known.len() <= 12 => {
            Some(format!("there is {}", known.join(", ")))
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        assert_eq!(nearest("onwer", ["owner", "online"]), Some("owner"));
        assert_eq!(nearest("evs3", ["EVS1", "EVS3"]), Some("EVS3"));
        assert_eq!(nearest("banana", ["owner", "online"]), None);
    }

    #[test]
    fn of_a_long_line_only_what_stands_around_is_kept() {
        let line = format!("{}wrong{}", "x".repeat(5_000), "y".repeat(5_000));
        let place = Place::on_line("x.rhai", 1, 5_001, 5, &line);
        assert!(place.text.chars().count() <= SHOWN + 2, "{}", place.text);
        let shown: String = place
            .text
            .chars()
            .skip(5_000 - place.skipped)
            .take(5)
            .collect();
        assert_eq!(shown, "wrong");
        assert_eq!(
            Place::on_line("x.rhai", 1, 3, 5, "a short line").text,
            "a short line"
        );
    }

    #[test]
    fn a_place_spans_its_word() {
        let place = Place::in_source(
            "x.rhai",
            "let a = 1;\n  groupp(\"EVS1\")",
            Spot { line: 2, column: 3 },
        );
        assert_eq!(
            (place.length, place.to_string()),
            (6, "x.rhai:2:3".to_owned())
        );
        assert_eq!(place.text, "  groupp(\"EVS1\")");
    }
}
