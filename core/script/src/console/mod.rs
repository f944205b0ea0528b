//! The drill language line by line, as the REPL uses it.

mod cards;
pub(crate) mod complete;
mod incomplete;
mod last;
mod past;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use quorate_drill::stage::{
    Entry, NotOffered, OpenError, PropertyOf, PropertyStatus, StageError, StageRequest, StageSource,
};
use quorate_drill::{
    Failure, Observer, PluginReport, RunOptions, Status, Thrown, Verdict, describe_line,
    panic_text, suggestion,
};
use quorate_host::Reloaded;
use quorate_model::events::EVENT_MONITOR_DIED;
use quorate_model::{DiskStatus, Name, NetworkStatus, Time, same_name};
use rhai::{AST, Dynamic, Engine, EvalAltResult, Scope};

use crate::docs::{WordDoc, entries_of};
use crate::drill::failure_of;
use crate::engine::engine;
use crate::lexicon::Lexicon;
use crate::running::Refusals;
use crate::session::Session;

pub use cards::{Card, Field, Picture, Shown};
pub use last::with_last_value;
pub use past::{Input, InputKind, Replay};

/// The options of a console.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsoleOptions {
    /// The folder that paths in `cluster` and `drill` are relative to.
    pub folder: PathBuf,
    /// The seed of the clusters it opens; 1 if none is given.
    pub seed: Option<u64>,
}

/// The result of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It worked, without a value to show.
    Done,
    /// It worked and has a value.
    Value(Box<Shown>),
    /// It did not work.
    Failed(Box<Failure>, Wrong),
    /// It was stopped from outside.
    Interrupted,
}

/// What was wrong with an input that did not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The input itself: its syntax, a word, a name, what a word was given.
    Input,
    /// Something expected was not so.
    Expectation,
    /// Time ran out before anything was shown.
    Time,
    /// The cluster refused an order.
    Refused,
    /// A file that the input names cannot be used.
    File,
    /// A mistake of Quorate's own.
    Internal,
}

/// An engine, a cluster, and the variables and functions of the inputs so far.
pub struct Console {
    session: Session,
    engine: Engine,
    scope: Scope<'static>,
    functions: AST,
    lexicon: Lexicon,
    /// How many deaths of resource monitor processes have been told.
    deaths: usize,
    /// Where `_` is the last value.
    places: last::Places,
    /// What was done so far, so that it can be done again.
    past: Vec<Input>,
    /// The cluster that it begins with.
    first: Option<StageRequest>,
    options: ConsoleOptions,
    /// Everything typed so far. Functions and conditions of earlier inputs have their places in it.
    typed: String,
}

impl Console {
    /// The cluster really runs: words that break things, let time pass or tell the truth are refused from now on, each with a
    /// sentence, and not completed.
    pub fn runs_live(&mut self) {
        let refusals = Refusals::of(&self.lexicon);
        self.session.refuse(refusals);
    }

    /// Whether a word is refused, since the cluster really runs.
    fn is_refused(&self, word: &str) -> bool {
        self.session.refusal(word).is_some()
    }
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
        let session = Session::new(source, run, observer, cancel, failure_of);
        session.with(|play| play.text_mut().folder.clone_from(&options.folder));
        let mut engine = engine(&session);
        let places = last::Places::default();
        last::let_be_a_name(&mut engine, &places);
        let lexicon = Lexicon::of(&engine);
        Console {
            session,
            engine,
            scope: Scope::new(),
            functions: AST::empty(),
            lexicon,
            deaths: 0,
            places,
            past: Vec::new(),
            first: None,
            options,
            typed: String::new(),
        }
    }

    /// Opens a cluster at time zero, in place of the open one.
    ///
    /// # Errors
    ///
    /// As [`StageSource::open`].
    pub fn open(&mut self, request: &StageRequest) -> Result<(), OpenError> {
        let source = self.session.with(|play| play.source());
        let stage = source.open(request)?;
        self.session.with(|play| play.enter(stage));
        self.first = Some(request.clone());
        self.past.clear();
        Ok(())
    }

    /// Whether `text` needs more lines: it has an open bracket, text or comment.
    pub fn is_incomplete(&self, text: &str) -> bool {
        *self.places.borrow_mut() = last::places(text, 1);
        incomplete::is_incomplete(&self.engine, &self.scope, text)
    }

    /// Whether `text` can be read as an input, whatever comes of it.
    fn parses(&self, text: &str) -> bool {
        *self.places.borrow_mut() = last::places(text, 1);
        self.engine.compile_with_scope(&self.scope, text).is_ok()
    }

    /// Counts typed lines that are no input, such as a command or a blank line.
    pub fn skip(&mut self, text: &str) {
        self.count(text);
        self.past.push(Input::new(InputKind::Skipped, text));
    }

    fn count(&mut self, text: &str) {
        self.typed.push_str(text.trim_end_matches('\n'));
        self.typed.push('\n');
    }

    /// Runs one input. Places of mistakes count from the first line of the session.
    pub fn eval(&mut self, text: &str) -> Outcome {
        self.eval_as(Input::new(InputKind::Typed, text))
    }

    /// Runs an input that was not typed: its lines do not count.
    pub fn eval_aside(&mut self, text: &str) -> Outcome {
        self.eval_as(Input::new(InputKind::Aside, text))
    }

    /// Runs the typed text from this byte on.
    fn run_from(&mut self, start: usize) -> Outcome {
        let (before, text) = self.typed.split_at(start);
        // Blank lines stand for the earlier inputs, so that each place in the session has its own line.
        let lines = before.lines().count();
        *self.places.borrow_mut() = last::places(text, lines + 1);
        let text = "\n".repeat(lines) + text.trim_end();
        self.session.with(|play| {
            play.text_mut().source.clone_from(&self.typed);
            play.look_away();
        });
        let result = catch_unwind(AssertUnwindSafe(
            || -> Result<Dynamic, Box<EvalAltResult>> {
                let ast = self
                    .engine
                    .compile_with_scope(&self.scope, &text)
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
            Ok(Ok(value)) => {
                let mut shown = self.session.with(|play| Shown::of(&value, play.stage()));
                if self.is_refused("outage") {
                    shown.picture.believed();
                }
                self.scope.set_value(last::LAST, value);
                Outcome::Value(Box::new(shown))
            }
            Ok(Err(error)) if crate::session::is_interrupt(&error) => Outcome::Interrupted,
            Ok(Err(error)) => self.failed(&error),
            Err(panic) => {
                let failure = Failure {
                    message: format!("the script engine panicked: {}", panic_text(&*panic)),
                    internal: true,
                    ..Failure::default()
                };
                Outcome::Failed(Box::new(failure), Wrong::Internal)
            }
        }
    }

    fn failed(&self, error: &EvalAltResult) -> Outcome {
        let (verdict, failure) = failure_of(&self.session, error);
        let code = match error.unwrap_inner() {
            EvalAltResult::ErrorRuntime(token, _) => token.read_lock::<Thrown>().map(|it| it.code),
            _ => None,
        };
        let wrong = match verdict {
            _ if failure.internal => Wrong::Internal,
            _ if failure.unusable => Wrong::File,
            Verdict::Fail => Wrong::Expectation,
            Verdict::Unknown => Wrong::Time,
            _ if code.is_some_and(|it| it != 0) => Wrong::Refused,
            _ => Wrong::Input,
        };
        Outcome::Failed(Box::new(failure), wrong)
    }

    /// The number of the line that is typed next.
    pub fn next_line(&self) -> usize {
        self.typed.lines().count() + 1
    }

    /// The cluster at a glance, if one is open.
    pub fn status(&self) -> Option<Status> {
        self.session.with(|play| play.stage().map(Status::of))
    }

    /// The journal so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.session.with(|play| {
            let stage = play.stage();
            stage.map(|stage| stage.entries(0)).unwrap_or_default()
        })
    }

    /// The networks and the shared disks, as they are in truth.
    pub fn hardware(&self) -> (Vec<NetworkStatus>, Vec<DiskStatus>) {
        self.session.with(|play| {
            let Some(stage) = play.stage() else {
                return Default::default();
            };
            let (networks, disks) = (stage.networks(), stage.disks());
            (
                networks.iter().filter_map(|it| stage.network(it)).collect(),
                disks.iter().filter_map(|it| stage.disk(it)).collect(),
            )
        })
    }

    /// The deaths of resource monitor processes that have not been told yet.
    pub fn deaths(&mut self) -> Vec<String> {
        let deaths = self.session.with(|play| {
            let stage = play.stage();
            stage
                .map(|stage| stage.notices(EVENT_MONITOR_DIED))
                .unwrap_or_default()
        });
        // Another cluster starts from zero.
        let seen = if deaths.len() < self.deaths {
            0
        } else {
            self.deaths
        };
        self.deaths = deaths.len();
        deaths[seen..].iter().map(describe_line).collect()
    }

    /// The plugins of the cluster that is open; `None` if none is.
    ///
    /// # Errors
    ///
    /// If its stage has none to show.
    pub fn plugins(&self) -> Option<Result<Vec<PluginReport>, NotOffered>> {
        self.session
            .with(|play| play.stage().map(|stage| stage.plugins()))
    }

    /// Reloads a plugin, or each whose file has changed
    /// ([`reload_plugins`](quorate_drill::stage::Plugins::reload_plugins)).
    ///
    /// # Errors
    ///
    /// As there, and if no cluster is open.
    pub fn reload_plugins(&mut self, name: Option<&str>) -> Result<Vec<Reloaded>, StageError> {
        self.session.with(|play| match play.stage_mut() {
            Some(stage) => stage.reload_plugins(name),
            None => Err(StageError::refused("no cluster is open")),
        })
    }

    /// Tells the observer what has happened since it was last told.
    pub fn tell(&mut self) {
        self.session.with(|play| play.tell());
    }

    /// The cluster that it began with.
    pub fn first(&self) -> Option<&StageRequest> {
        self.first.as_ref()
    }

    /// Whether there is a variable of this name.
    pub fn has_variable(&self, name: &str) -> bool {
        self.scope.contains(name)
    }

    /// How long each group was out of service, in the order of [`status`](Self::status).
    pub fn outages(&self) -> Vec<Duration> {
        self.session.with(|play| {
            let Some(stage) = play.stage() else {
                return Vec::new();
            };
            let groups = stage.group_statuses();
            groups.iter().map(|it| stage.outage(&it.name)).collect()
        })
    }

    /// Virtual time, zero if no cluster is open.
    pub fn now(&self) -> Time {
        self.session.with(|play| play.now())
    }

    /// The journal of the cluster that is open, as a file of it would be; empty if none is.
    pub fn journal(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.session.with(|play| {
            if let Some(stage) = play.stage() {
                // Writing to memory does not fail.
                let _ = stage.write_journal(&mut bytes);
            }
        });
        bytes
    }

    /// The seed of the cluster that is open.
    pub fn seed(&self) -> Option<u64> {
        self.session
            .with(|play| play.stage().map(|stage| stage.seed()))
    }

    /// The seed that was asked for ([`ConsoleOptions::seed`]); `None` if each cluster has the one that it is opened with.
    pub fn asked_seed(&self) -> Option<u64> {
        self.options.seed
    }

    /// Ends a plugin's quarantine ([`release_plugin`](quorate_drill::stage::Plugins::release_plugin)).
    ///
    /// # Errors
    ///
    /// As there, and if no cluster is open.
    pub fn release_plugin(&mut self, name: &str) -> Result<Vec<Name>, StageError> {
        let released = self.session.with(|play| match play.stage_mut() {
            Some(stage) => stage.release_plugin(name),
            None => Err(StageError::refused("no cluster is open")),
        })?;
        self.past.push(Input::new(InputKind::Released, name));
        Ok(released)
    }

    /// The words of the drill language.
    pub fn docs(&self) -> Vec<WordDoc> {
        entries_of(&self.lexicon)
    }

    /// Example inputs, with names from the open cluster.
    pub fn examples(&self) -> Vec<String> {
        let (group, node, other) = self.session.with(|play| {
            let Some(stage) = play.stage() else {
                return ("EVS1".to_owned(), "NODE1".to_owned(), "NODE2".to_owned());
            };
            // The last group, since the first is the cluster's own.
            let group = stage.groups().pop().map(|it| it.to_string());
            let owner = group.as_deref().and_then(|it| stage.group(it)?.owner);
            let nodes = stage.nodes();
            let node = owner.or_else(|| nodes.first().cloned());
            let other = nodes.iter().rfind(|it| Some(*it) != node.as_ref());
            (
                group.unwrap_or_default(),
                node.as_ref().map(ToString::to_string).unwrap_or_default(),
                other
                    .or(node.as_ref())
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            )
        });
        if self.is_refused("crash") {
            return vec![
                format!("group(\"{group}\").owner"),
                format!("group(\"{group}\").move_to(\"{other}\")"),
                format!("node(\"{node}\").pause()"),
            ];
        }
        vec![
            format!("group(\"{group}\").owner"),
            format!("node(\"{node}\").crash()"),
            format!("recovers(\"{group}\", 5.minutes)"),
            format!("outage(\"{group}\")"),
            format!("node(\"{node}\").start()"),
            format!("group(\"{group}\").move_to(\"{other}\")"),
            "events(#{kind: \"group-owner\"})".to_owned(),
        ]
    }

    /// The resources and the groups of the cluster that is open.
    pub fn subjects(&self) -> (Vec<Name>, Vec<Name>) {
        self.session.with(|play| {
            let stage = play.stage();
            stage
                .map(|stage| (stage.resources(), stage.groups()))
                .unwrap_or_default()
        })
    }

    /// The properties of the resource or group called `name`; without a name, the cluster's.
    ///
    /// # Errors
    ///
    /// There is neither, or no cluster is open.
    pub fn properties(&self, name: &str) -> Result<Vec<PropertyStatus>, StageError> {
        let (resources, groups) = self.subjects();
        let of = match name {
            "" => PropertyOf::Cluster,
            _ if resources.iter().any(|it| same_name(it, name)) => PropertyOf::Resource(name),
            _ if groups.iter().any(|it| same_name(it, name)) => PropertyOf::Group(name),
            _ => {
                let known = resources.iter().chain(&groups).map(Name::as_str);
                let hint = suggestion(name, known)
                    .map(|hint| format!(": {hint}"))
                    .unwrap_or_default();
                return Err(StageError::Refused(format!(
                    "there is no resource or group \"{name}\"{hint}"
                )));
            }
        };
        self.properties_of(of)
    }

    fn properties_of(&self, of: PropertyOf<'_>) -> Result<Vec<PropertyStatus>, StageError> {
        self.session.with(|play| match play.stage() {
            Some(stage) => stage.properties(of),
            None => Err(StageError::refused("no cluster is open")),
        })
    }
}
