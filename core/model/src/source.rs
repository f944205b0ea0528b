//! A source text and places in it.

use crate::{Diagnostic, Severity};

/// A stretch of the source text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first byte.
    pub(crate) start: usize,
    /// The byte after the last.
    pub(crate) end: usize,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spanned<T> {
    /// The value.
    pub(crate) value: T,
    /// Its place.
    pub(crate) span: Span,
}

impl<T> Spanned<T> {
    /// A value with its place.
    pub(crate) fn new(value: T, span: Span) -> Self {
        Spanned { value, span }
    }
}

/// A file's name and text, and where its lines begin.
pub(crate) struct Source<'t> {
    name: &'t str,
    text: &'t str,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl<'t> Source<'t> {
    /// Keeps `text`, which findings call `name`.
    pub(crate) fn new(name: &'t str, text: &'t str) -> Self {
        let mut lines = vec![0];
        lines.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        Source { name, text, lines }
    }

    /// The text of a span.
    pub(crate) fn text(&self, span: Span) -> &'t str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// Gives a finding its place. A span that leaves the text, or cuts a character, is moved inside.
    pub(crate) fn place(&self, mut finding: Diagnostic, span: Option<Span>) -> Diagnostic {
        finding.file = self.name.to_owned();
        let Some(span) = span else { return finding };
        let start = self.floor(span.start);
        let end = self.floor(span.end).max(start);
        let index = self
            .lines
            .partition_point(|&line| line <= start)
            .saturating_sub(1);
        let line_start = self.lines.get(index).copied().unwrap_or(0);
        let line_end = self
            .lines
            .get(index + 1)
            .map_or(self.text.len(), |next| next - 1);
        let chars = |from: usize, to: usize| {
            self.text
                .get(from..to)
                .map_or(0, |part| part.trim_end_matches('\r').chars().count())
        };
        finding.line = index + 1;
        finding.column = chars(line_start, start) + 1;
        finding.length = chars(start, end.min(line_end).max(start)).max(1);
        finding.offset = start;
        finding.bytes = end - start;
        finding
    }

    /// An error at a place.
    pub(crate) fn error(
        &self,
        rule: &'static str,
        span: Span,
        message: impl Into<String>,
    ) -> Diagnostic {
        self.place(Diagnostic::new(rule, Severity::Error, message), Some(span))
    }

    fn floor(&self, at: usize) -> usize {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_from_one() {
        let source = Source::new("x", "aé\r\nbé cd\n");
        let at = |start, end| {
            let found = source.error("syntax", Span { start, end }, "");
            (found.line, found.column, found.length)
        };
        assert_eq!(at(0, 3), (1, 1, 2));
        assert_eq!(at(1, 5), (1, 2, 1), "the line's end is not covered");
        assert_eq!(at(9, 11), (2, 4, 2));
        assert_eq!(at(12, 12), (3, 1, 1));
        assert_eq!(at(2, 400), (1, 2, 1), "inside é, and past the end");
    }
}
