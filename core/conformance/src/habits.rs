//! Tests of what a plugin does to the process that it shares with the host and every other plugin: how it computes, its
//! signals, limits and locale, what it prints and writes. The host puts back what is cheap to put back; this says who did it.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::PathBuf;
use std::time::SystemTime;

use quorate_host::{Change, Held};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::dup;
use rustix::stdio::{dup2_stderr, dup2_stdout, stderr, stdout};

use super::bench::Bench;
use super::contract::whole_life;
use super::{Case, Check, Group, Stop, Test, is_of_a_provider, passed, test};

const G: Group = Group::Contract;

pub(super) const TESTS: &[Test] = &[
    test(
        "contract-floating-point",
        G,
        "Rounding, traps and denormals of floating-point arithmetic are after each call as they were before",
        floating_point,
    ),
    test(
        "contract-signals",
        G,
        "The signals that are blocked, and what the process does at each, are as they were",
        signals,
    ),
    test(
        "contract-timers",
        G,
        "No alarm and no other timer of the process's is left running",
        timers,
    ),
    test(
        "contract-limits",
        G,
        "The umask and the limits of the process are as they were",
        limits,
    ),
    test("contract-locale", G, "The locale is as it was", locale),
    test(
        "contract-output",
        G,
        "Nothing is printed on the standard output, which is the host's",
        output,
    ),
    test(
        "contract-files",
        G,
        "Nothing is written but by way of the host's services",
        files,
    ),
];

/// A life in which every kind of call is made, in good times and bad.
fn live(bench: &mut Bench<'_>) -> Result<(), Stop> {
    whole_life(bench)?;
    let id = bench.open(0)?;
    bench.bring_online(id)?;
    bench.world.break_everything();
    bench.looks_alive(id)?;
    bench.is_alive(id)?;
    bench.terminate(id)?;
    bench.close(id)
}

/// Fails if a call changed something of this kind.
fn keeps(case: &Case<'_>, kind: fn(&Change) -> bool, more: fn() -> Option<String>) -> Check {
    let mut bench = Bench::new(case)?;
    let before = more();
    let lived = live(&mut bench);
    if let Some((entry, change)) = bench.changes.iter().find(|(_, change)| kind(change)) {
        let when = match *entry {
            "load" => "loading it changes".to_owned(),
            entry => format!("`{entry}` changes"),
        };
        return Err(Stop::failed(format!(
            "{when} {change}: it is every plugin's, and the host's"
        )));
    }
    if let Some(text) = more().filter(|text| before.as_ref() != Some(text)) {
        return Err(Stop::failed(text));
    }
    lived?;
    passed("as it was")
}

fn nothing() -> Option<String> {
    None
}

fn floating_point(case: &Case<'_>) -> Check {
    keeps(case, |it| *it == Change::Float, nothing)
}

fn signals(case: &Case<'_>) -> Check {
    let kind = |it: &Change| matches!(it, Change::SignalMask | Change::SignalHandler(_));
    keeps(case, kind, nothing)
}

fn timers(case: &Case<'_>) -> Check {
    keeps(case, |it| matches!(it, Change::Timer(_)), left_timers)
}

/// Timers that a program makes with `timer_create`, as the system counts them.
fn left_timers() -> Option<String> {
    let text = fs::read_to_string("/proc/self/timers").ok()?;
    let number = text.lines().filter(|line| line.starts_with("ID:")).count();
    (number > 0).then(|| format!("it leaves a timer running ({number} in all)"))
}

fn limits(case: &Case<'_>) -> Check {
    keeps(
        case,
        |it| matches!(it, Change::Umask | Change::Limit(_)),
        nothing,
    )
}

fn locale(case: &Case<'_>) -> Check {
    keeps(case, |it| *it == Change::Locale, nothing)
}

fn output(case: &Case<'_>) -> Check {
    let (lived, [out, _]) = captured(|| Bench::new(case).and_then(|mut bench| live(&mut bench)))?;
    let text = String::from_utf8_lossy(&out);
    if let Some(line) = text.lines().find(|line| !line.trim().is_empty()) {
        let line: String = line.trim().chars().take(80).collect();
        return Err(Stop::warning(format!(
            "it prints `{line}`: the standard output is the host's; write lines for people with `log_event`"
        )));
    }
    lived?;
    passed("silent")
}

/// The bytes that this process has written so far, as the system counts them.
fn written() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/io").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("wchar:"))?;
    line.trim().parse().ok()
}

fn files(case: &Case<'_>) -> Check {
    // What the caller writes about each call is not the plugin's, and neither is what goes to a provider that is a program: that
    // is whatever is written from the announcement of its call to the next one.
    let callers = Cell::new(0);
    let provider = Cell::new(None);
    let settle = |now: u64| {
        let from = provider.take().unwrap_or(now);
        callers.set(callers.get() + now - from);
    };
    let witness = |entry: &str| {
        let before = written().unwrap_or_default();
        settle(before);
        (case.witness)(entry);
        let after = written().unwrap_or_default();
        callers.set(callers.get() + after - before);
        provider.set(is_of_a_provider(entry).then_some(after));
    };
    let watched = Case {
        file: case.file.clone(),
        kind: case.kind.clone(),
        settings: case.settings.clone(),
        witness: &witness,
    };
    let mut bench = Bench::new(&watched)?;
    let there = folders();
    let cannot_tell = || Stop::skipped("this system does not tell (no /proc/self/io)");
    let before = written().ok_or_else(cannot_tell)?;
    settle(before);
    callers.set(0);
    let (lived, said) = captured(|| live(&mut bench))?;
    let said: usize = said.iter().map(Vec::len).sum();
    let more = written().ok_or_else(cannot_tell)?;
    settle(more);
    let more = more.saturating_sub(before + callers.get() + said as u64);
    if more == 0 {
        lived?;
        return passed("nothing");
    }
    let found = folders().into_iter().find(|it| !there.contains(it));
    let found = found.map_or_else(String::new, |(path, _)| {
        format!(" (since then {} is new or changed)", path.display())
    });
    Err(Stop::warning(format!(
        "it writes {more} bytes by itself, to a file or a pipe{found}: no drill knows of them"
    )))
}

/// The files in the folders where programs mostly write, with the time of their last change.
fn folders() -> Vec<(PathBuf, Option<SystemTime>)> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let folders = [
        std::env::current_dir().ok(),
        home,
        Some(std::env::temp_dir()),
    ];
    let entries = folders
        .into_iter()
        .flatten()
        .filter_map(|it| fs::read_dir(it).ok());
    let files = entries.flatten().flatten().filter_map(|entry| {
        let about = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        Some((entry.path(), about.modified().ok()))
    });
    files.collect()
}

/// Runs `f` with the standard output and error led into memory. Returns what was written to each.
fn captured<R>(f: impl FnOnce() -> R) -> Result<(R, [Vec<u8>; 2]), Stop> {
    let failed =
        |error: io::Error| Stop::skipped(format!("the output cannot be led away: {error}"));
    let (kept, files) = lead_away().map_err(failed)?;
    let result = f();
    // SAFETY: without a file this writes out what the C library still holds back, for all of its files.
    unsafe { libc::fflush(std::ptr::null_mut()) };
    let put_back = dup2_stdout(&*kept[0]).and_then(|()| dup2_stderr(&*kept[1]));
    put_back.map_err(|error| failed(error.into()))?;
    let mut said = [Vec::new(), Vec::new()];
    for (file, said) in files.iter().zip(&mut said) {
        let mut file: &File = file;
        file.rewind()
            .and_then(|()| file.read_to_end(said))
            .map_err(failed)?;
    }
    Ok((result, said))
}

/// Leads the standard output and error into memory. Returns where they led before, and the memory: a plugin may close all of
/// them.
fn lead_away() -> io::Result<([Held; 2], [Held; 2])> {
    let held = |descriptor| Held::new(File::from(descriptor));
    let kept = [held(dup(stdout())?), held(dup(stderr())?)];
    let memory = || memfd_create("quorate", MemfdFlags::CLOEXEC).map(held);
    let files = [memory()?, memory()?];
    dup2_stdout(&*files[0])?;
    dup2_stderr(&*files[1])?;
    Ok((kept, files))
}
