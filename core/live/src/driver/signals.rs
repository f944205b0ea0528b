//! What an operating system asks of a service: SIGTERM and Ctrl-C to stop in order, SIGHUP to read its file again.

use std::io;
use std::sync::mpsc::Sender;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::event::Happened;

/// Hands signals to the driver from now on.
pub(super) fn watch(to: &Sender<Happened>) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    let to = to.clone();
    let hear = move || {
        for signal in signals.forever() {
            let what = match signal {
                SIGHUP => Happened::Reload,
                _ => Happened::Stop,
            };
            if to.send(what).is_err() {
                return;
            }
        }
    };
    let named = thread::Builder::new().name("signals".to_owned());
    named.spawn(hear).map(drop)
}
