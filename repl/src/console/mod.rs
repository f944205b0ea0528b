//! `quorate repl`: the drill language line by line.

mod branch;
mod commands;
mod editor;
mod foreign;
mod live;
mod pieces;
mod prompt;
mod save;
mod screen;
mod story;
mod texts;
mod trouble;
mod view;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, BufRead, IsTerminal};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use quorate_drill::stage::{OpenError, StageRequest, StageSource};
use quorate_drill::{DEFAULT_SEED, DrillReport, Observer, Place, Remark};
use quorate_journal::Entry;
use quorate_model::Time;
use quorate_script::{Console, ConsoleOptions, Input, Outcome, Picture, Shown, Wrong};

use crate::cli::ReplArgs;
use crate::drill::Progress;
use crate::exit::Exit;
use crate::interrupt;
use crate::output::{Output, Tone};
use crate::report;
use crate::source;
use branch::Branch;
use foreign::Heard;
use live::Live;
use story::Story;
use trouble::Trouble;

/// The cluster of a REPL without an argument.
const BUILT_IN: &str = include_str!("../../../scripts/clusters/four-node.ron");
/// The file of that cluster in a checkout, also its name when the built-in copy is used.
const BUILT_IN_PATH: &str = "scripts/clusters/four-node.ron";

/// Commands that are understood without their colon, unless a variable is called so.
const BARE: [&str; 4] = ["help", "exit", "quit", "bye"];

/// What follows an input.
enum After {
    /// The next input.
    GoOn,
    /// The next input, after an error; where nobody types, the end, with this status.
    WentWrong(Exit),
    /// The end of the session.
    Quit,
}

/// One session.
struct Session {
    console: Rc<RefCell<Console>>,
    output: Output,
    cancel: Arc<AtomicBool>,
    story: Rc<RefCell<Story>>,
    /// What was done before each undo that can be done again.
    undone: Vec<Vec<Input>>,
    /// The snapshots.
    kept: BTreeMap<String, Branch>,
    /// The cluster that really runs, if it does.
    live: Option<Live>,
    /// The file, or the option, that the present inputs are read from; without one they are typed.
    reading: Option<String>,
    /// Whether inputs are read, from a file, an option or a pipe, and not typed.
    reads: bool,
    /// Where the present input begins, if it is read.
    at: Option<Place>,
    /// How many inputs the session begins with: they are not undone.
    begun: usize,
}

/// Runs the REPL until its input ends.
pub(crate) fn run(args: &ReplArgs, mut output: Output, cancel: &Arc<AtomicBool>) -> Exit {
    let live = match args.is_live().then(|| Live::connect(args)) {
        None => None,
        Some(Ok(live)) => Some(live),
        Some(Err(why)) => {
            output.error(&why);
            return Exit::Unreachable;
        }
    };
    let source: Rc<dyn StageSource> = match &live {
        Some(live) => live.source(),
        None => Rc::new(source::clusters(&args.plugins, &args.apart)),
    };
    let options = ConsoleOptions {
        folder: PathBuf::new(),
        seed: args.seed,
    };
    let story = Rc::new(RefCell::new(Story::new()));
    let observer = Talk::new(output, &story);
    let mut console = Console::new(source, options, observer, cancel.clone());
    let request = match &live {
        Some(live) => {
            console.runs_live();
            live.request()
        }
        None => request(args),
    };
    if let Err(error) = console.open(&request) {
        let paint = output.paint_err();
        if let OpenError::Cluster { findings, .. } = &error {
            for finding in findings {
                output.err_line(&report::finding(finding, paint));
            }
        }
        output.error(&error.to_string());
        return Exit::Usage;
    }
    let mut session = Session {
        console: Rc::new(RefCell::new(console)),
        output,
        cancel: cancel.clone(),
        story,
        undone: Vec::new(),
        kept: BTreeMap::new(),
        live,
        reading: None,
        reads: false,
        at: None,
        begun: 1,
    };
    // Everybody wants a running cluster, and virtual time costs nothing.
    if session.live.is_none()
        && let After::WentWrong(exit) = session.aside("settle()")
    {
        return exit;
    }
    session.story.borrow_mut().quiet = false;
    if args.is_batch() {
        session.batch(args)
    } else if io::stdin().is_terminal() {
        session.greet();
        if !args.no_init {
            session.begin_with_file();
        }
        editor::run(&mut session)
    } else {
        session.piped()
    }
}

/// The cluster to begin with.
fn request(args: &ReplArgs) -> StageRequest {
    let seed = args.seed.unwrap_or(DEFAULT_SEED);
    match &args.cluster {
        Some(path) => StageRequest {
            cluster: path.clone(),
            text: None,
            seed,
            start: None,
        },
        None => {
            let there = Path::new(BUILT_IN_PATH).is_file();
            let text = if there {
                None
            } else {
                Some(BUILT_IN.to_owned())
            };
            StageRequest {
                cluster: PathBuf::from(BUILT_IN_PATH),
                text,
                seed,
                start: None,
            }
        }
    }
}

/// The input that a command times, if it does.
fn timed(command: &str) -> Option<&str> {
    let (name, input) = command.split_once(char::is_whitespace)?;
    (name == "time" && !input.trim().is_empty()).then_some(input)
}

/// The status of a session that ends with an input that did not work.
fn status(wrong: Wrong) -> Exit {
    match wrong {
        Wrong::Input => Exit::Wrong,
        Wrong::Expectation => Exit::Fail,
        Wrong::Time => Exit::Unknown,
        Wrong::Refused => Exit::Refused,
        Wrong::File => Exit::Usage,
        Wrong::Internal => Exit::Internal,
    }
}

/// Whether an input begins with a variable: it is ours, whatever else it reads like.
fn is_variable(console: &Console, text: &str) -> bool {
    let mut words = text
        .trim_start()
        .split(|it: char| !it.is_alphanumeric() && it != '_');
    words.next().is_some_and(|it| console.has_variable(it))
}

impl Session {
    fn greet(&mut self) {
        if let Some(live) = self.live.clone() {
            return self.greet_live(&live);
        }
        let (width, paint) = (self.story.borrow().screen().width, self.output.paint());
        let status = self.console.borrow().status();
        let head = status.map(|it| (Tone::Strong, it.headline()));
        let hint = "The drill language, line by line. :help shows commands, :status the cluster, :quit ends.";
        let hint = (Tone::Faint, hint.to_owned());
        for (tone, text) in head.into_iter().chain([hint]) {
            for line in screen::wrapped("", &text, width).lines() {
                self.output.line(&paint.tone(tone, line));
            }
        }
    }

    /// Reads inputs from a pipe: without a prompt, and the first error ends the session.
    fn piped(&mut self) -> Exit {
        self.reads = true;
        let mut pending = String::new();
        let mut lines = io::stdin().lock().lines();
        loop {
            // While there is nothing to read, nothing checks the flag of a Ctrl-C.
            if !interrupt::end_at_next(&self.cancel) {
                return Exit::Interrupted;
            }
            let next = lines.next();
            interrupt::ask_at_next();
            let line = match next {
                None => break,
                Some(Ok(line)) => line,
                Some(Err(error)) => {
                    self.output
                        .error(&format!("cannot read the input: {error}"));
                    return Exit::Usage;
                }
            };
            if pending.is_empty() && line.trim().is_empty() {
                self.console.borrow_mut().skip(&line);
                continue;
            }
            pending.push_str(&line);
            pending.push('\n');
            if self.is_incomplete(&pending) {
                continue;
            }
            let input = std::mem::take(&mut pending);
            match self.input(&input) {
                After::GoOn => {}
                After::Quit => return Exit::Pass,
                After::WentWrong(_) if self.cancel.load(Ordering::Relaxed) => {
                    return Exit::Interrupted;
                }
                After::WentWrong(exit) => return exit,
            }
        }
        if pending.trim().is_empty() {
            return Exit::Pass;
        }
        // The input is incomplete at its end: the parser says what is missing.
        self.input(&pending);
        Exit::Wrong
    }

    /// Whether an input needs more lines.
    fn is_incomplete(&self, text: &str) -> bool {
        let one_line = text.trim_start().starts_with(':')
            || foreign::is_foreign(text) && !is_variable(&self.console.borrow(), text);
        !one_line && self.console.borrow().is_incomplete(text)
    }

    /// Carries out one input, a command or a script.
    fn input(&mut self, text: &str) -> After {
        if !self.reads || self.at.is_some() {
            return self.carry_out(text);
        }
        self.at = Some(self.place(text));
        let after = self.carry_out(text);
        self.at = None;
        after
    }

    /// Where an input begins that is read next.
    fn place(&self, text: &str) -> Place {
        let blank = text.lines().take_while(|it| it.trim().is_empty()).count();
        let line = text.lines().nth(blank).unwrap_or_default();
        let bare = line.trim_start();
        let word = bare.split_whitespace().next().unwrap_or_default();
        let number = self.console.borrow().next_line() + blank;
        let column = line.chars().count() - bare.chars().count() + 1;
        Place::on_line("", number, column, word.chars().count(), line)
    }

    fn carry_out(&mut self, text: &str) -> After {
        let bare = text.trim().trim_end_matches("()");
        let meant = BARE.contains(&bare) && !self.console.borrow().has_variable(bare);
        let command = text.trim().strip_prefix(':').or(meant.then_some(bare));
        if let Some(command) = command {
            match timed(command) {
                // The input that is timed counts its own line.
                Some(_) => self.skip_blank(text),
                None => self.console.borrow_mut().skip(text),
            }
            return self.command(command);
        }
        let heard = match is_variable(&self.console.borrow(), text) {
            true => None,
            false => foreign::hear(text, &*self.console.borrow()),
        };
        if let Some(heard) = heard {
            return self.foreign(text, heard);
        }
        if let Some(Err(why)) = self.live.as_ref().map(Live::refresh) {
            self.console.borrow_mut().skip(text);
            self.refuse(&why);
            return After::WentWrong(Exit::Unreachable);
        }
        self.story.borrow_mut().begin();
        let outcome = self.console.borrow_mut().eval(text);
        self.told(outcome)
    }

    /// Counts the blank lines before an input, so that places in it are right.
    fn skip_blank(&mut self, text: &str) {
        let blank = text.len() - text.trim_start().len();
        for _ in text[..blank].matches('\n') {
            self.console.borrow_mut().skip("");
        }
    }

    /// Prints a value.
    fn show(&mut self, shown: &Shown) {
        let (screen, paint) = (self.story.borrow().screen(), self.output.paint());
        let text = match &shown.picture {
            Picture::Plain => shown.text.clone(),
            Picture::Lines(text) => text.trim_end().to_owned(),
            Picture::Card(card) => view::card(card, screen, paint),
            Picture::Table(cards) => view::table(cards, screen, paint),
            Picture::List(items) => view::list(shown, items, screen),
            Picture::Map(pairs) => view::map(shown, pairs, screen),
            Picture::Events(numbers) => {
                self.show_events(numbers);
                return;
            }
            Picture::Status => {
                if let Some(live) = &self.live {
                    self.output.line(&live.status(paint));
                    return;
                }
                let Some(status) = self.console.borrow().status() else {
                    return;
                };
                let story = self.story.borrow();
                view::status(&status, &Trouble::of(&status, &story), screen, paint)
            }
        };
        self.output.line(&text);
    }

    /// Carries out an input in foreign words, which shows ours.
    fn foreign(&mut self, text: &str, heard: Heard) -> After {
        let paint = self.output.paint();
        let ours = |line: &str| format!("  {}", paint.tone(Tone::Guide, line));
        if let Heard::Run(line) = &heard
            && self.live.is_some()
            && line.contains("; eventually(|| ")
        {
            self.console.borrow_mut().skip(text);
            return self.refuse(
                "waiting goes by virtual time, which a cluster that really runs has not: leave the wait out, and :status \
                 shows what became of it. Nothing was done",
            );
        }
        if let Heard::Run(line) = &heard {
            self.skip_blank(text);
            self.output.line(&ours(line));
            return self.input(line);
        }
        self.console.borrow_mut().skip(text);
        match heard {
            Heard::Shown(line) | Heard::Run(line) => self.output.line(&ours(&line)),
            Heard::Hint(hint) => {
                let hint = self.fitted(&hint);
                self.output.line(&hint);
            }
            Heard::Refused(why) => return self.refuse(&why),
        }
        After::GoOn
    }

    /// A sentence in lines that the terminal holds, cut between words. What is read and not typed is told as it is.
    fn fitted(&self, text: &str) -> String {
        // The first line stands behind a label.
        let width = self
            .story
            .borrow()
            .screen()
            .width
            .saturating_sub("error: ".len());
        let line = |line: &str| match line.chars().count() > width {
            true => screen::wrapped("", line, width),
            false => line.to_owned(),
        };
        match self.reads {
            true => text.to_owned(),
            false => text.lines().map(line).collect::<Vec<_>>().join("\n"),
        }
    }

    /// Runs an input that was not typed.
    fn aside(&mut self, text: &str) -> After {
        self.story.borrow_mut().begin();
        let outcome = self.console.borrow_mut().eval_aside(text);
        self.told(outcome)
    }

    /// Prints the result of an input.
    fn told(&mut self, outcome: Outcome) -> After {
        if let Outcome::Value(shown) = &outcome
            && let Picture::Card(card) = &shown.picture
            && let Some(fault) = card.fault
        {
            self.story.borrow_mut().is_shown(fault);
        }
        self.console.borrow_mut().tell();
        self.output.status("");
        self.story.borrow_mut().end(&mut self.output);
        let deaths = self.console.borrow_mut().deaths();
        for death in deaths {
            let text = self.output.paint().tone(Tone::Care, &death);
            self.output.line(&text);
        }
        match outcome {
            Outcome::Done => After::GoOn,
            Outcome::Value(shown) => {
                self.show(&shown);
                After::GoOn
            }
            Outcome::Failed(mut failure, wrong) => {
                failure.message = self.fitted(&failure.message);
                let called = failure.called_from.iter_mut();
                called
                    .chain(&mut failure.place)
                    .for_each(|place| self.name_file(place));
                let paint = self.output.paint_err();
                self.output
                    .err_line(report::failure(&failure, "error", paint).trim_end());
                After::WentWrong(status(wrong))
            }
            Outcome::Interrupted => {
                let now = self.console.borrow().now();
                let text = match &self.live {
                    Some(_) => "stopped: what was ordered before that goes on".to_owned(),
                    None => format!(
                        "stopped at {}: the cluster stands there, and the next input goes on",
                        report::clock(now)
                    ),
                };
                let width = self.story.borrow().screen().width;
                let text = screen::wrapped("", &text, width);
                let text = self.output.paint_err().tone(Tone::Care, &text);
                self.output.err_line(&text);
                After::WentWrong(Exit::Interrupted)
            }
        }
    }
}

/// Shows the progress of a console: what happens, steps and notes, and the whole report of a drill.
struct Talk {
    progress: Progress,
    output: Output,
    story: Rc<RefCell<Story>>,
}

impl Talk {
    fn new(output: Output, story: &Rc<RefCell<Story>>) -> Box<Talk> {
        Box::new(Talk {
            progress: Progress::new(output),
            output,
            story: Rc::clone(story),
        })
    }

    fn is_quiet(&self) -> bool {
        self.story.borrow().quiet
    }
}

impl Observer for Talk {
    fn drill_started(&mut self, file: &str, name: &str, seed: u64) {
        let file = if file.is_empty() { "here" } else { file };
        if !self.is_quiet() {
            self.progress.drill_started(file, name, seed);
        }
    }
    fn time_passed(&mut self, now: Time) {
        self.progress.time_passed(now);
    }
    fn follows(&self) -> bool {
        true
    }
    fn happened(&mut self, event: &Entry) {
        self.story.borrow_mut().happened(event, &mut self.output);
    }
    fn step(&mut self, now: Time, title: &str) {
        if !self.is_quiet() {
            self.progress.step(now, title);
        }
    }
    fn note(&mut self, now: Time, text: &str) {
        if !self.is_quiet() {
            self.progress.note(now, text);
        }
    }
    fn remark(&mut self, remark: &Remark) {
        if !self.is_quiet() {
            self.progress.remark(remark);
        }
    }
    fn drill_ended(&mut self, report: &DrillReport) {
        if !self.is_quiet() {
            self.progress.drill_ended(report);
        }
    }
}
