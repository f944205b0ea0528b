//! One disk: who gets through to it, what it takes and what is left of that.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use quorate_model::{Chance, Name, Time};
use quorate_node::{DiskError, DiskOp};

use super::{FOR_EVER, UnderWay};
use crate::env::Machine;

/// What is wrong with a disk.
#[derive(Debug, Default)]
pub(crate) struct Wrong {
    /// It reports errors.
    pub(crate) failed: bool,
    /// It never gets done with anything.
    pub(crate) hung: bool,
    /// There is no room left on it.
    pub(super) full: bool,
    /// It takes no writes.
    pub(super) read_only: bool,
    /// It cannot flush what it took.
    pub(super) flush_fails: bool,
    /// Machines that have no path to it.
    pub(super) cut_off: BTreeSet<Machine>,
    /// A host outside the cluster holds its reservation.
    pub(crate) stolen: bool,
    /// What every request takes on top.
    pub(super) delay: Duration,
    /// What some take on top of that at most, and how many.
    pub(super) unsteady: Option<(Chance, Duration)>,
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
    /// What the medium holds of files that were written and could not be flushed: what is left of them when the cache is
    /// gone. `None` where there is no such file.
    unflushed: BTreeMap<String, Option<Vec<u8>>>,
    /// What the active faults say.
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

    /// What every request takes on top: as good as for ever if the disk hangs.
    pub(crate) fn delay(&self) -> Duration {
        match self.wrong.hung {
            true => FOR_EVER,
            false => self.wrong.delay,
        }
    }

    /// Whether it answers a machine at all.
    pub(crate) fn answers(&self, machine: Machine) -> bool {
        !self.wrong.failed && !self.wrong.cut_off.contains(&machine)
    }

    /// Whether nothing is wrong with it that a request would feel, and none is under way.
    pub(crate) fn is_idle(&self) -> bool {
        let wrong = &self.wrong;
        self.pending.is_empty()
            && !wrong.failed
            && self.delay().is_zero()
            && wrong.unsteady.is_none()
    }

    /// Whether the machine gets through to the files now.
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

    /// Changes a file, and flushes that.
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
            // What replaces a file is written beside it first, and does not get that far.
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

    /// Writes a file as a program does, over what is there.
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

    /// Remembers what the medium holds of a file that is about to be changed in the cache alone.
    fn keep_medium(&mut self, file: &str) {
        let medium = self.files.get(file).cloned();
        self.unflushed.entry(file.to_owned()).or_insert(medium);
    }

    /// A flush succeeds: what is written now gets to the medium. What an earlier flush had failed for does not: nothing
    /// knows any more that it still has to be written.
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

    /// The cache of the machine that uses the disk is gone: what is left is what got to the medium.
    pub(crate) fn lose_cache(&mut self) {
        for (file, medium) in std::mem::take(&mut self.unflushed) {
            match medium {
                Some(contents) => drop(self.files.insert(file, contents)),
                None => drop(self.files.remove(&file)),
            }
        }
    }

    /// Something has been done to a file on the medium: whatever was in a cache is void.
    pub(crate) fn forget_cache(&mut self, file: Option<&str>) {
        match file {
            Some(file) => drop(self.unflushed.remove(file)),
            None => self.unflushed.clear(),
        }
    }
}

pub(super) type DiskResult = Result<BTreeMap<String, Vec<u8>>, DiskError>;
