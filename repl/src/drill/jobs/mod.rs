//! Scripts in processes below this one, several at a time, told of in order.
//!
//! A process and not a thread for each, since plugins are code that anybody wrote: one that goes to another directory,
//! that writes, hangs or crashes does it to the scripts of its own process, one after the other as ever. What a script
//! tells is kept until everything before it was told, so that what is printed does not hang on how many run at a time.

mod below;
mod wire;
pub(crate) mod worker;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use quorate_drill::Run;

use self::below::{Below, How};
use self::wire::Task;
pub(crate) use self::wire::Told;
use crate::files::Meant;

/// Tells it to keep every plugin in a process of its own.
const APART: &str = "QUORATE_DRILL_APART";
/// Tells it that somebody watches the time pass.
const LIVE: &str = "QUORATE_DRILL_LIVE";
/// How long nothing is heard, at most, before the processes below are looked after.
const LOOK: Duration = Duration::from_millis(10);
/// How long scripts that nobody is told of any more have to end in good order.
const LEAVE: Duration = Duration::from_secs(2);

/// What is to be run, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Jobs<'a> {
    /// The scripts with their texts, in the order in which they are told of.
    pub(super) scripts: &'a [(Meant, String)],
    /// How many may run at a time.
    pub(super) number: usize,
    /// Whether the first that does not pass is the last that is told of.
    pub(super) fail_fast: bool,
    /// Whether each plugin runs in a process of its own, though the command line does not say so.
    pub(super) apart: bool,
    /// Whether somebody watches.
    pub(super) live: bool,
    /// Whether the processes share a terminal, which interrupts all of them.
    pub(super) terminal: bool,
    /// How long a process may be stopped.
    pub(super) limit: Duration,
}

/// Who is told.
pub(super) trait Listener {
    /// At once, and in no order.
    fn heard(&mut self, script: usize, told: &Told);
    /// In the order of the scripts, and of what each tells.
    fn told(&mut self, script: usize, told: Told);
    /// Now and then.
    fn idle(&mut self);
}

/// How running scripts ended.
#[derive(Debug)]
pub(super) enum End {
    /// All of them were told of, or those up to the first that did not pass; so many were not begun.
    Over { left: usize },
    /// Ctrl-C: those that had begun were told of.
    Interrupted,
    /// The process of the last one that was told of is gone, and why; `None` if a call has not returned.
    Gone(Option<String>),
}

impl Jobs<'_> {
    /// Runs the scripts.
    ///
    /// # Errors
    ///
    /// If no process can be started.
    pub(super) fn run(self, cancel: &AtomicBool, listener: &mut dyn Listener) -> io::Result<End> {
        let (teller, heard) = channel();
        let scripts = self.scripts.iter().map(|_| Script::default()).collect();
        let mut pool = Pool {
            jobs: self,
            teller,
            heard,
            below: Vec::new(),
            scripts,
            next: 0,
            shown: 0,
            until: self.scripts.len(),
            handed_on: false,
        };
        let end = pool.run(cancel, listener);
        pool.leave();
        end
    }
}

/// A script as far as it has come.
#[derive(Debug, Default)]
struct Script {
    /// What it told and others before it have not.
    told: Vec<Told>,
    stands: Stands,
}

#[derive(Debug, Default)]
enum Stands {
    /// It waits, or runs.
    #[default]
    Open,
    Done,
    Gone(Option<String>),
}

struct Pool<'a> {
    jobs: Jobs<'a>,
    teller: Sender<(usize, Option<Told>)>,
    heard: Receiver<(usize, Option<Told>)>,
    below: Vec<Option<Below>>,
    scripts: Vec<Script>,
    /// The next that is to begin.
    next: usize,
    /// How many were told of.
    shown: usize,
    /// How many are to be.
    until: usize,
    handed_on: bool,
}

impl Pool<'_> {
    fn run(&mut self, cancel: &AtomicBool, listener: &mut dyn Listener) -> io::Result<End> {
        let mut looked = Instant::now();
        while self.shown < self.until {
            let cancelled = cancel.load(Ordering::Relaxed);
            if cancelled {
                self.hand_on();
                if !self.any_runs() {
                    break;
                }
            } else {
                self.begin()?;
            }
            self.hear(LOOK, listener);
            if looked.elapsed() >= LOOK {
                looked = Instant::now();
                self.look_after(cancelled, listener);
                listener.idle();
            }
            if let Some(why) = self.show(cancelled, listener) {
                return Ok(End::Gone(why));
            }
        }
        if cancel.load(Ordering::Relaxed) {
            self.show(true, listener);
            return Ok(End::Interrupted);
        }
        Ok(End::Over {
            left: self.scripts.len() - self.until,
        })
    }

    fn any_runs(&self) -> bool {
        self.below.iter().flatten().any(|it| it.task.is_some())
    }

    /// Begins as many scripts as there is room for.
    fn begin(&mut self) -> io::Result<()> {
        let jobs = self.jobs;
        while self.next < self.until {
            let Some((script, text)) = jobs.scripts.get(self.next) else {
                break;
            };
            if !self.below.iter().flatten().any(Below::is_free) {
                if self.below.iter().flatten().count() >= jobs.number {
                    break;
                }
                let how = How {
                    apart: jobs.apart,
                    live: jobs.live,
                    terminal: jobs.terminal,
                };
                let started = Below::start(how, self.below.len(), self.teller.clone())?;
                self.below.push(Some(started));
            }
            let mut below = self.below.iter_mut().flatten();
            if let Some(free) = below.find(|it| it.is_free()) {
                free.begin(self.next, &Task::new(&script.path, text));
                self.next += 1;
            }
        }
        Ok(())
    }

    /// Takes in what is told next, if anything is before `most` has passed.
    fn hear(&mut self, most: Duration, listener: &mut dyn Listener) {
        let (who, told) = match self.heard.recv_timeout(most) {
            Ok(heard) => heard,
            // This process holds the other end, too.
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
        };
        let Some(below) = self.below.get_mut(who).and_then(Option::as_mut) else {
            return;
        };
        let task = below.task;
        below.told(told.as_ref());
        let (Some(number), Some(told)) = (task, told) else {
            return;
        };
        listener.heard(number, &told);
        if let Told::Done(run) = &told
            && self.jobs.fail_fast
            && !passes(run)
        {
            self.until = self.until.min(number + 1);
        }
        if let Some(script) = self.scripts.get_mut(number) {
            if matches!(told, Told::Done(_)) {
                script.stands = Stands::Done;
            }
            script.told.push(told);
        }
    }

    /// Finds out which processes are gone.
    fn look_after(&mut self, cancelled: bool, listener: &mut dyn Listener) {
        let mut gone = Vec::new();
        for place in &mut self.below {
            let Some(below) = place else { continue };
            let Some(why) = below.gone(self.jobs.limit, cancelled) else {
                continue;
            };
            if let Some(number) = below.task {
                gone.push((number, why, below.last_words()));
            }
            *place = None;
        }
        for (number, why, words) in gone {
            // What comes after it is told of when it has run again.
            if !cancelled {
                self.until = self.until.min(number + 1);
            }
            if let Some(script) = self.scripts.get_mut(number) {
                for told in words {
                    listener.heard(number, &told);
                    script.told.push(told);
                }
                script.stands = Stands::Gone(why);
            }
        }
    }

    /// Tells what is next in order. Gives why a process is gone, where that is next and nobody has ended it.
    fn show(&mut self, cancelled: bool, listener: &mut dyn Listener) -> Option<Option<String>> {
        while let Some(script) = self.scripts.get_mut(self.shown) {
            if self.shown >= self.until {
                break;
            }
            for told in script.told.drain(..) {
                listener.told(self.shown, told);
            }
            match &mut script.stands {
                Stands::Open => break,
                Stands::Gone(why) if !cancelled => return Some(why.take()),
                Stands::Done | Stands::Gone(_) => self.shown += 1,
            }
        }
        None
    }

    /// Hands a Ctrl-C on where no terminal does.
    fn hand_on(&mut self) {
        if !self.handed_on && !self.jobs.terminal {
            self.below.iter().flatten().for_each(Below::interrupt);
        }
        self.handed_on = true;
    }

    /// Ends what still runs, which nobody is told of any more, in good order where it can be: what plugins have started
    /// ends by that.
    fn leave(&mut self) {
        let running = self.below.iter().flatten().filter(|it| it.task.is_some());
        running.for_each(Below::interrupt);
        let until = Instant::now() + LEAVE;
        while self.any_runs() && Instant::now() < until {
            self.hear(LOOK, &mut Nobody);
            self.look_after(true, &mut Nobody);
        }
        self.below.clear();
    }
}

/// Hears nothing.
struct Nobody;

impl Listener for Nobody {
    fn heard(&mut self, _script: usize, _told: &Told) {}
    fn told(&mut self, _script: usize, _told: Told) {}
    fn idle(&mut self) {}
}

/// Whether nothing in a script's run went wrong.
fn passes(run: &Run) -> bool {
    run.failure.is_none() && run.reports.iter().all(|it| it.verdict.is_fine())
}
