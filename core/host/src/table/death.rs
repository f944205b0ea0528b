//! The last words of a process that a plugin's call takes along: which call it was.

use std::ptr;

use super::frame::{CURRENT, Frame};
use crate::signals::signal_name;

/// The signals that end a process because of what it did.
const SIGNALS: [libc::c_int; 5] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGFPE,
    libc::SIGABRT,
];

/// What the process did at each of them before, if that is known.
static mut BEFORE: [Option<libc::sigaction>; SIGNALS.len()] = [None; SIGNALS.len()];

/// Has this process say on its standard error which entry of which resource and library it was in, when it dies of a signal
/// inside one. For a process above which there is none that says so. To be called once, before there are other threads that
/// call plugins.
pub fn tell_deaths() {
    for (number, signal) in SIGNALS.into_iter().enumerate() {
        // SAFETY: the action is whole, and the handler calls only what a handler may call. Nobody reads the place before the
        // handler is there.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = say as *const () as usize;
            // On the stack for signals, if the thread has one: its own may be used up.
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            let mut before = std::mem::zeroed();
            if libc::sigaction(signal, ptr::null(), &raw mut before) == 0 {
                BEFORE[number] = Some(before);
                libc::sigaction(signal, &raw const action, ptr::null_mut());
            }
        }
    }
}

/// The handler: says what it knows, and leaves the signal to whoever had it before.
extern "C" fn say(signal: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    let current: *const Frame<'_> = CURRENT.get().cast();
    // SAFETY: `enter` keeps this thread's frame while a call runs, which this has interrupted.
    if let Some(frame) = unsafe { current.as_ref() } {
        let (plugin, resource, entry) = frame.whom();
        let name = signal_name(signal).unwrap_or("a signal");
        for part in [
            "quorate: ",
            name,
            " in ",
            entry,
            " of `",
            resource,
            "` (plugin `",
            plugin,
            "`)\n",
        ] {
            // SAFETY: the bytes are there. If nobody takes them there is nothing to be done.
            unsafe { libc::write(libc::STDERR_FILENO, part.as_ptr().cast(), part.len()) };
        }
    }
    let number = SIGNALS.iter().position(|it| *it == signal);
    // SAFETY: it was written before the handler was there, and never again. The system vouches for `info`.
    unsafe {
        let before = number.and_then(|number| BEFORE[number]);
        let default: libc::sigaction = std::mem::zeroed();
        libc::sigaction(
            signal,
            &raw const *before.as_ref().unwrap_or(&default),
            ptr::null_mut(),
        );
        // What the processor did it does again as soon as this returns; what somebody sent has to be sent again.
        if (*info).si_code <= 0 {
            libc::raise(signal);
        }
    }
}
