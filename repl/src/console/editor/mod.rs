//! The line editor: inputs of several lines, history, completion, colours.

mod arguments;
mod helper;
mod highlight;
mod history;
mod quiet;

use std::sync::atomic::Ordering;

use rustyline::error::ReadlineError;
use rustyline::history::MemHistory;
use rustyline::{ColorMode, CompletionType, Config, Editor};

use super::{After, Session, pieces};
use crate::exit::Exit;
use crate::state;
use helper::Words;
use history::Kept;
use quiet::Quiet;

/// How many inputs the history has at most.
const HISTORY: usize = 5_000;
/// Terminals that the editor only reads lines from.
const PLAIN: [&str; 3] = ["dumb", "cons25", "emacs"];
/// From how many ways to go on it is asked whether all are to be shown.
const MANY: usize = 150;

/// Reads inputs from the terminal until the user ends the session.
pub(super) fn run(session: &mut Session) -> Exit {
    let mut editor = match make(session) {
        Ok(editor) => editor,
        Err(error) => return unusable(session, &error),
    };
    let mut kept = Kept::open(
        state::folder().map(|folder| folder.join("history")),
        HISTORY,
    );
    kept.fill(editor.history_mut());
    // For as long as the session lasts: the editor puts back what it has found. A terminal that cannot be edited on shows
    // what is typed by itself.
    let edits = !std::env::var("TERM").is_ok_and(|term| PLAIN.contains(&term.as_str()));
    let _quiet = edits.then(Quiet::begin);
    let mut pending = String::new();
    loop {
        let prompt = session.prompt();
        let shown = match pending.as_str() {
            "" => prompt,
            _ => continued(&prompt.0),
        };
        if let Some(words) = editor.helper_mut() {
            words.goes_on_from(&pending);
            words.knows(session.kept.keys().cloned().collect());
        }
        match editor.readline(&shown) {
            Ok(line) if pending.is_empty() && line.trim().is_empty() => {}
            Ok(line) => {
                pending.push_str(&line);
                let inputs = pieces::of(&pending, |text| session.is_incomplete(text));
                if inputs
                    .last()
                    .is_some_and(|last| session.is_incomplete(last))
                {
                    pending.push('\n');
                    continue;
                }
                let text = std::mem::take(&mut pending);
                if let Err(error) = kept.add(text.trim_end(), editor.history_mut()) {
                    let why = format!("the history is not kept: {error}");
                    session.output.warn(&why);
                }
                if matches!(carry_out(session, &inputs), After::Quit) {
                    break;
                }
            }
            // Ctrl-C drops the input, Ctrl-D ends it, or the session.
            Err(ReadlineError::Interrupted) => pending.clear(),
            Err(ReadlineError::Eof) if pending.is_empty() => break,
            Err(ReadlineError::Eof) => {
                let text = std::mem::take(&mut pending);
                carry_out(session, &[text]);
            }
            Err(error) => return unusable(session, &error),
        }
    }
    Exit::Pass
}

fn make(session: &Session) -> rustyline::Result<Editor<Words, MemHistory>> {
    let colour = match session.output.paint().0 {
        true => ColorMode::Forced,
        false => ColorMode::Disabled,
    };
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .completion_prompt_limit(MANY)
        .max_history_size(HISTORY)?
        .color_mode(colour)
        .auto_add_history(false)
        .build();
    let history = MemHistory::with_config(&config);
    let mut editor = Editor::with_history(config, history)?;
    editor.set_helper(Some(Words::new(session)));
    Ok(editor)
}

fn unusable(session: &mut Session, error: &ReadlineError) -> Exit {
    let text = format!("cannot read from the terminal: {error}");
    session.output.error(&text);
    Exit::Usage
}

/// The prompt of a line that continues an input, as wide as the other.
fn continued(prompt: &str) -> (String, String) {
    let width = prompt.chars().count();
    let shown = format!("{:>width$}", "... ");
    (shown.clone(), shown)
}

/// Carries out inputs that were typed or pasted together. The first that goes wrong is the last.
fn carry_out(session: &mut Session, inputs: &[String]) -> After {
    session.cancel.store(false, Ordering::Relaxed);
    for (number, input) in inputs.iter().enumerate() {
        let after = session.input(input);
        if matches!(after, After::GoOn) {
            continue;
        }
        let left = inputs.len() - number - 1;
        if left > 0 && matches!(after, After::WentWrong(_)) {
            let inputs = if left == 1 { "input" } else { "inputs" };
            let text = format!("{left} more {inputs} of what was pasted did not run");
            session.output.warn(&text);
        }
        return after;
    }
    After::GoOn
}
