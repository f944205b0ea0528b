//! What the terminal can show: its size and its letters.

use std::io::{self, IsTerminal};

use rustix::termios::tcgetwinsize;

/// The width where there is no terminal, and the least of all.
const WIDTH: usize = 80;
const WIDTH_MIN: usize = 40;
/// The height where there is no terminal.
const HEIGHT: usize = 40;

/// The screen, as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Screen {
    /// Columns.
    pub(super) width: usize,
    /// Lines.
    pub(super) height: usize,
    /// Whether it is a terminal.
    pub(super) terminal: bool,
    /// Whether it can show more than ASCII.
    pub(super) unicode: bool,
}

impl Screen {
    /// The screen behind standard output; `width` counts instead of its own.
    pub(super) fn now(width: Option<usize>) -> Screen {
        let out = io::stdout();
        let terminal = out.is_terminal();
        // A terminal that does not know its size says that it has none.
        let size = tcgetwinsize(&out).ok().filter(|_| terminal);
        let size = size.filter(|it| it.ws_col > 0 && it.ws_row > 0);
        let own = size.map_or(WIDTH, |it| usize::from(it.ws_col));
        Screen {
            width: width.unwrap_or(own).max(WIDTH_MIN),
            height: size.map_or(HEIGHT, |it| usize::from(it.ws_row)),
            terminal,
            unicode: terminal && speaks_unicode(|name| std::env::var(name).ok()),
        }
    }
}

/// Whether the environment says that letters beyond ASCII are shown.
fn speaks_unicode(look: impl Fn(&str) -> Option<String>) -> bool {
    if look("TERM").is_some_and(|term| term == "dumb") {
        return false;
    }
    let set = |name: &&str| look(name).filter(|value| !value.is_empty());
    // The first that is set counts, as everywhere.
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(set);
    locale.is_some_and(|it| {
        let it = it.to_lowercase();
        it.contains("utf-8") || it.contains("utf8")
    })
}

/// A text in lines of at most `width` characters, cut between words; the first begins with `first`, the others with as many
/// blanks.
pub(super) fn wrapped(first: &str, text: &str, width: usize) -> String {
    let indent = first.chars().count();
    let blank = " ".repeat(indent);
    let mut lines = vec![first.to_owned()];
    let mut used = indent;
    let mut fresh = true;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if !fresh && used + 1 + length > width {
            lines.push(blank.clone());
            used = indent;
            fresh = true;
        }
        if let Some(line) = lines.last_mut() {
            if !fresh {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
        }
        used += length;
        fresh = false;
    }
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_go_on_below() {
        assert_eq!(
            wrapped("0:01  ", "one two three", 14),
            "0:01  one two\n      three"
        );
        assert_eq!(wrapped("> ", "incomprehensible", 8), "> incomprehensible");
        assert_eq!(wrapped("> ", "", 8), ">");
    }

    #[test]
    fn the_first_locale_that_is_set_counts() {
        let look = |set: &'static [(&str, &str)]| {
            move |name: &str| {
                let found = set.iter().find(|(it, _)| *it == name);
                found.map(|(_, value)| (*value).to_owned())
            }
        };
        assert!(speaks_unicode(look(&[("LANG", "en_GB.UTF-8")])));
        assert!(speaks_unicode(look(&[
            ("LC_ALL", ""),
            ("LC_CTYPE", "C.utf8")
        ])));
        assert!(!speaks_unicode(look(&[
            ("LC_ALL", "C"),
            ("LANG", "en_GB.UTF-8")
        ])));
        assert!(!speaks_unicode(look(&[
            ("LANG", "en_GB.UTF-8"),
            ("TERM", "dumb")
        ])));
        assert!(!speaks_unicode(look(&[])));
    }
}
