//! Colours for an input while it is typed.

use crate::output::{Paint, Tone};

/// Words of the language itself.
const KEYWORDS: [&str; 22] = [
    "let", "const", "fn", "if", "else", "for", "in", "while", "loop", "do", "until", "switch",
    "return", "break", "continue", "try", "catch", "throw", "import", "as", "true", "false",
];

/// An input with colours: texts, numbers, comments, keywords, the words that are known, and the brackets at the cursor.
pub(super) fn painted(line: &str, at: usize, known: impl Fn(&str) -> bool, paint: Paint) -> String {
    let pair = brackets_at(line, at);
    let mut out = String::new();
    for (start, end, tone) in tokens(line, known) {
        let text = &line[start..end];
        let tone = match tone {
            Tone::Plain if pair.is_some_and(|(one, other)| [one, other].contains(&start)) => {
                Tone::Strong
            }
            tone => tone,
        };
        out.push_str(&paint.tone(tone, text));
    }
    out
}

/// The pieces of a line, each with its first byte, its end and its tone. Together they are the line.
fn tokens(line: &str, known: impl Fn(&str) -> bool) -> Vec<(usize, usize, Tone)> {
    let mut found = Vec::new();
    let command = line.trim_start().starts_with(':');
    let mut at = 0;
    let mut first = true;
    while let Some(c) = line[at..].chars().next() {
        let rest = &line[at..];
        let (length, tone) = match c {
            _ if command && first && c == ':' => (span(rest, |c| !c.is_whitespace()), Tone::Guide),
            '"' | '`' => (text_end(rest, c), Tone::Good),
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), Tone::Faint),
            '/' if rest.starts_with("/*") => {
                let end = rest.find("*/").map_or(rest.len(), |end| end + 2);
                (end, Tone::Faint)
            }
            c if c.is_ascii_digit() => (
                span(rest, |c| c.is_ascii_alphanumeric() || c == '_'),
                Tone::Care,
            ),
            c if c.is_alphabetic() || c == '_' => {
                let length = span(rest, |c| c.is_alphanumeric() || c == '_');
                let word = &rest[..length];
                let tone = match word {
                    word if !command && KEYWORDS.contains(&word) => Tone::Strong,
                    word if !command && known(word) => Tone::Guide,
                    _ => Tone::Plain,
                };
                (length, tone)
            }
            c => (c.len_utf8(), Tone::Plain),
        };
        first &= c.is_whitespace();
        found.push((at, at + length, tone));
        at += length;
    }
    found
}

/// How many bytes at the start have this property; at least the first character.
fn span(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    let end = text.char_indices().skip(1).find(|(_, c)| !is_part(*c));
    end.map_or(text.len(), |(at, _)| at)
}

/// Where a text ends that begins with this quote.
fn text_end(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if !escaped && c == quote {
            return at + c.len_utf8();
        }
        escaped = !escaped && c == '\\';
    }
    text.len()
}

/// The bracket at the cursor, or right before it, and its other half.
fn brackets_at(line: &str, at: usize) -> Option<(usize, usize)> {
    let mut open = Vec::new();
    let mut pairs = Vec::new();
    for (start, end, tone) in tokens(line, |_| false) {
        match (&line[start..end], tone) {
            (c @ ("(" | "[" | "{"), Tone::Plain) => open.push((c.to_owned(), start)),
            (c @ (")" | "]" | "}"), Tone::Plain) => {
                let (other, begun) = open.pop()?;
                if !["()", "[]", "{}"].contains(&format!("{other}{c}").as_str()) {
                    return None;
                }
                pairs.push((begun, start));
            }
            _ => {}
        }
    }
    let touches = |place: usize| place == at || place + 1 == at;
    let mut near = pairs.into_iter();
    near.find(|(one, other)| touches(*one) || touches(*other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tones(line: &str) -> Vec<(&str, Tone)> {
        let all = tokens(line, |word| word == "group").into_iter();
        let coloured = all.filter(|(.., tone)| *tone != Tone::Plain);
        coloured
            .map(|(start, end, tone)| (&line[start..end], tone))
            .collect()
    }

    #[test]
    fn texts_numbers_words_and_comments_have_colours() {
        assert_eq!(
            tones("let a = group(\"EVS \\\" 1\").x + 30s // group"),
            [
                ("let", Tone::Strong),
                ("group", Tone::Guide),
                ("\"EVS \\\" 1\"", Tone::Good),
                ("30s", Tone::Care),
                ("// group", Tone::Faint),
            ]
        );
        assert_eq!(
            tones(":run 30s"),
            [(":run", Tone::Guide), ("30s", Tone::Care)]
        );
        assert_eq!(tones("\"open"), [("\"open", Tone::Good)]);
    }

    #[test]
    fn nothing_but_colours_is_added() {
        for line in ["let a = [1, \"zwölf\"]; /* x", "ä(é)", "}{", ":x /y", ""] {
            assert_eq!(painted(line, 3, |_| true, Paint(false)), line);
            let coloured = painted(line, 1, |_| true, Paint(true));
            let mut plain = String::new();
            let mut inside = false;
            for c in coloured.chars() {
                match c {
                    '\u{1b}' => inside = true,
                    'm' if inside => inside = false,
                    c if !inside => plain.push(c),
                    _ => {}
                }
            }
            assert_eq!(plain, line);
        }
    }

    #[test]
    fn the_other_half_of_a_bracket_is_found() {
        assert_eq!(brackets_at("f(a[1], \")\")", 1), Some((1, 11)));
        assert_eq!(brackets_at("f(a[1])", 6), Some((3, 5)));
        assert_eq!(brackets_at("f(a]", 1), None);
        assert_eq!(brackets_at("f(a)", 9), None);
    }
}
