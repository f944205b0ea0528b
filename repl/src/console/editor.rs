//! The line editor: history, completion, and inputs of several lines.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::Ordering;

use quorate_script::Console;
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use super::commands;
use super::{After, Session};
use crate::exit::Exit;
use crate::state;

/// The help that the editor needs while a line is typed.
struct Words {
    console: Rc<RefCell<Console>>,
}

impl Helper for Words {}
impl Highlighter for Words {}
impl Hinter for Words {
    type Hint = String;
}

impl Validator for Words {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        let command = text.trim_start().starts_with(':');
        Ok(if !command && self.console.borrow().is_incomplete(text) {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Valid(None)
        })
    }
}

impl Words {
    /// Completes `:plugin` and what follows: its commands, then the names of plugins.
    fn plugin(&self, line: &str) -> (usize, Vec<String>) {
        let start = line.rfind(' ').map_or(0, |at| at + 1);
        let (before, word) = line.split_at(start);
        let mut found = match before.split_whitespace().nth(1) {
            None => ["list", "reload", "release"].map(str::to_owned).to_vec(),
            Some("reload" | "release") => {
                let plugins = self.console.borrow().plugins();
                let plugins = plugins.and_then(Result::ok).unwrap_or_default();
                plugins.into_iter().map(|plugin| plugin.name).collect()
            }
            Some(_) => Vec::new(),
        };
        found.retain(|name| name.starts_with(word));
        (start, found)
    }
}

impl Words {
    /// Completes the resource or group that `:properties` is asked about.
    fn subject(&self, line: &str) -> (usize, Vec<String>) {
        let start = line.find(' ').map_or(0, |at| at + 1);
        let word = line[start..].to_lowercase();
        let (resources, groups) = self.console.borrow().subjects();
        let names = resources.into_iter().chain(groups);
        let found = names.map(|name| name.to_string());
        let found = found.filter(|name| name.to_lowercase().starts_with(&word));
        (start, found.collect())
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
        let (start, found) = match line.strip_prefix(":doc ") {
            Some(word) => {
                let mut names: Vec<String> = self
                    .console
                    .borrow()
                    .docs()
                    .into_iter()
                    .map(|entry| entry.name)
                    .collect();
                names.retain(|name| name.starts_with(word));
                names.dedup();
                (5, names)
            }
            None if line.starts_with(":plugin ") => self.plugin(line),
            None if line.starts_with(":properties ") => self.subject(line),
            None if line.starts_with(':') => {
                let commands = commands::all().map(|it| it.name.to_owned());
                (0, commands.filter(|name| name.starts_with(line)).collect())
            }
            None => self.console.borrow().complete(line),
        };
        // The closing part of a text is inserted, but not shown in the list.
        let pairs = found.into_iter().map(|it| Pair {
            display: it.trim_end_matches([',', ' ', ')', '"']).to_owned(),
            replacement: it,
        });
        Ok((start, pairs.collect()))
    }
}

/// Reads inputs from the terminal until the user ends the session.
pub(super) fn run(session: &mut Session) -> Exit {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .auto_add_history(true)
        .build();
    let mut editor: Editor<Words, DefaultHistory> = match Editor::with_config(config) {
        Ok(editor) => editor,
        Err(error) => {
            session
                .output
                .error(&format!("cannot use the terminal: {error}"));
            return Exit::Usage;
        }
    };
    editor.set_helper(Some(Words {
        console: session.console.clone(),
    }));
    let mut history = history_file();
    if let Some(file) = &history {
        // At the first start there is no history yet.
        let _ = editor.load_history(file);
    }
    loop {
        let (plain, styled) = session.prompt();
        match editor.readline(&(plain.as_str(), styled.as_str())) {
            Ok(line) if line.trim().is_empty() => {}
            Ok(line) => {
                // Written at once, so that it is not lost with the session, and after the lines of other sessions.
                if let Some(file) = &history
                    && let Err(error) = keep(&mut editor, file)
                {
                    session.output.warn(&format!(
                        "cannot keep the history in {}: {error}",
                        file.display()
                    ));
                    history = None;
                }
                session.cancel.store(false, Ordering::Relaxed);
                if matches!(session.input(&line), After::Quit) {
                    break;
                }
            }
            // Ctrl-C drops the line, Ctrl-D ends the session.
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => {
                session
                    .output
                    .error(&format!("cannot read the input: {error}"));
                return Exit::Usage;
            }
        }
    }
    Exit::Pass
}

/// Appends the new lines to the history file.
fn keep(editor: &mut Editor<Words, DefaultHistory>, file: &Path) -> rustyline::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    editor.append_history(file)
}

/// The history file.
fn history_file() -> Option<PathBuf> {
    Some(state::folder()?.join("history"))
}
