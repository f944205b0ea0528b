//! What all plugins of a process share with their host, and a call may change: the host sees that, and puts it back.
//!
//! The floating-point state is looked at around every call, which costs a few nanoseconds. Looking at the rest takes
//! some microseconds, so that is done where plugins begin something: when a library is loaded, at `open` and `online`, and
//! once for all of these that follow from one event ([`Together`]). The conformance tester has all of it looked at around
//! every call.

mod float;
mod process;
mod together;

use std::fmt;

pub(crate) use self::float::Float;
use self::process::Process;
pub use self::together::Together;

/// Something that a call changed, and that was put back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Rounding, traps or denormal numbers of floating-point arithmetic.
    Float,
    /// Which signals the thread blocks.
    SignalMask,
    /// What the process does with a signal, by its name.
    SignalHandler(String),
    /// A timer that sends a signal, by the signal's name.
    Timer(&'static str),
    /// The permissions that new files do not get.
    Umask,
    /// A limit of the process, by its name.
    Limit(&'static str),
    /// The locale.
    Locale,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Float => {
                f.write_str("the rounding, the traps or the denormals of floating-point arithmetic")
            }
            Change::SignalMask => f.write_str("the signals that the thread blocks"),
            Change::SignalHandler(signal) => write!(f, "what the process does at {signal}"),
            Change::Timer(signal) => write!(f, "a timer, which sends {signal}"),
            Change::Umask => f.write_str("the umask"),
            Change::Limit(name) => write!(f, "the limit {name}"),
            Change::Locale => f.write_str("the locale"),
        }
    }
}

/// The state before a call.
#[derive(Debug)]
pub(crate) struct Kept {
    float: Float,
    process: Option<Box<Process>>,
}

impl Kept {
    /// The state as it is now: all of it if `thorough`, or else that of floating-point arithmetic.
    pub(crate) fn now(thorough: bool) -> Kept {
        Kept {
            float: Float::now(),
            process: (thorough && !together::keep()).then(|| Box::new(Process::now())),
        }
    }

    /// The floating-point state, which the host's own code runs with.
    pub(crate) fn float(&self) -> Float {
        self.float
    }

    /// Puts back what is not as it was. Returns what that was.
    pub(crate) fn put_back(self) -> Vec<Change> {
        let mut changes = Vec::new();
        if !Float::now().is_like(self.float) {
            self.float.set();
            changes.push(Change::Float);
        }
        if let Some(process) = self.process {
            process.put_back(&mut changes);
        }
        changes
    }
}
