//! One child process, as its parent sees it.

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

use quorate_host::{describe_end, has_ended, interrupt, is_stopped, last_call_in, tell_parent};

use super::wire::{Task, Told, receive, send};
use super::{APART, LIVE};
use crate::below::{CALLS, Gone, STOPPED, WORKER};

/// How long to wait for a process that has closed its socket, or that has ended while another process holds the
/// socket open.
const PATIENCE: Duration = Duration::from_millis(500);

/// How child processes are started.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    /// Whether each plugin runs in a process of its own, although the command line does not ask for it.
    pub(super) apart: bool,
    /// Whether anybody watches the progress.
    pub(super) live: bool,
    /// Whether a terminal stops, continues and interrupts all of them. Otherwise this process does.
    pub(super) terminal: bool,
}

/// A child process.
#[derive(Debug)]
pub(super) struct Below {
    child: Child,
    stream: UnixStream,
    /// The files of its standard output and error, and how many bytes of each were reported.
    written: [(File, u64); 2],
    /// Where it keeps which entry it called last.
    calls: tempfile::NamedTempFile,
    /// The script that it is running.
    pub(super) task: Option<usize>,
    /// Whether a call in it has not returned.
    hung: bool,
    /// Whether its connection is closed.
    closed: bool,
    /// Since when it seems to be gone, and since when it has been stopped.
    since: Option<Instant>,
    stopped: Option<Instant>,
}

impl Below {
    /// Starts a child process. It sends its messages to `heard`, with its number, and `None` after the last one.
    pub(super) fn start(
        how: How,
        number: usize,
        heard: Sender<(usize, Option<Told>)>,
    ) -> io::Result<Below> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut written = Vec::new();
        let mut command = Command::new(env::current_exe()?);
        for error in [false, true] {
            // Opened again for a position of its own, so that reading here does not move the writer's.
            let file = tempfile::NamedTempFile::new()?;
            let theirs = File::options().append(true).open(file.path())?;
            match error {
                false => command.stdout(theirs),
                true => command.stderr(theirs),
            };
            written.push((file.into_file(), 0));
        }
        let calls = tempfile::NamedTempFile::new()?;
        tell_parent(&mut command)
            .args(env::args_os().skip(1))
            .env(WORKER, "1")
            .env(CALLS, calls.path())
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
            // The receiver may be gone already.
            let _ = heard.send((number, None));
        });
        Ok(Below {
            child,
            stream: ours,
            written: [out, error],
            calls,
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

    /// Gives it a script to run. If it is gone, the next check finds that out.
    pub(super) fn begin(&mut self, number: usize, task: &Task) {
        self.task = Some(number);
        let _ = send(&mut self.stream, task);
    }

    /// Takes note of a message about its own state.
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

    /// Asks it to end its script, by a signal unless a `terminal` has sent one. It is also told that nothing more comes,
    /// since a plugin may have it ignore the signal.
    pub(super) fn interrupt(&self, terminal: bool) {
        if !terminal {
            interrupt(&self.child);
        }
        // If it is gone there is nobody to tell.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Whether it is gone, and how. A process that is stopped by a signal
    /// counts as gone after `limit`, or at once if it is to end; dropping it kills it.
    pub(super) fn gone(&mut self, limit: Duration, to_end: bool) -> Option<Gone> {
        let how = self.ended(limit, to_end)?;
        let last = last_call_in(self.calls.as_file());
        Some(Gone { how, last })
    }

    /// How it ended; `Some(None)` if a call has not returned.
    fn ended(&mut self, limit: Duration, to_end: bool) -> Option<Option<String>> {
        let ended = has_ended(&self.child);
        if ended || self.closed {
            let since = self.since.get_or_insert_with(Instant::now).elapsed();
            if !(ended && self.closed) && since < PATIENCE {
                return None;
            }
            // Killing a process that has ended does nothing.
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

    /// The output that it had written but not reported when it ended.
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
