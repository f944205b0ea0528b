//! Whether an input needs more lines.

use rhai::{Engine, ParseErrorType, Scope};

/// Whether more is to come: a bracket, text or comment in `text` is still open.
pub(super) fn is_incomplete(engine: &Engine, scope: &Scope<'_>, text: &str) -> bool {
    if in_comment(text) {
        return true;
    }
    let Err(error) = engine.compile_with_scope(scope, text) else {
        return false;
    };
    match error.err_type() {
        ParseErrorType::UnexpectedEOF => true,
        // The parser expects a token at the end of the text.
        ParseErrorType::MissingToken(..)
        | ParseErrorType::MissingSymbol(..)
        | ParseErrorType::ExprExpected(..)
        | ParseErrorType::BadInput(rhai::LexError::UnterminatedString) => {
            at_end(text, error.position()) || unclosed(text)
        }
        _ => unclosed(text),
    }
}

/// Whether a place is at or after the end of a text.
fn at_end(text: &str, at: rhai::Position) -> bool {
    let Some(line) = at.line() else { return true };
    let lines = text.lines().count();
    if line != lines {
        return line > lines;
    }
    let last = text.lines().last().unwrap_or_default();
    at.position()
        .is_none_or(|column| column > last.trim_end().chars().count())
}

/// Whether a text ends inside a block comment, which the engine does not report.
fn in_comment(text: &str) -> bool {
    scan(text).1
}

/// Whether more brackets are opened than closed, or a text of several lines is still open.
fn unclosed(text: &str) -> bool {
    scan(text).0
}

/// Whether brackets or back-ticks are open at the end of a text, and whether a block comment is.
fn scan(text: &str) -> (bool, bool) {
    let mut depth = 0_i64;
    let mut chars = text.chars().peekable();
    let mut quote = None;
    let mut comments = 0_usize;
    while let Some(c) = chars.next() {
        match (quote, c) {
            _ if comments > 0 => match (c, chars.peek()) {
                ('*', Some('/')) => {
                    chars.next();
                    comments -= 1;
                }
                ('/', Some('*')) => {
                    chars.next();
                    comments += 1;
                }
                _ => {}
            },
            (Some(_), '\\') => {
                chars.next();
            }
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '/') if chars.peek() == Some(&'*') => {
                chars.next();
                comments += 1;
            }
            (None, '/') if chars.peek() == Some(&'/') => {
                for c in chars.by_ref() {
                    if c == '\n' {
                        break;
                    }
                }
            }
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, _) => {}
        }
    }
    (depth > 0 || quote == Some('`'), comments > 0)
}
