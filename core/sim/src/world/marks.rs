//! Numbers for parts of what can be read of a world: as long as a part's are the same, reading it gives the same.

use super::World;

/// How often parts of what can be read have changed.
#[derive(Debug, Default)]
pub(super) struct Revisions {
    /// Which resources are online on which machines that run.
    pub(super) online: u64,
    /// The state of any resource on any machine that runs.
    pub(super) states: u64,
    /// The nodes, and the definition in the cluster's database.
    pub(super) defined: u64,
    /// How often resources were restarted.
    pub(super) restarts: u64,
}

impl World {
    /// For where resources are really online, and for the names of nodes, groups and resources.
    pub fn online_mark(&self) -> [u64; 2] {
        [self.revisions.online, self.revisions.defined]
    }

    /// For what clients find, and for everything that [`online_mark`](Self::online_mark) is for.
    pub fn service_mark(&self) -> [u64; 3] {
        let [online, defined] = self.online_mark();
        [online, defined, self.env.reach]
    }

    /// For what a console shows of nodes, groups, resources and the quorum. A node that coordinates may know more of its
    /// own groups than its database has: it says so in the journal.
    pub fn belief_mark(&self) -> [u64; 8] {
        let [machine, boot, looks, said, knows] = self.observer().map_or([0; 5], |machine| {
            let station = &self.stations[machine];
            let local = self.env.local(machine);
            let knows = station.service.node().map_or(0, |node| {
                1 + u64::from(node.coordinates_at(local)) + 2 * u64::from(node.has_quorum_at(local))
            });
            let said = self.env.hosts[machine].said;
            [machine as u64 + 1, station.boot, station.looks, said, knows]
        });
        let Revisions {
            states,
            defined,
            restarts,
            ..
        } = self.revisions;
        [states, defined, restarts, machine, boot, looks, said, knows]
    }
}
