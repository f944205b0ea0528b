//! Where the end of an unfinished input stands: inside which brackets, which argument, which text.

/// Where a text ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Context {
    /// The brackets that are open, the outermost first.
    pub(super) open: Vec<Open>,
    /// The byte after the opening quote, if the text ends inside a text.
    pub(super) quoted: Option<usize>,
    /// Whether it ends inside a comment, or a text that is not completed.
    pub(super) opaque: bool,
}

/// An open bracket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Open {
    /// Which kind.
    pub(super) bracket: Bracket,
    /// Its first byte.
    pub(super) at: usize,
    /// How many commas follow it at its own level: the number of the argument.
    pub(super) commas: usize,
    /// Of a map: its keys so far.
    pub(super) keys: Vec<String>,
    /// Of a map: the key whose value is being written.
    pub(super) key: Option<String>,
}

/// The kinds of brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bracket {
    /// Arguments, or an expression.
    Round,
    /// A list, or an index.
    Square,
    /// A block.
    Curly,
    /// A map.
    Map,
}

impl Context {
    /// The place at the end of `text`.
    pub(super) fn of(text: &str) -> Context {
        let mut context = Context::default();
        let mut chars = text.char_indices().peekable();
        let mut word = 0..0;
        while let Some((at, c)) = chars.next() {
            match c {
                '/' if matches!(chars.peek(), Some((_, '/'))) => {
                    let ended = chars.by_ref().any(|(_, c)| c == '\n');
                    if !ended {
                        context.opaque = true;
                        return context;
                    }
                }
                '/' if matches!(chars.peek(), Some((_, '*'))) => {
                    let mut last = ' ';
                    chars.next();
                    let closed = chars.by_ref().any(|(_, c)| {
                        let ends = last == '*' && c == '/';
                        last = c;
                        ends
                    });
                    if !closed {
                        context.opaque = true;
                        return context;
                    }
                }
                '"' | '`' | '\'' => {
                    let mut escaped = false;
                    let end = chars.by_ref().find(|(_, inner)| {
                        let ends = !escaped && *inner == c;
                        escaped = !escaped && *inner == '\\';
                        ends
                    });
                    let Some((end, _)) = end else {
                        match c {
                            '"' => context.quoted = Some(at + 1),
                            _ => context.opaque = true,
                        }
                        return context;
                    };
                    word = at + 1..end;
                }
                '(' => context.push(Bracket::Round, at),
                '[' => context.push(Bracket::Square, at),
                '{' if text[..at].ends_with('#') => context.push(Bracket::Map, at),
                '{' => context.push(Bracket::Curly, at),
                ')' | ']' | '}' => {
                    context.open.pop();
                }
                ',' => {
                    if let Some(open) = context.open.last_mut() {
                        open.commas += 1;
                        open.key = None;
                    }
                }
                ':' => {
                    if let Some(open) = context.open.last_mut()
                        && open.bracket == Bracket::Map
                        && open.key.is_none()
                    {
                        let key = text[word.clone()].to_owned();
                        open.keys.push(key.clone());
                        open.key = Some(key);
                    }
                }
                c if c.is_alphanumeric() || c == '_' => {
                    let goes_on = word.end == at && word.end > word.start;
                    let start = if goes_on { word.start } else { at };
                    word = start..at + c.len_utf8();
                }
                _ => {}
            }
        }
        context
    }

    fn push(&mut self, bracket: Bracket, at: usize) {
        self.open.push(Open {
            bracket,
            at,
            commas: 0,
            keys: Vec::new(),
            key: None,
        });
    }

    /// The innermost bracket that is no list: what a list's items are about.
    pub(super) fn around_lists(&self) -> Option<&Open> {
        let mut outward = self.open.iter().rev();
        outward.find(|open| open.bracket != Bracket::Square)
    }

    /// The brackets around this one.
    pub(super) fn outside(&self, inner: &Open) -> Option<&Open> {
        let mut outward = self.open.iter().rev();
        outward.find(|open| open.at < inner.at)
    }
}

/// The trailing letters, digits and underscores of a text.
pub(super) fn last_word(text: &str) -> &str {
    let start = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_alphanumeric() || *c == '_')
        .last()
        .map_or(text.len(), |(at, _)| at);
    &text[start..]
}

/// The function called at the end of a text, with its argument if that is a single text: `resource("…")`.
pub(super) fn call_before(text: &str) -> Option<(&str, Option<&str>)> {
    let inner = text.trim_end().strip_suffix(')')?;
    // A name may contain brackets, so its quotes say where it begins.
    if let Some(quoted) = inner.strip_suffix('"')
        && let Some((before, name)) = quoted.rsplit_once('"')
        && let Some(before) = before.trim_end().strip_suffix('(')
    {
        return Some((last_word(before), Some(name)));
    }
    let open = matching(inner)?;
    Some((last_word(&inner[..open]), None))
}

/// The bracket that is open at the end of a text, from the right: texts inside are passed over.
fn matching(inner: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quoted = false;
    for (at, c) in inner.char_indices().rev() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            ')' | ']' | '}' => depth += 1,
            '(' if depth == 0 => return Some(at),
            '(' | '[' | '{' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn innermost(text: &str) -> Open {
        Context::of(text).open.last().expect("a bracket").clone()
    }

    #[test]
    fn brackets_arguments_and_keys_are_counted() {
        let open = innermost("cut(\"a, b\", [1, 2], ");
        assert_eq!((open.bracket, open.commas), (Bracket::Round, 2));
        let open = innermost("clients(\"EVS1\", #{ users: 5, \"every\": ");
        assert_eq!(open.bracket, Bracket::Map);
        assert_eq!(open.keys, ["users", "every"]);
        assert_eq!(open.key.as_deref(), Some("every"));
        let open = innermost("load(\"a\", #{ users: f(1, 2), cp");
        assert_eq!((open.key, open.keys), (None, vec!["users".to_owned()]));
        assert_eq!(innermost("if x {").bracket, Bracket::Curly);
        assert_eq!(Context::of("f(1); /* ( */ [1]").open, []);
    }

    #[test]
    fn texts_and_comments_are_told_apart() {
        assert_eq!(Context::of("node(\"NO").quoted, Some(6));
        assert_eq!(Context::of("note(\"a \\\" b").quoted, Some(6));
        assert_eq!(Context::of("note(\"a\")").quoted, None);
        for text in ["// node(\"", "/* a", "`text", "1 + 1 // a"] {
            assert!(Context::of(text).opaque, "{text}");
        }
        assert!(!Context::of("// a\nno").opaque);
        assert!(!Context::of("/* a */ no").opaque);
    }

    #[test]
    fn a_call_is_found_from_its_end() {
        assert_eq!(
            call_before("x + resource(\"Disk (E:)\")"),
            Some(("resource", Some("Disk (E:)")))
        );
        assert_eq!(
            call_before("groups().filter(|g| f(g))"),
            Some(("filter", None))
        );
        assert_eq!(call_before("quorum()"), Some(("quorum", None)));
        assert_eq!(call_before("quorum"), None);
    }
}
