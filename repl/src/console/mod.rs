//! `quorate repl`: the drill language line by line.

mod commands;
mod editor;
mod view;

use std::cell::RefCell;
use std::io::{self, BufRead, IsTerminal};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use quorate_drill::stage::{OpenError, StageRequest};
use quorate_drill::{DEFAULT_SEED, DrillReport, Observer, Remark};
use quorate_script::{Console, ConsoleOptions, Outcome};

use crate::cli::ReplArgs;
use crate::drill::Progress;
use crate::exit::Exit;
use crate::interrupt;
use crate::output::{Output, Tone};
use crate::report;
use crate::source;

/// The cluster of a REPL without an argument.
const BUILT_IN: &str = include_str!("../../../scripts/clusters/four-node.ron");
/// The file of that cluster in a checkout, also its name when the built-in copy is used.
const BUILT_IN_PATH: &str = "scripts/clusters/four-node.ron";

/// What follows an input.
enum After {
    /// The next input.
    GoOn,
    /// The next input, after an error.
    WentWrong,
    /// The end of the session.
    Quit,
}

/// One session.
struct Session {
    console: Rc<RefCell<Console>>,
    output: Output,
    cancel: Arc<AtomicBool>,
}

/// Runs the REPL until its input ends.
pub(crate) fn run(args: &ReplArgs, mut output: Output, cancel: &Arc<AtomicBool>) -> Exit {
    let source = Rc::new(source::clusters(&args.plugins, &args.apart));
    let options = ConsoleOptions {
        folder: PathBuf::new(),
        seed: args.seed,
    };
    let observer = Box::new(Talk(Progress::new(output)));
    let mut console = Console::new(source, options, observer, cancel.clone());
    let request = request(args);
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
    };
    // Everybody wants a running cluster, and virtual time costs nothing.
    if matches!(session.aside("settle()"), After::WentWrong) {
        return Exit::Fail;
    }
    if io::stdin().is_terminal() {
        session.greet();
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

impl Session {
    fn greet(&mut self) {
        let paint = self.output.paint();
        if let Some(status) = self.console.borrow().status() {
            self.output
                .line(&paint.tone(Tone::Strong, &status.headline()));
        }
        let hint = "The drill language, line by line. :help shows commands, :status the cluster, :quit ends.";
        self.output.line(&paint.tone(Tone::Faint, hint));
    }

    /// Reads inputs from a pipe: without a prompt, and the first error ends the session.
    fn piped(&mut self) -> Exit {
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
                After::WentWrong if self.cancel.load(Ordering::Relaxed) => {
                    return Exit::Interrupted;
                }
                After::WentWrong => return Exit::Fail,
            }
        }
        if pending.trim().is_empty() {
            return Exit::Pass;
        }
        // The input is incomplete at its end: the parser says what is missing.
        self.input(&pending);
        Exit::Fail
    }

    /// Whether an input needs more lines.
    fn is_incomplete(&self, text: &str) -> bool {
        !text.trim_start().starts_with(':') && self.console.borrow().is_incomplete(text)
    }

    /// Carries out one input, a command or a script.
    fn input(&mut self, text: &str) -> After {
        if let Some(command) = text.trim().strip_prefix(':') {
            self.console.borrow_mut().skip(text);
            return self.command(command);
        }
        let outcome = self.console.borrow_mut().eval(text);
        self.told(outcome)
    }

    /// Runs an input that was not typed.
    fn aside(&mut self, text: &str) -> After {
        let outcome = self.console.borrow_mut().eval_aside(text);
        self.told(outcome)
    }

    /// Prints the result of an input.
    fn told(&mut self, outcome: Outcome) -> After {
        self.output.status("");
        let deaths = self.console.borrow_mut().deaths();
        for death in deaths {
            let text = self.output.paint().tone(Tone::Care, &death);
            self.output.line(&text);
        }
        match outcome {
            Outcome::Done => After::GoOn,
            Outcome::Value(value) => {
                self.output.line(&value);
                After::GoOn
            }
            Outcome::Failed(failure) => {
                let paint = self.output.paint_err();
                self.output
                    .err_line(report::failure(&failure, "error", paint).trim_end());
                After::WentWrong
            }
            Outcome::Interrupted => {
                let text = self.output.paint_err().tone(Tone::Care, "interrupted");
                self.output.err_line(&text);
                After::WentWrong
            }
        }
    }
}

/// Shows the progress of a console: steps and notes, and the whole report of a drill.
struct Talk(Progress);

impl Observer for Talk {
    fn drill_started(&mut self, file: &str, name: &str, seed: u64) {
        let file = if file.is_empty() { "here" } else { file };
        self.0.drill_started(file, name, seed);
    }
    fn time_passed(&mut self, now: quorate_model::Time) {
        self.0.time_passed(now);
    }
    fn step(&mut self, now: quorate_model::Time, title: &str) {
        self.0.step(now, title);
    }
    fn note(&mut self, now: quorate_model::Time, text: &str) {
        self.0.note(now, text);
    }
    fn remark(&mut self, remark: &Remark) {
        self.0.remark(remark);
    }
    fn drill_ended(&mut self, report: &DrillReport) {
        self.0.drill_ended(report);
    }
}
