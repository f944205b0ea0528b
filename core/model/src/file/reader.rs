//! From RON text to a [`Tree`].

use std::path::Path;

use super::tree::{Node, SyntaxError, Tree};
use crate::source::{Source, Span, Spanned};
use crate::{Diagnostic, Diagnostics, Severity};

/// How deep values may nest. A cluster file needs six levels.
const DEPTH: usize = 64;

type Read<T> = Result<T, SyntaxError>;

/// What findings call a file of this kind, and its text.
///
/// # Errors
///
/// It cannot be read, or is not UTF-8: one finding without a place (rule `file-unreadable`).
pub(super) fn text_of(path: &Path, kind: &str) -> Result<(String, String), Diagnostics> {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => Ok((name, text)),
        Err(error) => {
            let text = format!("the {kind} file cannot be read: {error}");
            let mut finding = Diagnostic::new("file-unreadable", Severity::Error, text);
            finding.file = name;
            Err(Diagnostics(vec![finding]))
        }
    }
}

/// As [`read`], with the error as the only finding of its file.
pub(super) fn tree_of(source: &Source<'_>, text: &str) -> Result<Node, Diagnostics> {
    read(text).map_err(|error| {
        let mut finding = source.error("syntax", error.span, error.message);
        finding.help = error.help;
        Diagnostics(vec![finding])
    })
}

/// Reads a whole text as one value.
///
/// # Errors
///
/// The first place where the text is not valid RON.
pub(crate) fn read(text: &str) -> Read<Node> {
    let mut reader = Reader {
        text,
        at: 0,
        long_text: None,
    };
    if text.starts_with('\u{feff}') {
        reader.at += '\u{feff}'.len_utf8();
    }
    let read = reader.file();
    read.map_err(|error| reader.missing_quote(&error).unwrap_or(error))
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// The last text that spans more than one line.
    long_text: Option<Span>,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += character.len_utf8();
        Some(character)
    }

    fn eat(&mut self, token: &str) -> bool {
        let eaten = self.rest().starts_with(token);
        if eaten {
            self.at += token.len();
        }
        eaten
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest
            .find(|character| !keep(character))
            .unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn since(&self, start: usize) -> Span {
        Span {
            start,
            end: self.at,
        }
    }

    fn file(&mut self) -> Read<Node> {
        self.extensions()?;
        let node = self.value(0)?;
        self.blank()?;
        match self.peek() {
            None => Ok(node),
            Some(_) => Err(self.unexpected("the end of the file")),
        }
    }

    /// A missing quote makes a text run on to the next quote, lines later, and the error appears only after that. The
    /// finding must point at the text.
    fn missing_quote(&self, error: &SyntaxError) -> Option<SyntaxError> {
        let text = self.long_text?;
        let between = self.text.get(text.end..error.span.start)?;
        between.trim().is_empty().then(|| SyntaxError {
            span: self.first_line(text.start),
            message: "this text goes on over the end of its line".to_owned(),
            help: Some("is its closing `\"` missing?".to_owned()),
        })
    }

    /// From `start` to the end of its line.
    fn first_line(&self, start: usize) -> Span {
        let line = self.text.get(start..).and_then(|rest| rest.lines().next());
        Span {
            start,
            end: start + line.map_or(1, str::len),
        }
    }

    fn error<T>(&self, span: Span, message: impl Into<String>, help: Option<&str>) -> Read<T> {
        Err(SyntaxError {
            span,
            message: message.into(),
            help: help.map(str::to_owned),
        })
    }

    /// An error about the character at the present position.
    fn unexpected(&self, expected: &str) -> SyntaxError {
        let start = self.at;
        let (what, end) = match self.peek() {
            None => {
                return SyntaxError {
                    span: Span { start, end: start },
                    message: format!("the file ends where {expected} should stand"),
                    help: None,
                };
            }
            Some(character) if is_word(character) => {
                let rest = self.rest();
                let len = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                (
                    format!("`{}`", rest.get(..len).unwrap_or_default()),
                    start + len,
                )
            }
            Some(character) => (format!("`{character}`"), start + character.len_utf8()),
        };
        SyntaxError {
            span: Span { start, end },
            message: format!("{what} stands where {expected} should"),
            help: None,
        }
    }

    /// Skips white space and comments.
    fn blank(&mut self) -> Read<()> {
        loop {
            self.take_while(char::is_whitespace);
            let start = self.at;
            if self.eat("//") {
                self.take_while(|character| character != '\n');
            } else if self.eat("/*") {
                let mut open = 1_usize;
                while open > 0 {
                    if self.eat("/*") {
                        open += 1;
                    } else if self.eat("*/") {
                        open -= 1;
                    } else if self.bump().is_none() {
                        let span = Span {
                            start,
                            end: start + 2,
                        };
                        return self.error(span, "this comment is never closed", Some("add `*/`"));
                    }
                }
            } else {
                return Ok(());
            }
        }
    }

    /// `#![enable(…)]`: known extensions change nothing for this reader.
    fn extensions(&mut self) -> Read<()> {
        self.blank()?;
        while self.eat("#") {
            for token in ["!", "[", "enable", "("] {
                self.blank()?;
                if !self.eat(token) {
                    return Err(self.unexpected("an attribute `#![enable(…)]`"));
                }
            }
            self.take_while(|character| {
                is_word(character) || character.is_whitespace() || character == ','
            });
            for token in [")", "]"] {
                self.blank()?;
                if !self.eat(token) {
                    return Err(self.unexpected(&format!("`{token}`")));
                }
            }
            self.blank()?;
        }
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Read<Node> {
        self.blank()?;
        let start = self.at;
        let Some(first) = self.peek() else {
            return Err(self.unexpected("a value"));
        };
        if depth >= DEPTH {
            let span = Span {
                start,
                end: start + first.len_utf8(),
            };
            return self.error(
                span,
                format!("values nest deeper than {DEPTH} levels"),
                None,
            );
        }
        let tree = match first {
            '"' => self.string()?,
            '\'' => self.character()?,
            '[' => self.list(depth)?,
            '{' => self.map(depth)?,
            '(' => self.brackets(None, depth)?,
            '0'..='9' | '+' | '-' | '.' => self.number()?,
            'r' if self.rest().starts_with("r\"") || self.rest().starts_with("r#\"") => {
                self.raw_string()?
            }
            'r' if self.rest().starts_with("r##") => self.raw_string()?,
            _ if is_word_start(first) => {
                let word = self.word()?;
                match word.value.as_str() {
                    "true" => Tree::Bool(true),
                    "false" => Tree::Bool(false),
                    "inf" => Tree::Float(f64::INFINITY),
                    "NaN" => Tree::Float(f64::NAN),
                    _ => {
                        let end = self.at;
                        self.blank()?;
                        if self.peek() == Some('(') {
                            self.brackets(Some(word), depth)?
                        } else {
                            self.at = end;
                            Tree::Word(word.value)
                        }
                    }
                }
            }
            _ => return Err(self.unexpected("a value")),
        };
        Ok(Spanned::new(tree, self.since(start)))
    }

    fn word(&mut self) -> Read<Spanned<String>> {
        let start = self.at;
        self.eat("r#");
        if !self.peek().is_some_and(is_word_start) {
            return Err(self.unexpected("a name"));
        }
        let word = self.take_while(is_word).to_owned();
        Ok(Spanned::new(word, self.since(start)))
    }

    /// After one item of a bracket: true if another may follow, false if `close` was read.
    fn separator(&mut self, opened: usize, close: char) -> Read<bool> {
        self.blank()?;
        let comma = self.eat(",");
        self.blank()?;
        match self.peek() {
            Some(next) if next == close => {
                self.bump();
                Ok(false)
            }
            None => {
                let open = match close {
                    ')' => '(',
                    ']' => '[',
                    _ => '{',
                };
                let span = Span {
                    start: opened,
                    end: opened + 1,
                };
                self.error(
                    span,
                    format!("this `{open}` is never closed"),
                    Some(&format!("add the missing `{close}`")),
                )
            }
            Some(_) if comma => Ok(true),
            Some(_) => {
                let mut error = self.unexpected(&format!("`,` or `{close}`"));
                error.help = Some("is a comma missing before it?".to_owned());
                Err(error)
            }
        }
    }

    /// Reads items until `close`; the opening bracket is the present character.
    fn items<T>(
        &mut self,
        close: char,
        mut item: impl FnMut(&mut Self) -> Read<T>,
    ) -> Read<Vec<T>> {
        let opened = self.at;
        self.bump();
        let mut items = Vec::new();
        self.blank()?;
        if self.peek() == Some(close) {
            self.bump();
            return Ok(items);
        }
        if self.peek().is_none() {
            self.separator(opened, close)?;
        }
        loop {
            items.push(item(self)?);
            if !self.separator(opened, close)? {
                return Ok(items);
            }
        }
    }

    fn list(&mut self, depth: usize) -> Read<Tree> {
        Ok(Tree::List(
            self.items(']', |reader| reader.value(depth + 1))?,
        ))
    }

    fn colon(&mut self) -> Read<()> {
        self.blank()?;
        if self.eat(":") {
            Ok(())
        } else {
            Err(self.unexpected("`:`"))
        }
    }

    fn map(&mut self, depth: usize) -> Read<Tree> {
        let entries = self.items('}', |reader| {
            let key = reader.value(depth + 1)?;
            reader.colon()?;
            Ok((key, reader.value(depth + 1)?))
        })?;
        Ok(Tree::Map(entries))
    }

    /// `(…)`: a record if its first item is `word:`, else a tuple.
    fn brackets(&mut self, name: Option<Spanned<String>>, depth: usize) -> Read<Tree> {
        let opened = self.at;
        self.bump();
        self.blank()?;
        let first = self.at;
        let record = self.word().is_ok() && {
            self.blank()?;
            self.peek() == Some(':')
        };
        self.at = first;
        if self.peek() == Some(')') {
            self.bump();
            return Ok(match name {
                None => Tree::Unit,
                Some(_) => Tree::Struct {
                    name,
                    fields: Vec::new(),
                },
            });
        }
        self.at = opened;
        if record {
            let fields = self.items(')', |reader| {
                let field = reader.word()?;
                reader.colon()?;
                Ok((field, reader.value(depth + 1)?))
            })?;
            Ok(Tree::Struct { name, fields })
        } else {
            let items = self.items(')', |reader| reader.value(depth + 1))?;
            Ok(Tree::Tuple { name, items })
        }
    }

    fn number(&mut self) -> Read<Tree> {
        let start = self.at;
        let negative = match self.peek() {
            Some(sign @ ('+' | '-')) => {
                self.bump();
                sign == '-'
            }
            _ => false,
        };
        if self.eat("inf") {
            return Ok(Tree::Float(if negative {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            }));
        }
        let radix = match () {
            () if self.eat("0x") => 16,
            () if self.eat("0b") => 2,
            () if self.eat("0o") => 8,
            () => 10,
        };
        let mut body = String::new();
        let mut previous = ' ';
        while let Some(character) = self.peek() {
            let exponent_sign =
                radix == 10 && matches!(previous, 'e' | 'E') && matches!(character, '+' | '-');
            if !(character.is_ascii_alphanumeric()
                || matches!(character, '_' | '.')
                || exponent_sign)
            {
                break;
            }
            if character != '_' {
                body.push(character);
            }
            previous = character;
            self.bump();
        }
        if let Ok(value) = i128::from_str_radix(&body, radix) {
            return Ok(Tree::Integer(if negative { -value } else { value }));
        }
        let span = self.since(start);
        let is_float = radix == 10 && body.chars().any(|c| c.is_ascii_digit());
        match body.parse::<f64>() {
            Ok(value) if is_float => Ok(Tree::Float(if negative { -value } else { value })),
            _ => {
                let text = self.text.get(span.start..span.end).unwrap_or_default();
                self.error(span, format!("`{text}` is no number"), None)
            }
        }
    }

    fn unclosed_text<T>(&self, start: usize) -> Read<T> {
        // The missing quote has made the rest of the file part of the text.
        let span = self.first_line(start);
        self.error(
            span,
            "this text is never closed",
            Some("add the missing `\"`"),
        )
    }

    fn string(&mut self) -> Read<Tree> {
        let start = self.at;
        self.bump();
        let mut text = String::new();
        loop {
            match self.bump() {
                None => return self.unclosed_text(start),
                Some('"') => {
                    let span = self.since(start);
                    let written = self.text.get(span.start..span.end).unwrap_or_default();
                    if written.contains('\n') {
                        self.long_text = Some(span);
                    }
                    return Ok(Tree::Text(text));
                }
                Some('\\') => {
                    if let Some(character) = self.escape()? {
                        text.push(character);
                    }
                }
                Some(character) => text.push(character),
            }
        }
    }

    fn raw_string(&mut self) -> Read<Tree> {
        let start = self.at;
        self.bump();
        let hashes = self.take_while(|character| character == '#');
        if !self.eat("\"") {
            return Err(self.unexpected("a text"));
        }
        let end = format!("\"{hashes}");
        let rest = self.rest();
        match rest.split_once(end.as_str()) {
            Some((text, _)) => {
                self.at += text.len() + end.len();
                Ok(Tree::Text(text.to_owned()))
            }
            None => self.unclosed_text(start),
        }
    }

    fn character(&mut self) -> Read<Tree> {
        let start = self.at;
        self.bump();
        let character = match self.bump() {
            Some('\\') => self.escape()?,
            Some('\'') | None => None,
            other => other,
        };
        match character {
            Some(character) if self.eat("'") => Ok(Tree::Char(character)),
            _ => {
                let span = self.since(start);
                self.error(
                    span,
                    "this is no single character",
                    Some("texts stand in double quotes"),
                )
            }
        }
    }

    /// Reads what follows a backslash. `None` for an escaped end of line, which is skipped with the white space after
    /// it.
    fn escape(&mut self) -> Read<Option<char>> {
        let start = self.at.saturating_sub(1);
        let character = match self.bump() {
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('0') => Some('\0'),
            Some(same @ ('\\' | '"' | '\'')) => Some(same),
            Some('\n') => {
                self.take_while(char::is_whitespace);
                return Ok(None);
            }
            Some('x') => {
                let digits: String = self.rest().chars().take(2).collect();
                self.at += digits.len();
                u8::from_str_radix(&digits, 16).ok().map(char::from)
            }
            Some('u') if self.eat("{") => {
                let digits = self.take_while(|c| c.is_ascii_hexdigit());
                let value = u32::from_str_radix(digits, 16)
                    .ok()
                    .and_then(char::from_u32);
                value.filter(|_| self.eat("}"))
            }
            _ => None,
        };
        if character.is_some() {
            return Ok(character);
        }
        let span = self.since(start);
        self.error(
            span,
            "this is no escape",
            Some("a backslash in a text is written `\\\\`"),
        )
    }
}

fn is_word_start(character: char) -> bool {
    character == '_' || character.is_alphabetic()
}

fn is_word(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

#[cfg(test)]
mod tests;
