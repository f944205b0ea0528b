//! The checkpoints of resources: from the database to the monitor of a new owner, and from an owner's monitor into the
//! database.

use quorate_journal::Event;
use quorate_model::monitor::MonitorCommand;
use quorate_model::{GroupDefinition, Name};

use super::{Action, Groups};
use crate::database::{Database, Update};

impl Groups {
    /// The group has just become this node's: its resources get what their owners before this one stored. Nobody else
    /// changes it until the group goes on, so this once is enough.
    pub(super) fn restore_checkpoints(&mut self, database: &Database, group: &GroupDefinition) {
        for resource in &group.resources {
            if let Some(record) = database.resources.get(&resource.name)
                && self.locals.contains_key(&resource.name)
            {
                self.command(MonitorCommand::Restore {
                    resource: resource.name.clone(),
                    checkpoints: record.checkpoints.clone(),
                });
            }
        }
    }

    /// A resource stored a checkpoint. It goes the way of the resource's states, and so comes before any that is
    /// reported later: a group never moves on without it.
    pub(super) fn checkpoint_stored(&mut self, resource: Name, key: String, bytes: Vec<u8>) {
        let owned = self
            .locals
            .get(&resource)
            .and_then(|local| self.owned.get(&local.group));
        match owned.map(|owned| owned.epoch) {
            Some(epoch) => self.actions.push_back(Action::Propose(Update::Checkpoint {
                resource,
                epoch,
                key,
                bytes,
            })),
            None => self.event(Event::Log {
                text: format!("checkpoint {key} is not kept: {resource} is not this node's"),
                subject: resource,
                level: 1,
            }),
        }
    }
}
