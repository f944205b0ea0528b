//! Damage to files, and crashes during a write.

use quorate_model::{Damage, DiskFault, Fault, FaultId, MachineFault, Name};

use super::super::World;
use crate::WorldError;
use crate::env::{Disk, Machine};
use crate::error::similar;

/// Whether a file has this name, given with or without its folder.
fn is_called(file: &str, name: &str) -> bool {
    file == name || file.rsplit('/').next() == Some(name)
}

impl World {
    /// Damages a file on a shared disk, or on the system disk of the node with that name.
    ///
    /// # Errors
    /// An unknown disk or file; a byte that the file does not have.
    pub fn damage_file(
        &mut self,
        disk: &str,
        file: &str,
        damage: Damage,
    ) -> Result<FaultId, WorldError> {
        self.inject(DiskFault::FileDamage {
            disk: disk.into(),
            file: file.to_owned(),
            damage,
        })
    }

    /// A machine loses power during its next write to a file, when `kept` bytes of it are on the disk.
    ///
    /// # Errors
    /// An unknown node; a machine that is off or stands still.
    pub fn crash_writing(
        &mut self,
        node: &str,
        file: &str,
        kept: u64,
    ) -> Result<FaultId, WorldError> {
        self.inject(MachineFault::CrashWriting {
            node: node.into(),
            file: file.to_owned(),
            kept,
        })
    }

    /// The shared disk with this name, or the system disk of the machine with this name.
    fn any_disk(&self, name: &str) -> Result<&Disk, WorldError> {
        match self.machine(name) {
            Ok(machine) => Ok(self.env.disks.system(machine)),
            Err(_) => self.known_disk(name),
        }
    }

    fn any_disk_mut(&mut self, name: &str) -> Option<&mut Disk> {
        match self.machine(name) {
            Ok(machine) => Some(self.env.disks.system_mut(machine)),
            Err(_) => self.env.disks.find_mut(name),
        }
    }

    /// How many bytes a file has, on a shared disk or on the system disk of the node with that name.
    ///
    /// # Errors
    /// An unknown disk or file.
    pub fn file_size(&self, disk: &str, file: &str) -> Result<u64, WorldError> {
        let disk = self.any_disk(disk)?;
        let mut files = disk.files.iter();
        if let Some((_, contents)) = files.find(|(name, _)| is_called(name, file)) {
            return Ok(contents.len() as u64);
        }
        let names: Vec<Name> = disk.files.keys().map(|name| name.as_str().into()).collect();
        Err(WorldError::NoFile {
            disk: disk.name.clone(),
            file: file.to_owned(),
            suggestions: match similar(file, names.iter()) {
                none if none.is_empty() => names.into_iter().take(3).collect(),
                some => some,
            },
        })
    }

    pub(super) fn check_damage(
        &self,
        disk: &str,
        file: &str,
        damage: Damage,
    ) -> Result<(), WorldError> {
        let length = self.file_size(disk, file)?;
        let (what, number, fits) = match damage {
            Damage::FlippedBit { byte } => {
                let byte = byte.unwrap_or(length / 2);
                ("the byte of a file", byte, byte < length)
            }
            Damage::LostTail { bytes } => ("the end of a file", bytes, bytes <= length),
            Damage::Lost => return Ok(()),
        };
        match fits {
            true => Ok(()),
            false => Err(WorldError::Range {
                what,
                wanted: "within its length",
                found: format!("{number} where the file has {length} bytes"),
            }),
        }
    }

    pub(super) fn damage(&mut self, disk: &str, file: &str, damage: Damage) {
        let Some(disk) = self.any_disk_mut(disk) else {
            return;
        };
        let Some(name) = disk
            .files
            .keys()
            .find(|name| is_called(name, file))
            .cloned()
        else {
            return;
        };
        disk.forget_cache(Some(&name));
        let length = disk.files.get(&name).map_or(0, Vec::len);
        let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).min(length);
        match (damage, disk.files.get_mut(&name)) {
            (Damage::Lost, _) => {
                disk.files.remove(&name);
            }
            (Damage::FlippedBit { byte }, Some(contents)) => {
                let at = byte.map_or(length / 2, place);
                if let Some(byte) = contents.get_mut(at) {
                    *byte ^= 0x10;
                }
            }
            (Damage::LostTail { bytes }, Some(contents)) => {
                contents.truncate(length - place(bytes));
            }
            (_, None) => {}
        }
    }

    /// If a machine is to lose power during the write that `disk` is about to finish: finishes the part that reaches
    /// the disk and switches the machine off. Returns that machine.
    pub(in crate::world) fn crash_in_write(
        &mut self,
        disk: usize,
        request: u64,
    ) -> Option<Machine> {
        if self.env.faults.is_empty() {
            return None;
        }
        let (machine, file) = self.env.disks.writing(disk, request)?;
        let host = &self.env.hosts[machine].name;
        let (id, kept) = self.env.faults.iter().find_map(|(id, fault)| match fault {
            Fault::Machine(MachineFault::CrashWriting {
                node,
                file: wanted,
                kept,
            }) if node == host && is_called(file, wanted) => Some((*id, *kept)),
            _ => None,
        })?;
        let node = host.clone();
        self.env.disks.finish_in_part(disk, kept);
        // From now on the fault is an ordinary crash, and is healed like one.
        self.env
            .faults
            .insert(id, MachineFault::Crash { node }.into());
        self.power_cut(machine, "power lost in the middle of a write");
        Some(machine)
    }
}
