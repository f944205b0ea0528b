//! The warden: a small process above the driver's, which has nothing to do but to see that nothing runs that must not.
//!
//! - Before a node starts, nothing that an earlier start of it left behind runs any more: the others take a new incarnation
//!   as proof of that.
//! - The driver tells it until when it has the licence to run services, and when it runs none. When the licence is over, all
//!   of them are killed, and the driver with its addresses: it stands still, or it would have ended them.
//! - When the driver ends, so do they.
//! - Where the node file asks for that, the machine's watchdog resets the machine if the warden cannot see to it.

mod licence;
#[cfg(test)]
mod tests;
mod watchdog;

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use quorate_host::{describe_end, tell_parent};
use quorate_model::Time;
use quorate_node::bounds;
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::cgroup::Cgroup;
use crate::clock;
use crate::held;
use crate::memory;
use crate::state::group_of;

pub(crate) use licence::Licence;
use watchdog::{EACH, Watchdog};

/// How long what was killed may take to be gone. One that hangs in the kernel is not, and keeps the node from starting.
const PATIENCE: Duration = match cfg!(test) {
    true => Duration::from_millis(300),
    false => Duration::from_secs(30),
};

/// For how long another warden of the same node is waited for, which may have been killed just now.
const HANDOVER: Duration = match cfg!(test) {
    true => Duration::from_millis(300),
    false => held::HANDOVER,
};

/// Its environment variable tells the driver where its services belong.
pub const CGROUP: &str = "QUORATE_CGROUP";

/// What a warden watches over.
#[derive(Debug)]
pub struct Ward {
    /// The cluster's name.
    pub cluster: String,
    /// The node's name.
    pub node: String,
    /// The driver's program and arguments. It gets one end of the warden's socket as its standard input.
    pub driver: Vec<String>,
    /// The watchdog that resets the machine where the warden cannot do what it is for.
    pub watchdog: Option<PathBuf>,
}

/// Why a node is not watched over any more.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// It may not run on this machine, or not as its node file wants.
    #[error("{0}")]
    Refused(String),
    /// The system's, or something that must not run cannot be ended.
    #[error(transparent)]
    System(#[from] io::Error),
}

/// Something that a warden waits for.
enum Happened {
    /// The driver may run services until then.
    Licence(Time),
    /// The driver has closed its end, as its end does.
    Gone,
    /// The system wants something of the driver.
    Signal(i32),
}

/// What keeps a node from being watched over on this machine, if anything does.
///
/// # Errors
/// A sentence: what is missing.
pub(crate) fn can_watch(cluster: &str, node: &str) -> Result<(), String> {
    // One that is there is a warden's, perhaps this process's own.
    let there = Cgroup::found(cluster, node).is_some();
    let group = Cgroup::of_node(cluster, node)?;
    if !there {
        group.remove_with_those_above();
    }
    Ok(())
}

/// Runs a driver until it ends in order, and starts it again a minute after it has ended otherwise. Returns the status to
/// end with. `told` is told what happens, as sentences.
///
/// # Errors
/// The driver or the watchdog cannot be started, or something that must not run cannot be ended. A watchdog that was started
/// resets the machine then, unless it is certain that nothing runs.
pub fn watch(ward: &Ward, mut told: impl FnMut(&str)) -> Result<i32, WatchError> {
    let group = match Cgroup::of_node(&ward.cluster, &ward.node) {
        Ok(group) => Some(group),
        Err(why) if ward.watchdog.is_some() => {
            return Err(WatchError::Refused(format!("{why}; {BLIND}")));
        }
        Err(why) => {
            told(&format!(
                "{why}; so a service's own children may outlive it, and nothing ends what a driver that stands still runs"
            ));
            None
        }
    };
    if let Err(why) = memory::keep() {
        told(&format!(
            "the warden's memory cannot be kept from being paged out: {why}"
        ));
    }
    let (to, happened) = channel();
    let signals = to.clone();
    let mut all = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in all.forever() {
                if signals.send(Happened::Signal(signal)).is_err() {
                    return;
                }
            }
        })?;
    let mut warden = Warden {
        group,
        kept: None,
        happened,
        watchdog: None,
        stops: false,
        told,
    };
    let code = warden.run(ward, &to)?;
    if let Some(group) = &warden.group {
        group.remove_with_those_above();
    }
    warden.close_watchdog();
    Ok(code)
}

/// Why no watchdog is used where there is no control group.
pub(crate) const BLIND: &str =
    "a watchdog cannot be used without one: its warden would not see whether services still run";

/// Watches over one node.
struct Warden<T> {
    group: Option<Cgroup>,
    /// For as long as this is, no other warden has the group.
    kept: Option<File>,
    happened: Receiver<Happened>,
    watchdog: Option<Watchdog>,
    /// The node is to stop for good.
    stops: bool,
    told: T,
}

impl<T: FnMut(&str)> Warden<T> {
    /// Returns the status to end with, once nothing runs any more.
    fn run(&mut self, ward: &Ward, to: &Sender<Happened>) -> Result<i32, WatchError> {
        self.keep_group(ward)?;
        self.end_all()?;
        // Another one than any before: its number tells whose it is that somebody finds.
        if let Some(group) = &self.group {
            group.remove();
            group.make()?;
        }
        self.keep_group(ward)?;
        if let Some(place) = &ward.watchdog {
            let opened = Watchdog::open(place).map_err(|why| {
                let text = format!("the watchdog {} cannot be used: {why}", place.display());
                WatchError::Refused(text)
            });
            self.watchdog = Some(opened?);
        }
        loop {
            self.end_all()?;
            let started = start(ward, self.group.as_ref(), to);
            if started.is_err() {
                self.close_watchdog();
            }
            let mut driver = started?;
            let status = self.stand_by(&mut driver)?;
            self.end_all()?;
            match status.code() {
                // What it says itself is final; a panic is not.
                Some(code) if self.stops || code != PANICKED => return Ok(code),
                _ if self.stops => return Ok(1),
                _ => {}
            }
            (self.told)(&format!(
                "the driver ended: {}; it is started again in {:?}",
                describe_end(status),
                bounds::SERVICE_RESTART
            ));
            if self.wait(bounds::SERVICE_RESTART) {
                return Ok(0);
            }
        }
    }

    /// Two wardens of one node would end each other's services.
    fn keep_group(&mut self, ward: &Ward) -> Result<(), WatchError> {
        let Some(group) = &self.group else {
            return Ok(());
        };
        // It may be the same one still.
        self.kept = None;
        self.kept = group.keep(HANDOVER)?;
        match self.kept {
            Some(_) => Ok(()),
            None => Err(WatchError::Refused(format!(
                "a node {} of a cluster {} runs on this machine already",
                ward.node, ward.cluster
            ))),
        }
    }

    fn end_all(&self) -> io::Result<()> {
        match &self.group {
            Some(group) if !group.kill(PATIENCE) => Err(io::Error::other(format!(
                "processes in {} were killed and are still there",
                group.path().display()
            ))),
            _ => Ok(()),
        }
    }

    /// All is as it should be.
    fn pet(&mut self) {
        if let Some(watchdog) = &mut self.watchdog
            && let Err(why) = watchdog.pet(clock::now())
        {
            (self.told)(&format!("the watchdog may reset the machine: {why}"));
        }
    }

    /// Nothing runs any more that a watchdog would have to end.
    fn close_watchdog(&mut self) {
        if let Some(watchdog) = self.watchdog.take()
            && let Err(why) = watchdog.close()
        {
            (self.told)(&format!("the watchdog may reset the machine: {why}"));
        }
    }

    /// Whether anything runs that a driver has started.
    fn services_run(&self) -> bool {
        self.group.as_ref().is_some_and(Cgroup::is_populated)
    }

    /// Waits for the end of a driver, and sees meanwhile that its services end with its licence.
    fn stand_by(&mut self, driver: &mut Child) -> io::Result<ExitStatus> {
        let mut until: Option<Time> = None;
        let mut overdue = false;
        loop {
            if until.is_some_and(|end| end <= clock::now()) {
                until = None;
                // The watchdog waits from here on: it is put off again when all this has ended.
                overdue = true;
                (self.told)(
                    "the licence to run services is over, and the driver has not ended them: it all is killed",
                );
                self.end_all()?;
                // It has more than processes: addresses, which others need now.
                let _ = driver.kill();
            }
            // A driver that has given its licence up may have failed to end something.
            if !overdue && (until.is_some() || !self.services_run()) {
                self.pet();
            }
            let patience = until.map_or(EACH, |end| end.since(clock::now()).min(EACH));
            match self.happened.recv_timeout(patience) {
                Ok(Happened::Licence(Time::ZERO)) => until = None,
                Ok(Happened::Licence(end)) => until = Some(end),
                Ok(Happened::Signal(signal)) => {
                    self.stops |= signal != SIGHUP;
                    pass_on(driver, signal);
                }
                Ok(Happened::Gone) => {
                    // It may be about to end by itself.
                    self.end_all()?;
                    return driver.wait();
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return driver.wait(),
            }
        }
    }

    /// Waits while nothing runs. Returns whether the node is to stop meanwhile.
    fn wait(&mut self, span: Duration) -> bool {
        let end = clock::now() + span;
        loop {
            self.pet();
            let left = end.since(clock::now());
            if left.is_zero() {
                return false;
            }
            match self.happened.recv_timeout(left.min(EACH)) {
                Ok(Happened::Signal(signal)) if signal != SIGHUP => return true,
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }
}

/// Ends whatever a node has left behind that does not run any more, such as one that was killed, and removes its control
/// group. `state` is the node's state folder: the group of another node of the same name is let alone. Returns whether
/// nothing of it is left.
pub fn clear(state: &Path, cluster: &str, node: &str) -> bool {
    let Some(group) = Cgroup::found(cluster, node) else {
        return true;
    };
    if group_of(state) != group.number() {
        return true;
    }
    let ended = group.kill(PATIENCE);
    group.remove_with_those_above();
    ended
}

/// The status of a process whose main thread has panicked.
const PANICKED: i32 = 101;

fn start(ward: &Ward, group: Option<&Cgroup>, to: &Sender<Happened>) -> io::Result<Child> {
    let (mine, theirs) = UnixStream::pair()?;
    let nothing = || io::Error::from(io::ErrorKind::InvalidInput);
    let (program, arguments) = ward.driver.split_first().ok_or_else(nothing)?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        // Ctrl-C comes to the warden, which passes it on.
        .process_group(0);
    if let Some(group) = group {
        command.env(CGROUP, group.path());
    }
    let to = to.clone();
    // First: a driver that runs is one that is heard.
    thread::Builder::new()
        .name("driver".to_owned())
        .spawn(move || hear(mine, &to))?;
    // The command, which goes with this, has the driver's end of the socket, whose end is to be seen.
    tell_parent(&mut command).spawn()
}

/// Hands on what a driver says.
fn hear(mut driver: UnixStream, to: &Sender<Happened>) {
    let mut bytes = [0; Licence::BYTES];
    while driver.read_exact(&mut bytes).is_ok() {
        if to.send(Happened::Licence(Licence::read(bytes))).is_err() {
            return;
        }
    }
    let _ = to.send(Happened::Gone);
}

fn pass_on(driver: &Child, signal: i32) {
    let pid = i32::try_from(driver.id()).ok().and_then(Pid::from_raw);
    let signal = match signal {
        SIGHUP => Signal::HUP,
        SIGINT => Signal::INT,
        _ => Signal::TERM,
    };
    if let Some(pid) = pid {
        // One that has ended needs none.
        let _ = kill_process(pid, signal);
    }
}
