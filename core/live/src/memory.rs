//! Memory that stays in memory: a node must not wait for a page of its own while a disk hangs.

use std::io;

use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Keeps what this process uses of its memory from being paged out, now and from now on. Nothing is done, and `false`
/// returned, where the system sets a limit to that: beyond it, memory that is asked for would be refused.
///
/// # Errors
/// The system's.
pub(crate) fn keep() -> io::Result<bool> {
    let limit = getrlimit(Resource::Memlock);
    if limit.current.is_some() {
        let none = Rlimit {
            current: None,
            maximum: None,
        };
        if setrlimit(Resource::Memlock, none).is_err() {
            return Ok(false);
        }
    }
    // Only what is touched: the stacks of threads are large, and hardly used.
    let all = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    mlockall(all)?;
    Ok(true)
}
