//! One disk: who has access to it, what it accepts, and what it keeps.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use quorate_model::{Chance, Name, Time};
use quorate_node::{DiskError, DiskOp};

use super::{FOR_EVER, UnderWay};
use crate::env::Machine;

/// The faults of a disk.
#[derive(Debug, Default)]
pub(crate) struct Wrong {
    /// It reports errors.
    pub(crate) failed: bool,
    /// It never finishes anything.
    pub(crate) hung: bool,
    /// There is no room left on it.
    pub(super) full: bool,
    /// It takes no writes.
    pub(super) read_only: bool,
    /// It cannot flush writes.
    pub(super) flush_fails: bool,
    /// Machines that have no path to it.
    pub(super) cut_off: BTreeSet<Machine>,
    /// A host outside the cluster holds its reservation.
    pub(crate) stolen: bool,
    /// The extra time of every request.
    pub(super) delay: Duration,
    /// The share of requests that take longer still, and the most that each takes.
    pub(super) unsteady: Option<(Chance, Duration)>,
}

/// One disk.
#[derive(Debug)]
pub(crate) struct Disk {
    /// The shared disk's name, or the machine's name for its system disk.
    pub(crate) name: Name,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// The machine that may use it; for a system disk always its own.
    pub(crate) holder: Option<Machine>,
    /// Where its file system is mounted.
    pub(crate) mounted: BTreeSet<Machine>,
    /// The contents on the medium of files that were written but could not be flushed: they replace the files when
    /// the cache is lost. `None` for a file that is not on the medium.
    unflushed: BTreeMap<String, Option<Vec<u8>>>,
    /// The active faults.
    pub(crate) wrong: Wrong,
    pub(super) busy_until: Time,
    pub(super) pending: VecDeque<UnderWay>,
}

impl Disk {
    pub(super) fn new(name: Name) -> Self {
        Disk {
            name,
            files: BTreeMap::new(),
            holder: None,
            mounted: BTreeSet::new(),
            unflushed: BTreeMap::new(),
            wrong: Wrong::default(),
            busy_until: Time::ZERO,
            pending: VecDeque::new(),
        }
    }

    /// The extra time of every request; practically endless if the disk hangs.
    pub(crate) fn delay(&self) -> Duration {
        match self.wrong.hung {
            true => FOR_EVER,
            false => self.wrong.delay,
        }
    }

    /// Whether it answers the machine at all.
    pub(crate) fn answers(&self, machine: Machine) -> bool {
        !self.wrong.failed && !self.wrong.cut_off.contains(&machine)
    }

    /// Whether it has no fault that delays a request, and no request under way.
    pub(crate) fn is_idle(&self) -> bool {
        let wrong = &self.wrong;
        self.pending.is_empty()
            && !wrong.failed
            && self.delay().is_zero()
            && wrong.unsteady.is_none()
    }

    /// Checks that the machine has access to the files now.
    pub(crate) fn access(&self, machine: Machine) -> Result<(), DiskError> {
        if !self.answers(machine) {
            Err(DiskError::Device)
        } else if self.holder != Some(machine) {
            Err(DiskError::NotReserved)
        } else if !self.mounted.contains(&machine) {
            Err(DiskError::NotMounted)
        } else {
            Ok(())
        }
    }

    pub(super) fn carry_out(&mut self, machine: Machine, op: DiskOp) -> DiskResult {
        self.access(machine)?;
        if let DiskOp::ReadAll { .. } = &op {
            return Ok(op.carry_out(&mut self.files));
        }
        self.change(op)?;
        Ok(BTreeMap::new())
    }

    /// Changes a file and flushes the change.
    fn change(&mut self, op: DiskOp) -> Result<(), DiskError> {
        if self.wrong.read_only {
            return Err(DiskError::WriteProtected);
        }
        let grows = match &op {
            DiskOp::Append { bytes, .. } | DiskOp::Replace { bytes, .. } => !bytes.is_empty(),
            DiskOp::Truncate { .. } | DiskOp::Remove { .. } | DiskOp::ReadAll { .. } => false,
        };
        if self.wrong.full && grows {
            return Err(DiskError::Full);
        }
        if self.wrong.flush_fails {
            // A replacement is first written to another file, and its flush fails before it takes the file's place.
            match op {
                DiskOp::Replace { .. } | DiskOp::ReadAll { .. } => {}
                DiskOp::Append { ref file, .. }
                | DiskOp::Truncate { ref file, .. }
                | DiskOp::Remove { ref file } => {
                    self.keep_medium(&file.clone());
                    op.carry_out(&mut self.files);
                }
            }
            return Err(DiskError::NotFlushed);
        }
        self.flush(&op);
        op.carry_out(&mut self.files);
        Ok(())
    }

    /// Overwrites a file as a program does.
    pub(crate) fn overwrite(&mut self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        let longer = bytes.len() > self.files.get(file).map_or(0, Vec::len);
        if self.wrong.read_only {
            return Err(DiskError::WriteProtected);
        }
        if self.wrong.full && longer {
            return Err(DiskError::Full);
        }
        let flushes = !self.wrong.flush_fails;
        match flushes {
            true => drop(self.unflushed.remove(file)),
            false => self.keep_medium(file),
        }
        self.files.insert(file.to_owned(), bytes.to_owned());
        flushes.then_some(()).ok_or(DiskError::NotFlushed)
    }

    /// Takes a file away.
    pub(crate) fn remove(&mut self, file: &str) -> Result<(), DiskError> {
        let file = file.to_owned();
        self.change(DiskOp::Remove { file })
    }

    /// Remembers a file's contents on the medium before the file is changed in the cache only.
    fn keep_medium(&mut self, file: &str) {
        let medium = self.files.get(file).cloned();
        self.unflushed.entry(file.to_owned()).or_insert(medium);
    }

    /// A successful flush: this change reaches the medium. Data of an earlier, failed flush does not, since nothing
    /// remembers that it is still to be written.
    fn flush(&mut self, op: &DiskOp) {
        match op {
            DiskOp::Append { file, bytes } if !bytes.is_empty() => {
                let length = self.files.get(file).map_or(0, Vec::len);
                if let Some(medium) = self.unflushed.get_mut(file) {
                    let medium = medium.get_or_insert_default();
                    medium.resize(length, 0);
                    medium.extend(bytes);
                }
            }
            DiskOp::Truncate { file, len } => {
                let len = usize::try_from(*len).unwrap_or(usize::MAX);
                if let Some(Some(medium)) = self.unflushed.get_mut(file) {
                    medium.truncate(len);
                }
            }
            DiskOp::Replace { file, .. } | DiskOp::Remove { file } => {
                self.unflushed.remove(file);
            }
            DiskOp::Append { .. } | DiskOp::ReadAll { .. } => {}
        }
    }

    /// The cache of the machine that uses the disk is lost: the files go back to their contents on the medium.
    pub(crate) fn lose_cache(&mut self) {
        for (file, medium) in std::mem::take(&mut self.unflushed) {
            match medium {
                Some(contents) => drop(self.files.insert(file, contents)),
                None => drop(self.files.remove(&file)),
            }
        }
    }

    /// A file was changed on the medium: any cached state of it is dropped.
    pub(crate) fn forget_cache(&mut self, file: Option<&str>) {
        match file {
            Some(file) => drop(self.unflushed.remove(file)),
            None => self.unflushed.clear(),
        }
    }
}

pub(super) type DiskResult = Result<BTreeMap<String, Vec<u8>>, DiskError>;
