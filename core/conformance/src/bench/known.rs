//! What the bench, in the place of a resource monitor, knows of its resources.

use std::borrow::Cow;

use quorate_host::ServiceResult;
use quorate_host::direct::{Directory, Knowledge};
use quorate_model::{Name, Reason};

use crate::world::Faults;

/// The bench's directory. Checkpoints are refused while the world refuses everything.
pub(super) struct Known<'a> {
    directory: &'a Directory,
    faults: Faults,
}

impl<'a> Known<'a> {
    pub(super) fn new(directory: &'a Directory, faults: Faults) -> Known<'a> {
        Known { directory, faults }
    }

    fn is_refusing(&self) -> ServiceResult<()> {
        match self.faults.refuse {
            Some(code) => Err(Reason::new(code, "this world refuses everything")),
            None => Ok(()),
        }
    }
}

impl Knowledge for Known<'_> {
    fn property(&self, resource: &str, name: &str) -> Option<Cow<'_, str>> {
        self.directory.property(resource, name)
    }
    fn providers(&self, resource: &str, kind: &str) -> Vec<Name> {
        self.directory.providers(resource, kind)
    }
    fn publish(&self, resource: &str, name: &str, value: &str) -> bool {
        self.directory.publish(resource, name, value)
    }
    fn published(&self, resource: &str, name: &str) -> Option<String> {
        self.directory.published(resource, name)
    }
    fn online_here(&self, group: &str, kind: &str) -> u32 {
        self.directory.online_here(group, kind)
    }
    fn others(&self, group: &str, kind: &str) -> Vec<(Name, Name)> {
        self.directory.others(group, kind)
    }
    fn save_checkpoint(&self, resource: &str, key: &str, bytes: &[u8]) -> ServiceResult<()> {
        self.is_refusing()?;
        self.directory.save_checkpoint(resource, key, bytes)
    }
    fn checkpoint(&self, resource: &str, key: &str) -> ServiceResult<Vec<u8>> {
        self.is_refusing()?;
        self.directory.checkpoint(resource, key)
    }
}
