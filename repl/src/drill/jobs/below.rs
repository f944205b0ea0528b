//! One process below, as this process sees it.

use std::env;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

use quorate_host::{describe_end, has_ended, interrupt, is_stopped, tell_parent};

use super::wire::{Task, Told, receive, send};
use super::{APART, LIVE};
use crate::below::{STOPPED, WORKER};

/// How long a process that has closed its socket, or that has ended while another holds it open, is waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// How processes below are started.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    /// Whether each plugin runs in a process of its own, though the command line does not say so.
    pub(super) apart: bool,
    /// Whether somebody watches.
    pub(super) live: bool,
    /// Whether a terminal stops, goes on with and interrupts all of them. Without one this process does.
    pub(super) terminal: bool,
}

/// A process below.
#[derive(Debug)]
pub(super) struct Below {
    child: Child,
    stream: UnixStream,
    /// Its standard output and error, and how much of each was told.
    written: [(File, u64); 2],
    /// The script that it runs.
    pub(super) task: Option<usize>,
    /// Whether a call in it has not returned.
    hung: bool,
    /// Whether nothing comes from it any more.
    closed: bool,
    /// Since when it seems to be gone, or was stopped.
    since: Option<Instant>,
    stopped: Option<Instant>,
}

impl Below {
    /// Starts one that tells `heard` what it tells, with its number; `None` when nothing comes any more.
    pub(super) fn start(
        how: How,
        number: usize,
        heard: Sender<(usize, Option<Told>)>,
    ) -> io::Result<Below> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut written = Vec::new();
        let mut command = Command::new(env::current_exe()?);
        for error in [false, true] {
            // Of its own place in the file, so that what is read here moves nothing there.
            let file = tempfile::NamedTempFile::new()?;
            let theirs = File::options().append(true).open(file.path())?;
            match error {
                false => command.stdout(theirs),
                true => command.stderr(theirs),
            };
            written.push((file.into_file(), 0));
        }
        tell_parent(&mut command)
            .args(env::args_os().skip(1))
            .env(WORKER, "1")
            .stdin(Stdio::from(OwnedFd::from(theirs)));
        if how.apart {
            command.env(APART, "1");
        }
        if how.live {
            command.env(LIVE, "1");
        }
        if !how.terminal {
            command.process_group(0);
        }
        let mut reader = ours.try_clone()?;
        let [out, error] =
            <[_; 2]>::try_from(written).map_err(|_| io::Error::other("two streams were opened"))?;
        let child = command.spawn()?;
        thread::spawn(move || {
            while let Ok(told) = receive::<Told>(&mut reader) {
                if heard.send((number, Some(told))).is_err() {
                    return;
                }
            }
            // Nobody need hear it any more.
            let _ = heard.send((number, None));
        });
        Ok(Below {
            child,
            stream: ours,
            written: [out, error],
            task: None,
            hung: false,
            closed: false,
            since: None,
            stopped: None,
        })
    }

    /// Whether it can be given a script.
    pub(super) fn is_free(&self) -> bool {
        self.task.is_none() && !self.closed
    }

    /// Gives it a script to run. One that is gone is found out by a look.
    pub(super) fn begin(&mut self, number: usize, task: &Task) {
        self.task = Some(number);
        let _ = send(&mut self.stream, task);
    }

    /// Takes in what it told of itself.
    pub(super) fn told(&mut self, told: Option<&Told>) {
        match told {
            None => self.closed = true,
            Some(Told::Hung) => self.hung = true,
            Some(Told::Wrote { error, bytes }) => {
                if let Some((_, told)) = self.written.get_mut(usize::from(*error)) {
                    *told += bytes.len() as u64;
                }
            }
            Some(Told::Done(_)) => self.task = None,
            Some(_) => {}
        }
    }

    /// Asks it to end what it runs.
    pub(super) fn interrupt(&self) {
        interrupt(&self.child);
    }

    /// Whether it is gone, and why; `Some(None)` if a call has not returned. One that was stopped for longer than its limit,
    /// or when it is to end, is killed.
    pub(super) fn gone(&mut self, limit: Duration, to_end: bool) -> Option<Option<String>> {
        let ended = has_ended(&self.child);
        if ended || self.closed {
            let since = self.since.get_or_insert_with(Instant::now).elapsed();
            if !(ended && self.closed) && since < PATIENCE {
                return None;
            }
            // A kill of what has ended changes nothing.
            let _ = self.child.kill();
            let end = self.child.wait().map(describe_end);
            return Some((!self.hung).then(|| end.unwrap_or_else(|error| error.to_string())));
        }
        if is_stopped(&self.child) {
            let since = self.stopped.get_or_insert_with(Instant::now).elapsed();
            if to_end || since > limit {
                return Some(Some(STOPPED.to_owned()));
            }
        } else {
            self.stopped = None;
        }
        None
    }

    /// What it had written and not told when it ended.
    pub(super) fn last_words(&mut self) -> Vec<Told> {
        let mut words = Vec::new();
        for ((file, told), error) in self.written.iter_mut().zip([false, true]) {
            let mut bytes = Vec::new();
            let read = file
                .seek(SeekFrom::Start(*told))
                .and_then(|_| file.read_to_end(&mut bytes));
            if read.is_ok() && !bytes.is_empty() {
                words.push(Told::Wrote { error, bytes });
            }
        }
        words
    }
}

impl Drop for Below {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
        // It has nothing to lose, and what plugins do at the end of a process may hang.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
