//! What leads from one event of the world to the next.

use std::collections::BTreeSet;

use quorate_journal::HeaderGroup;
use quorate_model::{ClusterDefinition, GroupDefinition, Name, Time, Value};

use super::{Environment, Happening, Machine};

impl Environment {
    /// Something begins to happen that the journal's event with this number has led to.
    pub(crate) fn begins(&mut self, cause: Option<u64>) {
        self.journal.trail().begin(cause);
        self.queue.cause = cause;
    }

    /// Schedules a timer. Nothing in particular leads to what happens when it is due, unless it is due at once.
    pub(crate) fn wakes(&mut self, at: Time, timer: Happening) {
        let led_by = self.queue.cause;
        self.queue.cause = led_by.filter(|_| at <= self.now);
        self.queue.push(at, timer);
        self.queue.cause = led_by;
    }

    /// What is asked of the world from now on is asked by a plugin on this machine, on behalf of this resource.
    pub(crate) fn asked_for(&mut self, machine: Machine, resource: &str) {
        let node = &self.hosts[machine].name;
        self.journal.trail().turn_to(node, resource);
        self.queue.cause = self.journal.trail().present();
    }

    /// Learns which resources there are, and what they stand on.
    pub(crate) fn defined(&mut self, definition: &ClusterDefinition) {
        let trail = self.journal.trail();
        for group in &definition.groups {
            trail.knows(&[HeaderGroup::from(group)]);
            for resource in &group.resources {
                let on = stands_on(definition, group, &resource.name);
                trail.rests(resource.name.clone(), on.into_iter().collect());
            }
        }
    }
}

/// The disks and networks behind a resource, its own and those of what it depends on.
fn stands_on(
    definition: &ClusterDefinition,
    group: &GroupDefinition,
    resource: &Name,
) -> BTreeSet<Name> {
    let mut on = BTreeSet::new();
    let mut seen = BTreeSet::from([resource]);
    let mut open = vec![resource];
    while let Some(name) = open.pop() {
        let Some(found) = group.resources.iter().find(|it| it.name == *name) else {
            continue;
        };
        on.extend(definition.shared_disk(found));
        if let Some(Value::Text(network)) = found.properties.private.get("Network") {
            on.insert(network.as_str().into());
        }
        let providers = found.depends_on.iter();
        open.extend(providers.filter(|provider| seen.insert(provider)));
    }
    on
}
