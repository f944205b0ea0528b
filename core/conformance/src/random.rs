//! Random sequences of legal calls, whose answers are compared with a model of the contract.
//!
//! The model is the state of the instance that the bench keeps: which calls it allows, and which answers. A sequence
//! depends on its seed alone, so that its number repeats it.

use std::fmt;
use std::time::Duration;

use quorate_abi as abi;

use super::bench::{Bench, Id, Op, State, code_text};
use super::contract::NO_CONTROL;
use super::mix::mix;
use super::{Case, Check, Group, Note, Stop, Test, test};

const G: Group = Group::Random;

pub(super) const TESTS: &[Test] = &[
    test(
        "random-healthy",
        G,
        "In a world where everything works, whatever legal calls come, it goes online and offline and is alive",
        healthy,
    ),
    test(
        "random-faults",
        G,
        "In a world that breaks and is repaired, whatever legal calls come, it keeps to the contract and recovers",
        faults,
    ),
];

/// The number of sequences in a test, from seed 1 on.
const SEQUENCES: u64 = 40;
/// The number of calls in a sequence.
const CALLS: usize = 60;
/// The number of instances in a sequence.
const INSTANCES: usize = 2;

/// A generator of numbers from a seed.
struct Draws {
    seed: u64,
    drawn: u64,
}

impl Draws {
    fn new(seed: u64) -> Draws {
        Draws { seed, drawn: 0 }
    }

    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.drawn += 1;
        let number = mix(mix(self.seed).wrapping_add(self.drawn));
        usize::try_from(number % end.max(1) as u64).unwrap_or(0)
    }
}

/// A step of a sequence.
#[derive(Clone, Copy, Debug)]
enum Step {
    Open,
    Close,
    Begin(Op),
    Work,
    LooksAlive,
    IsAlive,
    Terminate,
    Control,
    Release,
    Pass(u64),
    Crash,
    Break,
    Heal,
}

impl fmt::Display for Step {
    /// As traces show it: an entry's name, or a sentence about what the tester does to the world.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Open => "open",
            Step::Close => "close",
            Step::Begin(op) => op.as_str(),
            Step::Work => "work",
            Step::LooksAlive => "looks_alive",
            Step::IsAlive => "is_alive",
            Step::Terminate => "terminate",
            Step::Control => "a control code that nobody knows",
            Step::Release => "release",
            Step::Pass(ms) => return write!(f, "{ms} ms pass"),
            Step::Crash => "the services crash",
            Step::Break => "everything that it uses breaks",
            Step::Heal => "everything is repaired",
        })
    }
}

fn healthy(case: &Case<'_>) -> Check {
    sequences(case, false)
}

fn faults(case: &Case<'_>) -> Check {
    sequences(case, true)
}

fn sequences(case: &Case<'_>, faulty: bool) -> Check {
    let mut bench = Bench::new(case)?;
    // If the type does not even go online, the sequences make no sense.
    let id = bench.open(0)?;
    bench.bring_online(id)?;
    bench.terminate(id)?;
    bench.close(id)?;
    let seeds = match case.settings.reproduce {
        Some(seed) => seed..=seed,
        None => 1..=SEQUENCES,
    };
    for seed in seeds {
        bench.renew_world()?;
        bench.trace.clear();
        if let Err(stop) = sequence(&mut bench, seed, faulty) {
            let last: Vec<&str> = bench
                .trace
                .iter()
                .rev()
                .take(3)
                .rev()
                .map(String::as_str)
                .collect();
            return Err(Stop {
                verdict: stop.verdict,
                why: format!(
                    "{} (seed {seed}; last: {}; repeat with --reproduce {seed})",
                    stop.why,
                    last.join(" | ")
                ),
                trace: match case.settings.reproduce {
                    Some(_) => std::mem::take(&mut bench.trace),
                    None => Vec::new(),
                },
            });
        }
    }
    let count = if case.settings.reproduce.is_some() {
        1
    } else {
        SEQUENCES
    };
    let trace = match case.settings.reproduce {
        Some(_) => std::mem::take(&mut bench.trace),
        None => Vec::new(),
    };
    Ok(Note {
        why: match count {
            1 => format!("one sequence of {CALLS} calls"),
            count => format!("{count} sequences of {CALLS} calls"),
        },
        trace,
    })
}

/// Runs one sequence. At its end it closes the instances that it opened; if it stops early it does not.
fn sequence(bench: &mut Bench<'_>, seed: u64, faulty: bool) -> Result<(), Stop> {
    let mut draws = Draws::new(seed);
    let mut places: [Option<Id>; INSTANCES] = [None; INSTANCES];
    let mut broken = false;
    let mut ever_broken = false;
    for _ in 0..CALLS {
        let number = draws.below(INSTANCES);
        let steps = legal(bench, places[number], faulty)?;
        let step = steps[draws.below(steps.len())];
        let now = bench.world.clock().as_millis();
        bench
            .trace
            .push(format!("# {now} ms, Tester {number}: {step}"));
        match step {
            Step::Crash => {
                bench.world.crash_services();
                ever_broken = true;
            }
            Step::Break => {
                bench.world.break_everything();
                broken = true;
                ever_broken = true;
            }
            Step::Heal => {
                bench.heal()?;
                broken = false;
            }
            Step::Pass(ms) => bench.run(Duration::from_millis(ms))?,
            step => act(bench, &mut places[number], number, step, ever_broken)?,
        }
    }
    if broken {
        bench.heal()?;
    }
    for (number, place) in places.into_iter().enumerate() {
        let Some(id) = place else { continue };
        bench.terminate(id)?;
        bench.trace.push(format!("# Tester {number}: the end"));
        bench.bring_online(id)?;
        bench.bring_offline(id)?;
        bench.close(id)?;
    }
    match (bench.odd.first(), bench.panics.first()) {
        (Some(odd), _) => Err(Stop::failed(odd.clone())),
        (_, Some(panic)) => Err(Stop::failed(format!("it panicked: {panic}"))),
        _ => Ok(()),
    }
}

/// The calls that are legal now. Likely ones are in the list more than once.
fn legal(bench: &Bench<'_>, place: Option<Id>, faulty: bool) -> Result<Vec<Step>, Stop> {
    let mut steps = vec![Step::Pass(1), Step::Pass(700), Step::Pass(15_000)];
    if faulty {
        steps.extend([Step::Crash, Step::Break, Step::Heal, Step::Heal]);
    }
    let Some(id) = place else {
        steps.extend([Step::Open; 4]);
        return Ok(steps);
    };
    steps.extend([Step::Terminate, Step::Control]);
    match bench.state(id)? {
        State::Offline => {
            steps.extend([Step::Begin(Op::Online); 5]);
            steps.extend([Step::Begin(Op::Offline), Step::Close]);
        }
        State::Pending(_) => steps.extend([Step::Work; 6]),
        State::Online => {
            steps.extend([
                Step::LooksAlive,
                Step::LooksAlive,
                Step::IsAlive,
                Step::IsAlive,
                Step::Begin(Op::Online),
                Step::Begin(Op::Offline),
                Step::Begin(Op::Offline),
            ]);
        }
        // The host terminates an instance that failed, and nothing else is legal before that.
        State::Failed => return Ok(vec![Step::Terminate]),
    }
    if bench.kind.quorum_capable {
        match bench.state(id)? {
            State::Offline | State::Online if !bench.is_defending(id)? => {
                steps.push(Step::Begin(Op::Arbitrate));
            }
            State::Offline if bench.is_defending(id)? => {
                steps.push(Step::Release);
            }
            _ => {}
        }
    }
    Ok(steps)
}

/// Makes a call, and compares its answer with the model.
fn act(
    bench: &mut Bench<'_>,
    place: &mut Option<Id>,
    number: usize,
    step: Step,
    ever_broken: bool,
) -> Result<(), Stop> {
    let Some(id) = *place else {
        *place = Some(bench.open(number)?);
        return Ok(());
    };
    match step {
        Step::Begin(op) => {
            let was = bench.state(id)?;
            let code = bench.begin(id, op)?;
            let idle = matches!(
                (was, op),
                (State::Online, Op::Online) | (State::Offline, Op::Offline)
            );
            if idle && code != abi::ERROR_SUCCESS {
                return Err(Stop::failed(format!(
                    "`{}` says {} where there is nothing to do",
                    op.as_str(),
                    code_text(code)
                )));
            }
            fine(bench, id, op.as_str(), code, ever_broken)?;
        }
        Step::Work => {
            bench.until_due(id)?;
            let code = bench.work(id)?;
            fine(bench, id, "work", code, ever_broken)?;
        }
        Step::LooksAlive | Step::IsAlive => {
            let thorough = matches!(step, Step::IsAlive);
            let alive = if thorough {
                bench.is_alive(id)?
            } else {
                // As in the host, an instance that does not look alive is checked thoroughly.
                bench.looks_alive(id)? || bench.is_alive(id)?
            };
            if !alive {
                if !ever_broken {
                    let sentence = bench.sentence(id)?;
                    return Err(Stop::failed(format!(
                        "`is_alive` says no, and nothing was broken: {sentence}"
                    )));
                }
                bench.terminate(id)?;
            }
        }
        Step::Terminate => bench.terminate(id)?,
        Step::Control => {
            bench.control(id, NO_CONTROL, b"", &mut [0_u8; 64])?;
        }
        Step::Release => {
            bench.release(id)?;
        }
        Step::Close => {
            bench.close(id)?;
            *place = None;
        }
        Step::Open | Step::Pass(_) | Step::Crash | Step::Break | Step::Heal => {}
    }
    Ok(())
}

/// Fails unless the model allows this code of an operation.
fn fine(
    bench: &mut Bench<'_>,
    id: Id,
    entry: &str,
    code: u32,
    ever_broken: bool,
) -> Result<(), Stop> {
    match code {
        abi::ERROR_SUCCESS | abi::ERROR_IO_PENDING => Ok(()),
        code if !ever_broken => Err(Stop::failed(format!(
            "{}, and nothing was broken",
            bench.explain(id, entry, code)?
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_and_another_one_others() {
        let draw = |seed| {
            let mut draws = Draws::new(seed);
            (0..20).map(|_| draws.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert!(draw(7).iter().all(|number| *number < 1_000));
    }
}
