//! The state of the process that a call may change.

use std::ffi::{CStr, CString};
use std::mem::{MaybeUninit, zeroed};
use std::ptr;

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, umask};

use super::Change;
use crate::signals::signal_name;

/// The signals with a number of their own; those above are for programs to use as they like.
const SIGNALS: std::ops::RangeInclusive<i32> = 1..=31;
const HANDLERS: usize = 31;

/// The timers that send a signal, each with the signal's name.
const TIMERS: [(libc::c_int, &str); 3] = [
    (libc::ITIMER_REAL, "SIGALRM"),
    (libc::ITIMER_VIRTUAL, "SIGVTALRM"),
    (libc::ITIMER_PROF, "SIGPROF"),
];

/// The limits of a process, with their names as the shell's `ulimit` and `getrlimit` have them.
const LIMITS: [(Resource, &str); 10] = [
    (Resource::As, "RLIMIT_AS"),
    (Resource::Core, "RLIMIT_CORE"),
    (Resource::Cpu, "RLIMIT_CPU"),
    (Resource::Data, "RLIMIT_DATA"),
    (Resource::Fsize, "RLIMIT_FSIZE"),
    (Resource::Memlock, "RLIMIT_MEMLOCK"),
    (Resource::Nofile, "RLIMIT_NOFILE"),
    (Resource::Nproc, "RLIMIT_NPROC"),
    (Resource::Sigpending, "RLIMIT_SIGPENDING"),
    (Resource::Stack, "RLIMIT_STACK"),
];

/// The state of the process, or of this thread where the system keeps it for each.
pub(super) struct Process {
    mask: libc::sigset_t,
    handlers: [libc::sigaction; HANDLERS],
    timers: [libc::itimerval; 3],
    umask: Mode,
    limits: [Rlimit; 10],
    locale: Option<CString>,
    thread_locale: libc::locale_t,
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Process").finish_non_exhaustive()
    }
}

impl Process {
    /// The present state.
    pub(super) fn now() -> Process {
        // It can only be read by setting it. Other threads may make a file in between, which then nobody else can read.
        let mask = umask(Mode::RWXG | Mode::RWXO);
        umask(mask);
        Process {
            mask: blocked(),
            handlers: std::array::from_fn(|index| handler(index as i32 + SIGNALS.start())),
            timers: TIMERS.map(|(which, _)| timer(which)),
            umask: mask,
            limits: LIMITS.map(|(limit, _)| getrlimit(limit)),
            locale: locale(),
            thread_locale: thread_locale(ptr::null_mut()),
        }
    }

    /// Puts back what is not as it was, and adds that to `changes`.
    pub(super) fn put_back(&self, changes: &mut Vec<Change>) {
        // Handlers first: a signal that waits behind the mask must find the host's.
        for (was, number) in self.handlers.iter().zip(SIGNALS) {
            if !same_handler(was, &handler(number)) {
                // SAFETY: the action was read from the system.
                unsafe { libc::sigaction(number, was, ptr::null_mut()) };
                let name =
                    signal_name(number).map_or_else(|| format!("signal {number}"), str::to_owned);
                changes.push(Change::SignalHandler(name));
            }
        }
        for (was, (which, signal)) in self.timers.iter().zip(TIMERS) {
            let runs = |it: &libc::itimerval| it.it_value.tv_sec != 0 || it.it_value.tv_usec != 0;
            // One that ran before has got on by itself.
            if runs(&timer(which)) && !runs(was) {
                // SAFETY: the value was read from the system.
                unsafe { libc::setitimer(which, was, ptr::null_mut()) };
                changes.push(Change::Timer(signal));
            }
        }
        if bits(&blocked()) != bits(&self.mask) {
            // SAFETY: the set was read from the system.
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.mask, ptr::null_mut()) };
            changes.push(Change::SignalMask);
        }
        if umask(self.umask) != self.umask {
            changes.push(Change::Umask);
        }
        for (was, (limit, name)) in self.limits.iter().zip(LIMITS) {
            let now = getrlimit(limit);
            if now != *was {
                let whole = setrlimit(limit, *was);
                // A hard limit that was lowered stays so for most of us: then the soft one goes as high as it can.
                if whole.is_err() {
                    let best = Rlimit {
                        current: now.maximum,
                        maximum: now.maximum,
                    };
                    let _ = setrlimit(limit, best);
                }
                changes.push(Change::Limit(name));
            }
        }
        let there = thread_locale(ptr::null_mut());
        let mut moved = there != self.thread_locale;
        if moved {
            thread_locale(self.thread_locale);
        }
        if let Some(was) = self
            .locale
            .as_ref()
            .filter(|was| locale().as_ref() != Some(was))
        {
            // SAFETY: the text ends with a zero, and outlives the call.
            unsafe { libc::setlocale(libc::LC_ALL, was.as_ptr()) };
            moved = true;
        }
        if moved {
            changes.push(Change::Locale);
        }
    }
}

/// The signals that this thread blocks.
fn blocked() -> libc::sigset_t {
    // SAFETY: a set of zeros is an empty one, and this only reads the thread's.
    unsafe {
        let mut set = zeroed();
        libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &raw mut set);
        set
    }
}

/// A set of signals as a number: the system has 64 of them.
fn bits(set: &libc::sigset_t) -> u64 {
    // SAFETY: the set is at least as long, and has no padding.
    unsafe { ptr::from_ref(set).cast::<u64>().read_unaligned() }
}

fn handler(number: i32) -> libc::sigaction {
    // SAFETY: an action of zeros is the default one, and this only reads the process's.
    unsafe {
        let mut action = zeroed();
        libc::sigaction(number, ptr::null(), &raw mut action);
        action
    }
}

fn same_handler(one: &libc::sigaction, other: &libc::sigaction) -> bool {
    one.sa_sigaction == other.sa_sigaction
        && one.sa_flags == other.sa_flags
        && bits(&one.sa_mask) == bits(&other.sa_mask)
}

fn timer(which: libc::c_int) -> libc::itimerval {
    let mut timer = MaybeUninit::<libc::itimerval>::zeroed();
    // SAFETY: this only writes the timer to memory that is ours; one of zeros does not run.
    unsafe {
        libc::getitimer(which, timer.as_mut_ptr());
        timer.assume_init()
    }
}

/// The names of the process's locale.
fn locale() -> Option<CString> {
    // SAFETY: with NULL this only tells the name, which is copied at once.
    unsafe {
        let name = libc::setlocale(libc::LC_ALL, ptr::null());
        (!name.is_null()).then(|| CStr::from_ptr(name).to_owned())
    }
}

/// Sets the locale of this thread, unless it is NULL. Returns the one before.
fn thread_locale(locale: libc::locale_t) -> libc::locale_t {
    // SAFETY: the locale is NULL or one that this thread had before.
    unsafe { libc::uselocale(locale) }
}
