//! What a driver tells its warden: until when it may run services, by the machine's monotonic clock.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;

use quorate_model::Time;

use crate::cgroup::Cgroup;

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

    /// Nothing needs a licence any more: unless something of the group runs all the same, which the warden then ends.
    pub(crate) fn give_up(&mut self, group: Option<&Cgroup>) {
        let runs = || group.is_some_and(Cgroup::is_populated);
        if self.told != Time::ZERO
            && !runs()
            && self.warden.write_all(&Time::ZERO.0.to_le_bytes()).is_ok()
        {
            self.told = Time::ZERO;
        }
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;

    use super::*;

    #[test]
    fn it_is_given_up_once_nothing_of_the_group_runs_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let events = folder.path().join("cgroup.events");
        let group = Cgroup::at(folder.path().to_path_buf());
        let (mine, mut wardens) = UnixStream::pair().unwrap();
        let mut licence = Licence::new(mine).unwrap();
        licence.tell(Time(u64::MAX));
        fs::write(&events, "populated 1\n").unwrap();
        licence.give_up(Some(&group));
        fs::write(&events, "populated 0\n").unwrap();
        licence.tell(Time(u64::MAX));
        for _ in 0..2 {
            licence.give_up(Some(&group));
        }
        drop(licence);
        let mut told = Vec::new();
        wardens.read_to_end(&mut told).unwrap();
        assert_eq!(told, [[255; 8], [0; 8]].concat());
    }
}
