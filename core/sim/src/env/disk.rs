//! Disks: files, reservations and mounts, requests that take time, and crashes that drop them.
//!
//! A shared disk obeys only the holder of its reservation, and only while it is mounted there. The
//! reservation survives its holder's death until someone breaks it, as SCSI-2's does until a bus reset.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use quorate_model::{ClusterDefinition, DiskFault, Name, Time, called, same_name};
use quorate_node::{Device, DiskDone, DiskError, DiskOp, DiskRequest};

use super::Machine;
use crate::rng::Stream;

/// A request on its way.
#[derive(Debug)]
struct Pending {
    id: u64,
    /// When it will be finished.
    due: Time,
    machine: Machine,
    /// The boot of the cluster service that asked: no other gets the answer.
    boot: u64,
    request: DiskRequest,
}

/// A finished request, for the node that asked.
#[derive(Debug)]
pub(crate) struct Completion {
    pub(crate) machine: Machine,
    pub(crate) boot: u64,
    pub(crate) done: DiskDone,
}

/// One disk.
#[derive(Debug)]
pub(crate) struct Disk {
    /// The shared disk's name, or the machine's name for its system disk.
    pub(crate) name: Name,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// Who may use it: for a system disk always its machine.
    pub(crate) holder: Option<Machine>,
    /// Where its file system is mounted.
    pub(crate) mounted: BTreeSet<Machine>,
    /// Whether an active fault makes it report errors.
    pub(crate) failed: bool,
    extra_delay: Duration,
    busy_until: Time,
    pending: VecDeque<Pending>,
}

impl Disk {
    fn new(name: Name) -> Self {
        Disk {
            name,
            files: BTreeMap::new(),
            holder: None,
            mounted: BTreeSet::new(),
            failed: false,
            extra_delay: Duration::ZERO,
            busy_until: Time::ZERO,
            pending: VecDeque::new(),
        }
    }

    /// What every request takes on top, as the active faults say.
    pub(crate) fn delay(&self) -> Duration {
        self.extra_delay
    }

    /// Whether the machine gets through to the files now.
    pub(crate) fn access(&self, machine: Machine) -> Result<(), DiskError> {
        if self.failed {
            Err(DiskError::Device)
        } else if self.holder != Some(machine) {
            Err(DiskError::NotReserved)
        } else if !self.mounted.contains(&machine) {
            Err(DiskError::NotMounted)
        } else {
            Ok(())
        }
    }

    fn carry_out(&mut self, machine: Machine, op: DiskOp) -> DiskResult {
        self.access(machine)?;
        match op {
            DiskOp::Append { file, bytes } => self.files.entry(file).or_default().extend(bytes),
            DiskOp::Replace { file, bytes } => {
                self.files.insert(file, bytes);
            }
            DiskOp::Truncate { file, len } => {
                if let Some(contents) = self.files.get_mut(&file) {
                    contents.truncate(usize::try_from(len).unwrap_or(usize::MAX));
                }
            }
            DiskOp::Remove { file } => {
                self.files.remove(&file);
            }
            DiskOp::ReadAll { prefix } => {
                return Ok(self
                    .files
                    .range(prefix.clone()..)
                    .take_while(|(name, _)| name.starts_with(&prefix))
                    .map(|(name, contents)| (name.clone(), contents.clone()))
                    .collect());
            }
        }
        Ok(BTreeMap::new())
    }
}

type DiskResult = Result<BTreeMap<String, Vec<u8>>, DiskError>;

/// Every disk: the shared ones first, then each machine's system disk.
#[derive(Debug)]
pub(crate) struct Disks {
    all: Vec<Disk>,
    shared: usize,
    delay: Duration,
    next_id: u64,
    /// Decides what a crash leaves of the write under way.
    tears: Stream,
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
        }
    }

    /// One more machine's system disk.
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

    /// A machine's system disk.
    pub(crate) fn system(&self, machine: Machine) -> &Disk {
        &self.all[self.shared + machine]
    }

    /// A machine's system disk.
    pub(crate) fn system_mut(&mut self, machine: Machine) -> &mut Disk {
        &mut self.all[self.shared + machine]
    }

    /// Who writes what file, if the request in front of a disk's queue is number `id` and changes one.
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

    /// Carries out the request in front of a disk's queue as far as a machine got with it before its power failed:
    /// the first bytes of what it appends; all or nothing of what it replaces. Nothing that it asked for later
    /// is done.
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
        // Whether it got through at all is the disk's own matter, as ever.
        let _ = disk.carry_out(first.machine, op);
    }

    /// Puts a request at the end of its disk's queue: the disk, the request's number and when it will be
    /// finished. A disk that is not there fails the request at once.
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
        disk.busy_until = disk.busy_until.max(now) + self.delay + disk.extra_delay;
        disk.pending.push_back(Pending {
            id,
            due: disk.busy_until,
            machine,
            boot,
            request,
        });
        Ok((place, id, disk.busy_until))
    }

    /// Lets requests that wait be done as soon as their disk allows now: it may have become faster, and those in
    /// front of them may be gone. Which they are: the disk, the request's number and when it will be finished.
    pub(crate) fn hasten(&mut self, now: Time) -> Vec<(usize, u64, Time)> {
        let mut sooner = Vec::new();
        for (place, disk) in self.all.iter_mut().enumerate() {
            let each = self.delay + disk.extra_delay;
            let mut free = now;
            for pending in &mut disk.pending {
                let due = free + each;
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

    /// Carries out the request in front of a disk's queue if it is number `id`. A request that a crash
    /// dropped is no longer there.
    pub(crate) fn finish(&mut self, place: usize, id: u64) -> Option<Completion> {
        let disk = &mut self.all[place];
        if disk.pending.front()?.id != id {
            return None;
        }
        let Pending {
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

    /// A machine lost power: what it had asked for and not been given is dropped. The write that its disk
    /// was busy with may be done, undone or, for an append, done in part. Its mounts are gone; its
    /// reservations stay.
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
                        // Whether it got through at all is the disk's own matter, as ever.
                        let _ = disk.carry_out(machine, DiskOp::Append { file, bytes });
                    }
                    op => {
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
            if place < self.shared {
                disk.mounted.remove(&machine);
            }
        }
    }

    /// Sets every shared disk to what the active faults say.
    pub(crate) fn apply<'a>(&mut self, faults: impl Iterator<Item = &'a DiskFault>) {
        for disk in &mut self.all {
            disk.failed = false;
            disk.extra_delay = Duration::ZERO;
        }
        for fault in faults {
            match fault {
                DiskFault::Disk { disk } => {
                    if let Some(disk) = self.find_mut(disk) {
                        disk.failed = true;
                    }
                }
                DiskFault::SlowDisk { disk, delay } => {
                    if let Some(disk) = self.find_mut(disk) {
                        disk.extra_delay = *delay;
                    }
                }
                // They happened to the files.
                DiskFault::FileDamage { .. } | DiskFault::Wipe { .. } => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::env::tests::definition;

    const MS: Duration = Duration::from_millis(1);

    fn disks(seed: u64) -> Disks {
        Disks::new(&definition(2), seed, MS)
    }

    fn append(device: Device, ticket: u64, bytes: &[u8]) -> DiskRequest {
        DiskRequest {
            ticket,
            device,
            op: DiskOp::Append {
                file: "log".into(),
                bytes: bytes.into(),
            },
        }
    }

    fn quorum_disk() -> Device {
        Device::Shared("Disk Q:".into())
    }

    fn run(disks: &mut Disks, machine: Machine, request: DiskRequest) -> DiskResult {
        let (place, id, _) = disks
            .submit(machine, 1, request, Time::ZERO)
            .expect("disk exists");
        disks.finish(place, id).expect("in front").done.result
    }

    #[test]
    fn only_the_holder_that_mounted_it_gets_through() {
        let mut disks = disks(1);
        let write = |disks: &mut Disks| run(disks, 0, append(quorum_disk(), 1, b"a"));
        assert_eq!(write(&mut disks), Err(DiskError::NotReserved));
        disks.find_mut("Disk Q:").unwrap().holder = Some(0);
        assert_eq!(write(&mut disks), Err(DiskError::NotMounted));
        disks.find_mut("Disk Q:").unwrap().mounted.insert(0);
        assert_eq!(write(&mut disks), Ok(BTreeMap::new()));
        let fault = DiskFault::Disk {
            disk: "Disk Q:".into(),
        };
        disks.apply([&fault].into_iter());
        assert_eq!(write(&mut disks), Err(DiskError::Device));
        disks.apply(std::iter::empty());
        disks.find_mut("Disk Q:").unwrap().holder = Some(1);
        assert_eq!(write(&mut disks), Err(DiskError::NotReserved));
        assert_eq!(disks.find("Disk Q:").unwrap().files["log"], b"a");
    }

    #[test]
    fn requests_of_one_disk_are_carried_out_in_order_and_take_time() {
        let mut disks = disks(1);
        let at = Time::from_millis(10);
        let (place, first, done) = disks
            .submit(0, 1, append(Device::System, 1, b"a"), at)
            .unwrap();
        let (_, second, later) = disks
            .submit(0, 1, append(Device::System, 2, b"b"), at)
            .unwrap();
        assert_eq!(
            (done, later),
            (Time::from_millis(11), Time::from_millis(12))
        );
        assert!(
            disks.finish(place, second).is_none(),
            "the first is in front"
        );
        assert_eq!(disks.finish(place, first).unwrap().done.ticket, 1);
        assert_eq!(disks.finish(place, second).unwrap().done.ticket, 2);
        assert_eq!(disks.system(0).files["log"], b"ab");
    }

    #[test]
    fn a_missing_disk_reports_a_device_error() {
        let request = append(Device::Shared("Disk X:".into()), 9, b"");
        let completion = disks(1).submit(0, 1, request, Time::ZERO).unwrap_err();
        assert_eq!(
            completion.done,
            DiskDone {
                ticket: 9,
                result: Err(DiskError::Device)
            }
        );
    }

    proptest! {
        #[test]
        fn a_crash_leaves_what_was_finished_and_a_prefix_of_the_next(
            seed in any::<u64>(),
            writes in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..8), 1..8),
            finished in 0_usize..8,
        ) {
            let mut disks = disks(seed);
            let mut tickets = Vec::new();
            for (ticket, bytes) in writes.iter().enumerate() {
                let request = append(Device::System, ticket as u64, bytes);
                tickets.push(disks.submit(0, 1, request, Time::ZERO).unwrap());
            }
            let finished = finished.min(writes.len());
            for (place, id, _) in &tickets[..finished] {
                prop_assert!(disks.finish(*place, *id).is_some());
            }
            disks.drop_machine(0, Time::ZERO);
            let kept = disks.system(0).files.get("log").cloned().unwrap_or_default();
            let acknowledged: Vec<u8> = writes[..finished].concat();
            let most: Vec<u8> = writes[..writes.len().min(finished + 1)].concat();
            prop_assert!(kept.starts_with(&acknowledged));
            prop_assert!(most.starts_with(&kept));
            for (place, id, _) in &tickets[finished..] {
                prop_assert!(disks.finish(*place, *id).is_none());
            }
        }
    }

    #[test]
    fn a_torn_append_may_be_any_prefix() {
        let kept: BTreeSet<usize> = (0..200)
            .map(|seed| {
                let mut disks = disks(seed);
                let request = append(Device::System, 1, b"abcd");
                disks.submit(0, 1, request, Time::ZERO).unwrap();
                disks.drop_machine(0, Time::ZERO);
                disks.system(0).files["log"].len()
            })
            .collect();
        assert_eq!(kept, (0..=4).collect());
    }

    #[test]
    fn a_crash_keeps_the_reservation_and_drops_the_mount() {
        let mut disks = disks(1);
        let disk = disks.find_mut("Disk Q:").unwrap();
        disk.holder = Some(0);
        disk.mounted.insert(0);
        disks.drop_machine(0, Time::ZERO);
        let disk = disks.find("Disk Q:").unwrap();
        assert_eq!(disk.holder, Some(0));
        assert!(disk.mounted.is_empty());
        assert!(
            disks.system(0).mounted.contains(&0),
            "the system disk is there at the next boot"
        );
    }
}
