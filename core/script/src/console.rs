//! The drill language line by line, as the REPL uses it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use quorate_host::Reloaded;
use quorate_model::Name;
use rhai::{AST, Dynamic, Engine, EvalAltResult, ParseErrorType, Scope};

use crate::PluginReport;
use crate::check::Lexicon;
use crate::docs::{Entry, entries_of};
use crate::drill::{RunOptions, describe_line, failure_of, is_interrupt};
use crate::engine::engine;
use crate::report::{Failure, Observer};
use crate::session::{ScriptText, Session, panic_text};
use crate::stage::{OpenError, Stage, StageError, StageRequest, StageSource};
use crate::status::Status;
use crate::values::show;

/// What a console is started with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsoleOptions {
    /// The folder that paths in `cluster` and `drill` are relative to.
    pub folder: PathBuf,
    /// The seed of the clusters it opens; 1 if none is given.
    pub seed: Option<u64>,
}

/// What an input gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It worked and gave nothing to show.
    Done,
    /// It worked and gave a value, spelled as scripts spell it.
    Value(String),
    /// It did not work.
    Failed(Box<Failure>),
    /// It was stopped from outside.
    Interrupted,
}

/// An engine, a cluster, and the variables and functions that the lines so far have made.
pub struct Console {
    session: Session,
    engine: Engine,
    scope: Scope<'static>,
    functions: AST,
    lexicon: Lexicon,
}

impl Console {
    /// A console without a cluster. Make and use it on a thread with a stack for scripts (see
    /// [`crate::on_script_thread`]); `cancel` ends the input that runs.
    pub fn new(
        source: Rc<dyn StageSource>,
        options: ConsoleOptions,
        observer: Box<dyn Observer>,
        cancel: Arc<AtomicBool>,
    ) -> Console {
        let run = RunOptions {
            seed: options.seed,
            ..RunOptions::default()
        };
        let session = Session::new(source, run, observer, cancel);
        session.with(|inner| {
            inner.script = ScriptText {
                folder: options.folder,
                ..ScriptText::default()
            };
        });
        let engine = engine(&session);
        let lexicon = Lexicon::of(&engine);
        Console {
            session,
            engine,
            scope: Scope::new(),
            functions: AST::empty(),
            lexicon,
        }
    }

    /// Opens a cluster at time zero, in place of the one that is open.
    ///
    /// # Errors
    ///
    /// As [`StageSource::open`].
    pub fn open(&mut self, request: &StageRequest) -> Result<(), OpenError> {
        let source = self.session.with(|inner| inner.source.clone());
        let stage = source.open(request)?;
        self.session.clear_stage();
        self.session.with(|inner| inner.stage = Some(stage));
        Ok(())
    }

    /// Whether `text` is the beginning of something: a bracket, text or comment in it is still open.
    pub fn is_incomplete(&self, text: &str) -> bool {
        if in_comment(text) {
            return true;
        }
        let Err(error) = self.engine.compile_with_scope(&self.scope, text) else {
            return false;
        };
        match error.err_type() {
            ParseErrorType::UnexpectedEOF => true,
            // The parser wants a token and has come to the end of the text.
            ParseErrorType::MissingToken(..)
            | ParseErrorType::MissingSymbol(..)
            | ParseErrorType::ExprExpected(..)
            | ParseErrorType::BadInput(rhai::LexError::UnterminatedString) => {
                at_end(text, error.position()) || unclosed(text)
            }
            _ => unclosed(text),
        }
    }

    /// Runs one input.
    pub fn eval(&mut self, text: &str) -> Outcome {
        self.session.with(|inner| {
            inner.script.source = text.to_owned();
            inner.looking = false;
        });
        let result = catch_unwind(AssertUnwindSafe(
            || -> Result<Dynamic, Box<EvalAltResult>> {
                let ast = self
                    .engine
                    .compile_with_scope(&self.scope, text)
                    .map_err(|error| Box::new(EvalAltResult::from(error)))?;
                let ast = self.functions.merge(&ast);
                let value = self
                    .engine
                    .eval_ast_with_scope::<Dynamic>(&mut self.scope, &ast);
                self.functions = ast.clone_functions_only();
                value
            },
        ));
        match result {
            Ok(Ok(value)) if value.is_unit() => Outcome::Done,
            Ok(Ok(value)) => Outcome::Value(show(&value)),
            Ok(Err(error)) if is_interrupt(&error) => Outcome::Interrupted,
            Ok(Err(error)) => Outcome::Failed(Box::new(self.failure(&error))),
            Err(panic) => Outcome::Failed(Box::new(Failure {
                message: format!("the script engine panicked: {}", panic_text(&*panic)),
                internal: true,
                ..Failure::default()
            })),
        }
    }

    fn failure(&self, error: &EvalAltResult) -> Failure {
        let mut failure = failure_of(&self.session, error).1;
        if let EvalAltResult::ErrorFunctionNotFound(signature, _) = error.unwrap_inner() {
            let called = signature.split(" (").next().unwrap_or(signature);
            let near = crate::finding::nearest(called, self.lexicon.names());
            let mut usages: Vec<String> = entries_of(&self.lexicon)
                .into_iter()
                .filter(|entry| entry.name == called)
                .map(|entry| entry.usage)
                .collect();
            usages.dedup();
            failure.message = match near {
                _ if !usages.is_empty() => {
                    let usages = usages.join(" or ");
                    format!(
                        "{called} takes something else: write {usages}; `:doc {called}` says more"
                    )
                }
                Some(near) if near != called => {
                    format!("there is no function {signature}: did you mean \"{near}\"?")
                }
                _ => format!("there is no function {signature}"),
            };
        }
        failure
    }

    /// The cluster at a glance, if one is open.
    pub fn status(&self) -> Option<Status> {
        self.session
            .with(|inner| inner.stage.as_ref().map(|stage| Status::of(&**stage)))
    }

    /// The last `count` lines of the journal, for people.
    pub fn events(&self, count: usize) -> Vec<String> {
        self.session.with(|inner| {
            let lines = inner
                .stage
                .as_ref()
                .map(|stage| stage.lines(0))
                .unwrap_or_default();
            lines[lines.len().saturating_sub(count)..]
                .iter()
                .map(describe_line)
                .collect()
        })
    }

    /// The plugins of the cluster that is open.
    pub fn plugins(&self) -> Vec<PluginReport> {
        self.session
            .with(|inner| inner.stage.as_ref().map(|stage| stage.plugins()))
            .unwrap_or_default()
    }

    /// Takes a plugin anew, or each whose file has changed ([`Stage::reload_plugins`]).
    ///
    /// # Errors
    ///
    /// As there, and if no cluster is open.
    pub fn reload_plugins(&mut self, name: Option<&str>) -> Result<Vec<Reloaded>, StageError> {
        self.session.with(|inner| match &mut inner.stage {
            Some(stage) => stage.reload_plugins(name),
            None => Err(StageError("no cluster is open".to_owned())),
        })
    }

    /// Ends a plugin's quarantine ([`Stage::release_plugin`]).
    ///
    /// # Errors
    ///
    /// As there, and if no cluster is open.
    pub fn release_plugin(&mut self, name: &str) -> Result<Vec<Name>, StageError> {
        self.session.with(|inner| match &mut inner.stage {
            Some(stage) => stage.release_plugin(name),
            None => Err(StageError("no cluster is open".to_owned())),
        })
    }

    /// The words of the drill language.
    pub fn docs(&self) -> Vec<Entry> {
        entries_of(&self.lexicon)
    }

    /// What may stand at the end of `line`: where the word begins that is completed, in bytes, and the words that it
    /// may become, in order.
    pub fn complete(&self, line: &str) -> (usize, Vec<String>) {
        if let Some(found) = self.complete_name(line) {
            return found;
        }
        let start = line
            .char_indices()
            .rev()
            .take_while(|(_, c)| c.is_alphanumeric() || *c == '_')
            .last()
            .map_or(line.len(), |(at, _)| at);
        let word = &line[start..];
        let mut found: Vec<String> = match line[..start].strip_suffix('.') {
            Some(before) => {
                let kind = noun_before(before);
                let nouns: Vec<&str> = match kind {
                    Some(kind) => vec![kind],
                    None => crate::check::nouns().to_vec(),
                };
                nouns
                    .into_iter()
                    .flat_map(|kind| {
                        let methods = self.lexicon.methods_of(kind);
                        self.lexicon.properties_of(kind).chain(methods)
                    })
                    .filter(|name| name.starts_with(word))
                    .map(str::to_owned)
                    .collect()
            }
            None if word.is_empty() => Vec::new(),
            None => self
                .docs()
                .into_iter()
                .filter(|entry| entry.on.is_none())
                .map(|entry| entry.name)
                .chain(self.scope.iter().map(|(name, ..)| name.to_owned()))
                .filter(|name| name.starts_with(word))
                .collect(),
        };
        found.sort();
        found.dedup();
        (start, found)
    }

    /// Completes a name inside the quotes of `node("…`, `group("…` and the like.
    fn complete_name(&self, line: &str) -> Option<(usize, Vec<String>)> {
        let quote = line.rfind('"')?;
        if line.matches('"').count().is_multiple_of(2) {
            return None;
        }
        let before = line[..quote].trim_end().strip_suffix('(')?;
        let noun: String = {
            let reversed: String = before
                .chars()
                .rev()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            reversed.chars().rev().collect()
        };
        let names = self.session.with(|inner| {
            let stage: &dyn Stage = &**inner.stage.as_ref()?;
            Some(match noun.as_str() {
                "node" | "move_to" => stage.nodes(),
                "group" | "outage" | "availability" | "clients" => stage.groups(),
                "resource" | "service" => stage.resources(),
                "network" | "nic" => stage.networks(),
                "disk" => stage.disks(),
                _ => return None,
            })
        })?;
        let word = &line[quote + 1..];
        let found = names
            .iter()
            .filter(|name| name.to_lowercase().starts_with(&word.to_lowercase()))
            .map(|name| format!("{name}\")"))
            .collect();
        Some((quote + 1, found))
    }
}

/// The type of an object written as `node("…")` and the like, right before a dot.
fn noun_before(before: &str) -> Option<&'static str> {
    let open = before.trim_end().strip_suffix(')')?.rfind('(')?;
    let word = before[..open]
        .rsplit(|c: char| !c.is_alphanumeric() && c != '_')
        .next()?;
    Some(match word {
        "node" => "Node",
        "nic" => "Nic",
        "group" => "Group",
        "resource" => "Resource",
        "service" => "Service",
        "network" => "Network",
        "disk" => "Disk",
        "quorum" => "Quorum",
        "clients" => "Clients",
        "outage" | "now" => "Duration",
        _ => return None,
    })
}

/// Whether a place is at or past the end of a text.
fn at_end(text: &str, at: rhai::Position) -> bool {
    let Some(line) = at.line() else { return true };
    let lines = text.lines().count();
    if line != lines {
        return line > lines;
    }
    let last = text.lines().last().unwrap_or_default();
    at.position()
        .is_none_or(|column| column > last.trim_end().chars().count())
}

/// Whether a text ends inside a block comment: to the engine that is nothing at all.
fn in_comment(text: &str) -> bool {
    scan(text).1
}

/// Whether more brackets are opened than closed, or a text of several lines is still open.
fn unclosed(text: &str) -> bool {
    scan(text).0
}

/// Whether brackets or back-ticks are open at the end of a text, and whether a block comment is.
fn scan(text: &str) -> (bool, bool) {
    let mut depth = 0_i64;
    let mut chars = text.chars().peekable();
    let mut quote = None;
    let mut comments = 0_usize;
    while let Some(c) = chars.next() {
        match (quote, c) {
            _ if comments > 0 => match (c, chars.peek()) {
                ('*', Some('/')) => {
                    chars.next();
                    comments -= 1;
                }
                ('/', Some('*')) => {
                    chars.next();
                    comments += 1;
                }
                _ => {}
            },
            (Some(_), '\\') => {
                chars.next();
            }
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '/') if chars.peek() == Some(&'*') => {
                chars.next();
                comments += 1;
            }
            (None, '/') if chars.peek() == Some(&'/') => {
                for c in chars.by_ref() {
                    if c == '\n' {
                        break;
                    }
                }
            }
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, _) => {}
        }
    }
    (depth > 0 || quote == Some('`'), comments > 0)
}
