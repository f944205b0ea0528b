//! A lock that stands in a folder, for all processes and threads that have it, on whichever machine.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

/// For how long a lock is waited for that only a node of this machine can have: one that was killed, and is started again at
/// once, may not be gone.
pub(crate) const HANDOVER: Duration = Duration::from_secs(5);

/// How often a lock that another has is looked at.
const LOOK: Duration = Duration::from_millis(1);

/// Held until it is dropped, or its process ends.
#[derive(Debug)]
pub(crate) struct Held {
    _file: File,
}

fn open(place: &Path, make: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    // Not inherited: a program that is started meanwhile does not hold it.
    options.read(true).write(true).create(make).truncate(false);
    options.open(place)
}

/// Waits for a lock for as long as it takes.
///
/// # Errors
/// The system's.
pub(crate) fn hold(place: &Path) -> io::Result<Held> {
    waited(open(place, true)?)
}

/// As [`hold`], for a lock that somebody else has made.
///
/// # Errors
/// The system's; where it is not there, that.
pub(crate) fn hold_there(place: &Path) -> io::Result<Held> {
    waited(open(place, false)?)
}

fn waited(file: File) -> io::Result<Held> {
    flock(&file, FlockOperation::LockExclusive)?;
    Ok(Held { _file: file })
}

/// Waits for a lock for no longer than this; `None` if another still has it.
///
/// # Errors
/// The system's.
pub(crate) fn hold_within(place: &Path, patience: Duration) -> io::Result<Option<Held>> {
    let file = open(place, true)?;
    Ok(lock_within(&file, patience)?.then_some(Held { _file: file }))
}

/// As [`hold_within`], for what is open already. Returns whether it is locked.
///
/// # Errors
/// The system's.
pub(crate) fn lock_within(file: &File, patience: Duration) -> io::Result<bool> {
    let begun = Instant::now();
    loop {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(true),
            Err(why) if why == rustix::io::Errno::WOULDBLOCK => {}
            Err(why) => return Err(why.into()),
        }
        if begun.elapsed() >= patience {
            return Ok(false);
        }
        std::thread::sleep(LOOK);
    }
}
