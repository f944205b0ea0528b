//! What a driver tells its warden: until when it may run services, by the machine's monotonic clock.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;

use quorate_model::Time;

/// The driver's end.
#[derive(Debug)]
pub(crate) struct Licence {
    warden: UnixStream,
    told: Time,
}

impl Licence {
    /// Bytes of a message.
    pub(crate) const BYTES: usize = 8;

    /// For a warden at the other end.
    pub(crate) fn new(warden: UnixStream) -> io::Result<Licence> {
        // The driver never waits for its warden: what does not fit now is said again.
        warden.set_nonblocking(true)?;
        Ok(Licence {
            warden,
            told: Time::ZERO,
        })
    }

    /// What a message says.
    pub(crate) fn read(bytes: [u8; Self::BYTES]) -> Time {
        Time(u64::from_le_bytes(bytes))
    }

    /// Nothing runs any more, and nothing needs a licence.
    pub(crate) fn give_up(&mut self) {
        // If that is not heard, the warden ends what does not run.
        let _ = self.warden.write_all(&Time::ZERO.0.to_le_bytes());
        self.told = Time::ZERO;
    }

    /// What runs may go on until then.
    pub(crate) fn tell(&mut self, until: Time) {
        // Not after every message.
        if until.since(self.told) >= std::time::Duration::from_millis(200)
            && self.warden.write_all(&until.0.to_le_bytes()).is_ok()
        {
            self.told = until;
        }
    }
}
