//! Shared disks as plugins see them. They stand beside the machine and not under its lock: a folder that hangs holds up the
//! monitor that asks, and no other.

use std::sync::Arc;

use quorate_host::{Reservation, ServiceResult};
use quorate_journal::WorldEvent;
use quorate_model::errors::ERROR_NOT_READY;
use quorate_model::{Reason, called};

use super::Told;
use crate::disks::SharedFolder;
use crate::leash::Leash;

/// The shared disks that this machine has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disks {
    all: Arc<[Arc<SharedFolder>]>,
}

impl Disks {
    /// These.
    pub(crate) fn new(all: Vec<Arc<SharedFolder>>) -> Disks {
        Disks { all: all.into() }
    }

    /// Nothing of an earlier start of the node counts any more.
    pub(super) fn boot(&self) {
        self.all.iter().for_each(|disk| disk.boot());
    }

    /// The disk called so.
    pub(super) fn named(&self, name: &str) -> ServiceResult<&SharedFolder> {
        let found = called(&*self.all, name, |it| it.name());
        let none = || format!("there is no shared disk {name} on this machine");
        found
            .map(|it| &**it)
            .ok_or_else(|| Reason::new(ERROR_NOT_READY, none()))
    }

    /// Changes who holds a disk, or who has mounted it, and tells of it.
    pub(super) fn change(
        &self,
        name: &str,
        told: &Told,
        change: impl FnOnce(&SharedFolder) -> ServiceResult<Option<WorldEvent>>,
    ) -> ServiceResult<()> {
        if let Some(event) = change(self.named(name)?)? {
            told.push(event);
        }
        Ok(())
    }

    /// Who holds a disk.
    pub(super) fn reservation(&self, name: &str, leash: &Leash) -> ServiceResult<Reservation> {
        self.named(name)?.reservation(leash)
    }
}
