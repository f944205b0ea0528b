//! `Microsoft Exchange Information Store`: the mailboxes and public folders of a virtual server.
//!
//! At Online it mounts its storage groups, and the store replays the log that the last stop has left: none after an
//! orderly stop, and after a crash all that was not in the databases yet, which depends on the load before it. Replay
//! may take any time, so `PendingTimeout` does not limit Online. It limits Offline (docs/semantics.md, 2.1).

use quorate_sdk::{Context, Error, List, Property, TypeInfo};

use crate::proxy::{IS_ALIVE_TIMEOUT, Kind};

const STORAGE_GROUPS: Property<List> = Property::list("StorageGroups")
    .doc("Storage groups, one a line: name|log disk|database disk")
    .at_online();

/// How many storage groups a node can mount (docs/semantics.md, 2.3).
const STORAGE_GROUPS_MAX: usize = 4;
/// Work units for mounting a storage group.
const MOUNT_UNITS: u64 = 1;
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

    /// Only the mounts are counted: how much log there is to replay is the store's own affair.
    fn before_start(ctx: &Context) -> Result<u64, Error> {
        let groups = storage_groups(&ctx.properties().get(&STORAGE_GROUPS)?)?;
        Ok(groups * MOUNT_UNITS)
    }

    /// A call that the store provides for this check.
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
                "{} storage groups, and a node mounts at most four [storage-group-limit]",
                lines.len()
            ),
        ));
    }
    Ok(lines.len() as u64)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quorate_sdk::PROBE_PERIOD;
    use quorate_sdk::test::{Builder, State, World};

    use super::*;
    use crate::Exchange;

    fn store(world: &World) -> Builder<Exchange<InformationStore>> {
        world
            .resource::<Exchange<InformationStore>>("Store")
            .property("StorageGroups", "First|L:|M:\nSecond|L:|N:")
    }

    #[test]
    fn each_storage_group_is_work_to_mount() {
        let world = World::new();
        let store = store(&world).open().unwrap();
        store.online().unwrap();
        let units = world.service("Store", "MSExchangeIS").work_units();
        assert_eq!(units, Some(2 * MOUNT_UNITS));
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
                "5 storage groups, and a node mounts at most four [storage-group-limit]",
            ),
        ] {
            let store = store(&world).property("StorageGroups", bad).open().unwrap();
            let error = store.online().unwrap_err();
            assert_eq!(error.text(), format!("property StorageGroups: {wanted}"));
        }
    }
}
