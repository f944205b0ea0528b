//! Calls to the system about processes: ending them with everything they started, and finding out how they ended.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, getpgrp, getpid, getppid, kill_process,
    kill_process_group, set_parent_process_death_signal, waitid,
};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::signals::signal_name;

/// The environment variable that tells a process which process started it.
const PARENT: &str = "QUORATE_PARENT";

/// Makes `command` tell the process that it starts which process started it, for [`end_with_parent`].
pub fn tell_parent(command: &mut Command) -> &mut Command {
    command.env(PARENT, std::process::id().to_string())
}

/// Has all threads of this process allocate from one heap. Call it before there are any.
///
/// glibc gives each thread a heap of its own, which grows and shrinks page by page with a request to the system each time: a tenth of
/// what a drill takes. A process that works in one thread at a time has nothing of that; one with many that work at once should not
/// call it. Nothing happens with another C library.
pub fn share_heap() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it sets a number that the allocator reads before it makes another heap.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}

/// Makes this process end when the process that started it ends, for whatever reason. If that one was started with
/// [`tell_parent`], this works even if it has ended before this is called.
pub fn end_with_parent() {
    // On a system that cannot do that, the process runs until it ends by itself.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let parent = getppid().map(|pid| pid.as_raw_nonzero().to_string());
    if std::env::var(PARENT).is_ok_and(|told| parent.as_ref() != Some(&told)) {
        end_at_once();
    }
}

/// Takes the socket that this process has as its standard input, and leaves an empty input in its place: a plugin that
/// reads its standard input must not get the socket. `None` if it is no socket.
///
/// # Errors
///
/// The system's errors.
pub fn take_stdin() -> io::Result<Option<UnixStream>> {
    let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    if stream.local_addr().is_err() {
        return Ok(None);
    }
    rustix::stdio::dup2_stdin(&File::open("/dev/null")?)?;
    Ok(Some(stream))
}

/// Interrupts a child of this process, as Ctrl-C does.
pub fn interrupt(child: &Child) {
    if let Some(pid) = pid_of(child) {
        // A child that has already ended needs no interrupt.
        let _ = kill_process(pid, Signal::INT);
    }
}

/// Kills a child of this process that leads a process group, and everything that it has started. The child must not
/// have been waited for: its number may belong to another process then.
pub fn kill_group(child: &mut Child) {
    if let Some(pid) = pid_of(child) {
        // If nobody is in the group any more there is nothing to kill.
        let _ = kill_process_group(pid, Signal::KILL);
    }
    // The child may have left its group.
    let _ = child.kill();
}

/// Whether a child of this process has ended. It can still be waited for afterwards.
pub fn has_ended(child: &Child) -> bool {
    status_of(child, WaitIdOptions::EXITED).is_some()
}

/// Whether SIGSTOP has stopped a child of this process. A stop from the terminal (Ctrl-Z) does not count: the user will
/// let it go on.
pub fn is_stopped(child: &Child) -> bool {
    let status = status_of(child, WaitIdOptions::STOPPED);
    status.is_some_and(|it| it.stopping_signal() == Some(Signal::STOP.as_raw()))
}

/// The status of a child of this process, if it is one of the `wanted` ones. The child can still be waited for
/// afterwards.
fn status_of(child: &Child, wanted: WaitIdOptions) -> Option<WaitIdStatus> {
    let options = wanted | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(pid_of(child)?), options).ok().flatten()
}

fn pid_of(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

/// Ends the process at once. Exit handlers of plugins are not run: they may hang, or use what is gone.
pub fn end_at_once() -> ! {
    let _ = kill_process(getpid(), Signal::KILL);
    std::process::abort()
}

/// Ends the process with this status. If exit handlers of plugins take longer than a second, it ends without them.
pub fn end_soon(status: u8) -> ! {
    std::thread::spawn(|| {
        std::thread::sleep(Duration::from_secs(1));
        end_at_once();
    });
    std::process::exit(status.into())
}

/// Ends this process as another one has ended.
pub(crate) fn end_like(status: ExitStatus) -> ! {
    if let Some(signal) = status.signal() {
        // SAFETY: no handler of ours is to see it: the standard library's would take it for one of this process's own.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
            libc::raise(signal);
        }
    }
    std::process::exit(status.code().unwrap_or(1))
}

/// As [`end_at_once`], and also ends everything that this process has started, if it leads a group.
pub(crate) fn end_group_at_once() -> ! {
    if getpgrp() == getpid() {
        let _ = kill_process_group(getpid(), Signal::KILL);
    }
    end_at_once()
}

/// The settings of the terminal on standard input. They are kept here, to restore them if a process that changes them
/// is killed.
#[derive(Debug)]
pub struct Terminal(Option<Termios>);

impl Terminal {
    /// Reads the present settings.
    pub fn as_it_is() -> Terminal {
        Terminal(tcgetattr(std::io::stdin()).ok())
    }

    /// Restores the settings.
    pub fn restore(&self) {
        if let Some(settings) = &self.0 {
            // A terminal that is gone need not be restored.
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, settings);
        }
    }
}

/// How a process ended, in a few words, such as `SIGSEGV`.
pub fn describe_end(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => {
            signal_name(signal).map_or_else(|| format!("signal {signal}"), str::to_owned)
        }
        (None, Some(code)) => format!("exit with status {code}"),
        (None, None) => "an end that the system does not explain".to_owned(),
    }
}
