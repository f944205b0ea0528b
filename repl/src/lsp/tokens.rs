//! The tokens of a script or a cluster file, whole or not: a text that is being typed is broken most of the time.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters, digits and underscores.
    Word,
    Number,
    /// A text in double quotes, the quotes included; the second may be missing.
    Quoted,
    /// A text in backquotes.
    Back,
    /// Anything else, one character.
    Mark(char),
}

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
}

impl Token {
    pub(super) fn is(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }
}

/// The tokens of a text, without its comments.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens<'t> {
    pub(super) text: &'t str,
    pub(super) all: Vec<Token>,
}

/// A bracket that is open at some place, and what stands in it so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    /// The token that opens it.
    pub(super) open: usize,
    /// The bracket.
    pub(super) mark: char,
    /// Whether it is a map of Rhai's, `#{`.
    pub(super) is_map: bool,
    /// The word before a round bracket: the function, or the word of a record.
    pub(super) word: Option<usize>,
    /// How many commas stood in it.
    pub(super) commas: usize,
    /// The key before the last colon, since the last comma.
    pub(super) key: Option<usize>,
    /// The key before the bracket itself, in the one around it.
    pub(super) under: Option<usize>,
}

impl<'t> Tokens<'t> {
    pub(super) fn of(text: &'t str) -> Tokens<'t> {
        let mut all = Vec::new();
        let mut at = 0;
        // The curly brackets that are open in each value of a text in backquotes, `${…}`.
        let mut values: Vec<usize> = Vec::new();
        while let Some(c) = text[at..].chars().next() {
            let rest = &text[at..];
            let start = at;
            if c.is_whitespace() {
                at += c.len_utf8();
                continue;
            }
            if rest.starts_with("//") {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            if rest.starts_with("/*") {
                at += comment(rest);
                continue;
            }
            let kind = match c {
                '"' => {
                    at += quoted(rest);
                    Kind::Quoted
                }
                '`' => {
                    at += back(rest, &mut values);
                    Kind::Back
                }
                '}' if values.last() == Some(&0) => {
                    values.pop();
                    at += back(rest, &mut values);
                    Kind::Back
                }
                c if c.is_ascii_digit() => {
                    at += number(rest);
                    Kind::Number
                }
                c if c.is_alphabetic() || c == '_' => {
                    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                    at += end.unwrap_or(rest.len());
                    Kind::Word
                }
                c => {
                    if let Some(open) = values.last_mut() {
                        match c {
                            '{' => *open += 1,
                            '}' => *open -= 1,
                            _ => {}
                        }
                    }
                    at += c.len_utf8();
                    Kind::Mark(c)
                }
            };
            all.push(Token {
                kind,
                range: start..at,
            });
        }
        Tokens { text, all }
    }

    /// The token's text.
    pub(super) fn text(&self, at: usize) -> &'t str {
        self.all
            .get(at)
            .map_or("", |token| &self.text[token.range.clone()])
    }

    /// Where a quoted text stands between its quotes.
    pub(super) fn inside(&self, at: usize) -> Range<usize> {
        let Some(token) = self.all.get(at) else {
            return 0..0;
        };
        let text = &self.text[token.range.clone()];
        let closed = text.len() > 1 && text.ends_with('"');
        token.range.start + 1..token.range.end - usize::from(closed)
    }

    /// As [`inside`](Self::inside); of a text whose second quote is missing, only what stands before an offset.
    pub(super) fn typed(&self, at: usize, offset: usize) -> Range<usize> {
        let inside = self.inside(at);
        match self.all.get(at) {
            Some(token) if token.range.end > inside.end => inside,
            _ => inside.start..offset.max(inside.start),
        }
    }

    /// What a quoted text says. Escapes are few in names, and stay as they are.
    pub(super) fn quoted(&self, at: usize) -> &'t str {
        &self.text[self.inside(at)]
    }

    pub(super) fn is(&self, at: usize, mark: char) -> bool {
        self.all.get(at).is_some_and(|token| token.is(mark))
    }

    pub(super) fn is_word(&self, at: usize, word: &str) -> bool {
        self.all.get(at).is_some_and(|it| it.kind == Kind::Word) && self.text(at) == word
    }

    pub(super) fn kind(&self, at: usize) -> Option<Kind> {
        self.all.get(at).map(|token| token.kind)
    }

    /// The word or quoted text at an offset, or right before it.
    pub(super) fn at(&self, offset: usize) -> Option<usize> {
        let named = |it: &Token| matches!(it.kind, Kind::Word | Kind::Quoted);
        let covers = |it: &Token| it.range.start <= offset && offset < it.range.end;
        let touches = |it: &Token| it.range.end == offset && it.kind == Kind::Word;
        let found = self.all.iter().position(|it| covers(it) && named(it));
        found.or_else(|| self.all.iter().position(touches))
    }

    /// The quoted text that an offset is inside of, between its quotes.
    pub(super) fn quoted_at(&self, offset: usize) -> Option<usize> {
        self.all.iter().position(|it| {
            it.kind == Kind::Quoted
                && it.range.start < offset
                && (offset < it.range.end
                    || offset == it.range.end && {
                        let text = &self.text[it.range.clone()];
                        text.len() == 1 || !text.ends_with('"')
                    })
        })
    }

    /// How many tokens end before an offset, or at it.
    pub(super) fn before(&self, offset: usize) -> usize {
        self.all.partition_point(|it| it.range.end <= offset)
    }

    /// The brackets that are open before the token `end`, the outermost first.
    pub(super) fn frames(&self, end: usize) -> Vec<Frame> {
        let mut frames: Vec<Frame> = Vec::new();
        for (at, token) in self.all.iter().enumerate().take(end) {
            match token.kind {
                Kind::Mark(mark @ ('(' | '[' | '{')) => {
                    let before = at.checked_sub(1);
                    let word = before.filter(|it| self.kind(*it) == Some(Kind::Word));
                    frames.push(Frame {
                        open: at,
                        mark,
                        is_map: mark == '{' && before.is_some_and(|it| self.is(it, '#')),
                        word: word.filter(|_| mark == '('),
                        commas: 0,
                        key: None,
                        under: frames.last().and_then(|it| it.key),
                    });
                }
                Kind::Mark(mark @ (')' | ']' | '}')) => {
                    let open = match mark {
                        ')' => '(',
                        ']' => '[',
                        _ => '{',
                    };
                    // A bracket that is missing inside ends with the one around it.
                    if let Some(found) = frames.iter().rposition(|it| it.mark == open) {
                        frames.truncate(found);
                    }
                }
                Kind::Mark(',') => {
                    if let Some(frame) = frames.last_mut() {
                        frame.commas += 1;
                        frame.key = None;
                    }
                }
                Kind::Mark(':') => {
                    let key = at
                        .checked_sub(1)
                        .filter(|it| matches!(self.kind(*it), Some(Kind::Word | Kind::Quoted)));
                    if let Some(frame) = frames.last_mut() {
                        frame.key = key;
                    }
                }
                Kind::Mark(';') => {
                    // A round bracket that was never closed ends with its statement.
                    while frames.last().is_some_and(|it| it.mark != '{') {
                        frames.pop();
                    }
                }
                _ => {}
            }
        }
        frames
    }

    /// The token that closes the bracket at `open`, or the number of tokens.
    pub(super) fn close(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for (at, token) in self.all.iter().enumerate().skip(open) {
            match token.kind {
                Kind::Mark('(' | '[' | '{') => depth += 1,
                Kind::Mark(')' | ']' | '}') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return at;
                    }
                }
                _ => {}
            }
        }
        self.all.len()
    }

    /// The token that opens the bracket closed at `close`.
    pub(super) fn open(&self, close: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for at in (0..=close).rev() {
            match self.kind(at)? {
                Kind::Mark(')' | ']' | '}') => depth += 1,
                Kind::Mark('(' | '[' | '{') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

/// How long a comment in stars is; it may hold others.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// How long a text in double quotes is. One that does not end before its line does ends there.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            '\n' => return at,
            _ => {}
        }
    }
    text.len()
}

/// How long a piece of a text in backquotes is, which begins with its first character: up to its end, or to where a value
/// begins.
fn back(text: &str, values: &mut Vec<usize>) -> usize {
    let end = text[1..].find('`').map_or(text.len(), |it| it + 2);
    match text[1..].find("${").map(|it| it + 3) {
        Some(value) if value <= end => {
            values.push(0);
            value
        }
        _ => end,
    }
}

/// How long a number is. A point belongs to it if a digit follows.
fn number(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        let point = c == '.' && next.is_some_and(|c| c.is_ascii_digit());
        if !c.is_alphanumeric() && c != '_' && !point {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<&str> {
        let tokens = Tokens::of(text);
        (0..tokens.all.len()).map(|at| tokens.text(at)).collect()
    }

    #[test]
    fn a_text_is_cut_into_tokens_whole_or_not() {
        assert_eq!(
            told("f(\"a\\\"b\", 5.minutes) // no"),
            ["f", "(", "\"a\\\"b\"", ",", "5", ".", "minutes", ")"]
        );
        assert_eq!(
            told("2.5.x /* a /* b */ c */ `d`"),
            ["2.5", ".", "x", "`d`"]
        );
        assert_eq!(told("g(\"open\nh"), ["g", "(", "\"open", "h"]);
        assert_eq!(told("\"\\"), ["\"\\"]);
        assert_eq!(told("/* never"), Vec::<&str>::new());
        assert_eq!(
            told("`a ${f(#{ x: \"y\" })} b` c"),
            [
                "`a ${", "f", "(", "#", "{", "x", ":", "\"y\"", "}", ")", "} b`", "c"
            ]
        );
        assert_eq!(told("`a ${"), ["`a ${"]);
    }

    #[test]
    fn what_is_open_is_known_with_its_key_and_commas() {
        let tokens = Tokens::of("drill(\"x\", #{ cluster: \"a\", tags: [1, ");
        let frames = tokens.frames(tokens.all.len());
        let marks: Vec<char> = frames.iter().map(|it| it.mark).collect();
        assert_eq!(marks, ['(', '{', '[']);
        assert_eq!(frames[0].word.map(|it| tokens.text(it)), Some("drill"));
        assert_eq!((frames[0].commas, frames[1].is_map), (1, true));
        assert_eq!(frames[2].under.map(|it| tokens.text(it)), Some("tags"));
        let closed = Tokens::of("f(a; g() h(");
        assert_eq!(closed.frames(closed.all.len()).len(), 1);
    }
}
