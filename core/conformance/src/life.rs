//! The life of an instance: from `open` to `close`, forwards, twice and out of turn.

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_abi as abi;
use quorate_model::Lasting;

use super::bench::{Bench, Id, Op, State};
use super::{Case, Check, Group, Stop, Test, ensure, passed, test};

const G: Group = Group::Life;

pub(super) const TESTS: &[Test] = &[
    test(
        "life-open-close",
        G,
        "An instance can be opened and closed",
        open_close,
    ),
    test(
        "life-open-leaves-offline",
        G,
        "`open` brings nothing into service: it changes nothing in the world",
        open_leaves_offline,
    ),
    test(
        "life-online",
        G,
        "In a world where everything works it goes online",
        online,
    ),
    test(
        "life-alive",
        G,
        "Online in a world where everything works, both checks say alive, now and ten minutes later",
        alive,
    ),
    test("life-offline", G, "It goes offline", offline),
    test(
        "life-online-twice",
        G,
        "`online` of an online instance is 0 and changes nothing",
        online_twice,
    ),
    test(
        "life-offline-twice",
        G,
        "`offline` of an offline instance is 0 and changes nothing",
        offline_twice,
    ),
    test(
        "life-offline-never-online",
        G,
        "`offline` of an instance that was never online is 0 and changes nothing",
        offline_never_online,
    ),
    test(
        "life-dead",
        G,
        "When everything it uses is broken, `is_alive` says so within ten minutes",
        dead,
    ),
    test(
        "life-recovers",
        G,
        "After a failure, `terminate` and repair it goes online again",
        recovers,
    ),
    test(
        "life-terminate-offline",
        G,
        "`terminate` of an offline instance does no harm: it goes online afterwards",
        terminate_offline,
    ),
    test(
        "life-terminate-online-pending",
        G,
        "`terminate` cancels a pending `online`: nothing is left, and it goes online afterwards",
        terminate_online_pending,
    ),
    test(
        "life-terminate-online",
        G,
        "`terminate` of an online instance leaves nothing in service, and it goes online afterwards",
        terminate_online,
    ),
    test(
        "life-terminate-offline-pending",
        G,
        "`terminate` ends a pending `offline`: nothing is left, and it goes online afterwards",
        terminate_offline_pending,
    ),
    test(
        "life-terminate-twice",
        G,
        "`terminate` twice does no harm: it goes online afterwards",
        terminate_twice,
    ),
    test(
        "life-offline-leaves-nothing",
        G,
        "After `offline` nothing is in service that was not before",
        offline_leaves_nothing,
    ),
    test(
        "life-close-leaves-nothing",
        G,
        "After `terminate` and `close` nothing is in service that was not before",
        close_leaves_nothing,
    ),
    test(
        "life-reopen",
        G,
        "A closed resource can be opened again and goes online",
        reopen,
    ),
    test(
        "life-two-instances",
        G,
        "Two instances are online side by side, and the end of one is not felt by the other",
        two_instances,
    ),
    test(
        "life-hundred-cycles",
        G,
        "A hundred times online, checked and offline",
        hundred_cycles,
    ),
];

/// How long a type may take to notice that its world is broken.
const PATIENCE: Duration = Duration::from_secs(600);
/// Between two thorough checks.
const POLL: Duration = Duration::from_secs(60);

fn online_bench<'a>(case: &'a Case<'a>) -> Result<(Bench<'a>, Id), Stop> {
    let mut bench = Bench::new(case)?;
    let id = bench.open(0)?;
    bench.bring_online(id)?;
    Ok((bench, id))
}

/// Both checks, which must say alive.
fn must_live(bench: &mut Bench<'_>, id: Id, when: &str) -> Result<(), Stop> {
    let looks = bench.looks_alive(id)?;
    let is = bench.is_alive(id)?;
    for (entry, alive) in [("looks_alive", looks), ("is_alive", is)] {
        if !alive {
            let sentence = bench.sentence(id)?;
            let text = format!("`{entry}` says no {when}, and nothing is wrong: {sentence}");
            return Err(Stop::failed(text));
        }
    }
    Ok(())
}

/// What is in service and was not before.
fn left(bench: &Bench<'_>, before: &BTreeSet<String>) -> Result<(), Stop> {
    let held = bench.world.held();
    match held.difference(before).next() {
        Some(first) => Err(Stop::failed(format!("left behind: {first}"))),
        None => Ok(()),
    }
}

fn open_close(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let spec = bench.spec(0);
    match bench.try_open(spec, 0, b"Tester 0")? {
        Ok(id) => bench.close(id)?,
        Err(code) => {
            let code = super::bench::code_text(code);
            let why = format!("`open` failed with {code}{}", bench.complaint);
            return Err(bench.blame(why));
        }
    }
    passed("opened and closed")
}

fn open_leaves_offline(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let before = bench.world.changes();
    let id = bench.open(0)?;
    ensure(bench.world.changes() == before, || {
        let what: Vec<_> = bench.trace.iter().map(String::as_str).collect();
        format!("it changed the world: {}", what.join(", "))
    })?;
    ensure(bench.due(id)?.is_none(), || {
        "it asks for work already".to_owned()
    })?;
    bench.close(id)?;
    passed("nothing changed")
}

fn online(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let id = bench.open(0)?;
    let before = bench.world.clock();
    match bench.try_online(id)? {
        abi::ERROR_SUCCESS => {}
        code => {
            let why = bench.explain(id, "online", code)?;
            let about_a_value = [abi::ERROR_RESOURCE_PROPERTY, abi::ERROR_INVALID_PARAMETER];
            let help = if about_a_value.contains(&code) || why.contains("propert") {
                "; if it needs properties of certain values, give them with --properties"
            } else {
                ""
            };
            return Err(bench.blame(format!("{why}{help}")));
        }
    }
    let took = bench.world.clock() - before;
    passed(format!("after {} of virtual time", Lasting(took)))
}

fn alive(case: &Case<'_>) -> Check {
    let (mut bench, id) = online_bench(case)?;
    must_live(&mut bench, id, "just after it went online")?;
    bench.run(PATIENCE)?;
    must_live(&mut bench, id, "ten minutes after it went online")?;
    passed("alive")
}

fn offline(case: &Case<'_>) -> Check {
    let (mut bench, id) = online_bench(case)?;
    let before = bench.world.clock();
    bench.bring_offline(id)?;
    bench.close(id)?;
    let took = bench.world.clock() - before;
    passed(format!("after {} of virtual time", Lasting(took)))
}

/// An operation that must be 0 at once and change nothing.
fn changes_nothing(bench: &mut Bench<'_>, id: Id, op: Op) -> Result<(), Stop> {
    let (before, was) = (bench.world.changes(), bench.state(id)?);
    let code = bench.begin(id, op)?;
    let entry = op.as_str();
    ensure(code == abi::ERROR_SUCCESS, || {
        format!(
            "`{entry}` says {}, and it should be 0",
            super::bench::code_text(code)
        )
    })?;
    ensure(bench.world.changes() == before, || {
        let last = bench.trace.iter().rev().nth(1).cloned().unwrap_or_default();
        format!("`{entry}` changed the world: {last}")
    })?;
    ensure(bench.state(id)? == was, || "its state changed".to_owned())
}

fn online_twice(case: &Case<'_>) -> Check {
    let (mut bench, id) = online_bench(case)?;
    changes_nothing(&mut bench, id, Op::Online)?;
    must_live(&mut bench, id, "after the second `online`")?;
    bench.bring_offline(id)?;
    passed("0, and nothing changed")
}

fn offline_twice(case: &Case<'_>) -> Check {
    let (mut bench, id) = online_bench(case)?;
    bench.bring_offline(id)?;
    changes_nothing(&mut bench, id, Op::Offline)?;
    passed("0, and nothing changed")
}

fn offline_never_online(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let id = bench.open(0)?;
    changes_nothing(&mut bench, id, Op::Offline)?;
    passed("0, and nothing changed")
}

/// Breaks the world and polls until `is_alive` says no: after how long.
fn die(bench: &mut Bench<'_>, id: Id) -> Result<Option<Duration>, Stop> {
    let began = bench.world.clock();
    bench.world.break_everything();
    while bench.world.clock() - began <= PATIENCE {
        if !bench.is_alive(id)? {
            return Ok(Some(bench.world.clock() - began));
        }
        bench.run(POLL)?;
    }
    Ok(None)
}

fn dead(case: &Case<'_>) -> Check {
    let (mut bench, id) = online_bench(case)?;
    if !bench.world.is_touched() {
        return Err(Stop::skipped(
            "it uses nothing of the world, so nothing of it can break",
        ));
    }
    match die(&mut bench, id)? {
        Some(after) => passed(format!("noticed within {}", Lasting(after))),
        None => Err(Stop::failed(format!(
            "services died, disks and networks do not answer, and `is_alive` says alive for {}",
            Lasting(PATIENCE)
        ))),
    }
}

fn recovers(case: &Case<'_>) -> Check {
    let (mut bench, id) = online_bench(case)?;
    if !bench.world.is_touched() || die(&mut bench, id)?.is_none() {
        return Err(Stop::skipped("it does not fail: see life-dead"));
    }
    bench.terminate(id)?;
    bench.heal()?;
    bench.bring_online(id)?;
    must_live(&mut bench, id, "after repair")?;
    passed("online again")
}

fn online_again(bench: &mut Bench<'_>, id: Id) -> Check {
    bench.bring_online(id)?;
    must_live(bench, id, "after it went online again")?;
    passed("online afterwards")
}

/// A bench on which the type has shown that it goes online.
fn warm_bench<'a>(case: &'a Case<'a>) -> Result<Bench<'a>, Stop> {
    let (mut bench, id) = online_bench(case)?;
    bench.bring_offline(id)?;
    bench.close(id)?;
    Ok(bench)
}

fn terminate_offline(case: &Case<'_>) -> Check {
    let mut bench = warm_bench(case)?;
    let id = bench.open(0)?;
    bench.terminate(id)?;
    online_again(&mut bench, id)
}

/// Begins an operation that must be pending.
fn pend(bench: &mut Bench<'_>, id: Id, op: Op) -> Result<(), Stop> {
    bench.begin(id, op)?;
    match bench.state(id)? {
        State::Pending(_) => Ok(()),
        _ => Err(Stop::skipped(format!(
            "its `{}` is never pending",
            op.as_str()
        ))),
    }
}

fn terminate_online_pending(case: &Case<'_>) -> Check {
    let mut bench = warm_bench(case)?;
    let id = bench.open(0)?;
    let before = bench.world.held();
    pend(&mut bench, id, Op::Online)?;
    bench.terminate(id)?;
    left(&bench, &before)?;
    online_again(&mut bench, id)
}

fn terminate_online(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let id = bench.open(0)?;
    let before = bench.world.held();
    bench.bring_online(id)?;
    bench.terminate(id)?;
    left(&bench, &before)?;
    online_again(&mut bench, id)
}

fn terminate_offline_pending(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let id = bench.open(0)?;
    let before = bench.world.held();
    bench.bring_online(id)?;
    pend(&mut bench, id, Op::Offline)?;
    bench.terminate(id)?;
    left(&bench, &before)?;
    online_again(&mut bench, id)
}

fn terminate_twice(case: &Case<'_>) -> Check {
    let (mut bench, id) = online_bench(case)?;
    bench.terminate(id)?;
    bench.terminate(id)?;
    online_again(&mut bench, id)
}

fn offline_leaves_nothing(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let id = bench.open(0)?;
    let before = bench.world.held();
    bench.bring_online(id)?;
    bench.bring_offline(id)?;
    left(&bench, &before)?;
    passed("nothing left")
}

fn close_leaves_nothing(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let before = bench.world.held();
    let id = bench.open(0)?;
    bench.bring_online(id)?;
    bench.terminate(id)?;
    bench.close(id)?;
    left(&bench, &before)?;
    passed("nothing left")
}

fn reopen(case: &Case<'_>) -> Check {
    let (mut bench, id) = online_bench(case)?;
    bench.bring_offline(id)?;
    bench.close(id)?;
    let id = bench.open(0)?;
    let done = online_again(&mut bench, id)?;
    bench.terminate(id)?;
    bench.close(id)?;
    Ok(done)
}

fn two_instances(case: &Case<'_>) -> Check {
    let (mut bench, first) = online_bench(case)?;
    let second = bench.open(1)?;
    bench.bring_online(second)?;
    must_live(&mut bench, first, "after a second instance went online")?;
    must_live(&mut bench, second, "beside another instance")?;
    bench.bring_offline(first)?;
    must_live(&mut bench, second, "after the other instance went offline")?;
    bench.close(first)?;
    must_live(&mut bench, second, "after the other instance was closed")?;
    bench.bring_offline(second)?;
    bench.close(second)?;
    passed("each lives by itself")
}

fn hundred_cycles(case: &Case<'_>) -> Check {
    let (mut bench, id) = online_bench(case)?;
    for cycle in 1..=100 {
        must_live(&mut bench, id, &format!("in cycle {cycle}"))?;
        bench.bring_offline(id)?;
        bench.bring_online(id)?;
        bench.trace.clear();
    }
    passed("100 times")
}
