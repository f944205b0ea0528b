//! `Distributed Transaction Coordinator`: MSDTC, which Exchange Setup needs in the default Cluster Group.

use quorate_sdk::{Context, Error, ManagedService, Operation, Progress, Resource, TypeInfo};

/// MSDTC.
#[derive(Debug)]
pub struct TransactionCoordinator(ManagedService);

impl Resource for TransactionCoordinator {
    const TYPE: TypeInfo = TypeInfo::new("Distributed Transaction Coordinator", "MSDTC");

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(TransactionCoordinator(ManagedService::new("MSDTC")))
    }

    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        self.0.start(ctx, 0)
    }

    fn offline(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        self.0.stop(ctx)
    }

    fn work(&mut self, ctx: &mut Context, operation: Operation) -> Result<Progress, Error> {
        self.0.go_on(ctx, operation)
    }

    fn terminate(&mut self, ctx: &mut Context) {
        self.0.kill(ctx);
    }

    /// The service controller says that it runs.
    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        self.0.check(ctx)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quorate_sdk::ServiceState;
    use quorate_sdk::test::{State, World};

    use super::*;

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
