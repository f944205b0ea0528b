//! The thread that carries out a device's requests, one after the other.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use parking_lot::Mutex;
use quorate_node::{DiskDone, DiskRequest};

use super::disk::Drive;

/// Carries out requests in their order, on a thread of its own: the node goes on meanwhile.
#[derive(Debug)]
pub(crate) struct Writer<D> {
    requests: Sender<(u64, DiskRequest)>,
    disk: Arc<Mutex<D>>,
}

impl<D: Drive + Send + 'static> Writer<D> {
    /// Begins to write to a disk. `done` is told what came of each request, and of which boot it was.
    ///
    /// # Errors
    /// The system's, where it starts no thread.
    pub(crate) fn start(
        disk: D,
        mut done: impl FnMut(u64, DiskDone) + Send + 'static,
    ) -> io::Result<Writer<D>> {
        let disk = Arc::new(Mutex::new(disk));
        let (requests, waiting) = channel::<(u64, DiskRequest)>();
        let written = Arc::clone(&disk);
        thread::Builder::new()
            .name("disk".to_owned())
            .spawn(move || {
                for (boot, DiskRequest { ticket, op, .. }) in waiting {
                    let result = written.lock().carry_out(op);
                    done(boot, DiskDone { ticket, result });
                }
            })?;
        Ok(Writer { requests, disk })
    }

    /// Begins a request.
    pub(crate) fn submit(&self, boot: u64, request: DiskRequest) {
        // The thread lives as long as this.
        let _ = self.requests.send((boot, request));
    }

    /// The disk, for a node that starts: it waits for the request that is under way.
    pub(crate) fn disk(&self) -> &Mutex<D> {
        &self.disk
    }
}
