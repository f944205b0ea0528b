//! Undeclared variables. The parser stops at the first one; this finds all of them.

use quorate_drill::Finding;
use rhai::{Engine, ParseErrorType, Position};

use crate::lexicon::{Lexicon, syntax};

/// The most that are reported.
const MOST: usize = 100;

/// Every use of a variable that is not declared, in the order of the text.
pub(super) fn unknown(
    file: &str,
    source: &str,
    lexicon: &Lexicon,
    engine: &Engine,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut text = source.to_owned();
    for _ in 0..MOST {
        let Err(error) = engine.compile(&text) else {
            break;
        };
        let ParseErrorType::VariableUndefined(name) = error.err_type() else {
            break;
        };
        let Some(next) = without(&text, name, error.position()) else {
            break;
        };
        findings.push(syntax(file, source, lexicon, &error));
        text = next;
    }
    findings
}

/// The text with the name at a place replaced by a value of the same length.
fn without(text: &str, name: &str, at: Position) -> Option<String> {
    let line = text.split_inclusive('\n').take(at.line()?.checked_sub(1)?);
    let before: usize = line.map(str::len).sum();
    let rest = text.get(before..)?;
    let column = at.position()?.checked_sub(1)?;
    let (offset, _) = rest.char_indices().nth(column)?;
    let start = before + offset;
    let end = start + name.len();
    // If the name is not at this place, it cannot be replaced.
    if text.get(start..end) != Some(name) {
        return None;
    }
    let value = match name.chars().count() {
        1 => "0".to_owned(),
        length => format!("(){}", " ".repeat(length - 2)),
    };
    Some(format!("{}{value}{}", &text[..start], &text[end..]))
}
