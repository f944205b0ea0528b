//! Processes, as the system shows them.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Longer than anything here takes on any machine.
const PATIENCE: Duration = Duration::from_secs(300);

fn of(process: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{process}"))
}

/// The children of a process, reaped or not.
pub(crate) fn children(process: u32) -> Vec<u32> {
    let threads = fs::read_dir(of(process).join("task")).expect("threads");
    let texts = threads
        .flatten()
        .map(|thread| fs::read_to_string(thread.path().join("children")).unwrap_or_default());
    let numbers = |text: String| -> Vec<u32> {
        let all = text.split_whitespace();
        all.map(|it| it.parse().expect("a process")).collect()
    };
    texts.flat_map(numbers).collect()
}

/// Waits for a child process with `word` on its command line.
pub(crate) fn child_with(process: u32, word: &str) -> u32 {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        let has = |child: &u32| {
            let line = fs::read(of(*child).join("cmdline")).unwrap_or_default();
            line.split(|byte| *byte == 0)
                .any(|it| it == word.as_bytes())
        };
        if let Some(child) = children(process).into_iter().find(has) {
            return child;
        }
        std::thread::yield_now();
    }
    panic!("no child of {process} has {word} on its command line");
}

/// Waits for the end of a process that is not a child of this one.
pub(crate) fn ends(process: u32) {
    let until = Instant::now() + PATIENCE;
    loop {
        // The state follows the name, which is in brackets.
        let about = fs::read_to_string(of(process).join("stat")).unwrap_or_default();
        let state = about.rsplit_once(") ").map(|(_, rest)| &rest[..1]);
        if matches!(state, None | Some("Z" | "X")) {
            return;
        }
        assert!(Instant::now() < until, "{process} goes on: {about}");
        std::thread::yield_now();
    }
}
