//! The load of Exchange stores on their nodes: processor time, and transaction log that a crash leaves behind.
//!
//! A store writes log as its users work, and copies the changes into its database in the background as fast as it
//! can. After a crash, the next start replays what is in the log but not in the database; an orderly stop leaves
//! nothing to replay.

use std::collections::BTreeMap;

use quorate_model::{Name, Time};

use super::{Environment, Machine};
use crate::options::Load;

/// Kilobytes of log per user and hour.
const WRITTEN_PER_USER_HOUR: u64 = 2_500;
/// Kilobytes of log per hour without users.
const WRITTEN_PER_HOUR: u64 = 300_000;
/// Kilobytes of log per hour that a store can apply to its database beside its other work: the log of 2,280 users.
const BROUGHT_IN_PER_HOUR: u64 = 6_000_000;
/// Kilobytes of each storage group's log that are missing in its database even at best: the checkpoint depth.
const CHECKPOINT_DEPTH: u64 = 20_000;
/// Kilobytes of a log file, which is one unit of work to replay.
const LOG_FILE: u64 = 5_000;

/// Processor load by stores, in per cent, from which on others on their node are slowed down: the text's limit.
pub(super) const UNFELT_PERCENT: u32 = 40;

/// The number of connections that counts as much as that: the text's other limit.
const UNFELT_CONNECTIONS: u64 = 1_900;

/// The most storage groups that the stores of a node can mount together.
const STORAGE_GROUPS_MAX: u64 = 4;

impl Load {
    /// The part of a node that this load takes, in per cent: of its processors or of its connections, whichever is
    /// more.
    fn percent(self) -> u32 {
        let connections = u64::from(self.users) * u64::from(UNFELT_PERCENT) / UNFELT_CONNECTIONS;
        self.cpu_percent
            .max(u32::try_from(connections).unwrap_or(u32::MAX))
    }
}

/// One store.
#[derive(Debug)]
struct Store {
    group: Name,
    storage_groups: u64,
    /// Where it runs.
    machine: Option<Machine>,
    /// Kilobytes of log that are not in the database, at time `at`.
    behind: u64,
    at: Time,
}

/// The stores of a cluster, by their resources.
#[derive(Debug, Default)]
pub(crate) struct Stores {
    stores: BTreeMap<Name, Store>,
    loads: BTreeMap<Name, Load>,
}

impl Stores {
    pub(crate) fn new(loads: BTreeMap<Name, Load>) -> Self {
        Stores {
            stores: BTreeMap::new(),
            loads,
        }
    }

    pub(crate) fn load(&self, group: &str) -> Load {
        self.loads.get(group).copied().unwrap_or_default()
    }

    /// The part of a machine at full speed that its running stores take, in per cent, without `except`.
    pub(super) fn busy(&self, machine: Machine, except: Option<&str>) -> u32 {
        let here = self.stores.iter().filter(|(resource, store)| {
            store.machine == Some(machine) && except.is_none_or(|name| **resource != *name)
        });
        here.map(|(_, store)| self.load(&store.group).percent())
            .fold(0, u32::saturating_add)
    }

    /// Brings the log of a running store up to the present.
    fn bring_up(&mut self, resource: &str, now: Time) {
        let Some(store) = self.stores.get_mut(resource) else {
            return;
        };
        if store.machine.is_some() {
            let users = u64::from(self.loads.get(&store.group).map_or(0, |load| load.users));
            let passed = (now - store.at).as_millis().min(u128::from(u64::MAX)) as u64;
            let in_hours = |kilobytes: u64| kilobytes.saturating_mul(passed) / 3_600_000;
            let written = in_hours(users * WRITTEN_PER_USER_HOUR + WRITTEN_PER_HOUR);
            let all = store.behind.saturating_add(written);
            let depth = CHECKPOINT_DEPTH * store.storage_groups;
            store.behind = all
                .saturating_sub(in_hours(BROUGHT_IN_PER_HOUR))
                .max(all.min(depth));
        }
        store.at = now;
    }
}

impl Environment {
    /// The number of log files that a store has to replay at its start.
    pub(crate) fn store_starts(&mut self, resource: &str, group: &str, storage_groups: u64) -> u64 {
        let now = self.now;
        let store = self
            .stores
            .stores
            .entry(resource.into())
            .or_insert_with(|| Store {
                group: group.into(),
                storage_groups,
                machine: None,
                behind: 0,
                at: now,
            });
        store.storage_groups = storage_groups;
        store.behind.div_ceil(LOG_FILE)
    }

    /// Checks that a machine can mount `more` storage groups, beside those of its stores that run, start or stop.
    ///
    /// # Errors
    /// If the sum is more than a node can mount.
    pub(crate) fn may_mount(
        &self,
        machine: Machine,
        resource: &str,
        more: u64,
    ) -> Result<(), String> {
        let stores = self.stores.stores.iter();
        let mounted: u64 = stores
            .filter(|(name, _)| {
                **name != *resource && self.processes.of(machine, name).next().is_some()
            })
            .map(|(_, store)| store.storage_groups)
            .sum();
        if mounted.saturating_add(more) <= STORAGE_GROUPS_MAX {
            return Ok(());
        }
        let node = &self.hosts[machine].name;
        Err(format!(
            "{node} has mounted {mounted} storage groups of other virtual servers and mounts {STORAGE_GROUPS_MAX} at \
             most, so it cannot mount {more} more; bring this store online on another node, or have fewer storage \
             groups [storage-group-limit]"
        ))
    }

    /// A process has started; if it is a store, its log has been replayed.
    pub(crate) fn store_runs(&mut self, resource: &str, machine: Machine) {
        let now = self.now;
        if let Some(store) = self.stores.stores.get_mut(resource) {
            (store.machine, store.behind, store.at) = (Some(machine), 0, now);
        }
    }

    /// A process has ended, in good order or not.
    pub(crate) fn store_ended(&mut self, resource: &str, machine: Machine, orderly: bool) {
        self.stores.bring_up(resource, self.now);
        if let Some(store) = self.stores.stores.get_mut(resource)
            && store.machine == Some(machine)
        {
            store.machine = None;
            if orderly {
                store.behind = 0;
            }
        }
    }

    /// A machine lost power, and with it its stores.
    pub(crate) fn stores_lost(&mut self, machine: Machine) {
        let stores = self.stores.stores.iter();
        let here: Vec<Name> = stores
            .filter(|(_, store)| store.machine == Some(machine))
            .map(|(resource, _)| resource.clone())
            .collect();
        for resource in here {
            self.store_ended(&resource, machine, false);
        }
    }

    /// Sets the load of a virtual server.
    pub(crate) fn set_load(&mut self, group: &str, load: Load) {
        let of = self.stores.stores.iter();
        let resources: Vec<Name> = of
            .filter(|(_, store)| store.group == *group)
            .map(|(resource, _)| resource.clone())
            .collect();
        for resource in resources {
            self.stores.bring_up(&resource, self.now);
        }
        self.stores.loads.insert(group.into(), load);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::env::tests::environment;

    const STORE: &str = "EVS1 Information Store";

    /// Log files to replay after a store with this many users ran for this many minutes and crashed.
    fn left(users: u32, minutes: u64) -> u64 {
        let mut env = environment(2);
        let cpu_percent = 0;
        env.set_load("EVS1", Load { users, cpu_percent });
        assert_eq!(env.store_starts(STORE, "EVS1", 2), 0, "never started");
        env.store_runs(STORE, 0);
        env.now += Duration::from_secs(60 * minutes);
        env.stores_lost(0);
        env.now += Duration::from_secs(600);
        env.store_starts(STORE, "EVS1", 2)
    }

    #[test]
    fn a_crash_leaves_what_the_load_wrote_and_the_store_could_not_bring_in() {
        let depth = 2 * CHECKPOINT_DEPTH / LOG_FILE;
        assert_eq!(left(0, 0), 0);
        assert_eq!(left(0, 60), depth, "the checkpoint is never nearer");
        assert_eq!(left(1_500, 60), depth, "it keeps up with 1,500 users");
        assert_eq!(
            left(4_000, 60),
            (4_000 * 2_500 + 300_000 - 6_000_000) / 5_000
        );
        assert_eq!(left(4_000, 30) * 2, left(4_000, 60));
    }

    #[test]
    fn an_orderly_stop_leaves_none_and_a_start_that_fails_leaves_all() {
        let mut env = environment(2);
        env.set_load(
            "EVS1",
            Load {
                users: 4_000,
                cpu_percent: 0,
            },
        );
        env.store_starts(STORE, "EVS1", 1);
        env.store_runs(STORE, 0);
        env.now += Duration::from_secs(3_600);
        env.store_ended(STORE, 0, false);
        let left = env.store_starts(STORE, "EVS1", 1);
        assert!(left > 100);
        env.store_ended(STORE, 1, false);
        assert_eq!(env.store_starts(STORE, "EVS1", 1), left, "it did not run");
        env.store_runs(STORE, 1);
        env.store_ended(STORE, 1, true);
        assert_eq!(env.store_starts(STORE, "EVS1", 1), 0);
    }

    #[test]
    fn users_are_a_load_as_processors_are() {
        let load = |users, cpu_percent| Load { users, cpu_percent }.percent();
        assert_eq!((load(1_900, 0), load(1_900, 35), load(0, 35)), (40, 40, 35));
        assert_eq!((load(3_800, 50), load(3_800, 90)), (80, 90));
        assert_eq!(load(u32::MAX, 0), 90_420_364);
    }

    #[test]
    fn a_machine_mounts_four_storage_groups_whosever_they_are() {
        let mut env = environment(2);
        env.store_starts(STORE, "EVS1", 3);
        let other = "EVS2 Information Store";
        env.store_starts(other, "EVS2", 2);
        assert_eq!(env.may_mount(0, other, 2), Ok(()), "nothing runs there");
        env.process_start(0, STORE, "MSExchangeIS", 3).unwrap();
        assert_eq!(env.may_mount(0, other, 1), Ok(()));
        let refused = env.may_mount(0, other, 2).unwrap_err();
        assert!(refused.ends_with("[storage-group-limit]"), "{refused}");
        assert_eq!(env.may_mount(1, other, 2), Ok(()), "another node");
        assert_eq!(
            env.may_mount(0, STORE, 4),
            Ok(()),
            "its own do not count twice"
        );
        env.process_kill(
            0,
            STORE,
            "MSExchangeIS",
            quorate_journal::ServiceEnd::Killed,
        );
        assert_eq!(env.may_mount(0, other, 4), Ok(()));
    }

    const HEAVY: Load = Load {
        users: 4_000,
        cpu_percent: 0,
    };

    /// The end of a process on one machine does not affect a store on another.
    #[test]
    fn a_process_that_ends_elsewhere_leaves_a_store_as_it_is() {
        let mut env = environment(2);
        env.set_load("EVS1", HEAVY);
        env.store_starts(STORE, "EVS1", 2);
        env.store_runs(STORE, 0);
        env.now += Duration::from_secs(3_600);
        env.store_ended(STORE, 1, true);
        env.stores_lost(0);
        assert_eq!(env.store_starts(STORE, "EVS1", 2), left(4_000, 60));
    }

    #[test]
    fn another_load_counts_from_the_instant_it_begins() {
        let mut env = environment(2);
        env.set_load("EVS1", HEAVY);
        env.store_starts(STORE, "EVS1", 2);
        env.store_runs(STORE, 0);
        env.now += Duration::from_secs(3_600);
        env.set_load("EVS1", Load { users: 0, ..HEAVY });
        env.stores_lost(0);
        assert_eq!(env.store_starts(STORE, "EVS1", 2), left(4_000, 60));
    }
}
