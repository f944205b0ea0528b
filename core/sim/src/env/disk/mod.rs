//! Disks: files, reservations and mounts, requests that take time, and crashes that lose them.
//!
//! A shared disk obeys only the holder of its reservation, and only while it is mounted there. A reservation survives
//! the failure of its holder until somebody breaks it, as in SCSI-2 until a bus reset.

mod one;
#[cfg(test)]
mod tests;

use std::time::Duration;

use quorate_model::{ClusterDefinition, DiskFault, Drive, Name, Time, called, same_name};
use quorate_node::{Device, DiskDone, DiskError, DiskOp, DiskRequest};

pub(crate) use self::one::Disk;
use self::one::Wrong;
use super::Machine;
use crate::rng::Stream;

/// The extra time of a request to a disk that hangs: longer than any run.
pub(crate) const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 86_400);

/// A request on its way.
#[derive(Debug)]
struct UnderWay {
    id: u64,
    /// When it is finished.
    due: Time,
    machine: Machine,
    /// The boot of the cluster service that asked: no other boot gets the answer.
    boot: u64,
    request: DiskRequest,
    /// Its extra time because the disk is unsteady.
    late: Duration,
}

/// A finished request, for the node that made it.
#[derive(Debug)]
pub(crate) struct Completion {
    pub(crate) machine: Machine,
    pub(crate) boot: u64,
    pub(crate) done: DiskDone,
}

/// All disks: first the shared ones, then each machine's system disk.
#[derive(Debug)]
pub(crate) struct Disks {
    all: Vec<Disk>,
    shared: usize,
    delay: Duration,
    next_id: u64,
    /// Random numbers for what a crash leaves of an unfinished write.
    tears: Stream,
    /// Random numbers for the delays of an unsteady disk.
    unsteady: Stream,
}

impl Disks {
    pub(crate) fn new(definition: &ClusterDefinition, seed: u64, delay: Duration) -> Self {
        let mut all: Vec<Disk> = definition
            .disks
            .iter()
            .map(|disk| Disk::new(disk.name.clone()))
            .collect();
        let shared = all.len();
        for (machine, node) in definition.nodes.iter().enumerate() {
            let mut disk = Disk::new(node.name.clone());
            disk.holder = Some(machine);
            disk.mounted.insert(machine);
            all.push(disk);
        }
        Disks {
            all,
            shared,
            delay,
            next_id: 0,
            tears: Stream::new(seed, "torn writes"),
            unsteady: Stream::new(seed, "unsteady disks"),
        }
    }

    /// Adds a machine's system disk.
    pub(crate) fn add_machine(&mut self, name: Name, machine: Machine) {
        let mut disk = Disk::new(name);
        disk.holder = Some(machine);
        disk.mounted.insert(machine);
        self.all.push(disk);
    }

    /// The shared disks, in the order of the definition.
    pub(crate) fn shared(&self) -> &[Disk] {
        &self.all[..self.shared]
    }

    /// The shared disk called `name`.
    pub(crate) fn find(&self, name: &str) -> Option<&Disk> {
        called(self.shared(), name, |disk| &disk.name)
    }

    /// The shared disk called `name`.
    pub(crate) fn find_mut(&mut self, name: &str) -> Option<&mut Disk> {
        self.all[..self.shared]
            .iter_mut()
            .find(|disk| same_name(&disk.name, name))
    }

    fn drive_mut(&mut self, drive: &Drive) -> Option<&mut Disk> {
        let shared = self.shared;
        match drive {
            Drive::Shared(name) => self.find_mut(name),
            Drive::System(name) => {
                let mut systems = self.all[shared..].iter_mut();
                systems.find(|disk| same_name(&disk.name, name))
            }
        }
    }

    /// A machine's system disk.
    pub(crate) fn system(&self, machine: Machine) -> &Disk {
        &self.all[self.shared + machine]
    }

    /// A machine's system disk.
    pub(crate) fn system_mut(&mut self, machine: Machine) -> &mut Disk {
        &mut self.all[self.shared + machine]
    }

    /// The machine and file of request `id`, if it is at the head of a disk's queue and changes a file.
    pub(crate) fn writing(&self, place: usize, id: u64) -> Option<(Machine, &str)> {
        let first = self.all[place].pending.front()?;
        if first.id != id {
            return None;
        }
        match &first.request.op {
            DiskOp::Append { file, bytes } if !bytes.is_empty() => Some((first.machine, file)),
            DiskOp::Replace { file, .. } | DiskOp::Truncate { file, .. } => {
                Some((first.machine, file))
            }
            DiskOp::Append { .. } | DiskOp::Remove { .. } | DiskOp::ReadAll { .. } => None,
        }
    }

    /// Carries out the request at the head of a disk's queue as far as its machine got before its power failed: the
    /// first bytes of an append; a replacement entirely or not at all. The machine's later requests are dropped.
    pub(crate) fn finish_in_part(&mut self, place: usize, kept: u64) {
        let disk = &mut self.all[place];
        let Some(first) = disk.pending.pop_front() else {
            return;
        };
        disk.pending
            .retain(|pending| pending.machine != first.machine);
        let kept = usize::try_from(kept).unwrap_or(usize::MAX);
        let op = match first.request.op {
            DiskOp::Append { file, mut bytes } => {
                bytes.truncate(kept);
                DiskOp::Append { file, bytes }
            }
            DiskOp::Replace { bytes, .. } if kept < bytes.len() => return,
            op => op,
        };
        // The disk may still refuse it, as at any other time.
        let _ = disk.carry_out(first.machine, op);
    }

    /// Adds a request to its disk's queue. Returns the disk, the request's number and the time at which it is
    /// finished. A request to a missing disk fails at once.
    pub(crate) fn submit(
        &mut self,
        machine: Machine,
        boot: u64,
        request: DiskRequest,
        now: Time,
    ) -> Result<(usize, u64, Time), Completion> {
        let place = match &request.device {
            Device::System => Some(self.shared + machine),
            Device::Shared(name) => self.shared().iter().position(|disk| disk.name == *name),
        };
        let Some(place) = place else {
            let done = DiskDone {
                ticket: request.ticket,
                result: Err(DiskError::Device),
            };
            return Err(Completion {
                machine,
                boot,
                done,
            });
        };
        let id = self.next_id;
        self.next_id += 1;
        let disk = &mut self.all[place];
        let late = match disk.wrong.unsteady {
            Some((chance, by)) if self.unsteady.one_in_a_million_times(chance.per_million()) => {
                self.unsteady.span(by)
            }
            _ => Duration::ZERO,
        };
        disk.busy_until = disk.busy_until.max(now) + self.delay + disk.delay() + late;
        disk.pending.push_back(UnderWay {
            id,
            due: disk.busy_until,
            machine,
            boot,
            request,
            late,
        });
        Ok((place, id, disk.busy_until))
    }

    /// Moves waiting requests forward, as their disk may have become faster and requests before them may be gone.
    /// Returns those that moved: the disk, the request's number and its new time.
    pub(crate) fn hasten(&mut self, now: Time) -> Vec<(usize, u64, Time)> {
        let mut sooner = Vec::new();
        for (place, disk) in self.all.iter_mut().enumerate() {
            let each = self.delay + disk.delay();
            let unsteady = disk.wrong.unsteady.is_some();
            let mut free = now;
            for pending in &mut disk.pending {
                let late = if unsteady {
                    pending.late
                } else {
                    Duration::ZERO
                };
                let due = free + each + late;
                // An unchanged time is not reported, since the request is in the queue with it already.
                if due < pending.due {
                    pending.due = due;
                    sooner.push((place, pending.id, due));
                }
                free = pending.due;
            }
            if !disk.pending.is_empty() {
                disk.busy_until = free;
            }
        }
        sooner
    }

    /// Carries out the request at the head of a disk's queue if it is number `id`. A request that a crash dropped is
    /// not there any more.
    pub(crate) fn finish(&mut self, place: usize, id: u64) -> Option<Completion> {
        let disk = &mut self.all[place];
        if disk.pending.front()?.id != id {
            return None;
        }
        let UnderWay {
            machine,
            boot,
            request,
            ..
        } = disk.pending.pop_front()?;
        let result = disk.carry_out(machine, request.op);
        Some(Completion {
            machine,
            boot,
            done: DiskDone {
                ticket: request.ticket,
                result,
            },
        })
    }

    /// A machine lost power: its unfinished requests are dropped. The write that its disk was busy with may be done,
    /// undone or, for an append, done in part. Its mounts are gone, and its reservations stay.
    pub(crate) fn drop_machine(&mut self, machine: Machine, now: Time) {
        for (place, disk) in self.all.iter_mut().enumerate() {
            if disk
                .pending
                .front()
                .is_some_and(|pending| pending.machine == machine)
                && let Some(pending) = disk.pending.pop_front()
            {
                match pending.request.op {
                    DiskOp::Append { file, mut bytes } => {
                        let kept = self.tears.up_to(bytes.len() as u64);
                        bytes.truncate(usize::try_from(kept).unwrap_or(usize::MAX));
                        // The disk may still refuse it, as at any other time.
                        let _ = disk.carry_out(machine, DiskOp::Append { file, bytes });
                    }
                    op => {
                        // One of two outcomes at random.
                        if self.tears.up_to(1) == 1 {
                            let _ = disk.carry_out(machine, op);
                        }
                    }
                }
            }
            disk.pending.retain(|pending| pending.machine != machine);
            if disk.pending.is_empty() {
                disk.busy_until = now;
            }
            if disk.mounted.contains(&machine) {
                disk.lose_cache();
            }
            if place < self.shared {
                disk.mounted.remove(&machine);
            }
        }
    }

    /// Applies the active faults to the disks.
    pub(crate) fn apply<'a>(&mut self, faults: impl Iterator<Item = &'a DiskFault>) {
        for disk in &mut self.all {
            disk.wrong = Wrong::default();
        }
        for fault in faults {
            match fault {
                DiskFault::Path { node, disk } => {
                    let mut systems = self.all[self.shared..].iter();
                    let machine = systems.position(|system| same_name(&system.name, node));
                    if let (Some(machine), Some(disk)) = (machine, self.find_mut(disk)) {
                        disk.wrong.cut_off.insert(machine);
                    }
                    continue;
                }
                DiskFault::Stolen { disk } => {
                    if let Some(disk) = self.find_mut(disk) {
                        disk.wrong.stolen = true;
                    }
                    continue;
                }
                _ => {}
            }
            let Some(disk) = fault.drive().and_then(|drive| self.drive_mut(drive)) else {
                continue;
            };
            let wrong = &mut disk.wrong;
            match fault {
                DiskFault::Disk { .. } => wrong.failed = true,
                DiskFault::SlowDisk { delay, .. } => wrong.delay = wrong.delay.max(*delay),
                DiskFault::UnsteadyDisk {
                    per_million, by, ..
                } => wrong.unsteady = Some((*per_million, *by)),
                DiskFault::HungDisk { .. } => wrong.hung = true,
                DiskFault::DiskFull { .. } => wrong.full = true,
                DiskFault::ReadOnlyDisk { .. } => wrong.read_only = true,
                DiskFault::FlushFails { .. } => wrong.flush_fails = true,
                // Handled above, or damage to files, which is done at once.
                DiskFault::Path { .. }
                | DiskFault::Stolen { .. }
                | DiskFault::FileDamage { .. }
                | DiskFault::Wipe { .. } => {}
            }
        }
    }
}
