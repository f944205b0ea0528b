//! The machine's watchdog: a device that resets the machine once nobody has written to it for as long as it is set to. It ends
//! what no process can: a warden that stands still or is killed, and programs that hang in the kernel.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use quorate_model::Time;

/// How often it is written to. Devices are set to some seconds at least.
pub(super) const EACH: Duration = match cfg!(test) {
    true => Duration::from_millis(1),
    false => Duration::from_secs(1),
};

/// What is written to go on.
const GO_ON: &[u8] = b"\0";

/// What is written before an end that is meant: the device, closed after this, lets the machine be.
const MEANT: &[u8] = b"V";

/// A watchdog that watches this machine from when it is opened.
#[derive(Debug)]
pub(super) struct Watchdog {
    device: File,
    petted: Option<Time>,
    /// It did not take what was last written.
    refuses: bool,
}

impl Watchdog {
    /// Starts the watchdog at this place.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn open(place: &Path) -> io::Result<Watchdog> {
        let device = OpenOptions::new().write(true).open(place)?;
        Ok(Watchdog {
            device,
            petted: None,
            refuses: false,
        })
    }

    /// Puts it off, if it is time to.
    ///
    /// # Errors
    /// The system's, once, until it works again.
    pub(super) fn pet(&mut self, now: Time) -> io::Result<()> {
        if self.petted.is_some_and(|at| now.since(at) < EACH) {
            return Ok(());
        }
        self.petted = Some(now);
        let put_off = self.device.write_all(GO_ON);
        match std::mem::replace(&mut self.refuses, put_off.is_err()) {
            true => Ok(()),
            false => put_off,
        }
    }

    /// Nothing runs any more that it would have to end. Dropped without this, it resets the machine.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn close(mut self) -> io::Result<()> {
        self.device.write_all(MEANT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_refuses_what_is_written_is_told_of_once() {
        let mut full = Watchdog::open(Path::new("/dev/full")).unwrap();
        let mut pets = [1, 2, 3]
            .map(|times| full.pet(Time::ZERO + times * EACH))
            .into_iter();
        assert!(pets.next().is_some_and(|it| it.is_err()));
        assert!(pets.all(|it| it.is_ok()));
    }
}
