//! Disks that fail, and files that are damaged.

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_journal::ReservationChange;
use quorate_model::{Chance, DiskFault, DiskPlace, Drive, FaultId, Name, QuorumKind};

use super::super::World;
use super::some_time;
use crate::WorldError;
use crate::env::{Disk, Machine, STRANGER};

impl World {
    /// The disk, if it exists.
    pub(super) fn drive(&self, drive: &Drive) -> Result<&Disk, WorldError> {
        match drive {
            Drive::Shared(name) => self.known_disk(name),
            Drive::System(node) => Ok(self.env.disks.system(self.machine(node)?)),
        }
    }

    pub(super) fn check_disk_fault(&self, fault: &DiskFault) -> Result<(), WorldError> {
        match fault {
            DiskFault::Disk { disk }
            | DiskFault::HungDisk { disk }
            | DiskFault::DiskFull { disk }
            | DiskFault::ReadOnlyDisk { disk }
            | DiskFault::FlushFails { disk } => self.drive(disk).map(drop),
            DiskFault::Stolen { disk } => self.known_disk(disk).map(drop),
            DiskFault::Path { node, disk } => {
                self.machine(node)?;
                self.known_disk(disk).map(drop)
            }
            DiskFault::SlowDisk { disk, delay } => {
                self.drive(disk)?;
                some_time("what a disk takes on top", *delay)
            }
            DiskFault::UnsteadyDisk {
                disk,
                per_million,
                by,
            } => {
                self.drive(disk)?;
                some_time("what a disk takes on top", *by)?;
                match *per_million == Chance::NEVER {
                    true => Err(WorldError::Nothing {
                        why: format!("{disk} takes longer for none of its requests"),
                    }),
                    false => Ok(()),
                }
            }
            DiskFault::FileDamage { disk, file, damage } => self.check_damage(disk, file, *damage),
            DiskFault::Wipe { node } => {
                let machine = self.machine(node)?;
                match self.env.hosts[machine].on {
                    true => Err(self.machine_error(machine, "is on: its system disk is in use")),
                    false => Ok(()),
                }
            }
        }
    }

    /// The group of the disk's Physical Disk resource, or all groups if it is the quorum disk; for a system disk, the
    /// groups of its machine.
    pub(super) fn touched_by_disk(&self, fault: &DiskFault) -> BTreeSet<Name> {
        match fault.place() {
            DiskPlace::Drive(Drive::System(node)) | DiskPlace::Machine(node) => {
                self.groups_of_node(node)
            }
            DiskPlace::Drive(Drive::Shared(disk))
            | DiskPlace::Shared(disk)
            | DiskPlace::Path { disk, .. } => self.groups_with_disk(disk),
        }
    }

    pub(super) fn break_disk(&mut self, fault: DiskFault) {
        match fault {
            DiskFault::Stolen { disk } => {
                self.faults_changed();
                self.env
                    .set_holder(None, &disk, None, ReservationChange::BusReset);
            }
            DiskFault::FileDamage { disk, file, damage } => self.damage(&disk, &file, damage),
            DiskFault::Wipe { node } => {
                if let Ok(machine) = self.machine(&node) {
                    let disk = self.env.disks.system_mut(machine);
                    disk.files.clear();
                    disk.forget_cache(None);
                }
            }
            DiskFault::Disk { .. }
            | DiskFault::SlowDisk { .. }
            | DiskFault::UnsteadyDisk { .. }
            | DiskFault::HungDisk { .. }
            | DiskFault::DiskFull { .. }
            | DiskFault::ReadOnlyDisk { .. }
            | DiskFault::FlushFails { .. }
            | DiskFault::Path { .. } => self.faults_changed(),
        }
    }

    pub(super) fn heal_disk(&mut self, fault: DiskFault) {
        match fault {
            DiskFault::Stolen { disk } => {
                self.faults_changed();
                let disk = self.env.disks.find(&disk);
                let left = disk.filter(|it| it.holder == Some(STRANGER) && !it.wrong.stolen);
                if let Some(name) = left.map(|disk| disk.name.clone()) {
                    self.env
                        .set_holder(None, &name, None, ReservationChange::Release);
                }
            }
            // These cannot be healed.
            DiskFault::FileDamage { .. } | DiskFault::Wipe { .. } => {}
            DiskFault::Disk { .. }
            | DiskFault::SlowDisk { .. }
            | DiskFault::UnsteadyDisk { .. }
            | DiskFault::HungDisk { .. }
            | DiskFault::DiskFull { .. }
            | DiskFault::ReadOnlyDisk { .. }
            | DiskFault::FlushFails { .. }
            | DiskFault::Path { .. } => self.faults_changed(),
        }
    }

    fn groups_with_disk(&self, disk: &str) -> BTreeSet<Name> {
        let mut touched = BTreeSet::new();
        for group in &self.current.groups {
            for resource in &group.resources {
                if self
                    .current
                    .shared_disk(resource)
                    .is_none_or(|it| it != *disk)
                {
                    continue;
                }
                touched.insert(group.name.clone());
                let quorum = QuorumKind::Standard {
                    resource: resource.name.clone(),
                };
                if self.current.quorum == quorum {
                    return self
                        .current
                        .groups
                        .iter()
                        .map(|group| group.name.clone())
                        .collect();
                }
            }
        }
        touched
    }

    /// A shared disk reports errors to everybody.
    ///
    /// # Errors
    /// An unknown disk.
    pub fn fail_disk(&mut self, disk: &str) -> Result<FaultId, WorldError> {
        let disk = Drive::Shared(disk.into());
        self.inject(DiskFault::Disk { disk })
    }

    /// Adds this delay to every request to a shared disk.
    ///
    /// # Errors
    /// An unknown disk.
    pub fn slow_disk(&mut self, disk: &str, delay: Duration) -> Result<FaultId, WorldError> {
        let disk = Drive::Shared(disk.into());
        self.inject(DiskFault::SlowDisk { disk, delay })
    }

    /// Puts a file on a shared disk by hand, or removes it (`None`), on the node that has the disk mounted.
    ///
    /// # Errors
    /// An unknown disk; a disk that no node has mounted, that does not answer there, or that refuses the write.
    pub fn disk_file(
        &mut self,
        disk: &str,
        file: &str,
        text: Option<&str>,
    ) -> Result<(), WorldError> {
        let known = self.known_disk(disk)?;
        let usable = |machine: &Machine| known.answers(*machine) && !known.wrong.hung;
        if !known.mounted.iter().any(usable) {
            return Err(WorldError::NotMounted {
                disk: known.name.clone(),
            });
        }
        if let Some(disk) = self.env.disks.find_mut(disk) {
            let done = match text {
                Some(text) => disk.overwrite(file, text.as_bytes()),
                None => disk.remove(file),
            };
            done.map_err(|why| WorldError::NotWritten {
                disk: disk.name.clone(),
                file: file.to_owned(),
                why,
            })?;
        }
        let text = match text {
            Some(_) => format!("somebody puts the file {file} on {disk}"),
            None => format!("somebody takes the file {file} off {disk}"),
        };
        self.mark_note(&text);
        Ok(())
    }
}
