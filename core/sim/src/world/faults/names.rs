//! Faults of the name server.

use std::collections::BTreeSet;

use quorate_model::{Name, NameFault, types};

use super::super::World;
use super::some_time;
use crate::WorldError;

impl World {
    pub(super) fn check_name_fault(&self, fault: &NameFault) -> Result<(), WorldError> {
        if self.groups_with_name().is_empty() {
            return Err(WorldError::Nothing {
                why: "no group has a resource of type Network Name".to_owned(),
            });
        }
        match fault {
            NameFault::NamesSilent | NameFault::NamesRefused => Ok(()),
            NameFault::NamesSlow { delay } => some_time("how long the name server takes", *delay),
        }
    }

    /// Every group that clients call by a name.
    pub(super) fn groups_with_name(&self) -> BTreeSet<Name> {
        let groups = self.current.groups.iter();
        groups
            .filter(|group| group.has_resource_of(types::NETWORK_NAME))
            .map(|group| group.name.clone())
            .collect()
    }
}
