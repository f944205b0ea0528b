//! `Microsoft Exchange Information Store`: the mailboxes and public folders of a virtual server.
//!
//! Going online it mounts its storage groups, and replays the log that the last stop left. After a clean stop
//! there is next to none; after a crash there is as much of each storage group's log as is not in its database yet.
//! Replay may take as long as it needs, so `PendingTimeout` does not bind Online. It binds Offline (SEMANTICS 2.1).

use quorate_sdk::{Context, Error, List, Property, TypeInfo};

use crate::proxy::{IS_ALIVE_TIMEOUT, Kind};

const STORAGE_GROUPS: Property<List> = Property::list("StorageGroups")
    .doc("Storage groups, one a line: name|log disk|database disk")
    .at_online();

/// What a node can mount (SOURCE: four storage groups per node).
const STORAGE_GROUPS_MAX: usize = 4;
/// Work units to mount a storage group that was stopped in an orderly way.
const MOUNT_UNITS: u64 = 1;
/// Work units more to replay what a crash leaves of a storage group's log: the checkpoint depth of 20 MB, in log
/// files of 5 MB each.
const REPLAY_UNITS: u64 = 4;

/// Checkpoint that says how the store was stopped.
const CHECKPOINT: &str = "store";
const CLEAN: &[u8] = b"clean";
const DIRTY: &[u8] = b"dirty";

/// The Exchange store.
#[derive(Debug)]
pub struct InformationStore;

impl Kind for InformationStore {
    const TYPE: TypeInfo = TypeInfo::new(
        "Microsoft Exchange Information Store",
        "The mailboxes and public folders of an Exchange virtual server",
    )
    .properties(const { &[STORAGE_GROUPS.any(), IS_ALIVE_TIMEOUT.any()] })
    .watches_itself();
    const SERVICE: &'static str = "MSExchangeIS";
    const STARTS_AT_LEISURE: bool = true;

    fn before_start(ctx: &Context) -> Result<u64, Error> {
        let groups = storage_groups(&ctx.properties().get(&STORAGE_GROUPS)?)?;
        let last = ctx.checkpoint(CHECKPOINT).load()?;
        // A store that was never started has no log.
        let clean = last.is_none_or(|last| last == CLEAN);
        // From here on a crash leaves log behind, so this must be on record before the service runs.
        ctx.checkpoint(CHECKPOINT).save(DIRTY)?;
        let each = if clean {
            MOUNT_UNITS
        } else {
            MOUNT_UNITS + REPLAY_UNITS
        };
        if !clean {
            ctx.log()
                .info(format!("replaying the log of {groups} storage groups"));
        }
        Ok(groups * each)
    }

    fn after_stop(ctx: &Context) {
        if let Err(error) = ctx.checkpoint(CHECKPOINT).save(CLEAN) {
            // The next start replays what it would not have to.
            ctx.log().warning(error.text());
        }
    }

    /// The call that the store implements for this.
    fn probe(ctx: &Context) -> Result<(), Error> {
        ctx.probe().service(Self::SERVICE)
    }
}

/// How many storage groups there are.
fn storage_groups(lines: &[String]) -> Result<u64, Error> {
    for line in lines {
        let parts: Vec<_> = line.split('|').map(str::trim).collect();
        if parts.len() != 3 || parts.iter().any(|part| part.is_empty()) {
            return Err(Error::property(
                "StorageGroups",
                format!("`{line}` is not of the form name|log disk|database disk"),
            ));
        }
    }
    if lines.len() > STORAGE_GROUPS_MAX {
        return Err(Error::property(
            "StorageGroups",
            format!(
                "{} storage groups, and a node mounts at most four",
                lines.len()
            ),
        ));
    }
    Ok(lines.len() as u64)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quorate_sdk::test::{Builder, State, World};

    use super::*;
    use crate::Exchange;
    use crate::proxy::PROBE_PERIOD;

    fn store(world: &World) -> Builder<Exchange<InformationStore>> {
        world
            .resource::<Exchange<InformationStore>>("Store")
            .property("StorageGroups", "First|L:|M:\nSecond|L:|N:")
    }

    fn units(world: &World) -> u64 {
        world.service("Store", "MSExchangeIS").work_units().unwrap()
    }

    #[test]
    fn log_is_replayed_after_a_crash_and_not_after_a_clean_stop() {
        let world = World::new();
        let store = store(&world).open().unwrap();
        store.online().unwrap();
        assert_eq!(units(&world), 2 * MOUNT_UNITS, "never started before");
        store.offline().unwrap();
        store.online().unwrap();
        assert_eq!(units(&world), 2 * MOUNT_UNITS, "stopped in an orderly way");
        world.service("Store", "MSExchangeIS").crash();
        world.run(PROBE_PERIOD);
        assert_eq!(store.state(), State::Failed);
        store.online().unwrap();
        assert_eq!(units(&world), 2 * (MOUNT_UNITS + REPLAY_UNITS));
        store.terminate();
        store.online().unwrap();
        assert_eq!(units(&world), 2 * (MOUNT_UNITS + REPLAY_UNITS), "killed");
    }

    #[test]
    fn the_log_follows_the_store_to_its_next_node() {
        let world = World::new();
        let here = store(&world).open().unwrap();
        here.online().unwrap();
        world.node("NODE1").crash();
        let there = store(&world).on("NODE2").open().unwrap();
        there.online().unwrap();
        assert_eq!(units(&world), 2 * (MOUNT_UNITS + REPLAY_UNITS));
    }

    #[test]
    fn a_store_that_died_before_it_was_stopped_has_log_to_replay() {
        let world = World::new();
        let store = store(&world).open().unwrap();
        store.online().unwrap();
        world.service("Store", "MSExchangeIS").crash();
        store.offline().unwrap();
        store.online().unwrap();
        assert_eq!(units(&world), 2 * (MOUNT_UNITS + REPLAY_UNITS));
    }

    #[test]
    fn online_is_exempt_from_the_pending_timeout_and_offline_is_not() {
        let world = World::new();
        let service = world.service("Store", "MSExchangeIS");
        service.set_start_time(Duration::from_secs(3_600));
        service.set_stop_time(Duration::from_secs(181));
        let store = store(&world).open().unwrap();
        store.online().unwrap();
        assert!(world.now() >= Duration::from_secs(3_600));
        assert!(store.offline().is_err());
        assert_eq!(store.state(), State::Failed);
    }

    #[test]
    fn a_store_that_hangs_has_failed_after_is_alive_timeout() {
        let world = World::new();
        let store = store(&world).open().unwrap();
        store.online().unwrap();
        world.service("Store", "MSExchangeIS").hang();
        world.run(Duration::from_secs(180));
        assert_eq!(store.state(), State::Online);
        world.run(PROBE_PERIOD);
        assert_eq!(store.state(), State::Failed);
        assert!(
            store
                .last_error()
                .starts_with("silent for 180000 ms: call service")
        );
    }

    #[test]
    fn a_hang_that_ends_in_time_is_forgiven() {
        let world = World::new();
        let store = store(&world)
            .property("IsAliveTimeout", 30_000)
            .open()
            .unwrap();
        store.online().unwrap();
        let service = world.service("Store", "MSExchangeIS");
        for _ in 0..3 {
            service.hang();
            world.run(Duration::from_secs(25));
            service.answer();
            world.run(PROBE_PERIOD);
        }
        assert_eq!(store.state(), State::Online);
        service.hang();
        world.run(Duration::from_secs(40));
        assert_eq!(store.state(), State::Failed);
    }

    #[test]
    fn is_alive_timeout_is_read_at_online() {
        let world = World::new();
        let store = store(&world).open().unwrap();
        store.online().unwrap();
        store.set("IsAliveTimeout", 20_000);
        world.service("Store", "MSExchangeIS").hang();
        world.run(Duration::from_secs(60));
        assert_eq!(store.state(), State::Online);
        store.terminate();
        store.online().unwrap();
        world.service("Store", "MSExchangeIS").hang();
        world.run(Duration::from_secs(60));
        assert_eq!(store.state(), State::Failed);
    }

    #[test]
    fn bad_storage_groups_are_refused() {
        let world = World::new();
        for (bad, wanted) in [
            (
                "First|L:",
                "`First|L:` is not of the form name|log disk|database disk",
            ),
            (
                "First||M:",
                "`First||M:` is not of the form name|log disk|database disk",
            ),
            (
                "a|L|M\nb|L|M\nc|L|M\nd|L|M\ne|L|M",
                "5 storage groups, and a node mounts at most four",
            ),
        ] {
            let store = store(&world).property("StorageGroups", bad).open().unwrap();
            let error = store.online().unwrap_err();
            assert_eq!(error.text(), format!("property StorageGroups: {wanted}"));
        }
    }
}
