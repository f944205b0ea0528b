//! The node's writes, one at a time and in order, and the messages that have to wait for them.

use std::collections::VecDeque;
use std::time::Duration;

use quorate_log::{Message, Persist, Stored};
use quorate_model::{NodeId, Time};

use crate::bounds;
use crate::io::{Device, DiskOp, DiskRequest};
use crate::store;

/// After how long a write that met a broken reservation is tried again: the defence renews it within 3 s.
pub(crate) const RETRY: Duration = Duration::from_millis(500);

/// What a write is for, and so where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The log, or a file beside it.
    Log,
    /// Nothing: it only shows whether the device takes a write.
    Probe,
    /// The node's own copy of what is on the quorum disk. Nobody waits for it.
    Copy,
    /// A file that says who this node is: on the system disk, wherever the log is.
    Identity,
    /// What was read at boot, written anew: whoever wrote it may have failed to flush it.
    Renewal,
}

#[derive(Clone, Debug)]
struct Job {
    device: Device,
    op: DiskOp,
    what: What,
    /// Everything up to this mark is durable when it is done.
    mark: Option<u64>,
    /// How many heartbeats it has been waiting for.
    beats: u32,
}

/// The writes to one device, one at a time and in order.
#[derive(Clone, Debug, Default)]
struct Lane {
    queue: VecDeque<Job>,
    in_flight: Option<u64>,
    /// When the request under way was made.
    asked: Time,
    /// How many heartbeats it has been under way for.
    beats: u32,
    /// It was refused, and waits to be made again.
    refused: bool,
    /// The device, where it was said that it is slow.
    told: Option<Device>,
}

impl Lane {
    fn clear_flight(&mut self) {
        (self.in_flight, self.refused, self.beats) = (None, false, 0);
    }

    /// One more heartbeat. Gives the longest wait of a write that somebody waits for, in heartbeats.
    ///
    /// Heartbeats are counted, and not time: a node that stood still has missed the answer and not waited for it.
    /// Nobody waits for copies, so of those only the one that is being written counts.
    fn beat(&mut self) -> u32 {
        if self.in_flight.is_some() && !self.refused {
            self.beats += 1;
        }
        for job in &mut self.queue {
            job.beats += 1;
        }
        let waited_for = self.queue.iter().find(|job| job.what != What::Copy);
        waited_for.map_or(0, |job| job.beats).max(self.beats)
    }
}

/// A device that a write has been waiting for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) device: Device,
    /// For how many heartbeats.
    pub(crate) beats: u32,
    /// Whether the device has just become slow (true), or has just ceased to be (false).
    pub(crate) news: Option<bool>,
}

/// The queues of writes to the device that holds the log, and to this node's own disk where that is another.
#[derive(Clone, Debug)]
pub(crate) struct Storage {
    device: Device,
    /// The quorum disk, if only its reservation counts and the log is elsewhere.
    lease: Option<Device>,
    /// What the device holds when the queue is done.
    mirror: Stored,
    /// How many bytes of log it holds then.
    log_length: u64,
    /// The newest entry that a checkpoint covers which this node's own disk may hold.
    own_checkpoint: u64,
    /// The writes to this node's own disk and those to the quorum disk. Neither waits for the other.
    own: Lane,
    shared: Lane,
    /// Messages of the log's, each with the mark that must be durable before it is sent.
    held_back: VecDeque<(u64, NodeId, Message)>,
    /// When the newest request that succeeded was made.
    proven: Time,
    next_ticket: u64,
    durable: u64,
}

/// The newest entry that the checkpoint covers.
fn covered(stored: &Stored) -> u64 {
    let snapshot = stored.snapshot.as_ref();
    snapshot.map_or(0, |snapshot| snapshot.index)
}

impl Storage {
    pub(crate) fn new(stored: Stored, log_length: u64) -> Self {
        Storage {
            device: Device::System,
            lease: None,
            own_checkpoint: covered(&stored),
            mirror: stored,
            log_length,
            own: Lane::default(),
            shared: Lane::default(),
            held_back: VecDeque::new(),
            proven: Time::ZERO,
            next_ticket: 1,
            durable: 0,
        }
    }

    /// Where writes of this kind go.
    fn device_for(&self, what: What) -> &Device {
        match (what, &self.lease) {
            (What::Copy | What::Identity | What::Renewal, _) => &Device::System,
            (What::Probe, Some(lease)) => lease,
            (What::Probe, None) | (What::Log, _) => &self.device,
        }
    }

    fn push(&mut self, op: DiskOp, what: What, mark: Option<u64>) {
        let device = self.device_for(what).clone();
        let lane = match device {
            Device::System => &mut self.own,
            Device::Shared(_) => &mut self.shared,
        };
        lane.queue.push_back(Job {
            device,
            op,
            what,
            mark,
            beats: 0,
        });
    }

    /// The device that holds the log.
    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    /// The device that was asked with `ticket`, if that request is under way.
    pub(crate) fn asked_of(&self, ticket: u64) -> Option<Device> {
        let lane = [&self.own, &self.shared]
            .into_iter()
            .find(|lane| lane.in_flight == Some(ticket))?;
        lane.queue.front().map(|job| job.device.clone())
    }

    /// From now on this device is probed to confirm quorum. The log stays where it is.
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
    pub(crate) fn probe(&mut self) {
        let (own, shared) = (self.own.queue.iter(), self.shared.queue.iter());
        if !own.chain(shared).any(|job| self.proves(job.what)) {
            let op = DiskOp::Append {
                file: store::LOG_FILE.to_owned(),
                bytes: Vec::new(),
            };
            self.push(op, What::Probe, None);
        }
    }

    /// A ticket for a request outside the queues.
    pub(crate) fn ticket(&mut self) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        ticket
    }

    /// Goes over to another device. What was queued of the log for the old one is dropped, and what was to be sent
    /// after that; `stored` is what the new one holds, in a log of `log_length` bytes.
    pub(crate) fn switch(&mut self, device: Device, stored: Stored, log_length: u64) {
        self.device = device;
        self.mirror = stored;
        self.log_length = log_length;
        self.own.queue.retain(|job| job.what == What::Identity);
        self.own.clear_flight();
        self.shared.queue.clear();
        self.shared.clear_flight();
        self.held_back.clear();
        self.copy(self.write_all_over_own());
    }

    /// The operations that write everything anew on this node's own disk. What is there may have a newer checkpoint than what is
    /// written. Then its log goes first: beneath an older checkpoint nobody could read it, if these operations end half-way.
    fn write_all_over_own(&self) -> Vec<DiskOp> {
        let mut ops = store::write_all(&self.mirror);
        if covered(&self.mirror) < self.own_checkpoint {
            ops.insert(0, store::empty_log(&self.mirror));
        }
        ops
    }

    /// Whether a write of this kind, if it succeeds, shows that the device that quorum depends on is this node's.
    fn proves(&self, what: What) -> bool {
        match self.lease {
            Some(_) => what == What::Probe,
            None => matches!(what, What::Log | What::Probe),
        }
    }

    /// Writes to the node's own disk, too, what goes to the quorum disk.
    fn copy(&mut self, ops: Vec<DiskOp>) {
        if self.device != Device::System {
            for op in ops {
                self.push(op, What::Copy, None);
            }
        }
    }

    /// Goes over to another device and writes everything there.
    pub(crate) fn move_to(&mut self, device: Device, stored: Stored, mark: u64) {
        self.switch(device, stored, 0);
        let ops = match self.device {
            Device::System => self.write_all_over_own(),
            Device::Shared(_) => store::write_all(&self.mirror),
        };
        self.enqueue(ops, Some(mark));
    }

    /// Writes anew what was read at boot. The disk may have failed to flush it: then it can be read now, and a loss of
    /// power would still undo it. Until it is written anew, nobody is told anything that follows from it.
    pub(crate) fn renew(&mut self) {
        self.log_length = 0;
        for op in store::write_all(&self.mirror) {
            if let DiskOp::Replace { file, bytes } = &op
                && file == store::LOG_FILE
            {
                self.log_length = bytes.len() as u64;
            }
            self.push(op, What::Renewal, None);
        }
    }

    /// Throws away what the device holds.
    pub(crate) fn discard(&mut self) {
        let ops = store::write_all(&self.mirror);
        self.enqueue(ops, None);
    }

    /// Writes what the log wants durable.
    pub(crate) fn persist(&mut self, persist: &Persist) {
        self.mirror.write(persist);
        self.own_checkpoint = self.own_checkpoint.max(covered(&self.mirror));
        let ops = store::write(persist, &self.mirror);
        self.enqueue(ops.clone(), Some(persist.mark));
        self.copy(ops);
    }

    /// A message waits until everything up to the mark `after` is durable: it may promise what would be lost otherwise.
    pub(crate) fn hold_back(&mut self, after: u64, to: NodeId, message: Message) {
        self.held_back.push_back((after, to, message));
    }

    /// The next message that need not wait any more. None goes out while a crash would make this node another one.
    pub(crate) fn next_released(&mut self) -> Option<(NodeId, Message)> {
        let durable = self.durable;
        let released = |(after, ..): &(u64, NodeId, Message)| *after <= durable;
        let place = self.held_back.iter().position(released)?;
        if !self.knows_itself() {
            return None;
        }
        let (_, to, message) = self.held_back.remove(place)?;
        Some((to, message))
    }

    /// Mends a file of the log's.
    pub(crate) fn write(&mut self, op: DiskOp) {
        self.enqueue(vec![op], None);
    }

    /// Writes this node's identity. Nobody may be told it before it is durable: after a crash this node would have
    /// another one.
    pub(crate) fn write_identity(&mut self, op: DiskOp) {
        self.push(op, What::Identity, None);
    }

    /// Whether this node would keep its identity, and all that it knew when it was started, if it crashed now.
    pub(crate) fn knows_itself(&self) -> bool {
        let mut queue = self.own.queue.iter();
        !queue.any(|job| matches!(job.what, What::Identity | What::Renewal))
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
        for (at, op) in ops.into_iter().enumerate() {
            let mark = if at == last { mark } else { None };
            self.push(op, What::Log, mark);
        }
    }

    /// The next request to make, if none is under way to its device.
    pub(crate) fn next_request(&mut self, now: Time) -> Option<DiskRequest> {
        // Nobody waits for a copy. It is written once the quorum disk has the original.
        let due = |job: &Job| job.what != What::Copy || self.shared.queue.is_empty();
        let own = self.own.in_flight.is_none() && self.own.queue.front().is_some_and(due);
        let shared = self.shared.in_flight.is_none() && !self.shared.queue.is_empty();
        let ticket = self.next_ticket;
        let lane = match (shared, own) {
            (true, _) => &mut self.shared,
            (false, true) => &mut self.own,
            (false, false) => return None,
        };
        let job = lane.queue.front()?;
        let request = DiskRequest {
            ticket,
            device: job.device.clone(),
            op: job.op.clone(),
        };
        lane.in_flight = Some(ticket);
        lane.asked = now;
        self.next_ticket += 1;
        Some(request)
    }

    /// The request under way with `ticket` is done.
    pub(crate) fn done(&mut self, ticket: u64) {
        let lane = match self.own.in_flight == Some(ticket) {
            true => &mut self.own,
            false => &mut self.shared,
        };
        lane.clear_flight();
        let asked = lane.asked;
        let Some(job) = lane.queue.pop_front() else {
            return;
        };
        if self.proves(job.what) {
            self.proven = asked;
        }
        if let Some(mark) = job.mark {
            self.durable = self.durable.max(mark);
        }
    }

    /// The quorum disk has refused the request under way: it has to be made again, and not at once.
    pub(crate) fn refused(&mut self) {
        self.shared.refused = true;
    }

    /// What was refused is made again.
    pub(crate) fn retry(&mut self) {
        if self.shared.refused {
            self.shared.clear_flight();
        }
    }

    /// One more heartbeat: what writes wait for.
    pub(crate) fn beat(&mut self) -> Vec<Wait> {
        let mut waits = Vec::new();
        for lane in [&mut self.own, &mut self.shared] {
            let beats = lane.beat();
            let slow = beats >= bounds::DISK_SLOW_BEATS;
            let waits_for = lane.queue.front().map(|job| &job.device);
            let Some(device) = waits_for.or(lane.told.as_ref()).cloned() else {
                continue;
            };
            let news = (slow != lane.told.is_some()).then_some(slow);
            lane.told = slow.then(|| device.clone());
            waits.push(Wait {
                device,
                beats,
                news,
            });
        }
        waits
    }
}

#[cfg(test)]
mod tests;
