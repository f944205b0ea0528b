//! Requests of plugins to shared disks: reservations, mounts, files.

use quorate_host::{Caller, Reservation, ServiceResult};
use quorate_journal::{ReservationChange, WorldEvent};
use quorate_model::errors::{
    ERROR_BUSY, ERROR_DISK_FULL, ERROR_FILE_NOT_FOUND, ERROR_IO_DEVICE, ERROR_IO_INCOMPLETE,
    ERROR_NOT_READY, ERROR_WRITE_PROTECT,
};
use quorate_node::DiskError;

use super::{Local, error};
use crate::env::{Disk, Machine};

/// The error for a disk that has refused a write.
fn refused<T>(disk: &str, refusal: DiskError) -> ServiceResult<T> {
    match refusal {
        DiskError::Full => error(ERROR_DISK_FULL, format!("{disk} is full")),
        DiskError::WriteProtected => {
            error(ERROR_WRITE_PROTECT, format!("{disk} is write-protected"))
        }
        DiskError::NotFlushed => error(
            ERROR_IO_DEVICE,
            format!("{disk} could not flush what was written"),
        ),
        DiskError::NotReserved | DiskError::NotMounted | DiskError::Device => {
            error(ERROR_IO_DEVICE, format!("{disk} does not answer"))
        }
    }
}

impl Local<'_> {
    fn disk(&self, name: &str) -> ServiceResult<&Disk> {
        match self.env.disks.find(name) {
            None => error(ERROR_FILE_NOT_FOUND, format!("there is no disk {name}")),
            Some(disk) if !disk.answers(self.machine) => {
                error(ERROR_IO_DEVICE, format!("{name} does not answer"))
            }
            Some(disk) => Ok(disk),
        }
    }

    /// The disk, if this machine has access to its files.
    fn files(&mut self, name: &str) -> ServiceResult<&mut Disk> {
        let machine = self.machine;
        let access = self.disk(name)?.access(machine);
        let Some(disk) = self.env.disks.find_mut(name) else {
            return error(ERROR_FILE_NOT_FOUND, format!("there is no disk {name}"));
        };
        match access {
            Ok(()) => Ok(disk),
            Err(DiskError::Device) => error(ERROR_IO_DEVICE, format!("{name} does not answer")),
            Err(
                refusal @ (DiskError::Full | DiskError::WriteProtected | DiskError::NotFlushed),
            ) => refused(name, refusal),
            // A reserved disk reports a reservation conflict to other machines, so a challenger can see that a
            // defender is alive without taking anything.
            Err(DiskError::NotReserved) => match disk.holder {
                Some(_) => error(ERROR_BUSY, format!("{name} is reserved by another node")),
                None => error(
                    ERROR_NOT_READY,
                    format!("{name} is not reserved by this node"),
                ),
            },
            Err(DiskError::NotMounted) => {
                error(ERROR_NOT_READY, format!("{name} is not mounted here"))
            }
        }
    }

    /// Lets a slow disk take its time for a request of a resource.
    fn comes_to(&mut self, caller: Caller<'_>, disk: &str, what: &str) -> ServiceResult<()> {
        let machine = self.machine;
        if self.env.is_through(machine, caller.resource, disk, what) {
            return Ok(());
        }
        let how = match self.env.disks.find(disk) {
            Some(disk) if disk.wrong.hung => "hangs, and is",
            _ => "is slow and",
        };
        error(
            ERROR_IO_INCOMPLETE,
            format!("{disk} {how} still at it ({what})"),
        )
    }

    fn set_holder(&mut self, name: &str, holder: Option<Machine>, how: ReservationChange) {
        let by = Some(self.machine);
        self.env.set_holder(by, name, holder, how);
    }

    fn set_mounted(&mut self, name: &str, mounted: bool) {
        let machine = self.machine;
        let Some(disk) = self.env.disks.find_mut(name) else {
            return;
        };
        let changed = if mounted {
            disk.mounted.insert(machine)
        } else {
            disk.lose_cache();
            disk.mounted.remove(&machine)
        };
        if changed {
            let subject = disk.name.clone();
            self.env.lags.forget(name, Some(machine));
            self.env
                .record(Some(machine), WorldEvent::Mount { subject, mounted });
            self.env.changed();
        }
    }

    pub(super) fn disk_reserve(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<()> {
        match self.disk(disk)?.holder {
            // A renewal waits for the disk's earlier work; taking a free disk is a matter between the node and the
            // bus.
            Some(holder) if holder == self.machine => self.comes_to(caller, disk, "reserve"),
            Some(holder) => {
                let holder = self.env.holder_name(holder);
                error(ERROR_BUSY, format!("{disk} is reserved by {holder}"))
            }
            None => {
                self.set_holder(disk, Some(self.machine), ReservationChange::Reserve);
                Ok(())
            }
        }
    }

    pub(super) fn disk_break_reservation(&mut self, disk: &str) -> ServiceResult<()> {
        self.disk(disk)?;
        self.set_holder(disk, None, ReservationChange::BusReset);
        Ok(())
    }

    pub(super) fn disk_release(&mut self, disk: &str) -> ServiceResult<()> {
        // As in SCSI-2, a release by anyone but the holder does nothing.
        if self.disk(disk)?.holder == Some(self.machine) {
            self.set_holder(disk, None, ReservationChange::Release);
        }
        Ok(())
    }

    pub(super) fn disk_reserved(&mut self, disk: &str) -> ServiceResult<bool> {
        Ok(self.disk(disk)?.holder == Some(self.machine))
    }

    pub(super) fn disk_reservation(&mut self, disk: &str) -> ServiceResult<Reservation> {
        Ok(match self.disk(disk)?.holder {
            None => Reservation::Nobody,
            Some(holder) if holder == self.machine => Reservation::Here,
            Some(_) => Reservation::Elsewhere,
        })
    }

    pub(super) fn disk_mount(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<()> {
        if self.disk(disk)?.holder != Some(self.machine) {
            return error(ERROR_BUSY, format!("{disk} is not reserved by this node"));
        }
        self.comes_to(caller, disk, "mount")?;
        self.set_mounted(disk, true);
        Ok(())
    }

    pub(super) fn disk_unmount(
        &mut self,
        caller: Caller<'_>,
        disk: &str,
        force: bool,
    ) -> ServiceResult<()> {
        if !force && self.disk(disk)?.mounted.contains(&self.machine) {
            self.comes_to(caller, disk, "dismount")?;
        }
        self.set_mounted(disk, false);
        Ok(())
    }

    pub(super) fn disk_list(
        &mut self,
        caller: Caller<'_>,
        disk: &str,
    ) -> ServiceResult<Vec<String>> {
        self.files(disk)?;
        self.comes_to(caller, disk, "list")?;
        Ok(self.files(disk)?.files.keys().cloned().collect())
    }

    pub(super) fn disk_write(
        &mut self,
        caller: Caller<'_>,
        disk: &str,
        file: &str,
        bytes: &[u8],
    ) -> ServiceResult<()> {
        self.files(disk)?;
        self.comes_to(caller, disk, &format!("write {file}"))?;
        let written = self.files(disk)?.overwrite(file, bytes);
        written.or_else(|refusal| refused(disk, refusal))
    }

    pub(super) fn disk_read(
        &mut self,
        caller: Caller<'_>,
        disk: &str,
        file: &str,
    ) -> ServiceResult<Vec<u8>> {
        self.files(disk)?;
        self.comes_to(caller, disk, &format!("read {file}"))?;
        match self.files(disk)?.files.get(file) {
            Some(bytes) => Ok(bytes.clone()),
            None => error(
                ERROR_FILE_NOT_FOUND,
                format!("there is no file {file} on {disk}"),
            ),
        }
    }
}
