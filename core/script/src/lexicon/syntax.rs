//! Messages for errors of the parser.

use quorate_drill::{Finding, Severity};
use quorate_model::nearest;
use rhai::{ParseError, ParseErrorType};

use super::Lexicon;
use crate::place::place_at;

/// The finding for a parser error.
pub(crate) fn syntax(file: &str, source: &str, lexicon: &Lexicon, error: &ParseError) -> Finding {
    let mut place = place_at(file, source, error.position());
    if place.line == 0 {
        // The parser gives no place for a text that ends too early: the place is the end.
        let last = source.lines().count().max(1);
        let column = source.lines().last().map_or(0, |line| line.chars().count()) + 1;
        place = place_at(
            file,
            source,
            rhai::Position::new(clamp(last), clamp(column)),
        );
    }
    let (rule, message, help) = match error.err_type() {
        ParseErrorType::VariableUndefined(name) => {
            let help = nearest(name, variables(source)).map(|near| {
                if near == name {
                    format!("inside a `fn` a constant of the script is written global::{name}")
                } else {
                    format!("did you mean \"{near}\"?")
                }
            });
            let help = help
                .or_else(|| (name == "var").then(|| "a variable is declared by `let`".to_owned()));
            let help = help.or_else(|| {
                lexicon
                    .has(name)
                    .then(|| format!("\"{name}\" is a function: write {name}(…)"))
            });
            let help = help.or_else(|| {
                Some(
                    "a `fn` sees no variable outside itself: hand it over as an argument"
                        .to_owned(),
                )
            });
            (
                "unknown-variable",
                format!("there is no variable \"{name}\""),
                help,
            )
        }
        other => ("syntax", other.to_string(), None),
    };
    Finding {
        place,
        rule: rule.to_owned(),
        severity: Severity::Error,
        message,
        help,
    }
}

fn clamp(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// The variables that a text declares, roughly: good enough for suggestions.
fn variables(source: &str) -> Vec<&str> {
    let words: Vec<&str> = source
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    let declared = words
        .windows(2)
        .filter(|pair| ["let", "const", "for", "catch"].contains(&pair[0]))
        .map(|pair| pair[1]);
    // Parameters are in the brackets after a function's name.
    let arguments = source.split("fn ").skip(1).filter_map(|rest| {
        let (_, rest) = rest.split_once('(')?;
        rest.split_once(')').map(|(list, _)| list)
    });
    let arguments = arguments.flat_map(|list| list.split(',').map(str::trim));
    declared.chain(arguments).collect()
}
