//! Tests of single calls: how long they take, that an operation ends once, threads, and allowed answers.

use std::thread;
use std::time::Duration;

use quorate_abi as abi;
use quorate_host::direct::strays;
use quorate_model::Lasting;

use super::bench::{Bench, Id, Op, State, code_text};
use super::{Case, Check, Group, Stop, Test, ensure, passed, test, witness};

const G: Group = Group::Contract;

pub(super) const TESTS: &[Test] = &[
    test(
        "contract-quick",
        G,
        "Every entry returns within 300 ms, the cheap check above all",
        quick,
    ),
    test(
        "contract-pending",
        G,
        "A pending operation goes on in `work`, gets on, and comes to its end",
        pending,
    ),
    test(
        "contract-completes-once",
        G,
        "An operation ends once: with 0, with an error or with one report, and not again",
        completes_once,
    ),
    test(
        "contract-silent-after-close",
        G,
        "After `close` there is no report, and no service is called",
        silent_after_close,
    ),
    test(
        "contract-threads-declared",
        G,
        "Only a library that sets PLUGIN_THREADS starts threads or reports from them",
        threads_declared,
    ),
    test(
        "contract-inside-entries",
        G,
        "Services are called with the instance whose entry is running, and nowhere else",
        inside_entries,
    ),
    test(
        "contract-own-handle",
        G,
        "A log line or a status that an entry gives is about the instance whose entry it is",
        own_handle,
    ),
    test(
        "contract-answers",
        G,
        "Checks say 0 or 1, and nothing is pending that was not begun",
        answers,
    ),
    test(
        "contract-log-lines",
        G,
        "Lines for the cluster log are UTF-8 of at most 500 characters, with a level that there is",
        log_lines,
    ),
];

/// A control code that nobody defines: one of those that are free for authors.
pub(super) const NO_CONTROL: u32 = abi::CLUSCTL_RESOURCE_USER | 0xf_fef0;
/// The same for control codes of a type as a whole.
pub(super) const NO_TYPE_CONTROL: u32 = abi::CLUSCTL_RESOURCE_TYPE_USER | 0xf_fef0;

/// An entry that takes this long whenever it is called fails, however slow the machine.
const FAR_TOO_LONG: Duration = Duration::from_secs(1);

/// How long the tests wait for threads to do something forbidden, in real time.
const LINGER: Duration = Duration::from_millis(300);

/// One life of an instance, with every call that an administrator or a monitor would make.
pub(super) fn whole_life(bench: &mut Bench<'_>) -> Result<Id, Stop> {
    let id = bench.open(0)?;
    bench.bring_online(id)?;
    bench.looks_alive(id)?;
    bench.is_alive(id)?;
    bench.control(id, NO_CONTROL, b"", &mut [0_u8; 64])?;
    bench.run(Duration::from_secs(120))?;
    bench.is_alive(id)?;
    bench.bring_offline(id)?;
    bench.bring_online(id)?;
    bench.terminate(id)?;
    bench.close(id)?;
    Ok(id)
}

fn quick(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    whole_life(&mut bench)?;
    if let Some((entry, least)) = never_quick(&bench.took) {
        let least = Lasting(least).to(Duration::from_millis(1));
        return Err(Stop::failed(format!(
            "`{entry}` never took less than {least}: the host waits, and every other resource with it; begin what takes \
             long, and go on in `work`"
        )));
    }
    match bench.slow.first() {
        Some(first) => Err(Stop::warning(format!(
            "{first}: the host waits, and every other resource with it"
        ))),
        None => passed("all of them"),
    }
}

/// An entry that was called more than once and took far too long each time, which is not the machine's fault any more, and
/// the least that it took.
fn never_quick(took: &[(&'static str, Duration)]) -> Option<(&'static str, Duration)> {
    let mut entries: Vec<(&'static str, u32, Duration)> = Vec::new();
    for (entry, took) in took {
        match entries.iter_mut().find(|(known, ..)| known == entry) {
            Some((_, times, least)) => (*times, *least) = (*times + 1, (*least).min(*took)),
            None => entries.push((entry, 1, *took)),
        }
    }
    let slow = entries
        .into_iter()
        .filter(|(_, times, least)| *times > 1 && *least >= FAR_TOO_LONG);
    slow.map(|(entry, _, least)| (entry, least))
        .max_by_key(|(_, least)| *least)
}

fn pending(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let id = bench.open(0)?;
    let began = bench.world.clock();
    bench.begin(id, Op::Online)?;
    if !matches!(bench.state(id)?, State::Pending(_)) {
        return Err(Stop::skipped("its `online` is never pending"));
    }
    match bench.run_to_end(id)? {
        abi::ERROR_SUCCESS => {}
        code => {
            return Err(Stop::skipped(format!(
                "it does not go online: see life-online ({})",
                code_text(code)
            )));
        }
    }
    let took = bench.world.clock() - began;
    let before = bench.world.changes();
    // Time passes, and the operation that is done must not begin again.
    bench.run(Duration::from_secs(5))?;
    ensure(bench.state(id)? == State::Online, || {
        "it is not online any more a few seconds later".to_owned()
    })?;
    ensure(bench.odd.is_empty(), || bench.odd.join("; "))?;
    let more = bench.world.changes() - before;
    passed(format!(
        "done after {} of virtual time, {more} changes afterwards",
        Lasting(took)
    ))
}

/// Each operation ends once: by its return code, or by one report of its threads.
fn completes_once(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let id = bench.open(0)?;
    let handle = bench.handle(id)?;
    let ends = || {
        let all = witness::statuses().into_iter();
        all.filter(|it| it.instance == handle && it.status != abi::ERROR_IO_PENDING)
            .count()
    };
    let mut operations = 0;
    for _ in 0..3 {
        // If it does not go online at all, `life-online` reports that, and not this test.
        if operations == 0 {
            bench.bring_online(id)?;
            bench.bring_offline(id)?;
        }
        for op in [Op::Online, Op::Offline] {
            let before = ends();
            let code = bench.begin(id, op)?;
            let was_pending = code == abi::ERROR_IO_PENDING;
            if was_pending {
                bench.run_to_end(id)?;
            }
            if bench.info.has_threads() {
                thread::sleep(LINGER / 3);
            }
            let (reported, entry) = (ends() - before, op.as_str());
            ensure(reported <= 1, || {
                format!("the end of one `{entry}` was reported {reported} times")
            })?;
            ensure(was_pending || reported == 0, || {
                format!("`{entry}` returned {code} and its end was reported as well")
            })?;
            if bench.state(id)? == State::Failed {
                return Err(Stop::skipped(format!("`{entry}` failed: see life-online")));
            }
            operations += 1;
        }
    }
    ensure(bench.odd.is_empty(), || bench.odd.join("; "))?;
    passed(format!("{operations} operations, one end each"))
}

fn silent_after_close(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let id = bench.open(0)?;
    bench.bring_online(id)?;
    bench.terminate(id)?;
    bench.close(id)?;
    // The second instance is closed while its `online` is pending.
    let id = bench.open(0)?;
    bench.begin(id, Op::Online)?;
    bench.terminate(id)?;
    let (handle, strayed) = (bench.handle(id)?, strays());
    let reports = || {
        let all = witness::statuses().into_iter();
        all.filter(|it| it.instance == handle).count()
    };
    bench.close(id)?;
    let before = reports();
    if before > 0 || bench.info.has_threads() {
        thread::sleep(LINGER);
    }
    // Calls for another instance may make a plugin use the closed one if it still remembers it.
    let other = bench.open(1)?;
    bench.begin(other, Op::Online)?;
    bench.terminate(other)?;
    bench.close(other)?;
    let after = reports() - before;
    ensure(after == 0, || {
        format!("{after} reports on an instance that is closed")
    })?;
    let calls = strays() - strayed;
    ensure(calls == 0, || {
        format!("{calls} service calls for an instance that is closed")
    })?;
    passed("silent")
}

fn threads_declared(case: &Case<'_>) -> Check {
    let count = || std::fs::read_dir("/proc/self/task").map(Iterator::count);
    let before = count().unwrap_or(0);
    let mut bench = Bench::new(case)?;
    let id = bench.open(0)?;
    bench.bring_online(id)?;
    bench.is_alive(id)?;
    let during = count().unwrap_or(0);
    let foreign = witness::statuses().iter().any(|status| status.foreign);
    bench.terminate(id)?;
    bench.close(id)?;
    if bench.info.has_threads() {
        return passed(
            "the library sets PLUGIN_THREADS, and says with that that a drill with it is not repeatable",
        );
    }
    ensure(!foreign, || {
        "it reports from a thread of its own and does not set PLUGIN_THREADS".to_owned()
    })?;
    ensure(during <= before, || {
        format!(
            "it starts {} threads and does not set PLUGIN_THREADS",
            during - before
        )
    })?;
    passed("no threads")
}

fn inside_entries(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let before = strays();
    whole_life(&mut bench)?;
    let one = bench.open(0)?;
    let two = bench.open(1)?;
    bench.bring_online(one)?;
    bench.bring_online(two)?;
    bench.terminate(one)?;
    bench.terminate(two)?;
    let strayed = strays() - before;
    ensure(strayed == 0, || {
        format!(
            "{strayed} service calls with an instance whose entry was not running, or from a thread"
        )
    })?;
    passed("all of them")
}

/// Two instances that live side by side, in a world that breaks: whatever one says is about itself.
fn own_handle(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let (one, two) = (bench.open(0)?, bench.open(1)?);
    for id in [one, two] {
        bench.bring_online(id)?;
    }
    for broken in [false, true] {
        if broken {
            bench.world.break_everything();
        }
        for id in [two, one, two] {
            bench.looks_alive(id)?;
            bench.is_alive(id)?;
            bench.run(Duration::from_secs(60))?;
        }
    }
    bench.terminate(one)?;
    bench.heal()?;
    bench.goes_online(one)?;
    bench.begin(two, Op::Offline)?;
    bench.run(Duration::from_secs(10))?;
    for id in [two, one] {
        bench.terminate(id)?;
        bench.close(id)?;
    }
    match witness::misaddressed().first() {
        Some(first) => Err(Stop::failed(first.clone())),
        None => passed("all of them"),
    }
}

fn answers(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    whole_life(&mut bench)?;
    let id = bench.open(0)?;
    bench.bring_online(id)?;
    bench.world.break_everything();
    bench.run(Duration::from_secs(30))?;
    bench.looks_alive(id)?;
    if !bench.is_alive(id)? {
        bench.sentence(id)?;
    }
    ensure(bench.odd.is_empty(), || bench.odd.join("; "))?;
    passed("as the contract has them")
}

fn log_lines(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    whole_life(&mut bench)?;
    let id = bench.open(0)?;
    bench.world.break_everything();
    bench.goes_online(id)?;
    bench.terminate(id)?;
    match witness::bad_lines().first() {
        Some(first) => Err(Stop::warning(first.clone())),
        None => passed("as they must be"),
    }
}
