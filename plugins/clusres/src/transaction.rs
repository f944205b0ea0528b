//! `Distributed Transaction Coordinator`: MSDTC, which Exchange Setup needs in the default Cluster Group.

use quorate_sdk::TypeInfo;

use crate::program::{IS_ALIVE_TIMEOUT, Kind, Program};

/// MSDTC.
#[derive(Debug)]
pub struct Msdtc;

impl Kind for Msdtc {
    const TYPE: TypeInfo = TypeInfo::new("Distributed Transaction Coordinator", "MSDTC")
        .properties(const { &[IS_ALIVE_TIMEOUT.any()] });
    const ANSWERS_CALLS: bool = true;
    const SERVICE: &'static str = "MSDTC";
}

/// The resource type.
pub type TransactionCoordinator = Program<Msdtc>;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quorate_sdk::ServiceState;
    use quorate_sdk::test::{State, World};

    use super::*;

    #[test]
    fn one_that_hangs_is_found() {
        let world = World::new();
        let builder = world.resource::<TransactionCoordinator>("MSDTC");
        let dtc = builder.open().unwrap();
        dtc.online().unwrap();
        world.service("MSDTC", "MSDTC").hang();
        world.run(Duration::from_secs(190));
        assert_eq!(dtc.state(), State::Failed);
    }

    #[test]
    fn msdtc_is_started_watched_and_stopped() {
        let world = World::new();
        let dtc = world
            .resource::<TransactionCoordinator>("MSDTC")
            .open()
            .unwrap();
        dtc.begin_online().unwrap();
        dtc.terminate();
        assert_eq!(
            world.service("MSDTC", "MSDTC").state(),
            ServiceState::Stopped
        );
        dtc.online().unwrap();
        world.service("MSDTC", "MSDTC").crash();
        world.run(Duration::from_secs(5));
        assert_eq!(dtc.state(), State::Failed);
        dtc.online().unwrap();
        dtc.offline().unwrap();
        assert_eq!(
            world.service("MSDTC", "MSDTC").state(),
            ServiceState::Stopped
        );
    }
}
