//! What the bench, in the place of a resource monitor, knows of its resources.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;

use quorate_host::ServiceResult;
use quorate_host::direct::{Directory, Knowledge};
use quorate_model::{Name, Reason};

use crate::world::Faults;

/// The longest name of a type that is remembered, in bytes.
const KIND_MAX: usize = 100;

/// The types of providers that were asked for, and that nothing was of.
#[derive(Debug, Default)]
pub(super) struct Wanted(RefCell<BTreeSet<String>>);

impl Wanted {
    /// All of them, in order.
    pub(super) fn all(&self) -> Vec<String> {
        self.0.borrow().iter().cloned().collect()
    }
}

thread_local! {
    /// What the benches of this thread that are gone have wanted.
    static LEFT: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

impl Drop for Wanted {
    fn drop(&mut self) {
        let wanted = self.0.take();
        LEFT.with_borrow_mut(|left| left.extend(wanted));
    }
}

/// Takes out what all benches of this thread have wanted.
pub(crate) fn take_wanted() -> Vec<String> {
    LEFT.take().into_iter().collect()
}

/// The bench's directory. Checkpoints are refused while the world refuses everything.
pub(super) struct Known<'a> {
    directory: &'a Directory,
    faults: Faults,
    wanted: &'a Wanted,
    /// The type under test, if it is the one who asks.
    asker: Option<&'a String>,
}

impl<'a> Known<'a> {
    pub(super) fn new(
        directory: &'a Directory,
        faults: Faults,
        wanted: &'a Wanted,
        asker: Option<&'a String>,
    ) -> Known<'a> {
        Known {
            directory,
            faults,
            wanted,
            asker,
        }
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
        let found = self.directory.providers(resource, kind);
        // Nothing is made for a resource of the type under test to depend on another one of it.
        let own = self.asker.is_some_and(|asker| asker == kind);
        if found.is_empty() && !own && (1..=KIND_MAX).contains(&kind.len()) {
            self.wanted.0.borrow_mut().insert(kind.to_owned());
        }
        found
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
