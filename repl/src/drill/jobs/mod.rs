//! Runs scripts in child processes, several at a time, and reports them in order.
//!
//! Each script runs in a process rather than a thread, since plugins may contain any code: one that changes the
//! working directory, writes, hangs or crashes does so to the scripts of its own process only. The events of a script
//! are kept until everything before it is reported, so that the output does not depend on how many run at a time.

mod below;
pub(super) mod here;
mod wire;
pub(crate) mod worker;

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use quorate_drill::Run;

use self::below::{Below, How};
use self::wire::Task;
pub(crate) use self::wire::Told;
use crate::below::Gone;
use crate::files::Meant;

/// Set in a child process that keeps every plugin in a process of its own.
const APART: &str = "QUORATE_DRILL_APART";
/// Set in a child process whose progress anybody watches.
const LIVE: &str = "QUORATE_DRILL_LIVE";
/// How long to wait for messages before the child processes are checked.
const LOOK: Duration = Duration::from_millis(10);
/// How long scripts that are no longer reported have to end in good order.
const LEAVE: Duration = Duration::from_secs(2);

/// A script that is run once.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) script: Meant,
    /// Its text, which was checked before.
    pub(super) text: Arc<str>,
    /// How much is added to the seeds of its drills: 0 in its first run.
    pub(super) offset: u64,
    /// The drills that run, if not all that names and tags choose do.
    pub(super) names: Option<BTreeSet<String>>,
}

/// The scripts to run, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Jobs<'a> {
    /// The runs of the scripts, in the order of the reports.
    pub(super) scripts: &'a [Part],
    /// How many may run at a time.
    pub(super) number: usize,
    /// Whether the first script that does not pass is the last one that is reported.
    pub(super) fail_fast: bool,
    /// Whether each plugin runs in a process of its own, although the command line does not ask for it.
    pub(super) apart: bool,
    /// Whether anybody watches the progress.
    pub(super) live: bool,
    /// Whether the processes share a terminal, which interrupts all of them.
    pub(super) terminal: bool,
    /// How long a process may be stopped by a signal.
    pub(super) limit: Duration,
}

/// The receiver of events.
pub(super) trait Listener {
    /// An event as soon as it comes, in no order.
    fn heard(&mut self, script: usize, told: &Told);
    /// An event in its turn, in the order of the scripts.
    fn told(&mut self, script: usize, told: Told);
    /// Called now and then.
    fn idle(&mut self);
}

/// How a run of scripts ended.
#[derive(Debug)]
pub(super) enum End {
    /// All scripts were reported, or those up to the first that did not pass; `left` were not begun.
    Over { left: usize },
    /// By Ctrl-C: the scripts that had begun were reported; `left` were not begun.
    Interrupted { left: usize },
    /// The process of the last reported script is gone, and how.
    Gone(Gone),
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

/// The state of a script.
#[derive(Debug, Default)]
struct Script {
    /// Its events that wait for earlier scripts.
    told: Vec<Told>,
    stands: Stands,
}

#[derive(Debug, Default)]
enum Stands {
    /// It waits or runs.
    #[default]
    Open,
    Done,
    Gone(Gone),
}

struct Pool<'a> {
    jobs: Jobs<'a>,
    teller: Sender<(usize, Option<Told>)>,
    heard: Receiver<(usize, Option<Told>)>,
    below: Vec<Option<Below>>,
    scripts: Vec<Script>,
    /// The next script to begin.
    next: usize,
    /// How many were reported.
    shown: usize,
    /// How many are to be reported.
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
            return Ok(End::Interrupted {
                left: self.scripts.len() - self.next,
            });
        }
        Ok(End::Over {
            left: self.scripts.len() - self.until,
        })
    }

    fn any_runs(&self) -> bool {
        self.below.iter().flatten().any(|it| it.task.is_some())
    }

    /// Begins as many scripts as there are free places.
    fn begin(&mut self) -> io::Result<()> {
        let jobs = self.jobs;
        while self.next < self.until {
            let Some(part) = jobs.scripts.get(self.next) else {
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
                let mut task = Task::new(&part.script.path, &part.text);
                task.offset = part.offset;
                task.names.clone_from(&part.names);
                free.begin(self.next, &task);
                self.next += 1;
            }
        }
        Ok(())
    }

    /// Takes the next message, waiting for at most `most`.
    fn hear(&mut self, most: Duration, listener: &mut dyn Listener) {
        let (who, told) = match self.heard.recv_timeout(most) {
            Ok(heard) => heard,
            // It is never disconnected, since this process has a sender as well.
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

    /// Finds processes that are gone.
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
            // Later scripts are reported after they have run again.
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

    /// Reports the next events in order. Returns why a process is gone if its script is next, unless the run was
    /// interrupted.
    fn show(&mut self, cancelled: bool, listener: &mut dyn Listener) -> Option<Gone> {
        while let Some(script) = self.scripts.get_mut(self.shown) {
            if self.shown >= self.until {
                break;
            }
            for told in script.told.drain(..) {
                listener.told(self.shown, told);
            }
            match &mut script.stands {
                Stands::Open => break,
                Stands::Gone(why) if !cancelled => return Some(std::mem::take(why)),
                Stands::Done | Stands::Gone(_) => self.shown += 1,
            }
        }
        None
    }

    /// Passes a Ctrl-C on.
    fn hand_on(&mut self) {
        if !self.handed_on {
            let terminal = self.jobs.terminal;
            let all = self.below.iter().flatten();
            all.for_each(|it| it.interrupt(terminal));
        }
        self.handed_on = true;
    }

    /// Ends the scripts that still run and are no longer reported, if possible in good order, so that whatever
    /// plugins have started ends as well.
    fn leave(&mut self) {
        let running = self.below.iter().flatten().filter(|it| it.task.is_some());
        running.for_each(|it| it.interrupt(false));
        let until = Instant::now() + LEAVE;
        while self.any_runs() && Instant::now() < until {
            self.hear(LOOK, &mut Nobody);
            self.look_after(true, &mut Nobody);
        }
        self.below.clear();
    }
}

/// Ignores all events.
struct Nobody;

impl Listener for Nobody {
    fn heard(&mut self, _script: usize, _told: &Told) {}
    fn told(&mut self, _script: usize, _told: Told) {}
    fn idle(&mut self) {}
}

/// Whether everything in a script's run passed.
fn passes(run: &Run) -> bool {
    run.failure.is_none() && run.reports.iter().all(|it| it.verdict.is_fine())
}
