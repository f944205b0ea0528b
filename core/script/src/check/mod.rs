//! Finding mistakes in a script before anything runs: the engine itself only finds unknown functions and wrong
//! arities when it comes to them.

mod across;
mod known;
mod lexicon;
mod literals;
mod resource;
mod variables;
mod waits;
mod walk;

use std::path::Path;

use quorate_drill::{Finding, Severity};
use quorate_model::nearest;
use rhai::{ParseError, ParseErrorType};

use crate::engine::bare;
use crate::place::place_at;

pub use across::{duplicate_drills, mixed_alphabets};
pub(crate) use lexicon::{Lexicon, Word, is_noun, is_word};
pub use resource::{
    check_resource_script, declares_drills, is_nearly_resource_script, is_resource_script,
};
pub(crate) use walk::findings as findings_in;

/// The types of the drill language.
pub(crate) fn nouns() -> &'static [&'static str] {
    &lexicon::NOUNS
}

/// Checks the script `source` of the file `file`: syntax, unknown variables, unknown functions, methods and
/// properties, wrong numbers of arguments, and words that are in no closed set. Findings are in the order of the text.
pub fn check_script(file: &str, source: &str) -> Vec<Finding> {
    check(file, source, None)
}

/// As [`check_script`], with the cluster files that the script's drills name: they are read, and the names in the drills
/// are held against them.
pub fn check_script_with_clusters(file: &Path, source: &str) -> Vec<Finding> {
    let folder = file.parent().unwrap_or(Path::new(""));
    check(&file.display().to_string(), source, Some(folder))
}

fn check(file: &str, source: &str, folder: Option<&Path>) -> Vec<Finding> {
    let mut engine = bare();
    let lexicon = Lexicon::of(&engine);
    let mut findings = variables::unknown(file, source, &lexicon, &engine);
    // One unknown variable must not hide the rest.
    engine.set_strict_variables(false);
    match engine.compile(source) {
        Ok(ast) => {
            let mut checker = walk::checked(file, source, &lexicon, &ast);
            literals::look(&mut checker, &engine, &ast, folder);
            findings.extend(checker.finish());
            findings.extend(waits::findings(file, source, &lexicon, &ast));
        }
        Err(error) => findings.push(syntax(file, source, &lexicon, &error)),
    }
    findings.sort();
    findings.dedup();
    findings
}

/// What the parser said.
pub(crate) fn syntax(file: &str, source: &str, lexicon: &Lexicon, error: &ParseError) -> Finding {
    let mut place = place_at(file, source, error.position());
    if place.line == 0 {
        // The parser gives no place for a text that ends too early: it is the end.
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

/// The names that a text declares, roughly: good enough for a suggestion.
fn variables(source: &str) -> Vec<&str> {
    let words: Vec<&str> = source
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    let declared = words
        .windows(2)
        .filter(|pair| ["let", "const", "for", "catch"].contains(&pair[0]))
        .map(|pair| pair[1]);
    // Arguments stand between the brackets after a function's name.
    let arguments = source.split("fn ").skip(1).filter_map(|rest| {
        let (_, rest) = rest.split_once('(')?;
        rest.split_once(')').map(|(list, _)| list)
    });
    let arguments = arguments.flat_map(|list| list.split(',').map(str::trim));
    declared.chain(arguments).collect()
}
