//! Shared disks as plugins see them. They stand beside the machine and not under its lock: a folder that hangs holds up the
//! monitor that asks, and no other.

use std::sync::Arc;

use quorate_host::ServiceResult;
use quorate_journal::WorldEvent;
use quorate_model::errors::ERROR_NOT_READY;
use quorate_model::{Reason, called};

use super::Told;
use crate::disks::SharedFolder;

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
    fn named(&self, name: &str) -> ServiceResult<&SharedFolder> {
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
        if let Some(event) = self.ask(name, change)? {
            told.push(event);
        }
        Ok(())
    }

    /// Asks something of a disk.
    pub(super) fn ask<T>(
        &self,
        name: &str,
        what: impl FnOnce(&SharedFolder) -> ServiceResult<T>,
    ) -> ServiceResult<T> {
        what(self.named(name)?)
    }
}
