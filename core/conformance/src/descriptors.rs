//! That a plugin closes no descriptor of the process that is not its own.

use std::fs::File;
use std::io;

use quorate_host::Held;

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

fn descriptors(case: &Case<'_>) -> Check {
    let opened: io::Result<Vec<Held>> = (0..WATCHED)
        .map(|_| File::open("/proc/self/status").map(Held::new))
        .collect();
    let Ok(opened) = opened else {
        return Err(super::Stop::skipped(
            "this system does not tell (no /proc/self)",
        ));
    };
    let mut bench = Bench::new(case)?;
    let lived = whole_life(&mut bench);
    let gone = opened.iter().filter(|it| !it.is_open()).count();
    ensure(gone == 0, || {
        format!(
            "it closed descriptors that are not its own ({gone} of {WATCHED} that the tester had open): the host reads \
             and writes other files then, or none"
        )
    })?;
    lived?;
    passed("all are open")
}
