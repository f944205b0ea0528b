//! Foreign lines, taken apart.

/// A part of a line, with its quotes removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Value {
    /// What stands there.
    pub(super) text: String,
    /// Whether it begins with a quote, so that it is no switch.
    pub(super) quoted: bool,
}

impl Value {
    /// A value without quotes.
    pub(super) fn plain(text: &str) -> Value {
        Value {
            text: text.to_owned(),
            quoted: false,
        }
    }
}

/// The parts of a line between blanks. Quotes keep blanks together; they may stand in the middle of a part.
pub(super) fn parts(line: &str, quotes: &[char]) -> Result<Vec<Value>, String> {
    let mut found: Vec<Value> = Vec::new();
    let mut current: Option<Value> = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => found.extend(current.take()),
            c if quotes.contains(&c) => {
                let part = current.get_or_insert_with(|| Value {
                    quoted: true,
                    ..Value::default()
                });
                loop {
                    match chars.next() {
                        None => return Err(format!("a quote is open: {c} is missing at the end")),
                        // Twice is one of them.
                        Some(inner) if inner == c => match chars.next_if_eq(&c) {
                            Some(_) => part.text.push(c),
                            None => break,
                        },
                        Some(inner) => part.text.push(inner),
                    }
                }
            }
            c => current.get_or_insert_default().text.push(c),
        }
    }
    found.extend(current);
    Ok(found)
}

/// Whether `typed` is this word, in any case. What stands in brackets may be left out, from its end on: `on[line]`.
pub(super) fn fits(word: &str, typed: &str) -> bool {
    let short = short(word).len();
    let full = full(word);
    let typed = typed.to_lowercase();
    typed.len() >= short && full.to_lowercase().starts_with(&typed)
}

/// A word without brackets.
pub(super) fn full(word: &str) -> String {
    word.replace(['[', ']'], "")
}

/// A word without what may be left out.
pub(super) fn short(word: &str) -> String {
    word.split('[').next().unwrap_or_default().to_owned()
}
