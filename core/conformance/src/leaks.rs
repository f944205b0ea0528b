//! What remains after a hundred lives of an instance: descriptors, threads and memory, as the system counts them in
//! `/proc/self`.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use super::bench::Bench;
use super::{Case, Check, Group, Stop, Test, ensure, passed, test};

const G: Group = Group::Life;

pub(super) const TESTS: &[Test] = &[
    test(
        "life-leak-descriptors",
        G,
        "Fifty lives leave no file descriptor open",
        descriptors,
    ),
    test(
        "life-leak-threads",
        G,
        "Fifty lives leave no thread running",
        threads,
    ),
    test(
        "life-leak-memory",
        G,
        "Two hundred lives do not make the process grow by more than 8 MiB",
        memory,
    ),
];

/// The number of lives between two counts.
const LIVES: usize = 50;
/// The number of lives before the first count of memory. By then everything is allocated that is allocated once and
/// never freed.
const WARM_UP: usize = 50;
const MEMORY_LIVES: usize = 200;
const GROWTH_MAX: u64 = 8 * 1_024 * 1_024;
/// How long threads may take to end, in real time.
const END_MAX: Duration = Duration::from_secs(3);
/// The smallest page size of Linux. If pages are larger, the result is too small, never too large.
const PAGE: u64 = 4_096;

fn entries_of(folder: &str) -> Option<usize> {
    fs::read_dir(folder).ok().map(Iterator::count)
}

fn cannot_tell() -> Stop {
    Stop::skipped("this system does not tell (no /proc/self)")
}

fn resident() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * PAGE)
}

/// Lets an instance live so many times, each time from `open` to `close`.
fn live(bench: &mut Bench<'_>, lives: usize) -> Result<(), Stop> {
    for life in 0..lives {
        let id = bench.open(0)?;
        bench.bring_online(id)?;
        bench.looks_alive(id)?;
        bench.is_alive(id)?;
        if life % 2 == 0 {
            bench.bring_offline(id)?;
        } else {
            bench.terminate(id)?;
        }
        bench.close(id)?;
        bench.trace.clear();
    }
    Ok(())
}

fn descriptors(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    live(&mut bench, 2)?;
    let before = entries_of("/proc/self/fd").ok_or_else(cannot_tell)?;
    live(&mut bench, LIVES)?;
    let after = entries_of("/proc/self/fd").ok_or_else(cannot_tell)?;
    ensure(after <= before, || {
        format!(
            "{} file descriptors more than before {LIVES} lives",
            after - before
        )
    })?;
    passed(format!("{after}, as before"))
}

fn threads(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let before = entries_of("/proc/self/task").ok_or_else(cannot_tell)?;
    live(&mut bench, LIVES)?;
    let began = Instant::now();
    loop {
        let after = entries_of("/proc/self/task").ok_or_else(cannot_tell)?;
        if after <= before {
            return passed(format!("{after}, as before"));
        }
        if began.elapsed() > END_MAX {
            let more = after - before;
            return Err(Stop::failed(format!(
                "{more} threads more than before {LIVES} lives"
            )));
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn memory(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    live(&mut bench, WARM_UP)?;
    let before = resident().ok_or_else(cannot_tell)?;
    live(&mut bench, MEMORY_LIVES)?;
    let grown = resident().ok_or_else(cannot_tell)?.saturating_sub(before);
    ensure(grown <= GROWTH_MAX, || {
        format!(
            "{} KiB more after {MEMORY_LIVES} lives, {} KiB a life",
            grown / 1_024,
            grown / 1_024 / MEMORY_LIVES as u64
        )
    })?;
    passed(format!("{} KiB more", grown / 1_024))
}
