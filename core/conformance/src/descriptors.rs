//! That a plugin closes no descriptor of the process that is not its own.

use std::fs::File;
use std::io;
use std::mem;
use std::os::unix::fs::MetadataExt;

use super::bench::Bench;
use super::contract::whole_life;
use super::{Case, Check, Group, Test, ensure, passed, test};

pub(super) const TESTS: &[Test] = &[test(
    "contract-descriptors",
    Group::Contract,
    "No descriptor of the process is closed that is not the plugin's own",
    descriptors,
)];

/// How many descriptors are watched.
const WATCHED: usize = 4;

/// What a descriptor leads to; `None` if that is nothing.
fn of(file: &File) -> Option<(u64, u64)> {
    let known = file.metadata().ok()?;
    Some((known.dev(), known.ino()))
}

fn descriptors(case: &Case<'_>) -> Check {
    let opened: io::Result<Vec<File>> = (0..WATCHED)
        .map(|_| File::open("/proc/self/status"))
        .collect();
    let Ok(opened) = opened else {
        return Err(super::Stop::skipped(
            "this system does not tell (no /proc/self)",
        ));
    };
    let before: Vec<_> = opened.iter().map(of).collect();
    let mut bench = Bench::new(case)?;
    let lived = whole_life(&mut bench);
    let after: Vec<_> = opened.iter().map(of).collect();
    let gone = before.iter().zip(&after).filter(|(a, b)| a != b).count();
    if gone > 0 {
        // They are somebody else's by now, or nobody's: they are not closed once more.
        opened.into_iter().for_each(mem::forget);
    }
    ensure(gone == 0, || {
        format!(
            "it closed descriptors that are not its own ({gone} of {WATCHED} that the tester had open): the host reads \
             and writes other files then, or none"
        )
    })?;
    lived?;
    passed("all are open")
}
