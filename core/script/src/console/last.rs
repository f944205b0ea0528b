//! `_`, the last value.

use std::cell::RefCell;
use std::rc::Rc;

use rhai::{Engine, Position, Token};

/// What the last value is called.
pub(super) const LAST: &str = "_";

/// Where `_` is a value in the input that is read: elsewhere it is what a `switch` falls back to.
pub(super) type Places = Rc<RefCell<Vec<(usize, usize)>>>;

/// Lets `_` be a name at these places, and `var` anywhere.
pub(super) fn let_be_a_name(engine: &mut Engine, places: &Places) {
    let places = Rc::clone(places);
    #[allow(
        deprecated,
        reason = "it is not deprecated, but may change with a version"
    )]
    engine.on_parse_token(move |token, at, _| match token {
        Token::Reserved(word) if word.as_str() == "var" => Token::Identifier(word),
        Token::Underscore if is_one(&places.borrow(), at) => {
            Token::Identifier(Box::new(LAST.into()))
        }
        token => token,
    });
}

fn is_one(places: &[(usize, usize)], at: Position) -> bool {
    let here = at.line().zip(at.position());
    here.is_some_and(|here| places.contains(&here))
}

/// The places where `_` is a value: line and column, from 1. `first` is the line of the text's first line.
pub(super) fn places(text: &str, first: usize) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let (mut line, mut column) = (first, 0);
    let mut ends = offsets(text).into_iter().peekable();
    for (offset, letter) in text.char_indices() {
        column += 1;
        if ends.next_if_eq(&offset).is_some() {
            found.push((line, column));
        }
        if letter == '\n' {
            line += 1;
            column = 0;
        }
    }
    found
}

/// The text with another name in place of `_`; `None` if it does not use the last value.
pub fn with_last_value(text: &str, name: &str) -> Option<String> {
    let offsets = offsets(text);
    let mut out = text.to_owned();
    for offset in offsets.iter().rev() {
        out.replace_range(*offset..=*offset, name);
    }
    (!offsets.is_empty()).then_some(out)
}

/// Where `_` stands by itself, outside of texts and comments, and is not the default of a `switch`.
fn offsets(text: &str) -> Vec<usize> {
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let at = |place: usize| letters.get(place).map_or(' ', |(_, letter)| *letter);
    let mut found = Vec::new();
    let mut place = 0;
    while place < letters.len() {
        match (at(place), at(place + 1)) {
            ('"' | '`' | '\'', _) => {
                let quote = at(place);
                place += 1;
                while place < letters.len() && at(place) != quote {
                    place += if at(place) == '\\' { 2 } else { 1 };
                }
            }
            ('/', '/') => {
                while place < letters.len() && at(place) != '\n' {
                    place += 1;
                }
            }
            ('/', '*') => {
                while place < letters.len() && (at(place), at(place + 1)) != ('*', '/') {
                    place += 1;
                }
            }
            ('_', after) => {
                let before = place.checked_sub(1).map_or(' ', at);
                let alone = !in_word(before) && !in_word(after);
                let rest = text.get(letters[place].0 + 1..).unwrap_or("");
                if alone && !rest.trim_start().starts_with("=>") {
                    found.push(letters[place].0);
                }
            }
            _ => {}
        }
        place += 1;
    }
    found
}

fn in_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_from_a_part_of_a_word_and_from_a_default() {
        assert_eq!(places("_ + 1", 1), [(1, 1)]);
        assert_eq!(places("f(_,\n  _.name)", 3), [(3, 3), (4, 3)]);
        for text in [
            "a_b",
            "_a",
            "__",
            "\"_\"",
            "// _",
            "/* _ */",
            "switch a { _ => 1 }",
        ] {
            assert_eq!(places(text, 1), [], "{text}");
        }
    }

    #[test]
    fn another_name_stands_in_its_place() {
        assert_eq!(
            with_last_value("_ + f(_)", "last").as_deref(),
            Some("last + f(last)")
        );
        assert_eq!(with_last_value("a_b", "last"), None);
    }
}
