//! What leads from one event of the world to the next.

use std::collections::BTreeSet;

use quorate_journal::HeaderGroup;
use quorate_model::{ClusterDefinition, Name, ResourceDefinition, Time, Value};

use super::below::gathered;
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
            let on = gathered(group, |resource| own(definition, resource));
            for (resource, on) in &on {
                trail.rests(resource.clone(), on.iter().cloned().collect());
            }
        }
    }
}

/// The disk and the network of a resource.
fn own(definition: &ClusterDefinition, resource: &ResourceDefinition) -> BTreeSet<Name> {
    let mut on: BTreeSet<Name> = definition.shared_disk(resource).into_iter().collect();
    if let Some(Value::Text(network)) = resource.properties.private.get("Network") {
        on.insert(network.as_str().into());
    }
    on
}
