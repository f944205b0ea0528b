//! One program that was started, with all that it has started in its turn.

use std::io;
use std::process::Child;
use std::time::{Duration, Instant};

use quorate_host::ServiceState;
use quorate_model::{Ready, Time};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use crate::cgroup::Cgroup;
use crate::clock;

/// For how long a program may take to stop once it was asked to; then it is killed.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// How long a program may take to be gone once it was killed. One that hangs in the kernel is not.
const KILL_PATIENCE: Duration = Duration::from_secs(5);

/// The same where the program had ended by itself, and only what it has left behind is killed: it is looked at again.
const LOOK_PATIENCE: Duration = Duration::from_millis(200);

/// How the end of a program is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It ended by itself while it started.
    StartFailed,
    /// It ended by itself while it ran.
    Crashed,
    /// It stopped because it was asked to.
    Stopped,
    /// It was killed.
    Killed,
}

/// What has become of a program since it was last looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Nothing new.
    Nothing,
    /// It has started.
    Started,
    /// It, and all that it had started, is gone.
    Ended(End),
}

/// A program that runs, or is not gone yet. It leads a process group, which whatever it starts belongs to.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    group: Option<Pid>,
    /// Its control group, which nothing that it has started can leave.
    control: Option<Cgroup>,
    pub(super) state: ServiceState,
    /// When the present state began.
    since: Time,
    ready: Ready,
    /// The command that stops it, once that was started.
    stopping: Option<Child>,
    killed: bool,
}

impl Process {
    /// A program that has just been started.
    pub(super) fn new(child: Child, ready: Ready, control: Option<Cgroup>) -> Process {
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        Process {
            child,
            group,
            control,
            state: ServiceState::StartPending,
            since: clock::now(),
            ready,
            stopping: None,
            killed: false,
        }
    }

    /// Whether anything of it is left. The program itself is left until it was waited for.
    fn is_left(&mut self) -> bool {
        let program = matches!(self.child.try_wait(), Ok(None));
        program || self.group_is_left()
    }

    fn group_is_left(&self) -> bool {
        if let Some(control) = &self.control
            && control.is_populated()
        {
            return true;
        }
        let Some(group) = self.group else {
            return false;
        };
        // The system counts those that have ended and that nobody has waited for.
        test_kill_process_group(group).is_ok() && runs_in_group(group)
    }

    fn signal(&self, signal: Signal) {
        if let Some(control) = &self.control
            && signal == Signal::KILL
        {
            control.kill(Duration::ZERO);
        }
        if let Some(group) = self.group {
            // One that is gone needs none.
            let _ = kill_process_group(group, signal);
        }
    }

    /// Looks at it. `says_so` tells whether it has started, where its own process and files do not.
    pub(super) fn look(&mut self, says_so: impl FnOnce() -> bool) -> News {
        let ended = !matches!(self.child.try_wait(), Ok(None));
        match self.state {
            ServiceState::StopPending => self.look_at_stop(ended),
            ServiceState::StartPending if ended => self.ended_by_itself(End::StartFailed),
            ServiceState::Running if ended => self.ended_by_itself(End::Crashed),
            ServiceState::StartPending => {
                let ready = match &self.ready {
                    Ready::Alive(span) => self.lasted() >= *span,
                    Ready::Port(_) | Ready::Notify | Ready::Answer => says_so(),
                    Ready::File(file) => std::path::Path::new(file).exists(),
                };
                if !ready {
                    return News::Nothing;
                }
                self.become_(ServiceState::Running);
                News::Started
            }
            ServiceState::Running | ServiceState::Stopped => News::Nothing,
        }
    }

    fn look_at_stop(&mut self, ended: bool) -> News {
        if !self.is_left() {
            self.end_stopping();
            self.tidy();
            return News::Ended(match self.killed {
                true => End::Killed,
                false => End::Stopped,
            });
        }
        if let Some(stopping) = &mut self.stopping {
            // So that nobody has to wait for it later.
            let _ = stopping.try_wait();
        }
        if ended || self.lasted() >= STOP_PATIENCE {
            // What a program that has ended has left behind goes, too.
            self.killed |= !ended;
            self.signal(Signal::KILL);
        }
        News::Nothing
    }

    fn ended_by_itself(&mut self, end: End) -> News {
        self.signal(Signal::KILL);
        match self.gone_within(LOOK_PATIENCE) {
            true => News::Ended(end),
            false => News::Nothing,
        }
    }

    fn lasted(&self) -> Duration {
        clock::now().since(self.since)
    }

    /// Nobody needs the command that stops it any more.
    fn end_stopping(&mut self) {
        if let Some(mut stopping) = self.stopping.take() {
            let _ = stopping.kill();
            let _ = stopping.wait();
        }
    }

    fn become_(&mut self, state: ServiceState) {
        self.state = state;
        self.since = clock::now();
    }

    /// Asks it to stop: by this command, which was started, or else by SIGTERM.
    pub(super) fn stop(&mut self, stopping: Option<Child>) {
        if self.state == ServiceState::StopPending {
            return;
        }
        if stopping.is_none() {
            self.signal(Signal::TERM);
        }
        self.stopping = stopping;
        self.become_(ServiceState::StopPending);
    }

    /// Kills it, and waits until nothing of it is left.
    ///
    /// # Errors
    /// Something of it is still there.
    pub(super) fn kill(&mut self) -> io::Result<()> {
        self.signal(Signal::KILL);
        let _ = self.child.kill();
        self.end_stopping();
        match self.gone_within(KILL_PATIENCE) {
            true => Ok(()),
            false => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Nothing of it is left.
    fn tidy(&self) {
        if let Some(control) = &self.control {
            control.remove();
        }
    }

    /// Waits for its end. What was killed is gone within milliseconds.
    fn gone_within(&mut self, limit: Duration) -> bool {
        let begun = Instant::now();
        while self.is_left() {
            if begun.elapsed() >= limit {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        self.tidy();
        true
    }
}

/// Whether a process of the group has not ended. If that cannot be found out, one has not.
fn runs_in_group(group: Pid) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return true;
    };
    processes.flatten().any(|process| {
        let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        // After the name, which is in brackets: state, parent, group.
        let mut rest = stat
            .rsplit_once(") ")
            .map_or("", |(_, rest)| rest)
            .split(' ');
        let (state, group_of) = (rest.next(), rest.nth(1));
        let of = group_of.and_then(|text| text.parse().ok());
        of == Some(group.as_raw_nonzero().get()) && !matches!(state, Some("Z" | "X"))
    })
}
