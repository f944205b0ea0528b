//! What resources stand on: their own disks and networks, and those of all that they depend on.

use std::collections::BTreeSet;

use quorate_model::{GroupDefinition, Name, NameMap, ResourceDefinition};

/// For each resource of a group what `own` says of it and of every resource below it.
pub(super) fn gathered(
    group: &GroupDefinition,
    own: impl Fn(&ResourceDefinition) -> BTreeSet<Name>,
) -> NameMap<BTreeSet<Name>> {
    let mut all: NameMap<BTreeSet<Name>> = NameMap::new();
    // Providers stand before their dependents in a definition.
    for resource in &group.resources {
        let mut on = own(resource);
        for provider in &resource.depends_on {
            debug_assert!(
                all.contains_key(provider)
                    || !group.resources.iter().any(|it| it.name == *provider)
            );
            on.extend(all.get(provider).into_iter().flatten().cloned());
        }
        all.insert(resource.name.clone(), on);
    }
    all
}
