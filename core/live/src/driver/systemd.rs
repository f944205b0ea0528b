//! What a service manager is told that has started the node, if one has: systemd, by the socket that `NOTIFY_SOCKET` names.

use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use sd_notify::NotifyState;

/// Says it from a thread of its own: a service manager that does not listen must not hold the node up.
#[derive(Debug)]
pub(super) struct Systemd(Option<Sender<Said>>);

/// Something that is said.
#[derive(Debug)]
enum Said {
    Ready,
    Reloading,
    Stopping,
    Status(String),
}

impl Systemd {
    /// For whoever has started this process.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn new() -> io::Result<Systemd> {
        if std::env::var_os("NOTIFY_SOCKET").is_none() {
            return Ok(Systemd(None));
        }
        let (to, said) = channel();
        let tell = move || {
            for what in said {
                // One that does not listen misses it.
                let _ = tell(&what);
            }
        };
        let named = thread::Builder::new().name("systemd".to_owned());
        named.spawn(tell)?;
        Ok(Systemd(Some(to)))
    }

    fn say(&self, said: Said) {
        if let Some(to) = &self.0 {
            let _ = to.send(said);
        }
    }

    /// The node can be asked, and looks for its cluster. Whether that has a quorum is another matter: nothing that is
    /// started after it is kept waiting for other machines.
    pub(super) fn ready(&self) {
        self.say(Said::Ready);
    }

    /// The node file is read again.
    pub(super) fn reloading(&self) {
        self.say(Said::Reloading);
    }

    /// The node stops in order, which may take a while.
    pub(super) fn stopping(&self) {
        self.say(Said::Stopping);
        self.status("the node stops: its groups move away first");
    }

    /// What the node is about, in a sentence that `systemctl status` shows.
    pub(super) fn status(&self, text: impl Into<String>) {
        self.say(Said::Status(text.into()));
    }
}

fn tell(said: &Said) -> io::Result<()> {
    match said {
        Said::Ready => sd_notify::notify(&[NotifyState::Ready]),
        Said::Reloading => {
            let now = NotifyState::monotonic_usec_now()?;
            sd_notify::notify(&[NotifyState::Reloading, now])
        }
        Said::Stopping => sd_notify::notify(&[NotifyState::Stopping]),
        Said::Status(text) => sd_notify::notify(&[NotifyState::Status(text)]),
    }
}
