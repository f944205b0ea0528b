//! A child process, which runs the scripts it gets one after the other and reports their progress.

use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::{Mutex, MutexGuard};
use quorate_drill::{DrillReport, Observer, Remark, StageSource};
use quorate_host::{Isolation, end_at_once, end_with_parent, take_stdin, watch_calls};
use quorate_model::Time;
use quorate_script::run_script;
use rustix::event::{PollFd, PollFlags, poll};

use super::wire::{Task, Told, receive, send};
use super::{APART, LIVE};
use crate::drill::args::DrillArgs;
use crate::drill::options::run_options;
use crate::drill::progress::REDRAW;
use crate::exit::Exit;
use crate::output::Output;
use crate::source;

/// The longest part of a journal that is sent at once, in bytes.
const PIECE: usize = 1 << 20;

/// Runs scripts until no more come.
pub(crate) fn run(mut args: DrillArgs, mut output: Output, cancel: &Arc<AtomicBool>) -> Exit {
    end_with_parent();
    let stream = match take_stdin() {
        Ok(Some(stream)) => stream,
        Ok(None) => {
            output.error("this is for processes that `quorate drill` starts itself");
            return Exit::Usage;
        }
        Err(error) => {
            output.error(&format!("the standard input: {error}"));
            return Exit::Internal;
        }
    };
    match serve(&mut args, stream, cancel) {
        // There are no more scripts, or the parent is gone. What plugins do at the end of a process may hang.
        Ok(()) => end_at_once(),
        Err(error) => {
            output.error(&format!("the process above cannot be told: {error}"));
            Exit::Internal
        }
    }
}

fn serve(args: &mut DrillArgs, mut stream: UnixStream, cancel: &Arc<AtomicBool>) -> io::Result<()> {
    crate::below::record_calls();
    watch_parent(stream.try_clone()?, cancel.clone());
    let link = Link(Arc::new(Mutex::new(Line {
        stream: stream.try_clone()?,
        written: ["/proc/self/fd/1", "/proc/self/fd/2"].map(|path| File::open(path).ok()),
    })));
    if env::var_os(APART).is_some() {
        args.apart.isolate.push(Isolation::ALL.to_owned());
    } else if !args.apart.all() {
        let link = link.clone();
        watch_calls(args.apart.settings().call_limit, move || {
            link.tell(&Told::Hung);
            end_at_once();
        });
    }
    let source: Rc<dyn StageSource> = Rc::new(source::clusters(&args.plugins, &args.apart));
    let live = env::var_os(LIVE).is_some();
    while let Ok(task) = receive::<Task>(&mut stream) {
        let observer = Box::new(Telling {
            link: link.clone(),
            told: live.then(Instant::now),
        });
        let mut options = run_options(args);
        options.offset = task.offset;
        options.choice.names.clone_from(&task.names);
        let mut run = run_script(
            &task.path(),
            &task.text,
            source.clone(),
            options,
            observer,
            cancel.clone(),
        );
        for piece in std::mem::take(&mut run.journal).chunks(PIECE) {
            link.tell(&Told::Journal(piece.to_vec()));
        }
        link.tell(&Told::Done(Box::new(run)));
    }
    Ok(())
}

/// Asks what runs to end when the parent process has no more scripts, or is gone: a plugin may have this process ignore the
/// signal for that.
fn watch_parent(stream: UnixStream, cancel: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        loop {
            let mut ends = [PollFd::new(&stream, PollFlags::RDHUP)];
            match poll(&mut ends, None) {
                Err(rustix::io::Errno::INTR) => {}
                Ok(_) | Err(_) => return cancel.store(true, Ordering::SeqCst),
            }
        }
    });
}

/// The connection to the parent process.
#[derive(Clone)]
struct Link(Arc<Mutex<Line>>);

struct Line {
    stream: UnixStream,
    /// This process's standard output and error, as readable files.
    written: [Option<File>; 2],
}

impl Link {
    /// Sends an event, after all output up to now. If nobody receives it, there is nothing left to do.
    fn tell(&self, told: &Told) {
        if self.line().tell(told).is_err() {
            end_at_once();
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock()
    }
}

impl Line {
    fn tell(&mut self, told: &Told) -> io::Result<()> {
        for (file, error) in self.written.iter_mut().zip([false, true]) {
            let mut bytes = Vec::new();
            if let Some(file) = file {
                file.read_to_end(&mut bytes)?;
            }
            if !bytes.is_empty() {
                send(&mut self.stream, &Told::Wrote { error, bytes })?;
            }
        }
        send(&mut self.stream, told)
    }
}

/// Sends an observer's events to the parent process.
struct Telling {
    link: Link,
    /// When the time was last sent, if it is to be sent.
    told: Option<Instant>,
}

impl Observer for Telling {
    fn drill_started(&mut self, file: &str, name: &str, seed: u64) {
        self.link.tell(&Told::Began {
            file: file.to_owned(),
            name: name.to_owned(),
            seed,
        });
    }

    fn time_passed(&mut self, now: Time) {
        if let Some(told) = self.told.as_mut().filter(|it| it.elapsed() >= REDRAW) {
            *told = Instant::now();
            self.link.tell(&Told::Passed(now));
        }
    }

    fn step(&mut self, now: Time, title: &str) {
        self.link.tell(&Told::Step(now, title.to_owned()));
    }

    fn note(&mut self, now: Time, text: &str) {
        self.link.tell(&Told::Note(now, text.to_owned()));
    }

    fn remark(&mut self, remark: &Remark) {
        self.link.tell(&Told::Remark(remark.clone()));
    }

    fn drill_ended(&mut self, report: &DrillReport) {
        self.link.tell(&Told::Ended(Box::new(report.clone())));
    }
}
