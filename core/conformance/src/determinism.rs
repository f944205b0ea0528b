//! The same calls in the same world must give the same results. Only then can a drill be repeated.

use std::time::Duration;

use quorate_abi as abi;

use super::bench::Bench;
use super::{Case, Check, Group, Note, Stop, Test, test};

const G: Group = Group::Determinism;

pub(super) const TESTS: &[Test] = &[
    Test {
        twice: true,
        ..test(
            "determinism-two-processes",
            G,
            "The same life in two fresh processes: the same calls, answers, waits, service calls and log lines",
            two_processes,
        )
    },
    test(
        "determinism-one-process",
        G,
        "The same life twice in one process: nothing of the first is felt in the second",
        one_process,
    ),
];

/// One life of an instance, as lines with everything that may differ: answers, waits, service calls and log lines.
fn life(bench: &mut Bench<'_>) -> Result<Vec<String>, Stop> {
    bench.renew_world()?;
    bench.trace.clear();
    let id = bench.open(0)?;
    bench.bring_online(id)?;
    bench.looks_alive(id)?;
    bench.is_alive(id)?;
    bench.control(
        id,
        abi::CLUSCTL_RESOURCE_GET_CLASS_INFO,
        b"",
        &mut [0_u8; 64],
    )?;
    bench.run(Duration::from_secs(300))?;
    bench.is_alive(id)?;
    bench.bring_offline(id)?;
    bench.bring_online(id)?;
    bench.world.crash_services();
    bench.run(Duration::from_secs(20))?;
    bench.looks_alive(id)?;
    bench.is_alive(id)?;
    let sentence = bench.sentence(id)?;
    bench.trace.push(format!("last error: {sentence}"));
    bench.terminate(id)?;
    bench.close(id)?;
    Ok(std::mem::take(&mut bench.trace))
}

fn refuse_threads(bench: &Bench<'_>) -> Result<(), Stop> {
    if bench.info.has_threads() {
        return Err(Stop::warning(
            "the library sets PLUGIN_THREADS: when its reports come is not repeatable, nor is a drill with it",
        ));
    }
    Ok(())
}

fn two_processes(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    refuse_threads(&bench)?;
    let trace = life(&mut bench)?;
    Ok(Note {
        why: format!("{} lines of trace", trace.len()),
        trace,
    })
}

fn one_process(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    refuse_threads(&bench)?;
    let first = life(&mut bench)?;
    let second = life(&mut bench)?;
    match first_difference(&first, &second) {
        None => super::passed(format!("{} lines of trace", first.len())),
        Some(text) => Err(Stop::failed(format!(
            "the second life differs from the first: {text}"
        ))),
    }
}

/// The first difference between two traces, in words; `None` if they are the same.
pub fn first_difference(one: &[String], other: &[String]) -> Option<String> {
    let end = "the end".to_owned();
    let lines = one.len().max(other.len());
    (0..lines).find_map(|line| {
        let (a, b) = (
            one.get(line).unwrap_or(&end),
            other.get(line).unwrap_or(&end),
        );
        (a != b).then(|| format!("at line {} of the trace, `{a}` and `{b}`", line + 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_named() {
        let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(first_difference(&lines("a b"), &lines("a b")), None);
        let found = first_difference(&lines("a b"), &lines("a c")).unwrap();
        assert_eq!(found, "at line 2 of the trace, `b` and `c`");
        let short = first_difference(&lines("a"), &lines("a c")).unwrap();
        assert!(short.contains("`the end` and `c`"), "{short}");
    }
}
