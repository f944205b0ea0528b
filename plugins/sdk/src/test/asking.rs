//! Requests to ports, and what a test says that they are answered with.

use std::time::Duration;

use quorate_abi as abi;

use super::{Instance, World};
use crate::{Context, Error, ManagedService, Progress, Resource, TypeInfo};

const ADDRESS: &str = "10.0.0.30";
const PORT: u32 = 6_379;

/// A store that may be one second behind.
struct Store(ManagedService);

impl Resource for Store {
    const TYPE: TypeInfo = TypeInfo::new("Store", "May be one second behind");

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(Store(ManagedService::new("stored")))
    }

    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        self.0.start(ctx, 0)
    }

    fn work(&mut self, ctx: &mut Context, operation: crate::Operation) -> Result<Progress, Error> {
        let progress = self.0.go_on(ctx, operation)?;
        if matches!(progress, Progress::Done) {
            ctx.service("stored").listen(ADDRESS, PORT, "redis")?;
        }
        Ok(progress)
    }

    fn terminate(&mut self, ctx: &mut Context) {
        self.0.kill(ctx);
    }

    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        let answer = ctx.probe().ask(ADDRESS, PORT, "PING\r\n")?;
        if answer != "+PONG" {
            return Err(Error::failed(answer));
        }
        let lag = ctx.probe().ask(ADDRESS, PORT, "LAG\r\n")?;
        match lag.parse::<u32>() {
            Ok(lag) if lag > 1_000 => Err(Error::failed(format!("it is {lag} ms behind"))),
            _ => Ok(()),
        }
    }
}

fn store(world: &World) -> Instance {
    world.address("Public", ADDRESS).put_on("NODE1");
    let store = world.resource::<Store>("Store").open().unwrap();
    store.online().unwrap();
    world.run(Duration::from_secs(5));
    store
}

#[test]
fn what_a_test_says_is_answered_and_what_was_said_last_counts() {
    let world = World::new();
    let (store, service) = (store(&world), world.service("Store", "stored"));
    store.is_alive().unwrap();
    service.answers("LAG", "900");
    store.is_alive().unwrap();
    service.answers("LAG", "4000");
    assert_eq!(store.is_alive().unwrap_err(), "it is 4000 ms behind");
    service.answers("LAG", "0");
    store.is_alive().unwrap();
    service.answers("PING", "-LOADING");
    assert_eq!(store.is_alive().unwrap_err(), "-LOADING");
}

#[test]
fn nobody_answers_where_nobody_listens_or_the_service_hangs() {
    let world = World::new();
    let (store, service) = (store(&world), world.service("Store", "stored"));
    service.hang();
    let silent = format!("({})", abi::ERROR_TIMEOUT);
    assert!(store.is_alive().unwrap_err().contains(&silent));
    service.answer();
    service.set_wrong_banner(true);
    assert_eq!(store.is_alive().unwrap_err(), "?");
    service.crash();
    let refused = format!("({})", abi::ERROR_CONNECTION_REFUSED);
    assert!(store.is_alive().unwrap_err().contains(&refused));
}
