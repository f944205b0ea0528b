//! Tests of the quorum resource: one machine wins it, defends it, and gives it up when asked.

use std::time::Duration;

use quorate_abi as abi;
use quorate_model::Lasting;

use super::bench::{Bench, Id, Op, State};
use super::{Case, Check, Group, Stop, Test, ensure, passed, test};

const G: Group = Group::Arbitration;

pub(super) const TESTS: &[Test] = &[
    test(
        "arbitration-wins",
        G,
        "An arbitration without a rival is won, before `online`",
        wins,
    ),
    test(
        "arbitration-single-winner",
        G,
        "Of two nodes that arbitrate at the same time exactly one wins",
        single_winner,
    ),
    test(
        "arbitration-defends",
        G,
        "A node that has won and lives defends: a challenger loses",
        defends,
    ),
    test(
        "arbitration-takes-from-the-dead",
        G,
        "From a node that has won and died a challenger wins",
        takes_from_the_dead,
    ),
    test(
        "arbitration-times",
        G,
        "A challenge leaves the owner 7 s to defend it and is over within 8 s, and a loss is told within 3 s",
        times,
    ),
    test(
        "arbitration-release",
        G,
        "After `release` another node wins",
        release,
    ),
    test(
        "arbitration-online",
        G,
        "After a won arbitration it goes online, and stays alive",
        online,
    ),
    test(
        "arbitration-notices-loss",
        G,
        "A reservation that another node took is reported as lost, or as a failure",
        notices_loss,
    ),
    test(
        "arbitration-terminate",
        G,
        "`terminate` ends a pending arbitration, and another node wins",
        terminate,
    ),
];

/// How long an arbitration may take: what a node that finds out about a silence counts on.
const ARBITRATION_MAX: Duration = Duration::from_secs(8);
/// How long an owner has to defend it: two of its renewals, and some.
const DEFENCE_MIN: Duration = Duration::from_secs(7);
/// Within which time an owner must find out that it has lost.
const RENEWAL_MAX: Duration = Duration::from_secs(3);
/// For how long the tests watch a winner defend it.
const WATCH: Duration = Duration::from_secs(60);

/// A bench with the same resource open on both machines.
fn both<'a>(case: &'a Case<'a>) -> Result<(Bench<'a>, Id, Id), Stop> {
    let mut bench = Bench::new(case)?;
    if !bench.kind.quorum_capable {
        return Err(Stop::skipped("the type does not claim it"));
    }
    let spec = bench.spec(0);
    let one = bench.open_spec(spec.clone(), 0)?;
    let other = bench.open_spec(spec, 1)?;
    Ok((bench, one, other))
}

fn must_win(bench: &mut Bench<'_>, id: Id, when: &str) -> Result<(), Stop> {
    match bench.arbitrate(id)? {
        abi::ERROR_SUCCESS => Ok(()),
        code => {
            let why = bench.explain(id, "arbitrate", code)?;
            Err(Stop::failed(format!("{when}: {why}")))
        }
    }
}

/// Lets both arbitrations go on until neither is pending. Returns their codes.
fn race(bench: &mut Bench<'_>, ids: [Id; 2]) -> Result<[Option<u32>; 2], Stop> {
    for _ in 0..10_000 {
        let pending = |id| bench.state(id).map(|it| matches!(it, State::Pending(_)));
        let (one, other) = (pending(ids[0])?, pending(ids[1])?);
        if !one && !other {
            return Ok([bench.ended(ids[0])?, bench.ended(ids[1])?]);
        }
        if !bench.next_turn()? {
            return Err(Stop::failed(
                "an arbitration is pending and asks for no `work`",
            ));
        }
    }
    Err(Stop::failed("two arbitrations do not come to an end"))
}

fn wins(case: &Case<'_>) -> Check {
    let (mut bench, one, _) = both(case)?;
    let began = bench.world.clock();
    must_win(&mut bench, one, "nobody else is there")?;
    let took = bench.world.clock() - began;
    bench.run(WATCH)?;
    ensure(!bench.has_lost(one)?, || {
        "it says later that it has lost, and nobody challenged it".to_owned()
    })?;
    passed(format!("after {} of virtual time", Lasting(took)))
}

fn single_winner(case: &Case<'_>) -> Check {
    for offset in [0, 1, 500, 3_500] {
        let (mut bench, one, other) = both(case)?;
        bench.begin(one, Op::Arbitrate)?;
        bench.run(Duration::from_millis(offset))?;
        bench.begin(other, Op::Arbitrate)?;
        let ended = race(&mut bench, [one, other])?;
        let winners = ended
            .iter()
            .filter(|code| **code == Some(abi::ERROR_SUCCESS))
            .count();
        ensure(winners <= 1, || {
            format!("both win where the second begins {offset} ms later")
        })?;
        ensure(winners == 1, || {
            format!("nobody wins where the second begins {offset} ms later")
        })?;
    }
    passed("one, whoever began first and by how much")
}

fn defends(case: &Case<'_>) -> Check {
    let (mut bench, one, other) = both(case)?;
    must_win(&mut bench, one, "nobody else is there")?;
    bench.run(Duration::from_secs(10))?;
    bench.begin(other, Op::Arbitrate)?;
    let [_, challenger] = race(&mut bench, [one, other])?;
    ensure(challenger != Some(abi::ERROR_SUCCESS), || {
        "the challenger wins, and the owner lives".to_owned()
    })?;
    ensure(!bench.has_lost(one)?, || {
        "the challenger lost, and the owner says that it has lost, too".to_owned()
    })?;
    passed("the challenger lost")
}

fn takes_from_the_dead(case: &Case<'_>) -> Check {
    let (mut bench, one, other) = both(case)?;
    must_win(&mut bench, one, "nobody else is there")?;
    // The owner dies: its `work` is never called again.
    bench.power_off(one)?;
    must_win(&mut bench, other, "the owner is dead")?;
    passed("taken over")
}

/// The times that nodes go by: they wait until whoever had the quorum before must have stopped.
fn times(case: &Case<'_>) -> Check {
    let (mut bench, one, other) = both(case)?;
    let within = |took: Duration, what: &str| {
        ensure(took <= ARBITRATION_MAX, || {
            let limit = Lasting(ARBITRATION_MAX);
            format!("{what} takes {}, of at most {limit}", Lasting(took))
        })
    };
    let began = bench.world.clock();
    must_win(&mut bench, one, "nobody else is there")?;
    within(
        bench.world.clock() - began,
        "an arbitration without a rival",
    )?;
    let began = bench.world.clock();
    bench.begin(other, Op::Arbitrate)?;
    race(&mut bench, [one, other])?;
    within(bench.world.clock() - began, "an arbitration that is lost")?;
    bench.power_off(one)?;
    let began = bench.world.clock();
    must_win(&mut bench, other, "the owner is dead")?;
    let took = bench.world.clock() - began;
    within(took, "an arbitration against a dead owner")?;
    ensure(took >= DEFENCE_MIN, || {
        format!(
            "it takes the quorum from an owner after {}: one that lives may need {} to defend it",
            Lasting(took),
            Lasting(DEFENCE_MIN)
        )
    })?;
    let (mut bench, one, _) = both(case)?;
    must_win(&mut bench, one, "nobody else is there")?;
    let before = bench.world.held();
    bench.world.steal_disks();
    if bench.world.held() != before {
        bench.run(RENEWAL_MAX)?;
        ensure(bench.has_lost(one)?, || {
            format!(
                "another node took the reservation, and nothing is said within {}",
                Lasting(RENEWAL_MAX)
            )
        })?;
    }
    passed(format!("taken from a dead owner after {}", Lasting(took)))
}

fn release(case: &Case<'_>) -> Check {
    let (mut bench, one, other) = both(case)?;
    must_win(&mut bench, one, "nobody else is there")?;
    let code = bench.release(one)?;
    ensure(code == abi::ERROR_SUCCESS, || {
        format!("`release` says {}", super::bench::code_text(code))
    })?;
    must_win(&mut bench, other, "it was released")?;
    passed("released, and won by the other")
}

fn online(case: &Case<'_>) -> Check {
    let (mut bench, one, _) = both(case)?;
    must_win(&mut bench, one, "nobody else is there")?;
    match bench.try_online(one)? {
        abi::ERROR_SUCCESS => {}
        code => return Err(Stop::failed(bench.explain(one, "online", code)?)),
    }
    bench.run(WATCH)?;
    ensure(bench.is_alive(one)?, || {
        "`is_alive` says no a minute later, and nothing is wrong".to_owned()
    })?;
    ensure(bench.is_defending(one)? && !bench.has_lost(one)?, || {
        "it does not defend any more".to_owned()
    })?;
    passed("online and defending")
}

fn notices_loss(case: &Case<'_>) -> Check {
    let (mut bench, one, _) = both(case)?;
    must_win(&mut bench, one, "nobody else is there")?;
    let before = bench.world.held();
    bench.world.steal_disks();
    if bench.world.held() == before {
        return Err(Stop::skipped("it holds no disk that could be taken"));
    }
    bench.run(WATCH)?;
    ensure(bench.has_lost(one)?, || {
        format!(
            "another node took the reservation, and nothing is said for {}",
            Lasting(WATCH)
        )
    })?;
    passed("reported")
}

fn terminate(case: &Case<'_>) -> Check {
    let (mut bench, one, other) = both(case)?;
    bench.begin(one, Op::Arbitrate)?;
    bench.terminate(one)?;
    must_win(&mut bench, other, "the first was terminated")?;
    passed("ended, and won by the other")
}
