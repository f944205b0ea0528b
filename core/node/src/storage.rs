//! The node's writes, one at a time and in order, and the messages that have to wait for them.

use std::collections::VecDeque;
use std::time::Duration;

use quorate_log::{Persist, Stored};
use quorate_model::Time;

use crate::io::{Device, DiskOp, DiskRequest};
use crate::store;

/// After how long a write that met a broken reservation is tried again: the defence renews it within 3 s.
pub(crate) const RETRY: Duration = Duration::from_millis(500);

/// What a write is for, and so where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The log, or a file beside it.
    Log,
    /// It only finds out whether the device would take a write.
    Touch,
    /// The node's own copy of what is on the quorum disk. Nobody waits for it.
    Copy,
    /// A file that says who this node is: on the system disk, wherever the log is.
    Identity,
}

#[derive(Clone, Debug)]
struct Job {
    op: DiskOp,
    what: What,
    /// Everything up to this mark is durable when it is done.
    mark: Option<u64>,
}

/// The queue of writes to the device that holds the log.
#[derive(Clone, Debug)]
pub(crate) struct Storage {
    device: Device,
    /// The quorum disk, where nothing but its reservation is wanted of it.
    lease: Option<Device>,
    /// What the device holds when the queue is done.
    mirror: Stored,
    /// How many bytes of log it holds then.
    log_length: u64,
    queue: VecDeque<Job>,
    in_flight: Option<u64>,
    /// When the request under way was made, and when the newest one that succeeded was.
    asked: Time,
    proven: Time,
    next_ticket: u64,
    durable: u64,
}

impl Storage {
    pub(crate) fn new(stored: Stored, log_length: u64) -> Self {
        Storage {
            device: Device::System,
            lease: None,
            mirror: stored,
            log_length,
            queue: VecDeque::new(),
            in_flight: None,
            asked: Time::ZERO,
            proven: Time::ZERO,
            next_ticket: 1,
            durable: 0,
        }
    }

    /// The device of the request that comes first.
    pub(crate) fn device(&self) -> &Device {
        match (&self.lease, self.queue.front()) {
            (Some(lease), Some(job)) if job.what == What::Touch => lease,
            (_, Some(job)) if matches!(job.what, What::Copy | What::Identity) => &Device::System,
            _ => &self.device,
        }
    }

    /// From now on it is this device that is asked whether it takes a write; the log stays where it is.
    pub(crate) fn lease(&mut self, device: Device) {
        self.lease = Some(device);
    }

    /// How many bytes the log has when all writes are done.
    pub(crate) fn log_length(&self) -> u64 {
        self.log_length
    }

    /// The newest mark that is durable.
    pub(crate) fn durable(&self) -> u64 {
        self.durable
    }

    /// When the newest write that succeeded was asked for.
    pub(crate) fn proven(&self) -> Time {
        self.proven
    }

    /// Writes nothing, to see whether the device would take it, unless a write is due anyway.
    pub(crate) fn touch(&mut self) {
        if !self.queue.iter().any(|job| self.proves(job.what)) {
            let op = DiskOp::Append {
                file: store::LOG_FILE.to_owned(),
                bytes: Vec::new(),
            };
            self.queue.push_back(Job {
                op,
                what: What::Touch,
                mark: None,
            });
        }
    }

    /// A ticket for a request outside the queue.
    pub(crate) fn ticket(&mut self) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        ticket
    }

    /// Goes over to another device. What was queued of the log for the old one is dropped; `stored` is what the new
    /// one holds, in a log of `log_length` bytes.
    pub(crate) fn switch(&mut self, device: Device, stored: Stored, log_length: u64) {
        self.device = device;
        self.mirror = stored;
        self.log_length = log_length;
        self.queue.retain(|job| job.what == What::Identity);
        self.in_flight = None;
        self.copy(store::write_all(&self.mirror));
    }

    /// Whether a write that succeeds shows that the device which quorum hangs on is this node's.
    fn proves(&self, what: What) -> bool {
        match self.lease {
            Some(_) => what == What::Touch,
            None => matches!(what, What::Log | What::Touch),
        }
    }

    /// Writes to the node's own disk, too, what goes to the quorum disk.
    fn copy(&mut self, ops: Vec<DiskOp>) {
        if self.device != Device::System {
            self.queue.extend(ops.into_iter().map(|op| Job {
                op,
                what: What::Copy,
                mark: None,
            }));
        }
    }

    /// Goes over to another device and writes everything there.
    pub(crate) fn move_to(&mut self, device: Device, stored: Stored, mark: u64) {
        self.switch(device, stored, 0);
        let ops = store::write_all(&self.mirror);
        self.enqueue(ops, Some(mark));
        // What was queued by the switch comes first, and the log's own writes must not wait for it.
        self.queue
            .make_contiguous()
            .sort_by_key(|job| job.what == What::Copy);
    }

    /// Throws away what the device holds.
    pub(crate) fn discard(&mut self) {
        let ops = store::write_all(&self.mirror);
        self.enqueue(ops, None);
    }

    /// Writes what the log wants durable.
    pub(crate) fn persist(&mut self, persist: &Persist) {
        self.mirror.write(persist);
        let ops = store::write(persist, &self.mirror);
        self.enqueue(ops.clone(), Some(persist.mark));
        self.copy(ops);
    }

    /// Mends a file of the log's.
    pub(crate) fn write(&mut self, op: DiskOp) {
        self.enqueue(vec![op], None);
    }

    /// Writes who this node is. Until that is durable nobody may be told: after a crash it would be another.
    pub(crate) fn write_identity(&mut self, op: DiskOp) {
        self.queue.push_back(Job {
            op,
            what: What::Identity,
            mark: None,
        });
    }

    /// Whether a crash would leave this node who it is.
    pub(crate) fn knows_itself(&self) -> bool {
        !self.queue.iter().any(|job| job.what == What::Identity)
    }

    fn enqueue(&mut self, ops: Vec<DiskOp>, mark: Option<u64>) {
        for op in &ops {
            match op {
                DiskOp::Append { file, bytes } if file == store::LOG_FILE => {
                    self.log_length += bytes.len() as u64;
                }
                DiskOp::Replace { file, bytes } if file == store::LOG_FILE => {
                    self.log_length = bytes.len() as u64;
                }
                _ => {}
            }
        }
        let last = ops.len().saturating_sub(1);
        let jobs = ops.into_iter().enumerate();
        self.queue.extend(jobs.map(|(at, op)| Job {
            op,
            what: What::Log,
            mark: if at == last { mark } else { None },
        }));
    }

    /// The next request to make, if none is under way.
    pub(crate) fn next_request(&mut self, now: Time) -> Option<DiskRequest> {
        if self.in_flight.is_some() {
            return None;
        }
        let op = self.queue.front()?.op.clone();
        let ticket = self.ticket();
        self.in_flight = Some(ticket);
        self.asked = now;
        Some(DiskRequest {
            ticket,
            device: self.device().clone(),
            op,
        })
    }

    /// Whether `ticket` is the request under way.
    pub(crate) fn is_current(&self, ticket: u64) -> bool {
        self.in_flight == Some(ticket)
    }

    /// The request under way is done.
    pub(crate) fn done(&mut self) {
        self.in_flight = None;
        if self.queue.front().is_some_and(|job| self.proves(job.what)) {
            self.proven = self.asked;
        }
        if let Some(Job {
            mark: Some(mark), ..
        }) = self.queue.pop_front()
        {
            self.durable = self.durable.max(mark);
        }
    }

    /// The request under way has to be made again.
    pub(crate) fn retry(&mut self) {
        self.in_flight = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a write proves, it proves of the instant in which it was asked for: when the answer comes, the disk may be
    /// another's.
    #[test]
    fn what_is_proven_counts_from_the_request() {
        let at = Time::from_millis;
        let mut storage = Storage::new(Stored::default(), 0);
        storage.touch();
        let request = storage.next_request(at(1_000)).unwrap();
        assert!(storage.is_current(request.ticket));
        assert!(storage.next_request(at(4_000)).is_none(), "one at a time");
        storage.done();
        assert_eq!(storage.proven(), at(1_000));

        // One that is made again proves nothing of its first time.
        storage.touch();
        storage.next_request(at(5_000)).unwrap();
        storage.retry();
        assert_eq!(storage.proven(), at(1_000));
        storage.next_request(at(6_000)).unwrap();
        storage.done();
        assert_eq!(storage.proven(), at(6_000));

        // What goes to the system disk proves nothing of the quorum disk.
        let (file, bytes) = ("identity".to_owned(), Vec::new());
        storage.write_identity(DiskOp::Replace { file, bytes });
        storage.next_request(at(9_000)).unwrap();
        storage.done();
        assert_eq!(storage.proven(), at(6_000));
    }
}
