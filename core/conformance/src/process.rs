//! Tests of how a plugin treats its process, which it shares with every other plugin.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;

use quorate_host::direct;

use super::bench::Bench;
use super::contract::whole_life;
use super::{Case, Check, Group, Stop, Test, ensure, passed, test};

pub(super) const TESTS: &[Test] = &[test(
    "contract-process",
    Group::Contract,
    "The process keeps its working directory and environment, and no program is left running in it",
    process,
)];

fn process(case: &Case<'_>) -> Check {
    let directory = || env::current_dir().ok();
    let variables = || -> BTreeMap<OsString, OsString> { env::vars_os().collect() };
    let before = (directory(), variables());
    let mut bench = Bench::new(case)?;
    whole_life(&mut bench)?;
    let (was, is) = (&before.0, directory());
    ensure(*was == is, || {
        let is = is.unwrap_or_default();
        format!(
            "the working directory is {} afterwards: it is every plugin's, and the host's",
            is.display()
        )
    })?;
    let now = variables();
    let changed = now
        .iter()
        .find(|(name, value)| before.1.get(*name) != Some(value));
    let gone = before.1.keys().find(|name| !now.contains_key(*name));
    if let Some(name) = changed.map(|(name, _)| name).or(gone) {
        return Err(Stop::failed(format!(
            "the variable {} of the environment was changed: it is every plugin's, and the host's",
            name.display()
        )));
    }
    // What it depends on may be programs: the tester has started those.
    let text = match programs().saturating_sub(direct::programs()) {
        0 => return passed("as it was"),
        1 => "a program that it started itself still runs: no drill knows of it".to_owned(),
        count => {
            format!("{count} programs that it started itself still run: no drill knows of them")
        }
    };
    Err(Stop::warning(text))
}

/// How many programs that this process has started are running, as the system counts them.
fn programs() -> usize {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten();
    let children = threads
        .flatten()
        .map(|thread| fs::read_to_string(thread.path().join("children")).unwrap_or_default());
    let runs = |child: &str| {
        // The state comes after the program's name, which is in brackets.
        let about = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        let state = about
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.chars().next());
        state.is_some_and(|state| state != 'Z' && state != 'X')
    };
    children
        .map(|children| children.split_whitespace().filter(|it| runs(it)).count())
        .sum()
}
