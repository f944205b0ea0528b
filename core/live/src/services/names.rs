//! Network names, as this node has registered them. Nobody else is told yet.

use std::collections::BTreeMap;

use quorate_host::ServiceResult;
use quorate_model::errors::DNS_ERROR_RCODE_NAME_ERROR;

use super::error;

/// The addresses by their names.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    /// Registers a name. Returns whether that changed anything.
    pub(super) fn register(&mut self, name: &str, address: &str) -> bool {
        let before = self.0.insert(name.to_owned(), address.to_owned());
        before.as_deref() != Some(address)
    }

    /// Takes a name out. Returns whether it was there.
    pub(super) fn unregister(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some()
    }

    /// What a name resolves to.
    pub(super) fn resolve(&self, name: &str) -> ServiceResult<String> {
        match self.0.get(name) {
            Some(address) => Ok(address.clone()),
            None => error(
                DNS_ERROR_RCODE_NAME_ERROR,
                format!("{name} is not registered on this node"),
            ),
        }
    }
}
