//! The thread that carries out a device's requests, one after the other.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};
use quorate_node::{DiskDone, DiskRequest};

use super::disk::Drive;

/// Carries out requests in their order, on a thread of its own: the node goes on meanwhile.
#[derive(Debug)]
pub(crate) struct Writer<D> {
    requests: Sender<(u64, DiskRequest)>,
    held: Arc<Mutex<Held<D>>>,
}

#[derive(Debug)]
struct Held<D> {
    disk: D,
    /// The newest boot that has read it.
    boot: u64,
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
        let held = Arc::new(Mutex::new(Held { disk, boot: 0 }));
        let (requests, waiting) = channel::<(u64, DiskRequest)>();
        let written = Arc::clone(&held);
        thread::Builder::new()
            .name("disk".to_owned())
            .spawn(move || {
                for (boot, DiskRequest { ticket, op, .. }) in waiting {
                    let mut held = written.lock();
                    // What an earlier boot has left behind must not change what a later one has read.
                    if boot < held.boot {
                        continue;
                    }
                    let result = held.disk.carry_out(op);
                    drop(held);
                    done(boot, DiskDone { ticket, result });
                }
            })?;
        Ok(Writer { requests, held })
    }

    /// Begins a request.
    pub(crate) fn submit(&self, boot: u64, request: DiskRequest) {
        // The thread lives as long as this.
        let _ = self.requests.send((boot, request));
    }

    /// The disk, for a node that starts with this boot. It waits for the request that is under way; those of earlier boots that have
    /// waited behind that, for a disk that hung, are not carried out any more.
    pub(crate) fn begin(&self, boot: u64) -> MappedMutexGuard<'_, D> {
        let mut held = self.held.lock();
        held.boot = boot;
        MutexGuard::map(held, |held| &mut held.disk)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use quorate_node::{Device, DiskError, DiskOp};

    use super::*;

    /// Remembers the names of the files that it was told to remove.
    #[derive(Default)]
    struct Removed(Vec<String>);

    impl Drive for Removed {
        fn carry_out(&mut self, op: DiskOp) -> Result<BTreeMap<String, Vec<u8>>, DiskError> {
            if let DiskOp::Remove { file } = op {
                self.0.push(file);
            }
            Ok(BTreeMap::new())
        }
    }

    #[test]
    fn what_an_earlier_boot_asked_for_does_not_happen_to_a_disk_that_a_later_one_has_read() {
        let (to, done) = channel();
        let writer = Writer::start(Removed::default(), move |boot, done| {
            let _ = to.send((boot, done.ticket));
        })
        .unwrap();
        let submit = |boot, ticket, file: &str| {
            let op = DiskOp::Remove { file: file.into() };
            let device = Device::System;
            writer.submit(boot, DiskRequest { ticket, device, op });
        };
        drop(writer.begin(1));
        submit(1, 10, "a");
        assert_eq!(done.recv(), Ok((1, 10)));
        assert_eq!(writer.begin(2).0, ["a"]);
        submit(1, 11, "b");
        submit(2, 10, "c");
        assert_eq!(done.recv(), Ok((2, 10)));
        assert_eq!(writer.begin(2).0, ["a", "c"]);
    }
}
