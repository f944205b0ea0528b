//! The SDK's promises to a host: states, panics, pending operations, watches.

use std::cell::Cell;
use std::ptr;
use std::rc::Rc;
use std::time::Duration;

use proptest::prelude::*;
use quorate_abi::{self as abi, QrWork};

use super::{Arbitration, Instance, State, World};
use crate::export::Export;
use crate::{
    AnyProperty, Context, Error, Number, Operation, Progress, Property, Quorum, QuorumResource,
    Resource, TypeInfo,
};

const STEPS: Property<Number> = Property::number("Steps")
    .doc("Calls that online takes")
    .range(0, 1_000);
const WAIT: Property<Number> = Property::number("Wait")
    .unit("s")
    .doc("Between two of them")
    .default("1");
const ADVANCE: Property<crate::Flag> = Property::flag("Advance");
const PANIC_IN: Property<crate::Text> = Property::text("PanicIn").doc("Entry that panics");

/// A type that does not list its property, or that lacks `work`.
struct Forgetful<const LISTS: bool>;

impl<const LISTS: bool> Resource for Forgetful<LISTS> {
    const TYPE: TypeInfo = TypeInfo::new("Forgetful", "Forgets").properties(if LISTS {
        const { &[STEPS.any()] as &[AnyProperty] }
    } else {
        &[]
    });

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(Forgetful)
    }
    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        ctx.properties().get(&STEPS)?;
        Ok(Progress::pending(Duration::from_secs(1)))
    }
    fn terminate(&mut self, _: &mut Context) {}
    fn is_alive(&mut self, _: &mut Context) -> Result<(), Error> {
        Ok(())
    }
}

#[test]
fn what_a_type_forgot_is_said_when_it_is_missed() {
    let world = World::new();
    let unlisted = world.resource::<Forgetful<false>>("A").open().unwrap();
    let error = unlisted.online().unwrap_err();
    assert!(
        error
            .text()
            .contains("property Steps: the type does not list it"),
        "{error}"
    );
    let idle = world.resource::<Forgetful<true>>("B").open().unwrap();
    let error = idle.online().unwrap_err();
    assert!(
        error
            .text()
            .contains("Online is pending, and the type has no `work`"),
        "{error}"
    );
}

/// A type whose properties say what it does.
struct Puppet {
    left: u32,
    offline_panics: bool,
    calls: u32,
}

impl Puppet {
    fn act(&mut self, ctx: &Context, entry: &str) -> Result<(), Error> {
        self.calls += 1;
        if ctx.properties().get(&PANIC_IN)? == entry {
            panic!("in {entry}");
        }
        Ok(())
    }

    fn step(&mut self, ctx: &Context) -> Result<Progress, Error> {
        if self.left == 0 {
            return Ok(Progress::Done);
        }
        self.left -= 1;
        let wait = Duration::from_secs(ctx.properties().get(&WAIT)?.into());
        Ok(if ctx.properties().get(&ADVANCE)? {
            Progress::advanced(wait)
        } else {
            Progress::pending(wait)
        })
    }
}

impl Resource for Puppet {
    const TYPE: TypeInfo = TypeInfo::new("Puppet", "Does as it is told").properties(
        const { &[STEPS.any(), WAIT.any(), ADVANCE.any(), PANIC_IN.any()] as &[AnyProperty] },
    );
    const QUORUM: Option<Quorum<Self>> = Some(Quorum::capable());

    fn open(ctx: &Context) -> Result<Self, Error> {
        let mut puppet = Puppet {
            left: 0,
            offline_panics: false,
            calls: 0,
        };
        puppet.act(ctx, "open")?;
        Ok(puppet)
    }
    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        self.act(ctx, "online")?;
        self.left = ctx.properties().get(&STEPS)?;
        self.step(ctx)
    }
    fn offline(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        self.act(ctx, "offline")?;
        self.left = ctx.properties().get(&STEPS)?;
        self.step(ctx)
    }
    fn terminate(&mut self, ctx: &mut Context) {
        self.offline_panics |= self.act(ctx, "terminate").is_err();
    }
    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        self.act(ctx, "is_alive")
    }
    fn work(&mut self, ctx: &mut Context, _: Operation) -> Result<Progress, Error> {
        self.act(ctx, "work")?;
        self.step(ctx)
    }
    fn watch(&mut self, ctx: &mut Context) {
        ctx.wake_after(Duration::from_secs(3));
        ctx.log().info("watch");
        self.calls += 1;
        if ctx
            .properties()
            .get(&PANIC_IN)
            .is_ok_and(|entry| entry == "watch")
        {
            panic!("in watch");
        }
    }
    fn control(&mut self, _: &mut Context, code: u32, input: &[u8]) -> Result<Vec<u8>, Error> {
        self.calls += 1;
        match code {
            7 => Ok([input, format!(" {}", self.calls).as_bytes()].concat()),
            _ => Err(Error::unhandled()),
        }
    }
}

impl QuorumResource for Puppet {
    fn arbitrate(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        self.act(ctx, "arbitrate")?;
        ctx.wake_after(Duration::from_secs(3));
        Ok(Progress::Done)
    }
    fn release(&mut self, ctx: &mut Context) -> Result<(), Error> {
        self.act(ctx, "release")
    }
}

fn puppet(world: &World, steps: u32) -> Instance {
    world
        .resource::<Puppet>("P")
        .property("Steps", steps)
        .open()
        .unwrap()
}

#[test]
fn online_and_offline_of_what_is_so_already_change_nothing() {
    let world = World::new();
    let puppet = puppet(&world, 0);
    puppet.offline().unwrap();
    puppet.online().unwrap();
    let before = puppet.control(7, b"").unwrap();
    puppet.online().unwrap();
    // Only the control call itself was counted.
    let after = puppet.control(7, b"").unwrap();
    assert_eq!(
        (before.as_slice(), after.as_slice()),
        (&b" 3"[..], &b" 4"[..])
    );
}

#[test]
fn an_operation_ends_when_its_steps_are_done() {
    let world = World::new();
    let puppet = puppet(&world, 5);
    puppet.online().unwrap();
    assert_eq!(
        (puppet.state(), world.now()),
        (State::Online, Duration::from_secs(5))
    );
    puppet.begin_offline().unwrap();
    assert_eq!(puppet.state(), State::OfflinePending);
    world.run(Duration::from_secs(5));
    assert_eq!(puppet.state(), State::Offline);
}

#[test]
fn pending_timeout_is_the_gap_between_reports_of_progress() {
    let world = World::new();
    let open = |advance: u32| {
        world
            .resource::<Puppet>("P")
            .property("Steps", 100)
            .property("Advance", advance)
            .pending_timeout(Duration::from_secs(10))
            .open()
            .unwrap()
    };
    let stands_still = open(0);
    let error = stands_still.online().unwrap_err();
    assert_eq!(error.text(), "pending for longer than 10000 ms");
    assert_eq!(stands_still.state(), State::Failed);
    open(1).online().unwrap();
}

#[test]
fn a_panic_in_any_entry_is_a_failed_call_with_its_message() {
    let world = World::new();
    for entry in ["online", "work"] {
        let puppet = puppet(&world, 1);
        puppet.set("PanicIn", entry);
        let error = puppet.online().unwrap_err();
        assert!(error.text().contains(&format!("in {entry}")), "{error}");
        assert!(error.text().starts_with("panicked at "), "{error}");
        assert_eq!(puppet.state(), State::Failed);
        // Once terminated, it works again.
        puppet.set("PanicIn", "");
        puppet.online().unwrap();
        puppet.is_alive().unwrap();
    }
    let puppet = puppet(&world, 0);
    puppet.online().unwrap();
    for entry in ["offline", "terminate", "release"] {
        puppet.set("PanicIn", entry);
        match entry {
            "offline" => assert!(puppet.offline().is_err()),
            "release" => assert_eq!(puppet.release().unwrap_err().code(), abi::ERROR_PANIC),
            _ => puppet.terminate(),
        }
        assert!(
            puppet.last_error().contains(entry),
            "{}",
            puppet.last_error()
        );
    }
    let refused = world
        .resource::<Puppet>("P")
        .property("PanicIn", "open")
        .open()
        .unwrap_err();
    assert_eq!(refused.code(), abi::ERROR_PANIC);
    assert!(refused.text().contains("in open"), "{refused}");
}

#[test]
fn an_instance_that_panicked_is_not_alive_until_it_was_terminated() {
    let world = World::new();
    let puppet = puppet(&world, 0);
    puppet.online().unwrap();
    puppet.set("PanicIn", "is_alive");
    assert!(puppet.is_alive().is_err());
    puppet.set("PanicIn", "");
    assert!(puppet.is_alive().unwrap_err().contains("in is_alive"));
    puppet.terminate();
    puppet.online().unwrap();
    puppet.is_alive().unwrap();
}

#[test]
fn a_watch_that_panics_loses_the_reservation_and_fails_the_resource() {
    let world = World::new();
    let puppet = puppet(&world, 0);
    puppet.arbitrate().unwrap();
    puppet.online().unwrap();
    puppet.set("PanicIn", "watch");
    world.run(Duration::from_secs(3));
    assert!(matches!(puppet.arbitration(), Arbitration::Lost(why) if why.contains("in watch")));
    assert_eq!(puppet.state(), State::Failed);
}

#[test]
fn a_defence_goes_on_while_an_operation_is_pending() {
    let world = World::new();
    let puppet = puppet(&world, 10);
    puppet.arbitrate().unwrap();
    world.run(Duration::from_secs(1));
    puppet.online().unwrap();
    assert_eq!(world.now(), Duration::from_secs(11));
    let watches = || {
        world
            .log()
            .iter()
            .filter(|(_, _, line)| line == "watch")
            .count()
    };
    // At 3, 6 and 9 s.
    assert_eq!(watches(), 3);
    puppet.offline().unwrap();
    let after = watches();
    world.run(Duration::from_secs(10));
    assert_eq!(watches(), after, "offline ends the watch");
}

#[test]
fn a_long_wait_does_not_hold_up_a_defence() {
    let world = World::new();
    let puppet = puppet(&world, 1);
    puppet.set("Wait", 10);
    puppet.arbitrate().unwrap();
    puppet.online().unwrap();
    assert_eq!(world.now(), Duration::from_secs(10));
    let lines = world.log();
    let watches = lines.iter().filter(|(_, _, line)| line == "watch");
    assert_eq!(watches.count(), 3);
}

#[test]
fn a_control_code_is_carried_out_once_however_small_the_buffer() {
    let world = World::new();
    let puppet = puppet(&world, 0);
    // The test host begins with an empty buffer.
    assert_eq!(puppet.control(7, b"x").unwrap(), b"x 2");
    assert_eq!(
        puppet.control(8, b"").unwrap_err().code(),
        abi::ERROR_INVALID_FUNCTION
    );
}

#[test]
fn a_bad_property_is_refused_at_online() {
    let world = World::new();
    let puppet = puppet(&world, 5_000);
    let error = puppet.online().unwrap_err();
    assert_eq!(error.code(), abi::ERROR_RESOURCE_PROPERTY);
    assert_eq!(
        error.text(),
        "property Steps: 5000 is out of range: 0 to 1000"
    );
}

#[test]
fn null_handles_and_short_blocks_are_survived() {
    let table = Export::<Puppet>::TABLE;
    let null = ptr::null_mut();
    // SAFETY: NULL handles and blocks are what is tested.
    unsafe {
        assert_ne!(
            table.online.unwrap()(null, ptr::null_mut()),
            abi::ERROR_SUCCESS
        );
        assert_eq!(table.is_alive.unwrap()(null), 0);
        assert_eq!(table.last_error.unwrap()(null, ptr::null_mut(), 0), 0);
        table.terminate.unwrap()(null);
        table.close.unwrap()(null);
    }
    let world = World::new();
    let puppet = puppet(&world, 1);
    let (code, work) = puppet
        .opened
        .call(|table| {
            // A host whose block ends after the wait.
            static ONLINE: std::sync::OnceLock<
                unsafe extern "C" fn(abi::QrResid, *mut QrWork) -> u32,
            > = std::sync::OnceLock::new();
            ONLINE.get_or_init(|| table.online.unwrap());
            unsafe extern "C" fn short(resid: abi::QrResid, work: *mut QrWork) -> u32 {
                // SAFETY: the block is whole; only the size it claims is smaller.
                unsafe {
                    (*work).size = 8;
                    ONLINE.get().unwrap()(resid, work)
                }
            }
            Some(short)
        })
        .unwrap();
    assert_eq!(code, abi::ERROR_IO_PENDING);
    assert_eq!((work.wait_ms, work.checkpoint), (1_000, 0));
}

#[test]
fn services_answer_only_while_the_host_is_inside_an_entry() {
    struct Hoarder(Rc<Cell<u32>>);
    thread_local! {
        static CODE: Rc<Cell<u32>> = Rc::new(Cell::new(0));
    }
    impl Resource for Hoarder {
        const TYPE: TypeInfo = TypeInfo::new("Hoarder", "Calls the host when it is dropped");
        fn open(_: &Context) -> Result<Self, Error> {
            Ok(Hoarder(CODE.with(Rc::clone)))
        }
        fn online(&mut self, _: &mut Context) -> Result<Progress, Error> {
            Ok(Progress::Done)
        }
        fn terminate(&mut self, _: &mut Context) {}
        fn is_alive(&mut self, _: &mut Context) -> Result<(), Error> {
            Ok(())
        }
        fn close(self, ctx: &mut Context) {
            self.0.set(
                ctx.service("x")
                    .start(0)
                    .map_or_else(|error| error.code(), |()| 0),
            );
        }
    }
    let world = World::new();
    drop(world.resource::<Hoarder>("H").open().unwrap());
    assert_eq!(CODE.with(|code| code.get()), abi::ERROR_ACCESS_DENIED);
}

#[test]
fn checkpoints_have_the_contracts_limits_in_the_test_host_too() {
    struct Keeper;
    impl Resource for Keeper {
        const TYPE: TypeInfo = TypeInfo::new("Keeper", "Keeps what it is told, as far as it may");
        fn open(_: &Context) -> Result<Self, Error> {
            Ok(Keeper)
        }
        fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
            let save = |key: &str, bytes: &[u8]| {
                let saved = ctx.checkpoint(key).save(bytes);
                saved.map_or_else(|error| error.code(), |()| 0)
            };
            let long = vec![7; abi::CHECKPOINT_BYTES_MAX as usize + 1];
            assert_eq!(save("k", &long), abi::ERROR_INVALID_PARAMETER);
            assert_eq!(ctx.checkpoint("k").load()?, None, "nothing was changed");
            assert_eq!(save("k", &long[1..]), 0);
            assert_eq!(ctx.checkpoint("k").load()?.as_deref(), Some(&long[1..]));
            let key = "k".repeat(abi::CHECKPOINT_KEY_MAX as usize + 1);
            assert_eq!(save(&key, b"1"), abi::ERROR_INVALID_PARAMETER);
            assert_eq!(save("", b"1"), abi::ERROR_INVALID_PARAMETER);
            for number in 1..abi::CHECKPOINTS_MAX {
                assert_eq!(save(&number.to_string(), b"1"), 0);
            }
            assert_eq!(save("more", b"1"), abi::ERROR_INVALID_PARAMETER);
            assert_eq!(save("k", b""), 0);
            assert_eq!(ctx.checkpoint("k").load()?, None, "taken away");
            assert_eq!(save("more", b"1"), 0);
            Ok(Progress::Done)
        }
        fn terminate(&mut self, _: &mut Context) {}
        fn is_alive(&mut self, _: &mut Context) -> Result<(), Error> {
            Ok(())
        }
    }
    let world = World::new();
    let keeper = world.resource::<Keeper>("K").open().unwrap();
    keeper.online().unwrap();
}

/// Calls that a host may make in any order.
#[derive(Clone, Copy, Debug)]
enum Call {
    Online,
    Offline,
    Terminate,
    Arbitrate,
    Release,
    IsAlive,
    Run(u8),
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        Just(Call::Online),
        Just(Call::Offline),
        Just(Call::Terminate),
        Just(Call::Arbitrate),
        Just(Call::Release),
        Just(Call::IsAlive),
        (0u8..6).prop_map(Call::Run),
    ];
    prop::collection::vec(call, 0..60)
}

#[test]
#[should_panic(expected = "`Puppet` has no property `Prt`; those it has: ")]
fn a_property_that_the_type_does_not_list_is_a_mistake_in_the_test() {
    let _ = World::new().resource::<Puppet>("A").property("Prt", 1);
}

#[test]
#[should_panic(expected = "the service `x` of `A` was never started; those that were: none")]
fn a_fault_of_a_service_that_never_was_is_a_mistake_in_the_test() {
    World::new().service("A", "x").crash();
}

#[test]
fn what_a_resource_does_with_its_host_is_there_to_look_at() {
    struct Clerk;
    impl Resource for Clerk {
        const TYPE: TypeInfo = TypeInfo::new("Clerk", "Writes down what it reads");
        fn open(_: &Context) -> Result<Self, Error> {
            Ok(Clerk)
        }
        fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
            let read = ctx.disk("D:").read("in")?;
            ctx.disk("D:").write("out", &read)?;
            ctx.checkpoint("read").save(&read)?;
            ctx.properties()
                .publish("Read", &String::from_utf8_lossy(&read))?;
            Ok(Progress::Done)
        }
        fn terminate(&mut self, _: &mut Context) {}
        fn is_alive(&mut self, _: &mut Context) -> Result<(), Error> {
            Ok(())
        }
    }
    let world = World::new();
    let disk = world.disk("D:");
    disk.put("in", b"text");
    let clerk = world.resource::<Clerk>("C").open().unwrap();
    assert_eq!(
        clerk.online().unwrap_err().code(),
        abi::ERROR_BUSY,
        "not reserved here"
    );
    disk.mount_on("NODE1");
    assert_eq!(
        (clerk.published("Read"), clerk.checkpoint("read")),
        (None, None)
    );
    clerk.online().unwrap();
    assert_eq!(disk.contents("out").as_deref(), Some(&b"text"[..]));
    assert_eq!(disk.contents("other"), None);
    assert_eq!(clerk.published("Read").as_deref(), Some("text"));
    assert_eq!(clerk.checkpoint("read").as_deref(), Some(&b"text"[..]));
}

proptest! {
    /// In any order of calls, codes and states keep the contract, and a check says yes only when online.
    #[test]
    fn any_order_of_calls_keeps_the_contract(calls in calls(), steps in 0u32..4) {
        let world = World::new();
        let puppet = puppet(&world, steps);
        for call in calls {
            let before = puppet.state();
            let pending = puppet.opened.pending.get().is_some();
            match call {
                // A host never begins an operation while one is pending.
                Call::Online if !pending => {
                    puppet.begin_online().unwrap();
                    let at_once = before == State::Online || steps == 0;
                    let wanted = if at_once { State::Online } else { State::OnlinePending };
                    prop_assert_eq!(puppet.state(), wanted);
                }
                Call::Offline if !pending => {
                    puppet.begin_offline().unwrap();
                    let at_once = before != State::Online || steps == 0;
                    let wanted = if at_once { State::Offline } else { State::OfflinePending };
                    prop_assert_eq!(puppet.state(), wanted);
                }
                Call::Arbitrate if !pending => puppet.begin_arbitrate().unwrap(),
                Call::Release if !pending => puppet.release().unwrap(),
                Call::Terminate => {
                    puppet.terminate();
                    prop_assert_eq!(puppet.state(), State::Offline);
                }
                Call::IsAlive => {
                    prop_assert_eq!(puppet.is_alive().is_ok(), before == State::Online);
                }
                Call::Run(seconds) => world.run(Duration::from_secs(seconds.into())),
                _ => {}
            }
        }
        world.run(Duration::from_secs(10));
        prop_assert!(puppet.opened.pending.get().is_none(), "nothing stays pending");
        prop_assert_ne!(puppet.state(), State::Failed);
    }
}
