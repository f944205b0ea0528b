//! Disks that fail, and files that are not what was written.

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_model::{DiskFault, FaultId, Name, QuorumKind};

use super::super::World;
use super::some_time;
use crate::WorldError;

impl World {
    pub(super) fn check_disk_fault(&self, fault: &DiskFault) -> Result<(), WorldError> {
        match fault {
            DiskFault::Disk { disk } => self.known_disk(disk).map(drop),
            DiskFault::SlowDisk { disk, delay } => {
                self.known_disk(disk)?;
                some_time("what a disk takes on top", *delay)
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

    /// The group with the disk's Physical Disk resource, and every group if it is the quorum's; of a machine's system
    /// disk, what the machine owns.
    pub(super) fn touched_by_disk(&self, fault: &DiskFault) -> BTreeSet<Name> {
        match fault {
            DiskFault::Disk { disk }
            | DiskFault::SlowDisk { disk, .. }
            | DiskFault::FileDamage { disk, .. } => self.groups_with_disk(disk),
            DiskFault::Wipe { node } => self.groups_of_node(node),
        }
    }

    pub(super) fn break_disk(&mut self, fault: DiskFault) {
        match fault {
            DiskFault::Disk { .. } | DiskFault::SlowDisk { .. } => self.faults_changed(),
            DiskFault::FileDamage { disk, file, damage } => self.damage(&disk, &file, damage),
            DiskFault::Wipe { node } => {
                if let Ok(machine) = self.machine(&node) {
                    self.env.disks.system_mut(machine).files.clear();
                }
            }
        }
    }

    pub(super) fn heal_disk(&mut self, fault: DiskFault) {
        match fault {
            DiskFault::Disk { .. } | DiskFault::SlowDisk { .. } => self.faults_changed(),
            // They happened: nobody heals them.
            DiskFault::FileDamage { .. } | DiskFault::Wipe { .. } => {}
        }
    }

    fn groups_with_disk(&self, disk: &str) -> BTreeSet<Name> {
        let mut touched = BTreeSet::new();
        for group in &self.current.groups {
            for resource in &group.resources {
                if resource.kind != *"Physical Disk" || resource.disk() != *disk {
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

    /// A shared disk reports errors to whoever asks.
    ///
    /// # Errors
    /// An unknown disk.
    pub fn fail_disk(&mut self, disk: &str) -> Result<FaultId, WorldError> {
        self.inject(DiskFault::Disk { disk: disk.into() })
    }

    /// Every request to a shared disk takes this much longer.
    ///
    /// # Errors
    /// An unknown disk.
    pub fn slow_disk(&mut self, disk: &str, delay: Duration) -> Result<FaultId, WorldError> {
        self.inject(DiskFault::SlowDisk {
            disk: disk.into(),
            delay,
        })
    }

    /// Somebody puts a file on a shared disk by hand, or takes it away (`None`), on a node that has it mounted.
    ///
    /// # Errors
    /// An unknown disk; one that no node has mounted, or that is broken.
    pub fn disk_file(
        &mut self,
        disk: &str,
        file: &str,
        text: Option<&str>,
    ) -> Result<(), WorldError> {
        let known = self.known_disk(disk)?;
        if known.failed || known.mounted.is_empty() {
            return Err(WorldError::NotMounted {
                disk: known.name.clone(),
            });
        }
        if let Some(disk) = self.env.disks.find_mut(disk) {
            match text {
                Some(text) => disk.files.insert(file.to_owned(), text.as_bytes().to_vec()),
                None => disk.files.remove(file),
            };
        }
        let text = match text {
            Some(_) => format!("somebody puts the file {file} on {disk}"),
            None => format!("somebody takes the file {file} off {disk}"),
        };
        self.mark_note(&text);
        Ok(())
    }
}
