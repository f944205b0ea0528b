//! What the line editor asks while a line is typed.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;

use quorate_script::{Completion, Console};
use rustix::termios::tcgetwinsize;
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hinter, HistoryHinter};
use rustyline::validate::Validator;
use rustyline::{CompletionType, Context, Helper};

use super::super::{Session, foreign, is_variable};
use super::{arguments, highlight};
use crate::output::{Paint, Tone};

/// Between a way to go on and the line about it.
const GAP: &str = "  ";

/// The help that the editor needs while a line is typed.
pub(super) struct Words {
    console: Rc<RefCell<Console>>,
    paint: Paint,
    known: BTreeSet<String>,
    hinter: HistoryHinter,
    /// The lines before this one, of the same input.
    before: String,
    /// Whether the cluster really runs.
    live: bool,
    /// The names of the snapshots.
    snapshots: Vec<String>,
}

impl Words {
    pub(super) fn new(session: &Session) -> Words {
        let console = Rc::clone(&session.console);
        let known = console.borrow().docs().into_iter();
        Words {
            known: known.map(|entry| entry.name).collect(),
            console,
            paint: session.output.paint(),
            hinter: HistoryHinter::new(),
            before: String::new(),
            live: session.live.is_some(),
            snapshots: Vec::new(),
        }
    }

    /// The next line continues this input.
    pub(super) fn goes_on_from(&mut self, before: &str) {
        before.clone_into(&mut self.before);
    }

    /// These are the snapshots now.
    pub(super) fn knows(&mut self, snapshots: Vec<String>) {
        self.snapshots = snapshots;
    }

    /// Where the word at the end of a line begins, and the ways to go on.
    fn ways(&self, line: &str) -> (usize, Vec<Completion>) {
        let console = self.console.borrow();
        let blank = line.len() - line.trim_start().len();
        if self.before.is_empty() && line[blank..].starts_with(':') {
            let (start, found) =
                arguments::complete(&console, &line[blank..], self.live, &self.snapshots);
            return (start + blank, found);
        }
        if self.before.is_empty()
            && !is_variable(&console, line)
            && let Some((start, found)) = foreign::complete(&console, &line[blank..])
        {
            return (start + blank, found);
        }
        let (start, found) = console.complete(&format!("{}{line}", self.before));
        (start.saturating_sub(self.before.len()), found)
    }
}

impl Helper for Words {}

/// Whether an input is complete is decided with all of its lines, by who reads them.
impl Validator for Words {}

impl Hinter for Words {
    type Hint = String;

    fn hint(&self, line: &str, at: usize, context: &Context<'_>) -> Option<String> {
        // Without colours a hint could not be told from what was typed.
        if !self.paint.0 || !self.before.is_empty() {
            return None;
        }
        let hint = self.hinter.hint(line, at, context);
        hint.filter(|hint| !hint.contains('\n'))
    }
}

impl Highlighter for Words {
    fn highlight<'l>(&self, line: &'l str, at: usize) -> Cow<'l, str> {
        let known = |word: &str| self.known.contains(word);
        Cow::Owned(highlight::painted(line, at, known, self.paint))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(self.paint.tone(Tone::Faint, hint))
    }

    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        match candidate.split_once(GAP) {
            Some((shown, doc)) => {
                let doc = self.paint.tone(Tone::Faint, doc);
                Cow::Owned(format!("{shown}{GAP}{doc}"))
            }
            None => Cow::Borrowed(candidate),
        }
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        self.paint.0
    }
}

impl Completer for Words {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let line = line.get(..at).unwrap_or(line);
        let (start, found) = self.ways(line);
        let (width, height) = size();
        Ok((start, listed(found, width, height)))
    }
}

/// The columns and lines of the terminal.
fn size() -> (usize, usize) {
    let size = tcgetwinsize(io::stdout()).ok();
    // A terminal that does not know its size says that it has none.
    let size = size.filter(|it| it.ws_col > 0 && it.ws_row > 0);
    size.map_or((80, 24), |it| (it.ws_col.into(), it.ws_row.into()))
}

/// The ways to go on as a list shows them: each with its line as far as there is room, or, where they are too many for
/// that, without.
fn listed(found: Vec<Completion>, width: usize, height: usize) -> Vec<Pair> {
    let long = found.iter().map(|it| it.shown.chars().count()).max();
    let column = long.unwrap_or_default().min(width * 2 / 5);
    // The list pads each line by two.
    let room = width.saturating_sub(column + 2 * GAP.len());
    let documented = found.len() + 2 < height && room >= 12;
    let pairs = found.into_iter().map(|it| {
        let display = match documented && !it.doc.is_empty() {
            true => {
                let wide = it.shown.chars().count().saturating_sub(column);
                let doc = cut(&it.doc, room.saturating_sub(wide));
                format!("{:column$}{GAP}{doc}", it.shown)
            }
            false => it.shown,
        };
        Pair {
            display,
            replacement: it.text,
        }
    });
    pairs.collect()
}

/// A text of at most so many characters.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(3)).collect();
    format!("{}...", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(text: &str, doc: &str) -> Completion {
        Completion {
            text: format!("{text}("),
            shown: text.to_owned(),
            doc: doc.to_owned(),
        }
    }

    #[test]
    fn a_list_fits_into_its_terminal() {
        let found = || {
            vec![
                way("crash", "Takes the node's power away."),
                way("start", ""),
            ]
        };
        let shown = |width| -> Vec<String> {
            let pairs = listed(found(), width, 24).into_iter();
            pairs.map(|it| it.display).collect()
        };
        assert_eq!(shown(80), ["crash  Takes the node's power away.", "start"]);
        assert_eq!(shown(24), ["crash  Takes the no...", "start"]);
        assert_eq!(shown(16), ["crash", "start"]);
        let many = listed((0..30).map(|_| way("a", "b")).collect(), 80, 24);
        assert_eq!(many[0].display, "a");
        assert_eq!(many[0].replacement, "a(");
    }
}
