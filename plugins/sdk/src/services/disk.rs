//! `quorate.disk/1`: shared disks, by name.

use quorate_abi::{self as abi, QrDisk};

use crate::raw::{answer, answer_text, entry, outcome, text};
use crate::{Context, Error};

/// Who holds a disk's reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reservation {
    /// Nobody.
    Nobody,
    /// This node.
    Here,
    /// Another node.
    Elsewhere,
}

/// A shared disk. Only the holder of its reservation has access to it.
///
/// A disk may be slow. A request that is not finished fails with 996 ([`Error::is_unfinished`]) and has changed
/// nothing yet; the same call later gives the result ([`Error::finished`] helps). This applies to renewing the
/// reservation, and to everything that uses the file system except a forced dismount.
#[derive(Clone, Copy, Debug)]
pub struct Disk<'a> {
    ctx: &'a Context,
    name: &'a str,
}

impl<'a> Disk<'a> {
    pub(crate) fn new(ctx: &'a Context, name: &'a str) -> Self {
        Disk { ctx, name }
    }

    fn doing(&self, verb: &str) -> String {
        format!("{verb} disk `{}`", self.name)
    }

    /// Takes the reservation if nobody holds it, or renews it.
    ///
    /// # Errors
    /// 170: another node holds it; 21 or 31: the disk is not there or broken.
    pub fn reserve(&self) -> Result<(), Error> {
        let reserve = entry!(self.ctx.tables.disk, QrDisk, reserve)?;
        // SAFETY: the host's function with the instance it gave; texts and buffers live for the call. So below.
        let code = unsafe { reserve(self.ctx.instance(), text(self.name)) };
        outcome(code, || self.doing("reserve"))
    }

    /// Breaks whatever reservation there is (bus reset). A live owner takes it again.
    ///
    /// # Errors
    /// 21 or 31: the disk is not there or broken.
    pub fn break_reservation(&self) -> Result<(), Error> {
        let reset = entry!(self.ctx.tables.disk, QrDisk, break_reservation)?;
        // SAFETY: as in `reserve`.
        let code = unsafe { reset(self.ctx.instance(), text(self.name)) };
        outcome(code, || self.doing("break the reservation of"))
    }

    /// Gives the reservation up.
    ///
    /// # Errors
    /// This node does not hold it, or the disk is not there.
    pub fn release(&self) -> Result<(), Error> {
        let release = entry!(self.ctx.tables.disk, QrDisk, release)?;
        // SAFETY: as in `reserve`.
        let code = unsafe { release(self.ctx.instance(), text(self.name)) };
        outcome(code, || self.doing("release"))
    }

    /// Whether this node holds the reservation.
    ///
    /// # Errors
    /// 21 or 31: the disk is not there or broken.
    pub fn is_reserved(&self) -> Result<bool, Error> {
        let reserved = entry!(self.ctx.tables.disk, QrDisk, reserved)?;
        let mut held = 0;
        // SAFETY: as in `reserve`; `held` is writable.
        let code = unsafe { reserved(self.ctx.instance(), text(self.name), &raw mut held) };
        outcome(code, || self.doing("query the reservation of"))?;
        Ok(held == 1)
    }

    /// Who holds the reservation, without taking it.
    ///
    /// # Errors
    /// 21 or 31: the disk is not there or broken; 50: the host cannot tell.
    pub fn reservation(&self) -> Result<Reservation, Error> {
        let reservation = entry!(self.ctx.tables.disk, QrDisk, reservation)?;
        let mut holder = 0;
        // SAFETY: as in `reserve`; `holder` is writable.
        let code = unsafe { reservation(self.ctx.instance(), text(self.name), &raw mut holder) };
        outcome(code, || self.doing("query the reservation of"))?;
        match holder {
            abi::RESERVATION_NOBODY => Ok(Reservation::Nobody),
            abi::RESERVATION_HERE => Ok(Reservation::Here),
            abi::RESERVATION_ELSEWHERE => Ok(Reservation::Elsewhere),
            other => Err(Error::new(
                abi::ERROR_INVALID_PARAMETER,
                format!("the host gave {other} for who holds disk `{}`", self.name),
            )),
        }
    }

    /// Mounts its file system here. Needs the reservation.
    ///
    /// # Errors
    /// 170: not reserved by this node; 21 or 31: not there or broken.
    pub fn mount(&self) -> Result<(), Error> {
        let mount = entry!(self.ctx.tables.disk, QrDisk, mount)?;
        // SAFETY: as in `reserve`.
        let code = unsafe { mount(self.ctx.instance(), text(self.name)) };
        outcome(code, || self.doing("mount"))
    }

    /// Dismounts it; with `force` even if files are open or the disk is gone.
    ///
    /// # Errors
    /// 170: files are open; 21: it is not mounted here.
    pub fn unmount(&self, force: bool) -> Result<(), Error> {
        let unmount = entry!(self.ctx.tables.disk, QrDisk, unmount)?;
        // SAFETY: as in `reserve`.
        let code = unsafe { unmount(self.ctx.instance(), text(self.name), u32::from(force)) };
        outcome(code, || self.doing("dismount"))
    }

    /// The entries of its root directory.
    ///
    /// # Errors
    /// 21: not mounted here; 31: broken; 170: the reservation is another's.
    pub fn list(&self) -> Result<Vec<String>, Error> {
        let list = entry!(self.ctx.tables.disk, QrDisk, list)?;
        let lines = answer_text(
            || self.doing("list"),
            // SAFETY: as in `reserve`.
            |buffer, len, needed| unsafe {
                list(self.ctx.instance(), text(self.name), buffer, len, needed)
            },
        )?;
        Ok(lines.lines().map(str::to_owned).collect())
    }

    /// Writes a whole file and flushes it.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub fn write(&self, file: &str, bytes: &[u8]) -> Result<(), Error> {
        let write = entry!(self.ctx.tables.disk, QrDisk, write)?;
        // SAFETY: as in `reserve`.
        let code = unsafe {
            write(
                self.ctx.instance(),
                text(self.name),
                text(file),
                bytes.as_ptr(),
                bytes.len() as u64,
            )
        };
        outcome(code, || format!("{} file `{file}`", self.doing("write to")))
    }

    /// Reads a whole file.
    ///
    /// # Errors
    /// 2: no such file; otherwise as [`list`](Self::list).
    pub fn read(&self, file: &str) -> Result<Vec<u8>, Error> {
        let read = entry!(self.ctx.tables.disk, QrDisk, read)?;
        answer(
            || format!("{} file `{file}`", self.doing("read from")),
            // SAFETY: as in `reserve`.
            |buffer, len, needed| unsafe {
                read(
                    self.ctx.instance(),
                    text(self.name),
                    text(file),
                    buffer,
                    len,
                    needed,
                )
            },
        )
    }
}
