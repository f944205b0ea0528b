//! The node's writes, one at a time and in order, and the messages that have to wait for them.

use std::collections::VecDeque;
use std::time::Duration;

use quorate_log::{Persist, Stored};
use quorate_model::Time;

use crate::io::{Device, DiskOp, DiskRequest};
use crate::store;

/// After how long a write that met a broken reservation is tried again: the defence renews it within 3 s.
pub(crate) const RETRY: Duration = Duration::from_millis(500);

#[derive(Clone, Debug)]
struct Job {
    op: DiskOp,
    /// Everything up to this mark is durable when it is done.
    mark: Option<u64>,
}

/// The queue of writes to the device that holds the log.
#[derive(Clone, Debug)]
pub(crate) struct Storage {
    device: Device,
    /// What the device holds when the queue is done.
    mirror: Stored,
    queue: VecDeque<Job>,
    in_flight: Option<u64>,
    /// When the request under way was made, and when the newest one that succeeded was.
    asked: Time,
    proven: Time,
    next_ticket: u64,
    durable: u64,
}

impl Storage {
    pub(crate) fn new(stored: Stored) -> Self {
        Storage {
            device: Device::System,
            mirror: stored,
            queue: VecDeque::new(),
            in_flight: None,
            asked: Time::ZERO,
            proven: Time::ZERO,
            next_ticket: 1,
            durable: 0,
        }
    }

    pub(crate) fn device(&self) -> &Device {
        &self.device
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
        if self.queue.is_empty() {
            let file = store::LOG_FILE.to_owned();
            self.enqueue(
                vec![DiskOp::Append {
                    file,
                    bytes: Vec::new(),
                }],
                None,
            );
        }
    }

    /// A ticket for a request outside the queue.
    pub(crate) fn ticket(&mut self) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        ticket
    }

    /// Goes over to another device. What was queued for the old one is dropped; `stored` is what the new one
    /// holds.
    pub(crate) fn switch(&mut self, device: Device, stored: Stored) {
        self.device = device;
        self.mirror = stored;
        self.queue.clear();
        self.in_flight = None;
    }

    /// Goes over to another device and writes everything there.
    pub(crate) fn move_to(&mut self, device: Device, stored: Stored, mark: u64) {
        self.switch(device, stored);
        let ops = store::write_all(&self.mirror);
        self.enqueue(ops, Some(mark));
    }

    /// Writes what the log wants durable.
    pub(crate) fn persist(&mut self, persist: &Persist) {
        self.mirror.write(persist);
        let ops = store::write(persist, &self.mirror);
        self.enqueue(ops, Some(persist.mark));
    }

    /// Writes a file of the node's own.
    pub(crate) fn write(&mut self, op: DiskOp) {
        self.enqueue(vec![op], None);
    }

    fn enqueue(&mut self, ops: Vec<DiskOp>, mark: Option<u64>) {
        let last = ops.len().saturating_sub(1);
        let jobs = ops.into_iter().enumerate();
        self.queue.extend(jobs.map(|(at, op)| Job {
            op,
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
            device: self.device.clone(),
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
        self.proven = self.asked;
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
