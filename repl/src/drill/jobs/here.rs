//! Runs scripts in this very process, for debuggers, sanitizers and whatever else follows one process: nothing is begun
//! again, and nobody looks whether a call returns.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use quorate_drill::{DrillReport, Observer, Remark, StageSource};
use quorate_host::{KeptCopies, tell_deaths};
use quorate_model::Time;
use quorate_script::run_script;

use super::wire::Told;
use super::{End, Listener, Part, passes};
use crate::drill::args::DrillArgs;
use crate::drill::options::run_options;
use crate::source;

/// Runs the parts one after the other.
pub(in crate::drill) fn run<L: Listener + 'static>(
    args: &DrillArgs,
    parts: &[Part],
    cancel: &Arc<AtomicBool>,
    listener: &Rc<RefCell<L>>,
) -> End {
    tell_deaths();
    let _copies = KeptCopies::begin();
    let source: Rc<dyn StageSource> = Rc::new(source::clusters(&args.plugins, &args.apart));
    for (number, part) in parts.iter().enumerate() {
        let left = parts.len() - number;
        if cancel.load(Ordering::Relaxed) {
            return End::Interrupted { left };
        }
        let observer = Box::new(Telling {
            part: number,
            listener: Rc::clone(listener),
        });
        let mut options = run_options(args);
        options.offset = part.offset;
        options.choice.names.clone_from(&part.names);
        let mut run = run_script(
            &part.script.path,
            &part.text,
            source.clone(),
            options,
            observer,
            cancel.clone(),
        );
        let fine = passes(&run);
        let journal = std::mem::take(&mut run.journal);
        let tell = |told| {
            listener.borrow_mut().heard(number, &told);
            listener.borrow_mut().told(number, told);
        };
        tell(Told::Journal(journal));
        tell(Told::Done(Box::new(run)));
        if cancel.load(Ordering::Relaxed) {
            return End::Interrupted { left: left - 1 };
        }
        if args.fail_fast && !fine {
            return End::Over { left: left - 1 };
        }
    }
    End::Over { left: 0 }
}

/// Passes a script's events on at once.
struct Telling<L> {
    part: usize,
    listener: Rc<RefCell<L>>,
}

impl<L: Listener> Telling<L> {
    fn tell(&self, told: Told) {
        let mut listener = self.listener.borrow_mut();
        listener.heard(self.part, &told);
        listener.told(self.part, told);
    }
}

impl<L: Listener> Observer for Telling<L> {
    fn drill_started(&mut self, file: &str, name: &str, seed: u64) {
        self.tell(Told::Began {
            file: file.to_owned(),
            name: name.to_owned(),
            seed,
        });
    }

    fn time_passed(&mut self, _: Time) {}

    fn step(&mut self, now: Time, title: &str) {
        self.tell(Told::Step(now, title.to_owned()));
    }

    fn note(&mut self, now: Time, text: &str) {
        self.tell(Told::Note(now, text.to_owned()));
    }

    fn remark(&mut self, remark: &Remark) {
        self.tell(Told::Remark(remark.clone()));
    }

    fn drill_ended(&mut self, report: &DrillReport) {
        self.tell(Told::Ended(Box::new(report.clone())));
    }
}
