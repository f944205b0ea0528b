//! What was refused on each network. An attacker may send as much as he likes: it is told at the first, the
//! tenth, the hundredth and so on.

use std::collections::BTreeMap;

use quorate_model::Name;

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Refused {
    by_network: BTreeMap<Name, u64>,
}

impl Refused {
    /// Counts one. Returns the number on its network where it is to be told.
    pub(super) fn count(&mut self, network: &Name) -> Option<u64> {
        let count = self.by_network.entry(network.clone()).or_default();
        *count += 1;
        (10_u64.pow(count.ilog10()) == *count).then_some(*count)
    }
}
